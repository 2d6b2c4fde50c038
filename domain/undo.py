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
    newest_first = sorted(undone, key=lambda e: (e.hlc, e.id), reverse=True)
    return tuple(draft for entry in newest_first for draft in _one(replay, entry, by_id))


def _one(replay: Replay, entry: Entry, by_id: dict[str, Entry]) -> tuple[Draft, ...]:
    if entry.kind in ("raise", "redact", "device") or not entry.known:
        raise Refused(f"“{describe(entry)}” cannot be undone", "Move the incident to invalid instead.", "not_undoable")
    stands = not replay.undone(entry.id) if entry.kind == "drop" else replay.current(entry)
    if not stands or _moved_on(replay, entry):
        raise Refused(f"“{describe(entry)}” was changed since{_since(replay, entry)}", "See: tocsin log.", "changed")
    if entry.kind == "drop":
        return _restored(replay, entry, by_id, over=())
    if entry.kind in ("set", "amend", "alias"):
        return _set_back(entry, by_id)
    # An add that took the place of another gives it back.
    replaced = _restored(replay, entry, by_id, over=(entry.id,))
    return replaced or (Draft("drop", field_of(entry), {"undoes": entry.id}, over=(entry.id,)),)


def _moved_on(replay: Replay, entry: Entry) -> list[Entry]:
    """Return what was built on an entry: a closing rests on the status, so neither is changed under the other."""
    other = {"status": "fact:closed", "fact:closed": "status"}.get(field_of(entry), "")
    return [head.entry for head in replay.heads(other) if head.order > (entry.hlc, entry.id)]


def _since(replay: Replay, entry: Entry) -> str:
    heads = [head.entry for head in replay.heads(field_of(entry)) if head.entry.id != entry.id]
    heads += _moved_on(replay, entry)
    return f", by {heads[-1].author} at {iso(heads[-1].occurred_at)}" if heads else ""


def _set_back(entry: Entry, by_id: dict[str, Entry]) -> tuple[Draft, ...]:
    # One draft for each value it replaced, so that a conflict which it settled is open again.
    before: list[Entry | None] = [*_replaced(entry, by_id)] or [None]
    return tuple(Draft(entry.kind, entry.what, _old(entry, each, by_id), over=(entry.id,)) for each in before)


def _replaced(entry: Entry, by_id: dict[str, Entry]) -> list[Entry]:
    # In the order they were written: where two disagree, the newest is the one that was shown.
    return sorted((by_id[each] for each in entry.over if each in by_id), key=lambda e: (e.hlc, e.id))


def _old(entry: Entry, before: Entry | None, by_id: dict[str, Entry]) -> dict[str, Any]:
    if entry.kind == "amend":
        text = before.payload.get("text", "") if before else _note_text(entry, by_id)
        return {"text": text, "undoes": entry.id}
    if entry.kind == "alias":
        kept = {"of": None} if before is None else {key: before.payload.get(key) for key in ("of", "name")}
        return {**kept, "undoes": entry.id}
    body: dict[str, Any] = {"value": _value(before, entry.what), "undoes": entry.id}
    if before is not None and entry.what == "status":
        body["since"] = before.payload.get("since", before.occurred_at)  # the restored status is as old as it was
        body.update({"label": before.payload["label"]} if "label" in before.payload else {})
    if before is not None and entry.what == "priority" and before.kind == "set" and before.payload.get("reason"):
        body["reason"] = before.payload["reason"]  # it was set by hand, and is again
    return body


def _value(before: Entry | None, field: str) -> object:
    if before is None:
        return "raised" if field == "status" else None
    return before.payload.get(field if before.kind == "raise" else "value")


def _note_text(entry: Entry, by_id: dict[str, Entry]) -> str:
    original = by_id.get(entry.what.removeprefix("note:"))
    return str(original.payload.get("text", "")) if original else ""


def _restored(replay: Replay, entry: Entry, by_id: dict[str, Entry], over: tuple[str, ...]) -> tuple[Draft, ...]:
    """Return what a drop or an add replaced, written again."""
    drafts = []
    for gone in _replaced(entry, by_id):
        if gone.kind in ("add", "note", "fact"):
            amended = {"text": replay.note_text(gone)} if gone.kind == "note" else {}
            body = {**gone.payload, **amended, "undoes": entry.id}
            drafts.append(Draft(gone.kind, gone.what, body, over, gone.occurred_at, gone.source))
    return tuple(drafts)


def describe(entry: Entry) -> str:
    """Return an entry in a few words, for a refusal."""
    value = entry.payload.get("value")
    if entry.kind == "alias":
        return "the merge"
    return f"{entry.what} → {value}" if entry.kind == "set" else entry.what.replace("_", " ")


def named(kind: str, what: str) -> str:
    """Return what an undone action was, in words: `the note`, `the status`, `acknowledged`."""
    field, _colon, rest = what.partition(":")
    if kind in ("note", "amend"):
        return "the note"
    if kind == "alias":
        return "the merge"
    if (kind, what) == ("drop", "fact:silenced"):
        return "the end of the silence"
    if kind == "fact":
        return {"escalated": "the escalation"}.get(what, what.replace("_", " "))
    special = {"star": "the star", "pm": f"the post-mortem's {rest.replace('_', ' ')}", "act": "the follow-up"}
    return special.get(field, f"the {field.removesuffix('_at').replace('_', ' ')}")
