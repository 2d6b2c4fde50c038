"""Backup and restore while others go on working, and `verify`: does the store still say what its entries say?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from domain.entry import Entry, body_hash, chain_hash
from domain.grants import SIGHT, Login
from domain.replay import Replay
from storage import migrations, projection, snapshot
from storage.connection import connect
from storage.errors import StoreError, Unusable, translated
from storage.lock import WriteLock
from storage.rights import caller_of, login
from storage.rows import ENTRY_COLUMNS, entry_of
from storage.snapshot import Progress
from storage.store import prepare
from storage.versions import SCHEMA_VERSION


def backup(path: Path, target: Path, progress: Progress | None = None) -> int:
    """Copy a store as it is at this moment to a new file of mode 0600; return its size in bytes.

    Raises:
        NotWritable: The target exists or cannot be written; nothing half written is left.
    """
    with snapshot.placed(target) as partial:
        with closing(connect(path)) as source, closing(sqlite3.connect(partial, isolation_level=None)) as made:
            snapshot.copy(source, made, progress)
            made.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            damaged = f"The store is damaged ({{flaw}}): {path}"
            snapshot.require_whole(made, damaged, "Keep the file, and restore the last backup.")
        snapshot.sync_file(partial)
    return target.stat().st_size


def require_all(path: Path, what: str, who: Callable[[], Login] = login, least: str = SIGHT) -> None:
    """Refuse what reads or replaces a whole store unless the person may see all of it.

    Raises:
        NoRight: The store has rights, and their role is lower than `least`.
    """
    with translated(path), closing(connect(path)) as connection:
        if migrations.schema_version(connection) == SCHEMA_VERSION and (caller := caller_of(connection, who)):
            caller.require(least, what)


def restore(path: Path, source: Path, progress: Progress | None = None) -> Path | None:
    """Make the store at `path` what the backup is; return the dated copy of what it was, None when there was none.

    Other processes that have the store open see the restored one at their next read. It writes under a new device id
    from then on: the numbers after the backup's last may have gone out already, with other content.

    Raises:
        Unusable: The source is no store, is damaged, or is of a newer version; nothing was changed.
    """
    _check_whole(source)
    rights = _rights(path)
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with WriteLock(path)():  # nobody writes between the copy of what is there and its replacement
        kept = _keep_present(path)
        _bring_back(path, source)
    if progress:
        progress(1, 1)
    prepare(path)
    _keep_rights(path, rights)
    return kept


def _rights(path: Path) -> list[tuple[object, ...]]:
    """Return the rights that a store has, every row; none where it has none, or cannot be read."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    with suppress(StoreError, sqlite3.Error), closing(connect(path)) as connection:
        return connection.execute("SELECT * FROM rights").fetchall()
    return []


def _keep_rights(path: Path, rights: list[tuple[object, ...]]) -> None:
    # What was restored may be from before they were set: whoever may do what does not go back with the incidents.
    if not rights:
        return
    with translated(path), WriteLock(path)(), closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM rights")
        connection.executemany(f"INSERT INTO rights VALUES ({', '.join('?' * len(rights[0]))})", rights)
        connection.execute("COMMIT")


def _bring_back(path: Path, source: Path) -> None:
    """Write the backup, its device given up already, over the store in one transaction."""
    ready = path.with_name(f".{path.name}.restoring")
    try:
        with translated(path):
            snapshot.new_file(ready)
            with closing(sqlite3.connect(ready, isolation_level=None)) as copy:
                with closing(connect(source)) as backup_:
                    backup_.backup(copy, pages=-1)
                copy.execute("PRAGMA journal_mode=DELETE")
                copy.execute("UPDATE device SET me = 0")
                with closing(connect(path, create=True)) as target:
                    copy.backup(target, pages=-1)
    finally:
        with suppress(OSError):
            ready.unlink(missing_ok=True)


def _check_whole(source: Path) -> None:
    with translated(source), closing(connect(source)) as connection:
        if migrations.check(connection, source) == 0:
            raise Unusable(f"This is not a tocsin backup: {source}", "Name a file that tocsin backup has made.")
        damaged = f"The backup is damaged ({{flaw}}): {source}"
        snapshot.require_whole(connection, damaged, "Use another backup; nothing was changed.")


def _keep_present(path: Path) -> Path | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = path.with_name(f"{path.name}.before-restore-{stamp}")
    try:
        backup(path, kept)
    except Unusable:  # damaged: keep the bytes as they are
        kept.write_bytes(path.read_bytes())
        kept.chmod(0o600)
        snapshot.sync_file(kept)
        snapshot.sync_folder(kept)
        path.unlink()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return kept


@dataclass(slots=True)
class Findings:
    """What `verify` looked at and what was wrong; `problems` is empty for a sound store."""

    incidents: int = 0
    entries: int = 0
    devices: int = 0
    problems: list[str] = field(default_factory=list)


def verify(path: Path, progress: Progress | None = None) -> Findings:
    """Check the file, every device's chain of hashes, and that every incident is the replay of its entries."""
    found = Findings()
    with translated(path), closing(connect(path)) as connection:
        migrations.check(connection, path)
        connection.execute("BEGIN")  # one moment of the store, however long this takes
        _check_file(connection, found)
        if not found.problems:  # what is read from a damaged file proves nothing, and may be no entry at all
            try:
                _check_chains(connection, found)
                _check_devices(connection, found)
                _check_incidents(connection, found, progress)
            except (TypeError, ValueError) as error:
                found.problems.append(f"there is a row that is no entry: {error}")
        connection.execute("ROLLBACK")
    return found


def _check_file(connection: sqlite3.Connection, found: Findings) -> None:
    for (flaw,) in connection.execute("PRAGMA integrity_check(10)"):
        if flaw != "ok":
            found.problems.append(f"the file is damaged: {flaw}")
    try:
        connection.execute("SELECT count(*) FROM search WHERE search MATCH 'a*' LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        found.problems.append(f"the full-text index is damaged: {error}")


def _entries(connection: sqlite3.Connection, order: str) -> Iterator[Entry]:
    return map(entry_of, connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry ORDER BY {order}"))


def _check_chains(connection: sqlite3.Connection, found: Findings) -> None:
    for device, entries in groupby(_entries(connection, "device, dseq"), attrgetter("device")):
        found.devices += 1
        previous, expected = b"", 1
        for entry in entries:
            found.entries += 1
            if entry.dseq == expected and chain_hash(previous, entry) != entry.hash:
                found.problems.append(f"entry {entry.id} of device {device} was changed after it was written")
            if entry.body is not None and body_hash(entry.body) != entry.bhash:
                found.problems.append(f"the body of entry {entry.id} was changed after it was written")
            previous, expected = entry.hash, entry.dseq + 1


def _check_devices(connection: sqlite3.Connection, found: Findings) -> None:
    # What a device's row says is here must be here, up to that entry: a line taken out of the record is noticed.
    for device, reached, tip in connection.execute("SELECT id, dseq, hash FROM device ORDER BY id").fetchall():
        upto = "FROM entry WHERE device = ? AND dseq <= ?"
        (held,) = connection.execute(f"SELECT count(*) {upto}", (device, reached)).fetchone()
        last = connection.execute(f"SELECT hash {upto} AND dseq = ?", (device, reached, reached)).fetchone()
        if held != reached:
            found.problems.append(f"{reached - held} of the first {reached} entries of device {device} are missing")
        elif reached and last[0] != tip:
            found.problems.append(f"the row of device {device} does not hold the hash of its entry {reached}")


def _check_incidents(connection: sqlite3.Connection, found: Findings, progress: Progress | None) -> None:
    total = connection.execute("SELECT count(*) FROM incident").fetchone()[0]
    shown = {incident for (incident,) in connection.execute("SELECT id FROM incident")}
    for incident, entries in groupby(_entries(connection, "incident, pk"), attrgetter("incident")):
        shown.discard(incident)
        replay, last = Replay(incident), 0
        for entry in entries:
            replay.add(entry)
            last = entry.pk
        found.incidents += replay.shown
        if difference := projection.difference(connection, replay, last):
            found.problems.append(f"incident {incident} is not what its entries say: {difference}")
        if progress and replay.shown and found.incidents % 1000 == 0:
            progress(found.incidents, total)
    found.problems += [f"incident {each} is shown but has no entries" for each in shown]
    found.problems += [f"the counter {name} is wrong, it should be {n}" for name, n in projection.recount(connection)]


def require_sound(found: Findings) -> None:
    """Raise what `verify` found as an error.

    Raises:
        StoreError: Something is wrong; names the first problem and how many there are.
    """
    if found.problems:
        more = f" (and {len(found.problems) - 1} more)" if len(found.problems) > 1 else ""
        remedy = "Rebuild what is computed with: tocsin verify --rebuild; or restore a backup."
        raise StoreError(f"{found.problems[0]}{more}", remedy, "verify")
