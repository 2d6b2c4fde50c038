"""Backup and restore of a hub, and what devices make of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from storage.errors import NotWritable, StoreError, Unusable
from storage.hub.copies import backup, begin_epoch, restore
from storage.hub.engines import open_database
from storage.store import Store
from tests.hubs import Rig, said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def test_a_backup_is_taken_while_it_serves(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push(ana.writer.write_many(20))
    target = tmp_path / "b"
    assert backup(database, target) == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert ana.push([ana.writer.write()]) == ["ok"]
    with pytest.raises(NotWritable):
        backup(database, target)
    database.close()
    copy = open_database(str(target))
    assert Rig(copy).join("ben").hello()["seq"] == 20
    copy.close()


def test_after_a_restore_devices_bring_back_what_the_backup_lacks(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push(ana.writer.write_many(3))
    backup(database, tmp_path / "b")
    ana.push(ana.writer.write_many(2))
    before = rig.epoch
    database.close()
    kept, epoch = restore(str(path), tmp_path / "b")
    assert kept is not None
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    database = open_database(str(path))
    ana.rig = rig = Rig(database)
    assert before != rig.epoch == epoch
    assert said(ana.send(ana.writer.entries, epoch=before)) == (409, "epoch")
    assert ana.push() == ["dup"] * 3 + ["ok"] * 2
    database.close()
    old = open_database(str(kept))
    assert Rig(old).join("ben").hello()["seq"] == 5
    old.close()


def test_a_restore_is_seen_by_a_hub_that_runs(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push([ana.writer.write()])
    backup(database, tmp_path / "b")
    ana.push([ana.writer.write()])
    _kept, epoch = restore(str(path), tmp_path / "b")
    assert rig.epoch == epoch
    assert ana.push() == ["dup", "ok"]
    database.close()


def test_each_restore_is_another_history(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    epochs = {Rig(database).epoch}
    backup(database, tmp_path / "b")
    epochs.add(begin_epoch(database))
    database.close()
    for _each in range(3):
        epochs.add(restore(str(path), tmp_path / "b")[1])
    assert len(epochs) == 5


def test_a_restore_where_there_is_nothing(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    Rig(database).join("ana")
    backup(database, tmp_path / "b")
    database.close()
    fresh = tmp_path / "new" / "hub.db"
    _kept, epoch = restore(str(fresh), tmp_path / "b")
    database = open_database(str(fresh))
    assert Rig(database).epoch == epoch
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    database.close()


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_hub_can_be_restored(path: Path, tmp_path: Path, damage: str) -> None:
    database = open_database(str(path))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push(ana.writer.write_many(50))
    backup(database, tmp_path / "b")
    database.close()
    data = bytearray(path.read_bytes())
    place = slice(0, 100) if damage == "header" else slice(4096, len(data))
    data[place] = b"\xff" * len(data[place])
    path.write_bytes(data)
    kept, _epoch = restore(str(path), tmp_path / "b")
    assert kept is not None
    assert kept.read_bytes() == bytes(data)
    database = open_database(str(path))
    ana.rig = Rig(database)
    assert ana.hello()["seq"] == 50
    database.close()


def test_what_is_no_backup_is_refused_and_nothing_is_changed(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    before = Rig(database).epoch
    store = tmp_path / "tocsin.db"
    Store(store, "ana", lambda: 1).close()
    (tmp_path / "text").write_text("hello" * 1000)
    (tmp_path / "empty").touch()
    for source in (store, tmp_path / "text", tmp_path / "empty", tmp_path / "missing", tmp_path):
        with pytest.raises(StoreError):
            restore(str(path), source)
    assert Rig(database).epoch == before
    database.close()


def test_a_devices_store_is_not_overwritten_by_a_hubs_backup(path: Path, tmp_path: Path) -> None:
    database = open_database(str(path))
    backup(database, tmp_path / "b")
    database.close()
    store = tmp_path / "tocsin.db"
    Store(store, "ana", lambda: 1).close()
    content = store.read_bytes()
    with pytest.raises(Unusable):
        restore(str(store), tmp_path / "b")
    assert store.read_bytes() == content


def test_postgresql_has_its_own_tools(url: str, tmp_path: Path) -> None:
    if not url.startswith("postgresql"):
        return
    database = open_database(url)
    with pytest.raises(Unusable) as caught:
        backup(database, tmp_path / "b")
    assert "pg_dump" in caught.value.remedy
    before = Rig(database).epoch
    assert begin_epoch(database) == Rig(database).epoch != before
    database.close()
