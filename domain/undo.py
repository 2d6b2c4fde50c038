"""Undo: an entry over the ones it takes back, offered only while nobody has changed them since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.entry import Draft, Entry
from domain.errors import Refused
from domain.replay import Replay, field_of
from domain.times import iso


def undo(replay: Replay, undone: Sequence[Entry], timeline: Sequence[Entry]) -> tuple[Draft, ...]:
    """Return the drafts that take back one action, newest entry first.

    Args:
        replay: The incident's fold.
        undone: The entries of the action, all of this incident.
        timeline: Every entry of the incident, to find what a set replaced.

    Raises:
        Refused: One of them cannot be undone, or somebody has changed it since; says what.
    """
    by_id = {entry.id: entry for entry in timeline}
    found = [_one(replay, entry, by_id) for entry in sorted(undone, key=lambda e: e.hlc, reverse=True)]
    return tuple(draft for draft in found if draft is not None)


def _one(replay: Replay, entry: Entry, by_id: dict[str, Entry]) -> Draft | None:
    if entry.kind in ("raise", "alias", "redact", "device") or not entry.known:
        raise Refused(f"“{describe(entry)}” cannot be undone", "Move the incident to invalid instead.", "not_undoable")
    if entry.kind == "drop":
        return _restore(entry, by_id)
    if not replay.current(entry):
        raise Refused(f"“{describe(entry)}” was changed since{_since(replay, entry)}", "See: tocsin log.", "changed")
    if entry.kind in ("set", "amend"):
        return _set_back(entry, by_id)
    return Draft("drop", field_of(entry), {"undoes": entry.id}, over=(entry.id,))


def _since(replay: Replay, entry: Entry) -> str:
    heads = [head.entry for head in replay.heads(field_of(entry)) if head.entry.id != entry.id]
    return f", by {heads[-1].author} at {iso(heads[-1].occurred_at)}" if heads else ""


def _set_back(entry: Entry, by_id: dict[str, Entry]) -> Draft:
    before = [by_id[each] for each in entry.over if each in by_id]
    newest = max(before, key=lambda e: (e.hlc, e.id), default=None)
    if entry.kind == "amend":
        text = newest.payload.get("text", "") if newest else _note_text(entry, by_id)
        return Draft("amend", entry.what, {"text": text, "undoes": entry.id}, over=(entry.id,))
    body: dict[str, Any] = {"value": _value(newest, entry.what), "undoes": entry.id}
    if newest is not None and entry.what == "status":
        body["since"] = newest.payload.get("since", newest.occurred_at)  # the restored status is as old as it was
        body.update({"label": newest.payload["label"]} if "label" in newest.payload else {})
    return Draft("set", entry.what, body, over=(entry.id,))


def _value(newest: Entry | None, field: str) -> object:
    if newest is None:
        return "raised" if field == "status" else None
    return newest.payload.get(field if newest.kind == "raise" else "value")


def _note_text(entry: Entry, by_id: dict[str, Entry]) -> str:
    original = by_id.get(entry.what.removeprefix("note:"))
    return str(original.payload.get("text", "")) if original else ""


def _restore(entry: Entry, by_id: dict[str, Entry]) -> Draft | None:
    dropped = next((by_id[each] for each in entry.over if each in by_id), None)
    if dropped is None or dropped.kind not in ("add", "note", "fact"):
        return None
    body = {**dropped.payload, "undoes": entry.id}
    return Draft(dropped.kind, dropped.what, body, over=(), occurred_at=dropped.occurred_at)


def describe(entry: Entry) -> str:
    """Return an entry in a few words, for a refusal."""
    value = entry.payload.get("value")
    return f"{entry.what} → {value}" if entry.kind == "set" else entry.what.replace("_", " ")
