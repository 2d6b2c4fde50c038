"""How far a responder has read: what makes a row new since they looked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from storage.connection import connect
from storage.errors import translated
from storage.lock import WriteLock


def mark_seen(path: Path, author: str, incident: str) -> None:
    """Record that `author` has seen everything of an incident that this store holds now."""
    sql = "INSERT OR REPLACE INTO seen SELECT ?, id, last FROM incident WHERE id = ?"
    with translated(path), WriteLock(path)(), closing(connect(path)) as connection:
        connection.execute(sql, (author, incident))


def mark_all_seen(path: Path, author: str) -> None:
    """Record that `author` has seen everything there is."""
    sql = "INSERT OR REPLACE INTO seen SELECT ?, id, last FROM incident"
    with translated(path), WriteLock(path)(), closing(connect(path)) as connection:
        connection.execute(sql, (author,))
