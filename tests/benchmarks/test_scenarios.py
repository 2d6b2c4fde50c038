from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import scenarios
from benchmarks.figures import FIGURES, HELLO, LARGE, SMALL, TABLE, judge
from benchmarks.programs import Program, environment, queue
from benchmarks.scenarios import Samples, Scenario, Setup

TINY = Path(__file__).with_name("tiny.py")
ALL = sorted({figure.scenario for figure in FIGURES}, key=lambda scenario: scenario.__name__)


@pytest.fixture
def tiny(tmp_path: Path) -> Program:
    command = tmp_path / "tocsin"
    command.write_text(f"#!{sys.executable}\n" + TINY.read_text(encoding="utf-8"), encoding="utf-8")
    command.chmod(0o755)
    return queue(LARGE, str(command), tmp_path / "store")


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.__name__)
def test_a_scenario_gives_the_samples_that_its_figures_need(scenario: Scenario, tiny: Program, tmp_path: Path) -> None:
    samples = Samples()
    assert samples.take(scenario, Setup(environment(tmp_path), (80, 24), 0.1), tiny), samples.problems
    for (_, metric), values in list(samples.values.items()):
        samples.values.update({(name, metric): values for name in (HELLO, TABLE, SMALL)})
    for figure in (figure for figure in FIGURES if figure.scenario is scenario):
        result = judge(figure, samples.values)
        assert result.tocsin is not None
        assert (result.met is None) is (figure.goal is None)
        assert result.ratio == 1 or figure.over != (HELLO, figure.metric)


def test_bytes_are_counted_to_the_last(tiny: Program, tmp_path: Path) -> None:
    samples = Samples()
    samples.take(scenarios.typing, Setup(environment(tmp_path), (80, 24), 0), tiny)
    assert set(samples.values[LARGE, "key_bytes"]) == {16}
    assert set(samples.values[LARGE, "page_bytes"]) == {len("\x1b[23;1Hpage")}


def test_what_fails_is_told_and_what_came_before_is_kept(tiny: Program, tmp_path: Path) -> None:
    samples = Samples()
    blind = Program(LARGE, tiny.argv, tiny.ready, lambda _: False)
    short = Setup(environment(tmp_path), (80, 24), 0)
    assert not samples.take(_gives_up_early, short, blind)
    assert list(samples.values) == [(LARGE, "first_rows")]
    assert "the moon" in samples.problems["large, gives up early"]


def _gives_up_early(setup: Setup, program: Program) -> scenarios.Metrics:
    with program.open(setup.environment, setup.size) as session:
        yield "first_rows", session.wait_for(lambda terminal: "INC-" in terminal.text, "the rows")
        session.wait_for(program.usable, "the moon", timeout=0.05)
