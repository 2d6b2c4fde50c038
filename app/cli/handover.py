"""`handover`: what the next one on duty has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb

if TYPE_CHECKING:
    from domain.clocks import Clock
    from domain.handover import Handover, Open, ToDo

_ROLES = {"head": "strong", "warn": "warning", "ref": "ref", "dim": "dim"}


@click.command("handover", cls=Verb)
@click.pass_obj
def handover(call: Call) -> None:
    """Say what there is to hand over: open incidents, what is due for them, follow-ups, and what changed.

    It counts facts: who owns what and what comes next, what was acknowledged and left, updates that were promised,
    follow-ups that are not done, and what others wrote since you last looked.
    """
    from app.handing import handed_over, path_of
    from app.parties import communication_of
    from app.rules import stale_after
    from app.targets import policy_of

    session = call.session
    stale = stale_after(session.loaded)
    policy = policy_of(session.loaded)
    words, path = communication_of(session.loaded), path_of(session)
    found, more = handed_over(session.store.reader, session.clock(), stale, session.zone, policy, path, words)
    if call.json:
        call.out.object(_object(found, more))
        return
    from domain.handover_words import lines

    for line in lines(found, session.zone, more):
        call.out.line(call.out.style(line.text, _ROLES.get(line.role, "")))


def _object(found: Handover, more: int) -> dict[str, Any]:
    from app.cli.objects import silence_object
    from app.cli.outside import outside_object
    from domain.times import iso

    return {
        "at": iso(found.at),
        "open": [_open(each, found.at) for each in found.open],
        "more": more,
        "targets": [each.incident.ref for each in found.targets],
        "escalations_due": [each.incident.ref for each in found.escalations],
        "stale": [each.incident.ref for each in found.stale],
        "updates_due": [each.incident.ref for each in found.updates],
        "to_tell": [each.incident.ref for each in found.to_tell],
        "ended": [{"ref": each.incident.ref, **outside_object(each, found.at)} for each in found.ended],
        "changed": [each.incident.ref for each in found.changed],
        "silenced": [
            {"ref": each.incident.ref, "title": each.incident.title, **(silence_object(each.incident, found.at) or {})}
            for each in found.silenced
        ],
        "follow_ups": [_todo(each) for each in found.follow_ups],
    }


def _open(each: Open, now: int) -> dict[str, Any]:
    from app.cli.outside import outside_object
    from domain.times import iso

    incident = each.incident
    return {
        "ref": incident.ref,
        "title": incident.title,
        "priority": incident.priority,
        "phase": incident.phase,
        "owner": incident.owner,
        "commander": each.commander or None,
        "next_step": each.next_step,
        "changed": each.changed,
        "target": _target(each.clock, now) if each.clock else None,
        "stale_since": iso(each.stale_since),
        "escalation": {"level": incident.escalation_level, "due": each.escalation_due, "text": each.escalation or None},
        "next_update_at": iso(each.update_due),
        "drill": incident.drill,
        **(outside_object(each.outside, now) if each.outside else {}),
    }


def _target(clock: Clock, now: int) -> dict[str, Any]:
    from domain.times import iso

    return {"clock": clock.name, "target_at": iso(clock.due(now)), "state": clock.state(now)}


def _todo(each: ToDo) -> dict[str, Any]:
    follow_up = each.follow_up
    return {
        "ref": each.incident.ref,
        "id": follow_up.id,
        "title": follow_up.title,
        "owner": follow_up.owner,
        "due": follow_up.due,
        "late": each.late,
    }
