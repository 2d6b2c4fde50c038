"""Power cuts lose nothing that was acknowledged, and the cuts would show it if they did."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import actions
from domain.entry import REDACTS, Draft
from storage.backup import verify
from storage.store import Store
from tests.durability import power, vfs
from tests.durability.disk import ANSWER, CREATE, DELETE, FAILED_SYNC, SECTOR, SYNC, TRUNCATE, WRITE, Disk, Event, apply
from tests.durability.power import MANNERS, Cuts
from tests.durability.work import Clock, Manner


@pytest.fixture(scope="module")
def layer() -> vfs.Layer:
    found = vfs.layer()
    if found is None:
        pytest.skip("Python's SQLite is built in and cannot be reached")
    return found


@pytest.mark.parametrize("seed", range(2 * len(MANNERS)))
def test_a_power_cut_loses_nothing_that_was_acknowledged(layer: vfs.Layer, tmp_path: Path, seed: int) -> None:
    found = power.round_of(layer, tmp_path, seed, cuts=15)
    assert found.failures == []
    assert (found.cuts, found.lost, found.damaged) == (15, 0, 0)
    assert found.acknowledged > 15


@pytest.mark.parametrize(
    "manner",
    [Manner("NORMAL"), Manner("OFF", checkpoint=20), Manner("FULL", wal=False), Manner(split=True)],
    ids=["normal", "off", "full without wal", "cursor apart"],
)
def test_a_loss_is_seen(layer: vfs.Layer, tmp_path: Path, manner: Manner) -> None:
    found = Cuts()
    for seed in range(2):
        found.add(power.round_of(layer, tmp_path / str(seed), seed, manner, cuts=25))
    assert found.damaged if manner.split else found.lost
    assert found.failures


def test_a_seed_gives_the_same_run(layer: vfs.Layer, tmp_path: Path) -> None:
    one, two = (power.record(layer, tmp_path / str(n), 3, MANNERS[0], calls=10) for n in range(2))
    assert one.states == two.states
    assert [(e.kind, e.name, e.at) for e in one.events] == [(e.kind, e.name, e.at) for e in two.events]
    assert {WRITE, SYNC, ANSWER, CREATE} <= {event.kind for event in one.events}


def test_what_is_redacted_is_found_no_more_wherever_the_redaction_stands(tmp_path: Path) -> None:
    """Found by the cuts: the search kept a text that a redaction in another incident had removed."""
    store = Store(tmp_path / "t.db", "ana", Clock(random.Random(1)))
    first, second = (store.journal.raise_incident(actions.raise_incident(title, {})) for title in ("one", "two"))
    store.journal.record(first.id, lambda _: actions.note("hunter2"))
    note = store.reader.entries(first.id)[-1]
    store.journal.record(second.id, lambda _: [Draft("redact", REDACTS + note.id, {"reason": "a password"})])
    found = store.reader._connection.execute("SELECT count(*) FROM search WHERE search MATCH 'hunter2'").fetchone()
    store.close()
    assert found == (0,)
    assert verify(store.path).problems == []


# -- the disk on paper -------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b"])
writes = st.builds(Event, st.just(WRITE), names, st.integers(0, 1500), st.binary(min_size=1, max_size=1500))
others = st.builds(Event, st.sampled_from([SYNC, TRUNCATE, CREATE, DELETE]), names, st.integers(0, 1))
histories = st.lists(writes | others, max_size=20)


@given(histories, st.integers())
def test_what_was_synced_last_is_there_as_it_was(events: list[Event], seed: int) -> None:
    disk = Disk()
    disk.play([*events, Event(WRITE, "a", 0, b"last"), Event(SYNC, "a"), Event(SYNC, "b")])
    wanted: dict[str, bytearray] = {}
    for event in (*events, Event(WRITE, "a", 0, b"last")):
        if event.kind != SYNC:
            apply(wanted, event)
    assert disk.after_cut(random.Random(seed)) == wanted


@given(st.binary(min_size=1, max_size=3000), st.integers(0, 2000), st.integers())
def test_a_write_is_torn_only_where_it_wrote(data: bytes, at: int, seed: int) -> None:
    old = b"\xaa" * 5000
    disk = Disk()
    disk.play([Event(WRITE, "a", 0, old), Event(SYNC, "a"), Event(WRITE, "a", at, data)])
    found = bytes(disk.after_cut(random.Random(seed))["a"])
    new = old[:at] + data + old[at + len(data) :]
    assert len(found) == len(old)
    for start in range(0, len(old), SECTOR):
        part = slice(start, start + SECTOR)
        assert found[part] in (old[part], new[part])


def outcomes(events: list[Event], what: Callable[[dict[str, bytearray]], Any]) -> set[Any]:
    found = set()
    for seed in range(200):
        disk = Disk()
        disk.play(events)
        found.add(what(disk.after_cut(random.Random(seed))))
    return found


def test_a_removed_file_may_come_back_until_its_folder_is_synced() -> None:
    removed = [Event(WRITE, "a", 0, b"x"), Event(SYNC, "a"), Event(DELETE, "a")]
    assert outcomes(removed, lambda files: "a" in files) == {True, False}
    new = [Event(CREATE, "b"), Event(SYNC, "b", 1)]
    assert outcomes(removed + new, lambda files: "a" in files) == {False}
    assert outcomes([*removed[:2], Event(DELETE, "a", 1)], lambda files: "a" in files) == {False}


def test_a_sync_that_failed_is_not_made_up_for() -> None:
    events = [Event(WRITE, "a", 0, b"old"), Event(SYNC, "a"), Event(WRITE, "a", 0, b"new"), Event(FAILED_SYNC, "a")]
    assert outcomes([*events, Event(SYNC, "a")], lambda files: bytes(files["a"])) == {b"old"}


def test_what_was_not_synced_may_be_there_or_not() -> None:
    events = [Event(WRITE, "a", 0, b"o" * 1024), Event(SYNC, "a"), Event(WRITE, "a", 0, b"n" * 1024)]
    seen = outcomes(events, lambda files: (files["a"][0:1] + files["a"][512:513]).decode())
    assert seen == {"oo", "no", "on", "nn"}
