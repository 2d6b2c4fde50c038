"""The triage card: from the home row, with proposals, and nothing written before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Input, Static

from domain import actions
from domain.fields import CustomField
from domain.incident import Incident
from domain.triage import Rules, set_fields
from screens.desk import Desk
from screens.dialogs.choice import Choice
from screens.dialogs.writing import Writing
from screens.triage.card import TriageCard
from storage.store import Store

Raise = Callable[..., Incident]


def rows(seat: Any) -> list[str]:
    return str(seat.app.screen.query_one("#rows", Static).render()).split("\n")


def row(seat: Any, label: str) -> str:
    return next(line[1:] for line in rows(seat) if line[1:].startswith(label))


def text(seat: Any, widget: str) -> str:
    return str(seat.app.screen.query_one(widget, Static).render())


async def test_an_urgent_one_is_triaged_in_five_keys_of_the_home_row(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("e")
        assert isinstance(seat.app.screen, TriageCard)
        await seat.press("l", "j", "l", "s")
        found = store.reader.incident(incident.id)
        assert (found.impact, found.urgency, found.priority) == ("high", "high", "P1")
        assert "Triaged" in seat.lines[-1]


async def test_what_follows_is_shown_with_its_meaning_before_it_is_saved(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("e", "l", "j", "l", "l", "j")
        assert "P2 (follows)" in row(seat, "Priority")
        assert "follows from impact and urgency" in text(seat, "#meaning")
        assert store.reader.incident(incident.id).priority is None
        await seat.press("escape")
        assert "Not saved" in text(seat, "#hint")
        await seat.press("escape")
        assert not isinstance(seat.app.screen, TriageCard)
        assert store.reader.incident(incident.id).entries == 1


async def test_another_priority_is_asked_a_reason_for(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    store.journal.record(incident.id, lambda it: set_fields(it, {"impact": "high", "urgency": "high"}))
    async with sit() as seat:
        await seat.press("e", "j", "j", "l", "s")
        assert isinstance(seat.app.screen, Writing)
        await seat.press(*"staging", "enter")
        found = store.reader.incident(incident.id)
        assert (found.priority, found.priority_reason) == ("P2", "staging")
        assert seat.app.screen.query("Line")
        await seat.press("p", "3")  # the priority key asks as well, once it follows again
        assert store.reader.incident(incident.id).priority == "P2"


async def test_the_priority_key_asks_for_a_reason_where_it_follows(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    store.journal.record(incident.id, lambda it: set_fields(it, {"impact": "low", "urgency": "low"}))
    async with sit() as seat:
        await seat.press("p", "1")
        assert isinstance(seat.app.screen, Writing)
        await seat.press("escape")
        assert store.reader.incident(incident.id).priority == "P4"
        await seat.press("p", "1", *"vip", "enter")
        assert store.reader.incident(incident.id).priority_reason == "vip"


async def test_proposals_come_from_words_and_are_only_taken_when_asked(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("postgres replica is slow")
    async with sit() as seat:
        await seat.press("e")
        assert "? Performance Degradation" in row(seat, "Type")
        assert "? Database" in row(seat, "Technical")
        await seat.press("j", "j", "j", "j")
        assert "the word “slow”" in text(seat, "#meaning")
        await seat.press("a")
        assert "Performance Degradation" in row(seat, "Type")
        assert "?" not in row(seat, "Type")
        await seat.press("s")
        found = store.reader.incident(incident.id)
        assert (found.type, found.technical_category) == ("performance_degradation", None)


async def test_what_a_person_has_said_is_proposed_nothing_else_for(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("postgres replica is slow", type="service_outage")
    async with sit() as seat:
        await seat.press("e", "f", "s")
        found = store.reader.incident(incident.id)
        assert (found.type, found.technical_category) == ("service_outage", "database")


async def test_earlier_incidents_speak_before_words(sit: Any, raised: Raise, store: Store) -> None:
    for number in range(2):
        before = raised(f"postgres replica lags behind in eu-{number}")
        store.journal.record(before.id, lambda it: set_fields(it, {"technical_category": "cloud"}))
    incident = raised("postgres replica lags again")
    async with sit() as seat:
        await seat.press("j", "j", "e")
        assert "? Cloud" in row(seat, "Technical")
        await seat.press("f", "s")
        assert store.reader.incident(incident.id).technical_category == "cloud"


async def test_texts_tags_and_classifiers_are_typed_and_checked(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("one")
    async with sit() as seat:
        await seat.press("e", *"kk", "d")
        field = seat.app.screen.query_one(Input)
        assert field.value == "one"
        field.value = ""
        await seat.press("enter")
        assert "must not be blank" in text(seat, ".hint")
        await seat.press(*"two", "enter")
        await seat.press(*"jjjjjjjjj", "d", *"db, eu", "enter")
        await seat.press("j", "d", *"blast 3", "enter", "s")
        found = store.reader.incident(incident.id)
        assert found.title == "two"
        assert [item.name for item in found.tags] == ["db", "eu"]
        assert dict(found.classifiers) == {"blast": 3}
        await seat.press("e", *"jjjjjjj", "d")
        seat.app.screen.query_one(Input).value = "eu"
        await seat.press("enter", "s")
        assert [item.name for item in store.reader.incident(incident.id).tags] == ["eu"]


async def test_a_list_shows_the_definitions(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("one")
    async with sit() as seat:
        await seat.press("e", *"jjjj", "d")
        assert isinstance(seat.app.screen, Choice)
        assert any("does not work at all" in line for line in seat.lines)
        await seat.press("2", "s")
        assert store.reader.incident(incident.id).type == "service_outage"


async def test_a_teams_own_fields_are_rows(
    sit: Any, raised: Raise, store: Store, make_desk: Callable[..., Desk]
) -> None:
    incident = raised("one")
    own = {"region": CustomField("region", "choice", ("eu", "us")), "hosts": CustomField("hosts", "number")}
    async with sit(make_desk(store, rules=lambda: Rules(fields=own))) as seat:
        await seat.press("e", *"jjjjjjjjjj", "l", "j", "d", *"x", "enter")
        assert "custom.hosts" in text(seat, ".hint")
        seat.app.screen.query_one(Input).value = "12"
        await seat.press("enter", "s")
        assert dict(store.reader.incident(incident.id).custom) == {"hosts": 12, "region": "eu"}


async def test_several_at_once_change_only_what_was_touched(sit: Any, raised: Raise, store: Store) -> None:
    first, second = raised("one", severity="low"), raised("two", severity="critical")
    async with sit() as seat:
        await seat.press("asterisk", "e", "l", "s")
        found = [store.reader.incident(each.id) for each in (first, second)]
        assert [(each.impact, each.severity) for each in found] == [("high", "low"), ("high", "critical")]


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_it_fits_a_small_terminal(sit: Any, raised: Raise, size: tuple[int, int]) -> None:
    raised("a title that is longer than any terminal of this size can show in one line, with 満杯 in it")
    async with sit(size=size) as seat:
        await seat.press("e")
        assert any("Restricted" in line for line in seat.lines)
        assert any("s save" in line for line in seat.lines)


async def test_earlier_incidents_are_offered_while_a_title_is_typed(sit: Any, raised: Raise, store: Store) -> None:
    before = raised("postgres replica lags in eu")
    raised("mail is down")
    store.journal.record(before.id, lambda _it: actions.follow_up("f1", "add an alert"))
    async with sit() as seat:
        await seat.press("n", *"replica lags")
        await seat.until(lambda: f"like {before.ref}" in "\n".join(seat.lines))
        said = next(line for line in seat.lines if before.ref in line and "like" in line)
        assert "(1 follow-up open)" in said
        assert not any("like" in line and "mail" in line for line in seat.lines)
