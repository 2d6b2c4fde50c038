"""The file: its rights, what is refused and left alone, disks that say no, and network homes."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import storage.store
from domain import actions
from domain.incident import Incident
from storage import connection, migrations, schema
from storage.backup import verify
from storage.connection import connect, file_system, is_network, journal_mode
from storage.errors import NotWritable, StoreError, Unusable
from storage.reader import Reader
from storage.store import Store, prepare
from storage.versions import APPLICATION_ID, SCHEMA_VERSION

Raised = Callable[..., Incident]
AS_ROOT = os.geteuid() == 0


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_store_is_for_its_owner_only(store: Store, raised: Raised) -> None:
    before = os.umask(0)
    try:
        raised()
        beside = {each.name: mode(each) for each in store.path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(beside) == {f"tocsin.db{end}" for end in ("", "-wal", "-shm", ".lock")}
    assert set(beside.values()) == {0o600}
    assert mode(store.path.parent) == 0o700


def test_an_empty_file_becomes_a_store(path: Path, clock: Any) -> None:
    path.parent.mkdir()
    path.touch()
    with closing(Store(path, "ana", clock)) as store:
        assert store.reader.count() == 0
        assert store.journal.raise_incident(actions.raise_incident("x", {})).ref


def test_opening_again_changes_nothing(store: Store, raised: Raised) -> None:
    raised()
    store.close()
    before = digest(store.path)
    prepare(store.path)
    Reader(store.path, "ana").close()
    assert digest(store.path) == before


def make(path: Path, *statements: str) -> str:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
    return digest(path)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_newer_store_is_refused_and_left_alone(path: Path, clock: Any, journal: str) -> None:
    prepare(path)
    before = make(path, f"PRAGMA journal_mode={journal}", f"PRAGMA user_version={migrations.SCHEMA_VERSION + 1}")
    with pytest.raises(Unusable, match=f"schema {migrations.SCHEMA_VERSION + 1}") as error:
        Store(path, "ana", clock)
    assert error.value.code == "newer_schema"
    assert "Upgrade tocsin" in error.value.remedy
    assert digest(path) == before


@pytest.mark.parametrize(
    "statements",
    [("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"), ("PRAGMA application_id=7", "CREATE TABLE t (a)")],
)
def test_another_programs_database_is_refused_and_left_alone(path: Path, clock: Any, statements: tuple[str]) -> None:
    before = make(path, *statements)
    with pytest.raises(Unusable, match="another program"):
        Store(path, "ana", clock)
    assert digest(path) == before
    assert [each.name for each in path.parent.iterdir() if each.name != path.name] == []


@pytest.mark.parametrize(
    "content",
    [b"xy", b"my notes\n" * 20, b"not a database\n" * 500, b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000],
)
def test_a_file_of_something_else_is_refused_and_left_alone(path: Path, clock: Any, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(Unusable) as error:
        Store(path, "ana", clock)
    assert str(path) in error.value.message
    assert error.value.remedy
    assert path.read_bytes() == content


def test_a_folder_or_a_missing_mount_is_said(tmp_path: Path, clock: Any) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "t.db", Path("/proc/none/t.db")):
        with pytest.raises(Unusable if place == tmp_path else NotWritable) as error:
            Store(place, "ana", clock)
        assert error.value.remedy


def filled(store: Store, count: int = 60) -> None:
    with store.journal.writing() as writing:
        for n in range(count):
            text = {"description": "word " * 100}
            writing.record(f"01a1f0a0-0000-7000-8000-{n:012x}", actions.raise_incident(f"disk {n}", text))
    store.close()


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_store_is_unusable(store: Store, clock: Any, part: float) -> None:
    filled(store)
    os.truncate(store.path, int(store.path.stat().st_size * part))

    def use() -> None:
        with closing(Store(store.path, "ana", clock)) as broken:
            broken.reader.after(-1, 1000)
            broken.reader.entries("01a1f0a0-0000-7000-8000-000000000001")
            broken.journal.raise_incident(NEW)

    with pytest.raises(Unusable):
        use()


def test_a_store_with_a_damaged_page_is_unusable(store: Store, clock: Any) -> None:
    filled(store)
    with closing(connect(store.path)) as asked:
        (root,) = asked.execute("SELECT rootpage FROM sqlite_master WHERE name = 'incident'").fetchone()
    with store.path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xab" * 4096)
    with closing(Store(store.path, "ana", clock)) as broken:
        for read in (lambda: broken.reader.after(-1, 10), lambda: broken.journal.raise_incident(NEW)):
            with pytest.raises(Unusable, match="damaged") as error:
                read()
            assert "restore" in error.value.remedy
    with pytest.raises(Unusable, match="damaged"):
        verify(store.path)


NEW = actions.raise_incident("x", {})

AS_NOBODY = """
import os
from storage.store import Store
from storage.errors import StoreError
from domain import actions
first = Store(path, "ana", lambda: 1_795_000_000_000)  # loads everything while it can be read
first.journal.raise_incident(actions.raise_incident("x", {}))
first.close()
if os.geteuid() == 0:
    os.setuid(65534)
try:
    store = Store(Path(arguments[0]), "ana", lambda: 1_795_000_000_000)
    print("open", store.reader.count())
    store.journal.raise_incident(actions.raise_incident("x", {}))
    print("written")
except StoreError as error:
    print(type(error).__name__, error.message, "|", error.remedy)
"""


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user may enter (pytest's own are 0700)."""
    folder = Path("/tmp") / f"tocsin-test-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize("rights", [(0o444, 0o755), (0o644, 0o555), (0o000, 0o755), (0o644, 0o000)])
def test_a_store_that_may_not_be_written_says_so(
    open_folder: Path, child: Callable[..., Any], clock: Any, rights: tuple[int, int]
) -> None:
    place = open_folder / "t.db"
    with closing(Store(place, "ana", clock)) as store:
        store.journal.raise_incident(NEW)
    before = digest(place)
    place.chmod(rights[0])
    open_folder.chmod(rights[1])
    out, err = child(AS_NOBODY, place).communicate(timeout=60)
    open_folder.chmod(0o755)
    assert err == ""
    assert "NotWritable" in out
    assert "| Check the rights" in out
    assert "written" not in out
    assert digest(place) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    point = tmp_path / "small"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(point)]
    if not AS_ROOT or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk: Path, clock: Any) -> None:
    place = small_disk / "data" / "t.db"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 600_000)
    store = Store(place, "ana", clock)
    incident = store.journal.raise_incident(NEW)
    acknowledged: list[str] = []
    refused: list[StoreError] = []
    for n in range(3000):
        try:
            store.journal.record(incident.id, lambda _, n=n: actions.note(f"{n} " + os.urandom(300).hex()))
        except StoreError as error:
            refused.append(error)
            if len(refused) == 5:
                break
        else:
            acknowledged.append(store.reader.entries(incident.id)[-1].id)
    assert acknowledged
    assert {type(error) for error in refused} == {NotWritable}
    assert "Free" in refused[0].remedy
    assert str(place) in refused[0].message
    assert [entry.id for entry in store.reader.entries(incident.id)][1:] == acknowledged
    ballast.unlink()
    after = store.journal.record(incident.id, lambda _: actions.note("space again"))
    assert after.notes == len(acknowledged) + 1
    assert verify(place).problems == []
    store.close()
    with closing(Store(place, "ana", clock)) as again:
        assert again.reader.incident(incident.id) == after


MOUNTS = """\
/dev/vda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0
//nas/team /mnt/team\\040share cifs rw 0 0
/dev/sdc1 /homework xfs rw 0 0
odd line
server:/over /home/local/over nfs rw 0 0
/dev/sdd1 /home/local/over ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind", "network"),
    [
        ("/var/x.db", "ext4", False),
        ("/home/ana/x.db", "nfs4", True),
        ("/home/local/x.db", "ext4", False),
        ("/homework/x.db", "xfs", False),
        ("/mnt/team share/x.db", "cifs", True),
        ("/home/local/over/x.db", "ext4", False),
    ],
)
def test_a_network_file_system_is_recognised(tmp_path: Path, place: str, kind: str, network: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert file_system(Path(place), mounts) == kind
    assert is_network(Path(place), mounts) is network
    assert file_system(Path(place), tmp_path / "none") == ""


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda1 / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} nfs4 rw 0 0\n")
    monkeypatch.setattr(connection, "is_network", lambda path: is_network(path, mounts))


@pytest.mark.usefixtures("network")
def test_a_network_home_is_written_without_wal(store: Store, raised: Raised) -> None:
    incident = raised()
    store.journal.record(incident.id, actions.acknowledge)
    assert not store.path.with_name("tocsin.db-wal").exists()
    with closing(connect(store.path)) as asked:
        assert journal_mode(asked) == "TRUNCATE"
        assert asked.execute("PRAGMA synchronous").fetchone() == (3,)
    assert verify(store.path).problems == []


def test_a_store_moved_to_a_network_home_leaves_wal(
    store: Store, raised: Raised, request: pytest.FixtureRequest, clock: Any
) -> None:
    incident = raised()
    store.close()
    with closing(connect(store.path)) as asked:
        assert journal_mode(asked) == "WAL"
    request.getfixturevalue("network")
    with closing(Store(store.path, "ana", clock)) as moved:
        assert moved.journal.record(incident.id, actions.acknowledge).acknowledged_at == clock.now
        with closing(connect(store.path)) as asked:
            assert journal_mode(asked) == "TRUNCATE"


def test_every_connection_syncs_fully(store: Store) -> None:
    with closing(connect(store.path)) as asked:
        assert asked.execute("PRAGMA synchronous").fetchone() == (3,)
        assert asked.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert journal_mode(asked) == "WAL"


def test_projections_of_another_version_are_rebuilt(store: Store, raised: Raised, clock: Any) -> None:
    incident = raised("disk full", priority="P1")
    store.journal.record(incident.id, actions.acknowledge)
    shown = store.reader.row(incident.id)
    store.close()
    make(
        store.path,
        "UPDATE meta SET value = '0.0' WHERE name = 'projection'",
        "DROP TABLE counter",
        "UPDATE incident SET title = 'wrong'",
    )
    with closing(Store(store.path, "ana", clock)) as again:
        assert again.reader.row(incident.id) == shown
        assert again.reader.counts() == {("raised", "P1"): 1}
    with closing(connect(store.path)) as asked:
        assert schema.projection_version(asked) == schema.PROJECTION_VERSION
    assert verify(store.path).problems == []


def test_a_failed_migration_leaves_the_file_as_it_was(path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(path)
    before = make(path, "PRAGMA journal_mode=WAL")

    def broken(asked: sqlite3.Connection) -> None:
        asked.execute("CREATE TABLE half (a)")
        asked.execute("no such statement")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
    for module in (migrations, storage.store):
        monkeypatch.setattr(module, "SCHEMA_VERSION", len(migrations.STEPS))
    with pytest.raises(StoreError):
        Store(path, "ana", clock)
    assert digest(path) == before
    kept = list(path.parent.glob("*.backup"))
    assert [mode(each) for each in kept] == [0o600]
    with closing(connect(kept[0])) as asked:
        assert migrations.schema_version(asked) == SCHEMA_VERSION
