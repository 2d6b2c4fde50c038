"""Devices that write and exchange over HTTP with any of several hubs, and readers that follow the hubs' cursor.

What a hub has acknowledged is put down where its answer comes in, so that it can be held against what is there in the
end: in the hub, in every device's store, and in what every reader was given.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain import actions
from storage.journal import Journal
from storage.store import Store
from sync.client import Denied, Diverged, HubClient
from sync.engine import Engine, Outcome
from sync.transport import HttpTransport, Unreachable
from tests.peers.hubs import HubProcess, codes, now, until
from tests.peers.ledger import Ledger, Noting

_REMOTE = "hub"
_MOST = 5  # notes that are written at once


class Device:
    """One store with a token that is good on every hub.

    Args:
        number: Of the device; the user is named after it, and it begins with another hub than its neighbour.
        folder: Where its store is made.
        ledger: Where what was acknowledged is put down.
    """

    def __init__(self, number: int, folder: Path, ledger: Ledger) -> None:
        self.user, self._ledger, self._turn = f"user{number}", ledger, number
        self.store = Store(folder / f"{self.user}.db", self.user, now)
        self.incident = self.store.journal.raise_incident(actions.raise_incident(f"incident of {self.user}", {})).id
        self._sync: Journal = self.store.journal_as("sync")
        self.clients: list[Noting] = []
        self._engines: list[Engine] = []
        self._transports: list[HttpTransport] = []
        self._written = 0

    def join(self, hubs: Sequence[HubProcess], code: str) -> None:
        """Enrol with one hub, and from then on speak to all of them."""
        token = HubClient(HttpTransport(hubs[0].url)).enrol(code, self.store.reader.device(), "test")["token"]
        self._transports = [HttpTransport(hub.url, token) for hub in hubs]
        self.clients = [Noting(each, self._ledger) for each in self._transports]
        self._engines = [Engine(self._sync, self.store.reader, each, _REMOTE) for each in self.clients]

    def write(self) -> None:
        """Write one to five notes as one action."""
        count = self._written % _MOST + 1
        texts = [f"{self.user} note {self._written + n} «ü漢🔥»" for n in range(count)]
        self._written += count
        with self.store.journal.writing() as writing:
            for text in texts:
                writing.record(self.incident, actions.note(text))

    def exchange(self) -> Outcome:
        """Exchange with the hub whose turn it is, and with the next one when it does not answer."""
        for _each in self._engines:
            outcome = self._engines[self._turn % len(self._engines)].run()
            self._ledger.told(outcome.state)
            if outcome.state != "offline":
                break
            self._turn += 1
        return outcome

    def ids(self) -> set[str]:
        """Return the ids of everything that is in the store."""
        reader = self.store.reader
        found: set[str] = set()
        for device, (dseq, _tip) in reader.vector().items():
            first = 1
            while first <= dseq and (part := reader.chain(device, first, 1000)):
                found.update(entry.id for entry in part)
                first = part[-1].dseq + 1
        return found

    def close(self) -> None:
        """Close its store and its connections."""
        for each in self._transports:
            each.close()
        self._sync.close()
        self.store.close()


class Follower:
    """A reader that follows the cursor through any hub and holds nothing against anything.

    Attributes:
        ids: What it was given.
        begun_again: How often its cursor stood in another history.
    """

    def __init__(self, number: int, limit: int) -> None:
        self.number, self._limit = number, limit
        self.ids: set[str] = set()
        self.begun_again = 0
        self._clients: list[HubClient] = []

    def join(self, hubs: Sequence[HubProcess], code: str) -> None:
        """Enrol with one hub, and from then on follow any."""
        token = HubClient(HttpTransport(hubs[0].url)).enrol(code, str(uuid.uuid4()), "reader")["token"]
        self._clients = [HubClient(HttpTransport(hub.url, token)) for hub in hubs]

    def follow(self, done: threading.Event) -> None:
        """Follow until everything is there after `done`; each page from another hub."""
        epoch, after, last, turn = "", 0, "", self.number
        while True:
            over, turn = done.is_set(), turn + 1
            client = self._clients[turn % len(self._clients)]
            try:
                epoch = epoch or client.hello().epoch
                page = client.pull(epoch, after, last, self._limit)
            except Unreachable:
                done.wait(0.05)
                continue
            except Diverged:
                self.begun_again += 1
                epoch, after, last = "", 0, ""
                continue
            if page is not None:
                self.ids.update(entry.id for entry in page.entries)
                after, last = page.next, page.last
            elif over:
                return
            else:
                done.wait(0.05)


@dataclass
class Found:
    """What came of a run.

    Attributes:
        acknowledged: Entries that a hub has answered for.
        in_hub: Entries that the hub has in the end.
        lost: Acknowledged ones that the hub has not.
        missed: Acknowledged ones that some reader was not given, or that some store lacks, over all of them.
        begun_again: How often a reader's cursor stood in another history.
        unequal: Devices that were not in sync in the end, or whose vector is not the hub's.
        answers: How many exchanges ended how.
        problems: What a thread died of.
        gaps: What was done, and the seconds round it in which no push was acknowledged.
    """

    acknowledged: int = 0
    in_hub: int = 0
    lost: int = 0
    missed: int = 0
    begun_again: int = 0
    unequal: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    gaps: list[tuple[str, float]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing that was acknowledged is missing anywhere."""
        return not (self.lost or self.missed or self.unequal or self.problems) and self.acknowledged > 0


class Fleet:
    """Devices and readers on some hubs; `running()` lets them work while something is done to the hubs.

    Args:
        hubs: Ready to answer.
        database: Their database.
        folder: Where stores are made.
        devices: How many push.
        readers: How many follow the cursor.
    """

    def __init__(
        self, hubs: Sequence[HubProcess], database: str, folder: Path, devices: int = 8, readers: int = 2
    ) -> None:
        self.hubs, self.ledger, self.found = hubs, Ledger(), Found()
        self.devices = [Device(number, folder, self.ledger) for number in range(devices)]
        self.followers = [Follower(number, 7 + 93 * number) for number in range(readers)]
        users = [(device.user, "responder") for device in self.devices]
        users += [(f"reader{reader.number}", "viewer") for reader in self.followers]
        joining: list[Device | Follower] = [*self.devices, *self.followers]
        for each, code in zip(joining, codes(database, users), strict=True):
            each.join(hubs, code)
        self._stop, self._done = threading.Event(), threading.Event()

    def close(self) -> None:
        """Close every store."""
        for device in self.devices:
            device.close()

    @contextmanager
    def running(self, pause: float = 0.02) -> Iterator[Ledger]:
        """Let devices push and readers read for the length of the block, and then come to rest."""
        pushing = [threading.Thread(target=self._guarded, args=(self._work, each, pause)) for each in self.devices]
        reading = [threading.Thread(target=self._guarded, args=(each.follow, self._done)) for each in self.followers]
        for thread in (*reading, *pushing):
            thread.start()
        try:
            yield self.ledger
            self._stop.set()
            _join(pushing)
            self._settle()
        finally:
            self._stop.set()
            self._done.set()
            _join([*pushing, *reading])

    def progress(self, count: int, seconds: float = 60.0) -> None:
        """Wait until so many more entries were acknowledged."""
        wanted = self.ledger.count + count
        until(
            lambda: self.ledger.count >= wanted or self.ledger.problems,
            f"{count} more entries",
            lambda: f"{self.ledger.count} of {wanted}, {self.ledger.answers}",
            seconds,
        )

    def judged(self, in_hub: set[str]) -> Found:
        """Hold everything that was acknowledged against what is there."""
        found, acknowledged = self.found, self.ledger.ids
        found.acknowledged, found.in_hub, found.lost = len(acknowledged), len(in_hub), len(acknowledged - in_hub)
        found.missed = sum(len(acknowledged - each.ids) for each in self.followers)
        found.missed += sum(len(acknowledged - device.ids()) for device in self.devices)
        found.begun_again = sum(each.begun_again for each in self.followers)
        found.answers, found.problems = dict(self.ledger.answers), self.ledger.problems
        return found

    def _work(self, device: Device, pause: float) -> None:
        while not self._stop.wait(pause):
            device.write()
            if device.exchange().state == "refused":
                raise AssertionError(f"{device.user} was refused: {device.store.reader.remotes()}")

    def _settle(self) -> None:
        """Exchange until nobody has anything new: what one brings, the others take over in the next round."""
        vectors: list[object] = []
        states: list[str] = []

        def equal() -> bool:
            states[:] = [device.exchange().state for device in self.devices]
            vectors[:] = [device.store.reader.vector() for device in self.devices]
            return all(each == "in_sync" for each in states) and all(each == vectors[0] for each in vectors)

        until(equal, "equal stores", lambda: states)
        hub = self._hub_vector()
        self.found.unequal = [d.user for d in self.devices if d.store.reader.vector() != hub]

    def _hub_vector(self) -> object:
        return self.devices[0].clients[0].hello().vector

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except (Exception, Denied) as error:  # noqa: BLE001 - a thread's end is told, whatever it died of
            self.ledger.problems.append(f"{type(error).__name__}: {error}")


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
