"""Files beside a store: as open to its group as the store itself, so that all who share it can work with them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

GROUP_MAY = 0o060


def mode_beside(store: Path) -> int:
    """Return the mode of a new file beside a store: its owner's, and its group's where that may use the store."""
    try:
        return 0o600 | (store.stat().st_mode & GROUP_MAY)
    except OSError:  # there is none yet
        return 0o600


def open_beside(path: Path, store: Path) -> int:
    """Open a file beside a store for reading and writing, made when it is missing; return its handle."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    wanted, found = mode_beside(store), os.fstat(handle)
    if found.st_mode & 0o777 != wanted and found.st_uid == os.geteuid():  # the umask does not decide here
        with suppress(OSError):
            os.fchmod(handle, wanted)
    return handle


def folder_beside(path: Path, store: Path) -> None:
    """Make a folder beside a store if it is missing, for its group, too, where that may use the store."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    if mode_beside(store) & GROUP_MAY:
        with suppress(OSError):
            path.chmod(0o2770)
