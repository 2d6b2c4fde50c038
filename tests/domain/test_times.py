"""Moments and durations, read and shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.durations import age, short
from domain.errors import BadTime
from domain.times import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    WEEK,
    from_iso,
    iso,
    parse_duration,
    parse_later,
    parse_moment,
    stamp,
)

NOW = int(datetime(2026, 11, 21, 14, 30, 15, tzinfo=UTC).timestamp() * 1000)
INDIA = timezone(timedelta(hours=5, minutes=30))
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.integers(0, 253_402_300_799_999)


@settings(max_examples=200, deadline=None)
@given(MOMENTS)
def test_iso_there_and_back(ms: int) -> None:
    text = iso(ms)
    assert text is not None
    assert (len(text), text[-1]) == (24, "Z")
    assert from_iso(text) == ms


@settings(max_examples=100, deadline=None)
@given(MOMENTS, MOMENTS)
def test_iso_sorts_as_the_moments_do(left: int, right: int) -> None:
    assert (str(iso(left)) < str(iso(right))) == (left < right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01 00:00:00.0019999999", 2),
        ("2026-11-21T14:30:15.000000000Z", NOW),
        (" 2026-11-21T14:30:15 ", NOW),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_from_iso(text: str, expected: int) -> None:
    assert from_iso(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "99999-01-01", "1e9", "２"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        from_iso(text)
    assert text in caught.value.message
    assert caught.value.code == "bad_time"


def test_no_moment_is_none() -> None:
    assert iso(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90 * SECOND),
        ("12m", 12 * MINUTE),
        ("2h30m", 2 * HOUR + 30 * MINUTE),
        ("1d", DAY),
        ("3w", 3 * WEEK),
        ("0s", 0),
    ],
)
def test_durations(text: str, expected: int) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "12", "m", "-5m", "5 m", "5M", "1.5h", "1y", "5m ", "1234567s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        parse_duration(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("now", UTC, "2026-11-21T14:30:15Z"),
        ("-12m", UTC, "2026-11-21T14:18:15Z"),
        ("14:05", UTC, "2026-11-21T14:05:00Z"),
        ("14:30:15", UTC, "2026-11-21T14:30:15Z"),
        ("14:30:16", UTC, "2026-11-20T14:30:16Z"),
        ("23:50", UTC, "2026-11-20T23:50:00Z"),
        ("19:59", INDIA, "2026-11-21T14:29:00Z"),
        ("20:01", INDIA, "2026-11-20T14:31:00Z"),
        ("2026-11-21T14:05", INDIA, "2026-11-21T08:35:00Z"),
        ("2026-11-21T14:05Z", INDIA, "2026-11-21T14:05:00Z"),
        ("2026-11-22T14:30:15Z", UTC, "2026-11-22T14:30:15Z"),
        ("2026-07-01 12:00", BERLIN, "2026-07-01T10:00:00Z"),
        ("-999999w", UTC, "1970-01-01T00:00:00Z"),
    ],
)
def test_what_people_write_for_a_moment(text: str, zone: timezone, expected: str) -> None:
    assert parse_moment(f" {text} ", NOW, zone) == from_iso(expected)


@pytest.mark.parametrize(
    "text", ["24:00", "12:60", "12:00:60", "-soon", "-", "", "soon", "2026-11-22T14:30:16Z", "1950-01-01"]
)
def test_what_is_no_moment_of_people_is_refused(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        parse_moment(text, NOW, UTC)
    assert caught.value.message


def test_a_clock_time_across_a_change_of_summer_time_is_that_of_the_day_before() -> None:
    morning = from_iso("2026-10-25T05:00:00Z")  # 06:00 in Berlin, an hour after the clocks went back at 03:00
    assert parse_moment("07:00", morning, BERLIN) == from_iso("2026-10-24T05:00:00Z")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 23), st.integers(0, 59), st.integers(DAY, 2_000_000_000_000), st.sampled_from([UTC, INDIA]))
def test_a_clock_time_is_the_latest_that_has_come(hour: int, minute: int, now: int, zone: timezone) -> None:
    moment = parse_moment(f"{hour}:{minute:02d}", now, zone)
    assert now - DAY < moment <= now
    shown = datetime.fromtimestamp(moment / 1000, zone)
    assert (shown.hour, shown.minute, shown.second) == (hour, minute, 0)


@pytest.mark.parametrize(
    ("ms", "two", "one"),
    [
        (-5, "0s", "0s"),
        (59_999, "59s", "59s"),
        (MINUTE, "1m", "1m"),
        (HOUR, "1h", "1h"),
        (2 * HOUR + 13 * MINUTE, "2h13m", "2h"),
        (2 * HOUR + 3 * MINUTE, "2h03m", "2h"),
        (DAY, "1d", "1d"),
        (3 * DAY + 4 * HOUR, "3d4h", "3d"),
        (14 * DAY + 4 * HOUR, "14d", "2w"),
        (1000 * DAY, "2y", "2y"),
    ],
)
def test_durations_for_people(ms: int, two: str, one: str) -> None:
    assert (short(ms), age(ms)) == (two, one)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 999 * 365 * DAY))
def test_an_age_fits_four_cells(ms: int) -> None:
    assert 2 <= len(age(ms)) <= 4
    assert len(short(ms)) <= 6


def test_a_stamp_says_its_zone() -> None:
    assert stamp(NOW, UTC) == "2026-11-21 14:30 UTC"
    assert stamp(NOW, BERLIN) == "2026-11-21 15:30 CET"
    assert stamp(NOW, INDIA, date=False) == "20:00 UTC+05:30"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", "2026-11-21T14:30:00Z"),
        (" 15:30 ", "2026-11-21T15:30:00Z"),
        ("13:59", "2026-11-22T13:59:00Z"),
        ("14:00", "2026-11-22T14:00:00Z"),
        ("2026-12-24T18:00", "2026-12-24T18:00:00Z"),
        ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"),
        ("2020-01-01T00:00", "2020-01-01T00:00:00Z"),
    ],
)
def test_a_moment_to_come(text: str, expected: str) -> None:
    assert parse_later(text, from_iso("2026-11-21T14:00:00Z"), UTC) == from_iso(expected)


@pytest.mark.parametrize("text", ["", "soon", "-5m", "25:00", "999999w", "999999w999999w"])
def test_what_is_no_moment_to_come(text: str) -> None:
    with pytest.raises(BadTime) as wrong:
        parse_later(text, from_iso("2026-11-21T14:00:00Z"), UTC)
    assert "Write 30m" in wrong.value.remedy
