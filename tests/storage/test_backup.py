"""Backup, restore and verify, while others go on working."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.entry import chain_hash
from domain.incident import Incident
from storage.backup import backup, require_sound, restore, verify
from storage.connection import connect, journal_mode
from storage.errors import NotWritable, StoreError, Unusable
from storage.store import Store, rebuild

Raised = Callable[..., Incident]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "backup.db"


def rows(path: Path, table: str = "entry") -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
    connection.close()
    return found


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_backup_is_one_whole_file(store: Store, raised: Raised, target: Path) -> None:
    incident = raised()
    told: list[tuple[int, int]] = []
    size = backup(store.path, target, lambda done, total: told.append((done, total)))
    assert size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [each.name for each in target.parent.iterdir()] == ["backup.db"]
    assert told[-1][0] == told[-1][1] > 0
    assert rows(target) == rows(store.path)
    before = target.read_bytes()
    assert verify(target).problems == []
    assert target.read_bytes() == before  # looking at a backup does not change it
    assert incident.id in str(rows(target))


def test_a_backup_never_overwrites(store: Store, raised: Raised, target: Path) -> None:
    raised()
    target.parent.mkdir()
    target.write_text("mine")
    with pytest.raises(NotWritable, match="a file already"):
        backup(store.path, target)
    assert target.read_text() == "mine"


def test_a_backup_that_cannot_be_written_leaves_nothing(store: Store, raised: Raised, tmp_path: Path) -> None:
    raised()
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "b.db", Path("/proc/none/b.db"), tmp_path / ("x" * 300)):
        with pytest.raises(NotWritable):
            backup(store.path, place)
    with pytest.raises(Unusable, match="There is no store"):
        backup(tmp_path / "none.db", tmp_path / "b.db")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "file"]


def test_a_backup_is_one_moment_though_others_write(store: Store, raised: Raised, target: Path) -> None:
    """Each step of the copy meets another write; the copy neither begins again nor mixes two moments."""
    incident = raised()
    change(store.path, "INSERT INTO draft VALUES ('ana', 'note', 'i', hex(zeroblob(15000000)), '', 1)")
    held = rows(store.path)
    steps: list[int] = []

    def write(done: int, _total: int) -> None:
        steps.append(done)
        assert len(steps) < 100
        store.journal.record(incident.id, lambda _: actions.note(f"meanwhile {done}"))

    backup(store.path, target, write)
    assert len(steps) > 3
    assert steps == sorted(set(steps))
    assert rows(target) == held
    assert len(rows(store.path)) == len(held) + len(steps)
    assert verify(target).problems == verify(store.path).problems == []


WRITER = """
from domain import actions
from storage.store import Store
store = Store(path, "bo", lambda: 1_795_000_000_000)
for n in range(100_000):
    store.journal.raise_incident(actions.raise_incident(f"disk {n}", {}))
    print(n, flush=True)
"""


def test_backups_while_another_process_writes(store: Store, child: Callable[..., Any], target: Path) -> None:
    writer = child(WRITER)
    writer.stdout.readline()
    counts = []
    for number in range(5):
        place = target.with_name(f"{number}.db")
        backup(store.path, place)
        found = verify(place)
        assert found.problems == []
        counts.append(found.incidents)
        writer.stdout.readline()
    assert counts == sorted(counts)
    assert counts[0] >= 1
    assert writer.poll() is None


def test_a_restore_is_seen_by_who_reads_and_kept_from_who_writes(store: Store, raised: Raised, target: Path) -> None:
    incident = raised("before")
    backup(store.path, target)
    store.journal.record(incident.id, lambda i: actions.assign(i, "bo"))
    lost = raised("after")
    reader = store.another_reader()
    assert reader.count() == 2
    version = reader.data_version()
    kept = restore(store.path, target)
    assert reader.data_version() != version
    assert reader.count() == 1
    assert reader.row(lost.id) is None
    assert kept is not None
    assert len(rows(kept, "incident")) == 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.name.startswith("tocsin.db.before-restore-")
    # The journal had folded what is gone; it must not bring it back.
    after = store.journal.record(incident.id, lambda _: actions.note("goes on"))
    assert (after.owner, after.notes) == (None, 1)
    assert verify(store.path).problems == []
    with closing(connect(store.path)) as asked:
        assert journal_mode(asked) == "WAL"
    reader.close()


def test_a_restored_store_writes_under_a_new_device(store: Store, raised: Raised, target: Path) -> None:
    incident = raised()
    backup(store.path, target)
    store.journal.record(incident.id, lambda _: actions.note("gone out already"))
    away = store.reader.entries(incident.id)
    restore(store.path, target)
    store.journal.record(incident.id, lambda _: actions.note("another"))
    store.journal_as("sync").receive(away)  # what had gone out comes back
    assert [entry.payload.get("text") for entry in store.reader.entries(incident.id)] == [
        None,
        "another",
        "gone out already",
    ]
    found = verify(store.path)
    assert (found.problems, found.devices) == ([], 2)


def test_a_restore_twice_gives_the_same(store: Store, raised: Raised, target: Path) -> None:
    raised()
    backup(store.path, target)
    before = target.read_bytes()
    first, second = restore(store.path, target), restore(store.path, target)
    assert first != second
    assert target.read_bytes() == before
    assert rows(store.path) == rows(target)


def test_a_restore_where_there_is_nothing(store: Store, raised: Raised, target: Path, tmp_path: Path) -> None:
    raised()
    backup(store.path, target)
    fresh = tmp_path / "new" / "t.db"
    assert restore(fresh, target) is None
    assert rows(fresh) == rows(target)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    assert verify(fresh).problems == []


def test_a_restore_over_a_broken_store_keeps_its_bytes(store: Store, raised: Raised, target: Path) -> None:
    raised()
    backup(store.path, target)
    store.close()
    broken = b"broken " * 1000
    store.path.write_bytes(broken)
    kept = restore(store.path, target)
    assert kept is not None
    assert kept.read_bytes() == broken
    assert rows(store.path) == rows(target)


def garbage(target: Path) -> None:
    target.write_bytes(b"nonsense " * 1000)


def truncated(target: Path) -> None:
    target.write_bytes(target.read_bytes()[:-9000])


def damaged(target: Path) -> None:
    data = bytearray(target.read_bytes())
    data[4096 * 3 : 4096 * 5] = b"\xee" * 8192
    target.write_bytes(data)


def newer(target: Path) -> None:
    change(target, "PRAGMA user_version=99")


def foreign(target: Path) -> None:
    target.unlink()
    change(target, "CREATE TABLE t (a)")


def empty(target: Path) -> None:
    target.write_bytes(b"")


def missing(target: Path) -> None:
    target.unlink()


@pytest.mark.parametrize("spoil", [garbage, truncated, damaged, newer, foreign, empty, missing])
def test_a_bad_backup_is_refused_and_nothing_is_changed(
    store: Store, raised: Raised, target: Path, spoil: Callable[[Path], None]
) -> None:
    raised()
    backup(store.path, target)
    raised("later")
    before = rows(store.path)
    spoil(target)
    with pytest.raises(Unusable) as error:
        restore(store.path, target)
    assert str(target) in error.value.message
    assert error.value.remedy
    assert rows(store.path) == before
    assert list(store.path.parent.glob("*before-restore*")) == []


# -- verify


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entry SET body = replace(body, 'disk', 'dusk') WHERE kind = 'raise'", "the body of entry"),
        ("UPDATE entry SET author = 'mallory' WHERE pk = 2", "was changed after it was written"),
        ("UPDATE entry SET occurred_at = occurred_at + 1 WHERE pk = 2", "was changed after it was written"),
        ("DELETE FROM entry WHERE pk = 2", "are missing"),
        ("DELETE FROM entry WHERE pk = (SELECT max(pk) FROM entry)", "are missing"),
        ("UPDATE device SET hash = x'00'", "does not hold the hash"),
        ("UPDATE incident SET title = 'wrong'", "title is 'wrong', should be 'disk full'"),
        ("UPDATE incident SET status = 'resolved'", "status is 'resolved', should be 'raised'"),
        ("UPDATE incident SET owner = NULL", "owner is None, should be 'bo'"),
        ("UPDATE incident SET key = key + 1", "key is"),
        ("UPDATE incident SET ref = 'INC-OTHER'", "ref is 'INC-OTHER'"),
        ("UPDATE incident SET last = 1", "last is 1"),
        ("DELETE FROM incident", "it is not shown"),
        ("UPDATE counter SET n = n + 1 WHERE name LIKE '%|%'", "the counter raised|P1 is wrong, it should be 1"),
        ("UPDATE counter SET name = 'raised|P2' WHERE name = 'raised|P1'", "the counter raised|P2 is wrong"),
        ("DELETE FROM search", "full-text index"),
        ("UPDATE search SET text = 'other'", "full-text index"),
    ],
)
def test_verify_notices(store: Store, raised: Raised, statement: str, said: str) -> None:
    incident = raised("disk full", priority="P1")
    store.journal.record(incident.id, lambda i: actions.assign(i, "bo"))
    store.journal.record(incident.id, lambda _: actions.note("text"))
    assert verify(store.path).problems == []
    change(store.path, statement)
    problems = verify(store.path).problems
    assert any(said in problem for problem in problems), problems
    with pytest.raises(StoreError, match="verify") as error:
        raise_problem(store.path)
    assert error.value.code == "verify"


def raise_problem(path: Path) -> None:
    try:
        require_sound(verify(path))
    except StoreError as error:
        raise StoreError(f"verify: {error.message}", error.remedy, error.code) from error


def test_verify_notices_what_has_no_entries(store: Store, raised: Raised) -> None:
    raised()
    change(store.path, "UPDATE incident SET id = '01a1f0a0-0000-7000-8000-000000000001'")
    assert any("is shown but has no entries" in problem for problem in verify(store.path).problems)


def test_a_rebuild_mends_what_is_computed(store: Store, raised: Raised) -> None:
    incident = raised("disk full", priority="P1")
    change(store.path, "UPDATE incident SET title = 'x', key = 3", "DELETE FROM search", "UPDATE counter SET n = 9")
    assert rebuild(store.path) == 1
    assert verify(store.path).problems == []
    assert store.reader.incident(incident.id) == incident
    require_sound(verify(store.path))


def test_verify_counts_and_tells_how_far_it_is(store: Store) -> None:
    found = [f"01a1f0a0-0000-7000-8000-{n:012x}" for n in range(2000)]
    store.journal.raise_incident(actions.raise_incident("x", {}), found[0])
    (first,) = store.reader.entries(found[0])
    previous, made = first.hash, []
    for number, incident in enumerate(found[1:], 2):
        entry = replace(first, id=incident, incident=incident, dseq=number)
        previous = chain_hash(previous, entry)
        made.append(replace(entry, hash=previous))
    assert store.journal_as("sync").receive(made) == 1999
    told: list[tuple[int, int]] = []
    sound = verify(store.path, lambda done, total: told.append((done, total)))
    assert (sound.problems, sound.incidents, sound.entries, sound.devices) == (
        [],
        2000,
        2001,
        2,
    )  # and one that says which device this store goes on from
    assert told == [(1000, 2000), (2000, 2000)]


def test_a_copied_file_is_a_store(store: Store, raised: Raised, tmp_path: Path, clock: Any) -> None:
    raised()
    store.close()
    shutil.copy(store.path, tmp_path / "copy.db")
    with closing(Store(tmp_path / "copy.db", "ana", clock)) as copy:
        assert copy.reader.count() == 1
