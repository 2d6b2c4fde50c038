"""What the store says when it cannot do its work, and the one place where SQLite's errors become words.

StoreError              something about the file or the disk; carries message and remedy (exit code 1)
├── NotFound            no such incident, or a ref that fits several (exit code 3)
├── Unusable            not a store, corrupt, or from a newer version (exit code 7)
├── NotWritable         the disk is full or read-only: nothing was written (exit code 1)
└── Busy                another process held the store too long (exit code 1)
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StoreError(Exception):
    """The store cannot do what was asked; `str()` is the message.

    Attributes:
        message: What happened, naming the file.
        remedy: What to do about it.
        code: A stable word for scripts.
    """

    code = "store"

    def __init__(self, message: str, remedy: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.code


class NotFound(StoreError):
    """No incident is meant by a ref, or more than one."""

    code = "not_found"


class Unusable(StoreError):
    """The file is no store, is damaged, or was written by a newer version."""

    code = "unusable"


class NotWritable(StoreError):
    """The disk is full or read-only; nothing was written."""

    code = "not_writable"


class Busy(StoreError):
    """Another process held the store for longer than the time allowed."""

    code = "busy"


_NO_ROOM = 65_536  # bytes; with less, SQLite fails in more than one way


_BY_NAME: dict[str, tuple[type[StoreError], str, str]] = {
    "SQLITE_FULL": (NotWritable, "The disk is full: {path}", "Free some space and try again; nothing was lost."),
    "SQLITE_READONLY": (NotWritable, "The store is read-only: {path}", "Check the rights of the file and its folder."),
    "SQLITE_CANTOPEN": (
        NotWritable,
        "The store cannot be opened: {path}",
        "Check the rights of the file and its folder.",
    ),
    "SQLITE_PERM": (
        NotWritable,
        "Access to the store was denied: {path}",
        "Check the rights of the file and its folder.",
    ),
    "SQLITE_IOERR": (NotWritable, "The disk failed while using {path}", "Free space, check the disk, and try again."),
    "SQLITE_BUSY": (
        Busy,
        "Another process is holding {path}",
        "Try again; if it lasts, see who holds it: tocsin doctor.",
    ),
    "SQLITE_LOCKED": (Busy, "Another process is holding {path}", "Try again."),
    "SQLITE_CONSTRAINT": (
        StoreError,
        "Two entries claim one place in {path}",
        "That is a bug: please report it; nothing was lost.",
    ),
    "SQLITE_NOTADB": (
        Unusable,
        "This is not a tocsin store: {path}",
        "Name another file, or restore a backup: tocsin restore.",
    ),
    "SQLITE_CORRUPT": (
        Unusable,
        "The store is damaged: {path}",
        "Keep the file, and restore the last backup: tocsin restore.",
    ),
}


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """Return what a SQLite error means for a person; unknown ones keep SQLite's words."""
    name = getattr(error, "sqlite_errorname", "") or ""
    family = "_".join(name.split("_")[:2])
    if family in ("SQLITE_IOERR", "SQLITE_BUSY") and _is_full(path):
        family = "SQLITE_FULL"
    kind, message, remedy = _BY_NAME.get(
        family, (StoreError, f"The store failed ({error}): {{path}}", "See: tocsin doctor.")
    )
    return kind(message.format(path=path), remedy)


def _is_full(path: Path) -> bool:
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < _NO_ROOM


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors about `path` as `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error
    except PermissionError as error:
        raise NotWritable(
            f"Access was denied: {error.filename or path}", "Check the rights of the file and its folder."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotWritable(f"{reason}: {error.filename or path}", "Check the disk and the path.") from error


@contextmanager
def translate_wrapped(path: Path) -> Iterator[None]:
    """Raise what SQLAlchemy has wrapped round SQLite's errors as `StoreError`; every other error passes."""
    try:
        with translated(path):
            yield
    except StoreError:
        raise
    except Exception as error:
        original = getattr(error, "orig", None)
        if isinstance(original, sqlite3.Error):
            raise translate(original, path) from error
        raise
