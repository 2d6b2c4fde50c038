"""What is there: `list`, `show` and `log`. `list` reads the queue's rows as they stand and replays nothing."""

from __future__ import annotations

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

OPEN = "status:open"


@click.command("list", cls=Verb, context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Show at most this many.")
@click.option("--all", "everything", is_flag=True, help="Show all that match, however many.")
@click.pass_obj
def list_(call: Call, query: tuple[str, ...], limit: int, everything: bool) -> None:
    """List the queue: every incident, the open ones first, or those that match QUERY.

    QUERY is words and terms, all of which must hold: status:open priority:<=P2 owner:me tag:db type:outage
    age:>2h updated:<1d escalated:yes level:>=2 "disk full". A leading - negates a term; write -- before words that
    begin with one.
    """
    if wrong := next((word for word in query if word.startswith("--")), None):
        from app.cli.errors import Usage

        raise Usage(f"There is no option {wrong}", "See: tocsin list --help.")
    show_queue(call, " ".join(query), None if everything else limit)


def show_queue(call: Call, text: str, limit: int | None) -> None:
    """Print the rows that match a query, at most `limit` of them."""
    from domain.query import parse

    query = parse(text)
    store, now = call.session.store, call.session.clock()
    if call.json:
        _queue_object(call, text, limit)
        return
    from app.cli.layout import queue_lines
    from app.cli.output import width

    most = limit or 1000
    key, shown = -1, 0
    while rows := store.reader.after(key, most + 1, query, now):
        lines = queue_lines(rows[:most], now, width(), call.out.style)
        if shown:
            next(lines)  # one line of headings is enough
        call.out.lines(lines)
        key, shown = rows[:most][-1].key, shown + len(rows[:most])
        if limit or len(rows) <= most:
            break
    if limit and len(rows) > limit:
        click.echo(f"There are more; the first {limit} are shown. See --limit and --all.", err=True)
    if not shown:
        nothing = "No open incidents." if text == OPEN else "No incident matches."
        click.echo(nothing, err=True)


def _queue_object(call: Call, text: str, limit: int | None) -> None:
    from collections.abc import Iterator
    from typing import Any

    from app.cli.objects import incident_object
    from domain.query import parse

    query, now, reader = parse(text), call.session.clock(), call.session.store.reader
    # Counted first: an error must come before the document begins.
    count = reader.count(query, now)

    def objects() -> Iterator[dict[str, Any]]:
        key, left = -1, limit
        while rows := reader.after(key, min(left or 500, 500), query, now):
            yield from (incident_object(reader.incident(row.id), now) for row in rows)
            key, left = rows[-1].key, None if left is None else left - len(rows)
            if left == 0:
                return

    call.out.stream("incidents", objects(), lambda: {"count": count})


@click.command("show", cls=Verb)
@click.argument("ref", type=REF)
@click.pass_obj
def show(call: Call, ref: str) -> None:
    """Show an incident: its state, clocks, moments, members and description."""
    from app.cli.escalate import next_object
    from app.cli.outside import outside_object, outside_of
    from app.cli.sla import clocks_of, sla_object
    from app.handing import path_of

    reader, now = call.session.store.reader, call.session.clock()
    (identifier,) = call.ids((ref,))
    replay = reader.replay(identifier)
    incident = reader.named(replay.result())
    clocks, outside = clocks_of(call, replay, incident), outside_of(call, incident)
    path = path_of(call.session)(incident)
    if call.json:
        from app.cli.objects import incident_object

        found = incident_object(incident, now)
        found["escalation"] |= next_object(path, incident, now)
        call.out.object({**found, "sla": sla_object(clocks, now), **outside_object(outside, now)})
        return
    from app.cli.layout import incident_lines, outside_lines

    call.out.lines(incident_lines(incident, clocks, call.session.zone, now, call.out.style, path))
    call.out.lines(outside_lines(outside, call.session.zone, now, call.out.style))


@click.command("log", cls=Verb)
@click.argument("ref", type=REF)
@click.pass_obj
def log(call: Call, ref: str) -> None:
    """Show an incident's timeline: every entry, its duplicates' as well, in the order things happened."""
    reader = call.session.store.reader
    (identifier,) = call.ids((ref,))
    strands = reader.strands(identifier)
    if call.json:
        from app.cli.objects import entry_object, in_time

        name = reader.refs([identifier])[identifier]
        folds = {each.replay.incident: (each.replay, each.ref or name) for each in strands}
        entries = in_time([entry for each in strands for entry in each.entries])
        objects = [
            {**entry_object(entry, folds[entry.incident][0]), "ref": folds[entry.incident][1]} for entry in entries
        ]
        call.out.object({"ref": name, "entries": objects})
        return
    from app.cli.layout import log_lines
    from domain.moments import woven

    call.out.lines(log_lines(woven(strands), call.session.zone, call.out.style))
