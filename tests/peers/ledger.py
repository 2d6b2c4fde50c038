"""What hubs have acknowledged, put down where their answers come in."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from domain.entry import Entry
from sync.client import HubClient, Pushed
from sync.transport import HttpTransport

TAKEN = ("ok", "dup", "quarantined")


class Ledger:
    """What the hubs have acknowledged, and when; asked by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ids: set[str] = set()
        self.times: list[float] = []
        self.problems: list[str] = []
        self.answers: Counter[str] = Counter()

    def took(self, found: Sequence[str]) -> None:
        """Put down what one push was answered for."""
        with self._lock:
            self.ids.update(found)
            self.times.append(time.monotonic())

    def told(self, state: str) -> None:
        """Count how one exchange ended."""
        with self._lock:
            self.answers[state] += 1

    @property
    def count(self) -> int:
        """How many entries were acknowledged."""
        return len(self.ids)

    def longest(self, since: float) -> float:
        """Return the longest time after a moment, in seconds, in which no push was acknowledged."""
        with self._lock:
            times = [since, *(each for each in self.times if each > since)]
        return max((after - before for before, after in pairwise(times)), default=0.0)


class Noting(HubClient):
    """A client that puts down what was acknowledged."""

    def __init__(self, transport: HttpTransport, ledger: Ledger) -> None:
        super().__init__(transport)
        self._ledger = ledger

    def push(self, epoch: str, entries: Sequence[Entry]) -> Pushed:
        """Send entries."""
        found = super().push(epoch, entries)
        self._ledger.took([identifier for identifier, result, _why in found.results if result in TAKEN])
        return found
