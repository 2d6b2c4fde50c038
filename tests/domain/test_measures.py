"""The measures, on days whose numbers can be worked out by hand."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions
from domain.entry import Draft
from domain.measures import DURATIONS, LEFT_OUT, Measures, Sample, Summary, measure, sample, summary
from domain.replay import Replay
from tests.domain.timeline import INCIDENT, START, Memory, raised

MINUTE = 60_000


def fact(journal: Memory, name: str, minutes: int, source: str = "human") -> None:
    journal.record((Draft("fact", name, {}, occurred_at=START + minutes * MINUTE, source=source),))


def move(journal: Memory, wanted: str, minutes: int) -> None:
    text = {"note": "seen", "reason": "because", "waive": "rehearsed"}
    journal.record(actions.move(journal.incident, wanted, text=text, occurred_at=START + minutes * MINUTE))


def spans(journal: Memory) -> dict[str, float]:
    return {name: ms / MINUTE for name, ms in sample(journal.replay).durations.items()}


def of(*journals: Memory) -> Measures:
    return measure(sample(journal.replay) for journal in journals)


def whole_day(**values: Any) -> Memory:
    """Return an incident with every fact: resolved after 40 minutes, reopened, resolved after 90, closed after 100."""
    begun = {"impact_started_at": START - 20 * MINUTE, "detected_at": START - 5 * MINUTE, "priority": "P1", **values}
    journal = raised(**begun)
    fact(journal, "acknowledged", 3)
    fact(journal, "mitigated", 30)
    move(journal, "resolved", 40)
    move(journal, "validated", 50)
    fact(journal, "mitigated", 70)
    move(journal, "resolved", 90)
    move(journal, "closed", 100)
    return journal


def test_a_whole_day() -> None:
    assert spans(whole_day()) == {"mttd": 15, "mtta": 3, "mttm": 75, "mttr": 90, "time_to_close": 100}


def test_without_a_detection_the_way_to_mitigation_begins_when_it_was_raised() -> None:
    assert spans(whole_day(detected_at=None)) == {"mtta": 3, "mttm": 70, "mttr": 90, "time_to_close": 100}


def test_an_open_incident_gives_only_what_has_happened() -> None:
    assert spans(raised()) == {}


def test_what_is_reopened_is_not_resolved_until_it_is_again() -> None:
    journal = raised()
    move(journal, "resolved", 40)
    assert spans(journal) == {"mttr": 40}
    move(journal, "validated", 50)
    assert spans(journal) == {}
    move(journal, "resolved", 60)
    assert spans(journal) == {"mttr": 60}


def test_only_people_acknowledge_and_the_first_of_them_counts() -> None:
    journal = raised()
    for minutes, source in ((1, "implied"), (2, "workflow"), (3, "sync"), (4, "alert")):
        fact(journal, "acknowledged", minutes, source)
    assert spans(journal) == {}
    fact(journal, "acknowledged", 9)
    fact(journal, "acknowledged", 7)
    assert spans(journal) == {"mtta": 7}


def test_what_was_undone_does_not_count() -> None:
    journal = raised(priority="P3")
    fact(journal, "acknowledged", 2)
    fact(journal, "mitigated", 5)
    done = [journal.record((Draft("fact", "mitigated", {}, occurred_at=START + 50 * MINUTE),))]
    done.append(journal.record(actions.move(journal.incident, "resolved", text={"note": "x"}, occurred_at=START + 99)))
    journal.undo(done.pop())
    journal.undo(done.pop())
    assert spans(journal) == {"mtta": 2, "mttm": 5}
    journal.undo([entry for entry in journal.entries if entry.what == "acknowledged"][:1])
    assert spans(journal) == {"mttm": 5}


def test_a_resolution_that_is_restored_is_as_old_as_it_was() -> None:
    journal = raised()
    move(journal, "resolved", 40)
    journal.now += 90 * MINUTE
    reopened = journal.record(actions.move(journal.incident, "validated", text={"reason": "it came back"}))
    journal.now += 90 * MINUTE
    journal.undo(reopened)
    assert spans(journal) == {"mttr": 40}


def test_when_people_say_it_happened_counts_not_when_they_wrote_it() -> None:
    journal = raised()
    journal.now += 500 * MINUTE
    fact(journal, "acknowledged", 4)
    assert spans(journal) == {"mtta": 4}


def test_what_is_left_out_is_counted_by_its_first_reason() -> None:
    duplicate = whole_day()
    duplicate.record((Draft("add", "related", {"incident": "o", "name": "INC-O", "relation": "duplicate"}),))
    alias = whole_day()
    alias.record((Draft("alias", "alias", {"of": "o"}),))
    invalid = raised()
    move(invalid, "invalid", 10)
    drill = raised(drill=True, resources="")
    move(drill, "invalid", 10)
    late = Memory()
    late.record((Draft("fact", "mitigated"),))
    found = of(whole_day(), duplicate, alias, invalid, drill, late)
    assert found.counted == 1
    assert found.left_out == {"drill": 1, "duplicate": 2, "invalid": 1, "not_raised": 1}
    assert set(found.left_out) == set(LEFT_OUT)
    assert [getattr(found, name).n for name in DURATIONS] == [1, 1, 1, 1, 1]


def test_durations_that_run_backwards_are_left_out_and_counted() -> None:
    found = of(whole_day(), whole_day(detected_at=START - 60 * MINUTE))
    assert (found.mttd.n, found.mttd.negative) == (1, 1)
    assert (found.mttm.n, found.mttm.negative) == (2, 0)
    assert found.mttd.mean == 15 * MINUTE


def failing(minutes: int, *names: str, **values: Any) -> Memory:
    journal = Memory()
    journal.record((Draft("raise", "raise", {"title": "x", **values}, occurred_at=START + minutes * MINUTE),))
    for name in names:
        journal.record(actions.add_item(journal.incident, "resource", name))
    return journal


def test_time_between_failures_is_by_resource_and_in_whatever_order() -> None:
    journals = [
        failing(100, "db"),
        failing(0, "db", "mail"),
        failing(40, "db"),
        failing(70, "mail"),
        failing(50, "db", drill=True),
        failing(5, "smtp"),
        failing(7),
    ]
    found = of(*journals)
    assert found.mtbf == {
        "db": Summary(2, 50 * MINUTE, 50 * MINUTE, 60 * MINUTE),
        "mail": Summary(1, 70 * MINUTE, 70 * MINUTE, 70 * MINUTE),
    }
    assert of(*reversed(journals)) == found
    journals[0].record(actions.drop_item(journals[0].incident, "resource", "db"))
    assert of(*journals).mtbf["db"].n == 1


def test_the_order_of_entries_changes_no_measure() -> None:
    entries = whole_day().entries
    shuffled = random.Random(7).sample(entries, len(entries))
    assert sample(Replay(INCIDENT).extend(shuffled)) == sample(Replay(INCIDENT).extend(entries))


def test_nothing_measured_is_none_not_zero() -> None:
    found = measure([])
    assert (found.counted, found.mttr, dict(found.mtbf)) == (0, Summary(0, None, None, None, 0), {})
    assert summary([-5, -1]) == Summary(negative=2)


@pytest.mark.parametrize(
    ("given_ms", "expected"),
    [
        ([5], Summary(1, 5, 5, 5)),
        ([0, 0], Summary(2, 0, 0, 0)),
        ([4, 1], Summary(2, 2, 2, 4)),
        ([9, 1, 2], Summary(3, 4, 2, 9)),
        (list(range(1, 11)), Summary(10, 6, 6, 9)),
        (list(range(1, 12)), Summary(11, 6, 6, 10)),
        ([-3, 7], Summary(1, 7, 7, 7, 1)),
    ],
)
def test_summaries_worked_out_by_hand(given_ms: list[int], expected: Summary) -> None:
    assert summary(given_ms) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-10, 10**10), min_size=1))
def test_a_summary_keeps_its_promises(durations: list[int]) -> None:
    kept = sorted(each for each in durations if each >= 0)
    found = summary(durations)
    assert (found.n, found.negative) == (len(kept), len(durations) - len(kept))
    if not kept:
        return
    assert found.p90 in kept
    assert sum(each <= found.p90 for each in kept) * 10 >= 9 * len(kept)
    assert sum(each < found.p90 for each in kept) * 10 < 9 * len(kept)
    assert found.mean is not None
    assert found.median is not None
    assert kept[0] <= found.mean <= kept[-1]
    assert kept[0] <= found.median <= kept[-1]


def test_a_sample_is_small() -> None:
    taken = sample(whole_day().replay)
    assert isinstance(taken, Sample)
    assert taken.left_out is None
    assert set(taken.durations) <= set(DURATIONS)
