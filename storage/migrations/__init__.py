"""The numbered steps of the tables that are migrated: additive, never edited once released.

Only entries and the responder's own tables are here. Projections are no business of a migration: they are dropped
and rebuilt from the entries when their version changes (`storage.projection`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from storage.errors import Unusable
from storage.migrations import m0001_entries, m0002_sync, m0003_rights
from storage.versions import APPLICATION_ID, SCHEMA_VERSION

Step = Callable[[sqlite3.Connection], None]
STEPS: tuple[Step, ...] = (m0001_entries.upgrade, m0002_sync.upgrade, m0003_rights.upgrade)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last step applied; 0 for an empty file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Return the file's schema version, or say why it cannot be used.

    Raises:
        Unusable: It is another program's database, or a newer tocsin's.
    """
    # In this order: another process may make the store meanwhile, its tables and its mark in one transaction.
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = schema_version(connection)
    if application != APPLICATION_ID and (application or objects):
        raise Unusable(f"This is another program's database: {path}", "Name another file with --database.")
    if version > SCHEMA_VERSION:
        raise Unusable(
            f"The store has schema {version}, this tocsin knows up to {SCHEMA_VERSION}: {path}",
            "Upgrade tocsin on this machine; the store was not touched.",
            "newer_schema",
        )
    return version


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file up to date, after a dated backup when it holds anything; call under the write lock."""
    version = check(connection, path)
    if version == SCHEMA_VERSION:
        return
    if version:
        _backup(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version:]:
            step(connection)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _backup(connection: sqlite3.Connection, path: Path, version: int) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.schema{version}-{stamp}.backup")
    os.close(os.open(target, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it 0644
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
