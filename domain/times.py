"""Moments and durations: milliseconds since 1970 UTC inside, ISO 8601 at the edges, `2h13m` for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from domain.errors import BadTime

Clock = Callable[[], int]
"""Gives the present moment in milliseconds since 1970 UTC."""

SECOND, MINUTE, HOUR, DAY, WEEK = 1_000, 60_000, 3_600_000, 86_400_000, 604_800_000
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_DURATION = re.compile(r"(?:\d{1,6}[smhdw])+")
_PART = re.compile(r"(\d{1,6})([smhdw])")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_FRACTION = re.compile(r"(\.\d{6})\d+")
LATEST = 253_402_300_799_999
"""The end of the year 9999, ms: no moment is later."""
LAST_SHOWN = LATEST - 2 * DAY
"""The last moment that every zone's calendar can show, ms."""


def iso(ms: int | None) -> str | None:
    """Return a moment as ISO 8601 in UTC with milliseconds, or None."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def from_iso(text: str) -> int:
    """Return the moment of an ISO 8601 text, to the millisecond; without a zone it is UTC.

    Raises:
        BadTime: The text is not a moment between 1970 and 9999.
    """
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip()))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise BadTime(f"“{text}” is not a time", "Write it as 2026-11-21T14:05:00Z.", "bad_time") from error
    if not 0 <= ms <= LATEST:
        raise BadTime(f"“{text}” is not between 1970 and 9999", "", "bad_time")
    return ms


def parse_duration(text: str) -> int:
    """Return the milliseconds of `90s`, `12m`, `2h30m`, `1d` or `3w`.

    Raises:
        BadTime: The text is not a duration.
    """
    if not _DURATION.fullmatch(text):
        raise BadTime(f"“{text}” is not a duration", "Write it as 30m, 2h, 1d or 2h30m.", "bad_time")
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def parse_moment(text: str, now: int, zone: tzinfo) -> int:
    """Return the moment a person means: `14:05` (the latest such in `zone`), `-12m`, `now` or ISO 8601.

    Raises:
        BadTime: The text is none of these, or more than a day ahead.
    """
    bare = text.strip()
    if bare == "now":
        return now
    if bare.startswith("-"):
        return max(0, now - parse_duration(bare[1:]))
    if match := _CLOCK.fullmatch(bare):
        return _latest_clock(match, now, zone)
    moment = _in_zone(bare, zone)
    if moment > now + DAY:
        raise BadTime(f"“{text}” is more than a day ahead", "Give a moment that has come.", "future_time")
    return moment


def parse_later(text: str, now: int, zone: tzinfo) -> int:
    """Return a moment to come: a bare duration counts from now, and a time of day that is past is tomorrow's.

    A date and time is taken as it is; whether it has passed is for whoever asks to judge.

    Raises:
        BadTime: The text is none of these, or later than the year 9999.
    """
    bare = text.strip()
    try:
        if _DURATION.fullmatch(bare):
            moment = now + parse_duration(bare)
        elif match := _CLOCK.fullmatch(bare):
            today = _latest_clock(match, now, zone)
            moment = today if today > now else today + DAY
        else:
            moment = _in_zone(bare, zone)
    except BadTime as error:
        remedy = "Write 30m, 15:30, 2026-11-21T15:30 or 2026-11-21T15:30:00Z."
        raise BadTime(error.message, remedy, error.code) from error
    if moment > LAST_SHOWN:
        raise BadTime(f"“{text}” is too far ahead", "Write 30m, 15:30 or a date and time.", "bad_time")
    return moment


def _in_zone(text: str, zone: tzinfo) -> int:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError as error:
        remedy = "Write 14:05, -12m, 2026-11-21T14:05 or 2026-11-21T14:05:00Z."
        raise BadTime(f"“{text}” is not a time", remedy, "bad_time") from error
    return from_iso((moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat())


def _latest_clock(match: re.Match[str], now: int, zone: tzinfo) -> int:
    hour, minute, second = _time_of_day(match)
    today = datetime.fromtimestamp(now / 1000, zone)
    moment = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
    # A clock time later than now is yesterday's: at 00:10 people write @23:50.
    moment = moment if moment.timestamp() * 1000 <= now else moment - timedelta(days=1)
    return round(moment.timestamp() * 1000)


def _time_of_day(match: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise BadTime(f"“{match[0]}” is not a time of day", "Hours go to 23, minutes to 59.", "bad_time")
    return hour, minute, second


def parse_until(text: str, now: int, zone: tzinfo) -> int:
    """Return the moment to come that a person means: `2h` (from now), `14:05` (the next), `tomorrow 09:00`, ISO.

    Raises:
        BadTime: The text is none of these.
    """
    bare = text.strip().lower()
    if _DURATION.fullmatch(bare):
        return now + parse_duration(bare)
    today = datetime.fromtimestamp(now / 1000, zone)
    later = bare.removeprefix("tomorrow").strip()
    if match := _CLOCK.fullmatch(later):
        hour, minute, second = _time_of_day(match)
        moment = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
        is_past = moment.timestamp() * 1000 <= now
        return round((moment + timedelta(days=1 if later != bare or is_past else 0)).timestamp() * 1000)
    try:
        return _in_zone(text.strip(), zone)
    except BadTime as error:
        remedy = "Write 2h, 14:05, tomorrow 09:00 or 2026-11-21T14:05."
        raise BadTime(f"“{text}” is not a time to come", remedy, "bad_time") from error


def stamp(ms: int, zone: tzinfo, *, date: bool = True) -> str:
    """Return a moment for people with its zone, e.g. `2026-11-21 14:05 UTC`."""
    moment = datetime.fromtimestamp(ms / 1000, zone)
    name = moment.tzname() or "UTC"
    return f"{moment:%Y-%m-%d %H:%M} {name}" if date else f"{moment:%H:%M} {name}"
