"""Settling: exactly what was seen is replaced, any value can be chosen, and the record says who chose what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions
from domain.conflicts import Conflict, can_be_written, conflicts_of, named_conflict, read_value, settle
from domain.entry import Draft
from domain.errors import BadValue, Mistake, Refused
from domain.moments import moments
from domain.wording import brief, field_name, said
from tests.domain.timeline import INCIDENT, START, Memory, raised

MINUTE = 60_000


class Pair:
    """Two people on one incident who write without seeing each other, until they `meet`."""

    def __init__(self, *first: Draft, **values: Any) -> None:
        self.ana = raised(**values)
        self.ana.record(first)
        self.ben = Memory("d2", "ben")
        self.met = 0
        self.meet()

    def meet(self) -> None:
        """Give each what the other has."""
        for one, other in ((self.ana, self.ben), (self.ben, self.ana)):
            here = {entry.id for entry in other.entries}
            for entry in list(one.entries):
                if entry.id not in here:
                    other.receive(entry)

    def write(self, field: str, ana: Any, ben: Any, kind: str = "set", key: str = "value") -> Conflict:
        """Let both write a field, a minute apart, and return the conflict."""
        what = "alias" if kind == "alias" else field
        self.ana.now += MINUTE
        self.ana.record([Draft(kind, what, {key: ana})])
        self.ben.now = self.ana.now + MINUTE
        self.ben.record([Draft(kind, what, {key: ben})])
        self.meet()
        return self.conflict(field)

    def conflict(self, field: str) -> Conflict:
        return named_conflict(conflicts_of(self.ana.replay), field, "INC-TEST1")

    def settle(self, seen: Conflict, entry: str, *value: Any) -> None:
        self.ana.now += MINUTE
        self.ana.record(settle(self.ana.incident, seen, entry, *value))

    @property
    def said(self) -> str:
        return moments(self.ana.entries, self.ana.replay)[-1].headline


FIELDS: list[tuple[str, Any, Any]] = [
    ("status", "validated", "resolved"),
    ("status", "invalid", "ignored"),
    ("severity", "low", "critical"),
    ("title", "Mail is down", "Mail and chat are down"),
    ("owner", "ana", None),
    ("impact_started_at", START, START - MINUTE),
    ("drill", True, False),
    ("pm:root_cause", "A\nB", "A\nC"),
    ("custom:team", "blue", "red"),
    ("act:f1.due", "2026-12-01", "2026-12-24"),
    ("star:e1", True, False),
    ("newer:thing", {"deep": [1, 2]}, {"deep": [1, 3]}),
    ("newer", 1, True),
]


@pytest.mark.parametrize(("field", "ana", "ben"), FIELDS)
@pytest.mark.parametrize("index", [0, 1])
def test_either_value_can_be_chosen_and_the_conflict_is_over(field: str, ana: Any, ben: Any, index: int) -> None:
    pair = Pair()
    seen = pair.write(field, ana, ben)
    assert [option.value for option in seen.options] == [ana, ben]
    assert [option.author for option in seen.options] == ["ana", "ben"]
    assert [option.at for option in seen.options] == [START + MINUTE, START + 2 * MINUTE]
    chosen = seen.options[index]
    pair.settle(seen, chosen.entry)
    made = pair.ana.entries[-1]
    assert set(made.over) == {option.entry for option in seen.options}
    assert made.payload["chose"] == chosen.entry
    assert pair.ana.replay.value(field) == chosen.value
    assert not pair.ana.incident.conflicts


def test_the_safe_one_is_marked_as_shown() -> None:
    assert [option.safe for option in Pair().write("status", "resolved", "validated").options] == [False, True]
    assert [option.safe for option in Pair().write("severity", "critical", "low").options] == [True, False]


class TestOther:
    def test_an_amended_note(self) -> None:
        pair = Pair(Draft("note", "note", {"text": "the disk is full"}))
        note = pair.ana.replay.notes()[0][0]
        seen = pair.write(f"note:{note.id}", "the disk was full", "the disk of db7 is full", "amend", "text")
        assert seen.base == "the disk is full"
        assert seen.is_text
        pair.settle(seen, seen.options[0].entry)
        made = pair.ana.entries[-1]
        assert (made.kind, made.what) == ("amend", f"note:{note.id}")
        assert pair.ana.replay.note_text(note) == "the disk was full"
        assert not pair.ana.incident.conflicts
        assert pair.said == "a note's text: chose ana's over ben's"

    def test_an_alias(self) -> None:
        pair = Pair()
        seen = pair.write("alias_of", "one", "two", "alias", "of")
        pair.settle(seen, seen.options[0].entry)
        assert pair.ana.entries[-1].kind == "alias"
        assert pair.ana.incident.alias_of == "one"
        assert not pair.ana.incident.conflicts

    def test_a_value_that_an_incident_was_raised_with(self) -> None:
        pair = Pair()
        twin = Memory("d3", "cy")
        pair.ana.receive(twin.record([Draft("raise", "raise", {"title": "Mail is slow"})])[0])
        seen = pair.conflict("title")
        pair.settle(seen, seen.options[1].entry)
        assert pair.ana.incident.title == seen.options[1].value

    def test_members_of_a_newer_version_s_collection_are_no_choice(self) -> None:
        pair = Pair()
        for number in (1, 2):
            pair.ana.record([Draft("add", "witness", {"name": f"w{number}"}, over=())])
        assert conflicts_of(pair.ana.replay) == ()

    def test_three_values(self) -> None:
        pair, cy = Pair(), Memory("d3", "cy")
        for entry in pair.ana.entries:
            cy.receive(entry)
        pair.write("severity", "low", "high")
        pair.ana.receive(cy.record([Draft("set", "severity", {"value": "critical"})])[0])
        seen = pair.conflict("severity")
        assert len(seen.options) == 3
        pair.settle(seen, next(o.entry for o in seen.options if o.value == "high"))
        assert pair.ana.incident.severity == "high"
        assert pair.said in ("severity: chose high over low and critical", "severity: chose high over critical and low")


class TestStatus:
    def test_the_age_of_a_status_stays(self) -> None:
        pair = Pair()
        seen = pair.write("status", "validated", "resolved")
        resolved = seen.options[1]
        pair.settle(seen, resolved.entry)
        incident = pair.ana.incident
        assert (incident.status, incident.resolved_at) == ("resolved", resolved.at)
        assert pair.said == "chose resolved over validated"

    def test_a_label_stays(self) -> None:
        pair = Pair()
        pair.ana.record([Draft("set", "status", {"value": "other", "label": "With vendor"})])
        pair.ben.record([Draft("set", "status", {"value": "resolved"})])
        pair.meet()
        seen = pair.conflict("status")
        other = next(option for option in seen.options if option.value == "other")
        assert other.label == "With vendor"
        pair.settle(seen, other.entry)
        assert pair.ana.incident.phase == "With vendor"

    def test_no_rule_of_the_lifecycle_stands_in_the_way(self) -> None:
        """Ignored to reviewed needs a reason, invalid to resolved is no step at all."""
        for mine, theirs in (("ignored", "reviewed"), ("invalid", "resolved"), ("resolved", "raised")):
            pair = Pair(status="validated")
            seen = pair.write("status", mine, theirs)
            for option in seen.options:
                assert settle(pair.ana.incident, seen, option.entry)[0].body["value"] == option.value

    def test_an_open_one_opens_what_was_closed_on_the_strength_of_the_other(self) -> None:
        pair = Pair()
        pair.ana.record([Draft("set", "status", {"value": "resolved"}), Draft("fact", "closed")])
        pair.ben.record([Draft("set", "status", {"value": "validated"})])
        pair.meet()
        seen = pair.conflict("status")
        assert pair.ana.incident.is_closed
        pair.settle(seen, next(o.entry for o in seen.options if o.value == "validated"))
        assert pair.ana.incident.phase == "Working"
        assert pair.ana.entries[-1].payload["reason"] == "chose validated over resolved"

    def test_a_status_is_not_made_up(self) -> None:
        pair = Pair()
        seen = pair.write("status", "validated", "resolved")
        with pytest.raises(Refused, match="moved to") as caught:
            settle(pair.ana.incident, seen, seen.options[0].entry, "ignored")
        assert "tocsin move" in caught.value.remedy
        (draft,) = settle(pair.ana.incident, seen, seen.options[0].entry, "resolved")
        assert draft.body["chose"] == seen.options[1].entry


class TestExactlyWhatWasSeen:
    def test_a_value_that_came_meanwhile_stays_beside_the_chosen_one(self) -> None:
        pair, cy = Pair(), Memory("d3", "cy")
        for entry in pair.ana.entries:
            cy.receive(entry)
        seen = pair.write("severity", "low", "high")
        pair.ana.receive(cy.record([Draft("set", "severity", {"value": "critical"})])[0])
        pair.settle(seen, seen.options[0].entry)
        left = pair.conflict("severity")
        assert sorted(option.value for option in left.options) == ["critical", "low"]
        assert pair.ana.incident.severity == "critical"

    def test_only_the_named_ones_when_somebody_names_them(self) -> None:
        pair = Pair()
        seen = pair.write("owner", "ana", "ben")
        narrowed = seen.seen([seen.options[0].entry])
        assert [option.value for option in narrowed.options] == ["ana"]

    def test_what_was_settled_meanwhile_is_refused(self) -> None:
        pair = Pair()
        seen = pair.write("owner", "ana", "ben")
        pair.settle(seen, seen.options[0].entry)
        with pytest.raises(Refused, match="settled meanwhile") as caught:
            settle(pair.ana.incident, seen, seen.options[1].entry)
        assert caught.value.code == "no_conflict"

    def test_a_choice_that_its_author_replaced_meanwhile_is_refused(self) -> None:
        pair = Pair()
        seen = pair.write("owner", "ana", "ben")
        pair.ben.record([Draft("set", "owner", {"value": "cy"}, over=(seen.options[1].entry,))])
        pair.meet()
        with pytest.raises(Refused, match="replaced meanwhile") as caught:
            settle(pair.ana.incident, seen, seen.options[1].entry)
        assert caught.value.code == "changed"
        assert settle(pair.ana.incident, seen, seen.options[0].entry)

    def test_two_who_choose_the_same_make_no_new_conflict_and_two_who_do_not_make_one(self) -> None:
        for other, left in ((0, 0), (1, 1)):
            pair = Pair()
            seen = pair.write("owner", "ana", "ben")
            pair.ana.record(settle(pair.ana.incident, seen, seen.options[0].entry))
            pair.ben.record(settle(pair.ben.incident, seen, seen.options[other].entry))
            pair.meet()
            assert len(conflicts_of(pair.ana.replay)) == left


class TestWrong:
    def test_a_field_without_a_conflict(self) -> None:
        pair = Pair()
        pair.write("owner", "ana", "ben")
        with pytest.raises(Refused, match="severity") as caught:
            pair.conflict("severity")
        assert (caught.value.code, caught.value.remedy) == ("no_conflict", "To settle on INC-TEST1: owner.")

    @pytest.mark.parametrize(("entry", "why"), [("zzz", "none of the choices"), ("d", "fits several"), ("", "none of")])
    def test_an_entry_that_is_no_choice(self, entry: str, why: str) -> None:
        pair = Pair()
        seen = pair.write("owner", "ana", "ben")
        with pytest.raises(BadValue, match=why) as caught:
            settle(pair.ana.incident, seen, entry)
        assert caught.value.code == "no_such_choice"
        assert "ana: ana" in caught.value.remedy
        assert "ben: ben" in caught.value.remedy

    def test_the_beginning_of_an_id_is_enough(self) -> None:
        pair = Pair()
        seen = pair.write("owner", "ana", "ben")
        for option in seen.options:
            assert seen.option(seen.short_id(option.entry).upper()) == option

    def test_a_short_id_is_as_long_as_it_must_be(self) -> None:
        option = Pair().write("owner", "ana", "ben").options[0]
        twins = [replace(option, entry=f"019a-0000-0000-{letter}bcd") for letter in "ab"]
        assert Conflict(INCIDENT, "owner", tuple(twins)).short_id(twins[1].entry) == "019a-0000-0000-b"


class TestEdited:
    def test_another_value_than_either(self) -> None:
        pair = Pair()
        seen = pair.write("severity", "low", "critical")
        pair.settle(seen, seen.options[0].entry, "high")
        assert pair.ana.incident.severity == "high"
        assert pair.said == "severity: chose high instead of low and critical"

    def test_a_merged_text(self) -> None:
        pair = Pair(Draft("set", "pm:impact", {"value": "a\nb\nc"}))
        seen = pair.write("pm:impact", "A\nb\nc", "a\nb\nC")
        assert seen.base == "a\nb\nc"
        pair.settle(seen, seen.options[0].entry, "A\nb\nC")
        assert pair.ana.incident.sections["impact"] == "A\nb\nC"
        assert pair.said == "post-mortem: impact: chose one text made of ana's and ben's"

    @pytest.mark.parametrize(
        ("field", "text", "value"),
        [
            ("severity", "SEV2", "high"), ("owner", "", None), ("impact_started_at", "-12m", START - 12 * MINUTE),
            ("pm:impact", " a\n", " a\n"), ("custom:team", "blue", "blue"), ("star:e", "no", False),
            ("act:f.done", "yes", True), ("act:f.title", "do it", "do it"), ("status", "valid", "validated"),
            ("drill", "off", False), ("restricted", "yes", True), ("note:e", "text", "text"),
        ],
    )  # fmt: skip
    def test_a_value_is_read_as_the_field_wants_it(self, field: str, text: str, value: Any) -> None:
        assert read_value(field, text, START) == value
        assert can_be_written(field) == (field != "status")

    @pytest.mark.parametrize(
        ("field", "text"),
        [("severity", "dire"), ("newer", "1"), ("alias_of", "x"), ("act:f.title", " "), ("pm:x", "x" * 300_000)],
    )
    def test_a_value_that_the_field_cannot_hold(self, field: str, text: str) -> None:
        with pytest.raises(Mistake) as caught:
            read_value(field, text, START)
        assert caught.value.remedy


class TestUndone:
    def test_the_conflict_is_open_again_and_names_who_wrote(self) -> None:
        pair = Pair()
        seen = pair.write("status", "validated", "resolved")
        pair.settle(seen, seen.options[0].entry)
        pair.ana.undo([pair.ana.entries[-1]])
        again = pair.conflict("status")
        assert [(o.value, o.author, o.at) for o in again.options] == [(o.value, o.author, o.at) for o in seen.options]
        pair.settle(again, again.options[1].entry)
        assert pair.ana.incident.resolved_at == seen.options[1].at

    def test_entries_that_undo_one_another_in_a_ring_end(self) -> None:
        pair = Pair()
        pair.write("owner", "ana", "ben")
        ring = [
            Draft("set", "owner", {"value": "x", "undoes": "d1-00004"}, over=("d1-00004",)),
            Draft("set", "owner", {"value": "y", "undoes": "d1-00003"}, over=("d1-00003",)),
        ]
        pair.ana.record(ring)
        assert conflicts_of(pair.ana.replay) is not None


VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=6), st.data())
def test_whatever_the_values_settling_leaves_the_chosen_one_alone(values: list[Any], data: st.DataObject) -> None:
    journal = raised()
    for value in values:
        journal.record([Draft("set", "newer", {"value": value}, over=())])
    found = conflicts_of(journal.replay)
    assert bool(found) == (len({repr(value) for value in values}) > 1)
    for conflict in found:
        option = data.draw(st.sampled_from(conflict.options))
        journal.record(settle(journal.incident, conflict, conflict.short_id(option.entry)))
        assert [head.value for head in journal.replay.heads("newer")] == [option.value]
        assert moments(journal.entries, journal.replay)[-1].headline.startswith("newer: chose ")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("pm:root_cause", "post-mortem: root cause"), ("custom:team", "team"), ("note:x", "a note's text"),
        ("act:f.due", "follow-up due"), ("impact_started_at", "impact started"), ("severity", "severity"),
        ("star:x", "a star"), ("newer:x", "newer:x"),
    ],
)  # fmt: skip
def test_a_field_in_words(field: str, words: str) -> None:
    assert field_name(field) == words


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("owner", None, "none"), ("owner", "", "none"), ("drill", True, "yes"), ("x", 4, "4"),
        ("detected_at", START, "2026-11-18 11:06 UTC"),
        ("detected_at", 10**18, str(10**18)), ("x", {"a": 1}, '{"a":1}'),
    ],
)  # fmt: skip
def test_a_value_in_words(field: str, value: Any, words: str) -> None:
    assert said(field, value) == words


def test_a_long_value_is_cut() -> None:
    assert brief("x" * 99) == "x" * 39 + "…"
    assert brief("one\ntwo") == "one…"


def test_an_action_can_still_settle_by_writing_the_field() -> None:
    pair = Pair()
    pair.write("severity", "low", "critical")
    pair.ana.record(actions.set_fields(pair.ana.incident, {"severity": "critical"}))
    assert not pair.ana.incident.conflicts
