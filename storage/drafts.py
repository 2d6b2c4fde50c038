"""What somebody is typing: saved at every pause, offered again after a crash or a dropped line.

A draft is nobody's timeline, so it does not go through the journal; it is one row, written in its own transaction.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from domain.text import clean_input
from domain.times import Clock
from storage.connection import connect
from storage.errors import translated
from storage.lock import WriteLock


class Draft(NamedTuple):
    """A kept text: what it is of (`note`, `postmortem`, ...), for which incident, and what it was begun from."""

    kind: str
    incident: str
    text: str
    base: str
    saved_at: int


def _storable(text: str) -> str:
    return clean_input(text, 2 * len(text))  # nothing is cut off: what was typed is kept whole


class Drafts:
    """The drafts of one author in one store."""

    def __init__(self, path: Path, author: str, clock: Clock) -> None:
        self._path, self._author, self._clock = path, author, clock
        self._lock = WriteLock(path)

    def save(self, kind: str, incident: str, text: str, base: str = "") -> None:
        """Keep a text; a blank one is forgotten.

        Raises:
            StoreError: The disk said no; the draft before this one is still there.
        """
        if not text.strip():
            self.forget(kind, incident)
            return
        sql = "INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?, ?, ?)"
        self._write(sql, (self._author, kind, incident, _storable(text), _storable(base), self._clock()))

    def forget(self, kind: str, incident: str) -> None:
        """Drop a draft, because it was recorded or thrown away."""
        self._write("DELETE FROM draft WHERE author = ? AND kind = ? AND incident = ?", (self._author, kind, incident))

    def get(self, kind: str, incident: str) -> Draft | None:
        """Return the draft kept for an incident, or None."""
        return next((each for each in self.all() if (each.kind, each.incident) == (kind, incident)), None)

    def all(self) -> list[Draft]:
        """Return the author's drafts, newest first."""
        sql = "SELECT kind, incident, text, base, saved_at FROM draft WHERE author = ? ORDER BY saved_at DESC"
        with translated(self._path), closing(connect(self._path)) as connection:
            return [Draft(*row) for row in connection.execute(sql, (self._author,))]

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        with translated(self._path), self._lock(), closing(connect(self._path)) as connection:
            connection.execute(sql, values)
