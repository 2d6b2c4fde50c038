"""The key table is what the program does: bindings, help, palette, the key line, remapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.command import CommandPalette

from domain.incident import Incident
from screens.deskscreen import DeskScreen
from screens.keys import KEYS, check_keymap, keys_of, table
from storage.store import Store

Raise = Callable[..., Incident]
WHERE = ("queue", "detail", "postmortem")
NEVER = {"A", "B", "C", "D", "F", "H", "O", "left_square_bracket"}
_MOVES = {"down", "up", "first", "last", "page_down", "page_up", "previous", "next", "open", "conflicts", "sync"}


async def go_to(where: str, seat: Any, incident: Incident) -> None:
    home = seat.app.screen_stack[0]
    if where != "queue":
        home.post_message(home.OpenIncident(incident.id))
        await seat.at("Detail")
        await seat.see(incident.ref)
    if where == "postmortem":
        await seat.press("P")
        await seat.at("Postmortem")


@pytest.mark.parametrize("where", WHERE)
async def test_every_key_of_the_table_is_bound_to_an_action_that_is_there(sit: Any, raised: Raise, where: str) -> None:
    incident = raised()
    async with sit() as seat:
        await go_to(where, seat, incident)
        bound = seat.screen.active_bindings
        for key in keys_of(where):
            assert hasattr(seat.screen, f"action_{key.action}") or hasattr(seat.app, f"action_{key.action}"), key.id
            for name in key.keys.split(","):
                assert name in bound, f"{key.id}: {name}"
                wanted = {key.action, "command_palette"} if key.action == "palette" else {key.action}
                assert bound[name].binding.action.partition("(")[0] in wanted, f"{key.id}: {name}"


@pytest.mark.parametrize("where", ["queue", "detail"])
async def test_help_lists_every_key_and_closes_with_what_opened_it(sit: Any, raised: Raise, where: str) -> None:
    incident = raised()
    async with sit(size=(120, 60)) as seat:
        await go_to(where, seat, incident)
        await seat.ask("question_mark", "Help")
        for key in keys_of(where):
            assert key.shown in seat.text, key.id
            assert key.what[:30] in seat.text, key.id
        await seat.press("question_mark")
        await seat.until(lambda: isinstance(seat.screen, DeskScreen), "no help")


async def test_help_fits_or_scrolls_at_60_by_20(sit: Any, raised: Raise) -> None:
    raised()
    async with sit(size=(60, 20)) as seat:
        await seat.ask("question_mark", "Help")
        seen = seat.text
        for _ in range(10):
            await seat.press("pagedown")
            seen += seat.text
        for key in keys_of("queue"):
            assert key.what[:20] in seen, key.id


@pytest.mark.parametrize("where", ["queue", "detail"])
async def test_the_palette_lists_every_action_and_runs_it(sit: Any, raised: Raise, where: str) -> None:
    incident = raised()
    async with sit(size=(120, 60)) as seat:
        await go_to(where, seat, incident)
        await seat.press("colon")
        await seat.until(lambda: isinstance(seat.screen, CommandPalette), "the palette")
        await seat.see("write a note")
        expected = [key for key in keys_of(where) if key.action != "view"]
        await seat.until(lambda: seat.screen.query_one("CommandList").option_count >= len(expected), "every action")
        await seat.type("acknowledge")
        await seat.pilot.pause(0.3)
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.screen, DeskScreen), "the screen again")
        await seat.until(lambda: seat.desk.reader.incident(incident.id).acknowledged_at is not None, "the action")


async def test_letters_that_a_broken_arrow_key_may_send_change_nothing(sit: Any, raised: Raise, store: Store) -> None:
    """On a bad line an arrow arrives as ESC, `[`, `B`."""
    incident = raised()
    for key in KEYS:
        if set(key.keys.split(",")) & NEVER:
            assert key.action in _MOVES, key.id
    before = len(store.reader.entries(incident.id))
    for where in ("queue", "detail"):
        async with sit() as seat:
            await go_to(where, seat, incident)
            for letter in sorted(NEVER):
                await seat.press("escape", letter)
                assert seat.app.is_running
                await seat.rest()
    assert len(store.reader.entries(incident.id)) == before


class TestRemapping:
    async def test_the_new_key_works_and_the_old_one_does_not(
        self, sit: Any, raised: Raise, store: Store, make_desk: Any
    ) -> None:
        incident = raised()
        desk = make_desk(store, keys={"queue.acknowledge": "ctrl+a", "queue.take": "none"})
        async with sit(desk) as seat:
            await seat.press("a", "t")
            await seat.rest()
            assert len(store.reader.entries(incident.id)) == 1
            await seat.press("ctrl+a")
            await seat.hear("Acknowledged")
            await seat.until(lambda: not seat.said, "the keys again")
            assert "ctrl+a ack" in seat.lines[-1]
            assert "t take" not in seat.lines[-1]

    async def test_help_shows_the_new_keys(self, sit: Any, raised: Raise, store: Store, make_desk: Any) -> None:
        raised()
        async with sit(make_desk(store, keys={"queue.acknowledge": "ctrl+a"}), size=(120, 60)) as seat:
            await seat.ask("question_mark", "Help")
            assert "ctrl+a" in seat.text

    @pytest.mark.parametrize(
        ("keys", "problem"),
        [
            ({"queue.acknowlege": "x"}, "queue.acknowledge"),
            ({"queue.acknowledge": "t"}, "t is on both"),
            ({"queue.acknowledge": "j"}, "j is on both"),
            ({"postmortem.export": "ctrl+s"}, "ctrl+s is on both"),
        ],
    )
    def test_what_cannot_be_is_named(self, keys: dict[str, str], problem: str) -> None:
        assert any(problem in each for each in check_keymap(keys))

    def test_what_can_be_is_not(self) -> None:
        assert check_keymap({}) == []
        assert check_keymap({"queue.take": "none", "queue.acknowledge": "t"}) == []


def test_the_table_for_the_readme_has_every_key() -> None:
    text = table()
    for key in KEYS:
        assert f"| `{key.shown}` | {key.what} |" in text


class TestTypedAhead:
    """What is typed before a dialog stands belongs to the dialog, never to the screen below."""

    @pytest.mark.parametrize("where", ["queue", "detail"])
    def test_a_note_typed_in_one_burst(self, terminal: Any, raised: Raise, store: Store, where: str) -> None:
        incident = raised()
        at = terminal()
        at.see("1 open")
        if where == "detail":
            at.type(b"\r")
            at.see("open for")
        at.type(b"ctake it all\r")
        at.see("Noted")
        replay = store.reader.replay(incident.id)
        assert [text for _entry, text in replay.notes()] == ["take it all"]
        assert replay.result().owner is None
        assert replay.result().acknowledged_at is None

    def test_a_status_with_its_note_typed_in_one_burst(self, terminal: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        at = terminal()
        at.see("1 open")
        at.type(b"s3done\r")
        at.see("0 open")
        assert store.reader.incident(incident.id).status == "resolved"
        assert "done" in store.reader.entries(incident.id)[-1].body

    def test_a_filter_typed_in_one_burst(self, terminal: Any, raised: Raise) -> None:
        raised("disk full")
        raised("network down")
        at = terminal()
        at.see("2 open")
        at.type(b"/disk\r")
        # On the way, `d` alone finds nothing.
        at.until(lambda: "disk full" in at.text and "network down" not in at.text, "the filter")
