"""The hand-over on a screen: read with `v`, scrolled, left with `q`, and read again when something changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import actions
from domain.handover_words import Line
from domain.incident import Incident
from screens.desk import Desk
from storage.store import Store

Raise = Callable[..., Incident]


async def test_it_is_read_scrolled_and_left(sit: Any, desk: Desk) -> None:
    desk.handover = lambda: [Line("Hand-over", "head"), *(Line(f"line {n} [/x] \x1b[2J") for n in range(60))]
    async with sit() as seat:
        await seat.press("v")
        await seat.app.workers.wait_for_complete()
        await seat.press("j", "j")
        assert any("line 3 [/x]" in line for line in seat.lines)
        assert not any("Hand-over" in line for line in seat.lines)
        await seat.press("q")
        assert seat.screen is seat.app.screen_stack[0]


async def test_what_changes_meanwhile_is_read_again(sit: Any, desk: Desk, raised: Raise, store: Store) -> None:
    incident = raised("one")
    desk.handover = lambda: [Line(f"{store.reader.count()} there, {len(store.reader.entries(incident.id))} entries")]
    async with sit() as seat:
        await seat.press("v")
        await seat.app.workers.wait_for_complete()
        store.journal.record(incident.id, lambda _it: actions.note("x"))
        await seat.app._reread()
        await seat.app.workers.wait_for_complete()
        await seat.press("j")
        assert any("1 there, 2 entries" in line for line in seat.lines)
