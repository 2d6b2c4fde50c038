"""One way to open the file: rights, pragmas, and the journal mode its file system can bear."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from storage.errors import Unusable, translated

BUSY_SECONDS = 10
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs"}
)
_MOUNTS = Path("/proc/self/mounts")


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the store's file in autocommit mode (transactions are begun by hand); opening changes nothing in it.

    Args:
        path: The file; made with mode 0600, in a folder of mode 0700, when `create`.
        create: Whether a missing file is made.

    Raises:
        StoreError: It cannot be opened or is no store.
    """
    with translated(path):
        if path.is_dir():
            raise Unusable(f"This is a folder, not a store: {path}", "Name a file with --database.")
        if create:
            _create(path)
        elif not path.exists():
            raise Unusable(f"There is no store at {path}", "Check --database, or start tocsin once to make it.")
        try:
            return _open(path)
        except sqlite3.OperationalError as error:
            if not _lacks_room(error):
                raise
            return _open(path, alone=True)


def _open(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        _configure(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _lacks_room(error: sqlite3.Error) -> bool:
    """Say whether the disk has no room for the index of the WAL: without it one process at a time can still read."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith("SQLITE_IOERR_SH") or name == "SQLITE_FULL"


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # SQLite would make it 0644; its -wal and -shm take the rights of this one. A file that is there must never be
    # opened beside SQLite: closing it again would drop every lock that this process holds on it (POSIX), and another
    # process would then take itself for the only one (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    # More than FULL only where no WAL can be had and SQLite falls back on removing a journal at each commit: FULL does
    # not sync that removal, and a power cut would take back the last commit (https://www.sqlite.org/pragma.html).
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("PRAGMA cache_size=-16000")
    if journal_mode(connection) != "WAL" and is_network(path):
        connection.execute("PRAGMA journal_mode=TRUNCATE")  # of this connection; the file does not say it


def journal_mode(connection: sqlite3.Connection) -> str:
    """Return the journal mode in use, e.g. `WAL`."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode).upper()


def wanted_mode(path: Path) -> str:
    """Return the journal mode that the file system of `path` can bear."""
    return "TRUNCATE" if is_network(path) else "WAL"


def set_journal_mode(connection: sqlite3.Connection, path: Path) -> None:
    """Write the wanted journal mode into the file; under the write lock, on a file that is known to be a store."""
    if journal_mode(connection) != (wanted := wanted_mode(path)):
        connection.execute(f"PRAGMA journal_mode={wanted}")


def is_network(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Say whether the file lies on a network file system, where WAL cannot be used."""
    return file_system(path, mounts) in _NETWORK


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system that holds `path`, e.g. `ext4`; empty when it cannot be told."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    real = str(path.resolve())
    best, kind = "", ""
    for line in lines:
        _device, _, rest = line.partition(" ")
        point, _, rest = rest.partition(" ")
        fstype = rest.partition(" ")[0]
        point = point.replace("\\040", " ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fstype
    return kind
