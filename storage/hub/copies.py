"""Backup and restore of a hub on SQLite; PostgreSQL has its own tools."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from storage import snapshot
from storage.connection import BUSY_SECONDS
from storage.errors import Unusable, translated
from storage.hub import people
from storage.hub.engines import APPLICATION_ID, Database, open_database, path_of
from storage.lock import WriteLock

_FOREIGN = "foreign"


def backup(database: Database, target: Path) -> int:
    """Copy a hub's database as it is at this moment to a new file of mode 0600; return its size in bytes.

    Raises:
        NotWritable: The target exists or cannot be written.
        Unusable: The hub is on PostgreSQL.
    """
    source = _file_of(database)
    with snapshot.placed(target) as partial:
        _copy(source, partial)
    return target.stat().st_size


def restore(url: str, source: Path) -> tuple[Path | None, str]:
    """Make a hub's database what a backup is, as a new history; also one that is damaged.

    Devices notice the new epoch, and offer everything that the backup lacks. A hub that runs goes on with it.

    Returns:
        The dated copy of what was there, None when there was nothing, and the new epoch.

    Raises:
        Unusable: The source is no hub's backup, the target is something else, or the hub is on PostgreSQL.
    """
    _check(source)
    target = path_of(url)
    if target is None:
        raise _not_sqlite()
    with translated(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_name(f".{target.name}.restoring")
    try:
        with WriteLock(target)(), translated(target):
            snapshot.new_file(fresh)
            _copy(source, fresh)
            with closing_database(str(fresh)) as database:
                epoch = begin_epoch(database)  # before anybody can see it
            kept = _keep(target)
            if not target.exists():
                snapshot.new_file(target)
            _copy(fresh, target)
            return kept, epoch
    finally:
        _remove(fresh)


def begin_epoch(database: Database) -> str:
    """Begin another history, after a database was restored by other means; return its name."""
    epoch = token_hex(8)
    with database.writing() as connection:
        people.new_epoch(connection, epoch)
    return epoch


def closing_database(url: str) -> closing[Database]:
    """Open a hub's database for the length of a block."""
    return closing(open_database(url))


def _file_of(database: Database) -> Path:
    if database.path is None:
        raise _not_sqlite()
    return database.path


def _not_sqlite() -> Unusable:
    remedy = "Use pg_dump and pg_restore, and after a restore: tocsin hub new-epoch."
    return Unusable("This hub is on PostgreSQL", remedy, "postgres")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        with suppress(OSError):  # what went wrong before is what is told
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source, isolation_level=None)) as old,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS, isolation_level=None)) as new,
    ):
        snapshot.copy(old, new)
        damaged = f"The hub's database is damaged ({{flaw}}): {source}"
        snapshot.require_whole(new, damaged, "Restore the last backup.")
    snapshot.sync_file(target)


def _check(source: Path) -> None:
    with translated(source):
        if not source.exists():
            raise Unusable(f"There is no file {source}", "Name a file that tocsin hub backup has made.")
        with closing(sqlite3.connect(source)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                raise Unusable(f"This is not a hub's backup: {source}", "Name a file that tocsin hub backup has made.")
            damaged = f"The backup is damaged ({{flaw}}): {source}"
            snapshot.require_whole(connection, damaged, "Use another one; nothing was changed.")


def _keep(target: Path) -> Path | None:
    """Copy what is there to a dated file; what is damaged is kept byte by byte, and goes."""
    if not target.exists() or target.stat().st_size == 0:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = target.with_name(f"{target.name}.before-restore-{stamp}")
    try:
        _check_own(target)
        snapshot.new_file(kept)
        _copy(target, kept)
    except (sqlite3.DatabaseError, Unusable) as error:
        if getattr(error, "code", "") == _FOREIGN:
            raise
        shutil.copyfile(target, kept)
        kept.chmod(0o600)
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
    return kept


def _check_own(target: Path) -> None:
    with closing(sqlite3.connect(target)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise Unusable(f"This is not a hub's database: {target}", "Name another file with --database.", _FOREIGN)
