"""One write transaction: actions on any incidents, seen by one another, committed together."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from domain import hlc, ids, limits
from domain.entry import Draft, Entry, body_hash, chain_hash
from domain.errors import BadValue, Refused
from domain.incident import Incident
from domain.replay import Replay, field_of
from domain.strictjson import dumps
from storage import projection
from storage.errors import NotFound
from storage.names import DEVICE, ENTRY, META
from storage.rows import ENTRY_COLUMNS, entry_of, row_of

if TYPE_CHECKING:
    from storage.journal import Journal

_INSERT = f"INSERT INTO entry ({ENTRY_COLUMNS}) VALUES ({', '.join('?' * len(ENTRY_COLUMNS.split(', ')))})"


class Home(NamedTuple):
    """An incident that holds entries of an import: its id, the pk of the newest, and whether it was open before."""

    incident: str
    pk: int
    is_open: bool


class Writing:
    """One write transaction: actions on any incidents, seen by one another, committed together.

    Attributes:
        results: The incidents touched, as they stand, once the transaction is finished.
    """

    def __init__(self, journal: Journal, connection: Connection) -> None:
        self._journal, self._connection = journal, connection
        self._raw = _raw(connection)
        self._now = journal.clock()
        self._device, self._dseq, self._hash = self._me()
        self._hlc = int(self._meta("hlc") or 0)
        self._action = ids.uuid7(self._now, journal.random_bits)
        self._touched: dict[str, None] = {}
        self.results: dict[str, Incident] = {}

    @property
    def now(self) -> int:
        """The moment of this transaction, ms."""
        return self._now

    def incident(self, incident: str) -> Incident:
        """Return an incident as it stands, with what this transaction has recorded so far.

        Raises:
            NotFound: There is none.
        """
        place = projection.place_of(self._raw, incident)
        result = self.replay(incident).result(place.ref if place else "")
        if not result.entries:
            raise NotFound(f"There is no incident {incident}", "See: tocsin list.")
        return result

    def replay(self, incident: str) -> Replay:
        """Return the fold of an incident's entries."""
        return self._journal.fold(self._connection, incident)[0]

    def timeline(self, incident: str) -> list[Entry]:
        """Return an incident's entries in the order they came."""
        rows = self._connection.execute(select(ENTRY).where(ENTRY.c.incident == incident).order_by(ENTRY.c.pk))
        return [entry_of(row) for row in rows]

    def with_src(self, keys: Sequence[str]) -> dict[str, str]:
        """Return, of these import keys, those already recorded, each with its incident."""
        found: dict[str, str] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            rows = self._connection.execute(select(ENTRY.c.src, ENTRY.c.incident).where(ENTRY.c.src.in_(part)))
            found.update((src, incident) for src, incident in rows)
        return found

    def with_src_prefix(self, prefix: str) -> list[Entry]:
        """Return the entries whose import key begins with `prefix`, newest first."""
        query = select(ENTRY).where(ENTRY.c.src >= prefix, ENTRY.c.src < prefix + "\U0010ffff")
        return [entry_of(row) for row in self._connection.execute(query.order_by(ENTRY.c.pk.desc()))]

    def has(self, incident: str) -> bool:
        """Say whether there is any entry of an incident."""
        return self._raw.execute("SELECT 1 FROM entry WHERE incident = ? LIMIT 1", (incident,)).fetchone() is not None

    def sources(self, incident: str) -> set[str]:
        """Return who the entries of an incident come from: `human`, `alert` and so on."""
        rows = self._raw.execute("SELECT DISTINCT source FROM entry WHERE incident = ?", (incident,))
        return {source for (source,) in rows}

    def homes(self, prefixes: Iterable[str]) -> dict[str, list[Home]]:
        """Return, of each prefix of import keys, the incidents that have such an entry, the newest entry's first."""
        sql = """
            SELECT entry.incident, max(entry.pk), incident.ended_at IS NULL
            FROM entry INDEXED BY entry_src LEFT JOIN incident ON incident.id = entry.incident
            WHERE entry.src >= ? AND entry.src < ? GROUP BY entry.incident ORDER BY 2 DESC
        """
        found: dict[str, list[Home]] = {}
        for prefix in prefixes:
            rows = self._raw.execute(sql, (prefix, prefix + "\U0010ffff"))
            found[prefix] = [Home(incident, pk, bool(is_open)) for incident, pk, is_open in rows]
        return found

    def record(self, incident: str, drafts: Iterable[Draft]) -> list[Entry]:
        """Append drafts as entries of this device and return them."""
        made = []
        for draft in drafts:
            made.append(self._append(draft.incident or incident, draft))
            self._touched[made[-1].incident] = None
        if incident not in self._touched:  # the action had nothing to record here
            self.results[incident] = self.incident(incident)
        return made

    def last_action(self, incident: str | None) -> list[Entry]:
        """Return the entries of this author's last action that is not undone.

        Raises:
            Refused: There is none.
        """
        mine = select(ENTRY).where(ENTRY.c.device == self._device, ENTRY.c.author == self._journal.author)
        mine = mine.where(ENTRY.c.source.in_(("human", "implied")), ENTRY.c.kind != "raise")
        if incident is not None:
            mine = mine.where(ENTRY.c.incident == incident)
        for row in self._connection.execute(mine.order_by(ENTRY.c.dseq.desc()).limit(1000)):
            entry = entry_of(row)
            if "undoes" not in entry.payload and not self.replay(entry.incident).undone(entry.id):
                return self._same_action(entry)
        raise Refused("There is nothing of yours to undo here", "See: tocsin log.", "nothing_to_undo")

    def receive(self, entries: Sequence[Entry]) -> int:
        """Store entries made elsewhere as they are, skipping those that are here; return how many were new."""
        identifiers = [entry.id for entry in entries]
        here: set[str] = set()
        for start in range(0, len(identifiers), 500):
            part = identifiers[start : start + 500]
            here.update(self._connection.execute(select(ENTRY.c.id).where(ENTRY.c.id.in_(part))).scalars())
        unique = {entry.id: entry for entry in entries if entry.id not in here}.values()
        newest = self._connection.execute(select(func.max(ENTRY.c.pk))).scalar() or 0
        fresh = list(enumerate(unique, newest + 1))
        if fresh:
            known = self._known(list(dict.fromkeys(entry.incident for _pk, entry in fresh)))
            self._raw.executemany(_INSERT, (row_of(entry, pk) for pk, entry in fresh))
            self._advance([entry for _pk, entry in fresh])
            self._project_new(fresh, known)
            self._touched.update(dict.fromkeys(entry.incident for _pk, entry in fresh if entry.incident in known))
        return len(fresh)

    def _known(self, incidents: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(incidents), 500):
            part = incidents[start : start + 500]
            rows = self._connection.execute(select(ENTRY.c.incident).where(ENTRY.c.incident.in_(part)).distinct())
            found.update(rows.scalars())
        return found

    def _project_new(self, entries: Sequence[tuple[int, Entry]], known: set[str]) -> None:
        # Incidents that begin in this portion are folded from it, without reading back what was just written.
        folds: dict[str, projection.Fold] = {}
        for pk, entry in entries:
            if entry.incident not in known:
                replay, _last = folds.get(entry.incident) or (Replay(entry.incident), 0)
                replay.add(entry)
                folds[entry.incident] = replay, pk
        self.results.update(zip(folds, projection.project(self._raw, folds.values()), strict=True))

    def finish(self) -> None:
        """Write the projections of what was touched, and this device's new state."""
        folds = (self._journal.fold(self._connection, incident) for incident in self._touched)
        self.results.update(zip(self._touched, projection.project(self._raw, folds), strict=True))
        self._mark_seen()
        if self.results:
            self._connection.execute(
                update(DEVICE).where(DEVICE.c.id == self._device).values(dseq=self._dseq, hash=self._hash)
            )
            self._set_meta("hlc", str(self._hlc))

    def _append(self, incident: str, draft: Draft) -> Entry:
        journal = self._journal
        body = dumps({**draft.body, "action": self._action})
        if len(body.encode()) > limits.BODY:
            raise BadValue(f"The {draft.what} is larger than {limits.BODY:,} bytes", "Shorten it.", "too_long")
        self._hlc, self._dseq = hlc.tick(self._hlc, self._now), self._dseq + 1
        entry = Entry(
            id=ids.uuid7(self._now, journal.random_bits),
            incident=incident,
            device=self._device,
            dseq=self._dseq,
            hlc=self._hlc,
            kind=draft.kind,
            what=draft.what,
            author=journal.author,
            source=draft.source or journal.source,
            occurred_at=self._now if draft.occurred_at is None else draft.occurred_at,
            recorded_at=self._now,
            over=(),
            body=body,
            bhash=body_hash(body),
            hash=b"",
            src=draft.src,
        )
        entry = replace(entry, over=self._over(entry) if draft.over is None else draft.over)
        entry = replace(entry, hash=chain_hash(self._hash, entry))
        self._hash = entry.hash
        (pk,) = self._raw.execute(f"{_INSERT} RETURNING pk", row_of(entry, None)).fetchone()
        self._raw.execute("INSERT INTO outbox (entry, state) VALUES (?, 'waiting')", (pk,))
        return replace(entry, pk=pk)

    def _over(self, entry: Entry) -> tuple[str, ...]:
        if entry.kind not in ("set", "amend", "alias"):
            return ()
        return tuple(head.entry.id for head in self.replay(entry.incident).heads(field_of(entry)))

    def _same_action(self, entry: Entry) -> list[Entry]:
        action = entry.payload.get("action")
        mine = select(ENTRY).where(ENTRY.c.device == self._device, ENTRY.c.dseq <= entry.dseq)
        with self._connection.execute(mine.order_by(ENTRY.c.dseq.desc())) as rows:
            found = list(takewhile(lambda each: each.payload.get("action") == action, map(entry_of, rows)))
        return found[::-1]

    # -- the store's own rows --------------------------------------------------------------------------------------

    def _me(self) -> tuple[str, int, bytes]:
        row = self._connection.execute(select(DEVICE.c.id, DEVICE.c.dseq, DEVICE.c.hash).where(DEVICE.c.me)).first()
        if row and not self._forked(row[0], row[1]):
            return row[0], row[1], row[2]
        self._connection.execute(update(DEVICE).values(me=False))
        identifier = ids.uuid7(self._now, self._journal.random_bits)
        self._connection.execute(
            insert(DEVICE).values(
                id=identifier, name=os.uname().nodename, owner=self._journal.author, dseq=0, hash=b"", me=True
            )
        )
        return identifier, 0, b""

    def _forked(self, device: str, reached: int) -> bool:
        # Entries of this device that were not written here: this store is an older copy of one that went on.
        newest = select(func.max(ENTRY.c.dseq)).where(ENTRY.c.device == device)
        return (self._connection.execute(newest).scalar() or 0) > reached

    def _advance(self, entries: Sequence[Entry]) -> None:
        # A device's row says how far its entries are here without a gap, with the hash at that point.
        for device, owner in {entry.device: entry.author for entry in reversed(entries)}.items():
            known = self._connection.execute(select(DEVICE.c.dseq, DEVICE.c.hash).where(DEVICE.c.id == device)).first()
            reached, tip = known if known else (0, b"")
            rows = select(ENTRY.c.dseq, ENTRY.c.hash).where(ENTRY.c.device == device, ENTRY.c.dseq > reached)
            for dseq, digest in self._connection.execute(rows.order_by(ENTRY.c.dseq)):
                if dseq != reached + 1:
                    break
                reached, tip = dseq, digest
            self._set_device(device, reached, tip, new=known is None, owner=owner)
        for entry in entries:
            self._hlc = hlc.receive(self._hlc, entry.hlc, self._now)

    def _set_device(self, device: str, dseq: int, tip: bytes, *, new: bool, owner: str) -> None:
        if new:
            values = {"id": device, "name": "", "owner": owner, "dseq": dseq, "hash": tip, "me": False}
            self._connection.execute(insert(DEVICE).values(values))
            return
        self._connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(dseq=dseq, hash=tip))
        if device == self._device:
            self._dseq, self._hash = dseq, tip

    def _mark_seen(self) -> None:
        # Who records something has seen the incident; an import or an alert has not been seen by anybody.
        if self._journal.source == "human":
            seen = "INSERT OR REPLACE INTO seen SELECT ?, id, last FROM incident WHERE id = ?"
            self._raw.executemany(seen, [(self._journal.author, incident) for incident in self._touched])

    def _meta(self, name: str) -> str | None:
        return self._connection.execute(select(META.c.value).where(META.c.name == name)).scalar()

    def _set_meta(self, name: str, value: str) -> None:
        self._connection.execute(delete(META).where(META.c.name == name))
        self._connection.execute(insert(META).values(name=name, value=value))


def _raw(connection: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection beneath, in the same transaction."""
    inner = connection.connection.dbapi_connection
    if not isinstance(inner, sqlite3.Connection):
        raise TypeError("the projections are SQLite's")
    return inner
