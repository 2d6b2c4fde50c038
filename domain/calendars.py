"""Business hours: a week of opening hours, days on which it is closed all the same, and the zone both are meant in.

A moment is open when the clock on the wall shows opening hours then. So where a clock change leaves hours out, they are
not there, and where it shows hours twice, both are open: `open_time` equals counting the open minutes one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise

from domain.errors import BadValue
from domain.times import DAY, LATEST, MINUTE
from domain.weekdays import DAYS, weekdays
from domain.zones import zone_named

ALWAYS = "24x7"
"""The name of the calendar that is never closed."""
_EPOCH = date(1970, 1, 1).toordinal()
_THURSDAY = 3  # 1970-01-01 was one
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_EXAMPLE = "Write it like “mon-fri 09:00-12:30 13:30-17:30”."

Hours = tuple[int, int]
"""From when until when, in minutes since local midnight."""
Week = tuple[tuple[Hours, ...], ...]
"""The hours of each day, from Monday on, in order and apart."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is done. Moments are ms since 1970 UTC, amounts ms of open time.

    Attributes:
        name: What settings call it.
        week: Opening hours of each day, from Monday on.
        zone: Where the clock on the wall hangs.
        closed: Local dates without opening hours.
    """

    name: str
    week: Week
    zone: tzinfo = UTC
    closed: frozenset[date] = frozenset()

    @property
    def is_always(self) -> bool:
        """Whether it is never closed."""
        return not self.closed and all(hours == ((0, 1440),) for hours in self.week)

    def spans(self, start: int) -> Iterator[tuple[int, int]]:
        """Yield the open times from `start` on, in order; neighbours may touch, none overlap."""
        at = start
        while at < LATEST - DAY and any(self.week):
            offset = self._offset(at)
            end = self._same_until(at, at + DAY, offset)
            yield from self._within(at, end, offset)
            at = end

    def open_time(self, start: int, end: int) -> int:
        """Return how much of the time between two moments is open; 0 when the end comes first."""
        if self.is_always:
            return max(0, end - start)
        total = 0
        for opens, closes in self.spans(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def add(self, start: int, amount: int) -> int | None:
        """Return the first moment by which `amount` (more than 0) of open time has passed, None after the year 9999.

        The moment before it is always open: it is never within closed time, at most at its beginning.
        """
        if self.is_always:
            return start + amount if start + amount <= LATEST else None
        left = amount
        for opens, closes in self.spans(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        return None

    def is_open(self, at: int) -> bool:
        """Say whether a moment is within opening hours."""
        return any(self._within(at, at + 1, self._offset(at)))

    def _offset(self, at: int) -> int:
        """Return how far the local clock is ahead of UTC at a moment, ms."""
        offset = datetime.fromtimestamp(at // 1000, self.zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds() * 1000)

    def _same_until(self, start: int, end: int, offset: int) -> int:
        """Return the moment, at most `end`, until which the offset stays; a day has one change at most."""
        if self._offset(end) == offset:
            return end
        first, last = start // 1000, end // 1000  # changes fall on whole seconds
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (middle, last) if self._offset(middle * 1000) == offset else (first, middle)
        return last * 1000

    def _within(self, start: int, end: int, offset: int) -> Iterator[tuple[int, int]]:
        """Yield the open times between two moments with the same offset."""
        for day in range((start + offset) // DAY, (end + offset - 1) // DAY + 1):
            if self.closed and date.fromordinal(_EPOCH + day) in self.closed:
                continue
            midnight = day * DAY - offset
            for opens, closes in self.week[(day + _THURSDAY) % 7]:
                begin, stop = max(start, midnight + opens * MINUTE), min(end, midnight + closes * MINUTE)
                if begin < stop:
                    yield begin, stop


def always() -> Calendar:
    """Return the calendar that is never closed."""
    return Calendar(ALWAYS, (((0, 1440),),) * 7)


def calendar(name: str, zone: str, hours: Iterable[str], closed: Iterable[str] = ()) -> Calendar:
    """Return a calendar from the words of the settings: `mon-fri 09:00-12:30 13:30-17:30`, dates, a zone.

    Raises:
        BadValue: An unknown zone or day, hours that cannot be read, end before they begin or overlap, no hours at
            all, or no date.
    """
    week = parse_week(hours)
    if not any(week):
        raise BadValue("It has no opening hours, so no target would ever be reached", _EXAMPLE, "bad_value")
    return Calendar(name, week, zone_named(zone), frozenset(map(_date, closed)))


def parse_week(lines: Iterable[str]) -> Week:
    """Return the hours of each day from lines like `mon-thu 09:00-12:30 13:30-17:30` and `fri,sat 09:00-15:00`.

    Raises:
        BadValue: A line cannot be read, its hours end before they begin, or two of a day overlap.
    """
    found: list[list[Hours]] = [[] for _day in DAYS]
    for line in lines:
        days, *hours = line.split() or [""]
        if not hours:
            raise BadValue(f"“{line}” names no hours", _EXAMPLE, "bad_value")
        spans = [_hours(each, line) for each in hours]
        for day in weekdays(days):
            found[day] += spans
    for name, spans in zip(DAYS, found, strict=True):
        spans.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
            raise BadValue(f"Hours of {name} overlap", "Give each hour of a day once.", "bad_value")
    return tuple(map(tuple, found))


def _hours(text: str, line: str) -> Hours:
    match = _HOURS.fullmatch(text)
    if not match:
        raise BadValue(f"“{text}” in “{line}” is not FROM-TO", _EXAMPLE, "bad_value")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    begin, end = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or begin > 1440 or end > 1440:
        raise BadValue(f"“{text}” in “{line}” is no time of day", "A day ends at 24:00.", "bad_value")
    if end <= begin:
        remedy = "Write a night as two: “fri 22:00-24:00” and “sat 00:00-06:00”."
        raise BadValue(f"“{text}” in “{line}” ends before it begins", remedy, "bad_value")
    return begin, end


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadValue(f"“{text}” is not a date", "Write it as 2026-12-25.", "bad_value") from error
