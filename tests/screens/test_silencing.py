"""`Z`: until when and why, in the queue and on an incident; the row says so in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.incident import Incident
from domain.silences import silenced
from screens.desk import Desk
from storage.store import Store

Raise = Callable[..., Incident]


async def test_a_preset_and_a_reason(sit: Any, raised: Raise, store: Store, desk: Desk) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("Z", "2", *"new", "space", *"disk", "enter")
        found = store.reader.incident(incident.id)
        assert silenced(found, desk.now())
        assert found.silence_reason == "new disk"
        assert any("[silent 2h] checkout" in line for line in seat.lines)
        await seat.press("enter")
        assert any("silent until" in line for line in seat.lines[:1])
        assert any("silenced until" in line for line in seat.lines)
        await seat.press("Z", "5")
        assert not silenced(store.reader.incident(incident.id), desk.now())
        await seat.press("u")
        assert silenced(store.reader.incident(incident.id), desk.now())


async def test_another_time_is_typed_and_a_wrong_one_stays_in_the_dialog(
    sit: Any, raised: Raise, store: Store, desk: Desk
) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("enter", "Z", "4", *"soon", "enter")
        assert any("not a time to come" in line for line in seat.lines)
        await seat.press(*["backspace"] * 4, *"99d", "enter")
        assert any("30 days at most" in line for line in seat.lines)
        await seat.press(*["backspace"] * 3, *"45m", "enter", "enter")
        assert any("must not be blank" in line for line in seat.lines)
        await seat.press(*"x", "enter")
        found = store.reader.incident(incident.id)
        assert found.silenced_until == desk.now() + 45 * 60_000


async def test_leaving_any_question_changes_nothing(sit: Any, raised: Raise, store: Store) -> None:
    incident = raised("checkout is down")
    async with sit() as seat:
        await seat.press("Z", "escape", "Z", "1", "escape", "Z", "4", "escape", "Z", "escape")
        assert store.reader.incident(incident.id).silences == ()
