"""Queue rows, an incident and a timeline as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from app.cli.output import Style, fit, pad
from domain.durations import age, short
from domain.text import safe_text
from domain.times import stamp

if TYPE_CHECKING:
    from domain.clocks import Clocks
    from domain.escalation import Path
    from domain.incident import Incident, Item
    from domain.moments import Moment
    from domain.outbox import Outside
    from domain.rows import QueueRow

_HEADINGS = ("REF", "PRI", "STATUS", "AGE", "OWNER", "TITLE")
_WIDEST = (18, 3, 14, 4, 16)
_URGENT = {"P1": "alarm", "P2": "warning"}


def queue_lines(rows: list[QueueRow], now: int, width: int | None, style: Style) -> Iterator[str]:
    """Yield a table of the queue; without a width nothing is cut from the titles."""
    table = [_row_cells(row, now) for row in rows]
    sizes = [max(len(line[n]) for line in [_HEADINGS, *table]) for n in range(5)]
    sizes = [min(size, most) for size, most in zip(sizes, _WIDEST, strict=True)]
    room = None if width is None else max(10, width - sum(sizes) - 10)
    yield style("  ".join(pad(text, size) for text, size in zip(_HEADINGS, [*sizes, 5], strict=True)).rstrip(), "dim")
    for row, line in zip(rows, table, strict=True):
        shown = [pad(fit(text, size), size) for text, size in zip(line, sizes, strict=False)]
        title = line[5] if room is None else fit(line[5], room)
        ref, urgency = (style(shown[0], "ref"), style(shown[1], _URGENT.get(row.priority or "", "")))
        yield "  ".join([ref, urgency, *(style(text) for text in shown[2:]), style(title)])


def _row_cells(row: QueueRow, now: int) -> tuple[str, ...]:
    silent = f"[silent {short((row.silenced_until or now) - now)}] " if row.is_silenced(now) else ""
    merged = f"[is {row.merged}] " if row.merged else ""
    marks = f"{'⚠ ' if row.conflicts else ''}{merged}{silent}{'[drill] ' if row.drill else ''}"
    since = row.raised_at if row.ended_at is None else row.ended_at
    texts = (row.ref, row.priority or "-", row.phase, age(now - since), row.owner or "-", f"{marks}{row.title}")
    return tuple(safe_text(text) for text in texts)


def result_line(incident: Incident, style: Style) -> str:
    """Return how an incident stands after a change, on one line."""
    parts = (
        style(incident.ref, "ref"),
        style(incident.phase),
        style(incident.priority or "-", _URGENT.get(incident.priority or "", "")),
        style(incident.owner or "-"),
        style(incident.title),
    )
    return "  ".join(parts)


def incident_lines(
    incident: Incident, clocks: Clocks, zone: tzinfo, now: int, style: Style, path: Path | None = None
) -> Iterator[str]:
    """Yield everything that is known of an incident; `path` is the escalation path of its service."""
    yield f"{style(incident.ref, 'ref')}  {style(incident.title, 'strong')}"
    yield from _facts(_state(incident, now), style)
    yield from _clocks(clocks, zone, now, style)
    if path or incident.escalations:
        yield from _escalation(incident, path, zone, now, style)
    yield from _facts(_moments(incident, zone), style)
    yield from _facts(_silence(incident, zone, now), style)
    yield from _facts(_members(incident), style)
    for title, text in (("Description", incident.description), ("Background", incident.background)):
        if text:
            yield ""
            yield style(title, "strong")
            yield from block(text, style)
    for field, choices in incident.conflicts.items():
        values = " or ".join(f"{choice.value} ({choice.author})" for choice in choices)
        yield style(f"⚠ {field}: {values}", "warning")


def outside_lines(outside: Outside, zone: tzinfo, now: int, style: Style) -> Iterator[str]:
    """Yield who was told, who still has to be, and what regulations ask for; nothing when there is none of it."""
    from app.cli.outside import duty_lines
    from domain import parties  # a list has none of this

    heard = [each for each in outside.notices if each.told]
    waiting = outside.waiting
    if not (heard or waiting or outside.duties or outside.unknown):
        return
    yield ""
    yield style("Told and to tell", "strong")
    for each in (*waiting, *(each for each in heard if not each.waits)):
        line = f"  {each.party.name}: {parties.in_words(each, now)}"
        yield style(line, "warning" if each.waits else "")
    yield from duty_lines(outside, zone, now, style)


def block(text: str, style: Style) -> Iterator[str]:
    """Yield a text of several lines, indented, each line made safe."""
    for line in safe_text(text, keep_newlines=True).split("\n"):
        yield f"  {style(line)}".rstrip()


def _facts(pairs: Iterable[tuple[str, Any]], style: Style) -> Iterator[str]:
    for name, value in pairs:
        if value:
            yield f"{style(f'{name:<14}', 'dim')}{style(str(value))}"


def _state(incident: Incident, now: int) -> Iterator[tuple[str, Any]]:
    label = f" ({incident.status_label})" if incident.status_label else ""
    yield ("Status", f"{incident.phase} [{incident.status}{label}]{' (drill)' if incident.drill else ''}")
    by_hand = f" (by hand: {incident.priority_reason})" if incident.priority_overridden else ""
    yield "Priority", f"{incident.priority}{by_hand}" if incident.priority else None
    yield "Impact", incident.impact
    yield "Urgency", incident.urgency
    yield "Severity", incident.severity
    yield "Owner", incident.owner or "nobody"
    yield "Restricted", _restricted(incident)
    yield "Type", incident.type
    yield "Technical", incident.technical_category
    yield "Service", incident.service_category
    yield "Age", short((incident.ended_at or now) - incident.raised_at)
    yield "Notes", incident.notes
    yield ("Alerts", f"{incident.alerts}, {incident.firing} firing" if incident.alerts else "")


def _restricted(incident: Incident) -> str:
    from domain.restriction import allowed_words  # a list says nothing of it

    named = allowed_words(incident)
    return f"yes{f'; {named} may see it' if named else ''}" if incident.restricted else ""


def _clocks(clocks: Clocks, zone: tzinfo, now: int, style: Style) -> Iterator[str]:
    from domain.clocks import in_words  # a list has no clocks

    for clock in clocks.all:
        words, due = in_words(clock, now), clock.due(now)
        if words:
            at = f" (target {stamp(due, zone)})" if due is not None and clock.state(now) != "paused" else ""
            role = "alarm" if clock.met(now) is False else "warning" if clock.is_near(now) else ""
            yield f"{style(f'{clock.name.capitalize():<14}', 'dim')}{style(words.partition(' ')[2] + at, role)}"


def _escalation(incident: Incident, path: Path | None, zone: tzinfo, now: int, style: Style) -> Iterator[str]:
    from domain.escalation_words import coming, reached  # a list has no paths

    said = reached(incident)
    if said and incident.escalated_at is not None:
        said = f"{said}, {stamp(incident.escalated_at, zone)}"
    found = path.standing(incident, now) if path else None
    following = coming(found, path.steps, now) if found and path else ""
    role = "warning" if found and found.due else ""
    for name, text, how in (("Escalated", said, ""), ("Escalation", following, role)):
        if text:
            yield f"{style(f'{name:<14}', 'dim')}{style(text, how)}"


def _moments(incident: Incident, zone: tzinfo) -> Iterator[tuple[str, Any]]:
    named = ("impact_started", "detected", "raised", "acknowledged", "mitigated", "resolved", "reopened", "closed")
    for name in (*named, "published"):
        if at := getattr(incident, f"{name}_at"):
            who = incident.acknowledged_by if name == "acknowledged" else None
            by = f" by {who}" if who else ""
            yield name.replace("_", " ").capitalize(), f"{stamp(at, zone)}{by}"


def _silence(incident: Incident, zone: tzinfo, now: int) -> Iterator[tuple[str, Any]]:
    from domain.silences import silenced  # a list asks its rows

    if silenced(incident, now):
        until = stamp(incident.silenced_until or 0, zone)
        yield "Silenced", f"until {until} by {incident.silenced_by}: {incident.silence_reason}"


def _members(incident: Incident) -> Iterator[tuple[str, Any]]:
    yield "Tags", ", ".join(item.name for item in incident.tags)
    yield "Resources", ", ".join(map(_resource, incident.resources))
    yield "Merged in", ", ".join(incident.duplicates)
    yield "Originators", ", ".join(item.name for item in incident.originators)
    yield ("Roles", ", ".join(f"{item.name} ({item.relation})" for item in incident.roles))
    for item in incident.related:
        yield ("Related", f"{item.relation} {item.name}{f': {item.description}' if item.description else ''}")
    yield from (("Cause", item.name) for item in incident.causes)
    yield from (("Action", item.name) for item in incident.actions)
    for each in incident.follow_ups:
        mark, due = "x" if each.done else " ", f", due {each.due}" if each.due else ""
        yield ("Follow-up", f"[{mark}] {each.id} {each.title} ({each.owner or 'nobody'}{due})")
    yield "Classifiers", ", ".join(f"{label} {level}" for label, level in incident.classifiers.items())
    yield from ((f"custom.{name}", value) for name, value in incident.custom.items())


def _resource(item: Item) -> str:
    return f"{item.name} ({item.severity})" if item.severity else item.name


def log_lines(moments: list[Moment], zone: tzinfo, style: Style) -> Iterator[str]:
    """Yield a timeline, oldest first; a text of several lines is indented below its moment."""
    for moment in moments:
        entry = moment.entry
        late = style(f" +{moment.late} late", "warning") if moment.late else ""
        marks = f"{' *' if moment.starred else ''}{' (undone)' if moment.undone else ''}"
        first, *more = safe_text(moment.text.rstrip(), keep_newlines=True).split("\n")
        said = f"{moment.headline}: {first}" if moment.headline and first and not more else moment.headline or first
        below = [first, *more] if moment.headline and more else more
        at = style(stamp(entry.occurred_at, zone), "dim")
        of = f"  {style(moment.ref, 'dim')}" if moment.ref else ""
        yield f"{at}{late}{of}  {style(entry.author, 'ref')}  {style(said)}{style(marks, 'dim')}"
        yield from (f"    {style(line)}".rstrip() for line in below)
