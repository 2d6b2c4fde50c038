"""A hand-over: what the next one on duty has to know, counted from the facts.

It says what is there and what is due. It never says that anything is fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType

from domain.clocks import Clock, Clocks
from domain.communication import Communication
from domain.escalation import Path
from domain.escalation_words import coming
from domain.incident import FollowUp, Incident
from domain.outbox import Outside, outside
from domain.reminders import Watched, presses, stale_from
from domain.silences import silenced

_NO_CLOCKS, _NEVER = Clocks(), "9999-12-31"
_NEXT: Mapping[str, str] = {
    "New": "acknowledge it",
    "Acknowledged": "triage it",
    "Triaged": "work on it: move it to validated",
    "Working": "stop the impact, then mark it mitigated",
    "Mitigated": "resolve it, with a note",
}


@dataclass(frozen=True, slots=True)
class Open:
    """An open incident, and what comes next for it.

    Attributes:
        commander: Who has command; empty when nobody.
        next_step: What its state asks for, in words.
        changed: How many entries of others came since the reader last looked at it.
        stale_since: When somebody acknowledged it who has recorded nothing for too long since, ms; None otherwise.
        update_due: When somebody was promised to hear, ms; None when nothing was promised.
        clock: The target that is or was due first of those still open; None without one.
        escalation: Which level of its path comes next or is due, in words; empty when none does.
        escalation_due: Whether that is due.
        outside: How it stands with those outside the work; None when that was not asked for.
    """

    incident: Incident
    commander: str
    next_step: str
    changed: int
    stale_since: int | None
    update_due: int | None
    clock: Clock | None = None
    escalation: str = ""
    escalation_due: bool = False
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class ToDo:
    """A follow-up that is not done, and whether its day has passed."""

    incident: Incident
    follow_up: FollowUp
    late: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """What there is at a moment; each part in the order of its urgency.

    `ended` are incidents that are over and of which something is still to be said outside.
    """

    at: int
    open: tuple[Open, ...]
    follow_ups: tuple[ToDo, ...]
    ended: tuple[Outside, ...] = ()

    @property
    def stale(self) -> tuple[Open, ...]:
        """Those that were acknowledged and left, the longest first."""
        found = [each for each in self.open if each.stale_since is not None]
        return tuple(sorted(found, key=lambda each: each.stale_since or 0))

    @property
    def targets(self) -> tuple[Open, ...]:
        """Those whose target is near or has passed, the first due first."""
        found = [
            (each.clock.due(self.at) or 0, each) for each in self.open if each.clock and presses(each.clock, self.at)
        ]
        return tuple(each for _due, each in sorted(found, key=lambda pair: pair[0]))

    @property
    def escalations(self) -> tuple[Open, ...]:
        """Those of which a level of the path is due, in the order of the queue."""
        return tuple(each for each in self.open if each.escalation_due)

    @property
    def updates(self) -> tuple[Open, ...]:
        """Those for which somebody was promised to hear, the soonest first."""
        found = [each for each in self.open if each.update_due is not None]
        return tuple(sorted(found, key=lambda each: each.update_due or 0))

    @property
    def silenced(self) -> tuple[Open, ...]:
        """Those for which nothing rings, the first to end in front."""
        found = [each for each in self.open if silenced(each.incident, self.at)]
        return tuple(sorted(found, key=lambda each: each.incident.silenced_until or 0))

    @property
    def to_tell(self) -> tuple[Outside, ...]:
        """Those of which somebody is to be told something now, or by a deadline, the first due first."""
        found = [each.outside for each in self.open if each.outside and (each.outside.waiting or each.outside.pressing)]
        return tuple(sorted([*found, *self.ended], key=lambda each: each.due_at))

    @property
    def changed(self) -> tuple[Open, ...]:
        """Those that others have written to since the reader last looked."""
        return tuple(each for each in self.open if each.changed)


def handover(
    incidents: Iterable[Incident],
    changed: Mapping[str, int],
    now: int,
    *,
    stale_after: int,
    zone: tzinfo = UTC,
    clocks: Mapping[str, Clocks] = MappingProxyType({}),
    paths: Mapping[str, Path] = MappingProxyType({}),
    communication: Communication | None = None,
) -> Handover:
    """Return what has to be handed over.

    Args:
        incidents: The open ones in the order of the queue, then closed ones that have follow-ups, or of which
            something was said outside.
        changed: By incident, how many entries of others came since the reader last looked.
        now: The moment, ms.
        stale_after: How long after an acknowledgement something has to have been recorded, ms.
        zone: Whose days follow-ups are due on.
        clocks: By incident, the clocks of its targets.
        paths: By incident, its escalation path.
        communication: What the team says outside, and by when; None leaves that out.
    """
    found = list(incidents)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    open_ones = [
        replace(
            _open(each, changed.get(each.incident.id, 0), now, stale_after),
            outside=outside(each.incident, communication, now) if communication else None,
        )
        for each in (Watched(one, clocks.get(one.id, _NO_CLOCKS), paths.get(one.id)) for one in found)
        if not each.incident.is_closed
    ]
    over = [outside(each, communication, now) for each in found if each.is_closed] if communication else []
    ended = sorted((each for each in over if each.waiting or each.pressing), key=lambda each: each.due_at)
    todo = [_todo(each, follow_up, today) for each in found for follow_up in each.follow_ups if not follow_up.done]
    todo.sort(key=lambda each: each.follow_up.due or _NEVER)
    return Handover(now, tuple(open_ones), tuple(todo), tuple(ended))


def next_step(incident: Incident) -> str:
    """Return what an incident's state asks for next, in words."""
    if incident.owner is None and incident.acknowledged_at is not None:
        return "take it: nobody owns it"
    return _NEXT.get(incident.phase, "see its label" if incident.status == "other" else "")


def _open(watched: Watched, changed: int, now: int, stale_after: int) -> Open:
    incident, path = watched.incident, watched.path
    commander = next((item.name for item in incident.roles if item.relation == "commander"), "")
    left = stale_from(incident, stale_after)
    stale = incident.acknowledged_at if left is not None and left <= now else None
    clock = next(iter(watched.clocks.open(now)), None)
    step, update = next_step(incident), incident.next_update_at
    standing = path.standing(incident, now) if path else None
    following = coming(standing, path.steps, now) if path and standing else ""
    return Open(incident, commander, step, changed, stale, update, clock, following, bool(standing and standing.due))


def _todo(incident: Incident, follow_up: FollowUp, today: date) -> ToDo:
    return ToDo(incident, follow_up, _is_late(follow_up.due, today))


def _is_late(due: str | None, today: date) -> bool:
    try:
        return due is not None and date.fromisoformat(due) < today
    except ValueError:
        return False
