"""The fold: whatever comes, in whatever order, gives one and the same incident."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.entry import KINDS, Entry
from domain.replay import Replay, field_of, replay
from domain.vocabulary import FINISHED, PRIORITIES, SEVERITIES
from tests.domain.timeline import INCIDENT, START, Memory, entry, raised

IDS = [f"e{n}" for n in range(10)]
REGISTERS = ["status", "severity", "priority", "title", "owner", "detected_at", "drill", "pm:impact", "custom:x"]
NAMES: dict[str, list[str]] = {
    "set": [*REGISTERS, "star:e1", "act:a.title", "act:a.done", "tag", "note", "fact:closed", "future"],
    "fact": ["acknowledged", "mitigated", "reopened", "closed", "alert", "postmortem_published", "silenced", "weather"],
    "add": ["tag", "resource", "related", "role"],
    "drop": ["tag", "note", "fact:acknowledged", "fact:closed", "fact:silenced"],
    "amend": [f"note:{each}" for each in IDS[:4]],
}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, START),
    st.sampled_from([*FINISHED, *SEVERITIES, *PRIORITIES, "db", "", 10**40]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)
KEYS = [
    "value", "text", "of", "undoes", "name", "relation", "label", "since", "fingerprint", "status", "title", "until",
    "severity", "priority", "reason",
]  # fmt: skip
BODIES = st.one_of(
    st.fixed_dictionaries({"value": VALUES}),
    st.fixed_dictionaries({"undoes": st.sampled_from(IDS), "value": VALUES}),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4),
)
HOSTILE = st.one_of(
    BODIES.map(json.dumps),
    st.sampled_from(["", "{", "null", "[]", "7", '"x"', "NaN", '{"value": NaN}', '{"value": 1e999}', '{"a":1,"a":2}']),
    st.just('{"value": "\\ud800", "title": "\\udfff"}'),
    st.just("[" * 5_000),
    st.just('{"value":' * 5_000),
    st.just('{"value": ' + "9" * 5_000 + "}"),
    st.text(max_size=20),
    st.none(),
)


@st.composite
def timelines(draw: st.DrawFn, bodies: st.SearchStrategy[Any] = BODIES) -> list[Entry]:
    """Return entries that are causally senseless on purpose: only their ids are in order."""
    made = []
    for identifier in IDS[: draw(st.integers(1, len(IDS)))]:
        kind = draw(
            st.sampled_from(["raise", "set", "set", "fact", "add", "drop", "note", "amend", "alias", "hologram"])
        )
        more = {
            "over": tuple(draw(st.lists(st.sampled_from(IDS), max_size=2, unique=True))),
            "hlc": draw(st.integers(0, 4)),
            "occurred_at": START + draw(st.integers(0, 4)),
            "src": draw(st.sampled_from([None, None, None, "s1", "s2"])),
            "source": draw(st.sampled_from(["human", "implied"])),
        }
        made.append(entry(identifier, kind, draw(st.sampled_from(NAMES.get(kind, [kind]))), draw(bodies), **more))
    return made


@settings(max_examples=120, deadline=None)
@given(timelines(), st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(entries: list[Entry], random: Any) -> None:
    shuffled = random.sample(entries, len(entries))
    once = replay(INCIDENT, entries)
    assert replay(INCIDENT, entries) == once
    assert replay(INCIDENT, shuffled) == once
    assert repr(replay(INCIDENT, shuffled)) == repr(once)


@settings(max_examples=100, deadline=None)
@given(timelines(), st.integers(0, len(IDS)))
def test_folding_a_part_and_then_the_rest_equals_folding_all(entries: list[Entry], cut: int) -> None:
    folded = Replay(INCIDENT).extend(entries[:cut])
    folded.result()  # reading out in between leaves no trace
    assert folded.extend(entries[cut:]).result() == replay(INCIDENT, entries)


@settings(max_examples=100, deadline=None)
@given(timelines())
def test_adding_twice_changes_nothing(entries: list[Entry]) -> None:
    assert replay(INCIDENT, [*entries, *reversed(entries)]) == replay(INCIDENT, entries)


@settings(max_examples=120, deadline=None)
@given(timelines())
def test_heads_are_the_entries_that_nobody_replaced(entries: list[Entry]) -> None:
    sets = [replace(each, src=None) for each in entries if each.kind in ("set", "drop")]
    folded = Replay(INCIDENT).extend(sets)
    for name in {field_of(each) for each in sets}:
        same = [each for each in sets if field_of(each) == name]
        gone = {old for each in same for old in each.over}
        expected = {each.id for each in same if each.kind == "set" and each.id not in gone}
        heads = folded.heads(name)
        assert {head.entry.id for head in heads} == expected
        assert [head.order for head in heads] == sorted(head.order for head in heads)
        assert all(folded.current(each) == (each.id in expected) for each in same)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["severity", "priority", "title", "owner", "status"]), st.permutations([1, 5, 9]))
def test_a_set_that_saw_the_others_wins_whatever_the_clocks_say(name: str, stamps: list[int]) -> None:
    """`over` decides; the hybrid clock only breaks ties."""
    values = {"severity": SEVERITIES, "priority": PRIORITIES, "status": FINISHED}.get(name, ("a", "b", "c"))
    first = entry("x1", "set", name, {"value": values[0]}, hlc=stamps[0], occurred_at=START + 9)
    second = entry("x2", "set", name, {"value": values[1]}, hlc=stamps[1], over=("x1",))
    last = entry("x3", "set", name, {"value": values[2]}, hlc=stamps[2], over=("x2",), occurred_at=START - 9)
    folded = Replay(INCIDENT).extend([last, first, second])
    assert folded.value(name) == values[2]
    assert not folded.result().conflicts


@pytest.mark.parametrize(
    ("name", "left", "right", "shown"),
    [
        ("severity", "low", "critical", "critical"),
        ("severity", "unheard-of", "low", "low"),
        ("severity", None, "low", "low"),
        ("priority", "P1", "P4", "P1"),
        ("priority", None, "P4", "P4"),
        ("status", "resolved", "validated", "validated"),
        ("status", "raised", "invalid", "raised"),
        ("status", "other", "resolved", "other"),
        ("status", "ignored", "invalid", "ignored"),
        ("detected_at", START + 5, START, START),
        ("detected_at", START, None, START),
        ("detected_at", True, START, START),
        ("impact_started_at", 10**40, START, START),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_values_the_one_that_hides_no_danger_is_shown(
    name: str, left: object, right: object, shown: object, swapped: bool
) -> None:
    older, newer = (right, left) if swapped else (left, right)
    entries = [entry("x1", "set", name, {"value": older}), entry("x2", "set", name, {"value": newer}, hlc=7)]
    incident = replay(INCIDENT, entries)
    assert getattr(incident, name) == shown
    assert [choice.value for choice in incident.conflicts[name]] == [older, newer]


@pytest.mark.parametrize("name", ["status", "severity", "priority", "owner"])
def test_of_two_that_are_as_safe_the_highest_stamp_and_id_is_shown(name: str) -> None:
    entries = [entry(f"x{n}", "set", name, {"value": f"strange {n}"}) for n in (1, 2)]
    assert getattr(replay(INCIDENT, entries), name) == "strange 2"
    entries[0] = replace(entries[0], hlc=9)
    assert getattr(replay(INCIDENT, entries), name) == "strange 1"


def test_otherwise_the_highest_stamp_is_shown_then_the_highest_id() -> None:
    entries = [
        entry("x1", "set", "owner", {"value": "ana"}, hlc=8),
        entry("x2", "set", "owner", {"value": "bo"}, hlc=3),
    ]
    assert replay(INCIDENT, entries).owner == "ana"
    assert replay(INCIDENT, [replace(each, hlc=3) for each in entries]).owner == "bo"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["P1", "P2", None]), min_size=2, max_size=4))
def test_a_field_is_in_conflict_exactly_when_its_heads_differ(values: list[str | None]) -> None:
    entries = [entry(f"x{n}", "set", "priority", {"value": value}) for n, value in enumerate(values)]
    conflicts = replay(INCIDENT, entries).conflicts
    assert ("priority" in conflicts) == (len(set(values)) > 1)
    chosen = entry("y", "set", "priority", {"value": "P3"}, over=tuple(each.id for each in entries))
    settled = replay(INCIDENT, [*entries, chosen])
    assert not settled.conflicts
    assert settled.priority == "P3"


def test_an_equal_src_counts_once_and_is_replaced_as_one() -> None:
    twins = [entry(f"x{n}", "set", "owner", {"value": f"w{n}"}, hlc=9 - n, src="pd:1") for n in (1, 2)]
    alerts = [entry(f"a{n}", "fact", "alert", {"status": "firing"}, src="am:f:1") for n in (1, 2, 3)]
    incident = replay(INCIDENT, [*twins, *alerts])
    assert replay(INCIDENT, [*reversed(twins), *alerts]) == incident
    assert (incident.owner, incident.conflicts, incident.alerts, incident.firing) == ("w2", {}, 1, 1)
    assert incident.entries == 5
    for seen in ("x1", "x2"):
        after = replay(INCIDENT, [*twins, entry("y", "set", "owner", {"value": "ana"}, over=(seen,))])
        assert (after.owner, after.conflicts) == ("ana", {})


def test_an_unknown_kind_is_kept_and_counted_and_changes_nothing_else() -> None:
    known = [entry("x1", "raise", body={"title": "Mail", "status": "raised"})]
    strange = entry("x2", "hologram", "status", {"value": "resolved"})
    assert "hologram" not in KINDS
    assert not strange.known
    before, after = replay(INCIDENT, known), replay(INCIDENT, [*known, strange])
    assert after == replace(before, entries=2)


def test_an_unknown_field_is_kept_raw() -> None:
    folded = Replay(INCIDENT).extend([entry("x1", "set", "weather", {"value": {"wind": 7}})])
    assert folded.value("weather") == {"wind": 7}
    assert folded.result().entries == 1


@settings(max_examples=100, deadline=None)
@given(timelines(), st.sets(st.sampled_from(IDS)))
def test_redacted_bodies_are_folded_too(entries: list[Entry], gone: set[str]) -> None:
    redacted = [replace(each, body=None) if each.id in gone else each for each in entries]
    assert replay(INCIDENT, redacted).entries == len(entries)
    assert all(each.payload == {} for each in redacted if each.id in gone)


@settings(max_examples=100, deadline=None)
@given(timelines(HOSTILE))
@example([entry("e0", "set", "status", {"value": ["resolved"]})])
@example([entry("e0", "set", "status", {"value": {}}), entry("e1", "set", "status", {"value": []})])
def test_hostile_bodies_never_raise_and_give_a_storable_incident(entries: list[Entry]) -> None:
    folded = Replay(INCIDENT).extend(entries)
    incident = folded.result()
    assert all(isinstance(each.payload, dict) for each in entries)
    assert [folded.note_text(note) for note, _text in folded.notes()] == [text for _note, text in folded.notes()]
    words = [incident.title, incident.status, incident.phase, *incident.sections.values()]
    words += [word for word in (incident.severity, incident.priority, incident.owner, incident.status_label) if word]
    assert all(isinstance(word, str) and word.encode() is not None for word in words)
    moments = [incident.detected_at, incident.impact_started_at, incident.ended_at, incident.resolved_at]
    assert all(at is None or 0 <= at < 1 << 62 for at in moments)


def test_rings_and_long_chains_of_undoing_end() -> None:
    ring = [entry(f"r{n}", "set", "owner", {"value": n, "undoes": f"r{(n + 1) % 3}"}) for n in range(3)]
    itself = entry("self", "set", "owner", {"undoes": "self"})
    chain = [entry(f"c{n}", "set", "title", {"undoes": f"c{n - 1}"}) for n in range(5_000)]
    folded = Replay(INCIDENT).extend([*ring, itself, *chain])
    assert {folded.undone(each.id) for each in ring} <= {True, False}
    assert not folded.undone("self")
    assert [folded.undone(f"c{n}") for n in (4_999, 4_998, 4_997, 1, 0)] == [False, True, False, False, True]


def test_an_entry_undone_twice_is_undone_until_both_are_taken_back() -> None:
    folded = Replay(INCIDENT).extend([entry(f"u{n}", "set", "owner", {"undoes": "x"}) for n in (1, 2)])
    assert folded.undone("x")
    folded.add(entry("v1", "set", "owner", {"undoes": "u1"}))
    assert folded.undone("x")
    folded.add(entry("v2", "set", "owner", {"undoes": "u2"}))
    assert not folded.undone("x")


def test_an_add_beats_a_drop_that_had_not_seen_it() -> None:
    entries = [
        entry("x1", "add", "tag", {"name": "db"}),
        entry("x2", "add", "tag", {"name": "db"}, hlc=2),
        entry("x3", "drop", "tag", {"name": "db"}, over=("x1",), hlc=9),
    ]
    assert [(item.name, item.made_by) for item in replay(INCIDENT, entries).tags] == [("db", ("x2",))]
    assert [item.made_by for item in replay(INCIDENT, entries[:2]).tags] == [("x2", "x1")]


def test_the_first_person_is_the_one_who_acknowledged() -> None:
    implied = entry("x1", "fact", "acknowledged", source="implied", author="bo")
    later = entry("x2", "fact", "acknowledged", author="ana", occurred_at=START + 7)
    latest = entry("x3", "fact", "acknowledged", author="cy", occurred_at=START + 9)
    incident = replay(INCIDENT, [implied, latest, later])
    assert (incident.acknowledged_at, incident.acknowledged_by) == (START + 7, "ana")
    alone = replay(INCIDENT, [implied])
    assert (alone.acknowledged_at, alone.acknowledged_by) == (START, None)


@pytest.mark.parametrize("shift", [-5, 0, 5])
def test_a_reopening_takes_back_what_was_recorded_before_whatever_the_clocks_say(shift: int) -> None:
    """A device whose clock runs ahead closed it, or the reopening is dated back: it is open all the same."""
    facts = [entry(f"f{n}", "fact", name, hlc=n) for n, name in enumerate(("mitigated", "closed"))]
    reopened = entry("r", "fact", "reopened", hlc=5, occurred_at=START + shift)
    incident = replay(INCIDENT, [reopened, *facts])
    assert (incident.mitigated_at, incident.closed_at, incident.reopened_at) == (None, None, START + shift)
    again = entry("m", "fact", "mitigated", hlc=6, occurred_at=START + 9)
    assert replay(INCIDENT, [again, reopened, *facts]).mitigated_at == START + 9


def test_alerts_fire_until_their_newest_word_says_otherwise() -> None:
    def alert(identifier: str, fingerprint: str, status: str, at: int) -> Entry:
        body = {"fingerprint": fingerprint, "status": status}
        return entry(identifier, "fact", "alert", body, occurred_at=START + at)

    entries = [alert("x1", "f", "firing", 0), alert("x2", "f", "resolved", 5), alert("x3", "g", "firing", 1)]
    assert (replay(INCIDENT, entries).alerts, replay(INCIDENT, entries).firing) == (3, 1)
    assert replay(INCIDENT, [*entries, alert("x4", "f", "firing", 9)]).firing == 2


def test_what_is_shown_of_every_kind_of_field() -> None:
    journal = raised(severity="high", drill=True, detected_at=START - 5, unknown="kept")
    journal.receive(entry("n1", "note", body={"text": "first"}, occurred_at=START + 5))
    journal.receive(entry("n2", "amend", "note:n1", {"text": "second"}))
    journal.receive(entry("s1", "set", "star:n1", {"value": True}))
    journal.receive(entry("p1", "set", "pm:impact", {"value": "mail"}))
    journal.receive(entry("p2", "set", "pm:cause", {"value": {"not": "text"}}))
    journal.receive(entry("c1", "set", "custom:team", {"value": ["a", 1]}))
    journal.receive(entry("t1", "set", "act:f1.title", {"value": "Add a probe"}))
    journal.receive(entry("t2", "set", "act:f1.done", {"value": True}))
    journal.receive(entry("t3", "set", "act:f2.owner", {"value": "nobody names it"}))
    journal.receive(entry("l1", "alias", body={"of": "other-incident"}))
    incident = journal.incident
    assert (incident.severity, incident.drill, incident.detected_at) == ("high", True, START - 5)
    assert journal.replay.notes()[0][1] == "second"
    assert incident.starred == {"n1"}
    assert (dict(incident.sections), dict(incident.custom)) == ({"impact": "mail"}, {"team": ["a", 1]})
    assert [(each.title, each.done) for each in incident.follow_ups] == [("Add a probe", True)]
    assert incident.is_duplicate
    assert incident.raised_at == START
    assert incident.updated_at == START + 5


def test_an_empty_timeline_is_an_empty_incident() -> None:
    incident = Memory().replay.result()
    assert (incident.entries, incident.status, incident.raised_at) == (0, "raised", 0)


def test_of_two_who_disagree_an_incident_stays_restricted() -> None:
    made = [
        entry("r1", "raise", body={"title": "x"}),
        entry("a", "set", "restricted", {"value": True}, device="d2", hlc=2),
        entry("b", "set", "restricted", {"value": False}, device="d3", hlc=3),
    ]
    assert replay("i", made).restricted is True
    assert list(replay("i", made).conflicts) == ["restricted"]
