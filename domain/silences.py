"""Silences: an incident is hushed until a time, with a reason, so that nothing rings for what somebody knows about.

A silence is the fact `silenced`; a later one names the earlier ones that its author saw, and a drop ends those that its
author saw. What two people set without seeing each other both stands, and it is quiet until the last of them ends. The
clocks go on. A silence is for what was known when it was set, so what is worse than that ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import limits
from domain.entry import Draft
from domain.errors import Refused
from domain.incident import Incident, Silence
from domain.text import clean_input
from domain.times import DAY, LATEST
from domain.vocabulary import PRIORITIES, SEVERITIES

if TYPE_CHECKING:
    from domain.replay import Head, Replay

FACT = "fact:silenced"
LONGEST = 30 * DAY
"""No silence lasts longer, ms: what nobody wants to hear for a month is not open."""
ENDED_BY = {
    "severity": "the severity is worse",
    "priority": "the priority is higher",
    "reopened": "it was reopened",
    "alert": "a new alert fires",
}
"""What ends a silence before its time, in words."""


def silenced(incident: Incident, now: int) -> bool:
    """Say whether nothing is to ring for an incident at a moment (ms): no reminder, escalation or warning."""
    until = incident.silenced_until
    return until is not None and now < until


def silence(incident: Incident, until: int, reason: str, *, now: int) -> tuple[Draft, ...]:
    """Return what hushes an incident until a moment, in place of the silences it has.

    Raises:
        Refused: It is over, the moment is not to come, or is too far ahead.
        BadValue: The reason is blank or too long.
    """
    from domain.actions import required  # which the fold does without

    if incident.is_closed:
        raise Refused(
            f"{incident.ref} is {incident.phase.lower()}, so nothing rings for it", "Nothing to do.", "closed"
        )
    body = {
        "until": lasting(until, now),
        "reason": required(reason, limits.REASON, "reason").strip(),
        "severity": incident.severity,
        "priority": incident.priority,
    }
    return (Draft("fact", "silenced", body, over=_all(incident)),)


def lasting(until: int, now: int) -> int:
    """Return the moment at which a silence may end, ms.

    Raises:
        Refused: It is not to come, or is too far ahead.
    """
    if until <= now:
        raise Refused("The silence would be over already", "Give a time to come.", "order")
    if until > now + LONGEST:
        days = LONGEST // DAY
        raise Refused(f"A silence lasts {days} days at most", "Give an earlier time, or ignore it.", "too_long")
    return until


def end_silence(incident: Incident, *, now: int, reason: str = "") -> tuple[Draft, ...]:
    """Return what ends the silences of an incident; refused when it has none."""
    if not silenced(incident, now):
        raise Refused(f"{incident.ref} is not silenced", "Nothing to do.", "no_change")
    said = clean_input(reason, limits.REASON).strip()
    return (Draft("drop", FACT, {"reason": said} if said else {}, over=_all(incident)),)


def _all(incident: Incident) -> tuple[str, ...]:
    return tuple(each.entry for each in incident.silences)[: limits.OVER]


# -- the fold's share --------------------------------------------------------------------------------------------------


def standing(replay: Replay, severity: str | None, priority: str | None) -> tuple[Silence, ...]:
    """Return the silences that nobody has replaced or ended, given the severity and the priority that are shown."""
    found = []
    for head in replay.heads(FACT):
        body, until = head.entry.payload, head.entry.payload.get("until")
        if not isinstance(until, int) or isinstance(until, bool) or not 0 <= until <= LATEST:
            continue  # of a newer version, or redacted: nothing is hushed on its word
        reason = body.get("reason")
        ended = _ended_by(replay, head, body, severity, priority)
        said = reason if isinstance(reason, str) else ""
        found.append(Silence(head.entry.id, until, head.entry.author, said, ended))
    return tuple(found)


def _ended_by(replay: Replay, head: Head, body: dict[str, Any], severity: str | None, priority: str | None) -> str:
    if _worse(severity, body, "severity", SEVERITIES):
        return "severity"
    if _worse(priority, body, "priority", PRIORITIES):
        return "priority"
    if any(each.order > head.order for each in replay.heads("fact:reopened")):
        return "reopened"
    return "alert" if _new_alert(replay, head) else ""


def _worse(now: str | None, body: dict[str, Any], name: str, words: tuple[str, ...]) -> bool:
    """Say whether a value is worse than the one that the silence's author saw; without one counts as the mildest."""
    return name in body and _rank(now, words) < _rank(body[name], words)


def _rank(value: Any, words: tuple[str, ...]) -> int:
    return words.index(value) if value in words else len(words) - 1


def _new_alert(replay: Replay, silenced: Head) -> bool:
    """Say whether an alert fires that had not been told of before; one that comes and goes is why people silence."""
    known, fresh = set(), set()
    for head in replay.heads("fact:alert"):
        payload = head.entry.payload
        name = str(payload.get("fingerprint", head.entry.id))
        if head.order < silenced.order:
            known.add(name)
        elif payload.get("status") == "firing":
            fresh.add(name)
    return bool(fresh - known)
