"""Drafts: what is being typed is kept, by author, kind and incident, and never refused for its characters."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.drafts import Draft, Drafts
from storage.errors import StoreError
from storage.store import Store, prepare


@pytest.fixture
def drafts(store: Store, clock: Any) -> Drafts:
    return Drafts(store.path, "ana", clock)


def test_a_draft_is_kept_and_replaced(drafts: Drafts, clock: Any) -> None:
    drafts.save("note", "i1", "first")
    clock.now += 5
    drafts.save("note", "i1", "second", base="e7")
    drafts.save("postmortem", "i1", "other")
    assert drafts.get("note", "i1") == Draft("note", "i1", "second", "e7", clock.now)
    assert {each.kind for each in drafts.all()} == {"note", "postmortem"}
    assert drafts.get("note", "i2") is None


def test_the_newest_comes_first(drafts: Drafts, clock: Any) -> None:
    for n in range(4):
        clock.now += 1
        drafts.save("note", f"i{n}", f"text {n}")
    assert [each.incident for each in drafts.all()] == ["i3", "i2", "i1", "i0"]


@pytest.mark.parametrize("blank", ["", "  \n\t"])
def test_a_blank_draft_is_forgotten(drafts: Drafts, blank: str) -> None:
    drafts.save("note", "i1", "text")
    drafts.save("note", "i1", blank)
    assert drafts.all() == []
    drafts.forget("note", "i1")


def test_each_author_has_their_own(drafts: Drafts, store: Store, clock: Any) -> None:
    other = Drafts(store.path, "bo", clock)
    drafts.save("note", "i1", "mine")
    other.save("note", "i1", "theirs")
    other.forget("note", "i1")
    assert drafts.get("note", "i1") is not None
    assert other.all() == []


def test_a_disk_that_says_no_keeps_the_draft_before(drafts: Drafts, store: Store) -> None:
    drafts.save("note", "i1", "first")
    connection = sqlite3.connect(store.path)
    connection.execute("CREATE TRIGGER stop BEFORE INSERT ON draft BEGIN SELECT RAISE(ABORT, 'no'); END")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError) as error:
        drafts.save("note", "i1", "second")
    assert str(store.path) in error.value.message
    assert ".lock" not in error.value.message
    kept = drafts.get("note", "i1")
    assert kept is not None
    assert kept.text == "first"


def test_drafts_do_not_touch_the_timeline(drafts: Drafts, store: Store) -> None:
    drafts.save("note", "i1", "text")
    assert store.reader.count() == 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drafts") / "t.db"
    prepare(path)
    return path


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(codec=None), min_size=1, max_size=60))
def test_any_text_can_be_kept(shared: Path, text: str) -> None:
    drafts = Drafts(shared, "ana", lambda: 1)
    drafts.save("note", "i1", text)
    kept = drafts.get("note", "i1")
    assert (kept is None) == (not text.strip())
    if kept and text.isascii() and "\0" not in text:
        assert kept.text == text


@pytest.mark.parametrize("text", ["\ud800 and more", "a\0b", "e\u0301" * 1000, "z" + "\u0301" * 500])
def test_a_text_that_cannot_be_stored_as_it_is_is_kept_all_the_same(drafts: Drafts, text: str) -> None:
    drafts.save("note", "i1", text, base=text)
    kept = drafts.get("note", "i1")
    assert kept is not None
    assert kept.text == kept.base
    assert kept.text.endswith(text[-1]) or kept.text.endswith("é")
