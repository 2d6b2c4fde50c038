"""Escalating on an incident's screen: the path is shown, a level chosen, a reason given; and what the facts say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.escalation import Path
from domain.incident import Incident
from domain.oncall.services import ANY, Level, Service, Step
from screens.desk import Desk
from storage.store import Store

MINUTE = 60_000
Raise = Callable[..., Incident]
SERVICE = Service(
    "Shop", escalation=(Level("web", True), Level("night", True), Level("dora")), after={ANY: 15 * MINUTE}
)
STEPS = (Step(1, "web", True, "ada"), Step(2, "night", True, ""), Step(3, "dora", False, "dora"))


@pytest.fixture
def pathed(store: Store, make_desk: Callable[..., Desk]) -> Desk:
    desk = make_desk(store)
    desk.path = lambda _incident: Path(SERVICE, STEPS)
    return desk


async def test_the_path_is_shown_with_who_is_called_and_what_is_due(
    sit: Any, pathed: Desk, raised: Raise, store: Store, clock: Any
) -> None:
    incident = raised("checkout down")
    clock.now += 20 * MINUTE
    async with sit(pathed) as seat:
        await seat.press("enter")
        await seat.see("level 2 (nobody, rota night) is due for 5m")
        await seat.ask("x", "Choice")
        await seat.see("level 1  ada (rota web) · called by the raising", "no: nobody is on call (rota night)", "dora")
        await seat.press("enter")
        await seat.at("Writing")
        await seat.see(f"Escalate {incident.ref} to dora: why?")
        await seat.type("no answer\n")
        await seat.hear("Escalated to dora")
        await seat.see("level 3: dora", "escalated to level 3: dora")
    shown = store.reader.incident(incident.id)
    assert (shown.escalation_level, shown.escalated_to, shown.escalations[0].reason) == (3, "dora", "no answer")


async def test_a_burst_of_keys_escalates_too(sit: Any, pathed: Desk, raised: Raise, store: Store) -> None:
    incident = raised("checkout down")
    async with sit(pathed) as seat:
        await seat.press("enter", "x", "1", *"why", "enter")
        await seat.hear("Escalated to ada")
    assert store.reader.incident(incident.id).escalation_level == 1


@pytest.mark.parametrize("known", [True, False])
async def test_somebody_else_may_be_named(sit: Any, pathed: Desk, raised: Raise, store: Store, known: bool) -> None:
    incident = raised("checkout down")
    if not known:
        pathed.path = lambda _incident: None
    async with sit(pathed) as seat:
        await seat.press("enter", "x", *("4" if known else ""), *"fay", "enter", *"why", "enter")
        await seat.hear("Escalated to fay")
    assert store.reader.incident(incident.id).escalated_to == "fay"


async def test_leaving_records_nothing_and_keeps_why(sit: Any, pathed: Desk, raised: Raise, store: Store) -> None:
    incident = raised("checkout down")
    async with sit(pathed) as seat:
        for keys in (("x", "escape"), ("x", "4", "escape"), ("x", "4", "enter"), ("x", "3", *"half a r", "escape")):
            await seat.press("enter", *keys)
            await seat.rest()
            await seat.press("escape") if seat.screen.__class__.__name__ == "Detail" else None
            await seat.at("Queue")
        await seat.press("enter", "x", "3")
        await seat.see("half a r")
    assert store.reader.incident(incident.id).escalation_level == 0


async def test_what_is_over_says_why_not(sit: Any, pathed: Desk, raised: Raise, store: Store) -> None:
    from domain import actions

    incident = raised("checkout down")
    done = {"note": "restarted"}
    async with sit(pathed) as seat:
        await seat.press("enter")
        await seat.see(incident.ref)
        store.journal.record(incident.id, lambda it: actions.move(it, "resolved", text=done))
        await seat.press("x")
        await seat.hear("is resolved, so it cannot be escalated")


async def test_the_queue_marks_what_is_to_be_escalated(sit: Any, pathed: Desk, raised: Raise, clock: Any) -> None:
    raised("checkout down")
    clock.now += 20 * MINUTE
    async with sit(pathed) as seat:
        seat.screen.begin_targets()
        await seat.until(lambda: any("^" in line and "checkout down" in line for line in seat.lines), "the sign")
