"""Merging: what is refused, what is put together, and where what is said of it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import actions
from domain.entry import Draft
from domain.errors import Refused
from domain.incident import FollowUp, Incident, Item, Told
from domain.measures import sample
from domain.merging import merge, part, routed, together, worse
from domain.moments import moments
from domain.parties import Party, notices
from tests.domain.timeline import INCIDENT, START, Memory, entry

OTHER = "01a1f0a0-0000-7000-8000-000000000002"


def incident(identifier: str, **more: Any) -> Incident:
    return Incident(id=identifier, ref=f"INC-{identifier.upper()}", title=identifier, **more)


class TestTheFold:
    def test_a_merged_incident_is_ignored_while_it_is_one_and_keeps_its_own_status_beneath(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record(actions.move(journal.incident, "validated"))
        before = journal.incident
        journal.now += 1000
        made = journal.record(merge(journal.incident, incident(OTHER)))
        found = journal.incident
        assert (found.status, found.phase, found.is_closed, found.ended_at) == ("ignored", "Merged", True, journal.now)
        assert found.is_duplicate
        assert sample(journal.replay).left_out == "duplicate"
        journal.record([Draft("set", "status", {"value": "reviewed"})])  # by somebody who had not heard of it
        assert journal.incident.status == "ignored"
        journal.undo([journal.entries[-1]])
        journal.undo(made)
        assert journal.incident.status == before.status == "validated"
        assert not journal.incident.is_duplicate
        assert "undid: the merge" in [each.headline for each in moments(journal.entries, journal.replay)]

    def test_one_that_was_over_stays_what_it_was(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record(actions.move(journal.incident, "resolved", text={"note": "x"}))
        journal.record(merge(journal.incident, incident(OTHER, status="resolved")))
        assert (journal.incident.status, journal.incident.phase) == ("resolved", "Merged")

    def test_one_that_stands_all_the_same_is_as_if_it_were_not_merged(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record(merge(journal.incident, incident(OTHER)))
        journal.replay.stands = True
        found = journal.incident
        assert (found.status, found.is_duplicate, found.is_closed, found.alias_of) == ("raised", False, False, OTHER)

    def test_an_alias_of_itself_means_nothing(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record([Draft("alias", "alias", {"of": INCIDENT})])
        assert (journal.incident.alias_of, journal.incident.status) == (None, "raised")

    def test_two_merges_at_once_are_a_conflict_that_an_entry_settles(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record(merge(journal.incident, incident(OTHER)))
        journal.receive(entry("theirs", "alias", body={"of": "third"}, device="d2", hlc=journal.hlc + 1))
        assert set(journal.incident.conflicts) == {"alias_of"}
        assert journal.incident.alias_of == "third"
        journal.undo([journal.entries[1]])
        assert set(journal.incident.conflicts) == {"alias_of"}
        assert journal.incident.alias_of is None  # the safe value: open rather than hidden

    def test_taking_apart_can_be_undone(self) -> None:
        journal = Memory()
        journal.record(actions.raise_incident("x", {}))
        journal.record(merge(journal.incident, incident(OTHER)))
        apart = journal.record(part(journal.incident, incident(OTHER), "not the same after all"))
        assert not journal.incident.is_merged
        assert moments(journal.entries, journal.replay)[-1].text == "not the same after all"
        journal.undo(apart)
        assert journal.incident.alias_of == OTHER
        assert journal.entries[-1].payload["name"]


@pytest.mark.parametrize(
    ("duplicate", "target", "code"),
    [
        (incident("a"), incident("a"), "self"),
        (incident("a", alias_of="c"), incident("b"), "merged"),
        (incident("a"), incident("b", alias_of="c"), "merged"),
        (incident("a", drill=True), incident("b"), "drill"),
        (incident("a"), incident("b", drill=True), "drill"),
        (incident("a", restricted=True), incident("b"), "restricted"),
        (incident("a"), incident("b", status="resolved"), "needs_note"),
    ],
)
def test_what_is_refused(duplicate: Incident, target: Incident, code: str) -> None:
    with pytest.raises(Refused) as refused:
        merge(duplicate, target)
    assert (refused.value.code, bool(refused.value.remedy)) == (code, True)


def test_what_is_not() -> None:
    assert merge(incident("a"), incident("b", status="resolved"), "it is the one of this morning")
    assert merge(incident("a", status="ignored"), incident("b", status="resolved"))
    assert merge(incident("a"), incident("b", restricted=True))
    assert merge(incident("a", alias_of="b", stands=True), incident("c"))
    with pytest.raises(Refused):
        part(incident("a"), incident("b"))


def test_what_a_merge_does_not_carry_over_is_said() -> None:
    bad = incident("a", priority="P1", severity="low")
    assert worse([bad, incident("c")], incident("b", priority="P3", severity="high")) == [
        "INC-B has priority P3, a duplicate has P1"
    ]
    assert worse([bad], incident("b", priority="P1", severity="low")) == []
    assert worse([bad], incident("b")) == [
        "INC-B has no priority, a duplicate has P1",
        "INC-B has no severity, a duplicate has low",
    ]


def test_together_nothing_is_lost_and_nothing_doubled() -> None:
    own = incident(
        "b", tags=(Item("e1", "disk"),), resources=(Item("e2", "db1", severity="low"),), notes=1, alerts=1,
        alert_states={"f": (2, 1, "x", False)}, related=(Item("e9", "INC-A", relation="original", incident="a"),),
        follow_ups=(FollowUp("1", "own"),), starred=frozenset({"s1"}),
    )  # fmt: skip
    other = incident(
        "a", tags=(Item("e3", "disk"), Item("e4", "pg")), resources=(Item("e5", "db1", severity="critical"),), notes=2,
        alerts=2, alert_states={"f": (1, 1, "y", True), "g": (1, 1, "z", True)}, firing=2, starred=frozenset({"s2"}),
        follow_ups=(FollowUp("2", "theirs"),), related=(Item("e8", "INC-C", relation="prior", incident="c"),),
    )  # fmt: skip
    found = together(own, [other])
    assert [(tag.name, tag.made_by) for tag in found.tags] == [("disk", ("e1", "e3")), ("pg", ("e4",))]
    assert [(each.name, each.severity) for each in found.resources] == [("db1", "low")]
    assert (found.notes, found.alerts, found.firing) == (3, 3, 1)  # f is over: it was told so at the one that stands
    assert [each.title for each in found.follow_ups] == ["own", "theirs"]
    assert [item.name for item in found.related] == ["INC-C"]
    assert found.starred == {"s1", "s2"}
    assert together(own, []) is own


def test_what_is_said_of_a_part_goes_to_its_timeline() -> None:
    homes = {"e3": "a", "n1": "a", "e1": None}

    def go(draft: Draft) -> list[tuple[str | None, tuple[str, ...] | None]]:
        made = routed(draft, "b", homes.get, {"2": "a"}.get)
        return [(each.incident, each.over) for each in made]

    assert go(Draft("drop", "tag", {}, over=("e1", "e3"))) == [("b", ("e1",)), ("a", ("e3",))]
    assert go(Draft("amend", "note:n1")) == [("a", None)]
    assert go(Draft("set", "star:n1")) == [("a", None)]
    assert go(Draft("set", "act:2.done")) == [("a", None)]
    assert go(Draft("set", "act:1.done")) == go(Draft("note", "note")) == [(None, None)]
    assert go(Draft("add", "related", incident="c")) == [("c", None)]


def test_the_words_of_both_timelines() -> None:
    journal = Memory()
    journal.record(actions.raise_incident("x", {}))
    drafts = merge(incident(OTHER), journal.incident, "same disk")
    journal.record([replace(draft, incident=None) for draft in drafts])
    said = [(each.headline, each.text) for each in moments(journal.entries, journal.replay)]
    assert (f"merged into {journal.incident.ref}", "same disk") in said
    assert any("was merged into this" in headline for headline, _text in said)
    assert START


@pytest.mark.parametrize(
    ("own", "waits"),
    [
        ({}, False),
        ({"status": "resolved", "ended_at": START + 9}, True),
        ({"status": "resolved", "ended_at": START + 5}, False),
        ({"status": "resolved", "ended_at": START + 1}, False),
    ],
)
def test_that_a_part_is_over_does_not_say_that_what_stands_is(own: dict[str, Any], waits: bool) -> None:
    said = Told("t", "Board", "over", START + 5, "ana", wording="resolved")
    standing = incident("b", severity="critical", **own)
    found = together(standing, [incident("a", status="ignored", told=(said,))])
    over = standing.is_closed and not waits
    assert found.told[0].wording == ("resolved" if over else None)
    (notice,) = notices(found, [Party("Board", severities=frozenset({"critical"}))], START + 10)
    assert (notice.waits, notice.final) == (waits, waits)
    mine = together(replace(standing, told=(said,)), [incident("a")])
    assert mine.told == (said,)  # of itself it is often told before it is recorded
