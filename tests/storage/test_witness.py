"""Who sees an act: before the commit it can be refused, and then nothing is written; after it, it is only told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain import actions, restriction
from domain.entry import Draft
from domain.errors import Refused
from storage.store import Store
from storage.transfer import export_lines
from storage.witness import Act
from tests.storage.test_sight import give, who


class Note:
    """Writes down what it is shown, and refuses when it is told to."""

    def __init__(self) -> None:
        self.before_: list[Act] = []
        self.after_: list[Act] = []
        self.refuses = False

    def before(self, act: Act) -> None:
        self.before_.append(act)
        if self.refuses:
            raise Refused("no", "", "hook")

    def after(self, act: Act) -> None:
        self.after_.append(act)


@pytest.fixture
def note() -> Note:
    return Note()


@pytest.fixture
def seen(path: Path, clock: Any, note: Note) -> Iterator[Store]:
    opened = Store(path, "ana", clock, lambda source: None if source == "sync" else note)
    yield opened
    opened.close()


def raise_(store: Store, title: str = "disk full") -> str:
    return store.journal.raise_incident(actions.raise_incident(title, {})).id


def test_one_act_is_shown_once_with_all_its_entries_and_the_incident_afterwards(seen: Store, note: Note) -> None:
    incident = raise_(seen)
    seen.journal.record(incident, lambda it: actions.move(it, "validated", text={}))
    act = note.after_[-1]
    assert note.before_ == note.after_
    assert [(entry.kind, entry.what, entry.source) for entry in act.entries] == [
        ("fact", "acknowledged", "implied"),
        ("set", "status", "human"),
    ]
    assert [(each.ref, each.status) for each in act.incidents] == [(seen.reader.incident(incident).ref, "validated")]
    assert [entry.id for entry in act.entries] == [entry.id for entry in seen.reader.entries(incident)][-2:]


def test_what_is_refused_leaves_every_byte_as_it_was(seen: Store, note: Note, path: Path) -> None:
    incident = raise_(seen)
    before = list(export_lines(path, None))
    note.refuses = True
    with pytest.raises(Refused):
        seen.journal.record(incident, lambda _it: actions.note("x"))
    with pytest.raises(Refused):
        raise_(seen, "another")
    assert list(export_lines(path, None))[1:] == before[1:]
    assert len(note.before_) == 3
    assert len(note.after_) == 1
    note.refuses = False
    seen.journal.record(incident, lambda _it: actions.note("y"))  # and the folds it keeps are not of what was refused
    assert [text for _entry, text in seen.reader.replay(incident).notes()] == ["y"]


def test_the_first_act_of_a_store_can_be_refused(seen: Store, note: Note) -> None:
    note.refuses = True
    with pytest.raises(Refused):
        raise_(seen)
    assert (seen.reader.count(), seen.reader.device()) == (0, "")


def test_what_comes_from_elsewhere_is_shown_to_nobody(seen: Store, note: Note, tmp_path: Path, clock: Any) -> None:
    there = Store(tmp_path / "there.db", "ben", clock)
    entries = there.reader.entries(raise_(there))
    there.close()
    journal = seen.journal_as("sync")
    assert journal.receive(entries) == 1
    journal.close()
    assert seen.journal.receive(entries) == 0
    assert note.before_ == []


def test_an_act_that_records_nothing_is_none(seen: Store, note: Note) -> None:
    with seen.journal.writing() as writing:
        writing.forget_remote("hub")
    assert note.before_ == []


def test_a_related_incident_made_by_the_same_act_has_its_ref(seen: Store, note: Note) -> None:
    one, two = (seen.journal.new_id() for _ in range(2))
    with seen.journal.writing() as writing:
        for each in (one, two):
            writing.record(each, actions.raise_incident(each, {}))
        writing.record(one, actions.relate(writing.incident(one), writing.incident(two), "prior"))
    (act,) = note.after_
    assert {each.id for each in act.incidents} == {one, two}
    first = next(each for each in act.incidents if each.id == one)
    assert [item.name for item in first.related] == [seen.reader.incident(two).ref]


def test_no_witness_of_a_login_sees_what_an_alert_of_it_reached(path: Path, clock: Any, note: Note) -> None:
    with closing(Store(path, "carl", clock)) as carl:
        hidden, open_ = raise_(carl, "zanzibar"), raise_(carl)
        for name, role in (("carl", "commander"), ("eve", "responder")):
            give(path, name, role)
        carl.journal.record(hidden, restriction.restrict)
    alert = (Draft("fact", "alert", {"status": "firing"}),)
    with (
        closing(Store(path, "eve", clock, lambda _source: note, who=who("eve"))) as eve,
        closing(eve.journal_as("alert")) as journal,
    ):
        journal.record(hidden, lambda _i: alert)
        assert note.before_ == note.after_ == []
        journal.record_all([hidden, open_], lambda _i: alert)
    assert [each.title for act in note.after_ for each in act.incidents] == ["disk full"]
    assert [each.incident for act in (*note.before_, *note.after_) for each in act.entries] == [open_, open_]
    assert "zanzibar" not in repr((note.before_, note.after_))
