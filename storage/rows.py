"""From a row of the table `entry` to an entry, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from domain.entry import Entry

ENTRY_COLUMNS = (
    "pk, id, incident, device, dseq, hlc, kind, what, author, source, occurred_at, recorded_at, over, body, bhash, "
    "hash, src, held"
)
"""In the order that `entry_of` takes them."""
JOINED_ENTRY_COLUMNS = ", ".join(f"entry.{name}" for name in ENTRY_COLUMNS.split(", "))
"""The same where the table is joined with others."""
_PORTION = 500


def entry_of(row: Any) -> Entry:
    """Return the entry of a row of the table `entry`, its columns in their order."""
    (
        pk,
        id_,
        incident,
        device,
        dseq,
        hlc,
        kind,
        what,
        author,
        source,
        occurred,
        recorded,
        over,
        body,
        bhash,
        hash_,
        src,
        held,
    ) = row
    return Entry(
        id_, incident, device, dseq, hlc, kind, what, author, source, occurred, recorded,
        tuple(json.loads(over)) if over != "[]" else (), body, bhash, hash_, src, pk, held,
    )  # fmt: skip


def row_of(entry: Entry, pk: int | None) -> tuple[Any, ...]:
    """Return an entry as a row of the table `entry`, its columns in their order; pk None takes the next number."""
    return (
        pk, entry.id, entry.incident, entry.device, entry.dseq, entry.hlc, entry.kind, entry.what, entry.author,
        entry.source, entry.occurred_at, entry.recorded_at, over_text(entry), entry.body, entry.bhash, entry.hash,
        entry.src, entry.held,
    )  # fmt: skip


def over_text(entry: Entry) -> str:
    """Return what an entry replaces as the JSON array that the table holds."""
    return json.dumps(entry.over, separators=(",", ":")) if entry.over else "[]"


def rows_among(connection: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[Any]:
    """Yield what a query gives for some values, a portion of them at a time.

    Args:
        connection: Any.
        sql: The query up to its last words, which are `IN`.
        values: Any number.
    """
    for start in range(0, len(values), _PORTION):
        part = values[start : start + _PORTION]
        yield from connection.execute(f"{sql} ({', '.join('?' * len(part))})", part)
