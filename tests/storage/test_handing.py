"""What a hand-over reads: closed incidents with something left to do, and no more of the store than that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from storage.store import Store
from tests.storage.test_reader import explain

Raised = Callable[..., Incident]


def left(store: Store) -> list[str]:
    return store.reader.handing(100).closed


@pytest.fixture
def closed(store: Store, raised: Raised) -> Incident:
    """A closed incident with one follow-up."""
    made = raised("disk full")
    store.journal.record(made.id, lambda i: actions.move(i, "invalid", text={"note": "a test"}))
    store.journal.record(made.id, lambda _i: actions.follow_up("f1", "Order disks"))
    return made


def test_a_closed_one_is_there_until_its_follow_ups_are_done(store: Store, raised: Raised, closed: Incident) -> None:
    raised("open, so it is listed with the open ones")
    assert left(store) == [closed.id]
    store.journal.record(closed.id, lambda _i: actions.follow_up("f2", "Watch them"))
    store.journal.record(closed.id, lambda i: actions.finish_follow_up(i, "f1"))
    assert left(store) == [closed.id]
    store.journal.record(closed.id, lambda i: actions.finish_follow_up(i, "f2"))
    assert left(store) == []
    store.journal.record(closed.id, lambda i: actions.finish_follow_up(i, "f2", done=False))
    assert left(store) == [closed.id]


def test_what_is_undone_counts_no_more(store: Store, closed: Incident) -> None:
    store.journal.record(closed.id, lambda i: actions.finish_follow_up(i, "f1"))
    assert left(store) == []
    store.journal.undo()
    assert left(store) == [closed.id]


def test_a_title_that_is_taken_back_leaves_nothing_to_do(store: Store, closed: Incident) -> None:
    store.journal.record(closed.id, lambda _i: [Draft("set", "act:f1.title", {"value": None})])
    assert left(store) == []


def test_only_those_with_something_to_do_or_to_decide_are_looked_at(store: Store, closed: Incident) -> None:
    """A store of a million incidents has a handful of either."""
    plan = explain(store.reader, lambda: store.reader.handing(100))
    assert any("USING INDEX incident_to_do" in step or "COVERING INDEX incident_to_do" in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN entry")], plan
    (step,) = explain(store.reader, store.reader.conflicts)
    assert step.endswith("USING INDEX incident_conflicts")
