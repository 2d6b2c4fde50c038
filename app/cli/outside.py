"""`outbox`: who still has to be told what, and by when; and how an incident's parties and duties look in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from app.cli.output import Style
    from domain.communication import Communication
    from domain.incident import Incident
    from domain.outbox import Outside
    from domain.parties import Notice
    from domain.regulations import DutyClock

_ROLES = {"warn": "warning", "dim": "dim"}


@click.command("outbox", cls=Verb)
@click.argument("ref", type=REF, required=False)
@click.option("--text", "text_for", metavar="PARTY", help="Print the newest update that is meant for PARTY.")
@click.pass_obj
def outbox(call: Call, ref: str | None, text_for: str | None) -> None:
    """Say who still has to be told what: of every incident, or of one with all its parties and updates.

    It works offline and is derived from the record, so every device says the same. --text PARTY prints the ready text,
    to paste it or pipe it into a mail.
    """
    from app.cli.errors import Usage
    from app.handing import waiting_outside
    from app.parties import communication_of

    words = communication_of(call.session.loaded)
    if ref is None:
        if text_for is not None:
            raise Usage("Whose text? --text wants a ref", "tocsin outbox REF --text PARTY")
        _list(call, *waiting_outside(call.session.store.reader, words, call.session.clock()))
        return
    reader = call.session.store.reader
    incident = reader.named(reader.incident(reader.resolve(ref)))
    if text_for is not None:
        _print_text(call, incident, words, text_for)
    else:
        _one(call, incident, words)


def _print_text(call: Call, incident: Incident, words: Communication, name: str) -> None:
    from domain.parties import Party
    from domain.telling import text_for, update_for
    from domain.text import safe_text
    from domain.updates import party_named
    from domain.vocabulary import slug

    named = party_named(name, words.parties)
    party = next((each for each in words.parties if slug(each.name) == slug(named)), Party(named))
    text = text_for(update_for(incident, party.name, words.parties), party)
    if call.json:
        call.out.object({"ref": incident.ref, "party": party.name, "text": text})
    else:
        click.echo(safe_text(text, keep_newlines=True))


def _list(call: Call, found: list[Outside], more: int) -> None:
    now = call.session.clock()
    if call.json:
        objects = [
            {
                "ref": each.incident.ref,
                "title": each.incident.title,
                "priority": each.incident.priority,
                "severity": each.incident.severity,
                "phase": each.incident.phase,
                **outside_object(each, now),
            }
            for each in found
        ]
        call.out.object({"incidents": objects, "more": more})
        return
    style = call.out.style
    for each in found:
        incident = each.incident
        call.out.line(style(f"{incident.ref}  {incident.priority or '--'}  {incident.phase}  {incident.title}", "ref"))
        call.out.lines(_lines(call, each))
    if more:
        click.echo(f"{more} open incidents further down the queue were not looked at.", err=True)
    if not found:
        click.echo("Nobody waits to be told anything.", err=True)


def _lines(call: Call, each: Outside) -> Iterator[str]:
    from domain.outbox import short_id, update_words, words

    style, now = call.out.style, call.session.clock()
    for text, role in words(each, now, call.session.zone):
        yield style(f"    {text}", _ROLES.get(role, ""))
    if updates := each.incident.updates:
        newest = updates[-1]
        yield style(f"    update {short_id(newest, updates)}: {update_words(newest, now)}", "dim")


def _one(call: Call, incident: Incident, communication: Communication) -> None:
    from app.cli.objects import incident_object
    from domain.outbox import outside

    now = call.session.clock()
    each = outside(incident, communication, now)
    if call.json:
        call.out.object({**incident_object(incident, now), **outside_object(each, now)})
        return
    call.out.lines(_everything(call, each))


def _everything(call: Call, each: Outside) -> Iterator[str]:
    from app.cli.layout import block
    from domain import parties
    from domain.outbox import short_id, update_words

    style, now, incident = call.out.style, call.session.clock(), each.incident
    yield style(f"{incident.ref}  {incident.priority or '--'}  {incident.phase}  {incident.title}", "ref")
    if each.none:
        yield style(f"  {each.none}", "warning")
    for notice in each.notices:
        words = parties.in_words(notice, now)
        channel = f" · {notice.party.channel}" if notice.party.channel else ""
        line = f"  {notice.party.name:<18}{notice.party.kind:<10}{words}{channel}"
        yield style(line, "warning" if notice.waits else "dim" if notice.state == "not" else "")
    yield from duty_lines(each, call.session.zone, now, style)
    for update in incident.updates:
        left = [n.party.name for n in each.notices if n.waits and n.update and n.update.entry == update.entry]
        yield ""
        yield style(f"  {short_id(update, incident.updates)}  {update_words(update, now)}", "strong")
        yield style(f"  for {', '.join(update.to) or 'nobody'}{_left(left)}", "warning" if left else "dim")
        if update is incident.updates[-1]:
            yield from block(update.text, style)


def _left(names: list[str]) -> str:
    return f"; not told yet: {', '.join(names)}" if names else ""


def duty_lines(each: Outside, zone: Any, now: int, style: Style) -> Iterator[str]:
    """Yield the clocks of an incident's duties as lines, with the word that they are no legal advice."""
    from domain.regulations import NO_ADVICE, in_words
    from domain.times import stamp

    for clock in each.duties:
        due = f" (by {stamp(clock.due_at, zone)})" if clock.due_at is not None and clock.done_at is None else ""
        role = "alarm" if clock.state(now) in ("late", "done_late") else ""
        yield style(f"  {clock.name}: {in_words(clock, now)}{due}, to the {clock.duty.to}", role)
    for name in each.unknown:
        yield style(f"  {name} applies, and there is no data of it here: see tocsin regulate --list", "warning")
    if each.duties:
        yield style(f"  {NO_ADVICE}", "dim")


def outside_of(call: Call, incident: Incident) -> Outside:
    """Return how an incident stands with those outside; what cannot be used of the settings is said, and left out."""
    from app.parties import communication_and_problems
    from domain.outbox import outside
    from domain.text import safe_text

    communication, problems = communication_and_problems(call.session.loaded)
    for problem in problems[:1]:
        click.echo(safe_text(f"tocsin: {problem.message}. {problem.remedy}"), err=True)
    return outside(incident, communication, call.session.clock())


def outside_object(each: Outside, now: int) -> dict[str, Any]:
    """Return an incident's parties and duties as scripts see them."""
    return {
        "to_tell": [notice.party.name for notice in each.waiting],
        "nobody_because": each.none or None,
        "parties": [_notice(notice) for notice in each.notices],
        "regulatory": [duty_object(clock, now) for clock in each.duties],
        "regulatory_unknown": list(each.unknown),
    }


def _notice(notice: Notice) -> dict[str, Any]:
    from domain.times import iso

    return {
        "party": notice.party.name,
        "kind": notice.party.kind,
        "state": notice.state,
        "told_at": iso(notice.told.at) if notice.told else None,
        "told_by": notice.told.by if notice.told else None,
        "update": notice.update.entry if notice.update else None,
        "due_at": iso(notice.due_at),
        "final": notice.final,
        "channel": notice.party.channel or None,
    }


def duty_object(clock: DutyClock, now: int) -> dict[str, Any]:
    """Return a duty's clock as scripts see it."""
    from domain.times import iso

    return {
        "duty": clock.name,
        "regulation": clock.regulation.name,
        "to": clock.duty.to,
        "article": clock.duty.article or None,
        "due_at": iso(clock.due_at),
        "estimated": clock.estimated,
        "left_s": None if clock.due_at is None or clock.done_at is not None else (clock.due_at - now) // 1000,
        "done_at": iso(clock.done_at),
        "done_to": clock.party or None,
        "state": clock.state(now),
    }
