"""Roles on an incident's screen: command in one key, and any role to anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widgets import Input

from domain import actions
from domain.incident import Incident
from domain.moments import moments
from screens.dialogs.choice import Choice
from storage.store import Store

Raise = Callable[..., Incident]


def held(store: Store, incident: Incident) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in store.reader.incident(incident.id).roles:
        found.setdefault(item.relation or "", []).append(item.name)
    return found


async def test_command_is_taken_with_one_key_and_relieves_who_had_it(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    store.journal.record(incident.id, lambda it: actions.assign_role(it, "bo", "commander"))
    async with sit() as seat:
        await seat.press("enter", "T")
        assert "You have command, taken over from bo" in seat.lines[-1]
        assert held(store, incident) == {"commander": [store.author]}
        await seat.press("T")
        assert "already" in seat.lines[-1]
        await seat.press("u")
        assert held(store, incident) == {"commander": ["bo"]}
    said = [each.headline for each in moments(store.reader.entries(incident.id), store.reader.replay(incident.id))]
    assert "bo is no longer commander" in said


async def test_any_role_is_given_and_taken_away(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("enter", "r")
        assert isinstance(seat.app.screen, Choice)
        assert any("writes down what happens" in line for line in seat.lines)
        await seat.press("3", *"cleo", "enter")
        assert held(store, incident) == {"scribe": ["cleo"]}
        await seat.press("r", "3")
        assert seat.app.screen.query_one(Input).value == ""
        await seat.press("enter")
        assert held(store, incident) == {}
        await seat.press("r", "1", *"me", "enter")
        assert held(store, incident) == {"commander": [store.author]}
        await seat.press("r", "escape", "r", "2", "escape")
        assert held(store, incident) == {"commander": [store.author]}


async def test_experts_are_several(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("enter", "r", "6", *"ann", "enter", "r", "6", *"ben", "enter")
        assert held(store, incident) == {"expert": ["ann", "ben"]}
