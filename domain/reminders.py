"""What is due now, incident by incident: one list for the hand-over, the bell, the hook and `tocsin remind`.

A reminder is a function of the incident, its clocks, its escalation path and the moment; nothing is stored. `since` is
when it became due, so the same thing is the same reminder at every look, and what becomes due anew is another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple

from domain import regulations
from domain.clocks import Clock, Clocks, in_words
from domain.durations import short
from domain.escalation import Path, Standing
from domain.escalation_words import coming
from domain.incident import Incident
from domain.regulations import NEAR, DutyClock
from domain.silences import silenced
from domain.times import LAST_SHOWN, stamp

ESCALATION, DUTY, TARGET, UPDATE, ACKNOWLEDGEMENT = "escalation", "duty", "target", "update", "acknowledgement"
KINDS = (ESCALATION, DUTY, TARGET, UPDATE, ACKNOWLEDGEMENT)
"""In the order of their urgency."""
Key = tuple[str, str, str, int]
_LAST_PRIORITY = "P9"


@dataclass(frozen=True, slots=True)
class Watched:
    """An open incident and what its reminders are counted from; `duties` are those that are not fulfilled."""

    incident: Incident
    clocks: Clocks = field(default_factory=Clocks)
    path: Path | None = None
    duties: tuple[DutyClock, ...] = ()


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something that is due for an incident.

    Attributes:
        kind: One of `KINDS`.
        since: When it became due, ms.
        words: What is due, without the incident.
        what: Of a target `response` or `resolution`, of a duty its name, with `late` or `near`; of an escalation its
            round and level, with `due`, or `called` when a timer has recorded it and nobody has answered.
        level, to: Of an escalation, which level is due and who is called there now.
    """

    incident: Incident
    kind: str
    since: int
    words: str
    what: str = ""
    level: int | None = None
    to: str = ""

    @property
    def key(self) -> Key:
        """What makes it the same one at the next look."""
        return self.incident.id, self.kind, self.what, self.since

    @property
    def again(self) -> bool:
        """Whether it is worth a second bell while it lasts; a target that has passed is only told once."""
        return self.kind != TARGET

    @property
    def line(self) -> str:
        """The ref and what is due."""
        return f"{self.incident.ref} {self.words}"


def left_out(incident: Incident, now: int) -> bool:
    """Say whether nobody is reminded of an incident now, and no program escalates it.

    An exercise calls nobody out of bed, a duplicate is reminded of under its other name, and of what is silenced
    nobody wants to hear.
    """
    return incident.is_closed or incident.drill or incident.is_duplicate or silenced(incident, now)


def due(watched: Iterable[Watched], now: int, *, stale_after: int) -> list[Reminder]:
    """Return what is due, the most urgent first: by kind, then priority, then since when.

    Args:
        watched: Open incidents.
        now: The moment, ms.
        stale_after: How long after an acknowledgement something has to have been recorded, ms.
    """
    found = [one for each in watched if not left_out(each.incident, now) for one in _of(each, now, stale_after)]
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.incident.priority or _LAST_PRIORITY, one.since))


def _of(watched: Watched, now: int, stale_after: int) -> Iterable[Reminder]:
    incident = watched.incident
    found = watched.path.standing(incident, now) if watched.path else None
    if watched.path and found and found.due:
        yield _escalation(incident, watched.path, found, now)
    else:
        yield from _called(incident, now)
    yield from (_duty(incident, each, each.due_at, now) for each in watched.duties if each.is_near(now) and each.due_at)
    yield from (_target(incident, clock, now) for clock in watched.clocks.open(now) if presses(clock, now))
    at = incident.next_update_at
    if at is not None and at <= now:
        yield Reminder(incident, UPDATE, at, update_words(incident, at, now))
    since = stale_from(incident, stale_after)
    if since is not None and since <= now:
        yield Reminder(incident, ACKNOWLEDGEMENT, since, stale_words(incident, now))


def _escalation(incident: Incident, path: Path, found: Standing, now: int) -> Reminder:
    last = found.due[-1]
    who = next((step.who for step in path.steps if step.level == last.level), "")
    words = f"not {path.service.until}: {coming(found, path.steps, now)}"
    return Reminder(incident, ESCALATION, last.at, words, f"{last.round}.{last.level} due", last.level, who)


def _called(incident: Incident, now: int) -> Iterable[Reminder]:
    """Yield that a timer has called a level that nobody has answered: no person has done so, so a person must know."""
    last = max(incident.escalations, key=lambda each: (each.round, each.level, each.at), default=None)
    if last is not None and last.automatic and incident.answered_at is None:
        words = f"escalated by timer to level {last.level}: {last.to or 'nobody is there'}, {short(now - last.at)} ago"
        yield Reminder(incident, ESCALATION, last.at, words, f"{last.round}.{last.level} called", last.level, last.to)


def _duty(incident: Incident, clock: DutyClock, due_at: int, now: int) -> Reminder:
    state, since = ("late", due_at) if now >= due_at else ("near", due_at - NEAR)
    words = f"{clock.name} {regulations.in_words(clock, now)}"
    return Reminder(incident, DUTY, since, words, f"{clock.name} {state}")


def _target(incident: Incident, clock: Clock, now: int) -> Reminder:
    late, moment = clock.state(now) == "late", clock.due(now) or now
    state, since = ("late", moment) if late else ("near", moment - clock.margin)
    return Reminder(incident, TARGET, since, in_words(clock, now), f"{clock.name} {state}")


def presses(clock: Clock, now: int) -> bool:
    """Say whether a target is near or has passed."""
    return clock.is_near(now) or clock.state(now) == "late"


def stale_from(incident: Incident, stale_after: int) -> int | None:
    """Return from when on an acknowledged incident counts as left, ms; None when it is not just acknowledged."""
    return incident.updated_at + stale_after if incident.phase == "Acknowledged" else None


def stale_words(incident: Incident, now: int) -> str:
    """Return that an incident was acknowledged and left, in words."""
    return f"acknowledged {short(now - (incident.acknowledged_at or now))} ago, and nothing recorded since"


def update_words(incident: Incident, at: int, now: int, zone: tzinfo | None = None) -> str:
    """Return who is to hear something by a moment, ms, in words; with a zone also when that is."""
    late = at <= now
    when = f"{short(now - at)} late" if late else f"in {short(at - now)}"
    last = {told.party: told.next_update_at for told in incident.told}
    parties = ", ".join(party for party, promised in last.items() if promised is not None)
    due_at = f" due {stamp(min(at, LAST_SHOWN), zone)} ({when})" if zone else f" {when}"
    return f"update to {parties}{due_at}"


# -- ringing -----------------------------------------------------------------------------------------------------------


class Fresh(NamedTuple):
    """What rings at a look, and what has rung by then, by its key, ms."""

    ringing: list[Reminder]
    rung: dict[Key, int]


def fresh(found: Iterable[Reminder], rung: Mapping[Key, int], now: int, again: int | None) -> Fresh:
    """Return what of that which is due rings now: what has not rung yet, and what rang long enough ago.

    Args:
        found: What is due.
        rung: When what rang did so last, ms, as the look before gave it.
        now: The moment, ms.
        again: How long after a bell the next one comes for the same thing, ms; None for never.
    """
    ringing, remembered = [], {}
    for each in found:
        last = rung.get(each.key)
        rings = last is None or (again is not None and each.again and now - last >= again)
        ringing += [each] if rings else []
        remembered[each.key] = now if last is None or rings else last
    return Fresh(ringing, remembered)
