"""The log of what went wrong with hooks: one file of mode 0600 in the state folder, and the one before it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from domain.text import redact_secrets, safe_text
from domain.times import Clock, iso

MOST = 262_144
"""Bytes at which the file is put aside as `hooks.log.1` and begun anew, so that both never take more than twice it."""
_SHOWN = 4096  # characters of a hook's stderr in one record


class HookLog:
    """Appends records; what cannot be written is lost, for a log must stop nobody.

    Args:
        folder: The state folder.
        clock: The present, ms.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.path, self._clock = folder / "hooks.log", clock

    def write(self, line: str, err: bytes = b"") -> None:
        """Append a line with the time, and under it, indented, the beginning of what a hook printed on stderr."""
        text = redact_secrets(err.decode("utf-8", "replace")[:_SHOWN]).rstrip("\n")
        shown = "".join(f"    {each}\n" for each in safe_text(text, keep_newlines=True).split("\n") if text)
        record = f"{iso(self._clock())} {safe_text(redact_secrets(line))}\n{shown}".encode("utf-8", "replace")
        with suppress(OSError):
            self._make_room(len(record))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self.path, flags, 0o600)
            try:
                os.fchmod(handle, 0o600)
                os.write(handle, record)
            finally:
                os.close(handle)

    def _make_room(self, size: int) -> None:
        with suppress(FileNotFoundError):
            if self.path.stat().st_size + size > MOST:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
