"""`hub`: serve a team's hub, and say who may come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb, Verbs, Words

if TYPE_CHECKING:
    from storage.hub.engines import Database

ROLE = Words("role", ("viewer", "responder", "commander", "admin"))
FILE = click.Path(dir_okay=False, path_type=Path)


class HubVerb(Verb):
    """A verb of the hub: its `--database` is the hub's, not a store's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self.params:
            if isinstance(param, click.Option) and "--database" in param.opts:
                param.metavar, param.help = "URL", "The hub's database: a file, or postgresql://HOST/NAME."


@click.group("hub", cls=Verbs)
def hub() -> None:
    """Serve a hub, which a team's stores exchange entries with, and say who may come."""


def _address(call: Call) -> str:
    """Return the hub's database: the flag, the setting, or a file in the data folder; never a store's."""
    import os

    from app import paths

    return call.database or call.session.settings.hub.database or str(paths.data_dir(os.environ) / "hub.db")


@contextmanager
def _opened(call: Call, *, create: bool = False) -> Iterator[Database]:
    from storage.hub.engines import open_database

    database = open_database(_address(call), create=create)
    try:
        yield database
    finally:
        database.close()


@hub.command("serve", cls=HubVerb)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen (127.0.0.1:7337); port 0 takes a free one.")
@click.option("--tls-cert", type=FILE, metavar="FILE", help="Certificate chain, PEM.")
@click.option("--tls-key", type=FILE, metavar="FILE", help="Its key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of it speaks TLS.")
@click.option("--page/--no-page", default=None, help="Show current incidents to whoever opens the root.")
@click.option("--strict-authors", is_flag=True, help="Keep back what is not signed by its device's owner.")
@click.pass_obj
def serve(
    call: Call,
    listen: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    page: bool | None,
    strict_authors: bool,
) -> int:
    """Serve a hub until it is told to stop.

    It says on stderr where it listens, once it is ready; after that, a JSON object for each request.
    """
    from app.hubserver import Settings, serve_hub

    wanted = call.session.settings.hub
    settings = Settings(
        listen=listen or wanted.listen,
        certificate=str(tls_cert or ""),
        key=str(tls_key or ""),
        behind_proxy=behind_proxy,
        page=wanted.page if page is None else page,
        page_parties=wanted.page_parties,
        strict_authors=strict_authors or wanted.strict_authors,
    )
    with _opened(call, create=True) as database:
        serve_hub(database, settings, call.session.clock, lambda url: click.echo(f"hub ready on {url}", err=True))
    return 0


@hub.command("code", cls=HubVerb)
@click.option("--user", required=True, metavar="NAME", help="Who is to come.")
@click.option("--role", required=True, type=ROLE, help="viewer, responder, commander or admin.")
@click.pass_obj
def code(call: Call, user: str, role: str) -> None:
    """Print a one-time code, good for a day, by which a store enrols as a device of NAME.

    The role holds for NAME from now on, on every device.
    """
    from domain import limits
    from domain.actions import required
    from domain.errors import BadValue
    from domain.rights import ROLES
    from domain.vocabulary import nearest
    from storage.hub import people
    from storage.journal import system_random_bits

    if role not in ROLES:
        near = nearest(role, ROLES)
        raise BadValue(f"There is no role “{role}”", f"Did you mean {near}?" if near else f"Known: {', '.join(ROLES)}.")
    name = required(user, limits.NAME, "name").strip()
    with _opened(call, create=True) as database, database.writing() as connection:
        made = people.new_code(connection, name, role, call.session.clock(), system_random_bits)
    if call.json:
        call.out.object({"code": made, "user": name, "role": role})
    else:
        call.out.line(made)


@hub.command("status", cls=HubVerb)
@click.pass_obj
def status(call: Call) -> None:
    """Say how far the hub is, and with which devices."""
    from domain.times import iso
    from storage.hub import people, pulling

    with _opened(call) as database, database.reading() as connection:
        state, devices, held = pulling.state(connection), people.devices(connection), people.held(connection)
    rows = [
        {"device": each[0], "user": each[1], "name": each[2], "entries": each[3], "revoked": each[4],
         "seen_at": iso(each[5])}
        for each in devices
    ]  # fmt: skip
    if call.json:
        found = {"hub": state.hub, "epoch": state.epoch, "seq": state.seq, "held": len(held), "devices": rows}
        call.out.object(found)
        return
    style = call.out.style
    who = f"hub {style(state.hub, 'strong')}, epoch {style(state.epoch)}"
    call.out.line(f"{who}, number {state.seq:,}, {len(held):,} kept back")
    for row in rows:
        gone = style("  revoked", "warning") if row["revoked"] else ""
        owner = f"{style(str(row['device']), 'dim')}  {style(str(row['user']))}"
        call.out.line(f"{owner}  {row['entries']:,} entries  {style(str(row['name']))}{gone}")


@hub.command("users", cls=HubVerb)
@click.pass_obj
def users(call: Call) -> None:
    """List who may come, with their roles."""
    from storage.hub import people

    with _opened(call) as database, database.reading() as connection:
        found = people.persons(connection)
    if call.json:
        call.out.object({"users": [{"name": name, "role": role, "revoked": gone} for name, role, gone in found]})
        return
    for name, role, gone in found:
        call.out.line(f"{call.out.style(name, 'strong')}  {call.out.style(role)}{'  revoked' if gone else ''}")


@hub.command("revoke", cls=HubVerb)
@click.option("--user", metavar="NAME", help="All devices of a person.")
@click.option("--device", metavar="ID", help="One device.")
@click.pass_obj
def revoke(call: Call, user: str | None, device: str | None) -> None:
    """Let a person's or a device's tokens be good no more; what they wrote stays."""
    from app.cli.errors import Usage
    from domain.errors import BadValue
    from storage.hub import people

    if bool(user) == bool(device):
        raise Usage("Name a user or a device", "Give --user NAME or --device ID; see: tocsin hub status.")
    with _opened(call) as database, database.writing() as connection:
        count = people.revoke(connection, person=user, device=device)
    if not count:
        raise BadValue(f"There is no “{user or device}” here", "See: tocsin hub status.", "not_found")
    _say(call, {"revoked": user or device}, f"{user or device} is revoked.")


@hub.group("quarantine", cls=Verbs)
def quarantine() -> None:
    """See what is kept back for want of a right, and let it go."""


@quarantine.command("list", cls=HubVerb)
@click.pass_obj
def list_(call: Call) -> None:
    """List what is kept back, and why."""
    from storage.hub import people

    with _opened(call) as database, database.reading() as connection:
        found = people.held(connection)
    names = ("entry", "device", "author", "kind", "what", "why")
    if call.json:
        call.out.object({"held": [dict(zip(names, each, strict=True)) for each in found]})
        return
    if not found:
        call.out.line("Nothing is kept back.")
    for entry, _device, author, kind, what, why in found:
        style = call.out.style
        call.out.line(f"{style(entry, 'dim')}  {style(author)}  {style(kind)} {style(what)}: {style(why, 'warning')}")


@quarantine.command("accept", cls=HubVerb)
@click.argument("entries", nargs=-1, metavar="[ENTRY]...")
@click.option("--device", metavar="ID", help="Everything of one device.")
@click.option("--all", "everything", is_flag=True, help="Everything.")
@click.pass_obj
def accept(call: Call, entries: tuple[str, ...], device: str | None, everything: bool) -> None:
    """Let entries go: they count from now on, on every device."""
    from app.cli.errors import Usage
    from domain.errors import BadValue
    from storage.hub import people

    if (bool(entries) + bool(device) + everything) != 1:
        raise Usage("Say what is to be let go", "Give ENTRY..., --device ID or --all.")
    with _opened(call) as database, database.writing() as connection:
        for unknown in people.not_held(connection, entries):
            raise BadValue(f"“{unknown}” is not kept back here", "See: tocsin hub quarantine list.", "not_found")
        count = people.release(connection, entries or None, device)
    _say(call, {"accepted": count}, f"{count:,} entries count from now on.")


@hub.command("backup", cls=HubVerb)
@click.argument("target", type=FILE)
@click.pass_obj
def backup(call: Call, target: Path) -> None:
    """Copy the hub's SQLite database, while it serves, to a new file."""
    from storage.hub.copies import backup as copy

    with _opened(call) as database:
        size = copy(database, target)
    _say(call, {"path": str(target), "bytes": size}, f"{target}: {size:,} bytes")


@hub.command("restore", cls=HubVerb)
@click.argument("source", type=FILE)
@click.pass_obj
def restore(call: Call, source: Path) -> None:
    """Make the hub's SQLite database what a backup is, as a new history; stop the hub first.

    Devices notice, and offer everything that the backup lacks.
    """
    from storage.hub.copies import restore as bring_back

    kept, epoch = bring_back(_address(call), source)
    before = f" What was there is in {kept}." if kept else ""
    _say(call, {"epoch": epoch, "kept": str(kept) if kept else None}, f"Restored, as epoch {epoch}.{before}")


@hub.command("new-epoch", cls=HubVerb)
@click.pass_obj
def new_epoch(call: Call) -> None:
    """Begin a new history, after the database was restored by other means, such as pg_restore."""
    from storage.hub.copies import begin_epoch

    with _opened(call) as database:
        epoch = begin_epoch(database)
    _say(call, {"epoch": epoch}, f"The hub goes on as epoch {epoch}.")


def _say(call: Call, found: dict[str, Any], line: str) -> None:
    if call.json:
        call.out.object(found)
    else:
        call.out.line(call.out.style(line))
