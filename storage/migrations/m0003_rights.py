"""Step 3: who has which role on a shared store. Nothing in it is ever deleted: what is taken back says by whom."""

from __future__ import annotations

import sqlite3

_STATEMENTS = (
    """
    CREATE TABLE rights (
        id INTEGER NOT NULL PRIMARY KEY,
        subject TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        granted_by TEXT NOT NULL,
        granted_at INTEGER NOT NULL,
        revoked_by TEXT,
        revoked_at INTEGER
    )
    """,
    "CREATE UNIQUE INDEX rights_standing ON rights (subject, name) WHERE revoked_at IS NULL",
)


def upgrade(connection: sqlite3.Connection) -> None:
    """Add the table; called inside a transaction."""
    for statement in _STATEMENTS:
        connection.execute(statement)
