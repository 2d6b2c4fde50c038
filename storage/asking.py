"""One connection to a store for reading: what it may show, what interrupts it, and how its errors are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from storage.connection import connect
from storage.errors import translated

if TYPE_CHECKING:
    from domain.grants import Login
    from storage.rights import Caller

_GIVEN = "SELECT coalesce(max(id), 0), count(revoked_at) FROM rights"
"""What changes with every right that is given or taken: none is ever deleted."""


class Cancelled(Exception):
    """A read was given up because a newer one has replaced it."""


class Sight:
    """What all readers of one store share: whose eyes they are, and how often the rights were seen to change."""

    def __init__(self, who: Callable[[], Login] | None = None) -> None:
        self.who, self.changes = who, 0
        self._given: tuple[int, int] | None = None

    def notice(self, given: tuple[int, int]) -> None:
        """Have every reader look again at its next read, if the rights are not what they were."""
        if given != self._given:
            self._given = given
            self.changes += 1


class Asking:
    """Asks one store through one connection of its own; use one a thread.

    On a store with rights it shows what the person who runs this may see; `storage.sight` says how.

    Args:
        path: The store's file, already migrated.
        me: Whose unread marks and `owner:me` are meant; on a store with rights the login's, whoever is named here.
        connection: To the store, when it is not opened from `path`: kept in memory, for one.
        sight: Shared by the readers of one store.

    Attributes:
        caller: Where the person stands, None on a store without rights.
    """

    def __init__(
        self, path: Path, me: str, *, connection: sqlite3.Connection | None = None, sight: Sight | None = None
    ) -> None:
        self.path, self.me = path, me
        self.caller: Caller | None = None
        self._connection = connection or connect(path)
        self._sight = sight or Sight()
        self._looked, self._version = 0, -1
        with translated(path):
            self._look()

    def _look(self) -> None:
        """Show what may be seen by the rights that stand now; without any, that is one look at an empty table."""
        given = self._connection.execute(_GIVEN).fetchone()
        self._sight.notice(given)
        self._looked = self._sight.changes
        if given[0] == 0 and self.caller is None:
            return
        from storage.rights import caller_of, login
        from storage.sight import narrow

        self.caller = caller_of(self._connection, self._sight.who or login)
        narrow(self._connection, self.caller)
        if self.caller:
            self.me = self.caller.who.name

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def cancel(self) -> None:
        """Give up the read that another thread has under way; it raises `Cancelled` there."""
        self._connection.interrupt()

    def data_version(self) -> int:
        """Return a number that changes when another connection has written; costs microseconds."""
        (version,) = self._one("PRAGMA data_version")
        if version != self._version:
            self._version = version
            self._sight.notice(self._one(_GIVEN))
        return int(version)

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._asking():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[object] = ()) -> tuple:  # type: ignore[type-arg]
        return self._all(sql, values)[0]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with translated(self.path):
            if self._looked != self._sight.changes:
                self._look()
            try:
                yield
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                    raise Cancelled from error
                raise
