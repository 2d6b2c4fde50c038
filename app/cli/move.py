"""What changes where an incident stands: `ack`, `take`, `move`, `mitigate`, and `undo`."""

from __future__ import annotations

from typing import Any

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, STATUS, Verb

_AT: dict[str, Any] = {"metavar": "TIME", "help": "When it happened: 14:05, -12m or a date and time."}


@click.command("ack", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.option("--at", **_AT)
@click.pass_obj
def ack(call: Call, refs: tuple[str, ...], at: str | None) -> None:
    """Acknowledge incidents: somebody has seen them."""
    from domain import actions

    when = call.moment(at)
    done = call.session.store.journal.record_all(call.ids(refs), lambda it: actions.acknowledge(it, occurred_at=when))
    call.show(done, many=len(refs) > 1)


@click.command("take", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.pass_obj
def take(call: Call, refs: tuple[str, ...]) -> None:
    """Take incidents: they are yours, and acknowledged if they were not."""
    from domain import actions

    author = call.session.author
    done = call.session.store.journal.record_all(call.ids(refs), lambda it: actions.take(it, author))
    call.show(done, many=len(refs) > 1)


@click.command("move", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.argument("status", type=STATUS)
@click.option("--note", metavar="TEXT", help="What was found or done; some steps ask for it.")
@click.option("--reason", metavar="TEXT", help="Why; asked for when a step goes back.")
@click.option("--label", metavar="TEXT", help="What the status “other” is called.")
@click.option("--waive", metavar="REASON", help="Close a P1 or P2 without a post-mortem, and say why.")
@click.option("--at", **_AT)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def move(
    call: Call,
    refs: tuple[str, ...],
    status: str,
    note: str | None,
    reason: str | None,
    label: str | None,
    waive: str | None,
    at: str | None,
    yes: bool,
) -> None:
    """Move incidents to STATUS.

    STATUS is raised, reviewed, validated, resolved, invalid, ignored or other; or closed, which comes after
    resolved, invalid or ignored. With several incidents it is all or none.
    """
    from domain import actions, lifecycle

    session, wanted = call.session, lifecycle.target(status)
    text = {"note": note, "reason": reason, "label": label, "waive": waive}
    given = {key: value for key, value in text.items() if value}
    when, strict = call.moment(at), session.settings.lifecycle.strict
    identifiers = call.ids(refs)
    if not yes and is_terminal("stdin"):
        _ask(call, identifiers, wanted)
    with session.keeping("\n\n".join(given.values())):
        done = session.store.journal.record_all(
            identifiers, lambda it: actions.move(it, wanted, text=given, strict=strict, occurred_at=when)
        )
    call.show(done, many=len(refs) > 1)


def _ask(call: Call, identifiers: list[str], wanted: str) -> None:
    from domain import lifecycle
    from domain.text import safe_text

    for incident in call.session.store.reader.incidents(identifiers):
        step = lifecycle.verdict(incident, wanted).step
        if step and step.asks:
            meaning = lifecycle.meaning(wanted)
            question = f"{incident.ref} {incident.title}: {wanted} means {meaning}. Go on?"
            click.confirm(safe_text(question), abort=True, err=True)


@click.command("mitigate", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.option("--note", default="", metavar="TEXT", help="What stopped the impact.")
@click.option("--at", **_AT)
@click.pass_obj
def mitigate(call: Call, refs: tuple[str, ...], note: str, at: str | None) -> None:
    """Record that the impact has stopped."""
    from domain import actions

    session, when = call.session, call.moment(at)
    with session.keeping(note):
        done = session.store.journal.record_all(
            call.ids(refs), lambda it: actions.mitigate(it, note=note, occurred_at=when, now=session.clock())
        )
    call.show(done, many=len(refs) > 1)


@click.command("undo", cls=Verb)
@click.argument("ref", required=False, type=REF)
@click.pass_obj
def undo(call: Call, ref: str | None) -> None:
    """Take back your last action, on REF or anywhere, unless somebody has changed it since."""
    session = call.session
    identifier = call.ids((ref,))[0] if ref else None
    incidents, what = session.store.journal.undo(identifier)
    if call.json:
        from app.cli.objects import incident_object

        found = [incident_object(session.store.reader.named(each), session.clock()) for each in incidents]
        call.out.object({"undone": what, "incidents": found})
        return
    from domain.undo import named

    kind, _colon, name = what.partition(":")
    call.out.line(call.out.style(f"Undone: {named(kind, name)}"))
    call.show(incidents)
