"""Business hours against a count of the open minutes one by one, across clock changes and closed days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendars import Calendar, always, calendar, parse_week
from domain.errors import BadValue

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata")
# Round these days the clocks of those zones change: St John's at 00:01, Lord Howe by half an hour, Havana at midnight.
DAYS = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2010, 11, 7), date(2026, 11, 1))


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


OFFICE = calendar("office", "Europe/Berlin", ["mon-fri 09:00-12:30 13:30-17:30"], ["2026-12-25"])


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    edges = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted)
    week = []
    for _day in range(7):
        quarters = draw(st.one_of(st.just([]), edges, st.just([0, 96])))
        week.append(tuple((a * 15, b * 15) for a, b in zip(quarters[::2], quarters[1::2], strict=False)))
    if not any(week):
        week[draw(st.integers(0, 6))] = ((540, 1020),)
    day = draw(st.sampled_from(DAYS))
    closed = draw(st.frozensets(st.integers(-3, 4).map(lambda n: day + timedelta(days=n)), max_size=3))
    return Calendar("drawn", tuple(week), ZoneInfo(draw(st.sampled_from(ZONES))), closed)


@st.composite
def moments(draw: st.DrawFn) -> int:
    day = datetime.combine(draw(st.sampled_from(DAYS)), datetime.min.time(), UTC)
    return round(day.timestamp() * 1000) + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE


def shows_open(hours: Calendar, moment: int) -> bool:
    """What the definition says, without any of the code under test: does the clock on the wall show opening hours?"""
    local = datetime.fromtimestamp(moment / 1000, hours.zone)
    minute = local.hour * 60 + local.minute
    inside = any(opens <= minute < closes for opens, closes in hours.week[local.weekday()])
    return inside and local.date() not in hours.closed


def counted(hours: Calendar, start: int, end: int) -> int:
    return sum(MINUTE for moment in range(start, end, MINUTE) if shows_open(hours, moment))


@given(calendars(), moments(), st.integers(0, 2 * 1440))
def test_it_equals_counting_the_open_minutes(hours: Calendar, start: int, minutes: int) -> None:
    assert hours.open_time(start, start + minutes * MINUTE) == counted(hours, start, start + minutes * MINUTE)


@given(calendars(), moments(), st.integers(1, 40 * HOUR))
def test_adding_is_the_inverse_of_measuring_and_lands_in_open_time(hours: Calendar, start: int, amount: int) -> None:
    due = hours.add(start, amount)
    assert due is not None
    assert hours.open_time(start, due) == amount
    assert hours.open_time(start, due - 1) == amount - 1
    assert shows_open(hours, due - 1)
    assert hours.is_open(due - 1)


@given(calendars(), moments(), st.integers(1, 30 * HOUR), st.integers(1, 30 * HOUR), st.integers(0, 2 * DAY))
def test_it_is_monotone_and_adds_up(hours: Calendar, start: int, first: int, second: int, later: int) -> None:
    one, both = hours.add(start, first), hours.add(start, first + second)
    assert one is not None
    assert both is not None
    assert both > one
    assert hours.add(one, second) == both
    assert (hours.add(start + later, first) or 0) >= one
    assert hours.open_time(start, one) + hours.open_time(one, both) == hours.open_time(start, both)


@given(calendars(), moments())
def test_spans_are_in_order_and_apart(hours: Calendar, start: int) -> None:
    spans = list(islice(hours.spans(start), 30))
    assert all(opens < closes for opens, closes in spans)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
    assert spans[0][0] >= start


@given(moments(), st.integers(1, 10**9), st.sampled_from(ZONES))
def test_a_week_without_holes_is_plain_time(start: int, amount: int, zone: str) -> None:
    full = Calendar("full", always().week, ZoneInfo(zone), frozenset({date(1999, 1, 1)}))
    assert not full.is_always  # so that it is computed
    assert full.add(start, amount) == always().add(start, amount) == start + amount
    assert full.open_time(start, start + amount) == always().open_time(start, start + amount) == amount


class TestExamples:
    """Those of docs/sla.md."""

    def test_a_lunch_break(self) -> None:
        raised = at("2026-11-20T12:00", "Europe/Berlin")
        assert OFFICE.add(raised, 2 * HOUR) == at("2026-11-20T15:00", "Europe/Berlin")

    def test_an_evening_before_a_weekend(self) -> None:
        raised = at("2026-11-20T17:00", "Europe/Berlin")
        assert OFFICE.add(raised, HOUR) == at("2026-11-23T09:30", "Europe/Berlin")

    def test_a_target_at_the_very_end_of_a_day_is_at_closing_time(self) -> None:
        assert OFFICE.add(at("2026-11-20T16:30", "Europe/Berlin"), HOUR) == at("2026-11-20T17:30", "Europe/Berlin")

    def test_a_closed_day(self) -> None:
        raised = at("2026-12-24T16:30", "Europe/Berlin")
        assert OFFICE.add(raised, 2 * HOUR) == at("2026-12-28T10:00", "Europe/Berlin")

    def test_a_night_in_which_an_hour_is_left_out_or_comes_twice(self) -> None:
        night = calendar("night", "Europe/Berlin", ["sat-sun 00:00-06:00"])
        spring, autumn = at("2026-03-29T00:00", "Europe/Berlin"), at("2026-10-25T00:00", "Europe/Berlin")
        assert night.open_time(spring, spring + DAY) == 5 * HOUR
        assert night.open_time(autumn, autumn + DAY) == 7 * HOUR
        assert night.add(spring, 3 * HOUR) == at("2026-03-29T04:00", "Europe/Berlin")

    def test_office_hours_stay_at_nine_on_the_wall(self) -> None:
        friday = at("2026-03-27T17:30", "Europe/Berlin")
        assert OFFICE.add(friday, HOUR) == at("2026-03-30T10:00", "Europe/Berlin") == at("2026-03-30T08:00")


def test_a_time_that_never_comes_is_none() -> None:
    assert always().add(0, 10**15) is None
    assert Calendar("never", ((),) * 7).add(0, 1) is None


def test_days_are_ranges_and_lists_and_may_wrap() -> None:
    week = parse_week(["sat-mon 10:00-11:00", "wed,FRI 22:00-24:00", "mon 08:00-09:00"])
    assert week == (((480, 540), (600, 660)), (), ((1320, 1440),), (), ((1320, 1440),), ((600, 660),), ((600, 660),))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mon-fri 17:00-09:00", "“17:00-09:00” in “mon-fri 17:00-09:00” ends before it begins"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("moon 09:00-17:00", "“moon” is no day"),
        ("mon-x 09:00-17:00", "“x” in “mon-x” is no day"),
        ("mon 9-17", "is not FROM-TO"),
        ("mon 09:00-24:30", "is no time of day"),
        ("mon 09:75-10:00", "is no time of day"),
        ("mon", "names no hours"),
        ("", "names no hours"),
    ],
)
def test_what_cannot_be_read_is_named(line: str, said: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_week([line])
    assert said in caught.value.message
    assert caught.value.remedy


def test_overlapping_hours_no_hours_zones_and_dates_are_named() -> None:
    for zone, hours, closed, said in (
        ("UTC", ["mon 09:00-12:00", "mon-tue 11:00-13:00"], [], "Hours of mon overlap"),
        ("UTC", [], [], "no opening hours"),
        ("Europe/Berlim", ["mon 09:00-12:00"], [], "there is no zone “Europe/Berlim”"),
        ("../etc", ["mon 09:00-12:00"], [], "there is no zone"),
        ("UTC", ["mon 09:00-12:00"], ["25.12.2026"], "“25.12.2026” is not a date"),
    ):
        with pytest.raises(BadValue, match=said):
            calendar("office", zone, hours, closed)
    with pytest.raises(BadValue) as caught:
        calendar("office", "Europe/Berlim", ["mon 09:00-12:00"])
    assert caught.value.remedy.startswith("Did you mean Europe/Berlin?")
