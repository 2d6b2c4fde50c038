"""`merge`: duplicates become other names of one incident, and are taken apart again."""

from __future__ import annotations

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb


@click.command("merge", cls=Verb)
@click.argument("duplicates", nargs=-1, required=True, type=REF, metavar="DUPLICATE...")
@click.option("--into", metavar="REF", type=REF, help="The incident that they are.")
@click.option("--apart", is_flag=True, help="Take what was merged apart again: it stands for itself.")
@click.option("--note", default="", metavar="TEXT", help="Why; it goes on the timeline.")
@click.pass_obj
def merge(call: Call, duplicates: tuple[str, ...], into: str | None, apart: bool, note: str) -> None:
    """Merge duplicates into the incident that they are.

    They leave the open queue, and their refs lead to the other one from then on. Their timelines, members, follow-ups
    and who was told are seen there. undo takes it back, and so does --apart at any later time. It is all or none.
    """
    from app.cli.errors import Usage
    from domain import merging

    if apart == (into is not None):
        raise Usage("Say what they are merged into", "Give --into REF, or --apart to take them apart.")
    store = call.session.store
    found = list(dict.fromkeys(store.reader.resolve_itself(each) for each in duplicates))
    target = store.reader.resolve(into) if into is not None else ""
    with store.journal.writing() as writing:
        for each in found:
            # Each by itself, not with its own duplicates; the other as it stands after the one before.
            one = writing.alone(each)
            of = target or one.alias_of or each
            other = writing.alone(of) if writing.has(of) else one
            writing.record(each, (merging.part if apart else merging.merge)(one, other, note))
    if apart:
        call.show([writing.results[each] for each in found], many=len(duplicates) > 1)
        return
    refs = store.reader.refs([*found, target])
    for line in merging.worse([writing.results[each] for each in found], writing.results[target]):
        click.echo(f"tocsin: {line}", err=True)
    for each in found:
        click.echo(f"{refs[each]} is {refs[target]} now", err=True)
    call.show([writing.results[target]])
