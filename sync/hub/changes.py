"""Who waits for news: wakes long polls and event streams when the hub has a new number, in whatever process it came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from storage.errors import StoreError
from storage.hub.engines import CHANNEL, Database

_POLL = 1.0  # seconds between looks for other processes' changes, while somebody waits
_LISTEN = 5.0


class Changes:
    """The hub's newest number, and those who wait for a newer one.

    Args:
        database: Where other processes' changes show.
        newest: Asks it for its newest number.
    """

    def __init__(self, database: Database, newest: Callable[[], int]) -> None:
        self._database, self._newest = database, newest
        self._condition = asyncio.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tick = 0
        self.waiting = 0
        self.ended = False

    def begin(self) -> None:
        """Remember the event loop, which other threads will want to wake."""
        self._loop = asyncio.get_running_loop()

    def changed(self, _seq: int = 0) -> None:
        """Wake everybody; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._wake()))

    def end(self) -> None:
        """Let everybody go, because the hub stops; from any thread or a signal's handler."""
        self.ended = True
        self.changed()

    @property
    def tick(self) -> int:
        """A number that grows with every change."""
        return self._tick

    async def wait(self, since: int, seconds: float) -> bool:
        """Wait for a change after tick `since`; return whether there was one."""
        self.waiting += 1
        try:
            async with self._condition:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._condition.wait_for(lambda: self._tick != since or self.ended), seconds)
            return self._tick != since
        finally:
            self.waiting -= 1

    async def _wake(self) -> None:
        async with self._condition:
            self._tick += 1
            self._condition.notify_all()

    async def watch(self) -> None:
        """Notice what other processes on the same database change, for as long as the hub runs."""
        if self._database.is_postgres:
            await self._listen()
        else:
            await self._look()

    async def _look(self) -> None:
        seen = -1
        while not self.ended:
            if self.waiting or seen < 0:
                with contextlib.suppress(StoreError):  # the next look may find it well again
                    newest = await run_in_threadpool(self._newest)
                    if newest != seen:
                        seen = newest
                        await self._wake()
            await asyncio.sleep(_POLL)

    async def _listen(self) -> None:
        import psycopg

        server: dict[str, Any] = dict(self._database.server)
        while not self.ended:
            try:
                async with await psycopg.AsyncConnection.connect(**server, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._wake()  # what was told meanwhile was not heard
                    while not self.ended:
                        await connection.execute("SELECT 1")  # one that only listens does not notice a server gone
                        async for _told in connection.notifies(timeout=_LISTEN):
                            await self._wake()
            except (psycopg.Error, OSError):
                await asyncio.sleep(_POLL)
