"""The line that says what two people wrote without seeing each other, until somebody chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from domain.conflicts import by_urgency
from domain.incident import Choice
from domain.text import safe_text
from domain.times import stamp
from domain.wording import brief
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, plain

_DAY = len("2026-01-31")


def disputed(conflicts: Mapping[str, Sequence[Choice]], zone: tzinfo, symbols: Symbols) -> Spans:
    """Return `⚠ status  ana 14:02 → validated │ ben 13:58 → resolved`, of the field that matters most.

    The stamps carry their day only where the choices were made on different ones.
    """
    if not conflicts:
        return []
    first, *others = by_urgency(conflicts)
    spans = [Span(f" {symbols.conflict} ", "warn"), plain(first, "strong")]
    days = {stamp(each.at, zone)[:_DAY] for each in conflicts[first]}
    for number, each in enumerate(conflicts[first]):
        spans.append(Span(f" {symbols.bar} " if number else "  ", "muted"))
        spans.append(Span(f"{safe_text(each.author)} {stamp(each.at, zone, date=len(days) > 1)} ", "muted"))
        spans += [Span(f"{symbols.arrow} "), plain(brief(each.value))]
    if others:
        spans.append(Span(f"  and {len(others)} more", "warn"))
    return spans
