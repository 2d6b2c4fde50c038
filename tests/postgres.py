"""A PostgreSQL of the tests' own: started once, as an unprivileged user, without a port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, None where there is none."""
    if named := os.environ.get("TEST_PG_BIN"):
        return Path(named)
    found = [path.parent for place in _PLACES for path in Path(place).glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(found, default=Path(on_path).parent if on_path else None)


class Cluster:
    """A running server; it is reached through a socket in its own folder."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as its user; an error shows what it said."""
        as_root: dict[str, Any] = (
            {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if is_root() else {}
        )
        done = subprocess.run(
            [self._binaries / program, *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=60, **as_root,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -k {self.folder} -F"
        self.run("pg_ctl", "start", "-w", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "stop", "-w", "-m", mode, "-D", f"{self.folder}/data")

    def fresh_schema(self) -> str:
        """Make an empty schema and return its address: far less for the disk than a database."""
        import psycopg

        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{name}"')
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def fresh(self) -> str:
        """Make an empty database and return its address."""
        import psycopg

        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)


def is_root() -> bool:
    return os.geteuid() == 0


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server; skips visibly where there is none to start, or no driver."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed; TEST_PG_BIN names its folder")
    folder = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
    try:
        if is_root():
            shutil.chown(folder, "nobody")
        server = Cluster(folder, binaries)
        server.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "-N")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
