"""`link`: what an incident belongs together with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.raising import with_severity
from app.cli.verb import REF, RELATION, Verb

if TYPE_CHECKING:
    from storage.writing import Writing

_COLLECTIONS = ("resource", "originator", "tag", "cause", "action")


@click.command("link", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("other", required=False, type=REF)
@click.option(
    "--relation",
    type=RELATION,
    help="What OTHER is to REF: prior, follow-on, cause or effect; duplicate: REF is one of OTHER.",
)
@click.option("--description", default="", metavar="TEXT", help="How the two are related.")
@click.option("--resource", multiple=True, metavar="NAME[:SEVERITY]", help="Add what is hit.")
@click.option("--originator", multiple=True, metavar="WHO", help="Add who or what reported it.")
@click.option("--tag", multiple=True, metavar="TAG", help="Add a tag.")
@click.option("--cause", multiple=True, metavar="TEXT", help="Add a cause.")
@click.option("--action", multiple=True, metavar="TEXT", help="Add an action that was taken.")
@click.option("--remove", is_flag=True, help="Take away what is named, rather than add it.")
@click.pass_obj
def link(
    call: Call, /, ref: str, other: str | None, relation: str | None, description: str, remove: bool, **members: Any
) -> None:
    """Relate an incident to OTHER, or add tags, resources, originators, causes and actions."""
    from app.cli.errors import Usage

    if not other and not any(members.values()):
        raise Usage("Name another incident, or something to add", "For example: tocsin link REF --tag database.")
    if other and not relation and not remove:
        raise Usage("Say how the two are related", "Give --relation prior, follow-on, cause or duplicate.")
    identifiers = [call.session.store.reader.resolve(each) for each in (ref, other) if each]
    with call.session.store.journal.writing() as writing:
        for collection, name, severity in _named(members):
            _member(writing, identifiers[0], collection, name, severity, remove=remove)
        if other:
            _relate(writing, identifiers, "" if remove else str(relation), description)
    call.show([writing.results[identifiers[0]]])
    if relation == "duplicate" and not remove:
        click.echo(f"To make it one with that: tocsin merge {ref} --into {other}", err=True)


def _named(members: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str | None]]:
    for collection in _COLLECTIONS:
        for text in dict.fromkeys(members[collection]):
            name, severity = with_severity(text) if collection == "resource" else (text, None)
            yield collection, name, severity


def _member(
    writing: Writing, identifier: str, collection: str, name: str, severity: str | None, *, remove: bool
) -> None:
    from domain import actions

    incident = writing.incident(identifier)
    if remove:
        writing.record(identifier, actions.drop_item(incident, collection, name))
    else:
        writing.record(identifier, actions.add_item(incident, collection, name, severity=severity))


def _relate(writing: Writing, identifiers: list[str], relation: str, description: str) -> None:
    from domain import actions

    one, other = (writing.incident(each) for each in (identifiers[0], identifiers[-1]))
    if relation:
        writing.record(one.id, actions.relate(one, other, relation, description))
        return
    writing.record(one.id, actions.drop_item(one, "related", other.id))
    if any(item.incident == one.id for item in other.related):
        writing.record(other.id, actions.drop_item(other, "related", one.id))
