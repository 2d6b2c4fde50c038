"""Silences: who hushed what until when, what ends it, and that two devices agree whatever comes first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions
from domain.entry import Draft, Entry
from domain.errors import BadTime, BadValue, Refused
from domain.moments import moments
from domain.replay import Replay
from domain.replay import replay as fold
from domain.silences import LONGEST, end_silence, silence, silenced
from domain.times import DAY, HOUR, MINUTE, parse_until
from tests.domain.timeline import INCIDENT, START, Memory

BERLIN = ZoneInfo("Europe/Berlin")


def hushed(hours: float = 2, **values: Any) -> Memory:
    journal = Memory()
    journal.record(actions.raise_incident("disk full", {"severity": "medium", "priority": "P3", **values}))
    hush(journal, hours)
    return journal


def hush(journal: Memory, hours: float, reason: str = "being replaced") -> list[Entry]:
    until = journal.now + round(hours * HOUR)
    return journal.record(silence(journal.incident, until, reason, now=journal.now))


def alert(fingerprint: str, status: str = "firing") -> Draft:
    return Draft("fact", "alert", {"fingerprint": fingerprint, "status": status}, source="alert")


def test_it_is_quiet_until_the_end_and_says_who_and_why() -> None:
    journal = hushed()
    found = journal.incident
    assert (found.silenced_until, found.silenced_by, found.silence_reason) == (
        START + 2 * HOUR,
        "ana",
        "being replaced",
    )
    assert silenced(found, START)
    assert silenced(found, START + 2 * HOUR - 1)
    assert not silenced(found, START + 2 * HOUR)


def test_a_later_silence_takes_the_place_of_the_one_its_author_saw_also_a_shorter_one() -> None:
    journal = hushed(8)
    hush(journal, 1)
    assert journal.incident.silenced_until == START + HOUR


def test_ending_and_undoing_both_ways() -> None:
    journal = hushed()
    before = journal.incident.silence
    ended = journal.record(end_silence(journal.incident, now=START, reason="done early"))
    assert not silenced(journal.incident, START)
    journal.undo(ended)
    again = journal.incident.silence
    assert before
    assert again
    assert replace(again, entry=before.entry) == before
    journal = hushed()
    second = hush(journal, 5)
    journal.undo(second)
    assert journal.incident.silenced_until == START + 2 * HOUR
    journal = Memory()
    journal.record(actions.raise_incident("x", {}))
    journal.undo(hush(journal, 1))
    assert journal.incident.silence is None


def test_what_is_refused() -> None:
    journal = hushed()
    for until, code in ((START, "order"), (START + LONGEST + 1, "too_long")):
        with pytest.raises(Refused) as refused:
            silence(journal.incident, until, "x", now=START)
        assert refused.value.code == code
    with pytest.raises(BadValue):
        silence(journal.incident, START + HOUR, " ", now=START)
    with pytest.raises(Refused, match="not silenced"):
        end_silence(journal.incident, now=START + 2 * HOUR)
    journal.record(actions.move(journal.incident, "resolved", text={"note": "disk replaced"}))
    assert journal.incident.silenced_until is None
    with pytest.raises(Refused, match="resolved"):
        silence(journal.incident, START + HOUR, "x", now=START)


WORSE: dict[str, list[Draft]] = {
    "severity": [Draft("set", "severity", {"value": "high"})],
    "priority": [Draft("set", "priority", {"value": "P2"})],
    "alert": [alert("new")],
}


@pytest.mark.parametrize("name", WORSE)
def test_what_is_worse_than_was_known_ends_it_and_the_timeline_says_so(name: str) -> None:
    journal = hushed()
    made = journal.record(WORSE[name])
    assert not silenced(journal.incident, START)
    (told,) = [each for each in moments(journal.entries, journal.replay) if each.entry.what == "silenced"]
    assert "it ended: " in told.headline
    journal.undo(made)
    assert silenced(journal.incident, START)


@pytest.mark.parametrize(
    "drafts",
    [
        [Draft("set", "severity", {"value": "low"})],
        [Draft("set", "severity", {"value": None}), Draft("set", "priority", {"value": "P4"})],
        [alert("known", "resolved"), alert("known")],
        [alert("other", "resolved")],
        [Draft("note", "note", {"text": "still waiting for the disk"})],
    ],
)
def test_what_is_not_worse_leaves_it(drafts: list[Draft]) -> None:
    journal = Memory()
    journal.record((*actions.raise_incident("disk full", {"severity": "medium", "priority": "P3"}), alert("known")))
    hush(journal, 2)
    journal.record(drafts)
    assert silenced(journal.incident, START)


def test_without_a_severity_the_first_that_hurts_ends_it() -> None:
    for value, still in (("low", True), ("critical", False)):
        journal = hushed(severity=None)
        journal.record([Draft("set", "severity", {"value": value})])
        assert silenced(journal.incident, START) is still


def test_a_reopening_ends_it() -> None:
    journal = hushed()
    journal.record(actions.move(journal.incident, "resolved", text={"note": "x"}))
    journal.record(actions.move(journal.incident, "validated", text={"reason": "it is back"}))
    assert not silenced(journal.incident, START)


def test_an_end_that_is_no_moment_hushes_nothing() -> None:
    journal = Memory()
    journal.record(actions.raise_incident("x", {}))
    for until in (None, True, "soon", 10**40, -1):
        journal.record([Draft("fact", "silenced", {"until": until, "reason": ["x"]})])
        assert journal.incident.silences == ()
        assert moments(journal.entries, journal.replay)[-1].headline


class TestTwoDevices:
    """Both begin with the same, and neither sees the other until the end."""

    def test_both_silences_hold_until_the_last_ends(self) -> None:
        ana, bo = apart()
        hush(ana, 1)
        hush(bo, 3)
        found = together(ana, bo)
        assert (found.silenced_until, found.silenced_by) == (START + 3 * HOUR, "bo")

    def test_one_ends_it_while_the_other_makes_it_longer(self) -> None:
        ana, bo = apart(silent=True)
        ana.record(end_silence(ana.incident, now=START))
        hush(bo, 3)
        assert together(ana, bo).silenced_until == START + 3 * HOUR  # ana had not seen the longer one

    def test_one_hushes_what_the_other_finds_worse(self) -> None:
        ana, bo = apart()
        hush(ana, 3)
        bo.record([Draft("set", "severity", {"value": "critical"})])
        assert not silenced(together(ana, bo), START)

    @settings(max_examples=80, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=9), st.randoms(use_true_random=False))
    def test_the_order_of_arrival_changes_nothing(self, steps: list[tuple[bool, int]], random: Any) -> None:
        ana, bo = apart(silent=True)
        for mine, what in steps:
            journal = ana if mine else bo
            journal.now += MINUTE
            if what == 0 and silenced(journal.incident, journal.now):
                journal.record(end_silence(journal.incident, now=journal.now))
            elif what < 4:
                hush(journal, what + 1)
            else:
                journal.record([alert("a" if what == 4 else "b")])
        entries = list({each.id: each for each in (*ana.entries, *bo.entries)}.values())
        shuffled = random.sample(entries, len(entries))
        assert fold(INCIDENT, shuffled).silences == fold(INCIDENT, entries).silences
        part = Replay(INCIDENT).extend(shuffled[:3])
        part.result()
        assert part.extend(shuffled[3:]).result() == fold(INCIDENT, entries)


def apart(*, silent: bool = False) -> tuple[Memory, Memory]:
    ana, bo = Memory(), Memory("d2", "bo")
    ana.record(actions.raise_incident("disk full", {"severity": "medium"}))
    if silent:
        hush(ana, 2)
    for each in ana.entries:
        bo.receive(each)
    return ana, bo


def together(ana: Memory, bo: Memory) -> Any:
    one = fold(INCIDENT, [*ana.entries, *bo.entries])
    assert one == fold(INCIDENT, [*bo.entries[::-1], *ana.entries[::-1]])
    return one


NOW = 1_795_262_400_000  # 2026-11-21 13:00 in Berlin


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("30m", 30 * MINUTE), ("14:05", 65 * MINUTE), ("13:00", DAY), ("tomorrow 09:00", 20 * HOUR),
        ("2026-11-24T13:00", 3 * DAY), ("2026-11-21T13:00:00Z", HOUR),
    ],
)  # fmt: skip
def test_a_time_to_come(text: str, wait: int) -> None:
    assert parse_until(text, NOW, BERLIN) == NOW + wait


def test_tomorrow_is_a_day_of_the_wall_also_when_the_clocks_change() -> None:
    evening = 1_792_864_800_000  # 2026-10-24 20:00 in Berlin; the clocks go back in the night
    assert parse_until("tomorrow 09:00", evening, BERLIN) == evening + 14 * HOUR


@pytest.mark.parametrize("text", ["", "soon", "25:00", "tomorrow", "14:61", "tomorrow 2h"])
def test_what_is_no_time_to_come(text: str) -> None:
    with pytest.raises(BadTime):
        parse_until(text, NOW, BERLIN)


def test_the_body_keeps_what_was_seen() -> None:
    made = hush(hushed(), 1)[0]
    body = json.loads(made.body or "")
    assert (body["severity"], body["priority"]) == ("medium", "P3")


def test_the_timeline_names_what_was_undone() -> None:
    journal = hushed()
    ended = journal.record(end_silence(journal.incident, now=START))
    journal.undo(ended)
    assert moments(journal.entries, journal.replay)[-1].headline == "undid: the end of the silence"
