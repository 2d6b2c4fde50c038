"""Keeps a store in step with a hub: exchanges at once when something changes on either side, for as long as it runs.

It runs in threads of its own and touches nothing but the store; who shows its state reads it there.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from storage.errors import Busy, StoreError
from sync.backoff import pause
from sync.client import Denied
from sync.engine import Engine, Outcome
from sync.transport import Event, Unreachable

_LOOK, _IDLE, _LEASE = 0.5, 300.0, 5.0  # seconds: for changes here, without any news at all, for another holder to end
_SAID = 45.0  # seconds after which the hub is told again what is open here; it forgets after 90
EVENTS = "/v1/events"


class Line(Protocol):
    """What the watch holds open towards a hub."""

    def events(self, path: str) -> Iterator[Event]:
        """Yield the hub's events until the connection ends; raises `Unreachable`."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Watch:
    """Exchanges whenever there is something to exchange.

    Args:
        engine: Makes the exchanges.
        line: Tells of the hub's changes; its own connection, because it stays open.
        data_version: Gives a number that changes with every write of another connection to the store.
        lease: Taken for as long as it runs; gives whether this process is the one that exchanges.
        on_outcome: Told after each exchange.
        on_event: Told each event of the hub.
        present: Tells the hub which incident is open here, None for none.
    """

    def __init__(
        self,
        engine: Engine,
        line: Line,
        data_version: Callable[[], int],
        lease: Callable[[], AbstractContextManager[bool]],
        on_outcome: Callable[[Outcome], None] = lambda _outcome: None,
        on_event: Callable[[Event], None] = lambda _event: None,
        present: Callable[[str | None], None] = lambda _incident: None,
    ) -> None:
        self._engine, self._line, self._data_version, self._lease = engine, line, data_version, lease
        self._on_outcome, self._on_event, self._present = on_outcome, on_event, present
        self._open: str | None = None
        self._said: tuple[str | None, float] = (None, 0.0)
        self._wake, self._ended = threading.Event(), threading.Event()
        self._asked = self._news = False
        self._failures = 0

    def poke(self) -> None:
        """Exchange now, whatever is waited for: a person asks."""
        self._asked = True
        self._wake.set()

    def show(self, incident: str | None) -> None:
        """Say which incident is open here, None for none; the hub is told soon."""
        self._open = incident

    def stop(self) -> None:
        """End soon; a request under way is given up."""
        self._ended.set()
        self._wake.set()
        self._line.close()

    def run(self) -> None:
        """Work until stopped; the caller's thread."""
        threading.Thread(target=self._listen, name="hub-events", daemon=True).start()
        while not self._ended.is_set():
            with self._lease() as mine:
                if mine:
                    self._work()
                else:
                    self._ended.wait(_LEASE)

    def _work(self) -> None:
        while not self._ended.is_set():
            self._asked = self._news = False
            self._wake.clear()
            outcome = self._exchange()
            seen = self._data_version()
            if self._ended.is_set():
                return
            self._on_outcome(outcome)
            self._wait(outcome, seen)

    def _exchange(self) -> Outcome:
        try:
            return self._engine.run()
        except Busy as error:
            return Outcome(self._engine.name, "behind", error=error.message)
        except StoreError as error:
            return Outcome(self._engine.name, "behind", error=f"{error.message}. {error.remedy}")

    def _wait(self, outcome: Outcome, seen: int) -> None:
        if outcome.state == "in_sync":
            self._failures, left = 0, _IDLE
        else:
            self._failures += 1
            left = pause(self._failures, random.random, outcome.seconds)
        while left > 0 and not self._ended.is_set():
            self._wake.wait(min(_LOOK, left))
            self._wake.clear()
            if self._asked:
                return
            left -= _LOOK
            if outcome.state == "in_sync":  # else nobody there could be told, and what is new waits with the rest
                self._tell_presence()
                if self._news or self._data_version() != seen:
                    return

    def _tell_presence(self) -> None:
        said, until = self._said
        if self._open == said and (said is None or time.monotonic() < until):
            return
        self._said = self._open, time.monotonic() + _SAID
        with suppress(Unreachable, Denied):  # the next exchange says so
            self._present(self._open)

    def _listen(self) -> None:
        failures = 0
        while not self._ended.is_set():
            with suppress(Unreachable):
                for event in self._line.events(EVENTS):
                    failures = 0
                    self._on_event(event)
                    if event.name == "seq":
                        self._news = True
                        self._wake.set()
            failures += 1
            self._ended.wait(pause(failures, random.random))
