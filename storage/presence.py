"""Who else on this machine has which incident open: a small file for each process, locked for as long as it lives.

Nothing of it is in the store: looking is not an entry, and a store that cannot be written can still be looked at.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from storage.sharing import folder_beside, open_beside

_LONGEST = 1024


class Presence:
    """Tells the other processes on one store what is open here, and asks what is open there.

    Args:
        path: The store's file.
        author: Who works here.
    """

    def __init__(self, path: Path, author: str) -> None:
        self._store, self._folder, self._author = path, path.with_name(f"{path.name}.open"), author
        self._handle: int | None = None

    def show(self, incident: str | None) -> None:
        """Say which incident is open here, None for none; where that cannot be written it is not said."""
        with suppress(OSError):
            if self._handle is None:
                self._handle = self._open()
            text = f"{incident or ''}\n{self._author}".encode()[:_LONGEST]
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text, 0)

    def others(self) -> dict[str, list[str]]:
        """Return, by incident, who has it open in other processes; files of dead processes are removed."""
        found: dict[str, set[str]] = {}
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                if entry.name != str(os.getpid()) and (told := _read(entry.path)):
                    incident, _newline, author = told.partition("\n")
                    if incident:
                        found.setdefault(incident, set()).add(author)
        return {incident: sorted(authors) for incident, authors in found.items()}

    def close(self) -> None:
        """Say no more."""
        if self._handle is not None:
            with suppress(OSError):
                os.unlink(self._folder / str(os.getpid()))
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        folder_beside(self._folder, self._store)
        handle = open_beside(self._folder / str(os.getpid()), self._store)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle


def _read(path: str) -> str:
    """Return what a process tells, nothing of one that is no more."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(handle, _LONGEST, 0).decode("utf-8", "replace")
        os.unlink(path)  # nobody holds it: its process has died
        return ""
    finally:
        os.close(handle)
