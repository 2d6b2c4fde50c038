from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import scenarios
from benchmarks.figures import FIGURES, HEADINGS, HELLO, LARGE, Figure, cells, judge, layout, p99

SIZES = {"small": "10", "large": "20"}
RATIO = Figure("start", "{large} ÷ hello", scenarios.start, "usable", "ms", 1.1, (HELLO, "usable"))
LEAVE = Figure("leave", "leave", scenarios.rest, "quit", "ms", 100)


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    values = {(HELLO, "usable"): [100.0, 200.0, 400.0], (LARGE, "usable"): [110.0, 180.0, 480.0]}
    result = judge(RATIO, values)
    assert result.ratio == pytest.approx(1.1)
    assert judge(RATIO, {**values, (LARGE, "usable"): [130.0, 260.0, 480.0]}).met is False


def test_without_samples_the_row_is_empty_and_nothing_is_missed() -> None:
    result = judge(RATIO, {(HELLO, "usable"): [100.0]})
    assert cells(result, SIZES) == ("20 ÷ hello", "100 ms", "-", "-", "-", "≤ 1.1", "-")
    assert result.met is None


@pytest.mark.parametrize(("ms", "left", "met"), [(100, 0, True), (101, 0, False), (5, 2, False)])
def test_quick_is_not_enough_the_terminal_must_be_restored(ms: float, left: float, met: bool) -> None:
    result = judge(LEAVE, {(LARGE, "quit"): [ms], (LARGE, "quit_left"): [left]})
    assert result.met is met
    assert cells(result, SIZES)[3].startswith("broken") is bool(left)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=500))
def test_p99_is_reached_or_exceeded_by_one_in_a_hundred_at_most(values: list[float]) -> None:
    above = sum(value > p99(values) for value in values)
    assert above <= len(values) / 100
    assert p99(values) >= statistics.median_low(values)


def test_every_figure_makes_a_row() -> None:
    rows = [cells(judge(figure, {}), SIZES) for figure in FIGURES]
    lines = layout(rows).splitlines()
    assert len(lines) == len(FIGURES) + 2
    assert len({len(line) for line in lines}) == 1
    assert all(len(row) == len(HEADINGS) for row in rows)


def test_the_names_for_only_are_unique() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
