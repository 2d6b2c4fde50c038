"""The sync line and the ledger: what is true, in words, and what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain import actions
from domain.incident import Incident
from screens.ledger import Ledger
from storage.remotes import Remote
from storage.store import Store

Raise = Callable[..., Incident]
MINUTE = 60_000


def stand(store: Store, **fields: Any) -> None:
    """Write what an exchange would have written of its hub."""
    before = next(iter(store.reader.remotes()), Remote("hub", "hub", "https://hub.example.org", "ana", "responder"))
    with store.journal_as("sync").writing() as writing:
        writing.save_remote(replace(before, **{"since": store.clock(), **fields}))


def reached(store: Store) -> None:
    with store.journal_as("sync").writing() as writing:
        writing.reach("hub", {device: dseq for device, (dseq, _tip) in store.reader.vector().items()}, whole=True)


async def test_without_a_hub_nothing_is_said_of_one(sit: Any, raised: Raise) -> None:
    raised()
    async with sit() as seat:
        assert seat.lines[0].rstrip().endswith("1 open")
        await seat.press("R")
        await seat.see("No hub yet", "enrols it")
        await seat.press("R")
        await seat.hear("no hub to exchange with")


@pytest.mark.parametrize(
    ("fields", "later", "said"),
    [
        ({"state": "in_sync"}, 0, "✓ in sync"),
        ({"state": "offline"}, 14 * MINUTE, "offline 14 min · 1 waiting"),
        ({"state": "refused", "error": "the token was revoked"}, 0, "hub refuses · 1 waiting"),
        ({"state": "in_sync", "ahead": 2 * 60 * MINUTE}, 0, "✓ in sync · hub clock 2 h ahead"),
    ],
)
async def test_the_top_line_says_how_the_store_stands(
    sit: Any, store: Store, raised: Raise, clock: Any, fields: dict[str, Any], later: int, said: str
) -> None:
    raised()
    stand(store, **fields)
    if fields["state"] == "in_sync":
        reached(store)
    clock.now += later
    async with sit() as seat:
        assert seat.lines[0].rstrip().endswith(said)


async def test_what_waits_is_listed_and_goes_when_it_has_gone_out(sit: Any, store: Store, raised: Raise) -> None:
    incident = raised("disk full")
    reached_first = store.reader.vector()
    store.journal.record(incident.id, lambda _: actions.note("it is the log volume"))
    stand(store, state="offline", error="no answer in time")
    with store.journal_as("sync").writing() as writing:
        writing.reach("hub", {device: dseq for device, (dseq, _tip) in reached_first.items()}, whole=True)
    async with sit() as seat:
        await seat.press("R")
        await seat.see("offline", "1 waiting", "no answer in time", incident.ref, "it is the log volume")
        assert "raised" not in seat.text
        stand(store, state="in_sync", error="")
        reached(store)
        await seat.see("✓ in sync")
        assert "log volume" not in seat.text


async def test_hostile_words_of_a_hub_are_words(sit: Any, store: Store, raised: Raise) -> None:
    raised("[/] \x1b]0;pwned\x07")
    stand(store, state="refused", error="\x1b[2J[@click=app.quit]x[/] \u202e")
    async with sit() as seat:
        await seat.press("R")
        await seat.see("[@click=app.quit]x[/]")
        assert "\x1b" not in seat.text


async def test_enrolling_asks_for_address_and_code(sit: Any, raised: Raise, monkeypatch: pytest.MonkeyPatch) -> None:
    raised()
    asked: list[tuple[str, str]] = []
    async with sit() as seat:
        monkeypatch.setattr(
            type(seat.app), "on_ledger_enrol", lambda _app, event: asked.append((event.url, event.code)), raising=False
        )
        await seat.press("R")
        await seat.ask("e", "OneLine")
        await seat.type("https://hub.example.org")
        await seat.press("enter")
        await seat.until(lambda: "one-time code" in seat.text, "the second question")
        await seat.type("7K3FQ-9XTRM")
        await seat.press("enter")
        await seat.until(lambda: asked, "the answer")
        assert asked == [("https://hub.example.org", "7K3FQ-9XTRM")]
        assert isinstance(seat.screen, Ledger)
