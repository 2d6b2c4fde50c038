"""The clocks on days that can be worked out by hand, and against a walk through an incident minute by minute."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions
from domain.calendars import calendar
from domain.clocks import Clocks, Policy, Service, clocks, in_last_minutes, in_words
from domain.entry import Draft
from domain.replay import Replay
from domain.vocabulary import CLOSED_STATUSES
from tests.domain.timeline import INCIDENT, START, Memory, entry, raised

MINUTE, HOUR = 60_000, 3_600_000
SUPPLIER = "Waiting for supplier"
POLICY = Policy({"P1": 15 * MINUTE}, {"P1": 4 * HOUR, "P2": 8 * HOUR}, pauses=frozenset({SUPPLIER.casefold()}))


def after(minutes: float) -> int:
    return START + round(minutes * MINUTE)


def move(journal: Memory, wanted: str, minutes: float, label: str = "") -> None:
    text = {"note": "seen", "reason": "because", "waive": "rehearsed", **({"label": label} if label else {})}
    journal.now = max(journal.now, after(minutes))
    journal.record(actions.move(journal.incident, wanted, text=text, occurred_at=after(minutes)))


def fact(journal: Memory, name: str, minutes: float, source: str = "human") -> None:
    journal.record((Draft("fact", name, {}, occurred_at=after(minutes), source=source),))


def of(journal: Memory, policy: Policy = POLICY) -> Clocks:
    return clocks(journal.replay, journal.incident, policy)


def shown(journal: Memory, minutes: float, policy: Policy = POLICY) -> dict[str, tuple[Any, ...]]:
    """By clock: the target in minutes, whether it was met, and the state, as they are so many minutes on."""
    now = after(minutes)
    found = of(journal, policy).all
    due = {each.name: each.due(now) for each in found}
    minutes_of = {name: None if at is None else (at - START) / MINUTE for name, at in due.items()}
    return {each.name: (minutes_of[each.name], each.met(now), each.state(now)) for each in found}


class TestResponse:
    def test_it_runs_until_a_person_acknowledges(self) -> None:
        journal = raised(priority="P1")
        assert shown(journal, 15)["response"] == (15, None, "running")
        assert shown(journal, 15.1)["response"] == (15, False, "late")
        fact(journal, "acknowledged", 15)
        assert shown(journal, 100)["response"] == (15, True, "met")

    def test_late_is_missed_for_ever(self) -> None:
        journal = raised(priority="P1")
        fact(journal, "acknowledged", 15.5)
        assert shown(journal, 16)["response"] == (15, False, "missed")

    @pytest.mark.parametrize("source", ["implied", "alert", "sync", "workflow"])
    def test_only_a_person_answers(self, source: str) -> None:
        journal = raised(priority="P1")
        fact(journal, "acknowledged", 1, source)
        assert shown(journal, 2)["response"] == (15, None, "running")

    def test_an_acknowledgement_that_was_undone_is_none(self) -> None:
        journal = raised(priority="P1")
        fact(journal, "acknowledged", 1)
        journal.undo(journal.entries[-1:])
        assert shown(journal, 20)["response"] == (15, False, "late")

    def test_what_ends_unanswered_was_neither_kept_nor_missed_unless_it_was_late_already(self) -> None:
        early, late = raised(priority="P1"), raised(priority="P1")
        move(early, "resolved", 10)
        move(late, "resolved", 20)
        assert shown(early, 500)["response"] == (15, None, "ended")
        assert shown(late, 500)["response"] == (15, False, "missed")

    def test_a_pause_does_not_stop_it(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 5, SUPPLIER)
        assert shown(journal, 20)["response"] == (15, False, "late")


class TestResolution:
    def test_it_runs_from_raised_to_resolved(self) -> None:
        journal = raised(priority="P1")
        assert shown(journal, 240)["resolution"] == (240, None, "running")
        assert shown(journal, 241)["resolution"] == (240, False, "late")
        move(journal, "resolved", 240)
        assert shown(journal, 900)["resolution"] == (240, True, "met")

    def test_a_reopening_goes_on_from_what_was_used(self) -> None:
        journal = raised(priority="P1")
        move(journal, "resolved", 100)
        move(journal, "validated", 1000)
        assert shown(journal, 1100)["resolution"] == (1140, None, "running")
        move(journal, "resolved", 1141)
        assert shown(journal, 2000)["resolution"] == (1140, False, "missed")

    def test_missed_before_it_was_resolved_the_first_time_stays_missed(self) -> None:
        journal = raised(priority="P1")
        move(journal, "resolved", 250)
        move(journal, "validated", 300)
        assert shown(journal, 301)["resolution"] == (240, False, "late")

    def test_a_pause_moves_the_target(self) -> None:
        journal = raised(priority="P1")
        move(journal, "validated", 10)
        move(journal, "other", 60, SUPPLIER.upper())
        assert shown(journal, 60)["resolution"] == (240, None, "paused")
        assert shown(journal, 160)["resolution"] == (340, None, "paused")
        move(journal, "validated", 160)
        assert shown(journal, 340)["resolution"] == (340, None, "running")
        assert shown(journal, 341)["resolution"] == (340, False, "late")

    def test_another_label_is_no_pause(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 60, "thinking")
        assert shown(journal, 241)["resolution"] == (240, False, "late")

    def test_relabelled_from_a_pause_it_goes_on(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 60, SUPPLIER)
        move(journal, "other", 100, "thinking")
        assert shown(journal, 101)["resolution"] == (280, None, "running")

    def test_a_pause_after_the_target_has_passed_changes_nothing(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 250, SUPPLIER)
        assert shown(journal, 300)["resolution"] == (240, False, "late")

    def test_resolved_out_of_a_pause_is_in_time(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 230, SUPPLIER)
        move(journal, "resolved", 5000)
        assert shown(journal, 6000)["resolution"] == (5010, True, "met")

    def test_an_undone_status_never_counted(self) -> None:
        journal = raised(priority="P1")
        move(journal, "validated", 10)
        move(journal, "other", 60, SUPPLIER)
        journal.now = after(90)
        journal.undo(journal.entries[-1:])
        assert shown(journal, 100)["resolution"] == (240, None, "running")
        journal.undo(journal.entries[-1:])
        assert shown(journal, 100)["resolution"] == (280, None, "paused")

    def test_of_a_conflict_the_status_that_is_shown_counts(self) -> None:
        journal = raised(priority="P1")
        move(journal, "validated", 10)
        before = journal.replay.heads("status")[0].entry.id
        move(journal, "resolved", 50)
        there = {"value": "reviewed", "reason": "wrong"}
        other = entry("x", "set", "status", there, device="d2", hlc=journal.hlc - 1, over=(before,))
        journal.receive(replace(other, occurred_at=after(45)))
        assert journal.incident.status == "reviewed"
        assert shown(journal, 241)["resolution"] == (240, False, "late")

    def test_a_resolution_dated_back_ends_it_then(self) -> None:
        journal = raised(priority="P1")
        move(journal, "validated", 200)
        journal.now = after(300)
        status = {"value": "resolved", "note": "over long ago"}
        journal.record((Draft("set", "status", status, occurred_at=after(100)),))
        assert of(journal).resolution is not None
        assert shown(journal, 400)["resolution"] == (240, True, "met")

    def test_an_other_that_was_closed_is_over(self) -> None:
        journal = raised(priority="P1")
        move(journal, "other", 60, "handed over")
        fact(journal, "closed", 200)
        assert shown(journal, 900)["resolution"] == (240, True, "met")


class TestTargets:
    def test_without_a_priority_or_a_target_there_is_no_clock(self) -> None:
        assert of(raised()) == Clocks()
        assert [each.name for each in of(raised(priority="P2")).all] == ["resolution"]

    def test_the_priority_that_it_has_now_counts_from_the_beginning(self) -> None:
        journal = raised(priority="P2")
        journal.record((Draft("set", "priority", {"value": "P1"}, occurred_at=after(100)),))
        assert shown(journal, 101)["response"] == (15, False, "late")

    @pytest.mark.parametrize(
        ("why", "drafts"),
        [
            ("drill", [Draft("set", "drill", {"value": True})]),
            ("duplicate", [Draft("alias", "alias", {"of": "01a1f0a0-0000-7000-8000-000000000002"})]),
            ("invalid", [Draft("set", "status", {"value": "invalid", "note": "no"})]),
            ("ignored", [Draft("set", "status", {"value": "ignored", "note": "no"})]),
        ],
    )
    def test_what_was_no_work_has_none(self, why: str, drafts: list[Draft]) -> None:
        journal = raised(priority="P1")
        journal.record(drafts)
        assert of(journal) == Clocks(none=why)

    def test_a_note_that_came_before_its_raise_has_none(self) -> None:
        replay = Replay(INCIDENT).extend([entry("a", "note", body={"text": "early"})])
        assert clocks(replay, replay.result(), POLICY).none == "not_raised"

    @pytest.mark.parametrize(
        ("wanted", "covered"),
        [
            ({"category": "payment_processing"}, True),
            ({"category": "email_service"}, False),
            ({"tag": "GOLD"}, True),
            ({"tag": "silver"}, False),
            ({"resource": "Db-1"}, True),
            ({"resource": "db"}, False),
            ({"category": "payment_processing", "tag": "silver"}, False),
        ],
    )
    def test_the_first_service_that_matches_wins(self, wanted: dict[str, str], covered: bool) -> None:
        journal = raised(priority="P1", service_category="payment_processing")
        journal.record(actions.add_item(journal.incident, "tag", "gold"))
        journal.record(actions.add_item(journal.incident, "resource", "db-1"))
        first = Service({"P1": 5 * MINUTE}, {}, POLICY.hours, **wanted)
        second = Service({"P1": 7 * MINUTE}, {}, POLICY.hours)
        policy = replace(POLICY, services=(first, second))
        assert shown(journal, 0, policy) == {"response": (5 if covered else 7, None, "running")}


def test_closed_time_does_not_count() -> None:
    # START is Wednesday, 2026-11-18 11:06:40 UTC
    hours = calendar("office", "UTC", ["mon-fri 09:00-12:06", "mon-fri 13:00-17:00"])
    policy = Policy({}, {"P1": HOUR}, hours)
    journal = raised(priority="P1")
    # 59 min 20 s before lunch, the last 40 s after it
    assert shown(journal, 1, policy)["resolution"] == (59 + 54 + 1, None, "running")


def test_what_is_near() -> None:
    journal = raised(priority="P1")
    response, resolution = of(journal).all
    assert [m for m in (9.9, 10, 15, 15.1) if response.is_near(after(m))] == [10, 15]
    assert [m for m in (215, 216, 240, 241) if resolution.is_near(after(m))] == [216, 240]
    assert [m for m in (9.9, 10, 15, 15.1) if in_last_minutes(response, after(m))] == [10, 15]


def test_those_that_wait_come_by_what_is_due_first() -> None:
    journal = raised(priority="P1")
    assert [each.name for each in of(journal).open(after(1))] == ["response", "resolution"]
    fact(journal, "acknowledged", 2)
    assert [each.name for each in of(journal).open(after(3))] == ["resolution"]
    move(journal, "resolved", 5)
    assert of(journal).open(after(6)) == []


def test_in_words() -> None:
    journal = raised(priority="P1")
    response, resolution = of(journal).all
    assert in_words(response, after(2.5)) == "response in 12m"
    assert in_words(response, after(10.5), seconds=True) == "response in 4m30s"
    assert in_words(response, after(10), seconds=True) == "response in 5m00s"
    assert in_words(response, after(9), seconds=True) == "response in 6m"
    assert in_words(response, after(14.5), seconds=True) == "response in 30s"
    assert in_words(response, after(14.5)) == "response in <1m"
    assert in_words(response, after(15.5)) == "response <1m late"
    assert in_words(resolution, after(305)) == "resolution 1h05m late"
    move(journal, "other", 120, SUPPLIER)
    assert in_words(of(journal).all[1], after(900)) == "resolution paused, 2h left"
    move(journal, "resolved", 1000)
    assert [in_words(each, after(1100)) for each in of(journal).all] == ["response missed by 16h25m", "resolution met"]
    early = raised(priority="P1")
    move(early, "resolved", 1)
    assert [in_words(each, after(10)) for each in of(early).all] == ["", "resolution met"]


@st.composite
def days(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Statuses one after the other, each with the minute at which it began."""
    words = draw(st.lists(st.sampled_from(("validated", "resolved", SUPPLIER, "thinking", "reviewed")), max_size=8))
    gaps = draw(st.lists(st.integers(1, 90), min_size=len(words), max_size=len(words)))
    found, minute = [], 0
    for word, gap in zip(words, gaps, strict=True):
        minute += gap
        found.append((word, minute))
    return found


BASE = START - START % MINUTE  # so that statuses, like opening hours, begin on whole minutes: 11:06


def status_entries(history: list[tuple[str, int]]) -> list[Any]:
    made = [entry("e00", "raise", body={"title": "t", "priority": "P1"}, occurred_at=BASE)]
    for number, (word, minute) in enumerate(history, 1):
        label = {"label": word} if word in (SUPPLIER, "thinking") else {}
        body = {"value": "other" if label else word, **label}
        over = (made[-1].id,) if number > 1 else ()
        at = BASE + minute * MINUTE
        made.append(entry(f"e{number:02d}", "set", "status", body, hlc=number + 1, over=over, occurred_at=at))
    return made


@settings(deadline=None)
@given(days(), st.integers(0, 900), st.integers(1, 300), st.randoms(use_true_random=False))
def test_it_equals_a_walk_minute_by_minute(
    history: list[tuple[str, int]], now: int, target: int, order: random.Random
) -> None:
    hours = calendar("odd", "UTC", ["mon-sun 00:00-11:37", "mon-sun 12:17-24:00"])
    policy = Policy({}, {"P1": target * MINUTE}, hours, pauses=POLICY.pauses)
    entries = status_entries(history)
    order.shuffle(entries)  # in whatever order they came
    replay = Replay(INCIDENT).extend(entries)
    clock = clocks(replay, replay.result(), policy).resolution
    assert clock is not None

    def status(minute: int) -> str:
        return next((word for word, begun in reversed(history) if begun <= minute), "raised")

    def runs(minute: int) -> bool:
        closed_now = 11 * 60 + 37 <= (11 * 60 + 6 + minute) % 1440 < 12 * 60 + 17
        return not closed_now and status(minute) not in CLOSED_STATUSES and status(minute) != SUPPLIER

    ran = [minute for minute in range(3000) if runs(minute)]
    due = ran[target - 1] + 1 if len(ran) >= target else None  # the end of the minute that uses it up
    last = history[-1] if history else ("raised", 0)
    until = max(now, last[1])
    if due is not None and (due <= last[1] or last[0] not in (SUPPLIER, "resolved")):
        assert clock.due_at == BASE + due * MINUTE
    if last[0] == "resolved":
        ended = next(m for m in range(last[1], -1, -1) if m == 0 or status(m - 1) != "resolved")
        assert clock.stopped_at == BASE + ended * MINUTE
        assert clock.met(BASE + until * MINUTE) is (due is None or ended <= due)
    else:
        assert clock.stopped_at is None
        assert clock.met(BASE + until * MINUTE) is (False if due is not None and until > due else None)
        stands = last[0] == SUPPLIER and (due is None or due > last[1])
        assert (clock.state(BASE + until * MINUTE) == "paused") == stands
