"""Undo: the record stays, the value comes back, and what others changed since is not overwritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain import actions
from domain.entry import Draft, Entry
from domain.errors import Refused
from domain.escalation import escalate
from domain.undo import describe, undo
from tests.domain.timeline import START, Memory, entry, raised, view

HOUR = 3_600_000


def busy() -> Memory:
    """Return an incident with something in every field that an action can change."""
    journal = raised(severity="high", priority="P3", owner="bo", tags="")
    journal.now += HOUR
    journal.record(actions.note("**down** since 14:05"))
    journal.record(actions.add_item(journal.incident, "tag", "mail"))
    journal.record(actions.add_item(journal.incident, "resource", "smtp", severity="high"))
    journal.record(actions.assign_role(journal.incident, "bo", "commander"))
    journal.record(actions.assign_role(journal.incident, "bo", "scribe"))
    journal.record(actions.move(journal.incident, "other", text={"label": "Parked", "note": "waits for a vendor"}))
    journal.now += HOUR
    return journal


def _note(journal: Memory) -> str:
    return journal.replay.notes()[0][0].id


DONE: dict[str, Callable[[Memory], tuple[Draft, ...]]] = {
    "set": lambda j: actions.set_fields(j.incident, {"severity": "low", "title": "All mail is down"}),
    "set, first time": lambda j: actions.set_fields(j.incident, {"detected_at": START, "custom:team": "blue"}),
    "owner cleared": lambda j: actions.assign(j.incident, ""),
    "take": lambda j: actions.take(j.incident, "ana"),
    "fact": lambda j: actions.mitigate(j.incident, note="moved to the spare", now=j.now),
    "fact dated back": lambda j: actions.acknowledge(j.incident, occurred_at=START + 5),
    "note": lambda j: actions.note("and another thing", occurred_at=START + 9),
    "add": lambda j: actions.add_item(j.incident, "tag", "db"),
    "add in the place of another": lambda j: actions.add_item(j.incident, "resource", "smtp", severity="critical"),
    "drop": lambda j: actions.drop_item(j.incident, "resource", "smtp"),
    "drop of two": lambda j: actions.drop_item(j.incident, "role", "bo"),
    "role handed over": lambda j: actions.assign_role(j.incident, "cy", "commander"),
    "amend": lambda j: actions.amend(_note(j), "**up** again"),
    "status": lambda j: actions.move(j.incident, "resolved", text={"note": "restarted"}),
    "other label": lambda j: actions.move(j.incident, "other", text={"label": "With vendor"}),
    "star": lambda j: actions.star(j.incident, _note(j)),
    "section": lambda j: actions.write_sections(j.incident, {"impact": "no mail for an hour"}),
    "escalation": lambda j: escalate(j.incident, (), to="dora", reason="nobody answers"),
    "follow-up": lambda j: actions.follow_up("f1", "Add a probe", "ana", "2026-12-01"),
}


@pytest.mark.parametrize("name", DONE)
def test_undo_restores_the_incident_and_keeps_the_record_and_so_does_redo(name: str) -> None:
    journal = busy()
    before = view(journal)
    done = journal.record(DONE[name](journal))
    after = view(journal)
    assert after != before
    journal.now += HOUR
    held = list(journal.entries)
    undone = journal.undo(done)
    assert journal.entries[: len(held)] == held
    assert view(journal) == before
    assert all(journal.replay.undone(each.id) for each in done)
    journal.now += HOUR
    redone = journal.undo(undone)
    assert view(journal) == after
    assert not any(journal.replay.undone(each.id) for each in done)
    journal.undo(redone)
    assert view(journal) == before


def test_a_restored_status_keeps_its_label_and_its_age() -> None:
    journal = raised()
    resolved = journal.record(actions.move(journal.incident, "resolved", text={"note": "restarted"}))
    journal.now += HOUR
    reopened = journal.record(actions.move(journal.incident, "validated", text={"reason": "it came back"}))
    assert (journal.incident.resolved_at, journal.incident.reopened_at) == (None, START + HOUR)
    journal.now += HOUR
    journal.undo(reopened)
    assert (journal.incident.resolved_at, journal.incident.ended_at) == (START, START)
    assert journal.incident.reopened_at is None
    assert resolved[0].what == "acknowledged"

    parked = busy()
    parked.undo(parked.record(actions.move(parked.incident, "validated")))
    assert (parked.incident.status, parked.incident.status_label) == ("other", "Parked")


def test_an_implied_acknowledgement_stays_implied_when_it_is_redone() -> None:
    journal = raised()
    done = journal.record(actions.move(journal.incident, "validated"))
    undone = journal.undo(done)
    assert journal.incident.acknowledged_at is None
    redone = journal.undo(undone)
    assert [each.source for each in redone if each.what == "acknowledged"] == ["implied"]


def test_a_note_comes_back_as_it_was_last_amended() -> None:
    journal = busy()
    note = journal.replay.notes()[0][0]
    journal.record(actions.amend(note.id, "better"))
    before = view(journal)
    undone = journal.undo([note])
    assert journal.incident.notes == 0
    journal.undo(undone)
    assert view(journal) == before


CHANGED: dict[str, tuple[str, Callable[[Memory], tuple[Draft, ...]]]] = {
    "set": ("owner", lambda j: actions.assign(j.incident, "cy")),
    "status": ("status", lambda j: actions.move(j.incident, "reviewed")),
    "amend": ("amend", lambda j: actions.amend(_note(j), "third")),
    "tag": ("tag", lambda j: actions.drop_item(j.incident, "tag", "db")),
    "fact": (
        "acknowledged",
        lambda j: (Draft("drop", "fact:acknowledged", over=(j.replay.facts("acknowledged")[0].id,)),),
    ),
}
FIRST: dict[str, Callable[[Memory], tuple[Draft, ...]]] = {
    "set": lambda j: actions.assign(j.incident, "dee"),
    "status": lambda j: actions.move(j.incident, "validated"),
    "amend": lambda j: actions.amend(_note(j), "second"),
    "tag": lambda j: actions.add_item(j.incident, "tag", "db"),
    "fact": lambda j: (Draft("fact", "acknowledged"),),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_since_is_refused_and_says_so(name: str) -> None:
    journal = busy()
    done = journal.record(FIRST[name](journal))
    journal.author = "eve"
    changed_by = CHANGED[name][1](journal) if name != "status" else (Draft("set", "status", {"value": "reviewed"}),)
    journal.record(changed_by)
    held = view(journal)
    with pytest.raises(Refused) as caught:
        journal.undo(done)
    assert caught.value.code == "changed"
    assert caught.value.remedy
    assert "changed since" in caught.value.message
    assert ("eve" in caught.value.message) == (name in ("set", "status", "amend"))
    assert view(journal) == held


def test_undoing_the_same_thing_twice_is_refused() -> None:
    journal = busy()
    done = journal.record(actions.drop_item(journal.incident, "tag", "mail"))
    journal.undo(done)
    with pytest.raises(Refused):
        journal.undo(done)
    assert [item.name for item in journal.incident.tags] == ["mail"]


def test_a_status_on_which_somebody_closed_is_not_taken_back() -> None:
    journal = raised(priority="P3")
    resolved = journal.record(actions.move(journal.incident, "resolved", text={"note": "restarted"}))
    journal.author = "eve"
    closed = journal.record(actions.move(journal.incident, "closed"))
    with pytest.raises(Refused, match="eve"):
        journal.undo(resolved)
    journal.undo(closed)
    journal.undo(resolved)
    assert (journal.incident.status, journal.incident.phase) == ("raised", "New")


def test_a_closing_does_not_come_back_once_the_status_has_moved_on() -> None:
    journal = raised(priority="P3")
    resolved = journal.record(actions.move(journal.incident, "resolved", text={"note": "restarted"}))
    undone = journal.undo(journal.record(actions.move(journal.incident, "closed")))
    journal.undo(resolved)
    with pytest.raises(Refused, match="changed since"):
        journal.undo(undone)
    assert journal.incident.phase == "New"


def test_undoing_a_choice_opens_the_conflict_again() -> None:
    journal = busy()
    theirs = entry("theirs", "set", "severity", {"value": "critical"}, device="d2", hlc=journal.hlc + 1)
    journal.receive(theirs)
    before = view(journal)
    assert before["conflicts"] == {"severity": ["'critical'", "'high'"]}
    undone = journal.undo(journal.record(actions.set_fields(journal.incident, {"severity": "low"})))
    assert view(journal) == before
    journal.undo(undone)
    assert (journal.incident.severity, journal.incident.conflicts) == ("low", {})


def test_of_two_of_one_name_the_newest_is_shown_again() -> None:
    journal = raised()
    journal.record(actions.add_item(journal.incident, "resource", "db", severity="low"))
    worse = {"name": "db", "severity": "critical"}
    journal.receive(entry("theirs", "add", "resource", worse, device="d2", hlc=journal.hlc + 1))
    before = view(journal)
    journal.undo(journal.record(actions.add_item(journal.incident, "resource", "db", severity="high")))
    assert view(journal) == before
    assert [item.severity for item in journal.incident.resources] == ["critical"]


@pytest.mark.parametrize("kind", ["raise", "redact", "device", "hologram"])
def test_some_things_cannot_be_undone(kind: str) -> None:
    journal = raised()
    with pytest.raises(Refused) as caught:
        journal.undo([replace(journal.entries[0], kind=kind)])
    assert (caught.value.code, bool(caught.value.remedy)) == ("not_undoable", True)


def test_undo_of_several_is_all_or_nothing_and_newest_first() -> None:
    journal = busy()
    first = journal.record(actions.assign(journal.incident, "dee"))
    second = journal.record(actions.add_item(journal.incident, "tag", "db"))
    drafts = undo(journal.replay, [*first, *second], journal.entries)
    assert [draft.body["undoes"] for draft in drafts] == [second[0].id, first[0].id]
    journal.record(actions.assign(journal.incident, "cy"))
    with pytest.raises(Refused):
        undo(journal.replay, [*first, *second], journal.entries)


def test_an_entry_is_described_in_a_few_words() -> None:
    def said(kind: str, what: str, body: dict[str, Any]) -> str:
        made: Entry = entry("x", kind, what, body)
        return describe(made)

    assert said("set", "priority", {"value": "P1"}) == "priority → P1"
    assert said("fact", "postmortem_published", {}) == "postmortem published"
