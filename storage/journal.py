"""The one write door: every change of an incident, whoever makes it, goes through here.

In one `BEGIN IMMEDIATE` transaction, under the store's lock: the incident as it stands is folded, the action
checks the rules against it, its drafts become entries, and entries, projections and outbox are written together.
What was recorded when a method returns is on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from domain import ids
from domain.entry import Draft, Entry
from domain.grants import Login
from domain.incident import Incident
from domain.replay import Replay
from domain.times import Clock
from domain.undo import undo
from storage.connection import connect
from storage.errors import translate_wrapped
from storage.lock import WriteLock
from storage.projection import Fold
from storage.rights import Caller, caller_of, login
from storage.rows import ENTRY_COLUMNS, entry_of
from storage.witness import Summons, nobody
from storage.writing import Writing

Action = Callable[[Incident], Iterable[Draft]]
Lock = Callable[[], AbstractContextManager[None]]
_KEPT_FOLDS = 32


def system_random_bits(bits: int) -> int:
    """Return so many random bits from the system (`secrets` does the same, but takes a while to import)."""
    return int.from_bytes(os.urandom((bits + 7) // 8), "big") >> (-bits % 8)


class Journal:
    """Records entries in one store, as one author.

    Args:
        path: The store's file, already migrated.
        author: Who acts.
        clock: The present, ms.
        random_bits: Source of random bits for ids.
        source: `human` unless a machine acts.
        engine: What `write_engine` gives, when the store is not opened from `path`: kept in memory, for one.
        lock: Keeps other writers out, when the store is not a file.
        summons: Gives who sees each act, and may refuse it; nobody.
        who: Says who runs this, on a store with rights; the system.
    """

    def __init__(
        self,
        path: Path,
        author: str,
        clock: Clock,
        random_bits: ids.Random = system_random_bits,
        source: str = "human",
        *,
        engine: Engine | None = None,
        lock: Lock | None = None,
        summons: Summons = nobody,
        who: Callable[[], Login] | None = None,
    ) -> None:
        self.path, self.author, self.clock, self.source = path, author, clock, source
        self.random_bits, self._summons, self._who = random_bits, summons, who
        self._lock: Lock = lock or WriteLock(path)
        self._engine = engine or write_engine(lambda: connect(path))
        self._folds: OrderedDict[str, tuple[Replay, Entry | None]] = OrderedDict()
        self._rewritten = 0

    def close(self) -> None:
        """Close the connection; under the lock, because the last close checkpoints the WAL."""
        with self._lock():
            self._engine.dispose()

    def new_id(self) -> str:
        """Return a fresh id, e.g. of a follow-up."""
        return ids.uuid7(self.clock(), self.random_bits)

    def record(self, incident: str, action: Action) -> Incident:
        """Do one action on one incident and return it as it stands afterwards.

        Raises:
            Refused: The action said no, or the person has no right to it; nothing was written.
            NotFound: There is no such incident.
            StoreError: The disk said no; nothing was written.
        """
        return self.record_all([incident], action)[0]

    def record_all(self, incidents: Sequence[str], action: Action) -> list[Incident]:
        """Do one action on several incidents: all or none, undone as one."""
        with self.writing() as writing:
            for incident in incidents:
                writing.record(incident, action(writing.incident(incident)))
        return [writing.results[incident] for incident in incidents]

    def raise_incident(self, drafts: Iterable[Draft], incident: str | None = None) -> Incident:
        """Record a new incident's first drafts, under a fresh id unless one is given."""
        identifier = incident or self.new_id()
        with self.writing() as writing:
            writing.record(identifier, drafts)
        return writing.results[identifier]

    def undo(self, incident: str | None = None) -> tuple[list[Incident], str]:
        """Take back this author's last action (on one incident, or anywhere) and say what it was.

        Raises:
            Refused: There is nothing to undo, or somebody has changed it since.
        """
        with self.writing() as writing:
            entries = writing.last_action(incident)
            for each in dict.fromkeys(entry.incident for entry in entries):
                replay = writing.replay(each)
                mine = [entry for entry in entries if entry.incident == each]
                writing.record(each, undo(replay, mine, writing.timeline(each)))
        last = next((e for e in entries if e.source != "implied"), entries[0])
        return list(writing.results.values()), f"{last.kind}:{last.what}"

    def receive(self, entries: Sequence[Entry]) -> int:
        """Store entries made elsewhere exactly as they are; return how many were new.

        Raises:
            NoRight: The store has rights, and the person is no administrator.
            Tampered: One of them has the id of another with other content; none was stored.
        """
        with self.writing() as writing:
            return writing.receive(entries)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open a write transaction; it commits at the end of the block, or nothing is written.

        Raises:
            Refused: A witness said no; nothing was written.
        """
        try:
            with translate_wrapped(self.path), self._lock(), self._engine.begin() as connection:
                writing = Writing(self, connection)
                yield writing
                writing.finish()
                witness = self._summons() if writing.recorded else None
                if witness is not None:
                    act = writing.act()
                    if act.entries:
                        witness.before(act)
        except BaseException:
            self._folds.clear()
            raise
        if witness is not None and act.entries:
            witness.after(act)

    def caller(self, connection: sqlite3.Connection) -> Caller | None:
        """Return where the person who runs this stands, None on a store without rights."""
        return caller_of(connection, self._who or login)

    def trust_folds(self, rewritten: int) -> None:
        """Forget the folds kept, unless the store's entries have been rewritten as often as when they were made."""
        if rewritten != self._rewritten:
            self._folds.clear()
            self._rewritten = rewritten

    def fold(self, connection: Connection, incident: str) -> Fold:
        """Return the fold of an incident's entries and the pk of its newest, reading only what is new."""
        replay, newest = self._folds.pop(incident, (Replay(incident), None))
        found = self._entries(connection, incident, newest.pk if newest else 0)
        if newest and found[:1] != [newest]:  # the store was restored meanwhile: this fold is of another history
            replay, found = Replay(incident), self._entries(connection, incident, 0)
        replay.extend(found)
        newest = found[-1] if found else None
        self._folds[incident] = replay, newest
        if len(self._folds) > _KEPT_FOLDS:
            self._folds.popitem(last=False)
        return replay, newest.pk if newest else 0

    def _entries(self, connection: Connection, incident: str, since: int) -> list[Entry]:
        sql = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident = ? AND pk >= ? ORDER BY pk"
        return [entry_of(row) for row in connection.exec_driver_sql(sql, (incident, since))]


def write_engine(opened: Callable[[], sqlite3.Connection]) -> Engine:
    """Return an engine on one connection whose transactions begin IMMEDIATE (the driver's own would deadlock)."""
    engine = create_engine("sqlite://", creator=opened, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
