"""What comes from elsewhere: stored as it was written, once, whatever order it comes in and however often.

Two copies of one store (a home that was copied, a machine that was cloned or restored) write different entries under
the same device and number. What comes from outside may have been seen by others, so it keeps its place; the entries
here from that place on move, with the same ids and bodies, to the end of this device's chain, and if the chain itself
is contradicted, this device goes on under a new id. Nothing is lost and no chain has a hole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.entry import REDACTS, Entry
from domain.errors import Refused
from storage import chain
from storage.chain import Chain
from storage.rows import ENTRY_COLUMNS, entry_of, row_of, rows_among

INSERT = f"INSERT INTO entry ({ENTRY_COLUMNS}) VALUES ({', '.join('?' * len(ENTRY_COLUMNS.split(', ')))})"


class Tampered(Refused):
    """An entry came under an id that is here with other content: one of the two was changed after it was written."""


@dataclass(slots=True)
class Received:
    """What became of entries that came.

    Attributes:
        fresh: Those that were not here, each with its pk.
        changed: Incidents of which something that was here has changed.
        moved: How many entries of this store had to move to another place.
    """

    fresh: list[tuple[int, Entry]] = field(default_factory=list)
    changed: dict[str, None] = field(default_factory=dict)
    moved: int = 0


def receive(
    connection: sqlite3.Connection, mine: Chain, entries: Iterable[Entry], *, from_hub: bool = False
) -> Received:
    """Store entries made elsewhere exactly as they are.

    Args:
        connection: In a write transaction.
        mine: This device's chain; it may come out under a new id.
        entries: In any order; those that are here already are skipped.
        from_hub: Whether what they say of being held is the hub's own word; nobody else can let an entry go.

    Raises:
        Tampered: One of them has the id of another; nothing must be kept of this transaction.
    """
    unique = {entry.id: entry for entry in entries}
    here = _by_id(connection, unique)
    for identifier, entry in here.items():
        _check_same(entry, unique[identifier])
    found = Received()
    fresh = [entry for entry in unique.values() if entry.id not in here]
    placed = [entry for entry in here.values() if _place(entry) != _place(unique[entry.id])]
    _make_room(connection, mine, fresh, [(entry, unique[entry.id]) for entry in placed], found)
    _insert(connection, fresh, found)
    _refresh(connection, [(entry, unique[entry.id]) for entry in here.values()], found, from_hub=from_hub)
    _redact(connection, unique.values(), found)
    chain.advance(connection, {entry.device: entry.author for entry in reversed(unique.values())}.items())
    return found


def _by_id(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Entry]:
    rows = rows_among(connection, f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id IN", list(ids))
    return {entry.id: entry for entry in map(entry_of, rows)}


def _place(entry: Entry) -> tuple[str, int, bytes]:
    return entry.device, entry.dseq, entry.hash


def _check_same(here: Entry, came: Entry) -> None:
    if here.content != came.content:
        raise Tampered(
            f"The entry {came.id} is here with other content than what came",
            "One of the two was changed after it was written; see: tocsin verify.",
            "tampered",
        )


def _make_room(
    connection: sqlite3.Connection,
    mine: Chain,
    fresh: Sequence[Entry],
    placed: Sequence[tuple[Entry, Entry]],
    found: Received,
) -> None:
    """Free the places that what came takes, and give the entries in `placed` (here, came) the place that they have."""
    contradicted = _contradictions(connection, mine, fresh, placed)
    if not contradicted:
        return
    for here, _came in placed:  # out of the way of one another and of what moves
        connection.execute("UPDATE entry SET device = '', dseq = -pk WHERE id = ?", (here.id,))
    old = mine.renew() if mine.device in contradicted else ""
    for device, dseq in sorted(contradicted.items()):
        found.moved += _displace(connection, mine, device, dseq)
    for here, came in placed:
        sql = "UPDATE entry SET device = ?, dseq = ?, hash = ? WHERE id = ?"
        connection.execute(sql, (came.device, came.dseq, came.hash, here.id))
        found.changed[here.incident] = None
    found.moved += len(placed) + bool(old)


def _contradictions(
    connection: sqlite3.Connection, mine: Chain, fresh: Sequence[Entry], placed: Sequence[tuple[Entry, Entry]]
) -> dict[str, int]:
    """Return the devices whose chains are not what they are here, each with the first number that differs."""
    taken = chain.slots(connection, (*fresh, *(came for _here, came in placed)))
    places = [(here.device, here.dseq) for here, _came in placed]
    for entry in (*fresh, *(came for _here, came in placed)):
        if taken.get((entry.device, entry.dseq), entry.id) != entry.id:
            places.append((entry.device, entry.dseq))
        elif entry.device == mine.device and entry.dseq > mine.dseq:
            places.append((entry.device, mine.dseq + 1))  # somebody else goes on with this device
    found: dict[str, int] = {}
    for device, dseq in places:
        found[device] = min(dseq, found.get(device, dseq))
    return found


def _displace(connection: sqlite3.Connection, mine: Chain, device: str, dseq: int) -> int:
    """Move what is here of a device from a number on to the end of this device's chain; return how many."""
    chain.cut(connection, device, dseq)
    rows = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entry WHERE device = ? AND dseq >= ? ORDER BY dseq", (device, dseq)
    ).fetchall()
    for entry in map(entry_of, rows):
        linked = mine.extend(entry)
        sql = "UPDATE entry SET device = ?, dseq = ?, hash = ? WHERE pk = ?"
        connection.execute(sql, (linked.device, linked.dseq, linked.hash, entry.pk))
        connection.execute("INSERT OR IGNORE INTO outbox (entry, state) VALUES (?, 'waiting')", (entry.pk,))
    return len(rows)


def _insert(connection: sqlite3.Connection, fresh: Sequence[Entry], found: Received) -> None:
    (newest,) = connection.execute("SELECT coalesce(max(pk), 0) FROM entry").fetchone()
    found.fresh = list(enumerate(fresh, newest + 1))
    connection.executemany(INSERT, (row_of(entry, pk) for pk, entry in found.fresh))


def _refresh(
    connection: sqlite3.Connection, pairs: Iterable[tuple[Entry, Entry]], found: Received, *, from_hub: bool
) -> None:
    """Take over what the hub alone decides of entries that are here: whether it keeps one back, and a missing body."""
    for here, came in pairs:
        body = came.body if here.body is None else here.body
        held = came.held if from_hub else here.held
        if (body, held) != (here.body, here.held):
            connection.execute("UPDATE entry SET body = ?, held = ? WHERE id = ?", (body, held, here.id))
            found.changed[here.incident] = None
        only_here = from_hub and came.body is None and came.held is None and here.body is not None
        brought_back = not from_hub and here.body is None and came.body is not None
        if only_here or brought_back:
            # Unless a redaction stands, or comes with what is still to come, the hub has lost what was written.
            sql = "INSERT OR REPLACE INTO outbox SELECT pk, 'body' FROM entry WHERE id = ?"
            connection.execute(sql, (here.id,))


def hold(connection: sqlite3.Connection, reasons: Mapping[str, str]) -> list[str]:
    """Mark entries that the hub keeps back, each with why; return their incidents."""
    for identifier, why in reasons.items():
        connection.execute("UPDATE entry SET held = ? WHERE id = ?", (why, identifier))
    rows = rows_among(connection, "SELECT DISTINCT incident FROM entry WHERE id IN", list(reasons))
    return [incident for (incident,) in rows]


def _redact(connection: sqlite3.Connection, came: Iterable[Entry], found: Received) -> None:
    targets = [target for entry in came if (target := entry.redacts)]
    targets += _redacted_already(connection, came)
    for incident in redact(connection, targets):
        found.changed[incident] = None


def _redacted_already(connection: sqlite3.Connection, came: Iterable[Entry]) -> list[str]:
    if connection.execute("SELECT 1 FROM entry WHERE kind = 'redact' LIMIT 1").fetchone() is None:
        return []
    sql = "SELECT what FROM entry WHERE kind = 'redact' AND held IS NULL AND what IN"
    found = rows_among(connection, sql, [REDACTS + entry.id for entry in came])
    return [what.removeprefix(REDACTS) for (what,) in found]


def redact(connection: sqlite3.Connection, targets: Iterable[str]) -> list[str]:
    """Remove the bodies of entries, which leaves their chains valid; return the incidents where there was one.

    What was written over is zeroed in the file; single words stay in the index of words until it is rebuilt.
    """
    found: list[str] = []
    connection.execute("PRAGMA secure_delete=ON")
    for target in targets:
        sql = "UPDATE entry SET body = NULL WHERE id = ? AND body IS NOT NULL AND kind <> 'redact' RETURNING incident"
        found += (incident for (incident,) in connection.execute(sql, (target,)).fetchall())
    return found
