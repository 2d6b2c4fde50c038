"""A hub in memory, answering without sockets; and one behind real ones."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from storage.hub.engines import Database, memory_engine, open_database, prepare
from sync.hub.logs import Log
from sync.hub.server import create_app
from sync.hub.service import Options
from tests.hubs import UNLIMITED, Caller, Rig, Writer

DEADLINE = 20.0  # seconds before a test gives up; nothing is asserted about time itself


@pytest.fixture
def rig() -> Iterator[Rig]:
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection:
        database = Database(memory_engine(connection))
        prepare(database, "hub", "first")
        yield Rig(database)


class Served:
    """A hub behind a socket of this machine, in a thread of its own."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.written = rig, StringIO()
        self.app = create_app(rig.service, Log(self.written, rig.clock))
        quiet: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
        config = uvicorn.Config(self.app, port=0, timeout_graceful_shutdown=5, **quiet)
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()
        self.until(lambda: self.server.started)
        self.url = "http://{}:{}".format(*self.server.servers[0].sockets[0].getsockname())

    def until(self, met: Callable[[], object], what: str = "") -> None:
        end = time.monotonic() + DEADLINE
        while not met():
            assert time.monotonic() < end, f"waited in vain for {what or met}; the log:\n{self.log}"
            time.sleep(0.005)

    @property
    def log(self) -> str:
        return self.written.getvalue()

    @property
    def waiting(self) -> int:
        found = self.app.state.changes.waiting
        assert isinstance(found, int)
        return found

    def client(self, caller: Caller | None = None, **headers: str) -> httpx.Client:
        known = {"authorization": f"Bearer {caller.token}"} if caller else {}
        return httpx.Client(base_url=self.url, headers=known | headers, timeout=DEADLINE)

    def stop(self) -> None:
        self.app.state.changes.end()  # as the real one does on a signal
        self.server.should_exit = True
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    yield from _serving(tmp_path, UNLIMITED)


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Served]:
    """A hub that answers each token once, for its clock stands."""
    yield from _serving(tmp_path, Options(requests=0.1))


def _serving(folder: Path, options: Options) -> Iterator[Served]:
    database = open_database(str(folder / "hub.db"))
    found = Served(Rig(database, options))
    yield found
    found.stop()
    database.close()


@pytest.fixture
def ana(served: Served) -> Caller:
    return served.rig.join("ana", writer=Writer("ana"))
