"""Who is on call by an iCalendar file (RFC 5545). icalendar reads it, dateutil counts its repetitions.

Imported when the settings name such a file, and only then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

from domain import limits
from domain.oncall.clockface import instant, wall
from domain.oncall.reading import Unreadable, zone
from domain.oncall.rotas import Stint
from domain.text import clean_input

_MINDED = (None, "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SUMMARY", "ATTENDEE")
_TOO_OFTEN = ("SECONDLY", "MINUTELY")
_MIDNIGHT = time()
_OLDEST, _NEWEST = 1970, 2999
_LONGEST = timedelta(days=36_600)


class BadCalendar(Unreadable):
    """A calendar that cannot be used; `line` is where, from 1 on, or None where that is not known."""

    def __init__(self, message: str, remedy: str, line: int | None = None) -> None:
        super().__init__(message, remedy)
        self.line = line


def read(path: Path, home: tzinfo, who: str, begin: int, end: int) -> tuple[Stint, ...]:
    """Return who is on call by a calendar between two moments, ms; what touches them is whole.

    Args:
        path: The file.
        home: The zone of days and of times without one, where the calendar itself names none.
        who: Where an event says who: `summary` or `attendee`; the other one is taken where that is empty.
        begin: From when.
        end: Until when.

    Raises:
        BadCalendar: It cannot be read, is too large, or an event has no end, no name or an unknown zone.
    """
    text = _text(path)
    found: list[Stint] = []
    for calendar in _calendars(text):
        zone_of_days = _own_zone(calendar, home)
        events = [_Event(each, zone_of_days, who, text) for each in calendar.walk("VEVENT")]
        moved: defaultdict[str, list[date]] = defaultdict(list)
        for event in events:
            if event.instead_of is not None:
                moved[event.uid].append(event.instead_of)
        for event in events:
            found += () if event.cancelled else event.stints(moved[event.uid], begin, end)
            if len(found) > limits.CALENDAR_STINTS:
                raise BadCalendar(f"it has more than {limits.CALENDAR_STINTS:,} shifts", "Export a shorter time.")
    return tuple(found)


def _text(path: Path) -> str:
    if not path.is_file():  # a pipe would keep the caller waiting
        raise BadCalendar("there is no such file", "Export the calendar there, or mend the path.")
    try:
        with path.open("rb") as file:
            data = file.read(limits.CALENDAR_BYTES + 1)
        if len(data) > limits.CALENDAR_BYTES:
            raise BadCalendar(f"it is larger than {limits.CALENDAR_BYTES:,} bytes", "Export a shorter time.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise BadCalendar(f"it cannot be read: {error.strerror}", "Check its rights.") from error
    except UnicodeDecodeError as error:
        raise BadCalendar("it is not UTF-8", "Export it again.", data[: error.start].count(b"\n") + 1) from error


def _calendars(text: str) -> list[Any]:
    try:
        found = [each for each in Calendar.from_ical(text, multiple=True) if each.name == "VCALENDAR"]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise BadCalendar(
            f"it is no iCalendar file: {str(error)[:200]}", "Export it again.", _line(text, error)
        ) from error
    if not found:
        raise BadCalendar("there is no whole calendar in it", "Export it again; it begins with BEGIN:VCALENDAR.", 1)
    return found


def _line(text: str, error: Exception) -> int | None:
    """Return the line that an error quotes."""
    quoted = str(error).partition("'")[2].partition("'")[0]
    lines = (n for n, line in enumerate(text.splitlines(), 1) if quoted and line.strip() == quoted.strip())
    return next(lines, None)


def _own_zone(calendar: Any, home: tzinfo) -> tzinfo:
    """Return the zone that a calendar says it is in (X-WR-TIMEZONE, which most of them write), else `home`."""
    name = calendar.get("X-WR-TIMEZONE")
    with suppress(Unreadable):  # some write what no system knows; then the rota's own zone is as good
        return zone(str(name)) if name else home
    return home


@dataclass(frozen=True, slots=True)
class _Length:
    """How long an event lasts: so much on the clocks, and then so much in time, ms (RFC 5545, section 3.3.6)."""

    clock: timedelta
    exact: int = 0


class _Event:
    """One event: when it begins on the clocks of its zone, how long it lasts, how it repeats, and whom it names."""

    def __init__(self, component: Any, home: tzinfo, who: str, text: str) -> None:
        self._component, self._text, self._home = component, text, home
        self.uid = str(component.get("UID", ""))
        self.cancelled = str(component.get("STATUS", "")).upper() == "CANCELLED"
        for name, problem in component.errors:
            if name in _MINDED:
                self._refuse(f"{name or 'a line'} cannot be read: {str(problem)[:200]}", "Mend it, or export it again.")
        start = self._one("DTSTART")
        self._whole_days = not isinstance(start, datetime)
        self._zone: tzinfo = getattr(start, "tzinfo", None) or home
        self._begin = self._clock(start)
        self._length = _Length(timedelta(days=1)) if self.cancelled else self._measured()
        self.instead_of: date | None = self._one("RECURRENCE-ID") if "RECURRENCE-ID" in component else None
        if self.instead_of is not None and "RANGE" in component["RECURRENCE-ID"].params:
            self._refuse("RANGE=THISANDFUTURE is not understood", "End the series there and begin a new one.")
        self._who = "" if self.cancelled else self._named(who)

    def _refuse(self, what: str, remedy: str) -> None:
        title = str(self._component.get("SUMMARY", "")).strip() or self.uid or "without a title"
        lines = self._text.splitlines()
        line = next((n for n, each in enumerate(lines, 1) if self.uid and each.strip() == f"UID:{self.uid}"), None)
        raise BadCalendar(f"the event “{title[:80]}”: {what}", remedy, line)

    def _one(self, name: str) -> Any:
        """Return a date, or a date and time, of a property that comes once."""
        found = self._component.get(name)
        value = getattr(found, "dt", None)
        if not isinstance(value, date):
            self._refuse(f"it has no {name}, or several", "Mend it, or export the calendar again.")
        if isinstance(value, datetime) and value.tzinfo is None and "TZID" in getattr(found, "params", {}):
            self._refuse(f"its zone “{found.params['TZID']}” is not known", "Export it with its zones (VTIMEZONE).")
        return value

    def _clock(self, value: date) -> datetime:
        """Return what the clocks of the event's zone show."""
        if not _OLDEST <= value.year <= _NEWEST:  # further out, zones have no clocks
            self._refuse(f"{value.isoformat()} is not between {_OLDEST} and {_NEWEST}", "Mend that date.")
        if not isinstance(value, datetime):
            return datetime.combine(value, _MIDNIGHT)
        return value.replace(tzinfo=None) if value.tzinfo is None else value.astimezone(self._zone).replace(tzinfo=None)

    def _measured(self) -> _Length:
        if "DTEND" in self._component:
            length = _Length(self._clock(self._one("DTEND")) - self._begin)
        elif isinstance(given := getattr(self._component.get("DURATION"), "dt", None), timedelta):
            days = timedelta(days=given.days)
            length = _Length(days, (given - days) // timedelta(milliseconds=1))
        elif self._whole_days:
            length = _Length(timedelta(days=1))  # RFC 5545, section 3.6.1
        else:
            self._refuse("it has no end", "Give it one (DTEND or DURATION).")
        if length.clock < timedelta() or (not length.clock and length.exact <= 0):
            self._refuse("it does not end after it begins", "Mend its end.")
        if length.clock > _LONGEST:
            self._refuse("it lasts for more than a hundred years", "Mend its end.")
        return length

    def _named(self, who: str) -> str:
        component = self._component
        attendees = component.get("ATTENDEE") or ()
        first = next(iter(attendees if isinstance(attendees, list) else [attendees] if attendees else []), None)
        person = ""
        if first is not None:
            address = str(first)
            named = first.params.get("CN", "") if hasattr(first, "params") else ""
            person = str(named) or (address[7:] if address.lower().startswith("mailto:") else address)
        summary = str(component.get("SUMMARY", ""))
        name = (person.strip() or summary) if who == "attendee" else (summary.strip() or person)
        if not name.strip():
            self._refuse("it names nobody", "Write who is on call in its title.")
        return clean_input(name.strip(), limits.NAME)

    # -- when ------------------------------------------------------------------------------------------------------

    def stints(self, moved: Iterable[date], begin: int, end: int) -> list[Stint]:
        """Return its times that touch those between two moments, without those that were moved elsewhere."""
        if self.instead_of is not None:
            times = {self._begin: self._length}
        else:
            try:
                times = self._times(wall(end, self._zone))
            except (ValueError, TypeError, OverflowError, AttributeError) as error:
                self._refuse(f"its repetition is not understood: {str(error)[:200]}", "Mend its RRULE.")
            for left_out in [*self._component.exdates, *moved]:
                self._leave_out(times, left_out)
        found = (self._stint(first, length) for first, length in times.items())
        return [each for each in found if each.begin < end and each.end > begin]

    def _stint(self, first: datetime, length: _Length) -> Stint:
        last = instant(first + length.clock, self._zone) + length.exact
        return Stint(self._who, instant(first, self._zone), last)

    def _times(self, until: datetime) -> dict[datetime, _Length]:
        times = {self._begin: self._length}
        for rule in self._component.rrules:
            times.update(dict.fromkeys(self._repeated(rule, until), self._length))
        for first, last in self._component.rdates:
            begin = self._clock(first)
            times[begin] = _Length(self._clock(last) - begin) if last else self._length
        return times

    def _repeated(self, rule: Any, until: datetime) -> Iterator[datetime]:
        """Yield when a rule says, on the clocks, up to `until` or its own end."""
        parts = {name.upper(): value for name, value in rule.items()}
        if str(parts.get("FREQ", [""])[0]).upper() in _TOO_OFTEN:
            self._refuse("it repeats by minutes or seconds", "Write it as one event.")
        if any(step < 1 for step in parts.get("INTERVAL", ())):
            raise ValueError("INTERVAL is not at least 1")
        until = min([until, *(self._last(each) for each in parts.get("UNTIL", ()) if each.year <= _NEWEST)])
        text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.upper().startswith("UNTIL="))
        for number, each in enumerate(islice(rrulestr(text, dtstart=self._begin), limits.CALENDAR_REPEATS + 1)):
            if each > until:
                return
            if number == limits.CALENDAR_REPEATS:
                self._refuse(f"it repeats more than {number:,} times", "Let it begin later, or write it as one event.")
            yield each

    def _last(self, until: date) -> datetime:
        """Return up to when a rule goes; a day means all of it."""
        return self._clock(until) if isinstance(until, datetime) else datetime.combine(until, time.max)

    def _leave_out(self, times: dict[datetime, _Length], left_out: date) -> None:
        """Take out a time, or all that begin on a day."""
        if isinstance(left_out, datetime):
            times.pop(self._clock(left_out), None)
            return
        for each in [each for each in times if each.date() == left_out]:
            del times[each]
