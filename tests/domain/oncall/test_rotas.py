"""Rotas: hand-overs on the wall across changes of the clocks, layers, overrides, gaps; properties of every rota."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.oncall.clockface import instant, wall
from domain.oncall.rotas import EVERY_DAY, HORIZON, Layer, Rota, Shift, Stint, duty, gaps, shifts
from domain.times import DAY, HOUR, WEEK, from_iso

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# Changes of an hour, of half an hour, at midnight, of a whole day left out, and none.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "Asia/Kolkata",
    )
]  # fmt: skip
CHANGES = [
    from_iso(text)
    for text in (
        "2026-03-29T01:00Z",
        "2026-10-25T01:00Z",
        "2026-11-01T06:00Z",
        "2026-04-04T15:00Z",
        "2011-12-30T10:00Z",
    )
]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def weekly(*people: str, start: str = "2026-10-05 09:00", zone: ZoneInfo = BERLIN, **more: object) -> Rota:
    return Rota("r", zone, (Layer(people, local(start), timedelta(weeks=1), **more),))  # type: ignore[arg-type]


def said(rota: Rota, begin: str, end: str) -> list[tuple[str, str, str]]:
    """Return shifts as people read them: who, from and until on the wall."""
    line = shifts(rota, instant(local(begin), rota.zone), instant(local(end), rota.zone))
    return [
        (each.who, *(f"{wall(edge or 0, rota.zone):%m-%d %H:%M}" for edge in (each.begin, each.end))) for each in line
    ]


class TestTheClocksChange:
    def test_a_hand_over_at_nine_is_at_nine_on_both_sides(self) -> None:
        rota = weekly("ada", "ben")
        before, after = from_iso("2026-10-19T07:00Z"), from_iso("2026-10-26T08:00Z")
        assert [duty(rota, at).who for at in (before - 1, before, after - 1, after)] == ["ben", "ada", "ada", "ben"]
        assert duty(rota, before).shift == Shift("ada", before, after)
        assert after - before == WEEK + HOUR

    def test_and_in_spring_the_week_is_an_hour_shorter(self) -> None:
        rota = weekly("ada", "ben", start="2026-03-23 09:00")
        shift = duty(rota, from_iso("2026-03-25T00:00Z")).shift
        assert (shift.begin, shift.end) == (from_iso("2026-03-23T08:00Z"), from_iso("2026-03-30T07:00Z"))

    def test_a_time_that_is_left_out_comes_with_the_offset_from_before(self) -> None:
        rota = Rota("r", BERLIN, (Layer(("ada", "ben"), local("2026-03-28 02:30"), timedelta(days=1)),))
        assert duty(rota, from_iso("2026-03-28T12:00Z")).shift.end == from_iso("2026-03-29T01:30Z")  # 03:30 on the wall

    def test_a_time_that_comes_twice_is_the_first_of_the_two(self) -> None:
        rota = Rota("r", BERLIN, (Layer(("ada", "ben"), local("2026-10-24 02:30"), timedelta(days=1)),))
        assert duty(rota, from_iso("2026-10-24T12:00Z")).shift.end == from_iso("2026-10-25T00:30Z")
        assert duty(rota, from_iso("2026-10-25T01:30Z")).who == "ben"  # the second half past two is no hand-over

    def test_twelve_hours_are_hours_of_the_clock(self) -> None:
        rota = Rota("r", BERLIN, (Layer(("day", "night"), local("2026-10-24 09:00"), timedelta(hours=12)),))
        assert said(rota, "2026-10-24 09:00", "2026-10-26 09:00") == [
            ("day", "10-24 09:00", "10-24 21:00"),
            ("night", "10-24 21:00", "10-25 09:00"),
            ("day", "10-25 09:00", "10-25 21:00"),
            ("night", "10-25 21:00", "10-26 09:00"),
        ]

    def test_a_day_that_a_zone_left_out_keeps_the_order(self) -> None:
        apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
        rota = Rota("r", apia, (Layer(tuple("abcde"), local("2011-12-01 09:00"), timedelta(hours=12)),))
        line = shifts(rota, from_iso("2011-12-25T00:00Z"), from_iso("2012-01-05T00:00Z"))
        steps = [("abcde".index(b.who) - "abcde".index(a.who)) % 5 for a, b in pairwise(line)]
        # That day's two hand-overs fell together with the next day's, so two turns took no time at all.
        assert sorted(steps) == [1] * (len(steps) - 1) + [3]
        nine = duty(rota, from_iso("2011-12-31T09:00+14:00"))
        assert (nine.who, nine.shift.begin) == ("abcde"[30 * 2 % 5], nine.at)
        assert all((each.end or 0) > (each.begin or 0) for each in line)


class TestLayers:
    def test_turns_go_round(self) -> None:
        rota = weekly("ada", "ben", "cyn")
        begin = from_iso("2026-10-05T07:00Z")
        assert [each.who for each in shifts(rota, begin, begin + 4 * WEEK)] == ["ada", "ben", "cyn", "ada"]

    def test_before_it_starts_and_after_it_ends_there_is_a_gap(self) -> None:
        rota = weekly("ada", end=local("2026-10-12 09:00"))
        assert said(rota, "2026-10-01 00:00", "2026-10-20 00:00") == [
            ("", "10-01 00:00", "10-05 09:00"),
            ("ada", "10-05 09:00", "10-12 09:00"),
            ("", "10-12 09:00", "10-20 00:00"),
        ]

    def test_a_higher_layer_wins_where_it_has_somebody(self) -> None:
        nights = Layer(("nat",), local("2026-10-05 00:00"), timedelta(days=1), hours=(time(18), time(8)))
        rota = Rota("r", BERLIN, (weekly("ada").layers[0], nights))
        assert said(rota, "2026-10-06 12:00", "2026-10-07 12:00") == [
            ("ada", "10-06 12:00", "10-06 18:00"),
            ("nat", "10-06 18:00", "10-07 08:00"),
            ("ada", "10-07 08:00", "10-07 12:00"),
        ]

    def test_days_and_hours_leave_gaps(self) -> None:
        rota = weekly("ada", days=frozenset(range(5)), hours=(time(9), time(17)))
        assert said(rota, "2026-10-09 09:00", "2026-10-12 17:00") == [
            ("ada", "10-09 09:00", "10-09 17:00"),
            ("", "10-09 17:00", "10-12 09:00"),
            ("ada", "10-12 09:00", "10-12 17:00"),
        ]

    def test_a_turn_that_changes_within_the_hours_changes_there(self) -> None:
        layer = Layer(("ada", "ben"), local("2026-10-05 12:00"), timedelta(days=1), hours=(time(9), time(17)))
        assert said(Rota("r", BERLIN, (layer,)), "2026-10-06 00:00", "2026-10-07 00:00") == [
            ("", "10-06 00:00", "10-06 09:00"),
            ("ada", "10-06 09:00", "10-06 12:00"),
            ("ben", "10-06 12:00", "10-06 17:00"),
            ("", "10-06 17:00", "10-07 00:00"),
        ]


class TestDuty:
    def test_what_a_calendar_says_wins_over_layers_and_an_override_over_both(self) -> None:
        hour = from_iso("2026-10-06T10:00Z")
        rota = weekly("ada")
        rota = Rota(
            "r",
            BERLIN,
            rota.layers,
            (Stint("cal", hour, hour + 3 * HOUR),),
            (Stint("ovi", hour + HOUR, hour + 2 * HOUR),),
        )
        assert [duty(rota, hour + n * HOUR).who for n in range(-1, 4)] == ["ada", "cal", "ovi", "cal", "ada"]
        assert [duty(rota, hour + n * HOUR).shift.override for n in range(-1, 4)] == [False, False, True, False, False]

    def test_of_two_events_at_once_the_one_that_begins_later_holds(self) -> None:
        rota = Rota("r", UTC, calendar=(Stint("late", DAY, 3 * DAY), Stint("early", 0, 5 * DAY)))
        assert [duty(rota, n * DAY).who for n in range(5)] == ["early", "late", "late", "early", "early"]

    def test_one_person_alone_has_no_end(self) -> None:
        found = duty(weekly("ada"), from_iso("2026-11-21T12:00Z"))
        assert (found.who, found.shift.begin, found.shift.end, found.next) == (
            "ada", from_iso("2026-10-05T07:00Z"), None, None,
        )  # fmt: skip

    def test_in_a_gap_the_next_is_the_first_who_comes(self) -> None:
        found = duty(weekly("ada", "ben"), from_iso("2026-10-01T12:00Z"))
        assert (found.gap, found.who, found.shift.begin) == (True, "", None)
        assert found.next == Shift("ada", from_iso("2026-10-05T07:00Z"), from_iso("2026-10-12T07:00Z"))

    def test_long_turns_are_found_whole(self) -> None:
        rota = Rota("r", UTC, (Layer(("ada", "ben"), local("2026-01-01 00:00"), timedelta(days=100)),))
        found = duty(rota, from_iso("2026-02-01T00:00Z"))
        assert (found.shift.begin, found.shift.end) == (from_iso("2026-01-01T00:00Z"), from_iso("2026-04-11T00:00Z"))
        assert found.next == Shift("ben", from_iso("2026-04-11T00:00Z"), from_iso("2026-07-20T00:00Z"))

    def test_gaps_are_whole_where_they_reach_out_of_the_time_that_is_asked_about(self) -> None:
        layer = Layer(("ada",), local("2026-11-02 09:00"), timedelta(weeks=1), days=frozenset({0}))
        at = from_iso("2026-11-05T12:00Z")
        week = [("2026-11-03T00:00Z", "2026-11-09T00:00Z"), ("2026-11-10T00:00Z", "2026-11-16T00:00Z")]
        edges = [(from_iso(a), from_iso(b)) for a, b in week]
        assert gaps(Rota("r", UTC, (layer,)), at, 7 * DAY) == [Shift("", a, b) for a, b in edges]
        ends = Layer(("ada",), local("2026-11-02 09:00"), timedelta(weeks=1), end=local("2026-11-09 00:00"))
        assert gaps(Rota("r", UTC, (ends,)), at, 7 * DAY) == [Shift("", edges[0][1], None)]
        assert gaps(Rota("r", UTC, (ends,)), at, DAY) == []

    def test_a_rota_of_nothing_is_one_gap(self) -> None:
        assert duty(Rota("r", UTC), 0) == duty(Rota("r", UTC, overrides=(Stint("x", 9 * DAY, 9 * DAY),)), 0)
        assert duty(Rota("r", UTC), 0).shift == Shift("", None, None)


people = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4).map(tuple)
starts = st.builds(
    lambda days, minutes: datetime(2011, 1, 1) + timedelta(days=days, minutes=30 * minutes),  # noqa: DTZ001
    st.integers(0, 5800),
    st.integers(0, 47),
)
halves = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
layers = st.builds(
    Layer,
    people,
    starts,
    st.sampled_from(
        [timedelta(hours=1), timedelta(hours=12), timedelta(days=1), timedelta(days=3), timedelta(weeks=1)]
    ),
    st.none() | starts,
    st.just(EVERY_DAY) | st.frozensets(st.integers(0, 6), min_size=1),
    st.none() | st.tuples(halves, halves),
)


@st.composite
def rotas_and_moments(draw: st.DrawFn) -> tuple[Rota, int]:
    near = draw(st.sampled_from(CHANGES))
    moment = st.integers(-40 * 48, 40 * 48).map(lambda n: near + n * HOUR // 2)
    stints = st.lists(
        st.builds(
            lambda who, begin, n: Stint(who, begin, begin + n * HOUR),
            st.sampled_from("xyz"),
            moment,
            st.integers(1, 200),
        ),
        max_size=3,
    ).map(tuple)
    rota = Rota(
        "r", draw(st.sampled_from(ZONES)), draw(st.lists(layers, max_size=3).map(tuple)), draw(stints), draw(stints)
    )
    return rota, draw(moment)


def holder(rota: Rota, at: int) -> tuple[str, bool]:
    """Say who holds a rota, the slow way: each rule by itself, every hand-over counted from the first one."""
    for stint in reversed(rota.overrides):
        if stint.begin <= at < stint.end:
            return stint.who, True
    covering = [stint for stint in sorted(rota.calendar, key=lambda s: s.begin) if stint.begin <= at < stint.end]
    if covering:
        return covering[-1].who, False
    for layer in reversed(rota.layers):
        if who := on_layer(layer, rota.zone, at):
            return who, False
    return "", False


def on_layer(layer: Layer, zone: object, at: int) -> str:
    assert isinstance(zone, ZoneInfo)
    if layer.end is not None and at >= instant(layer.end, zone):
        return ""
    today = wall(at, zone).date()
    opens, closes = layer.hours or (time(), time())
    for back in range(7):  # one that began before a day that was left out goes on after it
        day = today - timedelta(days=back - 2)
        until = day if closes > opens else day + timedelta(days=1)
        window = instant(datetime.combine(day, opens), zone), instant(datetime.combine(until, closes), zone)
        if day.weekday() in layer.days and window[0] <= at < window[1]:
            break
    else:
        return ""
    guess = max(-1, (wall(at, zone) - layer.start) // layer.every)
    # The last hand-over that has come; where the clocks leapt a day, that is not the last one on the wall.
    turns = [n for n in range(max(0, guess - 60), guess + 60) if instant(layer.start + n * layer.every, zone) <= at]
    return layer.people[max(turns) % len(layer.people)] if turns else ""


@settings(deadline=None)
@given(rotas_and_moments())
def test_every_moment_has_the_one_holder_that_the_rules_say_or_lies_in_a_gap(case: tuple[Rota, int]) -> None:
    rota, at = case
    found = duty(rota, at)
    assert (found.who, found.shift.override) == holder(rota, at)
    assert found.gap == (found.who == "")


@settings(deadline=None)
@given(
    st.sampled_from([1, 5, 12, 24]), st.integers(-72, 72), st.none() | st.tuples(halves, halves), st.integers(-90, 90)
)
def test_where_a_day_was_left_out_the_rules_hold_too(
    every: int, start: int, hours: tuple[time, time] | None, at: int
) -> None:
    first = datetime(2011, 12, 20) + timedelta(hours=start)  # noqa: DTZ001
    rota = Rota("r", ZoneInfo("Pacific/Apia"), (Layer(tuple("abcdefg"), first, timedelta(hours=every), hours=hours),))
    moment = from_iso("2011-12-30T10:00Z") + at * HOUR // 2
    assert duty(rota, moment).who == holder(rota, moment)[0]


@settings(deadline=None)
@given(rotas_and_moments(), st.integers(1, 400))
def test_shifts_tile_and_no_two_neighbours_are_one(case: tuple[Rota, int], hours: int) -> None:
    rota, at = case
    line = shifts(rota, at, at + hours * HOUR)
    assert (line[0].begin, line[-1].end) == (at, at + hours * HOUR)
    assert all(a.end == b.begin and (a.who, a.override) != (b.who, b.override) for a, b in pairwise(line))
    assert all((each.begin or 0) < (each.end or 0) for each in line)
    for each in line:
        for moment in (each.begin, (each.end or 0) - 1):
            assert holder(rota, moment or 0) == (each.who, each.override)
    cut = [(max(each.begin or at, at), min(each.end or at + WEEK, at + WEEK)) for each in gaps(rota, at, WEEK)]
    assert cut == [(each.begin, each.end) for each in shifts(rota, at, at + WEEK) if each.who == ""]


@settings(deadline=None)
@given(rotas_and_moments())
def test_the_next_is_the_first_holder_after_this_shift(case: tuple[Rota, int]) -> None:
    rota, at = case
    found = duty(rota, at)
    assert found.shift.begin is None or found.shift.begin <= at
    if found.shift.end is None:
        assert found.next is None
        return
    assert found.shift.end > at
    later = [each for each in shifts(rota, found.shift.end, at + HORIZON) if each.who]
    assert (found.next is None) == (not later)
    if found.next:
        assert (found.next.who, found.next.begin) == (later[0].who, later[0].begin)
        assert found.next.end in (later[0].end, None)


@settings(deadline=None)
@given(rotas_and_moments(), st.integers(1, 100))
def test_an_override_wins_exactly_in_its_interval(case: tuple[Rota, int], hours: int) -> None:
    rota, at = case
    end = at + hours * HOUR
    more = Rota(rota.name, rota.zone, rota.layers, rota.calendar, (*rota.overrides, Stint("new", at, end)))
    assert shifts(more, at, end) == [Shift("new", at, end, override=True)]
    assert shifts(more, at - WEEK, at) == shifts(rota, at - WEEK, at)
    assert shifts(more, end, end + WEEK) == shifts(rota, end, end + WEEK)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@settings(deadline=None)
@given(st.integers(0, 60 * 365))
def test_every_hand_over_is_at_nine_on_the_wall(zone: ZoneInfo, day: int) -> None:
    rota = Rota("r", zone, (Layer(("a", "b"), local("2010-01-04 09:00"), timedelta(days=1)),))
    at = from_iso("2010-02-01T00:00Z") + day * DAY // 60
    line = shifts(rota, at, at + 3 * DAY)[1:]
    assert {f"{wall(each.begin or 0, zone):%H:%M}" for each in line} == {"09:00"}
