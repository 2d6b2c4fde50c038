"""`ingest`: alerts and incidents from other systems, read from a file or a pipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from app.cli.call import Call
from app.cli.verb import Verb, Verbs

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
    """Read a webhook body or an API list (v2) of Prometheus Alertmanager."""
    from sync.ingest.alertmanager import read

    rules = call.session.settings.ingest.alertmanager
    if group_by is not None:
        rules = replace(rules, group_by=tuple(filter(None, (label.strip() for label in group_by.split(",")))))
    if account is not None:
        rules = replace(rules, account=account)
    _record(call, read(_bytes(call, file), rules), rules)


@ingest.command("json", cls=Verb)
@click.argument("file", type=_FILE, default="-")
@click.option("--account", metavar="NAME", help="Which source it is, when there are several.")
@click.pass_obj
def json_(call: Call, file: str, account: str | None) -> None:
    """Read incidents as JSON: one object, a list, or {"incidents": [...]}."""
    from sync.ingest.plain import read

    rules = call.session.settings.ingest.alertmanager
    rules = replace(rules, account=account) if account is not None else rules
    _record(call, read(_bytes(call, file), rules), rules)


def _bytes(call: Call, file: str) -> bytes:
    from app.cli.files import opened
    from domain.errors import BadValue

    most = call.session.settings.ingest.max_bytes
    with opened(file) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise BadValue(f"The input has more than {most:,} bytes", "Split it, or raise ingest.max_bytes.", "too_long")
    return data


def _record(call: Call, groups: Any, rules: Any) -> None:
    from dataclasses import asdict

    from sync.ingest.record import ingest as write

    journal = call.session.store.journal_as("alert")
    try:
        summary = write(journal, groups, rules)
    finally:
        journal.close()
    counts = asdict(summary)
    if call.json:
        call.out.object(counts)
    else:
        shown = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counts.items())
        call.out.line(call.out.style(shown))
