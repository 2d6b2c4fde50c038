"""Attainment over incidents whose outcome is plain to see."""

from __future__ import annotations

import pytest

from domain.attainment import Tally, attained
from domain.calendars import always
from domain.clocks import NO_CLOCKS, Clock, Clocks

NOW = 1_000_000


def clock(name: str, due: int, stopped: int | None, *, answered: bool = True) -> Clock:
    return Clock(name, 10, always(), due, stopped, answered=answered)


def test_counts_by_priority_and_in_all() -> None:
    found = attained(
        [
            ("P1", Clocks(clock("response", 50, 40), clock("resolution", 90, 91))),
            ("P1", Clocks(clock("response", 50, 60), clock("resolution", 90, 90))),
            ("P1", Clocks(clock("response", 50, 45, answered=False), clock("resolution", 90, 45))),
            ("P3", Clocks(None, clock("resolution", 90, 80))),
            (None, Clocks()),
            *((each, Clocks(none=reason)) for each, reason in zip(["P1"] * 9, [*NO_CLOCKS, "drill"], strict=False)),
        ],
        NOW,
    )
    assert found.counted == 5
    assert found.left_out == {**dict.fromkeys(NO_CLOCKS, 1), "drill": 2}
    assert list(found.by_priority) == ["P1", "P3"]
    assert found.by_priority["P1"] == {"response": Tally(1, 1, 1), "resolution": Tally(2, 1, 0)}
    assert found.by_priority["P3"] == {"response": Tally(), "resolution": Tally(1, 0, 0)}
    assert found.total == {"response": Tally(1, 1, 1), "resolution": Tally(3, 1, 0)}
    assert (found.total["response"].had, found.total["response"].percent) == (3, 50)
    assert found.total["resolution"].percent == 75


def test_nothing_has_no_percentage() -> None:
    found = attained([], NOW)
    assert (found.counted, found.total["response"].percent, dict(found.by_priority)) == (0, None, {})


@pytest.mark.parametrize("reason", NO_CLOCKS)
def test_every_reason_is_counted(reason: str) -> None:
    assert attained([("P1", Clocks(none=reason))], NOW).left_out[reason] == 1
