"""Unread marks: what was recorded since a responder looked, each for themselves."""

from __future__ import annotations

from collections.abc import Callable

from domain import actions
from domain.incident import Incident
from storage.reader import Reader
from storage.seen import mark_all_seen, mark_seen
from storage.store import Store, rebuild

Raised = Callable[..., Incident]


def new(reader: Reader) -> set[str]:
    return {row.id for row in reader.after(-1, 100) if row.is_new}


def test_who_records_has_seen_it_and_others_have_not(store: Store, raised: Raised) -> None:
    one, other = raised("one"), raised("other")
    bo = Reader(store.path, "bo")
    assert new(store.reader) == set()
    assert new(bo) == {one.id, other.id}
    mark_seen(store.path, "bo", one.id)
    assert new(bo) == {other.id}
    store.journal.record(one.id, lambda _: actions.note("more"))
    assert new(bo) == {one.id, other.id}
    mark_all_seen(store.path, "bo")
    mark_all_seen(store.path, "bo")
    assert new(bo) == set()
    bo.close()


def test_what_a_machine_records_is_new_to_everybody(store: Store, raised: Raised) -> None:
    incident = raised()
    alerts = store.journal_as("alert")
    alerts.record(incident.id, lambda _: actions.note("firing"))
    assert new(store.reader) == {incident.id}
    alerts.close()


def test_an_unknown_incident_is_no_error(store: Store, raised: Raised) -> None:
    raised()
    mark_seen(store.path, "bo", "none")
    assert len(new(Reader(store.path, "bo"))) == 1


def test_a_rebuild_keeps_the_marks(store: Store, raised: Raised) -> None:
    incident = raised()
    raised()
    mark_seen(store.path, "bo", incident.id)
    rebuild(store.path)
    bo = Reader(store.path, "bo")
    assert len(new(bo)) == 1
    assert new(store.reader) == set()
    bo.close()
