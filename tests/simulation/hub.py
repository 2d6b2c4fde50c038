"""The real hub on SQLite in memory, and what its administrator does with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from random import Random
from typing import NamedTuple

from domain.entry import Entry
from storage.hub import people, pulling
from storage.hub.engines import Database, memory_engine, prepare
from storage.hub.pushing import entry_of
from storage.hub.tables import ENTRY
from sync.client import HubClient
from sync.hub.service import Options, Service
from sync.transport import Answer, Query

_UNLIMITED = Options(requests=1e9, entries=10**9)


class Direct:
    """A transport with no network between: for enrolling."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        """Send a request; see `sync.transport.Transport`."""
        texts = {name: str(value) for name, value in query.items()}
        found = self._service.answer(method, path, texts, {"content-type": kind}, body)
        return Answer(found.status, found.headers, found.body)


class Room(NamedTuple):
    """Where hubs of one process live: one after the other, in the same memory."""

    connection: sqlite3.Connection
    database: Database
    blank: bytes


def room() -> Room:
    """Make the memory for hubs, and a picture of an empty one."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        prepare(Database(memory_engine(fresh)), "hub", "epoch-0")
        blank = fresh.serialize()
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    return Room(connection, Database(memory_engine(connection)), blank)


class Hub:
    """One hub, empty at first.

    Args:
        where: Its memory.
        clock: The present, ms.
        random: Where its secrets come from.
    """

    def __init__(self, where: Room, clock: Callable[[], int], random: Random) -> None:
        self._room, self._clock, self._bits = where, clock, random.getrandbits
        where.connection.deserialize(where.blank)
        self.service = Service(where.database, clock, self._bits, lambda: clock() / 1000, _UNLIMITED)

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Answer one request, as HTTP would bring the answer back."""
        found = self.service.answer(method, path, query, headers, body)
        return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)

    # -- its administrator -----------------------------------------------------------------------------------------

    def enrol(self, user: str, role: str, device: str) -> str:
        """Let a device of somebody come, who has that role from now on; return its token."""
        with self._room.database.writing() as connection:
            code = people.new_code(connection, user, role, self._clock(), self._bits)
        return HubClient(Direct(self.service)).enrol(code, device, "simulated")["token"]

    def role(self, user: str, role: str) -> None:
        """Give somebody another role, as a new code for them does."""
        with self._room.database.writing() as connection:
            people.new_code(connection, user, role, self._clock(), self._bits)

    def revoke(self, token: str) -> None:
        """Let a token's device come no more."""
        with self._room.database.writing() as connection:
            if found := people.who_has(connection, token):
                people.revoke(connection, device=found.device)

    def held(self) -> list[str]:
        """Return the ids of what is kept back."""
        return [
            row[0] for row in self._room.connection.execute("SELECT id FROM entry WHERE held IS NOT NULL ORDER BY seq")
        ]

    def release(self, identifier: str) -> None:
        """Let an entry go that is kept back."""
        with self._room.database.writing() as connection:
            people.release(connection, [identifier])

    def save(self) -> bytes:
        """Return a backup."""
        return self._room.connection.serialize()

    def load(self, image: bytes, *, new_epoch: bool) -> None:
        """Become what a backup was, as another history when it is done as it should be."""
        self._room.connection.deserialize(image)
        if new_epoch:
            with self._room.database.writing() as connection:
                people.new_epoch(connection, f"{self._bits(64):016x}")

    # -- what it holds ---------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Return its entries in the order of their numbers, as they are stored."""
        with self._room.database.reading() as connection:
            return [entry_of(row) for row in connection.execute(ENTRY.select().order_by(ENTRY.c.seq))]

    def ids(self) -> frozenset[str]:
        """Return the ids of its entries."""
        return frozenset(row[0] for row in self._room.connection.execute("SELECT id FROM entry"))

    def position(self) -> object:
        """Return how far it is: its epoch, its newest number and every device."""
        with self._room.database.reading() as connection:
            return pulling.state(connection), pulling.vector(connection)

    def place(self) -> tuple[str, int]:
        """Return its epoch and its newest number."""
        with self._room.database.reading() as connection:
            found = pulling.state(connection)
        return found.epoch, found.seq

    def vector(self) -> dict[str, tuple[int, bytes]]:
        """Return how far it has every device."""
        with self._room.database.reading() as connection:
            return pulling.vector(connection)
