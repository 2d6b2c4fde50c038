"""The facts of what was said outside, read from their entries: told, updates, and which regulations apply.

They are read tolerantly, as the fold reads everything: a body of a newer version or of a joker gives what it can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from domain.entry import Entry
from domain.incident import Regulated, Told, Update
from domain.times import LATEST


def told(entry: Entry) -> Told:
    """Return who was told what."""
    value = entry.payload
    return Told(
        entry=entry.id,
        party=_text(value.get("party")) or "",
        note=_text(value.get("note")) or "",
        at=entry.occurred_at,
        by=entry.author,
        next_update_at=_moment(value.get("next_update_at")),
        update=_text(value.get("update")),
        wording=_text(value.get("wording")),
        duty=_text(value.get("duty")),
    )


def update(entry: Entry) -> Update:
    """Return what is to be said."""
    value = entry.payload
    to, texts = value.get("to"), value.get("texts")
    others = {name: text for name, text in texts.items() if _text(text)} if isinstance(texts, dict) else {}
    return Update(
        entry=entry.id,
        wording=_text(value.get("wording")) or "",
        text=_text(value.get("text")) or "",
        know=_text(value.get("know")) or "",
        do=_text(value.get("do")) or "",
        at=entry.occurred_at,
        by=entry.author,
        to=tuple(each for each in to if _text(each)) if isinstance(to, list) else (),
        texts=MappingProxyType(others),
        next_update_at=_moment(value.get("next_update_at")),
    )


def regulated(entry: Entry) -> Regulated:
    """Return which regulation applies, and since when its clocks run."""
    value = entry.payload
    return Regulated(
        entry=entry.id,
        regulation=_text(value.get("regulation")) or "",
        at=entry.occurred_at,
        by=entry.author,
        aware_at=_moment(value.get("aware_at")),
        classified_at=_moment(value.get("classified_at")),
        withdrawn=_text(value.get("withdrawn")) or "",
    )


SAID: Mapping[str, tuple[str, Callable[[Entry], Any]]] = MappingProxyType(
    {"told": ("told", told), "update": ("updates", update), "regulated": ("regulated", regulated)}
)
"""By a fact's name: the incident's attribute that shows it, and what reads it."""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LATEST
    return value if sound else None
