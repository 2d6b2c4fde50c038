"""What changes an incident's fields: `set` and `assign`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import REF, ROLE, Verb

if TYPE_CHECKING:
    from domain.entry import Draft
    from domain.incident import Incident
    from domain.triage import Rules


@click.command("set", cls=Verb)
@click.argument("words", nargs=-1, required=True, metavar="REF... FIELD=VALUE...", type=REF)
@click.option("--reason", metavar="TEXT", help="Why the priority is set by hand.")
@click.pass_obj
def set_(call: Call, words: tuple[str, ...], reason: str | None) -> None:
    """Set fields of incidents; an empty value clears one.

    FIELD is title, description, background, impact, urgency, priority, severity, type, technical_category,
    service_category, owner, impact_started, detected, drill, restricted, custom.NAME or class.LABEL (a whole number).
    Impact and urgency give the priority; another one needs --reason, and an empty one takes it back.
    """
    from functools import partial

    from app.cli.errors import Usage
    from domain.triage import set_fields

    refs = tuple(word for word in words if "=" not in word)
    settings = [word for word in words if "=" in word]
    if not refs or not settings:
        raise Usage("Give at least one REF and one FIELD=VALUE", "For example: tocsin set INC-7K3FQ priority=P2.")
    rules = _rules(call)
    values = _values(call, settings, rules)
    act = partial(set_fields, values=values, matrix=rules.matrix, reason=reason or "")
    with call.session.keeping("\n\n".join(str(value) for value in values.values() if value)):
        done = call.session.store.journal.record_all(call.ids(refs), act)
    call.show(done, many=len(refs) > 1)


def _rules(call: Call) -> Rules:
    from app.rules import triage_rules

    return triage_rules(call.session.loaded)


def _values(call: Call, settings: list[str], rules: Rules) -> dict[str, Any]:
    from domain.errors import Refused
    from domain.fields import parse_setting

    session, values = call.session, {}
    for text in settings:
        name, _, value = text.partition("=")
        if name.strip().lower() == "status":
            raise Refused(
                "A status is not set, it is moved to", f"Use: tocsin move REF {value or 'STATUS'}.", "use_move"
            )
        mine = name.strip().lower() == "owner" and value == "me"
        asked = f"owner={session.author}" if mine else text
        register, read = parse_setting(asked, session.clock(), session.zone, rules.fields)
        values[register] = read
    return values


@click.command("assign", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("who")
@click.option("--as", "role", type=ROLE, help="Give a role rather than the incident, e.g. commander.")
@click.pass_obj
def assign(call: Call, ref: str, who: str, role: str | None) -> None:
    """Give an incident, or a role in it, to WHO: a name, me, or none."""
    from domain import actions

    session = call.session
    name = session.author if who == "me" else "" if who.lower() == "none" else who
    (identifier,) = call.ids((ref,))

    def action(incident: Incident) -> tuple[Draft, ...]:
        if role is None:
            return actions.assign(incident, name)
        return actions.assign_role(incident, name, role) if name else actions.relieve(incident, role)

    call.show([session.store.journal.record(identifier, action)])
