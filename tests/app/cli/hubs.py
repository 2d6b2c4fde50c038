"""A hub for the command line: behind a socket in a thread, with its database in a file that the verbs open too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import uvicorn

from storage.hub.engines import open_database
from storage.journal import system_random_bits
from sync.hub.logs import Log
from sync.hub.server import create_app
from sync.hub.service import Service

DEADLINE = 60.0  # seconds before a test gives up; nothing is asserted about time itself


def now() -> int:
    """Return the present, ms."""
    return int(time.time() * 1000)


def until(met: Callable[[], object], what: str) -> None:
    """Wait until something is so, or fail."""
    end = time.monotonic() + DEADLINE
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


class Running:
    """A hub that runs: where it is, and where its database is."""

    def __init__(self, url: str, database: str, log: StringIO) -> None:
        self.url, self.database, self.log = url, database, log


@contextmanager
def running(file: Path, port: int = 0) -> Iterator[Running]:
    """Run a hub for the length of a block."""
    database = open_database(str(file))
    service = Service(database, now, system_random_bits, time.monotonic)
    log = StringIO()
    app = create_app(service, Log(log, now))
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the hub")
        host, number = server.servers[0].sockets[0].getsockname()
        yield Running(f"http://{host}:{number}", str(file), log)
    finally:
        app.state.changes.end()
        server.should_exit = True
        thread.join(DEADLINE)
        database.close()
