"""What a hand-over reads: which incidents are open, what came to them, and where follow-ups are left."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from domain.ordering import FIRST_CLOSED
from storage import merged


class Handing(NamedTuple):
    """What a hand-over is made of.

    Attributes:
        open: Ids of open incidents, in the order of the queue.
        closed: Ids of closed ones with follow-ups that are not done.
        changed: By id, how many entries of others came since the reader last looked at an open one.
        more: How many open ones there are beyond those listed.
    """

    open: list[str]
    closed: list[str]
    changed: dict[str, int]
    more: int


def handing(connection: sqlite3.Connection, me: str, limit: int) -> Handing:
    """Return what there is to hand over: at most `limit` open incidents, the most urgent first."""
    sql = f"""
        SELECT incident.id, last, coalesce(seen.pk, 0) FROM incident
        LEFT JOIN seen ON seen.author = ? AND seen.incident = incident.id
        WHERE key < {FIRST_CLOSED} ORDER BY key LIMIT ?
    """
    rows = connection.execute(sql, (me, limit)).fetchall()
    new = "SELECT count(*) FROM entry WHERE incident = ? AND pk > ? AND author <> ?"
    counts = {
        identifier: int(connection.execute(new, (identifier, seen, me)).fetchone()[0])
        for identifier, last, seen in rows
        if last > seen
    }
    (count,) = connection.execute(f"SELECT count(*) FROM incident WHERE key < {FIRST_CLOSED}").fetchone()
    return Handing([row[0] for row in rows], _left(connection), counts, int(count) - len(rows))


def watched(connection: sqlite3.Connection, limit: int) -> list[tuple[str, int]]:
    """Return at most `limit` open incidents, the most urgent first, each with a number for all that is recorded on it.

    It changes with every entry, also of what was merged into it.
    """
    sql = f"SELECT id, last FROM incident WHERE key < {FIRST_CLOSED} ORDER BY key LIMIT ?"
    found = {identifier: int(last) for identifier, last in connection.execute(sql, (limit,))}
    for part, last in connection.execute("SELECT id, last FROM incident WHERE alias_of IS NOT NULL").fetchall():
        if (stands := merged.standing(connection, part)) != part and stands in found:
            found[stands] += int(last)
    return list(found.items())


def ended_with_words(connection: sqlite3.Connection, since: int) -> list[str]:
    """Return the ids of incidents that ended at or after a moment, ms, and of which anything was said outside."""
    sql = f"""
        SELECT id FROM incident WHERE key >= {FIRST_CLOSED} AND ended_at >= ? AND EXISTS (
            SELECT 1 FROM entry WHERE entry.incident = incident.id AND kind = 'fact'
            AND what IN ('told', 'update', 'regulated')
        ) ORDER BY key
    """
    return [identifier for (identifier,) in connection.execute(sql, (since,))]


def _left(connection: sqlite3.Connection) -> list[str]:
    sql = f"SELECT id FROM incident WHERE to_do > 0 AND key >= {FIRST_CLOSED} ORDER BY key"
    return [identifier for (identifier,) in connection.execute(sql)]
