"""Step 1: entries, devices, the outbox, and what is the responder's own."""

from __future__ import annotations

import sqlite3

_STATEMENTS = (
    """
    CREATE TABLE entry (
        pk INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        incident TEXT NOT NULL,
        device TEXT NOT NULL,
        dseq INTEGER NOT NULL,
        hlc INTEGER NOT NULL,
        kind TEXT NOT NULL,
        what TEXT NOT NULL,
        author TEXT NOT NULL,
        source TEXT NOT NULL,
        occurred_at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        over TEXT NOT NULL,
        body TEXT,
        bhash BLOB NOT NULL,
        hash BLOB NOT NULL,
        src TEXT,
        UNIQUE (device, dseq)
    )
    """,
    "CREATE INDEX entry_incident ON entry (incident, pk)",
    "CREATE INDEX entry_src ON entry (src) WHERE src IS NOT NULL",
    """
    CREATE TABLE device (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        owner TEXT NOT NULL,
        dseq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        me BOOLEAN NOT NULL
    )
    """,
    "CREATE TABLE outbox (entry INTEGER NOT NULL PRIMARY KEY, state TEXT NOT NULL)",
    """
    CREATE TABLE draft (
        author TEXT NOT NULL,
        kind TEXT NOT NULL,
        incident TEXT NOT NULL,
        text TEXT NOT NULL,
        base TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        PRIMARY KEY (author, kind, incident)
    )
    """,
    """
    CREATE TABLE seen (
        author TEXT NOT NULL,
        incident TEXT NOT NULL,
        pk INTEGER NOT NULL,
        PRIMARY KEY (author, incident)
    )
    """,
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
)


def upgrade(connection: sqlite3.Connection) -> None:
    """Create the first tables; called inside a transaction."""
    for statement in _STATEMENTS:
        connection.execute(statement)
