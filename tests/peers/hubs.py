"""Real `tocsin hub serve` processes, which can be killed and started again on the same port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from storage.hub import people
from storage.hub.engines import open_database
from storage.journal import system_random_bits

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60.0  # seconds before something is given up; nothing is asserted about time itself


def now() -> int:
    """Return the present, ms."""
    return int(time.time() * 1000)


class HubProcess:
    """One hub.

    Args:
        database: Its database's address.
        folder: Where its log goes; it is its home as well.
        name: Of the log.
    """

    def __init__(self, database: str, folder: Path, name: str) -> None:
        self._database, self._folder, self.log = database, folder, folder / f"{name}.log"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._read = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Start it, without waiting until it is ready."""
        self._read = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "hub", "serve", "--database", self._database,
                 "--listen", f"127.0.0.1:{self.port}"],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment(),
            )  # fmt: skip

    def ready(self) -> None:
        """Wait until it is ready; its port stays the same from then on."""
        until(self._says_ready, f"hub {self.log.stem} to be ready", lambda: self.log.read_text()[-2000:])

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.begin()
        self.ready()

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def _says_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        with self.log.open("rb") as log:
            log.seek(self._read)
            found = re.search(rb"hub ready on http://127\.0\.0\.1:(\d+)", log.read())
        if found:
            self.port = int(found[1])
        return found is not None

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "XDG_", "PG"))}
        return {**kept, "HOME": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}


def until(met: Callable[[], object], what: str, shown: Callable[[], object] = str, seconds: float = DEADLINE) -> None:
    """Wait until `met()`, or fail with what `shown()` says."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what} {shown()}"
        time.sleep(0.02)


def codes(database: str, users: Sequence[tuple[str, str]]) -> list[str]:
    """Return a one-time code for each of these users with their roles."""
    opened = open_database(database)
    try:
        with opened.writing() as connection:
            return [people.new_code(connection, user, role, now(), system_random_bits) for user, role in users]
    finally:
        opened.close()
