"""Real servers: a PostgreSQL of the tests' own, started once; each test has a database of its own on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.standby import Pair, pair
from tests.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


@pytest.fixture
def address(postgres: Cluster) -> Iterator[str]:
    """An empty database on PostgreSQL, gone afterwards: a standby is a copy of all there are."""
    import psycopg
    from psycopg import conninfo

    made = postgres.fresh()
    yield made
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{conninfo.conninfo_to_dict(made)["dbname"]}" WITH (FORCE)')


@pytest.fixture
def both(address: str, tmp_path: Path) -> dict[str, str]:
    """An empty database of each kind."""
    return {"sqlite": str(tmp_path / "hub.db"), "postgres": address}


@pytest.fixture
def standby(postgres: Cluster) -> Iterator[Pair]:
    """PostgreSQL with a synchronous standby for the length of a test."""
    with pair(postgres) as servers:
        yield servers
