"""The queue on the screen: moving, marks, bulk actions, the filter, views, and what others change meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from domain import actions
from domain.incident import Incident
from screens.desk import Desk
from storage.store import Store
from widgets.queue_list import QueueList

Raise = Callable[..., Incident]


def listed(seat: Any) -> QueueList:
    return seat.app.screen_stack[0].query_one(QueueList)


def titles(seat: Any) -> list[str]:
    """Return the titles in view."""
    held = listed(seat)
    return [row.title for row in held._rows[held._top : held._top + held.page]]


def current(seat: Any) -> str:
    row = listed(seat).current
    return row.title if row else ""


@pytest.fixture
def many(five_thousand: Path, tmp_path: Path, clock: Any, make_desk: Callable[..., Desk]) -> Any:
    copied = tmp_path / "many.db"
    shutil.copy(five_thousand, copied)
    store = Store(copied, "ana", clock)
    yield make_desk(store)
    store.close()


class TestMovingInFiveThousand:
    """Every key ends on the row that a plain list of all rows would have under it."""

    @pytest.mark.parametrize(
        "keys",
        [
            ["j"] * 25,
            ["k"],
            ["G"],
            ["G", "j", "j"],
            ["G", *["k"] * 25],
            ["G", "g"],
            ["G", "g", "k"],
            ["pagedown"] * 20,
            ["G", *["pageup"] * 20],
            ["ctrl+d"] * 9 + ["ctrl+u"] * 4 + ["j", "k", "k"],
            ["down", "up", "up", "end", "pagedown", "home", "pageup"],
            ["pagedown"] * 12 + ["k"] * 5 + ["pageup"] * 9 + ["j"] * 3,
        ],
        ids=lambda keys: f"{keys[0]}...{keys[-1]} ({len(keys)})",
    )
    async def test_the_cursor_is_where_arithmetic_says(self, sit: Any, many: Desk, keys: list[str]) -> None:
        rows = many.reader.after(-1, 6000, many.views[0].query, many.now())
        async with sit(many) as seat:
            page, last = listed(seat).page, len(rows) - 1
            steps = {
                "j": 1,
                "down": 1,
                "k": -1,
                "up": -1,
                "g": -last,
                "home": -last,
                "G": last,
                "end": last,
                "pagedown": page,
                "ctrl+d": page,
                "pageup": -page,
                "ctrl+u": -page,
            }
            place = 0
            for key in keys:
                await seat.press(key)
                place = min(max(place + steps[key], 0), last)
            held = listed(seat)
            assert held.current is not None
            assert held.current.id == rows[place].id
            in_view = [row.id for row in held._rows[held._top : held._top + page]]
            first = in_view.index(held.current.id)
            assert in_view == [row.id for row in rows[place - first : place - first + page]]
            assert len(in_view) == page
            assert sum("▌" in line for line in seat.lines) == 1

    async def test_a_move_takes_the_keys_that_the_settings_give_it(
        self, sit: Any, many: Desk, make_desk: Callable[..., Desk]
    ) -> None:
        desk = make_desk(many.store, keys={"queue.down": "x", "queue.up": "none"})
        async with sit(desk) as seat:
            first, second = titles(seat)[:2]
            await seat.press("j", "x")
            assert current(seat) == second
            await seat.press("k", "up")
            assert current(seat) == second
            await seat.press("slash", *"jkx")  # letters, where there is something to type into
            assert seat.app.query_one(Input).value == "status:open jkx"
            assert first != second

    async def test_only_windows_are_held(self, sit: Any, many: Desk) -> None:
        async with sit(many) as seat:
            for _ in range(200):
                listed(seat).move(listed(seat).page)
            assert current(seat) > ""
            assert len(listed(seat)._rows) < 30 * listed(seat).page

    async def test_the_neighbours_of_an_incident_are_those_of_the_queue(self, sit: Any, many: Desk) -> None:
        rows = many.reader.after(-1, 10, many.views[0].query, many.now())
        async with sit(many) as seat:
            assert seat.screen.neighbour(rows[4].id, 1) == rows[5].id
            assert seat.screen.neighbour(rows[4].id, -1) == rows[3].id
            assert seat.screen.neighbour(rows[0].id, -1) is None


class TestMarksAndBulkActions:
    async def test_marks_are_shown_counted_and_taken_back_by_esc(self, sit: Any, raised: Raise) -> None:
        for number in range(3):
            raised(f"incident {number}")
        async with sit() as seat:
            await seat.press("space", "space")
            assert "2 marked" in seat.lines[0]
            assert sum("✓" in line for line in seat.lines) == 2
            await seat.press("escape")
            assert "marked" not in seat.lines[0]
            assert seat.app.is_running

    async def test_bulk_acknowledge_asks_once_names_them_and_is_one_undo(
        self, sit: Any, raised: Raise, store: Store
    ) -> None:
        incidents = [raised(f"incident {number}") for number in range(8)]
        async with sit() as seat:
            await seat.press("asterisk")
            await seat.ask("a", "Confirm")
            assert "Acknowledge 8 incidents?" in seat.text
            assert all(each.ref in seat.text for each in incidents[:6])
            assert "and 2 more" in seat.text
            await seat.press("y")
            await seat.hear("Acknowledged: 8 incidents")
            await seat.press("u")
            await seat.hear("Undone")
        assert all(store.reader.incident(each.id).acknowledged_at is None for each in incidents)

    @pytest.mark.parametrize("key", ["n", "escape", "q"])
    async def test_no_means_that_nothing_is_recorded(self, sit: Any, raised: Raise, store: Store, key: str) -> None:
        incidents = [raised(f"incident {number}") for number in range(2)]
        async with sit() as seat:
            await seat.press("asterisk")
            await seat.ask("a", "Confirm")
            await seat.press(key)
            await seat.at("Queue")
            await seat.rest()
        assert all(store.reader.incident(each.id).acknowledged_at is None for each in incidents)

    async def test_what_is_refused_is_said_and_the_others_are_done(self, sit: Any, raised: Raise, store: Store) -> None:
        first, second = raised("first"), raised("second")
        store.journal.record(first.id, actions.acknowledge)
        async with sit() as seat:
            await seat.press("asterisk")
            await seat.ask("a", "Confirm")
            await seat.press("y")
            await seat.hear("Refused 1")
            assert first.ref in seat.said
        assert store.reader.incident(second.id).acknowledged_at is not None

    async def test_one_note_goes_to_all_marked(self, sit: Any, raised: Raise, store: Store) -> None:
        incidents = [raised(f"incident {number}") for number in range(3)]
        async with sit() as seat:
            await seat.press("asterisk")
            await seat.ask("c", "Writing")
            await seat.type("same cause")
            await seat.press("enter")
            await seat.hear("Noted: 3 incidents")
        for each in incidents:
            assert [text for _entry, text in store.reader.replay(each.id).notes()] == ["same cause"]


class TestTheFilter:
    @pytest.fixture
    def some(self, raised: Raise, store: Store) -> None:
        raised("disk full on db1", priority="P1")
        raised("disk slow on db2", priority="P3")
        raised("certificate expires", priority="P2", owner="ben")
        over = raised("network down")
        store.journal.record(over.id, lambda i: actions.move(i, "resolved", text={"note": "plugged in"}))

    async def filter(self, seat: Any, text: str) -> None:
        await seat.press("slash")
        await seat.until(lambda: isinstance(seat.app.focused, Input), "the filter")
        seat.app.focused.value = ""
        await seat.type(text)

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("disk", {"disk full on db1", "disk slow on db2"}),
            ("dis", {"disk full on db1", "disk slow on db2"}),
            ("disk db2", {"disk slow on db2"}),
            ("priority:<=P2", {"disk full on db1", "certificate expires"}),
            ("owner:ben", {"certificate expires"}),
            ("-owner:ben status:open disk", {"disk full on db1", "disk slow on db2"}),
            ("zebra", set()),
        ],
    )
    async def test_filters_as_you_type(self, sit: Any, some: None, typed: str, found: set[str]) -> None:
        async with sit() as seat:
            await self.filter(seat, typed)
            await seat.until(lambda: set(titles(seat)) == found, f"{found}")
            await seat.press("enter")
            assert set(titles(seat)) == found
            assert f"/{typed}" in seat.lines[0]

    async def test_a_wrong_term_is_named_with_the_nearest_right_one(self, sit: Any, some: None) -> None:
        async with sit() as seat:
            await self.filter(seat, "priorty:P1")
            await seat.press("enter")
            await seat.hear("priorty")
            assert "priority" in seat.said
            assert isinstance(seat.app.focused, Input)

    async def test_esc_leaves_the_filter_and_then_the_filtered_view(self, sit: Any, some: None) -> None:
        async with sit() as seat:
            await self.filter(seat, "certificate")
            await seat.until(lambda: titles(seat) == ["certificate expires"])
            await seat.press("escape")
            assert isinstance(seat.app.focused, QueueList)
            for _ in range(2):
                if len(titles(seat)) == 1:
                    await seat.press("escape")
            await seat.until(lambda: len(titles(seat)) == 3, "the view again")
            assert seat.app.is_running

    async def test_letters_go_into_the_filter_and_do_nothing_else(self, sit: Any, some: None, store: Store) -> None:
        before = store.reader.data_version()
        async with sit() as seat:
            await self.filter(seat, "atspcenuqjkGyYz*?:1")
            await seat.rest()
            assert seat.app.focused.value == "atspcenuqjkGyYz*?:1"
        assert store.reader.data_version() == before

    async def test_half_a_term_never_breaks_the_list(self, sit: Any, some: None) -> None:
        async with sit() as seat:
            for piece in ('"', "-", "age:>", "tag:", "priority:<=", '"disk', "is:"):
                await self.filter(seat, piece)
                await seat.press("escape")
                await seat.press("1")
            await seat.until(lambda: len(titles(seat)) == 3)


class TestSavedViews:
    async def test_digits_show_the_views_and_the_top_line_names_them(
        self, sit: Any, raised: Raise, store: Store
    ) -> None:
        raised("mine", owner="ana")
        raised("nobody's", priority="P1")
        over = raised("over")
        store.journal.record(over.id, lambda i: actions.move(i, "resolved", text={"note": "done"}))
        expected = {
            "1": ("open", {"mine", "nobody's"}),
            "2": ("mine", {"mine"}),
            "3": ("unowned", {"nobody's"}),
            "4": ("urgent", {"nobody's"}),
            "6": ("closed", {"over"}),
            "7": ("all", {"mine", "nobody's", "over"}),
        }
        async with sit() as seat:
            for key, (name, found) in expected.items():
                await seat.press(key)
                await seat.until(lambda found=found: set(titles(seat)) == found, f"{key}: {found}")
                assert name in seat.lines[0]

    async def test_a_digit_without_a_view_changes_nothing(self, sit: Any, raised: Raise) -> None:
        raised("only")
        async with sit() as seat:
            await seat.press("9")
            assert titles(seat) == ["only"]


class TestNothingToShow:
    async def test_an_empty_store_says_what_to_do(self, sit: Any) -> None:
        async with sit() as seat:
            assert "No incidents yet." in seat.text
            assert "raises one" in seat.text

    async def test_an_empty_view_says_its_query_and_the_way_out(self, sit: Any, raised: Raise) -> None:
        raised("somebody's", owner="ben")
        async with sit() as seat:
            await seat.press("2")
            await seat.see("Nothing here", "owner:me")

    async def test_every_key_is_harmless(self, sit: Any, store: Store) -> None:
        before = store.reader.data_version()
        async with sit() as seat:
            keys = [*"atscpeyY", "asterisk", "space", "enter", "j", "k", "G", "g", "ctrl+d", "pageup", "ctrl+u"]
            for key in keys:
                await seat.press(key)
                await seat.rest()
                assert type(seat.screen).__name__ == "Queue", key
        assert store.reader.data_version() == before


class TestWhatOthersDo:
    """Another responder works in the same file; the app's own look for changes (`_poll`) shows it."""

    async def test_selection_and_scroll_stay_when_incidents_come_change_and_go(
        self, sit: Any, raised: Raise, store: Store, other: Store, clock: Any
    ) -> None:
        incidents = []
        for number in range(60):
            clock.now += 60_000
            incidents.append(raised(f"incident {number:02}", priority="P3"))
        async with sit() as seat:
            await seat.press("pagedown", "j", "j")
            chosen, line = current(seat), [n for n, text in enumerate(seat.lines) if "▌" in text]
            for number in range(5):
                raised(f"urgent {number}", by=other, priority="P1")
            other.journal.record(incidents[0].id, lambda i: actions.move(i, "resolved", text={"note": "x"}))
            other.journal.record(incidents[50].id, lambda i: actions.set_fields(i, {"title": "renamed"}))
            await seat.app._poll()
            await seat.rest()
            assert current(seat) == chosen
            assert [n for n, text in enumerate(seat.lines) if "▌" in text] == line
            assert "64 open" in seat.lines[0]

    async def test_when_the_selected_one_leaves_the_view_its_place_is_kept(
        self, sit: Any, raised: Raise, other: Store, clock: Any
    ) -> None:
        incidents = []
        for number in range(5):
            clock.now += 60_000
            incidents.append(raised(f"incident {number}", priority="P3"))
        async with sit() as seat:
            await seat.press("j", "j")
            other.journal.record(incidents[2].id, lambda i: actions.move(i, "resolved", text={"note": "x"}))
            await seat.app._poll()
            await seat.rest()
            assert current(seat) == "incident 3"

    async def test_changes_of_others_are_marked_as_new_until_they_are_read(
        self, sit: Any, raised: Raise, other: Store
    ) -> None:
        mine = raised("mine")
        async with sit() as seat:
            assert "•" not in seat.text
            other.journal.record(mine.id, lambda _i: actions.note("look at this"))
            await seat.app._poll()
            await seat.see("•")
            await seat.press("enter")
            await seat.at("Detail")
            await seat.see("look at this")
            await seat.until(lambda: not seat.desk.reader.row(mine.id).is_new, "the mark to be taken")
            await seat.press("escape")
            await seat.at("Queue")
            await seat.app._poll()
            await seat.until(lambda: "•" not in seat.text, "no mark")

    async def test_ctrl_r_marks_everything_as_seen(self, sit: Any, raised: Raise, other: Store) -> None:
        for number in range(3):
            raised(f"incident {number}", by=other)
        async with sit() as seat:
            assert seat.text.count("•") == 3
            await seat.press("ctrl+r")
            await seat.until(lambda: "•" not in seat.text)


class TestThePreview:
    async def test_it_shows_the_selected_one_where_there_is_room(self, sit: Any, raised: Raise, clock: Any) -> None:
        raised("first", description="what is known of the first")
        clock.now += 60_000
        raised("second", description="what is known of the second")
        async with sit(size=(100, 40)) as seat:
            await seat.see("what is known of the first")
            await seat.press("j")
            await seat.see("what is known of the second")

    async def test_it_is_filled_when_the_terminal_grows(self, sit: Any, raised: Raise) -> None:
        raised("first", description="what is known of the first")
        async with sit() as seat:
            assert "what is known" not in seat.text
            await seat.pilot.resize_terminal(100, 40)
            await seat.see("what is known of the first")
            await seat.pilot.resize_terminal(80, 24)
            await seat.until(lambda: "what is known" not in seat.text)
