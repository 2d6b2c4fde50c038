"""The devices of a store: the chain that this one writes, and how far every other's is here without a gap."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain

from domain.entry import Entry, chain_hash
from storage.rows import ENTRY_COLUMNS, entry_of

_UPSERT = """
    INSERT INTO device (id, name, owner, dseq, hash, me) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET dseq = ?4, hash = ?5, me = ?6
"""


class Chain:
    """The chain of this device, within one write transaction.

    Args:
        connection: In a write transaction.
        author: Who owns a device that is new.
        new_id: Gives a fresh device id.

    Attributes:
        device: This device's id.
        dseq: The number of its newest entry, 0 for none.
        hash: The hash of that entry, empty for none.
        continues: The device that this store was until this transaction, empty when it is the same.
    """

    def __init__(self, connection: sqlite3.Connection, author: str, new_id: Callable[[], str]) -> None:
        self._connection, self._author, self._new_id = connection, author, new_id
        row = connection.execute("SELECT id, dseq, hash FROM device WHERE me").fetchone()
        self.device: str = row[0] if row else ""
        self.dseq: int = row[1] if row else 0
        self.hash: bytes = row[2] if row else b""
        self.continues = ""
        self._changed = False
        if row is None or self._went_on():
            self.renew()

    def _went_on(self) -> bool:
        # Entries of this device that were not written here: this store is an older copy of one that went on.
        newest = "SELECT 1 FROM entry WHERE device = ? AND dseq > ? LIMIT 1"
        return self._connection.execute(newest, (self.device, self.dseq)).fetchone() is not None

    def renew(self) -> str:
        """Go on under a new device id; return the old one, empty when there was none."""
        old = self.continues = self.device
        self._connection.execute("UPDATE device SET me = 0 WHERE me")
        self.device, self.dseq, self.hash, self._changed = self._new_id(), 0, b"", True
        self.save()
        return old

    def extend(self, entry: Entry) -> Entry:
        """Return an entry as the next one of this chain."""
        self.dseq, self._changed = self.dseq + 1, True
        linked = replace(entry, device=self.device, dseq=self.dseq)
        linked = replace(linked, hash=chain_hash(self.hash, linked))
        self.hash = linked.hash
        return linked

    def save(self) -> None:
        """Write how far this chain is, if it has grown."""
        if self._changed:
            row = (self.device, os.uname().nodename, self._author, self.dseq, self.hash, True)
            self._connection.execute(_UPSERT, row)
            self._changed = False


def cut(connection: sqlite3.Connection, device: str, dseq: int) -> None:
    """Say that a device is here only up to before `dseq`."""
    row = connection.execute("SELECT dseq FROM device WHERE id = ?", (device,)).fetchone()
    if row is None or row[0] < dseq:
        return
    before = "SELECT hash FROM entry WHERE device = ? AND dseq = ?"
    found = connection.execute(before, (device, dseq - 1)).fetchone()
    connection.execute(
        "UPDATE device SET dseq = ?, hash = ? WHERE id = ?", (dseq - 1, found[0] if found else b"", device)
    )


def advance(connection: sqlite3.Connection, owners: Iterable[tuple[str, str]]) -> None:
    """Move on how far devices are here, over entries whose numbers and hashes follow one another.

    Args:
        connection: In a write transaction.
        owners: Devices of which something came, each with the author of one of its entries.
    """
    for device, owner in owners:
        known = connection.execute("SELECT dseq, hash, me FROM device WHERE id = ?", (device,)).fetchone()
        reached, tip, me = known or (0, b"", False)
        rows = connection.execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry WHERE device = ? AND dseq > ? ORDER BY dseq", (device, reached)
        )
        for entry in map(entry_of, rows):
            if entry.dseq != reached + 1 or chain_hash(tip, entry) != entry.hash:
                break
            reached, tip = entry.dseq, entry.hash
        connection.execute(_UPSERT, (device, "", owner, reached, tip, me))


def slots(connection: sqlite3.Connection, entries: Iterable[Entry]) -> dict[tuple[str, int], str]:
    """Return which of the places (device, dseq) of some entries are taken here, each with the id that is there."""
    wanted: dict[str, list[int]] = {}
    for entry in entries:
        wanted.setdefault(entry.device, []).append(entry.dseq)
    sql = "SELECT device, dseq, id FROM entry WHERE device = ? AND dseq BETWEEN ? AND ?"
    rows = (connection.execute(sql, (device, min(found), max(found))) for device, found in wanted.items())
    return {(device, dseq): identifier for device, dseq, identifier in chain.from_iterable(rows)}
