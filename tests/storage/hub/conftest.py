"""Every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.hub.engines import Database, open_database
from tests.hubs import Rig
from tests.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "hub" / "hub.db")
    return request.getfixturevalue("postgres").fresh_schema()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


@pytest.fixture
def counted(database: Database) -> Iterator[Callable[[], list[str]]]:
    """Give the statements that were run since it was asked last."""
    from sqlalchemy import event

    ran: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        ran.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)

    def take() -> list[str]:
        found = list(ran)
        ran.clear()
        return found

    yield take
    event.remove(database.engine, "before_cursor_execute", note)
