"""Escalation: whom to call when nobody answers, by hand and by the timers of a service's path.

Level 1 is called by the raising itself. While nobody has acknowledged, each level stands for the time that the settings
give it; then the next one is due. That is a function of the incident, the path and the moment alone: nothing is stored
but that somebody was called, as the fact `escalated`. A reopening begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain import limits
from domain.actions import Drafts, must_be_open, required
from domain.durations import short
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.incident import Incident
from domain.oncall.services import RESOLVED, Service, Step

FACT = "escalated"
HIGHEST = 99
"""No path is longer, and no level higher."""


@dataclass(frozen=True, slots=True)
class Due:
    """A level that is due, or will be: which, in which round of the path, and when, ms."""

    level: int
    round: int
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an open incident stands on its path at a moment.

    Attributes:
        level, round: Where it is: what was recorded last, else the beginning.
        since: From when on that level stands, ms.
        due: The levels whose time has come and that nobody has recorded, in their order.
        next: The one after those, None when no more will come.
        begun: What all counts from: the raising or the last reopening, ms.
    """

    level: int
    round: int
    since: int
    due: tuple[Due, ...]
    next: Due | None
    begun: int


@dataclass(frozen=True, slots=True)
class Path:
    """A service's path at a moment.

    Attributes:
        service: Whose.
        steps: Who is called at each level.
        trouble: What of it in the settings cannot be used, in words; empty when all can.
    """

    service: Service
    steps: tuple[Step, ...]
    trouble: str = ""

    def standing(self, incident: Incident, now: int) -> Standing | None:
        """Return how an incident stands on it."""
        return standing(incident, self.service, now)


def standing(incident: Incident, service: Service, now: int) -> Standing | None:
    """Return how an incident stands on its service's path; None without one, and when it is over or not raised yet.

    Args:
        incident: As it stands.
        service: Its path, with how long each level stands.
        now: The moment, ms.
    """
    size = len(service.path)
    if incident.is_closed or not size or not incident.raised_at:  # its first entry may still be on its way
        return None
    begun = incident.raised_at if incident.reopened_at is None else incident.reopened_at
    place, since = _reached(incident, size, begun)
    due: list[Due] = []
    coming = _coming(service, incident, place, since)
    while coming is not None and coming.at <= now:
        due.append(coming)
        coming = _coming(service, incident, _place(coming.level, coming.round, size), coming.at)
    return Standing(place % size + 1, place // size + 1, since, tuple(due), coming, begun)


def _place(level: int, rounds: int, size: int) -> int:
    """Return how many steps up the path that is, round after round, from 0 on."""
    return (rounds - 1) * size + min(level, size) - 1


def _reached(incident: Incident, size: int, begun: int) -> tuple[int, int]:
    """Return how far up the path it is and since when; a level that was called again stands anew."""
    called = [(_place(each.level, each.round, size), max(each.at, begun)) for each in incident.escalations]
    return max(called, default=(0, begun))


def _coming(service: Service, incident: Incident, place: int, since: int) -> Due | None:
    """Return what comes after a step of the path that stands since a moment, None when nothing does."""
    answered = incident.answered_at is not None and service.until != RESOLVED
    size = len(service.path)
    stands = service.stands(place % size + 1, incident.priority)
    following = place + 1
    if answered or stands is None or following // size > service.repeat:
        return None
    return Due(following % size + 1, following // size + 1, since + stands)


def escalate(
    incident: Incident, path: Sequence[Step], *, reason: str, to: str = "", level: int | None = None
) -> Drafts:
    """Return the fact that an incident was escalated, by hand.

    Args:
        incident: As it stands.
        path: Its service's path, with who is called at each level now; empty when there is none.
        reason: Why.
        to: Who is called, or `rota:NAME` of the path; empty for whoever the path has.
        level: Which level that is; None for the one of `to` on the path, else the next at which somebody is.

    Raises:
        BadValue: The reason is blank, or there is no such level.
        Refused: It is over, or the path leads to nobody.
    """
    must_be_open(incident, "escalated")
    why = required(reason, limits.REASON, "reason").strip()
    if level is not None and not 1 <= level <= HIGHEST:
        raise BadValue(f"There is no level {level}", f"Levels are 1 to {HIGHEST}.", "bad_value")
    step = _called(incident, path, to, level) if to.strip() else _on_path(incident, path, level)
    return (Draft("fact", FACT, _body(step, _round(incident), why)),)


def _round(incident: Incident) -> int:
    return max((each.round for each in incident.escalations), default=1)


def _now_at(incident: Incident) -> int:
    """Return the level it is at in this round; the first is called by the raising."""
    this = _round(incident)
    return max((each.level for each in incident.escalations if each.round == this), default=1)


def _called(incident: Incident, path: Sequence[Step], to: str, level: int | None) -> Step:
    """Return who was named, at the level that the path has them at."""
    name = required(to, limits.NAME, "name").strip()
    wanted = name.casefold()
    named = [each for each in path if wanted in _names(each)]
    if not named and wanted.startswith("rota:"):
        raise BadValue(f"The path of {incident.ref} has no {name}", "Name a person (--to WHO).", "bad_value")
    if not named:
        return Step(level or min(_now_at(incident) + 1, HIGHEST), name, False, name)
    further = [each for each in named if each.level > _now_at(incident)]
    found = _there((further or named)[0])
    return found if level is None else replace(found, level=level)


def _names(step: Step) -> tuple[str, ...]:
    """Return what a step is called by: who is there, and its rota."""
    return (step.who.casefold(), f"rota:{step.name}".casefold() if step.is_rota else step.who.casefold())


def _on_path(incident: Incident, path: Sequence[Step], level: int | None) -> Step:
    if not path:
        remedy = "Name somebody (--to WHO), or give its service a path: see docs/escalation.md."
        raise Refused(f"No escalation path is set for {incident.ref}", remedy, "no_path")
    if level is not None:
        if level > len(path):
            remedy = "See: tocsin oncall; or name somebody with --to."
            raise BadValue(f"The path of {incident.ref} has {len(path)} levels", remedy, "bad_value")
        return _there(path[level - 1])
    at = _now_at(incident)
    for step in path:
        if step.level > at and step.who:
            return step
    if at < len(path):
        return _there(path[at])
    remedy = "Name somebody (--to WHO), or call a level again (--level N)."
    raise Refused(f"{incident.ref} is at level {at}, the last of its path", remedy, "last_level")


def _there(step: Step) -> Step:
    """Return a step at which somebody is; refused when its rota has nobody."""
    if step.who:
        return step
    remedy = "Name somebody (--to WHO), or another level (--level N)."
    raise Refused(f"Nobody is on call at level {step.level} (rota {step.name})", remedy, "nobody")


def automatic(incident: Incident, service: Service, path: Sequence[Step], now: int) -> Drafts:
    """Return the fact that a level whose time has come was called by a program; nothing when none is due.

    Of several levels that are due, as after a night without a running program, the last is called. A level whose rota
    has nobody is passed over while there is somebody further up. `src` is the same on every device, so that the fold
    counts an escalation once which several of them recorded.
    """
    found = standing(incident, service, now)
    if found is None or not found.due:
        return ()
    due = found.due[-1]
    step = next((each for each in path if each.level >= due.level and each.who), path[due.level - 1])
    reason = f"not {service.until} for {short(now - found.since)} at level {found.level}"
    src = f"escalation:{incident.id}:{found.begun}:{due.round}:{due.level}"
    return (Draft("fact", FACT, _body(step, due.round, reason), source="implied", src=src),)


def _body(step: Step, rounds: int, reason: str) -> dict[str, object]:
    rota = {"rota": step.name} if step.is_rota else {}
    again = {"round": rounds} if rounds > 1 else {}
    return {"level": step.level, "to": step.who, **rota, **again, "reason": reason}
