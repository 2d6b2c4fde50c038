"""One writer at a time on a store: a `flock` round every write transaction.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL when two connections write and checkpoint at once; with the lock no two
ever do. It is a file beside the store, so it also serialises processes of different versions.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.connection import BUSY_SECONDS
from storage.errors import Busy, translated
from storage.sharing import open_beside


@contextmanager
def lease(path: Path) -> Iterator[bool]:
    """Hold a file for as long as the block runs, if no other process does; gives whether it is held.

    It ends with the process, however that ends.
    """
    with translated(path):
        handle = open_beside(path, path.with_suffix(""))  # the store, whose name it begins with
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


class WriteLock:
    """The lock of one store, for the threads of this process and for other processes.

    Args:
        path: The store's file.
        seconds: How long to wait for another process.
    """

    def __init__(self, path: Path, seconds: float = BUSY_SECONDS) -> None:
        self._store, self._path, self._seconds = path, path.with_name(path.name + ".lock"), seconds
        self._threads = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            Busy: Another process keeps it for longer than the time allowed.
            NotWritable: The lock's file cannot be made.
        """
        with self._threads:
            with translated(self._path):  # what fails inside the block is not about this file
                handle = open_beside(self._path, self._store)
            try:
                self._wait(handle)
                yield
            finally:
                os.close(handle)  # closing releases it, as does the death of the process

    def _wait(self, handle: int) -> None:
        deadline = time.monotonic() + self._seconds
        pause = 0.001
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(f"Another process is writing: {self._path}", "Try again in a moment.") from None
                time.sleep(pause)
                pause = min(pause * 2, 0.05)
            else:
                return
