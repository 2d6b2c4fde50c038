"""What two people wrote without seeing each other: `conflicts` shows it, `settle` chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from app.cli.output import Style
    from domain.conflicts import Conflict, Option

_PAGE = 500  # incidents with conflicts read at a time
_WIDEST = 48  # cells of a value in a table


class _Found(NamedTuple):
    """An incident's conflicts, with what people call it."""

    ref: str
    title: str
    conflicts: tuple[Conflict, ...]


@click.command("conflicts", cls=Verb)
@click.argument("ref", required=False, type=REF)
@click.pass_obj
def conflicts(call: Call, ref: str | None) -> None:
    """List the fields for which two people wrote different values without seeing each other.

    Each value is shown with who wrote it when, and the command that chooses it. Work goes on meanwhile with the value
    that hides no danger. With REF: only that incident's, and long texts whole.
    """
    found = _of_all(call) if ref is None else iter([_of_one(call, ref)])
    if call.json:
        objects = [_object(each.ref, conflict) for each in found for conflict in each.conflicts]
        call.out.object({"conflicts": objects})
        return
    shown = False
    for each in found:
        for conflict in each.conflicts:
            call.out.lines([""] if shown else [])
            call.out.lines(_lines(call, each, conflict, whole=ref is not None))
            shown = True
    if not shown:
        where = "" if ref is None else f" on {ref.upper()}"
        call.out.line(call.out.style(f"Nothing to settle{where}: nobody wrote without seeing the others."))


def _of_all(call: Call) -> Iterator[_Found]:
    """Yield the incidents that have conflicts by their queue rows, in queue order; no other is folded."""
    from domain.conflicts import conflicts_of
    from domain.query import parse

    reader, query, key = call.session.store.reader, parse("is:conflict"), -1
    while rows := reader.after(key, _PAGE, query, call.session.clock()):
        for row in rows:
            yield _Found(row.ref, row.title, conflicts_of(reader.replay(row.id)))
        key = rows[-1].key


def _of_one(call: Call, ref: str) -> _Found:
    from domain.conflicts import conflicts_of

    reader = call.session.store.reader
    replay = reader.replay(_disputed(call, ref))
    incident = reader.named(replay.result())
    return _Found(incident.ref, incident.title, conflicts_of(replay))


def _disputed(call: Call, ref: str) -> str:
    """Return the id of the incident that a ref means; what is in dispute on a merged one is settled there."""
    reader = call.session.store.reader
    itself = reader.resolve_itself(ref)
    row = reader.row(itself)
    return itself if row and row.conflicts else reader.resolve(ref)


def _object(ref: str, conflict: Conflict) -> dict[str, Any]:
    from domain.times import iso

    choices = [
        {
            "entry": option.entry,
            "value": _json_value(conflict.field, option.value),
            "author": option.author,
            "at": iso(option.at),
            "shown": option.safe,
            **({"label": option.label} if option.label else {}),
        }
        for option in conflict.options
    ]
    return {"ref": ref, "field": conflict.field, "choices": choices}


def _json_value(field: str, value: Any) -> Any:
    """Return a value as scripts see it everywhere else: a moment as ISO 8601."""
    from domain.times import iso

    if field not in ("impact_started_at", "detected_at") or not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return iso(value)
    except (ValueError, OverflowError, OSError):  # a number that is no moment
        return value


def _lines(call: Call, found: _Found, conflict: Conflict, *, whole: bool) -> Iterator[str]:
    from app.cli.layout import block
    from app.cli.output import cells, pad
    from domain.text import safe_text

    style = call.out.style
    yield f"{style(found.ref, 'ref')}  {style(conflict.field, 'strong')}  {style(found.title)}"
    values = [_value(conflict, option, call) for option in conflict.options]
    authors = [safe_text(option.author) for option in conflict.options]
    size, names = max(map(cells, values)), max(map(cells, authors))
    for number, (option, value, author) in enumerate(zip(conflict.options, values, authors, strict=True), 1):
        yield _option_line(number, option, pad(value, size), pad(author, names), call)
        if whole and conflict.is_text:
            yield from (f"      {line}" for line in block(str(option.value), style))
        yield f"      {style(_command(found.ref, conflict, option), 'dim')}"


def _option_line(number: int, option: Option, value: str, author: str, call: Call) -> str:
    from domain.times import stamp

    style: Style = call.out.style
    mark = style("⚠", "warning") if option.safe else " "
    meanwhile = f"  {style('shown meanwhile', 'warning')}" if option.safe else ""
    return (
        f"  {mark} {number} {style(value, 'strong')}  {style(author)}  {stamp(option.at, call.session.zone)}{meanwhile}"
    )


def _value(conflict: Conflict, option: Option, call: Call) -> str:
    """Return a value on one line, cut; of a text the first line that differs."""
    from app.cli.output import fit
    from domain.text import safe_text
    from domain.wording import said, telling_line

    if isinstance(option.value, str) and "\n" in option.value:
        text = telling_line(option.value, [each.value for each in conflict.options])
    else:
        text = said(conflict.field, option.value, call.session.zone)
    if option.label:
        text = f"{text} ({option.label})"
    return fit(safe_text(text[: _WIDEST * 4]), _WIDEST)


def _command(ref: str, conflict: Conflict, option: Option) -> str:
    """Return the command that chooses an option over exactly the others that are shown."""
    import shlex

    others = [each for each in conflict.options if each.entry != option.entry]
    over = [word for each in others for word in ("--over", conflict.short_id(each.entry))]
    return shlex.join(["tocsin", "settle", ref, conflict.field, conflict.short_id(option.entry), *over])


@click.command("settle", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("field")
@click.argument("entry")
@click.option("--value", metavar="TEXT", help="Another value than the entry's; - reads it from what is piped in.")
@click.option(
    "--over", multiple=True, metavar="ENTRY", help="Only over these: what came since you looked stays (all there are)."
)
@click.pass_obj
def settle(call: Call, ref: str, field: str, entry: str, value: str | None, over: tuple[str, ...]) -> None:
    """Choose one of the values that a field has: that of ENTRY.

    ENTRY is the id that `tocsin conflicts` shows, or any unique beginning of it. The other values stay in the
    timeline, and `tocsin undo` opens the conflict again.
    """
    from domain import conflicts as rules

    session = call.session
    text = _piped() if value == "-" else value
    with session.keeping(text or ""):
        identifier = _disputed(call, ref)
        found = _of_one(call, identifier)
        seen = rules.named_conflict(found.conflicts, field, found.ref)
        chosen = seen.option(entry).entry
        if over:
            seen = seen.seen((chosen, *over))
        kept = rules.KEEP if text is None else rules.read_value(seen.field, text, session.clock(), session.zone)
        act = lambda incident: rules.settle(incident, seen, chosen, kept)  # noqa: E731
        incident = session.store.journal.record(identifier, act)
    call.show([incident])


def _piped() -> str:
    from app.cli.call import piped_text
    from domain import limits

    return piped_text(limits.SECTION)
