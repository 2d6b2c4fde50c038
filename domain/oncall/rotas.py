"""A rota, and what follows from it: who holds it when, where nobody does, and who comes next.

A rota is read from the bottom up: its layers in their order, then what a calendar says, then its overrides. Of several
who would be on call at one moment the last of these is. Hand-overs are times on the wall of the rota's zone, so they
stay at 09:00 on both sides of a change of the clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from typing import NamedTuple

from domain.oncall.clockface import instant, wall
from domain.times import DAY

HORIZON = 400 * DAY
"""How far, ms, a look into the past or the future goes at most."""
_REACHES = (8 * DAY, 60 * DAY, HORIZON)  # a week's rota is settled by the first
_SLACK = timedelta(hours=50)  # no zone has ever moved its clocks by more than a day
EVERY_DAY = frozenset(range(7))


class Stint(NamedTuple):
    """Somebody's time, ms, the end not included."""

    who: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns.

    Attributes:
        people: In the order of their turns; the first one's begins at `start`.
        start: The first hand-over, as the clocks show it.
        every: How long a turn is on the clocks, at least an hour.
        end: When nobody of this layer is on call any more, as the clocks show it.
        days: The days of the week on which it holds, 0 is Monday.
        hours: From when to when it holds on those days; to an hour of the next day, if the second is not later.
    """

    people: tuple[str, ...]
    start: datetime
    every: timedelta
    end: datetime | None = None
    days: frozenset[int] = EVERY_DAY
    hours: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call by turns: layers, what a calendar says above them, and overrides above all."""

    name: str
    zone: tzinfo
    layers: tuple[Layer, ...] = ()
    calendar: tuple[Stint, ...] = ()
    overrides: tuple[Stint, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time, ms, the end not included, with one holder; `who` is empty where there is a gap.

    What `duty` answers has None for a begin or end that is further away than `HORIZON`.
    """

    who: str
    begin: int | None
    end: int | None
    override: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """How a rota stands at a moment, ms: the shift or gap it lies in, and the first shift after that."""

    at: int
    shift: Shift
    next: Shift | None

    @property
    def who(self) -> str:
        """Who is on call, empty when nobody is."""
        return self.shift.who

    @property
    def gap(self) -> bool:
        """Whether nobody is on call."""
        return not self.shift.who


def duty(rota: Rota, at: int) -> Duty:
    """Return who holds a rota at a moment, ms, and who comes next."""
    found = _duty(rota, at, _REACHES[0])
    for reach in _REACHES[1:]:
        if found.next and None not in (found.shift.begin, found.shift.end, found.next.end):
            break
        found = _duty(rota, at, reach)
    return found


def _duty(rota: Rota, at: int, reach: int) -> Duty:
    begin, end = at - reach, at + reach
    line = [_open_ended(each, begin, end) for each in shifts(rota, begin, end)]
    here = next(n for n, each in enumerate(line) if each.end is None or each.end > at)
    return Duty(at, line[here], next((each for each in line[here + 1 :] if each.who), None))


def _open_ended(shift: Shift, begin: int, end: int) -> Shift:
    first, last = shift.begin, shift.end
    return Shift(shift.who, None if first == begin else first, None if last == end else last, shift.override)


def gaps(rota: Rota, at: int, ahead: int) -> list[Shift]:
    """Return the gaps that a moment, ms, and the time of `ahead` ms after it touch, whole.

    An edge that is more than 60 days away from that time is None.
    """
    begin, end = at - _REACHES[1], at + ahead + _REACHES[1]
    line = (_open_ended(each, begin, end) for each in shifts(rota, begin, end) if not each.who)
    return [each for each in line if (each.end is None or each.end > at) and (each.begin or begin) < at + ahead]


def shifts(rota: Rota, begin: int, end: int) -> list[Shift]:
    """Return who holds a rota from `begin` to `end`, ms: shifts and gaps that follow each other without a hole."""
    ranked = sorted(_ranked(rota, begin, end), key=lambda each: each.begin)
    cuts = {begin, end, *(edge for each in ranked for edge in (each.begin, each.end) if begin < edge < end)}
    found: list[Shift] = []
    holding: list[tuple[int, int, str, bool]] = []  # a heap; the highest rank first
    upcoming = 0
    for left, right in pairwise(sorted(cuts)):
        while upcoming < len(ranked) and ranked[upcoming].begin <= left:
            each = ranked[upcoming]
            heappush(holding, (-each.rank, each.end, each.who, each.override))
            upcoming += 1
        while holding and holding[0][1] <= left:
            heappop(holding)
        who, override = holding[0][2:] if holding else ("", False)
        _append(found, Shift(who, left, right, override))
    return found


def _append(line: list[Shift], shift: Shift) -> None:
    """Add a shift, joined with the one before when that is the same person's."""
    before = line[-1] if line else None
    if before and (before.who, before.override) == (shift.who, shift.override):
        line[-1] = Shift(shift.who, before.begin, shift.end, shift.override)
    else:
        line.append(shift)


class _Ranked(NamedTuple):
    rank: int
    begin: int
    end: int
    who: str
    override: bool


def _ranked(rota: Rota, begin: int, end: int) -> Iterator[_Ranked]:
    """Yield every stint that touches the time between two moments, each with a rank of its own."""
    plain = [stint for layer in rota.layers for stint in _turns(layer, rota.zone, begin, end)]
    plain += sorted(rota.calendar, key=lambda stint: stint.begin)  # of two events at once the later one holds
    for rank, (who, first, last) in enumerate([*plain, *rota.overrides]):
        if first < last and first < end and last > begin:
            yield _Ranked(rank, first, last, who, rank >= len(plain))


def _turns(layer: Layer, zone: tzinfo, begin: int, end: int) -> list[Stint]:
    """Return the turns of a layer that touch the time between two moments, within its days and hours."""
    earliest, latest = wall(begin, zone) - _SLACK, wall(end, zone) + _SLACK
    first = max(0, (earliest - layer.start) // layer.every)
    last = (latest - layer.start) // layer.every
    moments = [instant(layer.start + n * layer.every, zone) for n in range(first, last + 2)]
    # Where a zone left out a day, a later time on the wall may be an earlier moment: then the later turn holds.
    moments = list(accumulate(reversed(moments), min))[::-1]
    stop = instant(layer.end, zone) if layer.end else None
    people = layer.people
    whole = [
        Stint(people[n % len(people)], a, b if stop is None else min(b, stop))
        for n, (a, b) in enumerate(pairwise(moments), first)
    ]
    if layer.hours is None and layer.days == EVERY_DAY:
        return whole
    return list(_within(whole, _windows(layer, zone, earliest, latest)))


def _windows(layer: Layer, zone: tzinfo, earliest: datetime, latest: datetime) -> Iterator[tuple[int, int]]:
    opens, closes = layer.hours or (time(), time())
    day, last = earliest.date(), latest.date()
    while day <= last:
        if day.weekday() in layer.days:
            until = day if closes > opens else day + timedelta(days=1)
            yield instant(datetime.combine(day, opens), zone), instant(datetime.combine(until, closes), zone)
        day += timedelta(days=1)


def _within(stints: Iterable[Stint], windows: Iterable[tuple[int, int]]) -> Iterator[Stint]:
    """Yield what of the stints lies in the windows; both are in order."""
    waiting = iter(windows)
    window = next(waiting, None)
    for stint in stints:
        while window and window[1] <= stint.begin:
            window = next(waiting, None)
        while window and window[0] < stint.end:
            yield Stint(stint.who, max(stint.begin, window[0]), min(stint.end, window[1]))
            if window[1] > stint.end:  # the next turn has a part of it, too
                break
            window = next(waiting, None)
