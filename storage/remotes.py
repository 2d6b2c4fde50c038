"""The systems that this store exchanges entries with: what is known of each, and what each of them lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields

from domain.entry import Entry
from storage.rows import JOINED_ENTRY_COLUMNS, entry_of

VECTOR = "SELECT id, dseq, hash FROM device WHERE dseq > 0"
Vector = dict[str, tuple[int, bytes]]
"""Of each device, the highest number without a gap, and the hash of that entry."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote, as it was last known.

    Attributes:
        kind: `hub`.
        user: Who this store is there.
        role: What that person may do there.
        hub: The hub's id; empty before the first exchange.
        epoch: Which of its histories the cursor belongs to.
        cursor: How far its entries have been taken over.
        last: The id of the entry at the cursor.
        ahead: How far its clock is ahead of this one's, ms; None when it was never measured.
        state: `new`, `in_sync`, `behind`, `offline` or `refused`.
        error: What was wrong at the last attempt, in words; empty for nothing.
        since: When the state began, ms.
    """

    name: str
    kind: str
    url: str
    user: str = ""
    role: str = ""
    hub: str = ""
    epoch: str = ""
    cursor: int = 0
    last: str = ""
    ahead: int | None = None
    state: str = "new"
    error: str = ""
    since: int = 0


_COLUMNS = ", ".join(field.name for field in fields(Remote))
_MARKS = ", ".join("?" * len(fields(Remote)))


def remotes(connection: sqlite3.Connection) -> list[Remote]:
    """Return the remotes by name."""
    return [Remote(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM remote ORDER BY name")]


def save(connection: sqlite3.Connection, remote: Remote) -> None:
    """Write what is known of a remote; in a write transaction."""
    connection.execute(f"INSERT OR REPLACE INTO remote ({_COLUMNS}) VALUES ({_MARKS})", astuple(remote))


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Remove a remote; what came from it stays."""
    connection.execute("DELETE FROM remote WHERE name = ?", (name,))
    connection.execute("DELETE FROM reached WHERE remote = ?", (name,))


def reach(connection: sqlite3.Connection, name: str, vector: Mapping[str, int], *, whole: bool) -> None:
    """Write how far a remote says it has devices; `whole` when it has no others.

    What it has of this store's entries waits no longer.
    """
    if whole:
        connection.execute("DELETE FROM reached WHERE remote = ?", (name,))
    rows = [(name, device, dseq) for device, dseq in vector.items()]
    connection.executemany("INSERT OR REPLACE INTO reached VALUES (?, ?, ?)", rows)
    connection.execute("""
        DELETE FROM outbox WHERE state = 'waiting' AND EXISTS (
            SELECT 1 FROM entry JOIN reached USING (device) WHERE entry.pk = outbox.entry AND reached.dseq >= entry.dseq
        )
    """)


def offered(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Write that a remote was given the bodies of entries."""
    sql = "DELETE FROM outbox WHERE state = 'body' AND entry = (SELECT pk FROM entry WHERE id = ?)"
    connection.executemany(sql, ((identifier,) for identifier in ids))


def offers(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """Return entries whose bodies are here and not on the hub, by device and number."""
    sql = f"""
        SELECT {JOINED_ENTRY_COLUMNS} FROM outbox JOIN main.entry ON entry.pk = outbox.entry
        WHERE outbox.state = 'body' AND entry.body IS NOT NULL ORDER BY entry.device, entry.dseq LIMIT ?
    """
    return [entry_of(row) for row in connection.execute(sql, (limit,))]


def bodiless(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the places of entries that were redacted here by what the hub then kept back: it has their bodies."""
    sql = """
        SELECT entry.device, entry.dseq FROM main.entry AS redaction INDEXED BY entry_redact
        JOIN main.entry ON entry.id = substr(redaction.what, 6)
        WHERE redaction.kind = 'redact' AND redaction.held IS NOT NULL AND entry.body IS NULL AND entry.held IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM main.entry AS other
            WHERE other.kind = 'redact' AND other.what = redaction.what AND other.held IS NULL
        )
    """
    return list(connection.execute(sql))


def vector(connection: sqlite3.Connection) -> Vector:
    """Return how far every device is here."""
    return {device: (dseq, bytes(digest)) for device, dseq, digest in connection.execute(VECTOR)}


def reached(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """Return how far a remote has every device, as it said last."""
    return dict(connection.execute("SELECT device, dseq FROM reached WHERE remote = ?", (name,)))


def waiting(connection: sqlite3.Connection, name: str) -> int:
    """Return how many entries are here that a remote is not known to have; behind a hole, too, where they stay."""
    sql = """
        SELECT coalesce(sum(
            max(device.dseq - coalesce(reached.dseq, 0), 0)
            + (SELECT count(*) FROM main.entry
               WHERE entry.device = device.id AND entry.dseq > max(device.dseq, coalesce(reached.dseq, 0)))
        ), 0)
        FROM device LEFT JOIN reached ON reached.device = device.id AND reached.remote = ?
    """
    (count,) = connection.execute(sql, (name,)).fetchone()
    return int(count)
