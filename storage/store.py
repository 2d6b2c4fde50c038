"""A store: its file brought up to date, its read side, and its journal, which is loaded when first written to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from domain.times import Clock
from storage import migrations, schema
from storage.asking import Sight
from storage.connection import connect, journal_mode, set_journal_mode, wanted_mode
from storage.errors import translated
from storage.lock import WriteLock
from storage.reader import Reader
from storage.versions import PROJECTION_VERSION, SCHEMA_VERSION

if TYPE_CHECKING:
    from domain.grants import Login
    from storage.journal import Journal
    from storage.witness import Witness


class Store:
    """One file, as one author.

    Args:
        path: The SQLite file; made when it is missing.
        author: Who acts and whose unread marks are meant; on a store with rights that is the login, whoever is named.
        clock: The present, ms.
        summons: Asked before each act's commit who is to see it, given the source of what the journal records
            (`human`, `alert`, `sync`); nobody.
        who: Says who runs this, on a store with rights; the system.

    Raises:
        NoRight: They have no right on this store, not even to look.
        StoreError: The file cannot be made, opened or upgraded; nothing was changed.
    """

    def __init__(
        self,
        path: Path,
        author: str,
        clock: Clock,
        summons: Callable[[str], Witness | None] = lambda _source: None,
        *,
        who: Callable[[], Login] | None = None,
    ) -> None:
        self.path, self.author, self.clock = path, author, clock
        self._summons = summons
        prepare(path)
        self._sight = Sight(who)
        self.reader = Reader(path, author, sight=self._sight)
        self._admit()
        self._journal: Journal | None = None

    def _admit(self) -> None:
        where = self.reader.caller
        if where is None:
            return
        self.author = where.who.name
        if where.role == "none":
            self.reader.close()
            where.require("viewer", "look at the incidents")

    @property
    def journal(self) -> Journal:
        """The write door; the first use imports SQLModel."""
        if self._journal is None:
            self._journal = self.journal_as("human")
        return self._journal

    def journal_as(self, source: str) -> Journal:
        """Return another write door, for entries that come from `source` (`alert`, `sync`)."""
        from storage.journal import Journal

        summons = partial(self._summons, source)
        return Journal(self.path, self.author, self.clock, source=source, summons=summons, who=self._sight.who)

    def another_reader(self) -> Reader:
        """Return a read side of its own, for another thread."""
        return Reader(self.path, self.author, sight=self._sight)

    def close(self) -> None:
        """Close every connection."""
        self.reader.close()
        if self._journal is not None:
            self._journal.close()


def prepare(path: Path) -> None:
    """Make the file if it is missing and bring its tables and projections up to date.

    Raises:
        StoreError: It cannot be done; the file is as it was.
    """
    with closing(connect(path, create=True)) as connection, translated(path):
        current = migrations.check(connection, path) == SCHEMA_VERSION
        if current and journal_mode(connection) == wanted_mode(path) and _is_projected(connection):
            return
        with WriteLock(path)():
            set_journal_mode(connection, path)
            migrations.upgrade(connection, path)
            if not _is_projected(connection):  # else another process was quicker
                _rebuild(connection)


def _is_projected(connection: sqlite3.Connection) -> bool:
    return schema.projection_version(connection) == PROJECTION_VERSION


def rebuild(path: Path) -> int:
    """Drop every projection and make it anew from the entries, in one transaction; return the number of incidents."""
    with closing(connect(path)) as connection, translated(path), WriteLock(path)():
        return _rebuild(connection)


def _rebuild(connection: sqlite3.Connection) -> int:
    from storage import projection

    connection.execute("PRAGMA secure_delete=ON")  # of what was redacted, words are left in the index until now
    connection.execute("BEGIN IMMEDIATE")
    try:
        made = projection.rebuild(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return made
