"""The tables of the projections: dropped and made anew whenever their version changes, never migrated."""

from __future__ import annotations

import sqlite3

from storage.versions import PROJECTION_VERSION

_TABLES = ("incident", "counter", "seer", "search")

_DDL = (
    """
    CREATE TABLE incident (
        key INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL,
        ref TEXT NOT NULL, title TEXT NOT NULL, phase TEXT NOT NULL, status TEXT NOT NULL, severity TEXT,
        priority TEXT, impact TEXT, urgency TEXT, type TEXT, technical_category TEXT, service_category TEXT,
        owner TEXT, tags TEXT NOT NULL,
        resources TEXT NOT NULL, raised_at INTEGER NOT NULL, acknowledged_at INTEGER, mitigated_at INTEGER,
        ended_at INTEGER, updated_at INTEGER NOT NULL, conflicts INTEGER NOT NULL, firing INTEGER NOT NULL,
        drill BOOLEAN NOT NULL, to_do INTEGER NOT NULL, silenced_until INTEGER, alias_of TEXT, merged TEXT,
        escalation INTEGER NOT NULL, restricted BOOLEAN NOT NULL, last INTEGER NOT NULL
    )
    """,
    "CREATE INDEX incident_code ON incident (code)",
    "CREATE INDEX incident_status ON incident (status)",
    "CREATE INDEX incident_owner ON incident (owner)",
    "CREATE INDEX incident_conflicts ON incident (key) WHERE conflicts > 0",
    "CREATE INDEX incident_to_do ON incident (key) WHERE to_do > 0",
    "CREATE INDEX incident_alias ON incident (alias_of) WHERE alias_of IS NOT NULL",
    "CREATE INDEX incident_restricted ON incident (id, status, priority) WHERE restricted",
    """
    CREATE TABLE seer (
        incident TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (incident, name)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL)",
    """
    CREATE VIRTUAL TABLE search USING fts5(
        title, text, tags, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3 4'
    )
    """,
)


def projection_version(connection: sqlite3.Connection) -> str | None:
    """Return the version the projections were made with, None when there are none."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'projection'").fetchone()
    return str(row[0]) if row else None


def create(connection: sqlite3.Connection) -> None:
    """Make the projections' tables anew, empty; in the caller's transaction."""
    for name in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in _DDL:
        connection.execute(statement)
    connection.execute("DELETE FROM meta WHERE name = 'projection'")
    connection.execute("INSERT INTO meta VALUES ('projection', ?)", (PROJECTION_VERSION,))
