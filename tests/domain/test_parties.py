"""Who has to be told, who was, and who is due: the same from whatever order the entries came in."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.communication import Communication
from domain.entry import Entry
from domain.incident import Incident, Regulated, Told, Update
from domain.outbox import next_duties, outbox, outside, words
from domain.parties import PARTIES, Party, audience, in_words, notices, severity_of, waiting, why_nobody
from domain.regulations import AWARE, Duty, Regulation, Span
from domain.replay import replay
from domain.times import DAY, HOUR, MINUTE, WEEK
from domain.undo import undo
from domain.vocabulary import PRIORITIES
from tests.domain.timeline import INCIDENT, START, Memory, entry

NOW = START
BOARD = Party("Board", severities=frozenset({"critical", "high"}), every={"critical": HOUR})
SHOP = Party("shop owners", "external", frozenset({"critical"}))
OPS = Party("ops", priorities=frozenset({"P1"}))
LIST = (BOARD, SHOP, OPS)


def incident(**more: Any) -> Incident:
    return Incident(**{"id": INCIDENT, "ref": "INC-A", "title": "x", "raised_at": NOW - 2 * HOUR, **more})


def told(party: str, ago: int, **more: Any) -> Told:
    return Told(f"t{party}{ago}", party, "n", NOW - ago, "ana", **more)


def update(name: str, ago: int, *to: str) -> Update:
    return Update(name, "identified", "text", "know", "do", NOW - ago, "ana", to)


def states(found: Incident, parties: tuple[Party, ...] = LIST) -> dict[str, str]:
    return {each.party.name: each.state for each in notices(found, parties, NOW)}


def test_severity_decides_and_else_what_the_priority_stands_for() -> None:
    assert states(incident(severity="critical")) == {"Board": "never", "shop owners": "never", "ops": "not"}
    assert states(incident(severity="high")) == {"Board": "never", "shop owners": "not", "ops": "not"}
    assert states(incident(priority="P2")) == {"Board": "never", "shop owners": "not", "ops": "not"}
    assert states(incident(severity="low", priority="P1")) == {"Board": "not", "shop owners": "not", "ops": "never"}
    assert severity_of(incident(severity="low", priority="P1")) == "low"


def test_without_either_nobody_can_say_and_that_is_said() -> None:
    assert set(states(incident()).values()) == {"not"}
    assert "no severity" in why_nobody(incident())
    assert outside(incident(), Communication(LIST), NOW).left


def test_a_drill_tells_nobody_and_says_so() -> None:
    drill = incident(severity="critical", drill=True, told=(told("Board", HOUR),))
    assert set(states(drill).values()) == {"not"}
    assert why_nobody(drill) == "a drill: nobody is told"
    assert audience(drill, LIST) == ()
    assert outbox([drill], Communication(LIST), NOW) == []


@pytest.mark.parametrize(
    ("ago", "promised", "state"),
    [
        (59 * MINUTE, None, "told"), (HOUR, None, "due"), (HOUR, HOUR, "told"), (MINUTE, -MINUTE, "due"),
    ],
)  # fmt: skip
def test_a_promise_wins_over_how_often_they_want_to_hear(ago: int, promised: int | None, state: str) -> None:
    again = None if promised is None else NOW + promised
    found = incident(severity="critical", told=(told("board", ago, next_update_at=again),))
    assert states(found)["Board"] == state


def test_who_heard_only_an_older_update_is_due_and_one_said_later_by_name_or_without_covers_it() -> None:
    both = (update("u1", 30 * MINUTE, "Board", "shop owners"), update("u2", 10 * MINUTE, "Board"))
    base = incident(severity="critical", updates=both)
    assert states(base)["Board"] == "never"
    old = replace(base, told=(told("Board", MINUTE, update="u1"), told("shop owners", MINUTE, update="u1")))
    assert states(old) == {"Board": "due", "shop owners": "told", "ops": "not"}
    (due,) = waiting(notices(old, LIST, NOW))
    assert in_words(due, NOW) == "told 1m ago, not the newest"
    assert states(replace(base, told=(told("BOARD", MINUTE),)))["Board"] == "told"
    assert states(replace(base, told=(told("Board", 11 * MINUTE),)))["Board"] == "due"
    newer = replace(base, told=(told("shop owners", 9 * MINUTE, update="u2"),))
    assert states(newer)["shop owners"] == "told"


def test_when_it_is_over_those_who_heard_of_it_hear_that_for_a_week() -> None:
    over = incident(severity="critical", status="resolved", ended_at=NOW - MINUTE, told=(told("Board", HOUR),))
    assert states(over) == {"Board": "due", "shop owners": "over", "ops": "not"}
    assert waiting(notices(over, LIST, NOW))[0].final
    assert states(replace(over, told=(*over.told, told("Board", 0))))["Board"] == "told"
    assert states(replace(over, ended_at=NOW - WEEK - 1, told=(told("Board", 8 * DAY),)))["Board"] == "told"


def test_whoever_heard_that_it_is_resolved_just_before_it_was_hears_nothing_more() -> None:
    heard = (told("Board", MINUTE, wording="resolved"),)
    over = incident(severity="critical", status="resolved", ended_at=NOW, told=heard)
    assert states(over)["Board"] == "told"
    assert states(replace(over, reopened_at=NOW - 1))["Board"] == "due"


def test_an_update_by_a_clock_that_runs_ahead_is_due_all_the_same() -> None:
    ahead = incident(severity="critical", updates=(update("u", -HOUR, "Board"),), told=(told("Board", MINUTE),))
    assert states(ahead)["Board"] == "due"


def test_who_is_not_in_the_list_and_was_told_is_kept() -> None:
    found = incident(
        severity="critical", told=(told("the mayor", HOUR, next_update_at=NOW - 1), told("x", 1, duty="d"))
    )
    assert states(found)["the mayor"] == "due"
    assert "x" not in states(found)
    assert audience(found, LIST) == ("Board", "shop owners", "the mayor")


def test_the_built_in_ones_hear_as_the_process_says() -> None:
    kinds = {kind: [each.name for each in PARTIES if each.kind == kind] for kind in ("internal", "external")}
    assert kinds == {
        "internal": ["IT", "legal", "public relations", "executives"],
        "external": ["customers", "partners", "regulators", "public"],
    }
    worst, high = incident(severity="critical"), incident(severity="high")
    assert all(each.wants(worst) for each in PARTIES)
    assert [each.name for each in PARTIES if each.wants(high)] == ["IT", "executives"]
    assert [each.name for each in PARTIES if each.wants(incident(severity="low"))] == []


def test_the_words_group_who_was_never_told_and_hide_nothing_that_is_late() -> None:
    found = incident(severity="critical", told=(told("Board", 2 * HOUR),))
    said = list(words(outside(found, Communication(LIST), NOW), NOW, __import__("datetime").UTC))
    assert said == [("never told: shop owners", "warn"), ("to tell again: Board (told 2h ago, due 1h ago)", "warn")]
    assert next_duties([]) == []


NAMES = st.sampled_from(["Board", "board", "shop owners", "ops", "the mayor"])


@st.composite
def timelines(draw: st.DrawFn) -> list[Entry]:
    made = [entry("e0", "raise", body={"title": "x", "severity": "critical"}, occurred_at=NOW - 3 * HOUR)]
    for number in range(1, draw(st.integers(1, 8))):
        at = NOW - draw(st.integers(0, 180)) * MINUTE
        body: dict[str, Any]
        if draw(st.booleans()):
            body, what = {"party": draw(NAMES), "note": "n"}, "told"
            if draw(st.booleans()):
                body["update"] = f"e{draw(st.integers(1, 8))}"
        else:
            body, what = {"wording": "identified", "text": "t", "to": draw(st.lists(NAMES, max_size=3))}, "update"
        made.append(entry(f"e{number}", "fact", what, body, occurred_at=at, hlc=number, device=f"d{number % 2}"))
    return made


@given(timelines(), st.randoms())
def test_told_in_any_order_gives_the_same_outbox(entries: list[Entry], random: Any) -> None:
    """What two devices wrote apart, and merged in whatever order, leaves the same to be said."""
    mixed = list(entries)
    random.shuffle(mixed)
    one, other = (outside(replay(INCIDENT, each), Communication(LIST), NOW) for each in (entries, mixed))
    assert one == other
    assert {each.party.name for each in one.waiting} == {each.party.name for each in other.waiting}


@given(timelines(), NAMES)
def test_whoever_is_told_now_without_a_promise_no_longer_waits(entries: list[Entry], name: str) -> None:
    heard = entry("z", "fact", "told", {"party": name, "note": "n"}, occurred_at=NOW, hlc=99)
    after = notices(replay(INCIDENT, [*entries, heard]), LIST, NOW)
    assert [each.state for each in after if each.party.name.lower() == name.lower()] == ["told"]


def test_undone_it_was_never_said() -> None:
    memory = Memory()
    memory.record([_draft("raise", "raise", {"title": "x", "severity": "critical"})])
    made = memory.record([_draft("fact", "told", {"party": "Board", "note": "n"})])
    assert states(memory.incident)["Board"] == "told"
    memory.record(undo(memory.replay, made, memory.entries))
    assert states(memory.incident)["Board"] == "never"


def _draft(kind: str, what: str, body: dict[str, Any]) -> Any:
    from domain.entry import Draft

    return Draft(kind, what, body, over=())


def open_one(number: int, priority: str | None, promised: int | None, heard: int) -> Incident:
    made = told("Board", heard * MINUTE, next_update_at=None if promised is None else NOW - promised * MINUTE)
    return incident(
        id=f"i{number}", priority=priority, severity="critical", told=(made,), raised_at=NOW - 2 * heard * MINUTE
    )


def pressing(found: Incident) -> bool:
    return any(each.next_update_at is not None and each.next_update_at <= NOW for each in found.told)


KINDS_OF = st.tuples(st.sampled_from((None, *PRIORITIES)), st.none() | st.integers(-9, 9), st.integers(10, 500))


@given(st.lists(KINDS_OF, max_size=12))
def test_the_outbox_puts_broken_promises_first_then_priority_then_since_when(kinds: list[Any]) -> None:
    made = [open_one(number, *each) for number, each in enumerate(kinds)]
    found = outbox(made, Communication(LIST), NOW)
    assert len(found) == len(made)
    for before, after in itertools.pairwise(found):
        late = pressing(before.incident), pressing(after.incident)
        assert late != (False, True)
        if late[0] == late[1]:
            ranks = [each.incident.priority or "P1" for each in (before, after)]  # critical stands for P1
            assert ranks[0] <= ranks[1]
            if ranks[0] == ranks[1]:
                assert before.due_at <= after.due_at


def test_a_duty_that_is_near_goes_before_a_worse_priority_and_one_that_is_far_does_not() -> None:
    duty = Duty("notice", "authority", AWARE, Span(ms=72 * HOUR))
    words = Communication(LIST, regulations={"law": Regulation("LAW", "Law", (duty,))})
    worst = incident(id="worst", priority="P1", severity="critical")
    for ago, first in ((72 * HOUR - MINUTE, "duty"), (73 * HOUR, "duty"), (MINUTE, "worst")):
        other = incident(id="duty", priority="P4", regulated=(Regulated("r", "LAW", NOW, "ana", aware_at=NOW - ago),))
        assert next(each.incident.id for each in outbox([worst, other], words, NOW)) == first


def test_a_promise_that_was_broken_before_the_end_presses_no_more() -> None:
    over = incident(
        severity="critical", status="resolved", ended_at=NOW - MINUTE,
        told=(told("Board", 3 * HOUR, next_update_at=NOW - HOUR),),
    )  # fmt: skip
    (found,) = outbox([over], Communication(LIST), NOW)
    assert not found.is_pressing(NOW)
