"""`regulate`: which regulation applies to an incident, and by when it wants to be told. No legal advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from domain.communication import Communication
    from domain.incident import Incident
    from domain.regulations import Regulation, Span


@click.command("regulate", cls=Verb)
@click.argument("ref", type=REF, required=False)
@click.argument("regulation", required=False)
@click.option("--aware", metavar="TIME", help="When the organisation became aware: 14:05, -12m, a date and time.")
@click.option("--classified", metavar="TIME", help="When it was classified as reportable (DORA: as major).")
@click.option("--withdraw", metavar="REASON", help="It does not apply after all, and why.")
@click.option("--list", "show", is_flag=True, help="List the clocks of REF, or all regulations that are known.")
@click.pass_obj
def regulate(
    call: Call, ref: str | None, regulation: str | None, aware: str | None, classified: str | None,
    withdraw: str | None, show: bool,
) -> None:  # fmt: skip
    """Start the clocks of a regulation (GDPR, NIS2, DORA) from the moment when one became aware.

    A duty is fulfilled by tocsin told REF AUTHORITY --duty “NIS2 early warning”. What each regulation asks for is data
    that you can edit; see docs/updates.md. None of this is legal advice.
    """
    from app.cli.errors import Usage
    from app.parties import communication_of
    from domain.regulations import named
    from domain.regulations import regulate as act

    session = call.session
    words = communication_of(session.loaded)
    if ref is None or regulation is None:
        if not show:
            raise Usage("Name an incident and a regulation", "tocsin regulate REF NIS2 --aware TIME, or --list.")
        _known(call, words) if ref is None else _clocks(call, ref, words)
        return
    (identifier,) = call.ids((ref,))
    aware_at, classified_at, name = call.moment(aware), call.moment(classified), regulation
    incident = session.store.journal.record(
        identifier,
        lambda it: act(
            it, name, words.regulations, now=session.clock(), aware_at=aware_at, classified_at=classified_at,
            withdrawn=withdraw,
        ),
    )  # fmt: skip
    if not call.json:
        _say_since(call, incident, named(name, words.regulations))
    _clocks(call, ref, words)


def _say_since(call: Call, incident: Incident, name: str) -> None:
    """Say on stderr from which moments the clocks count: a time that was typed may be read as another."""
    from domain.regulations import applying
    from domain.text import safe_text
    from domain.times import stamp
    from domain.vocabulary import slug

    zone = call.session.zone
    for each in applying(incident):
        if slug(each.regulation) == slug(name) and each.aware_at is not None:
            later = f", classified {stamp(each.classified_at, zone)}" if each.classified_at is not None else ""
            said = f"tocsin: {each.regulation} applies, aware since {stamp(each.aware_at, zone)}{later}"
            click.echo(safe_text(said), err=True)


def _clocks(call: Call, ref: str, words: Communication) -> None:
    from app.cli.outside import duty_lines, duty_object
    from domain.outbox import outside

    reader, now = call.session.store.reader, call.session.clock()
    incident = reader.named(reader.incident(reader.resolve(ref)))
    each = outside(incident, words, now)
    if call.json:
        clocks = [duty_object(clock, now) for clock in each.duties]
        call.out.object({"ref": incident.ref, "regulatory": clocks, "regulatory_unknown": list(each.unknown)})
        return
    call.out.line(call.out.style(f"{incident.ref}  {incident.title}", "ref"))
    call.out.lines(duty_lines(each, call.session.zone, now, call.out.style))
    if incident.drill:
        click.echo("A drill: no clock of a regulation runs.", err=True)
    elif not each.duties and not each.unknown:
        click.echo("No regulation applies to it, as far as anybody has said.", err=True)


def _known(call: Call, words: Communication) -> None:
    from domain.regulations import NO_ADVICE

    if call.json:
        call.out.object({"regulations": [_object(each) for each in words.regulations.values()]})
        return
    style = call.out.style
    for each in words.regulations.values():
        call.out.line(f"{style(each.name, 'strong')}  {style(each.source or each.title)}")
        if each.about:
            call.out.line(style(f"  {each.about}", "dim"))
        for duty in each.duties:
            after = {"aware": "after one is aware", "classified": "after it is classified"}.get(
                duty.after, f"after the {duty.after}"
            )
            latest = f", at most {_span(duty.latest)} after one is aware" if duty.latest else ""
            span = f"{_span(duty.within)} {after}{latest}" if duty.within else "without undue delay"
            call.out.line(style(f"  {duty.name}, to the {duty.to}: {span}. {duty.article}"))
    call.out.line(style(NO_ADVICE, "dim"))


def _span(span: Span) -> str:
    from domain.durations import short
    from domain.times import HOUR

    if span.months:
        return f"{span.months} month{'' if span.months == 1 else 's'}"
    return short(span.ms) if span.ms % HOUR else f"{span.ms // HOUR} hours"


def _object(each: Regulation) -> dict[str, Any]:
    return {
        "name": each.name,
        "title": each.title,
        "source": each.source or None,
        "url": each.url or None,
        "about": each.about or None,
        "duties": [
            {
                "duty": each.full(duty),
                "to": duty.to,
                "after": duty.after,
                "within": _span(duty.within) if duty.within else None,
                "latest": _span(duty.latest) if duty.latest else None,
                "article": duty.article or None,
            }
            for duty in each.duties
        ],
    }
