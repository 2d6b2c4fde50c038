"""What hooks were told of already: one small file a user, so that several programs on one store tell it once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from domain.reminders import Key, Reminder, fresh
from domain.strictjson import dumps, loads

_MOST = 4 * 1024 * 1024  # bytes that are read of it


class Rung:
    """The file; one that cannot be read or written rings once too often, never too seldom.

    Args:
        folder: The state folder.
        database: The store that it is about.
    """

    def __init__(self, folder: Path, database: Path) -> None:
        self.path, self._store = folder / "rung.json", str(database)

    def fresh(self, found: Sequence[Reminder], now: int, again: int | None) -> list[Reminder]:
        """Return what of that which is due was not told yet, or long enough ago, and remember that it is told now."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError:
            return fresh(found, {}, now, again).ringing
        with os.fdopen(handle, "r+b") as file:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            held = _read(file.read(_MOST))
            ringing, rung = fresh(found, held.get(self._store, {}), now, again)
            held[self._store] = rung
            with suppress(OSError):
                file.seek(0)
                file.write(_text(held))
                file.truncate()
        return ringing


def _read(data: bytes) -> dict[str, dict[Key, int]]:
    """Return by store what rang when; nothing of a file that is not as it was written."""
    found: dict[str, dict[Key, int]] = {}
    with suppress(ValueError, TypeError, AttributeError):
        stores: Any = loads(data.decode("utf-8", "replace"), max_bytes=_MOST)
        for store, listed in stores.items():
            found[str(store)] = {(str(a), str(b), str(c), int(d)): int(at) for a, b, c, d, at in listed}
    return found


def _text(held: dict[str, dict[Key, int]]) -> bytes:
    return dumps({store: [[*key, at] for key, at in rung.items()] for store, rung in held.items() if rung}).encode()
