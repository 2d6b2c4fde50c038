"""Calendars: repetitions across changes of the clocks, exceptions, whole days, zones; and what cannot be used."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.oncall.calendar import BadCalendar, read
from domain import limits
from domain.oncall.clockface import instant, wall
from domain.oncall.rotas import Stint
from domain.times import DAY, from_iso

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN, END = from_iso("2026-10-01T00:00Z"), from_iso("2026-12-01T00:00Z")
WEEKLY = """UID:a
SUMMARY:ada
DTSTART;TZID=Europe/Berlin:20261005T090000
DTEND;TZID=Europe/Berlin:20261012T090000
RRULE:FREQ=WEEKLY;INTERVAL=2"""
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Head office
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE"""


def calendar(*events: str, before: str = "") -> str:
    inside = "\n".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\n{before}\n{inside}\nEND:VCALENDAR\n"
    return "\r\n".join(line for line in text.splitlines() if line) + "\r\n"


def found(path: Path, *events: str, before: str = "", who: str = "summary") -> list[Stint]:
    path.write_text(calendar(*events, before=before), encoding="utf-8", newline="")
    return sorted(read(path, BERLIN, who, BEGIN, END), key=lambda each: each.begin)


def said(stints: list[Stint]) -> list[str]:
    """Return stints as `who month-day hour to month-day hour` on the wall in Berlin."""
    return [
        f"{each.who} {wall(each.begin, BERLIN):%m-%d %H:%M} to {wall(each.end, BERLIN):%m-%d %H:%M}" for each in stints
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rota.ics"


class TestTimes:
    def test_every_second_week_begins_and_ends_at_nine_on_both_sides_of_the_change(self, path: Path) -> None:
        assert said(found(path, WEEKLY)) == [
            "ada 10-05 09:00 to 10-12 09:00",
            "ada 10-19 09:00 to 10-26 09:00",  # the clocks change on the 25th
            "ada 11-02 09:00 to 11-09 09:00",
            "ada 11-16 09:00 to 11-23 09:00",
            "ada 11-30 09:00 to 12-07 09:00",
        ]

    def test_two_who_take_turns_leave_no_gap(self, path: Path) -> None:
        ben = WEEKLY.replace("UID:a", "UID:b").replace("ada", "ben").replace("1012T", "1019T").replace("1005T", "1012T")
        line = found(path, WEEKLY, ben)
        assert [each.who for each in line[:4]] == ["ada", "ben", "ada", "ben"]
        assert all(a.end == b.begin for a, b in pairwise(line))

    def test_exceptions_are_left_out_and_additions_taken_in(self, path: Path) -> None:
        more = "\nEXDATE;TZID=Europe/Berlin:20261019T090000\nRDATE;TZID=Europe/Berlin:20261026T090000"
        more += "\nRDATE;VALUE=PERIOD:20261115T080000Z/PT3H"
        assert said(found(path, WEEKLY + more)) == [
            "ada 10-05 09:00 to 10-12 09:00",
            "ada 10-26 09:00 to 11-02 09:00",
            "ada 11-02 09:00 to 11-09 09:00",
            "ada 11-15 09:00 to 11-15 12:00",
            "ada 11-16 09:00 to 11-23 09:00",
            "ada 11-30 09:00 to 12-07 09:00",
        ]

    def test_an_exception_in_another_zone_or_of_a_whole_day_means_the_same_time(self, path: Path) -> None:
        more = "\nEXDATE:20261019T070000Z\nEXDATE;VALUE=DATE:20261102"
        assert [line[4:9] for line in said(found(path, WEEKLY + more))] == ["10-05", "11-16", "11-30"]

    def test_one_of_a_series_may_be_moved_or_given_to_somebody_else_or_cancelled(self, path: Path) -> None:
        swapped = """UID:a
RECURRENCE-ID:20261019T070000Z
SUMMARY:ben
DTSTART;TZID=Europe/Berlin:20261019T120000
DTEND;TZID=Europe/Berlin:20261026T090000"""
        cancelled = """UID:a
RECURRENCE-ID;TZID=Europe/Berlin:20261102T090000
STATUS:CANCELLED
DTSTART;TZID=Europe/Berlin:20261102T090000"""
        assert said(found(path, cancelled, WEEKLY, swapped)) == [
            "ada 10-05 09:00 to 10-12 09:00",
            "ben 10-19 12:00 to 10-26 09:00",
            "ada 11-16 09:00 to 11-23 09:00",
            "ada 11-30 09:00 to 12-07 09:00",
        ]

    @pytest.mark.parametrize(
        ("until", "last"),
        [("UNTIL=20261102T080000Z", "11-02"), ("UNTIL=20261102T075959Z", "10-19"), ("COUNT=2", "10-19"),
         ("UNTIL=20261102", "11-02")],
    )  # fmt: skip
    def test_a_series_has_an_end(self, path: Path, until: str, last: str) -> None:
        assert said(found(path, f"{WEEKLY};{until}"))[-1][4:9] == last

    def test_a_duration_counts_days_on_the_clock_and_hours_in_time(self, path: Path) -> None:
        event = "UID:{0}\nSUMMARY:{0}\nDTSTART;TZID=Europe/Berlin:20261024T210000\nDURATION:{1}"
        assert said(found(path, event.format("a", "P1D"), event.format("b", "PT12H"))) == [
            "a 10-24 21:00 to 10-25 21:00",
            "b 10-24 21:00 to 10-25 08:00",
        ]

    def test_whole_days_last_their_days_in_the_calendars_zone(self, path: Path) -> None:
        days = "UID:a\nSUMMARY:ada\nDTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026"
        day = "UID:b\nSUMMARY:ben\nDTSTART;VALUE=DATE:20261026"
        assert said(found(path, days, day)) == ["ada 10-24 00:00 to 10-26 00:00", "ben 10-26 00:00 to 10-27 00:00"]
        tokyo = found(path, days, day, before="X-WR-TIMEZONE:Asia/Tokyo")
        assert tokyo[0] == Stint("ada", from_iso("2026-10-23T15:00Z"), from_iso("2026-10-25T15:00Z"))
        assert found(path, days, before="X-WR-TIMEZONE:Head office") == found(path, days)

    def test_whole_days_repeat(self, path: Path) -> None:
        day = "UID:b\nSUMMARY:ben\nDTSTART;VALUE=DATE:20261024\nRRULE:FREQ=DAILY;UNTIL=20261026"
        day += "\nEXDATE;VALUE=DATE:20261025"
        assert said(found(path, day)) == ["ben 10-24 00:00 to 10-25 00:00", "ben 10-26 00:00 to 10-27 00:00"]

    def test_times_without_a_zone_are_the_calendars(self, path: Path) -> None:
        event = "UID:a\nSUMMARY:ada\nDTSTART:20261005T090000\nDTEND:20261005T170000"
        assert said(found(path, event)) == ["ada 10-05 09:00 to 10-05 17:00"]

    def test_a_zone_that_the_file_describes_is_its_own(self, path: Path) -> None:
        own = WEEKLY.replace("Europe/Berlin", "Head office")
        assert found(path, own, before=OWN_ZONE) == found(path, WEEKLY)

    def test_what_lies_outside_is_left_out_and_what_touches_is_whole(self, path: Path) -> None:
        past = "UID:p\nSUMMARY:old\nDTSTART:20260901T000000Z\nDTEND:20261001T000000Z"
        long = "UID:q\nSUMMARY:long\nDTSTART:20260901T000000Z\nDTEND:20270101T000000Z"
        assert found(path, past, long) == [Stint("long", from_iso("2026-09-01T00:00Z"), from_iso("2027-01-01T00:00Z"))]


class TestWho:
    ATTENDED = WEEKLY.partition("RRULE")[0].strip() + '\nATTENDEE;CN="Ada Lovelace":mailto:ada@example.org'

    @pytest.mark.parametrize(
        ("event", "who", "name"),
        [
            (ATTENDED, "summary", "ada"),
            (ATTENDED, "attendee", "Ada Lovelace"),
            (ATTENDED.replace(';CN="Ada Lovelace"', ""), "attendee", "ada@example.org"),
            (ATTENDED.replace("SUMMARY:ada", "SUMMARY: "), "summary", "Ada Lovelace"),
            (ATTENDED.partition("\nATTENDEE")[0], "attendee", "ada"),
            (ATTENDED + "\nATTENDEE:mailto:ben@example.org", "attendee", "Ada Lovelace"),
        ],
    )
    def test_the_title_or_the_first_attendee_says_who(self, path: Path, event: str, who: str, name: str) -> None:
        assert [each.who for each in found(path, event, who=who)] == [name]

    def test_a_long_name_is_cut(self, path: Path) -> None:
        (stint,) = found(path, self.ATTENDED.replace("SUMMARY:ada", "SUMMARY:" + "a" * 5000))
        assert len(stint.who) == limits.NAME


class TestWhatCannotBeUsed:
    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("DTEND;TZID=Europe/Berlin:20261012T090000\n", "", "no end"),
            ("20261012T090000", "20261005T090000", "does not end after it begins"),
            ("20261012T090000", "20261004T090000", "does not end after it begins"),
            ("SUMMARY:ada", "SUMMARY:", "names nobody"),
            ("DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=Nowhere/Town", "“Nowhere/Town” is not known"),
            ("DTSTART;TZID=Europe/Berlin:20261005T090000\n", "", "no DTSTART"),
            ("20261005T090000", "yesterday", "DTSTART cannot be read"),
            ("FREQ=WEEKLY", "FREQ=OFTEN", "RRULE cannot be read"),
            ("FREQ=WEEKLY", "FREQ=MINUTELY", "by minutes"),
            ("INTERVAL=2", "INTERVAL=0", "not understood"),
            ("INTERVAL=2", "RSCALE=CHINESE", "not understood"),
            ("UID:a", "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261019T070000Z", "THISANDFUTURE"),
            ("SUMMARY:ada", "SUMMARY:ada\nnonsense", "cannot be read"),
        ],
    )
    def test_an_event_is_named_with_its_line(self, path: Path, old: str, new: str, says: str) -> None:
        fine = "UID:z\nSUMMARY:zoe\nDTSTART:20261005T090000Z\nDTEND:20261006T090000Z"
        with pytest.raises(BadCalendar) as caught:
            found(path, fine, WEEKLY.replace(old, new, 1))
        assert says in caught.value.message
        assert caught.value.remedy
        assert caught.value.line == 11

    def test_a_series_without_an_end_by_the_hour_from_long_ago_is_refused(self, path: Path) -> None:
        event = "UID:a\nSUMMARY:ada\nDTSTART:19900101T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY"
        with pytest.raises(BadCalendar, match="repeats more than"):
            found(path, event)

    def test_more_shifts_than_can_be_are_refused(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "CALENDAR_STINTS", 4)
        with pytest.raises(BadCalendar, match="more than 4 shifts"):
            found(path, WEEKLY)

    @pytest.mark.parametrize(
        ("data", "says", "line"),
        [
            (b"", "no whole calendar", 1),
            (b"hello\n", "no iCalendar file", 1),
            (b"BEGIN:VCALENDAR\nVERSION:2.0\nhello\nEND:VCALENDAR\n", "no iCalendar file", 3),
            (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "no whole calendar", 1),
            (b'{"a": 1}', "no iCalendar file", 1),
            (b"BEGIN:VCALENDAR\n\xff\xfe", "not UTF-8", 2),
        ],
    )
    def test_a_file_is_named_with_its_line(self, path: Path, data: bytes, says: str, line: int) -> None:
        path.write_bytes(data)
        with pytest.raises(BadCalendar) as caught:
            read(path, BERLIN, "summary", BEGIN, END)
        assert says in caught.value.message
        assert caught.value.line == line

    def test_a_file_that_is_too_large_is_not_parsed(self, path: Path) -> None:
        path.write_bytes(b" " * (limits.CALENDAR_BYTES + 1))
        with pytest.raises(BadCalendar, match="larger than 4,194,304 bytes"):
            read(path, BERLIN, "summary", BEGIN, END)

    def test_what_is_no_file_is_not_waited_for(self, path: Path, tmp_path: Path) -> None:
        import os

        os.mkfifo(path)
        for each in (path, tmp_path, tmp_path / "none"):
            with pytest.raises(BadCalendar, match="no such file"):
                read(each, BERLIN, "summary", BEGIN, END)


_BEGINS = ["20261005T090000", "20261005T090000Z", "00010101T000000Z", "99991231T000000", "090000", "20260230"]
_BEGINS = [f"DTSTART:{each}" for each in _BEGINS] + ["DTSTART;VALUE=DATE:20261005", "DTSTART;TZID=x:20261005T090000"]
_ENDS = ["DTEND:20261006T090000Z", "DTEND;VALUE=DATE:20261007", "DTEND:PT1H", "DURATION:PT5H", "DURATION:-P1D"]
_ENDS += ["DTEND:99991231T235959Z", "DURATION:P999999999D", "DTEND:20261006T090000"]
_RULES = ["DAILY;COUNT=3", "YEARLY;BYDAY=9MO", "DAILY;UNTIL=20261101T000000", "MONTHLY;BYSETPOS=0;BYDAY=MO", "WEEKLY"]
_RULES += ["WEEKLY;WKST=XX", "DAILY;UNTIL=00010101", "YEARLY;BYEASTER=1", "MONTHLY;BYMONTHDAY=-31", "DAILY;COUNT=0"]
_RULES += ["DAILY;INTERVAL=99999999", "DAILY;COUNT=x", "WEEKLY;BYDAY=", "DAILY;UNTIL=99991231", "YEARLY;BYWEEKNO=53"]
_MORE = ["RDATE:20261101", "RDATE;VALUE=PERIOD:20261101T000000Z/20261001T000000Z", "EXDATE:20261005T090000Z", " folded"]
_MORE += ["EXDATE;VALUE=DATE:20261005", "RECURRENCE-ID:20261005", "STATUS:CANCELLED", "ATTENDEE:x", "RDATE:99991231"]
_MORE += ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VCALENDAR", "DTSTART:20261005", "RDATE:00010101T000000Z"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = ["UID:a", "SUMMARY:ada", draw(st.sampled_from(_BEGINS)), draw(st.sampled_from(_ENDS))]
    lines += draw(st.lists(st.sampled_from(_RULES).map(lambda rule: f"RRULE:FREQ={rule}"), max_size=2))
    lines += draw(st.lists(st.sampled_from(_MORE) | st.text(max_size=20), max_size=3))
    lines = draw(st.permutations(lines)) if draw(st.booleans()) else lines
    zone = draw(st.sampled_from(["", "X-WR-TIMEZONE:Europe", "X-WR-TIMEZONE:Pacific/Apia"]))
    return calendar("\n".join(lines), before=zone)


@settings(deadline=None, max_examples=500)
@given(texts() | st.text())
def test_whatever_a_file_holds_it_is_used_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.ics"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    try:
        stints = read(path, BERLIN, "summary", BEGIN, END)
    except BadCalendar as error:
        refused = error
    else:
        assert all(each.who and each.begin < END and each.end > BEGIN for each in stints)
        return
    assert refused.remedy


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(1, 6), st.integers(1, 6 * 24))
def test_a_daily_series_begins_at_its_time_of_day_whatever_the_clocks_do(
    tmp_path_factory: pytest.TempPathFactory, day: int, step: int, hours: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "daily.ics"
    first = wall(from_iso("2020-01-01T08:00Z") + day * DAY, BERLIN).replace(hour=9)
    begin = instant(first, BERLIN)
    event = f"UID:a\nSUMMARY:ada\nDTSTART;TZID=Europe/Berlin:{first:%Y%m%dT%H%M%S}\nDURATION:PT{hours}H"
    event += f"\nRRULE:FREQ=DAILY;INTERVAL={step}"
    path.write_text(calendar(event), newline="")
    stints = read(path, BERLIN, "summary", begin, begin + 200 * DAY)
    assert {f"{wall(each.begin, BERLIN):%H:%M}" for each in stints} == {"09:00"}
    days = [(wall(each.begin, BERLIN).date() - datetime.date(first)).days for each in stints]
    assert days == list(range(0, 200 if days[-1] < 200 else 201, step))
