"""What a remote is not known to have: the lines of the ledger."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from domain.entry import Entry
from storage.rows import JOINED_ENTRY_COLUMNS, entry_of


class Waiting(NamedTuple):
    """An entry that waits, and the ref of its incident; empty where that is not shown."""

    ref: str
    entry: Entry


def waits(connection: sqlite3.Connection, remote: str, limit: int) -> list[Waiting]:
    """Return the newest entries that a remote lacks, at most `limit`."""
    sql = f"""
        SELECT coalesce(incident.ref, ''), {JOINED_ENTRY_COLUMNS}
        FROM device
        LEFT JOIN reached ON reached.device = device.id AND reached.remote = ?
        JOIN entry ON entry.device = device.id AND entry.dseq > coalesce(reached.dseq, 0)
        LEFT JOIN incident ON incident.id = entry.incident
        ORDER BY entry.pk DESC LIMIT ?
    """
    return [Waiting(ref, entry_of(row)) for ref, *row in connection.execute(sql, (remote, limit))]
