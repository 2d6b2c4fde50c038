"""The clocks on the screens: in words on an incident's own, as signs in the queue, as seconds only at the very end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain import actions
from domain.clocks import Policy
from domain.incident import Incident
from screens.desk import Desk
from screens.detail import Detail
from screens.queue import Queue
from storage.store import Store
from widgets.facts import Facts

MINUTE, HOUR = 60_000, 3_600_000
POLICY = Policy({"P1": 15 * MINUTE}, {"P1": 4 * HOUR}, pauses=frozenset({"waiting"}))
Raise = Callable[..., Incident]


@pytest.fixture
def promising(store: Store, make_desk: Callable[..., Desk]) -> Desk:
    """A desk with targets."""
    return make_desk(store, promised=lambda: (POLICY, ""))


async def open_first(seat: Any, incident: Incident) -> Detail:
    seat.app.screen_stack[0].post_message(Queue.OpenIncident(incident.id))
    await seat.at("Detail")
    await seat.see(incident.ref)
    detail: Detail = seat.screen
    return detail


async def test_the_first_line_says_what_is_due_first(sit: Any, promising: Desk, raised: Raise, clock: Any) -> None:
    incident = raised("checkout down", priority="P1")
    clock.now += 3 * MINUTE
    async with sit(promising) as seat:
        await open_first(seat, incident)
        await seat.see("response in 12m")
        assert seat.lines[0].endswith("response in 12m")
        await seat.press("a")
        await seat.see("resolution in 3h57m")
        assert "response" not in seat.lines[0]


async def test_a_wide_line_has_both(sit: Any, promising: Desk, raised: Raise, clock: Any) -> None:
    incident = raised("checkout down", priority="P1")
    clock.now += 20 * MINUTE
    async with sit(promising, size=(120, 30)) as seat:
        await open_first(seat, incident)
        await seat.see("response 5m late · resolution in 3h40m")


async def test_a_pause_stands_and_an_end_says_what_was_missed(
    sit: Any, promising: Desk, raised: Raise, store: Store, clock: Any
) -> None:
    incident = raised("checkout down", priority="P1")
    journal = store.journal
    journal.record(incident.id, actions.acknowledge)
    clock.now += HOUR
    journal.record(incident.id, lambda found: actions.move(found, "other", text={"label": "Waiting", "note": "n"}))
    clock.now += HOUR
    async with sit(promising) as seat:
        await open_first(seat, incident)
        await seat.see("resolution paused, 3h left")
        journal.record(incident.id, lambda found: actions.move(found, "validated", text={"note": "n"}))
        clock.now += 5 * HOUR
        journal.record(incident.id, lambda found: actions.move(found, "resolved", text={"note": "n"}))
        await seat.see("resolution missed by 2h")


async def test_without_targets_there_is_nothing(sit: Any, raised: Raise) -> None:
    incident = raised("checkout down", priority="P1")
    async with sit() as seat:
        await open_first(seat, incident)
        assert seat.lines[0].rstrip() == f" {incident.ref} checkout down"


class TestSeconds:
    """The present stands still in these tests: what is counted is what wakes the screen."""

    @pytest.mark.parametrize(
        ("minutes", "wait"), [(3, 7 * 60), (10, 1), (14.5, 1), (15, 1), (16, (4 * 60 - 16 - 5) * 60), (300, None)]
    )
    async def test_it_wakes_for_the_last_five_minutes_and_not_before(
        self, sit: Any, promising: Desk, raised: Raise, clock: Any, monkeypatch: Any, minutes: float, wait: float | None
    ) -> None:
        incident = raised("checkout down", priority="P1")
        clock.now += round(minutes * MINUTE)
        waits: list[float] = []
        usual = Detail.set_timer

        def counted(self: Detail, delay: float, callback: Any = None, **more: Any) -> Any:
            if callback == self._paint_clocks:
                waits.append(delay)
            return usual(self, delay, callback, **more)

        monkeypatch.setattr(Detail, "set_timer", counted)
        async with sit(promising) as seat:
            await open_first(seat, incident)
            assert waits[:1] == ([] if wait is None else [wait])

    async def test_seconds_are_shown_only_then(self, sit: Any, promising: Desk, raised: Raise, clock: Any) -> None:
        incident = raised("checkout down", priority="P1")
        clock.now += 14 * MINUTE + 15_000
        async with sit(promising) as seat:
            detail = await open_first(seat, incident)
            await seat.see("response in 45s")
            clock.now += 5_000
            detail._paint_clocks()
            await seat.see("response in 40s")
            clock.now += MINUTE
            detail._paint_clocks()
            await seat.see("response <1m late")

    async def test_a_minute_repaints_them(self, sit: Any, promising: Desk, raised: Raise, clock: Any) -> None:
        incident = raised("checkout down", priority="P1")
        async with sit(promising) as seat:
            await open_first(seat, incident)
            await seat.see("response in 15m")
            clock.now += MINUTE
            seat.app._minute()
            await seat.see("response in 14m")
            assert seat.screen.query_one(Facts)


class TestSigns:
    async def test_rows_whose_targets_pass_are_marked(
        self, sit: Any, promising: Desk, raised: Raise, clock: Any
    ) -> None:
        late = raised("late", priority="P1")
        clock.now += 6 * MINUTE
        near = raised("near", priority="P1")
        clock.now += 10 * MINUTE
        fresh, none = raised("fresh", priority="P1"), raised("no priority")
        async with sit(promising) as seat:
            await seat.until(lambda: "!" in seat.text, "a sign")
            by_ref = {next(word for word in line.split() if word.startswith("INC-")): line for line in seat.lines[2:6]}
            assert [by_ref[each.ref][-5] for each in (late, near, fresh, none)] == ["!", "~", " ", " "]

    async def test_a_sign_goes_when_somebody_acknowledges(
        self, sit: Any, promising: Desk, raised: Raise, store: Store, clock: Any
    ) -> None:
        incident = raised("late", priority="P1")
        clock.now += 20 * MINUTE
        async with sit(promising) as seat:
            await seat.until(lambda: "!" in seat.text, "a sign")
            store.journal.record(incident.id, actions.acknowledge)
            await seat.until(lambda: "!" not in seat.text, "no sign")

    async def test_a_pause_in_the_past_is_counted(
        self, sit: Any, promising: Desk, raised: Raise, store: Store, clock: Any
    ) -> None:
        incident, other = raised("paused for a day", priority="P1"), raised("the other", priority="P1")
        for each in (incident, other):
            store.journal.record(each.id, actions.acknowledge)
        text = {"label": "waiting", "note": "n"}
        store.journal.record(incident.id, lambda found: actions.move(found, "other", text=text))
        clock.now += 24 * HOUR
        store.journal.record(incident.id, lambda found: actions.move(found, "validated", text={"note": "n"}))
        async with sit(promising) as seat:
            await seat.until(lambda: "!" in seat.text, "a sign")
            lines = {line: "!" in line for line in seat.lines[2:4]}
            assert {"paused" in line: signed for line, signed in lines.items()} == {True: False, False: True}

    async def test_without_targets_nothing_is_folded(self, sit: Any, raised: Raise, monkeypatch: Any) -> None:
        raised("late", priority="P1")
        asked: list[Any] = []
        monkeypatch.setattr(Desk, "warnings", lambda _desk, wanted: asked.append(wanted) or {})
        async with sit() as seat:
            await seat.rest()
            await seat.press("j", "k")
            assert asked == []

    async def test_what_was_looked_at_once_is_not_looked_at_again(
        self, sit: Any, promising: Desk, raised: Raise, clock: Any, monkeypatch: Any
    ) -> None:
        for number in range(7):
            raised(f"late {number}", priority="P1")
        clock.now += HOUR
        asked: list[int] = []
        usual = Desk.warnings
        monkeypatch.setattr(Desk, "warnings", lambda desk, wanted: asked.append(len(wanted)) or usual(desk, wanted))
        async with sit(promising) as seat:
            await seat.until(lambda: seat.text.count("!") == 7, "signs")
            await seat.press("j", "j", "k")
            await seat.rest()
            assert asked == [5, 2]


async def test_what_is_wrong_with_the_targets_is_told_and_the_queue_goes_on(
    sit: Any, store: Store, make_desk: Callable[..., Desk], raised: Raise
) -> None:
    raised("disk full", priority="P1")
    desk = make_desk(store, promised=lambda: (None, "config.toml:5: sla.hours: There is no calendar “x”."))
    async with sit(desk) as seat:
        await seat.hear("No SLA clocks: config.toml:5: sla.hours")
        await seat.see("disk full")
