"""The first window of the home view, read with nothing but sqlite3: what the first frame shows.

It never makes, upgrades or repairs anything: a file that is not at once usable gives nothing, and the proper way of
opening it then says why.
"""

from __future__ import annotations

import os
import sqlite3

from domain.ordering import FIRST_CLOSED
from domain.rows import QueueRow
from storage.versions import APPLICATION_ID, PROJECTION_VERSION, SCHEMA_VERSION

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from collections.abc import Iterable

ROW_COLUMNS = (
    "incident.key, incident.id, ref, incident.title, phase, status, priority, severity, owner, raised_at, updated_at, "
    "ended_at, conflicts, firing, drill, last, coalesce(seen.pk, 0), silenced_until, merged"
)
"""In the order of `QueueRow`."""
JOIN_SEEN = "LEFT JOIN seen ON seen.author = ? AND seen.incident = incident.id"
COUNTS = "SELECT name, n FROM counter WHERE name LIKE '%|%' AND n > 0"
_OPEN = (
    f"SELECT {ROW_COLUMNS} FROM incident {JOIN_SEEN} WHERE incident.key < {FIRST_CLOSED} ORDER BY incident.key LIMIT ?"
)

Counts = dict[tuple[str, str], int]


def read_home(path: str, me: str, limit: int) -> tuple[list[QueueRow], Counts] | None:
    """Return the first open incidents and the counts by (status, priority), None when the store is not ready."""
    if not os.path.exists(path):  # SQLite would make it, for all to read
        return None
    try:
        connection = sqlite3.connect(path, timeout=0.1, isolation_level=None)
    except sqlite3.Error:
        return None
    try:
        if not _is_current(connection):
            return None
        if connection.execute("SELECT 1 FROM rights LIMIT 1").fetchone():
            me = _narrowed(connection)
        rows = [QueueRow(*row) for row in connection.execute(_OPEN, (me, limit))]
        return rows, counts_of(connection.execute(COUNTS))
    except sqlite3.Error:
        return None
    finally:
        connection.close()


def _narrowed(connection: sqlite3.Connection) -> str:
    """Leave out what the person who runs this may not see, and return their login's name."""
    from storage.rights import caller_of, login
    from storage.sight import narrow

    where = caller_of(connection, login)
    narrow(connection, where)
    return where.who.name if where else ""


def counts_of(rows: Iterable[tuple[str, int]]) -> Counts:
    """Return counters by (status, priority) from rows of (name, n)."""
    found: Counts = {}
    for name, n in rows:
        status, _bar, priority = name.partition("|")
        found[status, priority] = n
    return found


def _is_current(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, schema) != (APPLICATION_ID, SCHEMA_VERSION):
        return False
    row = connection.execute("SELECT value FROM meta WHERE name = 'projection'").fetchone()
    return row is not None and row[0] == PROJECTION_VERSION
