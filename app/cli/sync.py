"""`sync`: give the remotes what they lack, take what they have, and say where that leaves us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb

if TYPE_CHECKING:
    from sync.engine import Outcome

NOT_ANSWERED, CONFLICTS = 5, 6


@click.command("sync", cls=Verb)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--watch", is_flag=True, help="Go on, exchanging whenever something changes, until interrupted.")
@click.pass_obj
def sync(call: Call, names: tuple[str, ...], watch: bool) -> int:
    """Exchange entries with every remote, or those named.

    The exit code is 0 when all are in sync, 5 when one refused or did not answer (what was done is saved here and
    waits), 6 when conflicts wait for a person.
    """
    from app.cli.errors import Usage
    from app.exchange import exchange, named

    store = call.session.store
    found = [named(store.reader, name) for name in dict.fromkeys(names)] if names else store.reader.remotes()
    if watch:
        if len(found) != 1:
            raise Usage("One remote can be watched at a time", "Name it: tocsin sync --watch NAME.")
        return _watch(call, found[0].name)
    from app.cli.files import progress

    commands = call.session.settings.token_commands
    outcomes = [exchange(store, each, commands, progress("entries taken over")) for each in found]
    return _tell(call, outcomes)


def _tell(call: Call, outcomes: list[Outcome]) -> int:
    conflicts = call.session.store.reader.conflicts()
    if call.json:
        call.out.object({"remotes": [_object(each) for each in outcomes], "conflicts": conflicts})
    else:
        _say(call, outcomes, conflicts)
    if any(each.state != "in_sync" for each in outcomes):
        return NOT_ANSWERED
    return CONFLICTS if conflicts else 0


def _object(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "state": outcome.state,
        "pushed": outcome.pushed,
        "pulled": outcome.pulled,
        "waiting": outcome.waiting,
        "held": outcome.held,
        "error": outcome.error or None,
    }


def _say(call: Call, outcomes: list[Outcome], conflicts: int) -> None:
    style = call.out.style
    if not outcomes:
        call.out.line("No remotes. Add one: tocsin remote add hub --kind hub --url URL --code CODE.")
    for each in outcomes:
        role = "good" if each.state == "in_sync" else "warning"
        numbers = f"{each.pulled:,} in, {each.pushed:,} out" + (f", {each.waiting:,} waiting" if each.waiting else "")
        why = f": {each.error}" if each.error else ""
        state = style(each.state.replace("_", " "), role)
        call.out.line(f"{style(each.name, 'strong')}  {state}  {numbers}{style(why)}")
        if each.held:
            kept = f"{each.held:,} of your entries are kept back by {each.name}"
            click.echo(f"{kept}, until its administrator lets them go.", err=True)
    if conflicts:
        call.out.line(style(f"{conflicts:,} to decide: tocsin conflicts", "warning"))


def _watch(call: Call, name: str) -> int:
    import threading

    from app.watching import watch_of

    told = threading.Event()

    def tell(outcome: Outcome) -> None:
        if outcome.pulled or outcome.pushed or outcome.state != "in_sync" or not told.is_set():
            told.set()
            _tell(call, [outcome])

    watch = watch_of(call.session.store, name, call.session.settings.token_commands, on_outcome=tell)
    try:
        watch.run()
    finally:
        watch.stop()
    return 0
