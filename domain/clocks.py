"""The clocks of an incident: until when it wants an answer and an end, and whether they came in time.

Derived from the replayed entries and the targets that the settings give, never stored. Nothing here asks what time it
is: `clocks` says what the timeline says, and what changes as time passes (`met`, `due`, `left`) is asked with a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from domain.calendars import Calendar, always
from domain.durations import short
from domain.entry import Entry
from domain.incident import Incident
from domain.replay import Replay
from domain.times import LATEST, MINUTE, SECOND
from domain.vocabulary import CLOSED_STATUSES

LAST_MINUTES = 5 * MINUTE
"""With so little left, seconds are shown."""
_NEAR = 10  # the last tenth of a target is near, and always the last minutes


@dataclass(frozen=True, slots=True)
class Service:
    """Targets of their own for what matches; empty means anything, and all that is given must match.

    Attributes:
        category: A service category.
        tag, resource: A name, in any case.
        response, resolution: By priority, ms of open time.
    """

    response: Mapping[str, int]
    resolution: Mapping[str, int]
    hours: Calendar
    category: str = ""
    tag: str = ""
    resource: str = ""

    def covers(self, incident: Incident) -> bool:
        """Say whether an incident is about this service."""
        tags = {item.name.casefold() for item in incident.tags}
        resources = {item.name.casefold() for item in incident.resources}
        return (
            self.category in ("", incident.service_category)
            and (not self.tag or self.tag.casefold() in tags)
            and (not self.resource or self.resource.casefold() in resources)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What was promised: targets by priority, in ms of open time of `hours`; the first service that matches wins.

    Attributes:
        pauses: Labels of the status `other`, case-folded, in which the resolution clock stands.
    """

    response: Mapping[str, int] = field(default_factory=dict)
    resolution: Mapping[str, int] = field(default_factory=dict)
    hours: Calendar = field(default_factory=always)
    services: tuple[Service, ...] = ()
    pauses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Clock:
    """One target of one incident; moments in ms since 1970 UTC, amounts in ms of open time.

    Attributes:
        name: `response` or `resolution`.
        target: How much open time there is.
        due_at: When that is used up, in what has counted so far and from then on; None while it stands before that,
            and when it never comes (after the year 9999).
        stopped_at: When the answer or the end came; None while it runs or stands.
        paused_at: Since when it stands; None while it runs and once it has stopped.
        rest: Open time left when it came to stand or stopped, 0 when it was used up before.
        answered: Whether it stopped because of what it waits for; a response clock that the end of the incident
            stopped was not answered.
    """

    name: str
    target: int
    hours: Calendar
    due_at: int | None
    stopped_at: int | None = None
    paused_at: int | None = None
    rest: int = 0
    answered: bool = False

    def due(self, now: int) -> int | None:
        """Return the target's moment; while it stands, what it would be if it went on now."""
        if self.paused_at is None or self.due_at is not None:
            return self.due_at
        return self.hours.add(max(now, self.paused_at), self.rest)

    def met(self, now: int) -> bool | None:
        """Return True when it was kept, False when it was missed (also while still open), None while it runs.

        None is also what was over in time without the answer: nothing was kept, and nothing was missed.
        """
        until = now if self.stopped_at is None else self.stopped_at
        if not self._stands and self.due_at is not None and until > self.due_at:
            return False
        return True if self.answered else None

    def left(self, now: int) -> int | None:
        """Return how much time by the clock on the wall is left until the target, negative when it has passed.

        None once it has stopped, and when the target never comes.
        """
        due = self.due(now)
        return None if self.stopped_at is not None or due is None else due - now

    def is_near(self, now: int) -> bool:
        """Say whether it runs and the target comes soon: within its last tenth, at least its last five minutes."""
        left = None if self._stands else self.left(now)
        return left is not None and 0 <= left <= self.margin

    @property
    def margin(self) -> int:
        """How long before the target it is near, ms by the clock on the wall."""
        return max(LAST_MINUTES, self.target // _NEAR)

    @property
    def _stands(self) -> bool:
        return self.paused_at is not None and self.due_at is None

    def state(self, now: int) -> str:
        """Return `running`, `paused`, `late` (open and missed), `met`, `missed` or `ended` (over without an answer)."""
        met = self.met(now)
        if self.stopped_at is None:
            return "late" if met is False else "paused" if self._stands else "running"
        return {True: "met", False: "missed", None: "ended"}[met]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks of an incident; None where there is no target.

    Attributes:
        none: Why it has no clocks: `drill`, `duplicate`, `invalid`, `ignored`, `not_raised`; empty when it may have.
    """

    response: Clock | None = None
    resolution: Clock | None = None
    none: str = ""

    @property
    def all(self) -> tuple[Clock, ...]:
        """Those there are, the response first."""
        return tuple(each for each in (self.response, self.resolution) if each is not None)

    def warns(self) -> tuple[int, int]:
        """Return from when on an open clock is near its target, and after when it is late; the year 9999 for never."""
        open_ones = [(each, each.due_at) for each in self.all if each.stopped_at is None and each.due_at is not None]
        near = min((due - each.margin for each, due in open_ones), default=LATEST)
        return near, min((due for _each, due in open_ones), default=LATEST)

    def open(self, now: int) -> list[Clock]:
        """Return those that still wait for something, the one that was or will be due first in front."""
        waiting = [each for each in self.all if each.stopped_at is None]
        return sorted(waiting, key=lambda each: (each.state(now) == "paused", each.left(now) or 0))


NO_CLOCKS: Mapping[str, str] = {
    "drill": "a drill",
    "duplicate": "another incident under a second name",
    "invalid": "not a real incident",
    "ignored": "closed with no action",
    "not_raised": "its first entry has not arrived yet",
}
"""Why an incident has no clocks; the first reason that holds is the one given."""


def clocks(replay: Replay, incident: Incident, policy: Policy) -> Clocks:
    """Return the clocks of an incident: `incident` is the result of `replay`."""
    raised = replay.facts("raised")
    reason = _none(incident, raised)
    if reason:
        return Clocks(none=reason)
    found = next((each for each in policy.services if each.covers(incident)), policy)
    begun, priority = raised[0].occurred_at, incident.priority or ""
    phases = _phases(replay, incident, begun, policy.pauses)
    response, resolution = found.response.get(priority), found.resolution.get(priority)
    return Clocks(
        _response(replay, begun, phases, response, found.hours) if response else None,
        _resolution(phases, resolution, found.hours) if resolution else None,
    )


def _none(incident: Incident, raised: list[Entry]) -> str:
    if incident.drill:
        return "drill"
    if incident.is_duplicate:
        return "duplicate"
    if incident.status in ("invalid", "ignored"):
        return incident.status
    return "" if raised else "not_raised"


def _response(replay: Replay, begun: int, phases: list[_Phase], target: int, hours: Calendar) -> Clock:
    """From raised to the first acknowledgement by a person; what ends unacknowledged wants no answer any more."""
    people = [entry.occurred_at for entry in replay.facts("acknowledged") if entry.source == "human"]
    ended = phases[-1].start if phases[-1].kind == "over" else None
    stopped = min(people, default=ended)
    return Clock("response", target, hours, hours.add(begun, target), stopped_at=stopped, answered=bool(people))


def _resolution(phases: list[_Phase], target: int, hours: Calendar) -> Clock:
    """From raised to the last resolution; what was used before a pause or a reopening stays used."""
    left, last = target, phases[-1]
    for phase, after in pairwise(phases):
        if phase.kind == "runs":
            used = hours.open_time(phase.start, after.start)
            if used >= left:
                due = hours.add(phase.start, left)
                return _standing(last, target, hours, due, 0)
            left -= used
    due = None if last.kind == "stands" else hours.add(last.start, left)
    return _standing(last, target, hours, due, left)


def _standing(last: _Phase, target: int, hours: Calendar, due: int | None, rest: int) -> Clock:
    stopped = last.start if last.kind == "over" else None
    paused = last.start if last.kind == "stands" else None
    return Clock("resolution", target, hours, due, stopped, paused, rest, answered=stopped is not None)


@dataclass(frozen=True, slots=True)
class _Phase:
    """From when on the resolution clock `runs`, `stands` (a pause) or is `over`."""

    start: int
    kind: str


def _phases(replay: Replay, incident: Incident, begun: int, pauses: frozenset[str]) -> list[_Phase]:
    """Return what the resolution clock did since `begun`, in time; the last word on the status is the last phase.

    What was recorded later holds from the moment on at which it says it happened, whatever was said before of the time
    after it. What was undone never counted, and of values in conflict the one that is shown does.
    """
    rejected = {head.entry.id for head in replay.heads("status") if _word(head.value) != incident.status}
    found = [_Phase(begun, "runs")]
    for head in replay.history("status"):
        entry = head.entry
        if entry.id in rejected or replay.undone(entry.id):
            continue
        payload = entry.payload
        start = max(begun, _since(payload, entry.occurred_at))
        while found and found[-1].start >= start:
            found.pop()
        kind = _kind(_word(head.value), payload.get("label"), pauses)
        if not found or found[-1].kind != kind:  # two who resolve it without seeing each other: the first ended it
            found.append(_Phase(start, kind))
    if incident.closed_at is not None and found[-1].kind != "over":  # closed as an Other
        found.append(_Phase(max(found[-1].start, incident.closed_at), "over"))
    return found


def _since(payload: Mapping[str, object], occurred_at: int) -> int:
    since = payload.get("since")  # what an undo or a choice restored is as old as it was
    return since if isinstance(since, int) and not isinstance(since, bool) and 0 <= since <= LATEST else occurred_at


def _word(value: object) -> str:
    return value if isinstance(value, str) and value else "raised"


def _kind(status: str, label: object, pauses: frozenset[str]) -> str:
    if status in CLOSED_STATUSES:
        return "over"
    return "stands" if status == "other" and isinstance(label, str) and label.casefold() in pauses else "runs"


def in_words(clock: Clock, now: int, *, seconds: bool = False) -> str:
    """Return `response in 12m`, `resolution 1h05m late`, `resolution paused, 2h left`, `response met`, or nothing.

    Args:
        clock: Which.
        now: The present, ms.
        seconds: Whether to count seconds in the last five minutes; else under a minute is `<1m`.
    """
    state, due = clock.state(now), clock.due(now)
    if state == "met":
        return f"{clock.name} met"
    if state == "paused":
        return f"{clock.name} paused, {_span(clock.rest)} left"
    if due is None or state == "ended":
        return ""
    if state == "missed":
        return f"{clock.name} missed by {_span((clock.stopped_at or 0) - due)}"
    if state == "late":
        return f"{clock.name} {_span(now - due)} late"
    left = due - now
    return f"{clock.name} in {_to_the_second(left) if seconds and left <= LAST_MINUTES else _span(left)}"


def in_last_minutes(clock: Clock, now: int) -> bool:
    """Say whether its seconds are worth counting."""
    return clock.state(now) == "running" and (left := clock.left(now)) is not None and 0 <= left <= LAST_MINUTES


def _to_the_second(ms: int) -> str:
    minutes, seconds = divmod(ms // SECOND, 60)
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"


def _span(ms: int) -> str:
    return short(ms // MINUTE * MINUTE) if ms >= MINUTE else "<1m"
