"""`remote`: the systems that this store exchanges entries with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb, Verbs

if TYPE_CHECKING:
    from domain.standing import Standing
    from storage.remotes import Remote


@click.group("remote", cls=Verbs)
def remote() -> None:
    """Add, list, check or remove what this store exchanges entries with."""


@remote.command("add", cls=Verb)
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(["hub"]), default="hub", show_default=True, expose_value=False, help="What it is."
)
@click.option("--url", required=True, metavar="URL", help="Its address; plain http only to this machine.")
@click.option("--code", metavar="CODE", help="The one-time code of its administrator; asked for when left out.")
@click.pass_obj
def add(call: Call, name: str, url: str, code: str | None) -> None:
    """Enrol this store with a hub, under NAME.

    The token is kept in a file beside the store that nobody else can read, and shown nowhere.
    """
    import re

    from app.cli.call import is_terminal
    from app.cli.errors import Usage
    from app.credentials import token_file
    from app.exchange import enrol

    if not re.fullmatch("[a-z][a-z0-9-]{0,31}", name):
        raise Usage(f"“{name}” cannot be a remote's name", "Use small letters, digits and hyphens, as in: hub.")
    if code is None and not is_terminal("stdin"):
        raise Usage("A code is needed", "Give --code CODE; the hub's administrator prints it: tocsin hub code.")
    spent = code if code is not None else click.prompt("One-time code", hide_input=True, err=True)
    store = call.session.store
    found = enrol(store, name, url, spent)
    if call.json:
        call.out.object({"remote": _object(call, found)})
        return
    style = call.out.style
    call.out.line(f"You are {style(found.user, 'strong')} ({style(found.role)}) on {style(found.url)}.")
    click.echo(f"The token is in {token_file(store.path, name)}, readable by you alone.", err=True)
    click.echo("The queue exchanges entries by itself; from a script: tocsin sync.", err=True)


@remote.command("list", cls=Verb)
@click.pass_obj
def list_(call: Call) -> None:
    """List the remotes and how this store stands with each."""
    reader = call.session.store.reader
    found = reader.remotes()
    if call.json:
        call.out.object({"remotes": [_object(call, each) for each in found]})
        return
    if not found:
        call.out.line("No remotes. Add one: tocsin remote add hub --kind hub --url URL --code CODE.")
    for each, standing in zip(found, reader.standings(), strict=True):
        call.out.line(_line(call, each, standing))


@remote.command("check", cls=Verb)
@click.argument("name")
@click.pass_obj
def check(call: Call, name: str) -> None:
    """Ask a remote who it is, and say what it answers; nothing is exchanged."""
    from app.exchange import answering, named, transport_of

    store = call.session.store
    found = named(store.reader, name)
    transport = transport_of(store, found, call.session.settings.token_commands)
    with answering(transport, name, "What was done is saved here and waits.") as client:
        hello = client.hello()
    if call.json:
        call.out.object({"remote": _object(call, found), "hub": hello.hub, "epoch": hello.epoch, "entries": hello.seq})
        return
    style = call.out.style
    call.out.line(f"{style(name, 'strong')} answers: you are {style(hello.user)} ({style(hello.role)}) there.")


@remote.command("remove", cls=Verb)
@click.argument("name")
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Forget a remote and its token; what came from it stays."""
    from app.credentials import forget_token
    from app.exchange import named

    store = call.session.store
    found = named(store.reader, name)
    with store.journal.writing() as writing:
        writing.forget_remote(found.name)
    forget_token(store.path, found.name)
    if call.json:
        call.out.object({"removed": found.name})
    else:
        call.out.line(f"{call.out.style(found.name)} is forgotten. What came from it stays.")


def _object(call: Call, found: Remote) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "url": found.url,
        "user": found.user,
        "role": found.role,
        "state": found.state,
        "waiting": call.session.store.reader.waiting(found.name),
        "error": found.error or None,
    }


def _line(call: Call, found: Remote, standing: Standing) -> str:
    from domain.standing import words

    style = call.out.style
    said = words(standing, call.session.clock())
    who = f"{style(found.user)} ({style(found.role)})"
    return f"{style(found.name, 'strong')}  {style(found.url)}  {who}  {style(said)}"
