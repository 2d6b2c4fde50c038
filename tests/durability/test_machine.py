"""Calls that fail, killed processes and disks that say no, in small; `python -m scripts.durability` does more."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import durability
from scripts.durability import Row
from tests.durability import disks, faults, kills, vfs


@pytest.mark.parametrize("seed", range(6))
def test_what_a_disk_refuses_is_not_there_and_the_work_goes_on(tmp_path: Path, seed: int) -> None:
    layer = vfs.layer()
    if layer is None:
        pytest.skip("Python's SQLite is built in and cannot be reached")
    found = faults.fail(layer, tmp_path / "run", seed, 4)
    assert found.failures == []
    assert (found.faults, found.cuts) == (4, 8)
    assert found.refused
    assert found.acknowledged


@pytest.mark.timeout(110)
def test_writers_in_a_network_home_are_killed(tmp_path: Path) -> None:
    found = kills.writers(tmp_path, 3, network=True)
    assert (found.failures, found.missing, found.processes) == ([], 0, 6)
    assert found.acknowledged >= 3 * 2 * 3


@pytest.mark.timeout(110)
@pytest.mark.parametrize("takeover", [kills.pulls, kills.imports])
def test_a_takeover_that_is_killed_goes_on_where_it_was(tmp_path: Path, takeover: object) -> None:
    found = kills.pulls(tmp_path, 5) if takeover is kills.pulls else kills.imports(tmp_path, 5)
    assert (found.failures, found.missing, found.rounds) == ([], 0, 5)
    assert found.acknowledged > 0


@pytest.mark.parametrize("refusing", ["full", "limited", "read_only"])
def test_a_disk_that_says_no_loses_nothing(tmp_path: Path, refusing: str) -> None:
    found: disks.Disks = getattr(disks, refusing)(tmp_path, 2)
    if found.skipped:
        pytest.skip(found.skipped)
    assert (found.failures, found.missing, found.rounds) == ([], 0, 2)
    assert found.acknowledged
    assert found.refused


@pytest.mark.timeout(110)
def test_two_writers_in_a_network_home(tmp_path: Path) -> None:
    found = disks.fleets(tmp_path, 2, 30, 30, network=True)
    assert (found.failures, found.missing, found.acknowledged) == ([], 0, 60)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Row("power cut", "5 cuts", 9, 0, "5 of 5", []), 0),
        (Row("power cut", "5 cuts", 9, 1, "5 of 5", []), 1),
        (Row("power cut", "5 cuts", 9, 0, "4 of 5", ["seed 3"]), 1),
        (Row("counter-proof: none", "5 cuts", 9, 3, "5 of 5", []), 0),
        (Row("counter-proof: none", "5 cuts", 9, 0, "5 of 5", ["no loss was seen"]), 1),
    ],
)
def test_the_command_fails_on_any_loss(
    row: Row, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(durability, "PARTS", {"power": lambda _folder, _size, _processes: row})
    assert durability.main([]) == code
    out = capsys.readouterr().out
    assert ("nothing acknowledged was lost" in out) == (code == 0)
    assert all(problem in out for problem in row.problems)


def test_the_page_has_the_figures_of_a_run() -> None:
    page = durability.page([Row("power cut", "5 cuts", 9000, 0, "5 of 5", [], 2.4)], "commit", "figures")
    assert "| power cut | 5 cuts | 9,000 | 0 | 5 of 5 |" in page
    held = durability.PAGE.read_text(encoding="utf-8")
    assert "counter-proof" in held.partition("<!-- figures")[2].partition("<!-- end")[0]
