"""How rotas are written: what is taken, and that what is not taken is named with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadValue
from domain.oncall import reading
from domain.oncall.reading import Unreadable
from domain.times import from_iso

BERLIN = ZoneInfo("Europe/Berlin")
NOW = from_iso("2026-11-21T12:00Z")


@pytest.mark.parametrize(
    ("read", "text", "means"),
    [
        (reading.turn, "weekly", timedelta(weeks=1)),
        (reading.turn, "Daily", timedelta(days=1)),
        (reading.turn, " 12h ", timedelta(hours=12)),
        (reading.turn, "2w", timedelta(weeks=2)),
        (reading.time_of_day, "9:00", time(9)),
        (reading.time_of_day, "09:00:00", time(9)),
        (reading.hours, "", None),
        (reading.hours, "09:00-17:30", (time(9), time(17, 30))),
        (reading.hours, "18:00 – 08:00", (time(18), time(8))),
        (reading.hours, "12:00-24:00", (time(12), time(0))),
        (reading.days, (), frozenset(range(7))),
        (reading.days, ("Mon", "wednesday"), frozenset({0, 2})),
        (reading.days, ("fri-mon",), frozenset({4, 5, 6, 0})),
        (reading.date_and_time, "2026-12-24", datetime(2026, 12, 24)),  # noqa: DTZ001
        (reading.date_and_time, "2026-12-24 09:30", datetime(2026, 12, 24, 9, 30)),  # noqa: DTZ001
        (reading.zone, "Europe/Berlin", BERLIN),
    ],
)
def test_what_is_written_is_understood(read: Callable[[Any], object], text: object, means: object) -> None:
    assert read(text) == means


def test_a_date_alone_is_at_the_time_that_is_given() -> None:
    assert reading.date_and_time("2026-12-24", time(9)) == datetime(2026, 12, 24, 9)  # noqa: DTZ001
    assert reading.date_and_time("2026-12-24T10:00", time(9)) == datetime(2026, 12, 24, 10)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("read", "text", "hint"),
    [
        (reading.zone, "Europe/Berln", "Did you mean Europe/Berlin?"),
        (reading.zone, "Europe", "Europe/Berlin"),
        (reading.zone, "", "Europe/Berlin"),
        (reading.zone, "../../../etc/passwd", "UTC"),
        (reading.turn, "fortnightly", "weekly"),
        (reading.turn, "90m", "12h"),
        (reading.turn, "30m", "12h"),
        (reading.turn, "0d", "12h"),
        (reading.turn, "400d", "12h"),
        (reading.time_of_day, "9am", "09:00"),
        (reading.time_of_day, "24:00", "09:00"),
        (reading.hours, "09:00", "09:00-17:00"),
        (reading.hours, "09:00-9pm", "09:00"),
        (reading.days, ("someday",), "mon"),
        (reading.days, ("mon-",), "mon"),
        (reading.date_and_time, "Christmas", "2026-12-24"),
        (reading.date_and_time, "2026-02-30", "2026-12-24"),
        (reading.date_and_time, "2026-12-24T09:00+01:00", "rota's zone"),
        (reading.date_and_time, "0001-01-01", "2026-12-24"),
    ],
)
def test_what_means_nothing_is_named_with_the_remedy(read: Callable[[Any], object], text: Any, hint: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert (text if isinstance(text, str) else text[0]).split("-")[-1] in caught.value.message
    assert hint in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("now", "2026-11-21T12:00Z"),
        ("+3d", "2026-11-24T12:00Z"),
        ("-2h", "2026-11-21T10:00Z"),
        ("18:00", "2026-11-21T17:00Z"),
        ("2026-12-24", "2026-12-23T23:00Z"),
        ("2026-07-01 09:00", "2026-07-01T07:00Z"),
        ("2026-12-24T09:00:00Z", "2026-12-24T09:00Z"),
        ("2026-12-24T09:00+05:30", "2026-12-24T03:30Z"),
    ],
)
def test_a_moment_to_ask_about_may_lie_ahead(text: str, means: str) -> None:
    assert reading.asked_moment(text, NOW, BERLIN) == from_iso(means)


@given(st.text() | st.sampled_from(["+999999w999999w", "9999-12-31", "0001-01-01T00:00+14:00", "25:00", "+", "-1y"]))
def test_whatever_else_is_asked_is_refused_in_words(text: str) -> None:
    try:
        assert reading.asked_moment(text, NOW, BERLIN) >= 0
    except BadValue as error:
        refused = error
    else:
        return
    assert (refused.code, refused.remedy != "") == ("bad_time", True)
