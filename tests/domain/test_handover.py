"""A hand-over counts facts: what is open, who owns it, what is due, what was left."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from domain.clocks import Policy, clocks
from domain.handover import handover, next_step
from domain.handover_words import lines, summary
from domain.incident import FollowUp, Incident, Item, Told
from domain.replay import Replay
from tests.domain.timeline import entry

HOUR = 3_600_000
NOW = 1_795_000_000_000  # 2026-11-18 11:06 UTC


def incident(ref: str, **more: Any) -> Incident:
    return Incident(**{"id": ref, "ref": ref, "title": ref, "raised_at": NOW - HOUR, "updated_at": NOW - HOUR, **more})


def promised(at: int) -> tuple[Told, ...]:
    return (Told("e", "customers", "we look", NOW - HOUR, "ana", at),)


def test_what_is_due_comes_with_its_place_and_the_soonest_first() -> None:
    found = handover(
        [incident("A", told=promised(NOW + HOUR)), incident("B", told=promised(NOW - HOUR)), incident("C")],
        {"C": 3},
        NOW,
        stale_after=HOUR,
    )
    assert [each.incident.ref for each in found.open] == ["A", "B", "C"]
    assert [each.incident.ref for each in found.updates] == ["B", "A"]
    assert [each.incident.ref for each in found.changed] == ["C"]
    said = [line.text for line in lines(found, UTC)]
    assert any("customers due" in line and "1h late" in line for line in said)
    assert any("3 entries of others" in line for line in said)


@pytest.mark.parametrize(
    ("idle", "phase", "stale"),
    [
        (HOUR, {"acknowledged_at": NOW - 3 * HOUR}, True),
        (HOUR - 1, {"acknowledged_at": NOW - 3 * HOUR}, False),
        (9 * HOUR, {}, False),
        (9 * HOUR, {"acknowledged_at": NOW - 9 * HOUR, "status": "validated"}, False),
    ],
)
def test_what_was_acknowledged_and_left_is_named(idle: int, phase: dict[str, Any], stale: bool) -> None:
    found = handover([incident("A", updated_at=NOW - idle, **phase)], {}, NOW, stale_after=HOUR)
    assert bool(found.stale) is stale
    assert any("nothing recorded since" in line.text for line in lines(found, UTC)) is stale


def test_a_target_that_is_near_or_past_is_named_and_one_that_is_not_is_said() -> None:
    policy = Policy(resolution={"P1": HOUR})
    running = {}
    for name, at in (("A", NOW - 2 * HOUR), ("B", NOW - HOUR + 60_000), ("C", NOW)):
        first = entry("r", "raise", body={"priority": "P1"}, incident=name, occurred_at=at, recorded_at=at)
        replay = Replay(name).extend([first])
        running[name] = clocks(replay, replay.result(), policy)
    found = handover([incident(name) for name in "CBA"], {}, NOW, stale_after=9 * HOUR, clocks=running)
    assert [each.incident.ref for each in found.targets] == ["A", "B"]
    said = {line.text.strip(): line.role for line in lines(found, UTC)}
    assert said["resolution 1h late"] == said["resolution in 1m"] == "warn"
    assert said["resolution in 1h"] == ""
    assert "2 near or past a target" in summary(found)


def test_follow_ups_of_closed_ones_are_handed_over_too_the_first_due_first() -> None:
    def act(name: str, due: str | None, *, done: bool = False) -> FollowUp:
        return FollowUp(name, name, "ana", due, done)

    closed = incident(
        "C", status="resolved", follow_ups=(act("b", None), act("a", "2026-11-17"), act("x", None, done=True))
    )
    found = handover([incident("A", follow_ups=(act("c", "2026-11-18"),)), closed], {}, NOW, stale_after=HOUR)
    assert [(each.follow_up.title, each.late) for each in found.follow_ups] == [("a", True), ("c", False), ("b", False)]
    assert [each.incident.ref for each in found.open] == ["A"]


def test_a_due_day_that_is_none_is_not_late() -> None:
    odd = incident("A", follow_ups=(FollowUp("f", "t", None, "soon"),))
    assert [each.late for each in handover([odd], {}, NOW, stale_after=HOUR).follow_ups] == [False]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({}, "acknowledge"),
        ({"acknowledged_at": NOW}, "nobody owns it"),
        ({"acknowledged_at": NOW, "owner": "ana"}, "triage"),
        ({"status": "reviewed", "acknowledged_at": NOW, "owner": "ana"}, "validated"),
        ({"status": "validated", "acknowledged_at": NOW, "owner": "ana"}, "stop the impact"),
        ({"status": "validated", "acknowledged_at": NOW, "owner": "ana", "mitigated_at": NOW}, "resolve"),
        ({"status": "other", "status_label": "Waiting", "owner": "ana"}, "label"),
    ],
)
def test_every_state_has_a_next_step(state: dict[str, Any], says: str) -> None:
    assert says in next_step(incident("A", **state))


def test_the_commander_is_named_and_nothing_is_ever_called_fine() -> None:
    roles = (Item("e", "bo", relation="commander"),)
    found = handover([incident("A", priority="P1", owner="ana", roles=roles)], {}, NOW, stale_after=HOUR)
    said = "\n".join(line.text for line in lines(found, UTC))
    assert "owner ana, commander bo" in said
    assert "1 open (1 P1)" in said
    empty = summary(handover([], {}, NOW, stale_after=HOUR))
    assert empty == "0 open"
    for word in ("fine", "contained", "healthy", "ok", "good"):
        assert word not in (said + empty).lower().split()


def test_what_is_not_listed_is_counted() -> None:
    found = handover([incident("A")], {}, NOW, stale_after=HOUR)
    assert summary(found, 9).startswith("10 open (1 no priority) · 9 of them not listed")
