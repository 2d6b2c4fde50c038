"""The thread that stamps a program's output, so that interpreting it is no part of a measured time."""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
import time
from collections import deque
from dataclasses import dataclass

_CHUNK = 65536
_TAIL = 200  # how far back, in bytes, a tripwire's pattern may have begun


@dataclass(frozen=True)
class Tripwire:
    """Keys that the reader thread types at the instant when `pattern` is in the raw output."""

    pattern: re.Pattern[bytes]
    keys: bytes


class Reader:
    """Stamps the chunks that arrive on `master` and trips the wire."""

    def __init__(self, master: int, wire: Tripwire | None) -> None:
        self._master, self._wire, self._tail = master, wire, b""
        self._bell = os.eventfd(0)
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._arrived = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        while all(descriptor == self._master for descriptor, _ in poll.poll()) and (data := self._read()):
            stamp = time.monotonic()
            self._trip(data)
            with self._arrived:
                self._chunks.append((stamp, data))
                self._arrived.notify()
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def _read(self) -> bytes:
        with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
            return os.read(self._master, _CHUNK)
        return b""

    def _trip(self, data: bytes) -> None:
        if self._wire is not None:
            self._tail = self._tail[-_TAIL:] + data
            if self._wire.pattern.search(self._tail):
                os.write(self._master, self._wire.keys)
                self._wire = None

    def next(self, timeout: float) -> tuple[float, bytes] | None:
        """Return the next chunk and its stamp, or None when none came in time or none will come."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._chunks or self._ended, max(0.0, timeout))
            return self._chunks.popleft() if self._chunks else None

    def stop(self) -> None:
        """End the thread; chunks that have arrived stay readable."""
        if self._bell >= 0:
            os.eventfd_write(self._bell, 1)
            self._thread.join()
            os.close(self._bell)
            self._bell = -1
