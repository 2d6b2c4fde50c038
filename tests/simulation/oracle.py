"""What is true: for each entry, what its author had seen. Kept by the simulator alone, never by the product.

From that follows what every field must show, without the product's `over`, its clocks or its order: a value is
current unless somebody wrote to the field who had seen it. An undo takes back what it names and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.entry import Entry

_FROM_RAISE = ("title", "status", "severity", "owner", "priority")
_FINISHED = ("raised", "reviewed", "validated", "other", "resolved", "ignored", "invalid")
_SEVERE = ("critical", "high", "medium", "low")
_URGENT = ("P1", "P2", "P3", "P4")
_WORST: Mapping[str, tuple[str, ...]] = {"status": _FINISHED, "severity": _SEVERE, "priority": _URGENT}


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as its author wrote it.

    Attributes:
        bit: Its own bit in sets of entries.
        seen: What counted on the author's device at that moment, as a set of bits.
        body: The object that was written.
    """

    entry: Entry
    bit: int
    seen: int
    body: Mapping[str, Any]

    @property
    def order(self) -> tuple[int, str]:
        """The tie-break: (hlc, id)."""
        return self.entry.hlc, self.entry.id


@dataclass(frozen=True, slots=True)
class Value:
    """One current value of a field, and who wrote it."""

    written: Written
    value: Any


class Oracle:
    """Remembers what was written and what its author had seen.

    Attributes:
        written: Every entry that anybody wrote, by id.
    """

    def __init__(self) -> None:
        self.written: dict[str, Written] = {}

    def record(self, entry: Entry, seen: int) -> None:
        """Remember an entry that has just been written."""
        bit = 1 << len(self.written)
        self.written[entry.id] = Written(entry, bit, seen, _object(entry.body))

    def bits(self, ids: Iterable[str]) -> int:
        """Return a set of entries as bits; those that nobody wrote (a device's own) are left out."""
        found = 0
        for identifier in ids:
            if written := self.written.get(identifier):
                found |= written.bit
        return found

    def fields(self, counted: Iterable[Entry]) -> dict[str, list[Value]]:
        """Return the current values of every field of one incident, in tie-break order.

        Args:
            counted: The entries that count, as they are stored now (a body may be gone).
        """
        here = [(self.written[entry.id], entry.body is None) for entry in counted if entry.id in self.written]
        values: dict[str, dict[str, Value]] = {}
        gone: dict[str, int] = {}
        alike: dict[str, int] = {}
        for each, redacted in here:
            key = each.entry.src or each.entry.id
            alike[key] = alike.get(key, 0) | each.bit
            for name, value in _contributions(each, redacted=redacted):
                before = values.setdefault(name, {}).get(key)
                if before is None or each.order < before.written.order:
                    values[name][key] = Value(each, value)
            if (name := _replaces_in(each)) is not None:
                gone[name] = gone.get(name, 0) | self._replaced(each, redacted=redacted)
        return {
            name: sorted(
                (value for key, value in found.items() if not alike[key] & gone.get(name, 0)),
                key=lambda value: value.written.order,
            )
            for name, found in values.items()
        }

    def _replaced(self, by: Written, *, redacted: bool) -> int:
        if "undoes" in by.body:
            return self.bits(by.entry.over if by.entry.kind == "add" else [by.body["undoes"]])
        if by.entry.kind == "set" or by.entry.kind in ("amend", "alias"):
            return by.seen
        return self.bits(by.entry.over)  # of a collection's member, which ones were meant is what the author said


def shown(name: str, values: list[Value]) -> Any:
    """Return the value that must be shown while several are current: the one that hides no danger."""
    if name == "alias_of":
        return ([value for value in values if not value.value] or values)[-1].value
    worst = _WORST.get(name)
    if worst is None:
        return values[-1].value
    ranked = [(worst.index(v.value) if v.value in worst else len(worst)) for v in values]
    return values[max(i for i, rank in enumerate(ranked) if rank == min(ranked))].value


def _replaces_in(written: Written) -> str | None:
    """Return the field in which an entry replaces others, None when in none."""
    kind, what = written.entry.kind, written.entry.what
    if kind in ("set", "amend", "drop", "add"):
        return what
    return "alias_of" if kind == "alias" else None


def _contributions(written: Written, *, redacted: bool) -> Iterator[tuple[str, Any]]:
    """Yield the fields to which an entry gives a value, and the value."""
    kind, what, body = written.entry.kind, written.entry.what, {} if redacted else written.body
    if kind == "raise":
        yield from ((name, body[name]) for name in _FROM_RAISE if name in body)
    elif kind == "set":
        yield what, body.get("value")
    elif kind == "amend":
        yield what, body.get("text")
    elif kind == "alias":
        yield "alias_of", body.get("of")
    elif kind == "add":
        yield what, body.get("name")


def _object(body: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(body or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
