"""A hand-over in words, line by line, for the screen and the command line alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from typing import NamedTuple

from domain.clocks import in_words
from domain.durations import short
from domain.escalation_words import reached
from domain.handover import Handover, Open, ToDo
from domain.incident import Incident
from domain.outbox import words
from domain.reminders import presses, stale_words, update_words
from domain.times import stamp


class Line(NamedTuple):
    """One line, before any renderer has made it safe; `role` is `head`, `warn`, `ref`, `dim` or empty."""

    text: str
    role: str = ""


def lines(found: Handover, zone: tzinfo, more: int = 0) -> Iterator[Line]:
    """Yield a hand-over's lines.

    Args:
        found: The hand-over.
        zone: Times are shown in.
        more: How many open incidents are beyond those in it.
    """
    yield Line(f"Hand-over, {stamp(found.at, zone)}", "head")
    yield Line(summary(found, more))
    for each in found.open:
        yield Line("")
        yield from _incident(each, found.at, zone)
    if found.silenced:
        yield Line("")
        yield Line("Silenced", "head")
        for each in found.silenced:
            yield from _silenced(each.incident, found.at, zone)
    if found.ended:
        yield Line("")
        yield Line("Still to be said of what is over", "head")
        for outside in found.ended:
            yield Line(f"  {outside.incident.ref}  {outside.incident.title}", "ref")
            yield from (Line(f"    {text}", role) for text, role in words(outside, found.at, zone))
    if found.follow_ups:
        yield Line("")
        yield Line("Follow-ups that are not done", "head")
        yield from map(_todo, found.follow_ups)


def summary(found: Handover, more: int = 0) -> str:
    """Return the counts of a hand-over in one sentence."""
    priorities = Counter(each.incident.priority or "no priority" for each in found.open)
    by_priority = ", ".join(f"{n} {name}" for name, n in sorted(priorities.items()))
    counts = [f"{len(found.open) + more} open{f' ({by_priority})' if by_priority else ''}"]
    unowned = sum(each.incident.owner is None for each in found.open)
    late = sum(each.update_due is not None and each.update_due <= found.at for each in found.open)
    overdue = sum(each.late for each in found.follow_ups)
    for n, what in (
        (more, "of them not listed"), (unowned, "without an owner"), (len(found.stale), "acknowledged and left"),
        (len(found.escalations), "to escalate"), (len(found.targets), "near or past a target"),
        (len(found.silenced), "silenced"), (len(found.updates), "with an update promised"), (late, "of those late"),
        (len(found.to_tell), "with somebody to tell"),
        (len(found.changed), "changed since you looked"), (len(found.follow_ups), "to do afterwards"),
        (overdue, "of those late"),
    ):  # fmt: skip
        counts += [f"{n} {what}"] if n else []
    return " · ".join(counts)


def _incident(each: Open, now: int, zone: tzinfo) -> Iterator[Line]:
    incident = each.incident
    drill = " (drill)" if incident.drill else ""
    yield Line(f"{incident.ref}  {incident.priority or '--'}  {incident.phase}  {incident.title}{drill}", "ref")
    command = f", commander {each.commander}" if each.commander else ""
    open_for = f"open for {short(now - incident.raised_at)}"
    owner = f"owner {incident.owner}" if incident.owner else "nobody owns it"
    yield Line(f"    {owner}{command} · {open_for} · next: {each.next_step or '-'}", "" if incident.owner else "warn")
    if each.clock and (said := in_words(each.clock, now)):
        yield Line(f"    {said}", "warn" if presses(each.clock, now) else "")
    if each.stale_since is not None:
        yield Line(f"    {stale_words(incident, now)}", "warn")
    if said := " · ".join(filter(None, (reached(incident), each.escalation))):
        yield Line(f"    escalation: {said}", "warn" if each.escalation_due else "")
    if each.update_due is not None:
        promised = update_words(incident, each.update_due, now, zone)
        yield Line(f"    {promised}", "warn" if each.update_due <= now else "")
    if each.outside is not None:
        yield from (Line(f"    {text}", role) for text, role in words(each.outside, now, zone))
    if each.changed:
        yield Line(f"    {each.changed} entr{'y' if each.changed == 1 else 'ies'} of others since you looked", "dim")


def _silenced(incident: Incident, now: int, zone: tzinfo) -> Iterator[Line]:
    until = incident.silenced_until or now
    yield Line(f"  {incident.ref}  {incident.priority or '--'}  {incident.title}")
    when = f"until {stamp(until, zone)} (in {short(until - now)})"
    yield Line(f"    {when} by {incident.silenced_by}: {incident.silence_reason}")


def _todo(each: ToDo) -> Line:
    due = f" due {each.follow_up.due}" if each.follow_up.due else ""
    late = " LATE" if each.late else ""
    who = each.follow_up.owner or "nobody"
    return Line(f"  {each.incident.ref}  {each.follow_up.title} ({who}){due}{late}", "warn" if each.late else "")
