"""Impact × urgency gives the priority; a person may override it with a reason, and take that back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.fields import CUSTOM_KINDS, CustomField, parse_setting
from domain.incident import Incident
from domain.triage import derived, matrix_problems, set_fields
from domain.triage import raised as values_of
from domain.vocabulary import IMPACT_MEANING, MATRIX, PRIORITIES, URGENCY_MEANING
from tests.domain.test_conflicts import Pair
from tests.domain.timeline import START, Memory, raised

LEVELS = st.sampled_from(["high", "medium", "low"])


def said(drafts: Any) -> dict[str, Mapping[str, Any]]:
    return {draft.what: draft.body for draft in drafts}


@pytest.fixture
def incident() -> Memory:
    return raised()


def test_the_shipped_matrix_has_no_hole_and_never_falls_with_more_impact_or_urgency() -> None:
    assert matrix_problems(MATRIX) == []
    assert (derived(MATRIX, "high", "high"), derived(MATRIX, "low", "low")) == ("P1", "P4")
    order = list(IMPACT_MEANING)
    for one, other in pairwise(order):
        for urgency in URGENCY_MEANING:
            assert PRIORITIES.index(MATRIX[one][urgency]) <= PRIORITIES.index(MATRIX[other][urgency])
            assert PRIORITIES.index(MATRIX[urgency][one]) <= PRIORITIES.index(MATRIX[urgency][other])


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        (lambda m: m["high"].pop("low"), "high.low", "no priority"),
        (lambda m: m.pop("low"), "low.high", "no priority"),
        (lambda m: m["high"].update(low="P5"), "high.low", "none of P1"),
        (lambda m: m.update(hihg={}), "hihg", "did you mean high"),
        (lambda m: m["low"].update(meduim="P4"), "low.meduim", "did you mean medium"),
    ],
)
def test_a_flaw_of_a_matrix_is_named_with_its_place(change: Any, place: str, says: str) -> None:
    matrix = {impact: dict(row) for impact, row in MATRIX.items()}
    change(matrix)
    found = dict(matrix_problems(matrix))
    assert says in found[place]


@given(impact=LEVELS, urgency=LEVELS)
def test_one_of_the_two_is_not_enough_and_both_give_the_priority(impact: str, urgency: str) -> None:
    nothing = Incident(id="i")
    assert set(said(set_fields(nothing, {"impact": impact}))) == {"impact"}
    both = said(set_fields(nothing, {"impact": impact, "urgency": urgency}))
    assert both["priority"] == {"value": MATRIX[impact][urgency]}
    half = Incident(id="i", impact=impact)
    assert said(set_fields(half, {"urgency": urgency}))["priority"] == {"value": MATRIX[impact][urgency]}


def test_a_priority_that_does_not_follow_needs_a_reason_and_stays_until_it_is_cleared(incident: Memory) -> None:
    incident.record(set_fields(incident.incident, {"impact": "high", "urgency": "high"}))
    assert incident.incident.priority == "P1"
    with pytest.raises(Refused) as refused:
        set_fields(incident.incident, {"priority": "P3"})
    assert refused.value.code == "needs_reason"
    incident.record(set_fields(incident.incident, {"priority": "P3"}, reason="a test system"))
    assert (incident.incident.priority, incident.incident.priority_reason) == ("P3", "a test system")
    incident.record(set_fields(incident.incident, {"urgency": "medium"}))
    assert (incident.incident.priority, incident.incident.priority_overridden) == ("P3", True)
    incident.record(set_fields(incident.incident, {"priority": None}))
    assert (incident.incident.priority, incident.incident.priority_overridden) == ("P2", False)


def test_another_reason_for_the_same_priority_is_recorded(incident: Memory) -> None:
    incident.record(set_fields(incident.incident, {"priority": "P3"}, reason="first"))
    incident.record(set_fields(incident.incident, {"priority": "P3"}, reason="second"))
    assert incident.incident.priority_reason == "second"


def test_without_impact_and_urgency_a_priority_needs_no_reason_and_is_no_override(incident: Memory) -> None:
    incident.record(set_fields(incident.incident, {"priority": "P4"}))
    assert (incident.incident.priority, incident.incident.priority_overridden) == ("P4", False)


def test_undoing_brings_an_override_and_its_reason_back(incident: Memory) -> None:
    incident.record(set_fields(incident.incident, {"impact": "low", "urgency": "low"}))
    incident.record(set_fields(incident.incident, {"priority": "P1"}, reason="the minister called"))
    cleared = incident.record(set_fields(incident.incident, {"priority": None}))
    assert incident.incident.priority == "P4"
    incident.undo(cleared)
    assert (incident.incident.priority, incident.incident.priority_reason) == ("P1", "the minister called")


def test_who_settles_a_conflict_for_an_override_takes_its_reason() -> None:
    pair = Pair()
    pair.ana.record([Draft("set", "priority", {"value": "P1", "reason": "the minister called"})])
    pair.ben.now += 60_000
    pair.ben.record([Draft("set", "priority", {"value": "P4"})])
    pair.meet()
    seen = pair.conflict("priority")
    pair.settle(seen, next(option.entry for option in seen.options if option.value == "P1"))
    assert (pair.ana.incident.priority, pair.ana.incident.priority_reason) == ("P1", "the minister called")
    assert not pair.ana.incident.conflicts


def test_a_new_incident_gets_the_priority_that_follows_and_no_other() -> None:
    assert values_of({"impact": "high", "urgency": "low"})["priority"] == "P3"
    assert values_of({"impact": "high"}) == {"impact": "high"}
    assert values_of({"impact": "high", "urgency": "low", "priority": "P3"})["priority"] == "P3"
    with pytest.raises(Refused):
        values_of({"impact": "high", "urgency": "low", "priority": "P1"})


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (CustomField("n", "number"), "42", 42),
        (CustomField("n", "number"), "-0.5", -0.5),
        (CustomField("y", "yesno"), "yes", True),
        (CustomField("d", "date"), "2026-11-21", "2026-11-21"),
        (CustomField("m", "moment"), "-1m", START - 60_000),
        (CustomField("c", "choice", ("eu west", "us")), "EU_West", "eu west"),
        (CustomField("t"), " blue ", "blue"),
        (CustomField("t", "number"), "", None),
    ],
)
def test_a_field_of_a_teams_own_reads_its_kind(field: CustomField, text: str, value: object) -> None:
    assert parse_setting(f"custom.{field.name}={text}", START, custom={field.name: field}) == (
        f"custom:{field.name}",
        value,
    )
    assert field.kind in CUSTOM_KINDS


@pytest.mark.parametrize(
    "field",
    [CustomField("f", kind, ("a", "b") if kind == "choice" else ()) for kind in CUSTOM_KINDS if kind != "text"],
    ids=lambda field: field.kind,
)
def test_what_a_field_cannot_hold_names_the_field(field: CustomField) -> None:
    with pytest.raises(BadValue) as bad:
        parse_setting("custom.f=nonsense!", START, custom={"f": field})
    assert "custom.f" in bad.value.message
    assert bad.value.remedy


@pytest.mark.parametrize("text", ["x", "1.5", "9999999999", "1e3", "٣"])
def test_a_classifier_has_a_whole_number(text: str) -> None:
    with pytest.raises(BadValue):
        parse_setting(f"class.blast={text}", START)
    assert parse_setting("class.blast=-3", START) == ("class:blast", -3)
    assert parse_setting("class.blast=", START) == ("class:blast", None)


def test_classifiers_are_shown_with_their_levels_and_can_be_taken_away(incident: Memory) -> None:
    incident.record(set_fields(incident.incident, {"class:blast": 3, "class:scope": 1}))
    assert dict(incident.incident.classifiers) == {"blast": 3, "scope": 1}
    incident.record(set_fields(incident.incident, {"class:scope": None}))
    assert dict(incident.incident.classifiers) == {"blast": 3}
