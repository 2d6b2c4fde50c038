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

    done = call.session.store.journal.record(identifier, act)
    call.show([done])
    for who in dict.fromkeys(allow):
        _warn_of_unknown(who)
    if not (lift or call.json):
        _say_who_sees(call, identifier)


def _warn_of_unknown(who: str) -> None:
    from domain.grants import GROUP, USER
    from domain.text import safe_text
    from storage.granting import known_here

    name = who.strip().removeprefix("group:").strip()
    is_group = who.strip().startswith("group:")
    if known_here(GROUP if is_group else USER, name) is None:
        what = "group" if is_group else "login"
        said = f"tocsin: This machine knows no {what} “{safe_text(name)}”; it is recorded, for another machine may."
        click.echo(said, err=True)


def _say_who_sees(call: Call, identifier: str) -> None:
    """Say who sees a restricted incident now; on stderr, since it is nothing a script reads."""
    from domain.grants import SIGHT, called, listed
    from domain.restriction import seen_by
    from domain.text import safe_text
    from storage.granting import Granting

    seers = sorted(seen_by(call.session.store.reader.replay(identifier)), key=lambda it: (it.startswith("group:"), it))
    names = [called(subject, name) for subject, _colon, name in (each.partition(":") for each in seers)]
    caller = Granting(call.session.store.path, call.session.clock()).caller()
    if caller is None:
        click.echo("No rights are set here: whoever can open the file sees it.", err=True)
    else:
        click.echo(safe_text(f"{listed([*names, *caller.rights.holders(SIGHT)])} may see it now."), err=True)
