"""How rotas are written: turns, times of day, days of the week, dates. Each reader says what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo

from domain.errors import BadValue, Mistake
from domain.times import HOUR, parse_duration
from domain.weekdays import weekdays
from domain.zones import zone_named

_WORDS = {"daily": "1d", "weekly": "1w"}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_LONGEST = 366  # days of one turn
_OLDEST, _NEWEST = 1970, 2999


class Unreadable(Mistake):
    """A rota's setting that means nothing."""


def zone(name: str) -> tzinfo:
    """Return the zone of a name such as `Europe/Berlin`; raises `Unreadable`."""
    try:
        return zone_named(name)
    except BadValue as error:
        raise Unreadable(error.message, error.remedy) from error


def turn(text: str) -> timedelta:
    """Return how long a turn is: `weekly`, `daily`, or a duration such as `12h`, `3d`, `2w`; raises `Unreadable`."""
    remedy = "Write weekly, daily, or whole hours, days or weeks such as 12h, 3d or 2w."
    try:
        length = parse_duration(_WORDS.get(text.strip().lower(), text.strip()))
    except Mistake as error:
        raise Unreadable(f"“{text}” is not how long a turn is", remedy) from error
    if length < HOUR or length % HOUR or length > _LONGEST * 24 * HOUR:
        raise Unreadable(f"a turn cannot be “{text}” long", remedy)
    return timedelta(milliseconds=length)


def time_of_day(text: str) -> time:
    """Return a time such as `09:00`; raises `Unreadable`."""
    match = _TIME.fullmatch(text.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise Unreadable(f"“{text}” is not a time of day", "Write it as 09:00.")
    return time(int(match[1]), int(match[2]))


def hours(text: str) -> tuple[time, time] | None:
    """Return from when to when, of `09:00-17:00`; None for an empty text, the whole day; raises `Unreadable`."""
    if not text.strip():
        return None
    first, dash, last = text.replace("–", "-").partition("-")
    if not dash:
        raise Unreadable(f"“{text}” are not hours", "Write them as 09:00-17:00, or 18:00-08:00 into the next day.")
    # 24:00 is how people write the end of a day.
    return time_of_day(first), time() if last.strip() == "24:00" else time_of_day(last)


def days(texts: Iterable[str]) -> frozenset[int]:
    """Return days of the week, 0 is Monday, of `mon`, `Tuesday`, `mon-fri`; all for none; raises `Unreadable`."""
    try:
        return frozenset(day for text in texts for day in weekdays(text)) or frozenset(range(7))
    except BadValue as error:
        raise Unreadable(error.message, error.remedy) from error


def date_and_time(text: str, otherwise: time | None = None) -> datetime:
    """Return what the clocks show: `2026-12-24 09:00`, or a date alone, at `otherwise` or midnight.

    Raises:
        Unreadable: It is not such a time, or it has a zone of its own, which would contradict the rota's.
    """
    remedy = "Write it as 2026-12-24 or 2026-12-24 09:00, in the rota's zone."
    if not text.strip():
        raise Unreadable("it is missing", remedy)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Unreadable(f"“{text}” is not a date", remedy) from error
    if found.tzinfo is not None:
        raise Unreadable(f"“{text}” has a zone of its own", remedy)
    if not _OLDEST <= found.year <= _NEWEST:
        raise Unreadable(f"“{text}” is not between {_OLDEST} and {_NEWEST}", remedy)
    return datetime.combine(found.date(), otherwise) if otherwise and _date_alone(text) else found


def day(text: str) -> datetime:
    """Return midnight of a day, `2026-12-24`; raises `Unreadable`."""
    if not _date_alone(text):
        raise Unreadable(f"“{text}” is more than a day", "Write the day alone, as 2026-12-24.")
    return date_and_time(text)


def _date_alone(text: str) -> bool:
    return len(text.strip()) <= len("2026-12-24")


def asked_moment(text: str, now: int, here: tzinfo) -> int:
    """Return the moment, ms, that somebody asks about.

    Args:
        text: `now`, `-2h`, `+3d`, `14:05` (today's), `2026-12-24 09:00` or ISO 8601.
        now: The present, ms.
        here: The zone of a time that has none.

    Raises:
        BadValue: It is none of these.
    """
    from domain.oncall.clockface import instant, wall

    bare = text.strip()
    try:
        if bare == "now":
            found = now
        elif bare[:1] in ("+", "-"):
            found = now + (1 if bare[0] == "+" else -1) * parse_duration(bare[1:])
        elif _TIME.fullmatch(bare):
            found = instant(datetime.combine(wall(now, here).date(), time_of_day(bare)), here)
        else:
            found = _moment(bare, here)
        if not _OLDEST <= wall(found, here).year <= _NEWEST:
            raise ValueError(found)
    except (Mistake, ValueError, OverflowError) as error:
        remedy = "Write now, -2h, +3d, 14:05, 2026-12-24T09:00 or 2026-12-24T09:00:00Z."
        raise BadValue(f"“{text}” is not a time to ask about", remedy, "bad_time") from error
    return found


def _moment(text: str, here: tzinfo) -> int:
    from domain.oncall.clockface import instant

    found = datetime.fromisoformat(text)
    return instant(found.replace(tzinfo=None), found.tzinfo or here)
