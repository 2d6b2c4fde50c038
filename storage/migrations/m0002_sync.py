"""Step 2: what the hub keeps back, the remotes, and how far each of them has every device."""

from __future__ import annotations

import sqlite3

_STATEMENTS = (
    "ALTER TABLE entry ADD COLUMN held TEXT",
    "CREATE INDEX entry_redact ON entry (what) WHERE kind = 'redact'",
    """
    CREATE TABLE remote (
        name TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        url TEXT NOT NULL,
        user TEXT NOT NULL,
        role TEXT NOT NULL,
        hub TEXT NOT NULL,
        epoch TEXT NOT NULL,
        cursor INTEGER NOT NULL,
        last TEXT NOT NULL,
        ahead INTEGER,
        state TEXT NOT NULL,
        error TEXT NOT NULL,
        since INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE reached (
        remote TEXT NOT NULL,
        device TEXT NOT NULL,
        dseq INTEGER NOT NULL,
        PRIMARY KEY (remote, device)
    )
    """,
)


def upgrade(connection: sqlite3.Connection) -> None:
    """Add them; called inside a transaction."""
    for statement in _STATEMENTS:
        connection.execute(statement)
