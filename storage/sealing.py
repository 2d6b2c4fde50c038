"""Whom an incident is kept from in a store: by itself, or with what it was merged into, since the two are one.

What a row says follows from its own entries and from the own restrictions of those that it leads to, never from what
another row took over; so it makes no difference which of them came or was written first.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from domain.replay import Replay
from domain.restriction import sealed, seen_by
from storage import merged

OPEN, OWN, WITH_ANOTHER = 0, 1, 2
"""What the column `restricted` says: shown to everybody; restricted itself; restricted with what it was merged into."""


class Seal(NamedTuple):
    """Whether an incident is kept from others, as the column `restricted` says it, and who sees it all the same."""

    how: int
    seers: frozenset[str] = frozenset()


def seal_of(connection: sqlite3.Connection, replay: Replay, target: str | None) -> Seal:
    """Return whom an incident is kept from.

    One that is restricted itself names its own people alone: a merge shows it to nobody else. Otherwise each one on the
    way to what it stands for is enough to hide it, and whoever sees all of those sees it, besides its own people.

    Args:
        connection: To the store, with the rows of those it leads to.
        replay: The fold of its entries.
        target: Id of what it stands for, None for itself.
    """
    if sealed(replay):
        return Seal(OWN, seen_by(replay))
    closing = closed_by(connection, replay.value("alias_of"), target) if target else []
    if not closing:
        return Seal(OPEN)
    see_those = frozenset.intersection(*(_seers(connection, each) for each in closing))
    return Seal(WITH_ANOTHER, seen_by(replay) | see_those)


def closed_by(connection: sqlite3.Connection, first: str, target: str) -> list[str]:
    """Return those that are restricted themselves on the way from what an incident was merged into to what it is."""
    row = "SELECT alias_of, restricted FROM incident WHERE id = ?"
    found, each = [], first
    while True:
        following, how = connection.execute(row, (each,)).fetchone()
        if how == OWN:
            found.append(each)
        if each == target:
            return found
        each = following


def held(connection: sqlite3.Connection, incident: str) -> Seal:
    """Return what the row of an incident says."""
    (how,) = connection.execute("SELECT restricted FROM incident WHERE id = ?", (incident,)).fetchone()
    return Seal(how, _seers(connection, incident))


def may_differ(connection: sqlite3.Connection, incident: str) -> bool:
    """Say whether a merged incident's row can be out of date without its fold: it, or what it leads to, is closed."""
    row = connection.execute("SELECT alias_of, restricted FROM incident WHERE id = ?", (incident,)).fetchone()
    first, how = row
    target = merged.standing(connection, incident)
    if how == OWN:
        return False
    return how == WITH_ANOTHER or (target != incident and bool(closed_by(connection, first, target)))


def _seers(connection: sqlite3.Connection, incident: str) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT name FROM seer WHERE incident = ?", (incident,)))
