"""The first window: what the reader shows, or nothing; and never a file made or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from domain import actions
from domain.incident import Incident
from domain.query import parse
from storage.home import read_home
from storage.store import Store


def test_it_is_what_the_reader_shows(store: Store, raised: Callable[..., Incident]) -> None:
    for n in range(6):
        incident = raised(f"disk {n}", priority=f"P{n % 3 + 1}")
        if n == 2:
            store.journal.record(incident.id, lambda i: actions.move(i, "invalid", text={"note": "n"}))
    found = read_home(str(store.path), "bo", 4)
    reader = Store(store.path, "bo", store.clock).reader
    assert found == (reader.after(-1, 4, parse("status:open")), reader.counts())
    assert len(found[0]) == 4
    reader.close()


def test_a_missing_store_gives_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert read_home(str(tmp_path / "none.db"), "ana", 10) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"x", b"no database " * 500])
def test_what_is_no_store_gives_nothing_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.db").write_bytes(content)
    assert read_home(str(tmp_path / "t.db"), "ana", 10) is None
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [content]
