"""The lines of the queue: which columns fit a width, and what each cell says. Pure, so every painter agrees."""

from __future__ import annotations

from domain.durations import age, short
from domain.text import safe_text
from widgets.spans import Span, Spans, between, clip, fit

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.rows import QueueRow


class Symbols:
    """The few signs the lists use; an ASCII set stands in where the terminal has no more."""

    def __init__(
        self,
        cursor: str = "▌",
        new: str = "•",
        marked: str = "✓",
        conflict: str = "⚠",
        star: str = "★",
        rule: str = "─",
        arrow: str = "→",
        dot: str = "·",
        bar: str = "│",
    ) -> None:
        self.cursor, self.new, self.marked, self.conflict = cursor, new, marked, conflict
        self.star, self.rule, self.arrow, self.dot, self.bar = star, rule, arrow, dot, bar


UNICODE = Symbols()
ASCII = Symbols(cursor=">", new="*", marked="+", conflict="!", star="*", rule="-", arrow="->", dot="-", bar="|")

SILENT = "z"
"""The sign of a silenced incident, in place of what its targets would say."""

_SEVERITY: Mapping[str, str] = {"critical": "S1", "high": "S2", "medium": "S3", "low": "S4"}
_SEVERITY_WIDE: Mapping[str, str] = {"critical": "S1 crit", "high": "S2 high", "medium": "S3 med", "low": "S4 low"}
_PRIORITY_ROLE: Mapping[str, str] = {"P1": "bad", "P2": "warn"}
_PHASE_ROLE: Mapping[str, str] = {"New": "accent", "Mitigated": "good", "Resolved": "muted", "Closed": "muted"}
_SHORT_PHASE: Mapping[str, str] = {"Acknowledged": "Acked"}


class Columns:
    """The widths of a queue's columns, in cells; 0 leaves a column out."""

    def __init__(self, severity: int, ref: int, title: int, phase: int, owner: int, age: int) -> None:
        self.severity, self.ref, self.title = severity, ref, title
        self.phase, self.owner, self.age = phase, owner, age


def columns(width: int) -> Columns:
    """Return the columns for a list of `width` cells: the title takes what is left."""
    wide = width >= 100
    severity = 7 if wide else (2 if width >= 50 else 0)
    phase = 12 if wide else 9
    owner = 12 if wide else (8 if width >= 66 else 0)
    used = 2 + 3 + (severity + 1 if severity else 0) + 10 + phase + 1 + (owner + 1 if owner else 0) + 4
    return Columns(severity, 9, max(8, width - used - 1), phase, owner, 4)


def heading(width: int) -> Spans:
    """Return the line of column names."""
    found = columns(width)
    names = (
        ("PR", 2), ("SEVERITY" if found.severity > 8 else "SEV" if found.severity > 2 else "SV", found.severity),
        ("REF", found.ref), ("TITLE", found.title), ("STATE", found.phase), ("OWNER", found.owner),
    )  # fmt: skip
    parts = [fit(name, size) for name, size in names if size]
    return [Span(fit("  " + " ".join(parts) + " " + "AGE".rjust(found.age), width), "muted")]


def row_line(row: QueueRow, width: int, now: int, *, marked: bool, symbols: Symbols, sign: str = "") -> Spans:
    """Return a row without its cursor cell: the second gutter cell says marked, conflict or new.

    `sign` stands before the age: a target has passed, or comes soon; while it is silenced, that it is.
    """
    found = columns(width)
    closed = row.ended_at is not None
    dim = "muted" if closed else ""
    spans = [Span(*_gutter(row, marked, symbols))]
    spans.append(Span(f"{row.priority or '--'} ", dim or _PRIORITY_ROLE.get(row.priority or "", "muted")))
    if found.severity:
        names = _SEVERITY_WIDE if found.severity > 2 else _SEVERITY
        critical = row.severity == "critical" and not closed
        spans.append(Span(fit(names.get(row.severity or "", "-"), found.severity) + " ", "bad" if critical else dim))
    spans.append(Span(fit(row.ref, found.ref) + " ", dim))
    spans += _title(row, found.title, now, dim, symbols)
    phase = safe_text(row.phase)
    short = phase if found.phase > 9 else _SHORT_PHASE.get(phase, phase)
    spans.append(Span(fit(short, found.phase) + " ", dim or _PHASE_ROLE.get(phase, "")))
    if found.owner:
        spans.append(Span(fit(safe_text(row.owner or "-"), found.owner) + " ", dim or ("" if row.owner else "muted")))
    sign = SILENT if row.is_silenced(now) else sign
    if sign.strip():
        spans[-1] = Span(spans[-1].text[:-1], spans[-1].role)
        spans.append(Span(sign, {"!": "bad", SILENT: "muted"}.get(sign, "warn")))
    spans.append(Span(age(now - (row.ended_at or row.raised_at)).rjust(found.age), dim))
    return spans


def _marks(row: QueueRow, now: int) -> str:
    """Return what is said before a title: what it was merged into, how long it is silent, that it is a drill."""
    if row.merged:
        return f"[is {row.merged}] "
    silent = f"[silent {short((row.silenced_until or now) - now)}] " if row.is_silenced(now) else ""
    return f"{silent}[drill] " if row.drill else silent


def _gutter(row: QueueRow, marked: bool, symbols: Symbols) -> tuple[str, str]:
    if marked:
        return symbols.marked, "key"
    return (symbols.new, "accent") if row.is_new else (" ", "")


def _title(row: QueueRow, width: int, now: int, dim: str, symbols: Symbols) -> Spans:
    """Return the title, behind how many of its values want to be decided and what else is said before it."""
    sign = f"{symbols.conflict}{row.conflicts} " if row.conflicts else ""
    style = dim or ("strong" if row.is_new else "")
    title = Span(fit(safe_text(_marks(row, now) + row.title), width - len(sign)) + " ", style)
    return [Span(sign, "warn"), title] if sign else [title]


def top_line(view: str, counts: Mapping[tuple[str, str], int], sync: str, symbols: Symbols, width: int) -> Spans:
    """Return the first line: the view, what is open, and at the right end what sync says."""
    closed = ("resolved", "invalid", "ignored")
    open_counts = {key: n for key, n in counts.items() if key[0] not in closed}
    left = [Span(" tocsin ", "key")]
    left += [] if view == "open" else [Span(f"{safe_text(view)} "), Span(f"{symbols.dot} ", "muted")]
    left.append(Span(f"{sum(open_counts.values()):,} open", "strong"))
    for priority, role in (("P1", "bad"), ("P2", "warn")):
        number = sum(n for (_status, p), n in open_counts.items() if p == priority)
        if number:
            left += [Span(f" {symbols.dot} ", "muted"), Span(f"{number:,} {priority}", role)]
    return between(left, [Span(f"{sync} ", "muted")] if sync else [], width)


def key_line(keys: list[tuple[str, str]], width: int) -> Spans:
    """Return the last line: the keys that matter here, as many as fit whole; the last one, help, always."""
    *others, final = keys or [("", "")]
    left = width - _size(final)
    shown = []
    for pair in others:
        if (left := left - _size(pair)) < 0:
            break
        shown.append(pair)
    spans = [span for key, what in [*shown, final] for span in (Span(f" {key}", "key"), Span(f" {what} ", "muted"))]
    return clip(spans, width)


def _size(pair: tuple[str, str]) -> int:
    return len(pair[0]) + len(pair[1]) + 3
