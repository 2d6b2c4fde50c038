"""What somebody sees of a store with rights: restricted incidents are left out, for every statement at once.

A connection is narrowed by temporary views under the names of the tables. SQLite finds what is temporary first, so a
statement that says `incident`, `entry` or `counter` gets the view, whoever wrote it; only one that says `main.entry`
gets the table, which is what an exchange with a hub needs, and nothing that is shown. The full-text index cannot be
seen through a view; it holds no id, so every search joins it with `incident`.
"""

from __future__ import annotations

import sqlite3

from domain.errors import NoRight
from domain.grants import GROUP, NONE, SIGHT, called, listed
from storage.rights import Caller

_NAMED = """
    SELECT 1 FROM main.seer JOIN temp.viewer ON viewer.name = seer.name WHERE seer.incident = shown.id
"""
_VIEWS = {
    "hidden": f"SELECT id, status, priority FROM main.incident AS shown WHERE restricted AND NOT EXISTS ({_NAMED})",
    "incident": f"SELECT * FROM main.incident AS shown WHERE NOT restricted OR EXISTS ({_NAMED})",
    # Looked up by each entry's incident: what is read costs what is read, however many incidents are restricted.
    "entry": f"""
        SELECT * FROM main.entry AS written WHERE NOT EXISTS (
            SELECT 1 FROM main.incident AS shown
            WHERE shown.id = written.incident AND restricted AND NOT EXISTS ({_NAMED})
        )
    """,
    "counter": """
        SELECT counted.name, counted.n - coalesce(missing.n, 0) AS n
        FROM main.counter AS counted LEFT JOIN (
            SELECT status || '|' || coalesce(priority, '') AS name, count(*) AS n FROM temp.hidden GROUP BY 1
        ) AS missing ON missing.name = counted.name
    """,
}
_NOTHING = {
    "incident": "SELECT * FROM main.incident WHERE 0",
    "entry": "SELECT * FROM main.entry WHERE 0",
    "counter": "SELECT * FROM main.counter WHERE 0",
}


def narrow(connection: sqlite3.Connection, where: Caller | None) -> None:
    """Show of a store what somebody may see from now on; everything, when `where` is None.

    Args:
        connection: To the store, in autocommit mode and with no statement under way.
        where: Where they stand.
    """
    connection.execute("PRAGMA temp_store=MEMORY")
    for name in ("incident", "entry", "counter", "hidden"):
        connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS viewer (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID")
    connection.execute("DELETE FROM temp.viewer")
    if where is None or where.sees_all:
        return
    connection.executemany("INSERT OR IGNORE INTO temp.viewer VALUES (?)", [(name,) for name in where.who.names])
    for name, query in (_NOTHING if where.role == NONE else _VIEWS).items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {query}")


def refusal(connection: sqlite3.Connection, where: Caller, incident: str) -> NoRight | None:
    """Return why somebody is not shown an incident, with who is; None when they are, or there is none."""
    row = connection.execute("SELECT ref, restricted FROM main.incident WHERE id = ?", (incident,)).fetchone()
    if row is None or not row[1] or where.sees_all:
        return None
    seers = {name for (name,) in connection.execute("SELECT name FROM main.seer WHERE incident = ?", (incident,))}
    return None if seers.intersection(where.who.names) else NoRight(*_words(str(row[0]), where, seers))


def _words(ref: str, where: Caller, seers: set[str]) -> tuple[str, str, str]:
    persons_first = sorted(seers, key=lambda each: (each.startswith(GROUP), each))
    names = [called(subject, name) for subject, _colon, name in (each.partition(":") for each in persons_first)]
    may = listed([*names, *where.rights.holders(SIGHT)])
    remedy = f"{may} may see it, and a commander names others: tocsin restrict {ref} --allow {where.who.name}."
    return f"{ref} is restricted", remedy, "restricted"
