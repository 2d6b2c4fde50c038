"""The schema that the numbered steps make is the one that the SQLModel tables say."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, TableClause, create_engine, inspect
from sqlalchemy.dialects import sqlite
from sqlmodel import SQLModel

import storage.tables
from storage import names
from storage.connection import connect
from storage.migrations import STEPS, check, schema_version, upgrade
from storage.store import prepare
from storage.versions import SCHEMA_VERSION

NAMES = sorted(
    row.__tablename__
    for row in vars(storage.tables).values()
    if isinstance(row, type) and issubclass(row, SQLModel) and row is not SQLModel
)
# What SQLite calls the types that SQLModel gives names of its own.
SAME = {"AUTOSTRING": "TEXT", "VARCHAR": "TEXT"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    path = tmp_path_factory.mktemp("schema") / "t.db"
    prepare(path)
    return create_engine(f"sqlite:///{path}")


def kind(column_type: Any) -> str:
    name = str(column_type.compile(dialect=sqlite.dialect())).upper()
    return SAME.get(name, name)


def test_every_table_is_in_the_file(engine: Engine) -> None:
    found = [name for name in inspect(engine).get_table_names() if not name.startswith("search")]
    assert found == NAMES
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_the_columns_that_its_class_says(engine: Engine, name: str) -> None:
    table = SQLModel.metadata.tables[name]
    migrated = inspect(engine).get_columns(name)
    assert [column["name"] for column in migrated] == [column.name for column in table.columns]
    for there, said in zip(migrated, table.columns, strict=True):
        assert kind(there["type"]) == kind(said.type), said
        assert there["nullable"] == bool(said.nullable), said


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_the_keys_and_indexes_that_its_class_says(engine: Engine, name: str) -> None:
    table, found = SQLModel.metadata.tables[name], inspect(engine)
    assert found.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
    unique = {tuple(each["column_names"]) for each in found.get_unique_constraints(name)}
    said = {
        tuple(column.name for column in each.columns)
        for each in table.constraints
        if type(each).__name__ == "UniqueConstraint"
    }
    assert unique == said
    indexes = {each["name"]: tuple(each["column_names"]) for each in found.get_indexes(name)}
    assert indexes == {each.name: tuple(column.name for column in each.columns) for each in table.indexes}


def test_a_second_upgrade_does_nothing(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "t.db", create=True)) as connection:
        upgrade(connection, tmp_path / "t.db")
        made = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
        upgrade(connection, tmp_path / "t.db")
        assert connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == made
        assert schema_version(connection) == SCHEMA_VERSION == len(STEPS)
    assert [each.name for each in tmp_path.iterdir()] == ["t.db"]


def test_there_is_a_step_for_every_version() -> None:
    assert len(STEPS) == SCHEMA_VERSION


@pytest.mark.parametrize("moment", range(4))
def test_a_store_made_by_another_process_meanwhile_is_known(tmp_path: Path, moment: int) -> None:
    path = tmp_path / "t.db"
    asked: list[str] = []

    def make(statement: str) -> None:
        asked.append(statement)
        if len(asked) == moment + 1:
            with closing(connect(path)) as another:
                upgrade(another, path)

    with closing(connect(path, create=True)) as connection:
        connection.set_trace_callback(make)
        assert check(connection, path) in (0, SCHEMA_VERSION)
        connection.set_trace_callback(None)
        assert len(asked) == 3
        upgrade(connection, path)
        assert check(connection, path) == SCHEMA_VERSION


@pytest.mark.parametrize("light", [names.ENTRY], ids=str)
def test_the_journal_speaks_to_the_tables_that_sqlmodel_defines(light: TableClause) -> None:
    defined = SQLModel.metadata.tables[light.name]
    assert {column.name for column in light.columns} == {column.name for column in defined.columns}
