"""`restrict`: keep an incident from those who do not work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from domain.actions import Drafts
    from domain.incident import Incident


@click.command("restrict", cls=Verb)
@click.argument("ref", type=REF)
@click.option("--allow", multiple=True, metavar="NAME", help="Who may see it: a login, or group:NAME.")
@click.option("--remove", multiple=True, metavar="NAME", help="Who is to be named no longer.")
@click.option("--lift", is_flag=True, help="Show it to everybody again.")
@click.pass_obj
def restrict(call: Call, ref: str, allow: tuple[str, ...], remove: tuple[str, ...], lift: bool) -> None:
    """Keep an incident off a hub's page and, on a store with rights, from whoever does not work on it.

    Commanders and admins see it, whoever raised it, owns it or has a role in it, and those that --allow names.
    """
    from app.cli.errors import Usage
    from domain import restriction

    if lift and (allow or remove):
        raise Usage("--lift goes with neither --allow nor --remove", "Lift it, or change who may see it.")
    (identifier,) = call.ids((ref,))

    def act(incident: Incident) -> Drafts:
        return restriction.lift(incident) if lift else restriction.restrict(incident, allow, remove)

    call.show([call.session.store.journal.record(identifier, act)])
