"""How every screen looks, as pictures.

After a wanted change: `pytest --snapshot-update tests/screens/test_pictures.py`, and look at the new ones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from storage.store import Store

Step = Callable[[Any], Awaitable[None]]
MINUTE = 60_000


@pytest.fixture
def story(raised: Callable[..., Incident], store: Store, other: Store, clock: Any) -> Incident:
    """A morning: one bad incident with a timeline, some others, and two that are over."""
    journal = store.journal
    start = clock.now
    for number, (title, values) in enumerate(
        [
            ("Replica lag on postgres-main grows past 20 minutes", {"priority": "P2", "severity": "high"}),
            ("Wildcard certificate of *.shop.example expires in four days", {"priority": "P3", "owner": "ben"}),
            ("Meeting room displays stay black", {"priority": "P4", "severity": "low"}),
            ("満杯 disk on db-7 🚒", {}),
        ]
    ):
        clock.now = start + number * 7 * MINUTE
        raised(title, by=other, **values)
    over = raised("Courier API answered 429", priority="P3")
    journal.record(over.id, lambda i: actions.move(i, "resolved", text={"note": "they raised the limit"}))
    clock.now = start + 40 * MINUTE
    values = {"priority": "P1", "severity": "critical", "description": "Checkout returns 502 for one cart in ten."}
    made = raised("Checkout returns 502", **values)
    clock.now += 3 * MINUTE
    journal.record(made.id, lambda i: actions.take(i, "ana"))
    journal.record(made.id, lambda _i: [actions.resource("checkout-api:critical"), actions.resource("web")])
    journal.record(made.id, lambda i: actions.add_item(i, "tag", "deploy"))
    journal.record(made.id, lambda _i: actions.note("deploy 4.2.0 finished", occurred_at=clock.now - 20 * MINUTE))
    clock.now += 9 * MINUTE
    journal.record(made.id, lambda i: actions.move(i, "validated"))
    noted = journal.record(
        made.id, lambda _i: actions.note("All timeouts are calls to **quotes**:\n\n- it needs 11 s\n- for two parcels")
    )
    entry = store.reader.replay(noted.id).notes()[-1][0].id
    journal.record(made.id, lambda i: actions.star(i, entry))
    journal.record(made.id, lambda _i: [Draft("fact", "command", {"command": "uptime", "output": "load 9", "exit": 0})])
    other.journal.record(made.id, lambda _i: actions.note("status page is up to date"))
    clock.now += 4 * MINUTE
    journal.record(made.id, lambda i: actions.mitigate(i, now=clock.now))
    clock.now += 2 * MINUTE
    return made


def press(*keys: str) -> Step:
    async def do(pilot: Any) -> None:
        for key in keys:
            await pilot.press(key)
            for _ in range(40):
                await pilot.pause(0.005)
            await pilot.pause()

    return do


SCREENS = {
    "queue": press("j"),
    "queue-marked": press("space", "space"),
    "queue-closed": press("6"),
    "queue-empty-view": press("2"),
    "filter": press("slash", "c", "h", "e", "c", "k"),
    "detail": press("enter"),
    "detail-buttons": press("enter", "tab"),
    "reading": press("enter", "k", "k", "k", "enter"),
    "status": press("s"),
    "note": press("c"),
    "priority": press("p"),
    "fields": press("E"),
    "triage": press("e", "l", "j", "l", "j", "j", "j"),
    "bulk": press("asterisk", "a"),
    "raise": press("n"),
    "link": press("enter", "l"),
    "postmortem": press("enter", "P"),
    "help": press("question_mark"),
    "palette": press("colon"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_at_80_by_24(
    snap_compare: Any, make_app: Any, desk: Any, story: Incident, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    assert snap_compare(make_app(desk), terminal_size=(80, 24), run_before=SCREENS[name])


@pytest.mark.parametrize("name", ["queue", "detail", "postmortem", "help", "raise", "status"])
def test_at_120_by_40(snap_compare: Any, make_app: Any, desk: Any, story: Incident, name: str) -> None:
    assert snap_compare(make_app(desk), terminal_size=(120, 40), run_before=SCREENS[name])


@pytest.mark.parametrize("name", ["queue", "detail", "status"])
def test_at_60_by_20(snap_compare: Any, make_app: Any, desk: Any, story: Incident, name: str) -> None:
    assert snap_compare(make_app(desk), terminal_size=(60, 20), run_before=SCREENS[name])


@pytest.mark.parametrize("name", ["queue", "detail", "status", "postmortem"])
@pytest.mark.parametrize("theme", ["nord", "colour-safe"])
def test_in_true_colour(snap_compare: Any, make_app: Any, desk: Any, story: Incident, name: str, theme: str) -> None:
    assert snap_compare(make_app(desk, theme), terminal_size=(80, 24), run_before=SCREENS[name])


@pytest.mark.parametrize("name", ["queue", "detail", "status", "postmortem"])
def test_without_colour(
    snap_compare: Any, make_app: Any, desk: Any, story: Incident, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(desk), terminal_size=(80, 24), run_before=SCREENS[name])


def test_an_empty_store(snap_compare: Any, make_app: Any, desk: Any) -> None:
    assert snap_compare(make_app(desk), terminal_size=(80, 24))
