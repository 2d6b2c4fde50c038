"""What is done to a store while its files are watched: one person's work and what comes from elsewhere, from a seed.

Everything goes through the product's own doors. After each call that has returned, the whole of what the store holds
is put down as one hash: after a cut it must be found as it was after some call, and not before the last that returned.
"""

from __future__ import annotations

import hashlib
import io
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from domain import actions
from domain.entry import REDACTS, Draft, Entry
from domain.incident import Incident
from storage import connection as connections
from storage.connection import connect
from storage.drafts import Drafts
from storage.remotes import Remote
from storage.store import Store, rebuild
from storage.transfer import export_lines, import_lines

START = 1_795_000_000_000  # ms
TABLES = ("entry", "device", "outbox", "remote", "reached", "seen", "draft", "meta")
HUB = Remote("hub", "hub", "http://127.0.0.1", hub="h", epoch="e")


@dataclass(frozen=True)
class Manner:
    """How SQLite is told to write.

    Attributes:
        synchronous: Another level than the product's own; `NORMAL` and `OFF` show that a loss is seen.
        checkpoint: After how many pages of WAL a checkpoint is made; SQLite's own is 1,000.
        network: Whether the folder passes for a network home, so that there is no WAL.
        wal: Whether the file system bears a WAL; where it does not, SQLite quietly keeps its oldest way of writing.
        split: Whether entries and cursor are written in two transactions, which is wrong and must be seen.
    """

    synchronous: str = ""
    checkpoint: int = 1000
    network: bool = False
    wal: bool = True
    split: bool = False


@contextmanager
def in_the_manner(manner: Manner) -> Iterator[None]:
    """Let every connection that the product opens write in a manner; with the product's own, nothing is changed."""
    configure = connections._configure

    def and_then(connection: sqlite3.Connection, path: Path) -> None:
        configure(connection, path)
        if manner.synchronous:
            connection.execute(f"PRAGMA synchronous={manner.synchronous}")
        if manner.checkpoint != Manner.checkpoint:
            connection.execute(f"PRAGMA wal_autocheckpoint={manner.checkpoint}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "_configure", and_then)
        if manner.network:
            patch.setattr(connections, "is_network", lambda _path: True)
        if not manner.wal:
            patch.setattr("storage.store.set_journal_mode", lambda _connection, _path: None)
        yield


def held(connection: sqlite3.Connection) -> str:
    """Return a hash of all that a store holds besides what is computed from it."""
    digest = hashlib.sha256()
    for table in TABLES:
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            digest.update(repr(row).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def held_at(path: Path) -> str:
    """Return the same of a store that nobody has open."""
    with closing(connect(path)) as connection:
        return held(connection)


class Clock:
    """A clock that goes on by some of a second whenever it is asked."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._now = rng, START

    def __call__(self) -> int:
        self._now += self._rng.randrange(1, 500)
        return self._now


@dataclass
class Elsewhere:
    """Entries of another device, made before anything is watched, to be pulled and imported page by page."""

    entries: Sequence[Entry]
    lines: Sequence[str]
    taken: int = 0
    imported: int = 0


def elsewhere(path: Path, seed: int, count: int = 60) -> Elsewhere:
    """Make a store of another device at `path` and return what it holds."""
    rng = random.Random(seed)
    with closing(Store(path, "bo", Clock(rng))) as store:
        store.journal.random_bits = rng.getrandbits
        incidents: list[str] = []
        with store.journal.writing() as writing:
            for n in range(count):
                if n % 6 == 0:
                    incidents.append(store.journal.new_id())
                    writing.record(incidents[-1], actions.raise_incident(f"elsewhere {n}", {"priority": "P2"}))
                else:
                    writing.record(rng.choice(incidents), actions.note(f"there {n} " + "x" * rng.randrange(400)))
        entries = [entry for incident in incidents for entry in store.reader.entries(incident)]
    return Elsewhere(sorted(entries, key=lambda entry: entry.dseq), list(export_lines(path)))


@dataclass
class Work:
    """Does calls one after the other and puts down what is held after each.

    Attributes:
        path: The store's file.
        answered: Told the number of each call that has returned.
        states: What was held after each call; the first is of a store with nothing in it.
    """

    path: Path
    seed: int
    manner: Manner
    other: Elsewhere
    answered: Callable[[int], None] = lambda _number: None
    states: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closed: bool = True

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.clock = Clock(self.rng)

    def open(self) -> None:
        """Open the store, which makes it the first time."""
        self.store = Store(self.path, "ana", self.clock)
        self.store.journal.random_bits = self.rng.getrandbits
        self.closed = False

    def put_down(self) -> None:
        """A call has returned: what the store holds now must be found whenever the power goes from here on."""
        self.states.append(held(self.store.reader._connection))
        self.answered(len(self.states) - 1)

    def run(self, calls: int) -> None:
        """Open the store, do so many calls, and close it."""
        try:
            self.open()
            self.put_down()
            for call in self.calls(calls):
                call()
                self.put_down()
        finally:
            self.close()

    def close(self) -> None:
        """Close the store, if it is open."""
        if not self.closed:
            self.closed = True
            self.store.close()

    def calls(self, count: int) -> Iterator[Callable[[], object]]:
        """Yield calls; each is chosen when it is asked for."""
        while not self.incidents:
            yield self.bring_up
        usual = [self.write] * 12 + [self.bring_up, self.several, self.undo, self.redact, self.keep, self.reopen]
        usual += [self.pull] * 12 * self.manner.split
        for _number in range(count - 1):
            yield self.rng.choice([*usual, self.pull, self.pull, self.bring_in, self.recompute])

    # -- the calls -------------------------------------------------------------------------------------------------

    def bring_up(self) -> None:
        """Raise an incident."""
        text = {"priority": self.rng.choice(("P1", "P3")), "description": "disk full " * self.rng.randrange(200)}
        raised = self.store.journal.raise_incident(actions.raise_incident(f"number {len(self.incidents)}", text))
        self.incidents.append(raised.id)

    def write(self) -> None:
        """Note something down, or assign an incident to somebody."""
        incident = self.rng.choice(self.incidents)
        if self.rng.random() < 0.3:
            self.store.journal.record(incident, lambda each: actions.assign(each, f"o{self.rng.getrandbits(40)}"))
        else:
            text = f"note {self.rng.getrandbits(40)} " + "words " * self.rng.choice((0, 5, 50, 2000))
            self.store.journal.record(incident, lambda _each: actions.note(text))
            self.notes.append(self.store.reader.entries(incident)[-1].id)

    def several(self) -> None:
        """Do one thing to several incidents, all or none."""
        found = self.rng.sample(self.incidents, min(3, len(self.incidents)))
        self.store.journal.record_all(found, lambda _each: actions.note(f"all {self.rng.getrandbits(40)}"))

    def undo(self) -> None:
        """Note something down and take it back, in two transactions of which the first is put down by itself."""
        incident = self.rng.choice(self.incidents)
        self.store.journal.record(incident, lambda each: actions.assign(each, f"u{self.rng.getrandbits(40)}"))
        self.put_down()
        self.store.journal.undo(incident)

    def redact(self) -> None:
        """Remove the body of a note."""
        note = self.notes.pop() if self.notes else ""

        def drafts(_each: Incident) -> list[Draft]:
            return [Draft("redact", REDACTS + note, {"reason": "a password"})] if note else []

        self.store.journal.record(self.incidents[-1], drafts)

    def keep(self) -> None:
        """Keep what somebody is typing."""
        Drafts(self.path, "ana", self.clock).save("note", self.incidents[0], f"half a {self.rng.getrandbits(40)}")

    def reopen(self) -> None:
        """Close the store, which takes the WAL over into the file, and open it again."""
        self.close()
        self.open()

    def recompute(self) -> None:
        """Make all projections anew."""
        rebuild(self.path)

    def pull(self) -> None:
        """Take over a page of what a hub has, together with the cursor."""
        page = self.other.entries[self.other.taken : self.other.taken + self.rng.randrange(1, 9)]
        taken = self.other.taken + len(page)
        remote = replace(HUB, cursor=taken, last=page[-1].id if page else "")
        with self.store.journal.writing() as writing:
            writing.receive(page, from_hub=True)
            if not self.manner.split:
                writing.save_remote(remote)
        if self.manner.split:
            with self.store.journal.writing() as writing:
                writing.save_remote(remote)
        self.other.taken = taken

    def bring_in(self) -> None:
        """Import a part of another store's export."""
        imported = min(self.other.imported + self.rng.randrange(1, 20), len(self.other.lines) - 1)
        import_lines(self.store.journal, io.BytesIO("\n".join(self.other.lines[: imported + 1]).encode()))
        self.other.imported = imported
