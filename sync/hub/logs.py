"""The hub's log: one JSON object a line on stderr, without tokens, bodies or queries."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from domain.text import redact_secrets


class Log:
    """Writes lines.

    Args:
        stream: Where to.
        now: The present, ms.
    """

    def __init__(self, stream: TextIO, now: Callable[[], int]) -> None:
        self._stream, self._now = stream, now

    def answered(self, identifier: str, asked: tuple[str, str], status: int, seconds: float, **more: object) -> None:
        """Note one request: its method and the pattern of its path, never what somebody put into that."""
        where = {"method": asked[0], "route": asked[1], "status": status, "ms": round(seconds * 1000, 1)}
        self._write("info", "request", **{"id": identifier, **where, **more})

    def failed(self, identifier: str, method: str, path: str, error: BaseException) -> None:
        """Note an error that nobody foresaw, with its trace."""
        trace = redact_secrets("".join(traceback.format_exception(error)))
        where = {"id": identifier, "method": method[:20], "path": path[:200]}
        self._write("error", "failed", **where, error=type(error).__name__, trace=trace)

    def told(self, event: str, **more: object) -> None:
        """Note something else, e.g. that the hub begins or ends."""
        self._write("info", event, **more)

    def _write(self, level: str, event: str, **more: object) -> None:
        at = datetime.fromtimestamp(self._now() / 1000, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "level": level, "event": event, **more})
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass  # a log that cannot be written stops no hub
