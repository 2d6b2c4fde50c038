from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import stores
from benchmarks.incidents import RARE, incidents
from domain.entry import Entry, chain_hash
from domain.replay import replay
from storage.reader import Reader


def test_the_same_incidents_every_time() -> None:
    assert list(stores.entries(50)) == list(stores.entries(50))
    assert list(stores.entries(50)) != list(stores.entries(50, seed=1))


def test_entries_replay_to_the_incidents_and_their_chain_holds() -> None:
    timelines: dict[str, list[Entry]] = {}
    previous = b""
    for number, entry in enumerate(stores.entries(200), 1):
        assert (entry.dseq, entry.hash) == (number, chain_hash(previous, entry))
        previous = entry.hash
        timelines.setdefault(entry.incident, []).append(entry)
    for sample, (incident, story) in zip(incidents(200), timelines.items(), strict=True):
        found = replay(incident, story)
        assert (found.title, found.priority, found.status) == (sample.title, sample.priority, sample.status)
        assert (found.owner, found.raised_at, not found.conflicts) == (sample.owner, sample.raised_at, True)


def test_two_letters_find_the_rare_component_and_nothing_else() -> None:
    found = 0
    for sample in incidents(3000):
        words = re.findall(r"\w+", f"{sample.title} {sample.owner} {sample.note} {sample.type} {sample.category}")
        starts = {word for word in words if word.lower().startswith(RARE[:2].lower())}
        assert starts <= {RARE}
        found += bool(starts)
    assert found > 30


def test_a_store_holds_its_incidents_and_is_made_once(tmp_path: Path) -> None:
    path = stores.cached(tmp_path, 40)
    with closing(Reader(path, "somebody")) as reader:
        assert reader.count() == 40
        found = [reader.incident(row.id).title for row in reader.after(-1, 100)]
    assert sorted(found) == sorted(sample.title for sample in incidents(40))
    made = path.stat().st_mtime_ns
    assert stores.cached(tmp_path, 40) == path
    assert path.stat().st_mtime_ns == made
    assert not list(tmp_path.glob("unfinished*"))


def test_a_store_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(stores.StoreNotMade, match=r"cannot be made in .*file"):
        stores.cached(tmp_path / "file" / "folder", 5)
