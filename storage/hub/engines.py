"""The hub's database: opened, made and brought up to date; SQLite in a file or memory, or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, insert, inspect, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool, StaticPool

from storage.connection import BUSY_SECONDS, set_journal_mode
from storage.errors import Busy, Unusable, translate_wrapped, translated
from storage.hub.postgres import SCHEMES, parameters, postgres_engine, translate_postgres
from storage.hub.tables import HUB, METADATA
from storage.lock import WriteLock

APPLICATION_ID = 0x746F6368  # "toch"
SCHEMA_VERSION = 1
CHANNEL = "tocsin"
"""Where PostgreSQL tells other processes that there is something new; what is told is only the number."""
Lock = Callable[[], AbstractContextManager[None]]
_SQLITE_READS: Mapping[str, Any] = {"deferred": True}
_POSTGRES_READS: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_SMALLEST = 512  # bytes of a SQLite database; a smaller file SQLite takes for an empty one, and writes over it


class Database:
    """Where a hub keeps everything.

    Args:
        engine: Connects to it.
        lock: Taken round every write; PostgreSQL needs none.
        path: The file of a SQLite one.
        server: What a PostgreSQL is connected to with, by libpq's names.
    """

    def __init__(
        self,
        engine: Engine,
        lock: Lock = nullcontext,
        path: Path | None = None,
        server: Mapping[str, str] | None = None,
    ) -> None:
        self.engine, self.path, self.server = engine, path, dict(server or {})
        self._lock = lock

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin a write transaction; it commits at the end of the block, or nothing is written.

        Raises:
            StoreError: The database cannot be written.
        """
        with self._translated(), self._lock(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a read transaction: one moment of the database, which keeps no writer waiting."""
        with self._translated(), self.engine.connect() as connection:
            connection.execution_options(**(_POSTGRES_READS if self.is_postgres else _SQLITE_READS))
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self.path is not None:
            with translate_wrapped(self.path):
                yield
            return
        try:
            yield
        except DBAPIError as error:
            raise translate_postgres(error) from error
        except PoolTimeout as error:
            raise Busy("Every connection to the hub's database is in use", "Try again; nothing was written.") from error

    def close(self) -> None:
        """Close every connection."""
        with self._lock():
            self.engine.dispose()


def open_database(url: str, *, create: bool = True) -> Database:
    """Open a hub's database, made or brought up to date first.

    Args:
        url: A path, `sqlite:///PATH`, or `postgresql://...` as libpq reads it, with several servers if there are.
        create: Whether one that is missing is made.

    Raises:
        StoreError: It cannot be opened, belongs to something else, or is missing.
    """
    path = path_of(url)
    if path is None:
        server = parameters(url)
        return _prepared(Database(postgres_engine(server), server=server), create=create)
    if not create and not path.exists():
        raise _no_hub(str(path))
    with translated(path):
        if path.is_dir():
            raise Unusable(f"This is a folder, not a hub's database: {path}", "Name a file with --database.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return _prepared(Database(_sqlite(path), WriteLock(path), path), create=create)


def _no_hub(where: str) -> Unusable:
    remedy = "Check --database, or begin with: tocsin hub code --user NAME --role admin."
    return Unusable(f"There is no hub at {where}", remedy, "no_hub")


def path_of(url: str) -> Path | None:
    """Return the file that an address means, None for PostgreSQL; raises `Unusable` for anything else."""
    if "://" not in url:
        return Path(url).expanduser()
    if url.partition("://")[0].partition("+")[0] in SCHEMES:
        return None
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Unusable(
            "The hub's database address cannot be read", "Write a path, or postgresql://HOST/NAME."
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database).expanduser()
    kind = parsed.drivername
    raise Unusable(f"A hub's database cannot be {kind}", "Write a path, or postgresql://HOST/NAME.")


def _sqlite(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        with translated(path):
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
        return connection

    return immediate(create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=10, max_overflow=30))


def memory_engine(connection: sqlite3.Connection) -> Engine:
    """Return an engine on one connection, which must be in autocommit mode: for tests and simulations."""
    return immediate(create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool))


def immediate(engine: Engine) -> Engine:
    """Let an engine's transactions begin at once as what they are (the driver's own would begin late, and deadlock)."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        deferred = connection.get_execution_options().get("deferred")
        connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")

    return engine


def prepare(database: Database, hub: str, epoch: str) -> None:
    """Make the tables, and the hub's one row, where they are missing."""
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1953456995)")  # two hubs may start at once
        METADATA.create_all(connection)
        if connection.execute(select(HUB.c.id)).first() is None:
            connection.execute(insert(HUB).values(id=hub, epoch=epoch, seq=0, version=SCHEMA_VERSION))


def _prepared(database: Database, *, create: bool) -> Database:
    from secrets import token_hex

    try:
        if database.path is not None:
            _check_sqlite(database)
        if not _check_version(database) and not create:
            raise _no_hub(str(database.path or "this address of PostgreSQL"))
        prepare(database, token_hex(8), token_hex(8))
    except BaseException:
        database.engine.dispose()
        raise
    return database


def _check_version(database: Database) -> bool:
    """Return whether there is a hub; raise when it is a newer tocsin's."""
    with database.reading() as connection:
        known = inspect(connection).has_table(HUB.name)
        version = connection.execute(select(HUB.c.version)).scalar() if known else None
    if version is not None and version > SCHEMA_VERSION:
        said = f"The hub's database has schema {version}, this tocsin knows up to {SCHEMA_VERSION}"
        raise Unusable(said, "Upgrade tocsin on this machine; nothing was touched.", "newer_schema")
    return version is not None


def _check_sqlite(database: Database) -> None:
    assert database.path is not None
    with translated(database.path):
        if 0 < database.path.stat().st_size < _SMALLEST:
            raise Unusable(f"This is not a hub's database: {database.path}", "Name another file with --database.")
        connection = sqlite3.connect(database.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION_ID and (application or objects):
                raise Unusable(f"This is not a hub's database: {database.path}", "Name another file with --database.")
            set_journal_mode(connection, database.path)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        finally:
            connection.close()
