"""A copy of a database file as it is at one moment, whole under its name or not there at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.errors import NotWritable, Unusable, translated

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Give an empty file of mode 0600 to write into; it has the name `target` once the block has ended well.

    Raises:
        NotWritable: The target exists or cannot be written; nothing half written is left.
    """
    with translated(target):
        if target.exists():
            raise NotWritable(f"There is a file already: {target}", "Name a new file; backups are never overwritten.")
        target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with translated(target):
            new_file(partial)
            yield partial
            os.replace(partial, target)
            sync_folder(target)
    finally:
        with suppress(OSError):  # what went wrong before is what is told
            partial.unlink(missing_ok=True)


def new_file(path: Path) -> None:
    """Make an empty file of mode 0600, or empty the one that is there."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))


def copy(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress | None = None) -> None:
    """Copy a database as it is at this moment over another; both connections in autocommit mode."""

    def tell(_status: int, remaining: int, total: int) -> None:
        if progress:
            progress(total - remaining, total)

    # One moment, held for the whole copy: else every write of another process begins it anew.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    source.backup(target, pages=2048, progress=tell, sleep=0)


def require_whole(connection: sqlite3.Connection, message: str, remedy: str) -> None:
    """Raise `Unusable` when the database is damaged; `message` is given the first flaw in place of `{flaw}`."""
    if (flaw := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise Unusable(message.replace("{flaw}", str(flaw)), remedy)


def sync_file(path: Path) -> None:
    """Put a file's content on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Put a file's name on the disk, which is there once its folder is."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
