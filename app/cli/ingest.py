"""`ingest`: alerts and incidents from other systems, read from a file or a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb, Verbs

if TYPE_CHECKING:
    from domain.alerts import Group, Rules

_FILE = click.Path(dir_okay=False, allow_dash=True)


@click.group("ingest", cls=Verbs)
def ingest() -> None:
    """Read alerts or incidents of other systems; reading the same again changes nothing."""


@ingest.command("alertmanager", cls=Verb)
@click.argument("file", type=_FILE, default="-")
@click.option("--group-by", metavar="LABEL,...", help="One incident for the alerts that share these labels.")
@click.option("--account", metavar="NAME", help="Which Alertmanager it is, when there are several.")
@click.pass_obj
def alertmanager(call: Call, file: str, group_by: str | None, account: str | None) -> None:
    """Read what Prometheus Alertmanager sends to a webhook, or its API's list of alerts (v2)."""
    from sync.ingest.alertmanager import read

    changed: dict[str, Any] = {} if account is None else {"account": account}
    if group_by is not None:
        changed["group_by"] = tuple(filter(None, (label.strip() for label in group_by.split(","))))
    rules, session = _rules(call, changed), call.session
    most = session.settings.ingest.max_bytes
    _record(call, read(_bytes(file, most), rules, now=session.clock(), max_bytes=most), rules)


@ingest.command("json", cls=Verb)
@click.argument("file", type=_FILE, default="-")
@click.option("--account", metavar="NAME", help="Which source it is, when there are several.")
@click.pass_obj
def json_(call: Call, file: str, account: str | None) -> None:
    """Read incidents as JSON: one object, a list of them, or one a line, each with a title."""
    from sync.ingest.plain import read

    rules = _rules(call, {} if account is None else {"account": account})
    most = call.session.settings.ingest.max_bytes
    _record(call, read(_bytes(file, most), rules, max_bytes=most), rules)


def _rules(call: Call, changed: Mapping[str, Any]) -> Rules:
    """Return the settings' rules with what the flags change."""
    from dataclasses import fields

    from domain.alerts import Rules

    settings = call.session.settings.ingest.alertmanager
    return Rules(**{each.name: getattr(settings, each.name) for each in fields(Rules)} | dict(changed))


def _bytes(file: str, most: int) -> bytes:
    """Read one byte more than the reader takes, so that it says what is too long."""
    from app.cli.files import opened

    with opened(file) as stream:
        return stream.read(most + 1)


def _record(call: Call, groups: list[Group], rules: Rules) -> None:
    from sync.ingest.record import ingest as write

    journal = call.session.store.journal_as("alert")
    try:
        summary = write(journal, groups, rules)
    finally:
        journal.close()
    found = {name: getattr(summary, name) for name in (*_CHANGED, *_COUNTED)}
    for name in _CHANGED:
        refs = call.session.store.reader.refs(found[name])
        found[name] = [refs.get(each, "restricted") for each in found[name]]
    if call.json:
        call.out.object(found)
        return
    for name in _CHANGED:
        if found[name]:
            call.out.line(call.out.style(f"{name}: {', '.join(found[name])}"))
    counts = (f"{found[name]:,} {words}" for name, words in _COUNTED.items() if found[name])
    call.out.line(call.out.style(", ".join(counts) or "no alerts"))


_CHANGED = ("opened", "joined", "resolved")
_COUNTED = {
    "alerts_new": "alerts recorded",
    "alerts_known": "known already",
    "suppressed": "silenced or inhibited",
    "unmatched": "resolved, of no incident here",
    "truncated": "left out by the sender",
}
