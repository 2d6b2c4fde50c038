"""PostgreSQL under a hub: its address as libpq reads it, connections that notice a server that is gone, its errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from storage.errors import Busy, NotWritable, StoreError, Unusable

SCHEMES = ("postgresql", "postgres")
_REMEDY = "Write it as postgresql://USER@HOST/NAME, several servers as HOST:PORT,HOST:PORT."
# A server that vanished says nothing: without these a connection to it is believed in for hours. The address may say
# otherwise. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_CONNECT: Mapping[str, str] = {
    "application_name": "tocsin",
    "connect_timeout": "5",  # seconds, for each server
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",  # ms
}
# The other way round: a hub that vanished must not keep the others from writing, and whoever waits is told to come
# again before the device has given up.
_SESSION = (
    "SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '60s'; "
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
)
_DURABLE = ("on", "remote_apply")
_FULL = "53100"
# A standby's, to a write, and to the beginning of a transaction that may write. The latter is of a prepared statement
# that fits no more as well, which another connection mends too.
_READ_ONLY = ("25006", "0A000")
# https://www.postgresql.org/docs/current/errcodes-appendix.html: two that were at it at once, or a lock too long held
_AGAIN = ("40001", "40P01", "55P03", "23505")
_TOO_MANY, _STOPPING = "53300", "57P"


def parameters(url: str) -> dict[str, str]:
    """Return what to connect with, by libpq's names; an address may name several servers and any of libpq's options.

    Raises:
        Unusable: It cannot be read, or there is no driver.
    """
    try:
        from psycopg import ProgrammingError, conninfo
    except ImportError as error:
        raise Unusable("PostgreSQL needs a driver", "Install it: pip install 'tocsin[postgres]'.") from error
    _scheme, _colon, rest = url.partition("://")
    try:
        return {**_CONNECT, **{k: str(v) for k, v in conninfo.conninfo_to_dict(f"postgresql://{rest}").items()}}
    except (ProgrammingError, UnicodeError):
        # What libpq says may quote the password.
        raise Unusable("The hub's database address cannot be read", _REMEDY) from None


def postgres_engine(server: Mapping[str, str]) -> Engine:
    """Return an engine on the server, or the one of several that takes writes."""
    engine = create_engine(
        "postgresql+psycopg://",
        connect_args=dict(server),
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        isolation_level="READ COMMITTED",  # whoever waited for the row sees what it waited for
    )
    event.listen(engine, "connect", _begin_session)
    event.listen(engine, "handle_error", _leave_standby)
    return engine


def _begin_session(connection: Any, _record: Any) -> None:
    was, connection.autocommit = connection.autocommit, True
    connection.execute(_SESSION)
    if connection.execute("SHOW synchronous_commit").fetchone()[0] not in _DURABLE:
        # What is acknowledged is on the disk, and on the standby where there is a synchronous one.
        connection.execute("SET synchronous_commit = on")
    connection.autocommit = was


def _leave_standby(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) in _READ_ONLY:
        context.is_disconnect = True  # the whole pool connects anew, to the server that takes writes now


def translate_postgres(error: DBAPIError) -> StoreError:
    """Return what an error of PostgreSQL means for a person."""
    said = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == _FULL:
        return NotWritable(f"PostgreSQL's disk is full: {said}", "Free some space and try again; nothing was lost.")
    if state in _AGAIN:
        return Busy(f"PostgreSQL is busy: {said}", "Try again; nothing was written.")
    if _is_away(error, state):
        return Busy(f"PostgreSQL does not answer: {said}", "Try again; see whether it runs, and its own log.")
    return NotWritable(f"PostgreSQL failed: {said}", "Nothing was written; see the database's own log.")


def _is_away(error: DBAPIError, state: str) -> bool:
    if state:
        return state in (*_READ_ONLY, _TOO_MANY) or state[:2] == "08" or state[:3] == _STOPPING
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
