"""`raise`: an incident and everything known of it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from app.cli.call import Call
from app.cli.verb import LEVEL, PRIORITY, SEVERITY, Verb


@click.command("raise", cls=Verb)
@click.argument("title")
@click.option("--description", metavar="TEXT", help="What is known; - reads it from the pipe.")
@click.option("--priority", type=PRIORITY, help="P1 to P4.")
@click.option("--impact", type=LEVEL, help="high, medium or low; with the urgency it gives the priority.")
@click.option("--urgency", type=LEVEL, help="high, medium or low.")
@click.option("--severity", type=SEVERITY, help="critical, high, medium or low; or SEV1 to SEV4.")
@click.option("--type", metavar="TYPE", help="An incident type, e.g. service_outage.")
@click.option("--technical-category", metavar="CATEGORY", help="E.g. database.")
@click.option("--service-category", metavar="CATEGORY", help="E.g. payment_processing.")
@click.option("--owner", metavar="WHO", help="Who owns it; me for yourself.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be given several times.")
@click.option(
    "--resource", "resources", multiple=True, metavar="NAME[:SEVERITY]", help="What is hit; several times if need be."
)
@click.option("--originator", "originators", multiple=True, metavar="WHO", help="Who or what reported it.")
@click.option("--detected", metavar="TIME", help="When it was noticed: 14:05, -12m or a date and time.")
@click.option("--impact-started", metavar="TIME", help="When the impact began.")
@click.option("--at", metavar="TIME", help="When it was raised, if not now.")
@click.option("--drill", is_flag=True, help="It is an exercise; statistics leave it out.")
@click.pass_obj
def raise_(call: Call, /, title: str, at: str | None, drill: bool, **given: Any) -> None:
    """Raise an incident and print its ref."""
    from domain import actions, ids

    session = call.session
    members = {name: given.pop(name) for name in ("tags", "resources", "originators")}
    if given["description"] == "-":
        given["description"] = _piped()
    if given["owner"] == "me":
        given["owner"] = session.author
    drafts = actions.raise_incident(title, _values(call, given, drill), occurred_at=call.moment(at))
    with session.keeping("\n\n".join(filter(None, (title, given["description"])))):
        journal = session.store.journal
        identifier = ids.uuid7(session.clock(), journal.random_bits)
        with journal.writing() as writing:
            writing.record(identifier, drafts)
            for collection, name, severity in _members(members):
                held = writing.incident(identifier)
                writing.record(identifier, actions.add_item(held, collection, name, severity=severity))
    incident = writing.results[identifier]
    if call.json:
        call.show([incident])
    else:
        call.out.line(incident.ref)


def _values(call: Call, given: dict[str, str | None], drill: bool) -> dict[str, Any]:
    from domain.fields import SETTABLE

    now, zone = call.session.clock(), call.session.zone
    fields = {name: SETTABLE[name] for name, text in given.items() if text is not None}
    values: dict[str, Any] = {field.register: field.read(str(given[name]), now, zone) for name, field in fields.items()}
    if values.get("impact") or values.get("urgency"):
        from app.rules import triage_rules
        from domain.triage import raised

        values = raised(values, triage_rules(call.session.loaded).matrix)
    return {**values, "drill": True} if drill else values


def _members(members: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str | None]]:
    for plural, names in members.items():
        for name in dict.fromkeys(names):
            bare, severity = with_severity(name) if plural == "resources" else (name, None)
            yield plural.removesuffix("s"), bare, severity


def with_severity(text: str) -> tuple[str, str | None]:
    """Return the name and the severity of `NAME:SEVERITY`; `db:5432` is a name, since 5432 is no severity."""
    from domain.actions import resource

    body = resource(text).body
    return body["name"], body.get("severity")


def _piped() -> str:
    from app.cli.call import piped_text
    from domain import limits

    return piped_text(limits.DESCRIPTION)
