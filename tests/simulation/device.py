"""One device: its store, the two doors into it, its clock and its line to the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from domain.entry import Entry
from storage.journal import Journal
from storage.reader import Reader
from storage.rows import ENTRY_COLUMNS, entry_of
from sync.client import HubClient
from sync.engine import Engine, Outcome
from tests.simulation.network import Line
from tests.simulation.stores import NOWHERE, Disk

HUB = "hub"
"""What every device calls the hub."""


class Saved(NamedTuple):
    """A backup of a device."""

    image: bytes
    ids: frozenset[str]


class Device:
    """One store, whose process may die and be started again.

    Attributes:
        name: Of the device in traces.
        user: Who works on it.
        line: Its transport.
        skew: How far its clock is ahead of the true time, ms.
        ids: The entries that it held when it was last looked at.
        backup: What it can be restored from.
        revoked: Whether the hub wants it no more.
    """

    def __init__(
        self,
        name: str,
        user: str,
        disk: Disk,
        line: Line,
        now: Callable[[], int],
        bits: Callable[[int], int],
        page: int,
    ) -> None:
        self.name, self.user, self.disk, self.line, self.page = name, user, disk, line, page
        self._now, self._bits = now, bits
        self.skew = 0
        self.ids: frozenset[str] = frozenset()
        self.backup: Saved | None = None
        self.revoked = self.busy = False
        self.start()

    def start(self) -> None:
        """Start the process: whatever it knew is gone."""
        self.human, self.sync = self._journal("human"), self._journal("sync")
        self.reader = Reader(NOWHERE, self.user, connection=self.disk.connection)
        self.engine = Engine(self.sync, self.reader, HubClient(self.line), HUB, page=self.page)

    def _journal(self, source: str) -> Journal:
        return Journal(NOWHERE, self.user, self.clock, self._bits, source, engine=self.disk.engine, lock=self.disk.lock)

    def clock(self) -> int:
        """Return the present as this device has it, ms."""
        return self._now() + self.skew

    def exchange(self) -> Outcome:
        """Exchange with the hub."""
        return self.engine.run()

    def incidents(self) -> list[str]:
        """Return the incidents that it shows, in the order they came."""
        return [row[0] for row in self.disk.connection.execute("SELECT id FROM incident ORDER BY number")]

    def held_ids(self) -> frozenset[str]:
        """Return the ids of all its entries."""
        return frozenset(row[0] for row in self.disk.connection.execute("SELECT id FROM entry"))

    def counted_ids(self) -> list[str]:
        """Return the ids of the entries that count: not those that the hub keeps back, nor what says nothing now."""
        sql = "SELECT id FROM entry WHERE held IS NULL AND NOT (kind = 'raise' AND body IS NULL)"
        return [row[0] for row in self.disk.connection.execute(sql)]

    def entries(self, since: int = 0) -> list[Entry]:
        """Return its entries whose pk is greater than `since`, in the order they came."""
        sql = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE pk > ? ORDER BY pk"
        return [entry_of(row) for row in self.disk.connection.execute(sql, (since,))]

    def newest(self) -> int:
        """Return the pk of the newest entry."""
        (pk,) = self.disk.connection.execute("SELECT coalesce(max(pk), 0) FROM entry").fetchone()
        return int(pk)
