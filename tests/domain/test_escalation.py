"""Escalation: by hand along the path, by timers as a function of timeline and moment, and what the fold shows."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import actions
from domain.entry import Draft, Entry
from domain.errors import Mistake, Refused
from domain.escalation import automatic, escalate, standing
from domain.escalation_words import coming, reached
from domain.incident import Escalated, Incident
from domain.moments import moments
from domain.oncall.services import ANY, RESOLVED, Level, Roster, Service, Step, Timers
from domain.replay import replay
from tests.domain.timeline import START, Memory, raised

MINUTE = 60_000
PATH = (Step(1, "web", True, "ada"), Step(2, "erik", False, "erik"), Step(3, "db", True, "dora"))


def service(minutes: int = 15, size: int = 3, **more: Any) -> Service:
    levels = (Level("web", True), Level("erik"), Level("db", True), *(Level(f"p{n}") for n in range(9)))[:size]
    return Service("Shop", escalation=levels, after={ANY: minutes * MINUTE}, **more)


def fact(journal: Memory, minute: float, level: int, **more: Any) -> Entry:
    """Record at a minute that a level was called."""
    journal.now = START + round(minute * MINUTE)
    (made,) = journal.record((Draft("fact", "escalated", {"level": level, "to": f"p{level}", **more}),))
    return made


def called(incident: Incident, minute: int, path: Service) -> list[tuple[int, int, int]]:
    """Return round, level and minute of what is due."""
    found = standing(incident, path, START + minute * MINUTE)
    return [(each.round, each.level, (each.at - START) // MINUTE) for each in found.due] if found else []


class TestByHand:
    def escalated(self, incident: Incident, **options: Any) -> dict[str, Any]:
        (draft,) = escalate(incident, options.pop("path", PATH), **{"reason": "no answer", **options})
        return {name: value for name, value in draft.body.items() if name != "reason"}

    def test_the_first_level_was_called_by_the_raising_so_the_second_is_next(self) -> None:
        assert self.escalated(raised().incident) == {"level": 2, "to": "erik"}

    def test_then_the_one_after_with_the_rota_that_says_who(self) -> None:
        journal = raised()
        fact(journal, 5, 2)
        assert self.escalated(journal.incident) == {"level": 3, "to": "dora", "rota": "db"}

    def test_a_level_where_nobody_is_on_call_is_passed_over(self) -> None:
        path = (PATH[0], Step(2, "night", True, ""), PATH[2])
        assert self.escalated(raised().incident, path=path)["level"] == 3

    @pytest.mark.parametrize(
        ("to", "level", "body"),
        [
            ("fay", None, {"level": 2, "to": "fay"}),
            ("fay", 4, {"level": 4, "to": "fay"}),
            ("DORA", None, {"level": 3, "to": "dora", "rota": "db"}),
            ("rota:DB", None, {"level": 3, "to": "dora", "rota": "db"}),
            ("ada", None, {"level": 1, "to": "ada", "rota": "web"}),
            ("", 1, {"level": 1, "to": "ada", "rota": "web"}),
            ("", 3, {"level": 3, "to": "dora", "rota": "db"}),
        ],
    )
    def test_who_or_which_level_may_be_said(self, to: str, level: int | None, body: dict[str, Any]) -> None:
        assert self.escalated(raised().incident, to=to, level=level) == body

    def test_without_a_path_somebody_is_named(self) -> None:
        assert self.escalated(raised().incident, path=(), to="fay") == {"level": 2, "to": "fay"}

    @pytest.mark.parametrize(
        ("options", "code", "says"),
        [
            ({"path": ()}, "no_path", "--to WHO"),
            ({"level": 4}, "bad_value", "3 levels"),
            ({"level": 0}, "bad_value", "no level 0"),
            ({"level": 100, "to": "x"}, "bad_value", "no level 100"),
            ({"to": "rota:ops"}, "bad_value", "no rota:ops"),
            ({"reason": "  "}, "blank", "reason"),
            ({"reason": "x" * 5000}, "too_long", "reason"),
            ({"path": (PATH[0], Step(2, "night", True, ""))}, "nobody", "night"),
            ({"path": (PATH[0], Step(2, "night", True, "")), "level": 2}, "nobody", "night"),
            ({"path": PATH[:1]}, "last_level", "the last of its path"),
        ],
    )
    def test_what_cannot_be_is_refused_with_the_remedy(self, options: dict[str, Any], code: str, says: str) -> None:
        with pytest.raises(Mistake) as caught:
            self.escalated(raised().incident, **options)
        assert caught.value.code == code
        assert says in f"{caught.value.message}. {caught.value.remedy}"

    def test_what_is_over_is_not_escalated(self) -> None:
        with pytest.raises(Refused, match="resolved"):
            self.escalated(replace(raised().incident, status="resolved"))


class TestTheFold:
    def test_it_shows_the_highest_level_with_whom_and_when(self) -> None:
        journal = raised()
        assert (journal.incident.escalation_level, journal.incident.escalated_to) == (0, None)
        fact(journal, 5, 3)
        fact(journal, 9, 2)
        incident = journal.incident
        assert (incident.escalation_level, incident.escalated_to) == (3, "p3")
        assert incident.escalated_at == START + 5 * MINUTE

    def test_a_reopening_begins_anew_and_may_be_acknowledged_again(self) -> None:
        journal = raised()
        journal.record(actions.acknowledge(journal.incident))
        fact(journal, 5, 2)
        journal.record(actions.move(journal.incident, "resolved", text={"note": "restarted"}))
        journal.now += MINUTE
        journal.record(actions.move(journal.incident, "validated", text={"reason": "it is back"}))
        incident = journal.incident
        assert (incident.escalations, incident.answered_at) == ((), None)
        assert incident.acknowledged_at == START
        assert called(incident, 6 + 15, service()) == [(1, 2, 6 + 15)]
        journal.now += MINUTE
        journal.record(actions.acknowledge(incident))
        assert journal.incident.answered_at == START + 7 * MINUTE
        assert called(journal.incident, 99, service()) == []
        with pytest.raises(Refused, match="was acknowledged"):
            actions.acknowledge(journal.incident)

    @pytest.mark.parametrize("level", [None, 0, -1, True, "2", 2.0, 10**9, [2], {}])
    def test_a_level_that_is_none_counts_for_nothing(self, level: object) -> None:
        journal = raised()
        journal.record((Draft("fact", "escalated", {"level": level, "to": ["x"], "round": "y"}),))
        assert journal.incident.escalations == ()

    def test_an_undo_takes_the_level_back(self) -> None:
        journal = raised()
        fact(journal, 5, 2)
        made = fact(journal, 6, 3)
        journal.undo([made])
        assert journal.incident.escalation_level == 2

    def test_the_timeline_says_it_in_words(self) -> None:
        journal = raised()
        journal.record(escalate(journal.incident, PATH, reason="no answer", level=3))
        due = automatic(journal.incident, service(repeat=1), PATH, START + 60 * MINUTE)
        journal.record(due)
        said = [each.headline for each in moments(journal.entries, journal.replay)]
        assert said[1:] == [
            "escalated to level 3: dora (rota db)",
            "escalated by timer to level 3, round 2: dora (rota db)",
        ]


class TestTimers:
    def test_each_level_stands_for_its_time_and_then_the_next_is_due(self) -> None:
        incident = raised().incident
        assert [called(incident, minute, service()) for minute in (14, 15, 29, 30)] == [
            [], [(1, 2, 15)], [(1, 2, 15)], [(1, 2, 15), (1, 3, 30)],
        ]  # fmt: skip
        assert called(incident, 9999, service())[-1] == (1, 3, 30)

    def test_what_was_called_by_hand_stands_from_then_on(self) -> None:
        journal = raised()
        fact(journal, 5, 2)
        assert [called(journal.incident, minute, service()) for minute in (19, 20)] == [[], [(1, 3, 20)]]
        fact(journal, 18, 2)
        assert [called(journal.incident, minute, service()) for minute in (32, 33)] == [[], [(1, 3, 33)]]

    def test_a_path_may_begin_again(self) -> None:
        incident = raised().incident
        path = service(size=2, repeat=1)
        assert called(incident, 999, path) == [(1, 2, 15), (2, 1, 30), (2, 2, 45)]
        assert called(incident, 999, service(size=1, repeat=2)) == [(2, 1, 15), (3, 1, 30)]

    def test_a_level_by_hand_in_the_second_round_stays_in_it(self) -> None:
        journal = raised()
        fact(journal, 30, 1, round=2)
        (draft,) = escalate(journal.incident, PATH, reason="no answer")
        assert (draft.body["level"], draft.body["round"]) == (2, 2)

    def test_an_acknowledgement_stops_it_and_its_undo_starts_it(self) -> None:
        journal = raised()
        made = journal.record(actions.acknowledge(journal.incident))
        assert called(journal.incident, 99, service()) == []
        assert len(called(journal.incident, 99, service(until=RESOLVED))) == 2
        journal.undo(made)
        assert len(called(journal.incident, 99, service())) == 2

    def test_what_has_not_arrived_whole_waits(self) -> None:
        journal = Memory()
        fact(journal, 5, 2)
        assert standing(journal.incident, service(), START + 99 * MINUTE) is None
        assert automatic(journal.incident, service(), PATH, START + 99 * MINUTE) == ()

    @pytest.mark.parametrize("status", ["resolved", "invalid", "ignored"])
    def test_the_end_stops_it(self, status: str) -> None:
        incident = replace(raised().incident, status=status)
        assert standing(incident, service(until=RESOLVED), START + 99 * MINUTE) is None

    @pytest.mark.parametrize(
        ("after", "own", "priority", "minutes"),
        [
            ({ANY: 15}, None, "P1", 15), ({"P1": 5, ANY: 15}, None, "P1", 5), ({"P1": 5, ANY: 15}, None, "P3", 15),
            ({"P1": 5}, None, "P3", None), ({"P1": 5}, None, None, None), ({}, None, "P1", None),
            ({ANY: 15}, {ANY: 7}, "P1", 7), ({ANY: 15}, {}, "P1", None),
        ],
    )  # fmt: skip
    def test_how_long_depends_on_the_priority_and_the_level(
        self, after: Timers, own: Timers | None, priority: str | None, minutes: int | None
    ) -> None:
        def timed(given: Timers) -> dict[str, int]:
            return {name: each * MINUTE for name, each in given.items()}

        levels = (Level("ada", after=None if own is None else timed(own)), Level("erik"))
        found = standing(
            replace(raised().incident, priority=priority), Service("S", escalation=levels, after=timed(after)), START
        )
        assert found is not None
        assert (found.next and found.next.at) == (None if minutes is None else START + minutes * MINUTE)

    def test_a_path_that_became_shorter_still_stands_somewhere(self) -> None:
        journal = raised()
        fact(journal, 5, 9)
        assert called(journal.incident, 99, service()) == []

    @given(
        st.lists(st.tuples(st.integers(0, 120), st.integers(1, 4), st.integers(1, 3)), max_size=6),
        st.integers(1, 4), st.integers(0, 3), st.integers(0, 200), st.integers(0, 200),
    )  # fmt: skip
    def test_what_is_due_only_grows_as_time_passes(
        self, facts: list[tuple[int, int, int]], size: int, repeat: int, one: int, two: int
    ) -> None:
        held = tuple(Escalated("e", level, "x", START + at * MINUTE, "ana", round=r) for at, level, r in facts)
        incident = Incident(id="i", raised_at=START, escalations=held)
        path = service(size=size, repeat=repeat)
        early, late = called(incident, min(one, two), path), called(incident, max(one, two), path)
        assert late[: len(early)] == early
        assert len(late) < size * (repeat + 1)
        assert [at for _round, _level, at in late] == sorted(at for _round, _level, at in late)


class TestByItself:
    def test_nothing_is_recorded_before_it_is_due(self) -> None:
        assert automatic(raised().incident, service(), PATH, START + 14 * MINUTE) == ()

    def test_it_is_implied_and_says_why(self) -> None:
        (draft,) = automatic(raised().incident, service(), PATH, START + 15 * MINUTE)
        assert (draft.source, draft.kind, draft.what) == ("implied", "fact", "escalated")
        assert draft.body == {"level": 2, "to": "erik", "reason": "not acknowledged for 15m at level 1"}

    def test_after_a_night_the_last_level_that_is_due_is_called_once(self) -> None:
        (draft,) = automatic(raised().incident, service(), PATH, START + 600 * MINUTE)
        assert draft.body["level"] == 3

    def test_a_level_without_anybody_is_passed_over_and_the_last_one_says_so(self) -> None:
        nobody = (PATH[0], Step(2, "night", True, ""), PATH[2])
        assert automatic(raised().incident, service(), nobody, START + 15 * MINUTE)[0].body["to"] == "dora"
        last = (PATH[0], Step(2, "night", True, ""))
        (draft,) = automatic(raised().incident, service(size=2), last, START + 15 * MINUTE)
        assert (draft.body["level"], draft.body["to"]) == (2, "")

    def test_two_devices_that_both_record_it_make_one_in_whatever_order(self) -> None:
        first, second = raised(), Memory("d2", "ben")
        second.receive(first.entries[0])
        for journal, minute in ((first, 15), (second, 17)):
            journal.now = START + minute * MINUTE
            journal.record(automatic(journal.incident, service(), PATH, journal.now))
        entries = [*first.entries, *second.entries[1:]]
        for order in permutations(entries):
            incident = replay(first.incident.id, order)
            assert [(each.level, each.by) for each in incident.escalations] == [(2, "ana")]

    def test_the_key_differs_by_level_round_and_reopening(self) -> None:
        incident = raised().incident
        again = replace(incident, reopened_at=START + MINUTE)
        moments_ = [(incident, 15), (incident, 30), (incident, 45), (again, 16)]
        keys = [automatic(it, service(repeat=1), PATH, START + at * MINUTE)[0].src for it, at in moments_]
        assert len(set(keys)) == len(keys)

    def test_what_was_recorded_late_gives_the_next_its_whole_time(self) -> None:
        journal = raised()
        journal.now = START + 40 * MINUTE
        journal.record(automatic(journal.incident, service(size=4), PATH, journal.now))
        assert journal.incident.escalation_level == 3
        assert called(journal.incident, 54, service(size=4)) == []


def test_in_words() -> None:
    journal = raised()
    found = standing(journal.incident, service(), START + 10 * MINUTE)
    assert found is not None
    assert coming(found, PATH, START + 10 * MINUTE) == "level 2 (erik) in 5m"
    late = standing(journal.incident, service(), START + 32 * MINUTE)
    assert late is not None
    assert coming(late, PATH, START + 32 * MINUTE) == "level 3 (dora, rota db) is due for 2m"
    fact(journal, 5, 2)
    assert reached(journal.incident) == "level 2: p2"


def test_a_roster_gives_the_path_that_a_service_has() -> None:
    roster = Roster(services={"shop": service(size=2)})
    assert [each.who for each in roster.escalation("shop", START)] == ["", "erik"]
