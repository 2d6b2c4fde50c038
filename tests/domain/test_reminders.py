"""Reminders: what is due of an incident, from when on, in which order, and which of them ring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import Policy, clocks
from domain.escalation import Path
from domain.incident import Escalated, Incident, Item, Regulated, Silence, Told
from domain.oncall.services import ANY, Level, Service, Step
from domain.regulations import Duty, Regulation, Span, duty_clocks, pressing
from domain.reminders import Reminder, Watched, due, fresh, left_out
from domain.replay import Replay
from tests.domain.timeline import entry

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_795_000_000_000
STEPS = (Step(1, "ada", False, "ada"), Step(2, "erik", False, "erik"))
PATH = Path(Service("Shop", escalation=(Level("ada"), Level("erik")), after={ANY: 15 * MINUTE}), STEPS)


def incident(ref: str = "INC-A", **more: Any) -> Incident:
    return Incident(**{"id": ref, "ref": ref, "title": ref, "raised_at": NOW, "updated_at": NOW, **more})


def kinds(watched: Watched, after: int) -> list[tuple[str, int]]:
    """Return what is due so many ms later: kinds, and since how many minutes after the raising."""
    return [(each.kind, (each.since - NOW) // MINUTE) for each in due([watched], NOW + after, stale_after=HOUR)]


def told(at: int) -> tuple[Told, ...]:
    return (Told("e", "customers", "we look", NOW, "ana", at),)


@pytest.mark.parametrize(
    ("more", "path", "moment", "since"),
    [
        ({}, PATH, 15, ("escalation", 15)),
        ({"acknowledged_at": NOW, "acknowledged_by": "bo"}, None, 60, ("acknowledgement", 60)),
        ({"told": told(NOW + 20 * MINUTE)}, None, 20, ("update", 20)),
    ],
)
def test_it_is_due_from_its_moment_on(more: dict[str, Any], path: Path | None, moment: int, since: object) -> None:
    watched = Watched(incident(**more), path=path)
    assert kinds(watched, moment * MINUTE - 1) == []
    assert kinds(watched, moment * MINUTE) == [since]
    assert kinds(watched, moment * MINUTE + HOUR) == [since]


def test_a_target_is_due_when_it_is_near_and_again_when_it_is_late() -> None:
    entries = [entry("1", "raise", body={"title": "t", "priority": "P1"}, occurred_at=NOW)]
    folded = Replay(entries[0].incident).extend(entries)
    watched = Watched(incident(priority="P1"), clocks(folded, folded.result(), Policy(response={"P1": HOUR})))
    said = {at: due([watched], NOW + at * MINUTE, stale_after=HOUR) for at in (53, 54, 60, 61)}
    assert [(at, each.what, each.words) for at, found in said.items() for each in found] == [
        (54, "response near", "response in 6m"),
        (60, "response near", "response in <1m"),
        (61, "response late", "response 1m late"),
    ]
    assert not said[61][0].again


def test_a_duty_is_due_when_its_deadline_is_near_and_again_when_it_has_passed() -> None:
    asked = Duty("report", "the authority", within=Span(10 * HOUR))
    made = Regulation("LAW", "A law", (asked,))
    said = Regulated("e", "law", NOW, "ana", aware_at=NOW)
    watched = incident(regulated=(said,))

    def found(at: int, **more: Any) -> list[tuple[str, str, int]]:
        one = replace(watched, **more)
        duties = pressing(duty_clocks(one, {"law": made}))
        return [
            (each.what, each.words, each.since - NOW)
            for each in due([Watched(one, duties=duties)], NOW + at, stale_after=HOUR)
        ]

    assert found(4 * HOUR - 1) == []
    assert found(4 * HOUR) == [("LAW report near", "LAW report in 6h", 4 * HOUR)]
    assert found(11 * HOUR) == [("LAW report late", "LAW report 1h late", 10 * HOUR)]
    reported = (Told("t", "the authority", "", NOW + HOUR, "ana", duty="LAW report"),)
    assert found(11 * HOUR, told=reported) == []
    assert found(11 * HOUR, drill=True) == []


def test_what_a_timer_called_is_told_until_somebody_answers() -> None:
    called = (Escalated("e", 2, "erik", NOW + 15 * MINUTE, "ana", automatic=True),)
    (told_,) = due([Watched(incident(escalations=called), path=PATH)], NOW + 16 * MINUTE, stale_after=HOUR)
    assert (told_.words, told_.to, told_.level) == ("escalated by timer to level 2: erik, 1m ago", "erik", 2)
    assert kinds(Watched(incident(escalations=called, answered_at=NOW)), HOUR) == []
    by_hand = (Escalated("e", 2, "erik", NOW + 15 * MINUTE, "ana"),)
    assert kinds(Watched(incident(escalations=by_hand), path=PATH), HOUR) == []


@pytest.mark.parametrize(
    "more",
    [{"drill": True}, {"status": "resolved"}, {"closed_at": NOW}, {"related": (Item("e", "x", relation="duplicate"),)}],
)
def test_nobody_is_reminded_of_exercises_duplicates_and_what_is_over(more: dict[str, Any]) -> None:
    assert left_out(incident(**more), NOW)
    assert kinds(Watched(incident(told=told(NOW), **more), path=PATH), HOUR) == []
    assert not left_out(incident(), NOW)


def test_nobody_is_reminded_of_what_is_silenced_until_the_silence_ends() -> None:
    quiet = incident(told=told(NOW), silences=(Silence("s", NOW + HOUR, "bo", "known"),))
    assert kinds(Watched(quiet, path=PATH), HOUR - 1) == []
    assert [kind for kind, _since in kinds(Watched(quiet, path=PATH), HOUR)] == ["escalation", "update"]


def test_the_most_urgent_comes_first() -> None:
    watched = [
        Watched(incident("INC-C", told=told(NOW))),
        Watched(incident("INC-D", told=told(NOW - HOUR), priority="P1")),
        Watched(incident("INC-B", priority="P2"), path=PATH),
        Watched(incident("INC-A", priority="P1"), path=PATH),
    ]
    found = due(watched, NOW + HOUR, stale_after=9 * HOUR)
    assert [each.incident.ref for each in found] == ["INC-A", "INC-B", "INC-D", "INC-C"]
    assert found[0].line == "INC-A not acknowledged: level 2 (erik) is due for 45m"
    assert found[2].line == "INC-D update to customers 2h late"


def one(kind: str = "update", since: int = NOW) -> Reminder:
    return Reminder(incident(), kind, since, "words")


def test_each_rings_once_and_again_after_the_set_time() -> None:
    rung: dict[Any, int] = {}
    heard = []
    for minute in range(0, 65, 5):
        ringing, rung = fresh([one()], rung, NOW + minute * MINUTE, 30 * MINUTE)
        heard += [minute] if ringing else []
    assert heard == [0, 30, 60]


@pytest.mark.parametrize(("kind", "again"), [("update", None), ("target", 30 * MINUTE)])
def test_it_may_ring_only_once(kind: str, again: int | None) -> None:
    ringing, rung = fresh([one(kind)], {}, NOW, again)
    assert len(ringing) == 1
    assert fresh([one(kind)], rung, NOW + 99 * HOUR, again).ringing == []


def test_what_was_not_due_for_a_while_rings_again_and_is_forgotten_meanwhile() -> None:
    _ringing, rung = fresh([one()], {}, NOW, None)
    assert fresh([], rung, NOW, None).rung == {}
    assert fresh([one(since=NOW + 1)], rung, NOW, None).ringing


@given(st.lists(st.sets(st.integers(0, 4)), max_size=8))
def test_whatever_becomes_due_rings_exactly_when_the_look_before_did_not_know_it(looks: list[set[int]]) -> None:
    rung: dict[Any, int] = {}
    before: set[int] = set()
    for at, look in enumerate(looks):
        ringing, rung = fresh([one(since=NOW + n) for n in sorted(look)], rung, NOW + at, None)
        assert {each.since - NOW for each in ringing} == look - before
        before = look
