"""What is kept of a command's output: the beginning and the end, so that memory never grows with it."""

from __future__ import annotations

from threading import Lock

_HEAD = 262_144  # bytes; more than is recorded, so that a secret at the cut is seen whole
_TAIL = 262_144


class Capture:
    """Takes bytes from several threads in the order they come.

    Attributes:
        total: How many bytes came.
    """

    def __init__(self) -> None:
        self._head, self._tail, self._lock = bytearray(), bytearray(), Lock()
        self.total = 0
        self._last, self._open = "", False  # where the last portion came from, and whether its line is unfinished

    def add(self, data: bytes, source: str = "") -> None:
        """Keep a portion; `source` tells streams apart, whose unfinished lines are not run together."""
        with self._lock:
            if self._open and source != self._last:
                data = b"\n" + data
            self._last, self._open = source, not data.endswith(b"\n")
            self.total += len(data)
            room = _HEAD - len(self._head)
            self._head += data[:room]
            self._tail += data[room:] if room < len(data) else b""
            if len(self._tail) > 2 * _TAIL:
                del self._tail[:-_TAIL]

    def text(self, limit: int) -> tuple[str, int]:
        """Return the text in at most `limit` characters, secrets blotted out, and how many bytes were left out."""
        from domain.text import clean_input, redact_secrets

        kept = bytes(self._head), bytes(self._tail)
        lost = self.total - len(kept[0]) - len(kept[1])
        if not lost:
            whole = redact_secrets((kept[0] + kept[1]).decode("utf-8", "replace"))
            if len(whole) <= limit:
                return clean_input(whole, limit), 0
            first = last = whole
        else:
            first, last = (redact_secrets(part.decode("utf-8", "replace")) for part in kept)
        half = limit // 2 - 40  # room for the line between
        head, tail = first[:half], last[-half:]
        cut = max(1, self.total - len(head.encode()) - len(tail.encode()))
        return clean_input(f"{head}\n[… {cut:,} bytes left out …]\n{tail}", limit), cut
