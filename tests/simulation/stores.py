"""Stores without a disk: SQLite in memory, loaded from a picture of an empty one, used again by every schedule.

The product opens a file; here it is given the connection, the engine and the lock instead. A crash is an exception
that comes where a process may die: before a transaction is committed, or after it was and before anybody was told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, event

from storage import migrations, schema
from storage.journal import write_engine

NOWHERE = Path("/nonexistent/simulated.db")
"""Stands where the product names the file in an error."""


class Crash(BaseException):
    """The process died; nothing that it had in memory is left."""


class Disk:
    """One store in memory.

    Attributes:
        connection: The one connection to it, in autocommit mode.
        engine: What a journal writes through.
        dies: Empty, `before` or `after`: where in a transaction the process dies.
        fuse: How many transactions are whole before that one.
    """

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.engine = write_engine(lambda: self.connection)
        self.dies, self.fuse = "", 0
        event.listen(self.engine, "commit", self._commits)

    def load(self, image: bytes) -> None:
        """Make the store what it was when the picture was taken."""
        self.dies = ""
        self.connection.deserialize(image)

    def image(self) -> bytes:
        """Return a picture of the store as it is."""
        return self.connection.serialize()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Stand for the lock of the file; the process dies on leaving it when it should after the transaction."""
        yield
        if self.dies:
            self.fuse -= 1
        if self.dies == "after" and self.fuse < 0:
            self.dies = ""
            raise Crash

    def _commits(self, _connection: Connection) -> None:
        if self.dies == "before" and self.fuse == 0:
            self.dies = ""
            raise Crash


class Disks:
    """Hands out disks, and takes them all back after a schedule."""

    def __init__(self) -> None:
        self.blank = blank()
        self._all: list[Disk] = []
        self._used = 0

    def take(self, image: bytes | None = None) -> Disk:
        """Return a disk with an empty store, or with what a picture holds."""
        if self._used == len(self._all):
            self._all.append(Disk())
        disk = self._all[self._used]
        self._used += 1
        disk.load(image or self.blank)
        return disk

    def give_back(self) -> None:
        """Take back every disk."""
        self._used = 0


def blank() -> bytes:
    """Return the picture of an empty store of the present version."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.upgrade(connection, NOWHERE)
        schema.create(connection)
        return connection.serialize()
