"""Giving entries out: by the hub's numbers, or by a device's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from domain import limits
from domain.entry import Entry
from domain.wire import to_line
from storage.hub.pushing import entry_of
from storage.hub.tables import DEVICE, ENTRY, HUB, PASSED

# Made once: putting a statement together takes longer than answering it.
_STATE = select(HUB.c.id, HUB.c.epoch, HUB.c.seq)
_VECTOR = select(DEVICE.c.id, DEVICE.c.dseq, DEVICE.c.hash).where(DEVICE.c.dseq > 0)
_AFTER = select(ENTRY).where(ENTRY.c.seq > bindparam("after")).order_by(ENTRY.c.seq).limit(bindparam("most"))
_CHAIN = (
    select(ENTRY)
    .where(ENTRY.c.device == bindparam("device"), ENTRY.c.dseq.between(bindparam("first"), bindparam("last")))
    .order_by(ENTRY.c.dseq)
    .limit(bindparam("most"))
)
_PLACES = (
    select(ENTRY.c.id, ENTRY.c.received_at).where(ENTRY.c.seq == bindparam("after")),
    select(ENTRY.c.id, ENTRY.c.received_at)
    .join(PASSED, PASSED.c.id == ENTRY.c.id)
    .where(PASSED.c.seq == bindparam("after")),
)


class Diverged(Exception):
    """The cursor stands in another history than this hub's."""


class Part(NamedTuple):
    """Some entries as lines, and where the cursor stands after them."""

    lines: list[str]
    next: int
    last: str
    more: bool


class State(NamedTuple):
    """Who the hub is and how far it is."""

    hub: str
    epoch: str
    seq: int


def state(connection: Connection) -> State:
    """Return who the hub is and how far it is."""
    row = connection.execute(_STATE).one()
    return State(row.id, row.epoch, row.seq)


def vector(connection: Connection) -> dict[str, tuple[int, bytes]]:
    """Return how far every device is here."""
    rows = connection.execute(_VECTOR)
    return {row.id: (row.dseq, bytes(row.hash)) for row in rows}


def pull(connection: Connection, after: int, last: str, limit: int) -> Part:
    """Return what follows a cursor.

    Args:
        connection: In a read transaction.
        after: The hub's number at the cursor, 0 for the beginning.
        last: What was given with that number: which entry has, or had it, and when it came.
        limit: The most entries; there are fewer when they are large.

    Raises:
        Diverged: There is no such place here.
    """
    _check_place(connection, after, last)
    rows = connection.execute(_AFTER, {"after": after, "most": limit + 1})
    return _part(rows, limit, after, last)


def fill(connection: Connection, device: str, first: int, last: int) -> Part:
    """Return entries of one device, by their own numbers, at most a page."""
    most = limits.PAGE_ENTRIES
    rows = connection.execute(_CHAIN, {"device": device, "first": first, "last": last, "most": most + 1})
    return _part(rows, most, 0, "")


def have(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, int, bytes]]:
    """Return id, device, number and hash of those entries that are here."""
    query = select(ENTRY.c.id, ENTRY.c.device, ENTRY.c.dseq, ENTRY.c.hash).where(ENTRY.c.id.in_(list(ids)))
    return [(row.id, row.device, row.dseq, bytes(row.hash)) for row in connection.execute(query)]


def _check_place(connection: Connection, after: int, last: str) -> None:
    if after == 0:
        return
    for query in _PLACES:
        if found := connection.execute(query, {"after": after}).first():
            if _mark(found) == last:
                return
            raise Diverged
    raise Diverged


def _mark(row: Any) -> str:
    # With the moment, because the same entry may get the same number again in a database that was copied back.
    return f"{row.id}.{row.received_at}"


def _part(rows: Iterable[Any], limit: int, after: int, last: str) -> Part:
    lines: list[str] = []
    size = 0
    for number, row in enumerate(rows):
        line = to_line(given(entry_of(row)))
        size += len(line.encode()) + 1
        if number >= limit or (lines and size > limits.PAGE_BYTES):
            return Part(lines, after, last, more=True)
        lines.append(line)
        after, last = row.seq, _mark(row)
    return Part(lines, after, last, more=False)


def given(entry: Entry) -> Entry:
    """Return an entry as it is given out: one that is kept back without its body."""
    return entry if entry.held is None else replace(entry, body=None)
