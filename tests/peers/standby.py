"""A PostgreSQL with a synchronous standby, both reached through sockets in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

from tests.peers.hubs import until
from tests.postgres import Cluster

_FIRST, _SECOND = 5432, 5433


class Pair:
    """The two servers; `stop` and `start` are of the first.

    Args:
        server: The first, running.
    """

    def __init__(self, server: Cluster) -> None:
        self._server, self.folder = server, server.folder
        self._standby = f"{server.folder}/standby"

    def url(self) -> str:
        """Return an empty database's address that names both."""
        name = self._server.fresh().partition("/t")[2].partition("?")[0]
        return f"postgresql://postgres@/t{name}?host={self.folder},{self.folder}&port={_FIRST},{_SECOND}"

    def begin(self) -> None:
        """Make the standby, and let commits wait for it."""
        run = self._server.run
        import psycopg

        source = ("--host", str(self.folder), "--username", "postgres", "--checkpoint=fast", "--no-sync")
        run("pg_basebackup", "--pgdata", self._standby, "--write-recovery-conf", *source)
        options = f"-c listen_addresses='' -k {self.folder} -p {_SECOND} -F"
        run("pg_ctl", "start", "-w", "-D", self._standby, "-l", f"{self.folder}/standby.log", "-o", options)
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            until(lambda: _has_standby(connection), "the standby")

    def stop(self) -> None:
        """Stop the first as a crash would."""
        self._server.stop()

    def start(self) -> None:
        """Start the first again."""
        self._server.start()

    def promote(self) -> None:
        """Let the standby take writes."""
        self._server.run("pg_ctl", "promote", "-w", "-D", self._standby)

    def end(self) -> None:
        """Stop and remove the standby, and leave the first as it was."""
        import psycopg

        with suppress(AssertionError):
            self._server.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._standby)
        with suppress(AssertionError):  # it runs
            self._server.start()
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
        shutil.rmtree(self._standby, ignore_errors=True)


def _has_standby(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone() is not None


@contextmanager
def pair(server: Cluster) -> Iterator[Pair]:
    """Give a server a synchronous standby for the length of a block."""
    both = Pair(server)
    try:
        both.begin()
        yield both
    finally:
        both.end()
