"""A hub's database as such: made, found, refused, and written by several at once."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text, update

from storage.errors import StoreError, Unusable
from storage.hub.engines import APPLICATION_ID, Database, open_database
from storage.hub.tables import HUB, METADATA
from storage.store import Store
from tests.hubs import Rig, Writer, said


def test_it_is_made_once(url: str) -> None:
    epochs = set()
    for _each in range(2):
        database = open_database(url)
        epochs.add(Rig(database).epoch)
        database.close()
    assert len(epochs) == 1


def test_the_tables_are_what_they_should_be(database: Database) -> None:
    made = inspect(database.engine)
    for table in METADATA.sorted_tables:
        assert [column["name"] for column in made.get_columns(table.name)] == [column.name for column in table.columns]


def test_two_hubs_may_begin_at_once(url: str) -> None:
    opened: list[Database | Exception] = []

    def begin() -> None:
        try:
            opened.append(open_database(url))
        except StoreError as error:
            opened.append(error)

    threads = [threading.Thread(target=begin) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [each for each in opened if isinstance(each, Database)]
    assert len(found) == 4, opened
    assert len({Rig(each).epoch for each in found}) == 1
    for each in found:
        each.close()


def test_a_newer_schema_is_refused_and_not_touched(url: str, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(update(HUB).values(version=99))
        connection.execute(text("DROP TABLE presence"))
    with pytest.raises(Unusable) as caught:
        open_database(url)
    assert caught.value.code == "newer_schema"
    assert "99" in caught.value.message
    assert caught.value.remedy
    assert not inspect(database.engine).has_table("presence")


def test_a_devices_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    Store(path, "ana", lambda: 1).close()
    before = path.read_bytes()
    with pytest.raises(Unusable) as caught:
        open_database(str(path))
    assert str(path) in caught.value.message
    assert caught.value.remedy
    assert path.read_bytes() == before


def test_a_hubs_database_is_no_devices_store(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    open_database(str(path)).close()
    before = path.read_bytes()
    with pytest.raises(Unusable):
        Store(path, "ana", lambda: 1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all, but long enough" * 40, b"x"])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        open_database(str(path))
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE entry (x)")
    with pytest.raises(Unusable):
        open_database(str(path))


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "://", "postgresql://", "http://hub"])
def test_an_address_that_cannot_be_one(address: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_database(address)
    assert caught.value.remedy


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Unusable):
        open_database(str(tmp_path))


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        open_database("postgresql://ana:hunter2@127.0.0.1:1/nothing")
    assert "hunter2" not in f"{caught.value.message} {caught.value.remedy}"


def test_the_ways_to_write_a_file(tmp_path: Path) -> None:
    for address in (str(tmp_path / "a.db"), f"sqlite:///{tmp_path}/b.db"):
        open_database(address).close()
    assert {path.name for path in tmp_path.glob("*.db")} == {"a.db", "b.db"}


def test_nobody_else_can_read_the_file_and_it_can_bear_a_power_cut(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "hub.db"
    database = open_database(str(path))
    Rig(database).join("ana").push([Writer("x").write()])
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() >= 2
        assert connection.execute(text("PRAGMA application_id")).scalar() == APPLICATION_ID
        assert connection.execute(text("PRAGMA trusted_schema")).scalar() == 0
    database.close()


def test_many_push_at_once_and_no_number_is_given_twice_or_left_out(url: str) -> None:
    """Two processes' worth of connections, eight devices, a reader that follows: nothing is passed over."""
    databases = [open_database(url), open_database(url)]
    rigs = [Rig(each) for each in databases]
    writers = [Writer(f"user{number}") for number in range(8)]
    callers = [rigs[number % 2].join(f"user{number}", writer=writer) for number, writer in enumerate(writers)]
    reader = rigs[0].join("reader")
    seen: list[str] = []
    done = threading.Event()

    def follow() -> None:
        after, last = 0, ""
        while True:
            over = done.is_set()
            while page := reader.pull(after, last, 7):
                seen.extend(page.ids)
                after, last = page.head["next"], page.head["last"]
            if over:
                return

    def write(caller: object) -> None:
        for _each in range(12):
            assert caller.push(caller.writer.write_many(3)) == ["ok"] * 3  # type: ignore[attr-defined]

    threads = [threading.Thread(target=write, args=(caller,)) for caller in callers]
    following = threading.Thread(target=follow)
    for thread in (following, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    following.join()
    acknowledged = {entry.id for writer in writers for entry in writer.entries}
    assert len(acknowledged) == 8 * 36
    assert acknowledged - set(seen) == set()
    assert len(seen) == len(acknowledged)
    assert reader.hello()["seq"] == len(acknowledged)
    for each in databases:
        each.close()


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "hub.db"))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push([ana.writer.write()])
    with database.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()

    def limit(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    from sqlalchemy import event

    event.listen(database.engine, "checkout", limit)
    answer = ana.send([ana.writer.write(body={"text": "x" * 100_000})])
    assert said(answer) == (507, "disk")
    assert answer.headers["Retry-After"]
    assert str(tmp_path) not in answer.body.decode()
    event.remove(database.engine, "checkout", limit)
    assert ana.hello()["seq"] == 1
    database.close()
