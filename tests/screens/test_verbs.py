"""What a key does to an incident, asked for in dialogs: status, priority, fields, undo, refs, raising."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

import pytest

from domain import actions
from domain.incident import Incident
from screens.dialogs.raising import Raising
from screens.dialogs.writing import Writing
from storage.store import Store

Raise = Callable[..., Incident]


def entries(store: Store, incident: Incident) -> int:
    return len(store.reader.entries(incident.id))


class TestStatus:
    async def test_what_is_not_allowed_says_why_and_the_others_what_they_mean(self, sit: Any, raised: Raise) -> None:
        raised()
        async with sit() as seat:
            await seat.ask("s", "Choice")
            assert "it is still raised" in seat.text
            assert "not a real incident (a false alarm)" in seat.text
            await seat.press("7")
            await seat.see("Closed: it is still raised")
            assert type(seat.screen).__name__ == "Choice"

    async def test_a_note_that_is_needed_is_asked_for_and_a_blank_one_not_taken(
        self, sit: Any, raised: Raise, store: Store
    ) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("s", "Choice")
            await seat.ask("3", "Writing")
            await seat.press("enter")
            await seat.see("Write something")
            assert entries(store, incident) == 1
            await seat.type("plugged it in")
            await seat.press("enter")
            await seat.hear(incident.ref)
        after = store.reader.incident(incident.id)
        assert after.status == "resolved"
        assert after.acknowledged_at is not None  # implied, since it was skipped
        assert store.reader.entries(incident.id)[-1].body.count("plugged it in") == 1

    async def test_other_asks_for_a_label_and_a_note(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("s", "Choice")
            await seat.ask("6", "Writing")
            assert "called" in seat.text
            first = seat.screen
            await seat.type("waiting for parts")
            await seat.press("enter")
            await seat.until(lambda: seat.screen is not first and isinstance(seat.screen, Writing), "the note")
            await seat.type("ordered")
            await seat.press("enter")
            await seat.hear(incident.ref)
        after = store.reader.incident(incident.id)
        assert (after.status, after.status_label) == ("other", "waiting for parts")

    async def test_ignoring_what_is_worked_on_asks_first(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        store.journal.record(incident.id, lambda i: actions.move(i, "validated"))
        async with sit() as seat:
            await seat.ask("s", "Choice")
            await seat.ask("5", "Confirm")
            assert "closed with no action" in seat.text
            await seat.press("n")
            await seat.at("Queue")
            await seat.rest()
        assert store.reader.incident(incident.id).status == "validated"

    async def test_esc_keeps_what_was_typed_and_records_nothing(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("s", "Choice")
            await seat.ask("3", "Writing")
            await seat.type("half a reason")
            await seat.press("escape")
            await seat.at("Queue")
            await seat.rest()
            assert store.reader.incident(incident.id).status == "raised"
            await seat.ask("s", "Choice")
            await seat.ask("3", "Writing")
            await seat.see("half a reason", "Kept from")

    async def test_a_bulk_move_asks_once_for_all(self, sit: Any, raised: Raise, store: Store) -> None:
        incidents = [raised(f"incident {number}") for number in range(3)]
        async with sit() as seat:
            await seat.press("asterisk")
            await seat.ask("s", "Choice")
            await seat.ask("1", "Confirm")
            await seat.press("y")
            await seat.hear("3 incidents")
        assert {store.reader.incident(each.id).status for each in incidents} == {"reviewed"}

    async def test_closing_a_p1_without_post_mortem_asks_why(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised(priority="P1")
        store.journal.record(incident.id, lambda i: actions.move(i, "resolved", text={"note": "done"}))
        async with sit() as seat:
            await seat.press("7")
            await seat.ask("s", "Choice")
            await seat.press("end", "enter")
            await seat.at("Writing")
            assert "post-mortem" in seat.text
            await seat.type("a drill")
            await seat.press("enter")
            await seat.hear(incident.ref)
        assert store.reader.incident(incident.id).closed_at is not None


class TestRefusals:
    """A key that is refused shows the reason and the remedy, and writes nothing."""

    async def test_acknowledging_twice(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.press("a")
            await seat.hear("Acknowledged")
            before = entries(store, incident)
            await seat.press("a")
            await seat.hear("was acknowledged by ana")
            assert "Take it to own it" in seat.said
        assert entries(store, incident) == before

    async def test_mitigating_what_is_over(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        store.journal.record(incident.id, lambda i: actions.move(i, "resolved", text={"note": "done"}))
        before = entries(store, incident)
        async with sit() as seat:
            await seat.press("7", "enter")
            await seat.at("Detail")
            await seat.press("m")
            await seat.hear("cannot be mitigated")
            assert "Reopen it first" in seat.said
        assert entries(store, incident) == before

    async def test_undo_with_nothing_to_undo(self, sit: Any, raised: Raise, other: Store) -> None:
        raised(by=other)
        async with sit() as seat:
            await seat.press("u")
            await seat.until(lambda: seat.said, "a word")

    async def test_a_store_that_says_no_is_told_and_the_text_is_kept(
        self, sit: Any, raised: Raise, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from storage.errors import StoreError

        def full(*_arguments: object) -> None:
            raise StoreError("The disk is full", "Make room.")

        incident = raised()
        before = entries(store, incident)
        async with sit() as seat:
            await seat.ask("c", "Writing")
            monkeypatch.setattr(store.journal, "writing", full)
            await seat.type("precious words")
            await seat.press("enter")
            await seat.hear("The disk is full")
            await seat.rest()
            (kept,) = seat.desk.state_dir.glob("tocsin-rescued-*")
            assert kept.read_text() == "precious words"
            assert kept.name in seat.said.replace(" ", "")
            assert "Make room" in seat.said
        assert entries(store, incident) == before


class TestPriorityAndFields:
    async def test_priority_by_number(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("p", "Choice")
            await seat.press("2")
            await seat.hear(incident.ref)
        assert store.reader.incident(incident.id).priority == "P2"

    async def test_priority_with_the_cursor(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("p", "Choice")
            await seat.press("j", "j", "k", "enter")
            await seat.hear(incident.ref)
        assert store.reader.incident(incident.id).priority in ("P1", "P2")

    @pytest.mark.parametrize(
        ("wrong", "named"), [("sevrity=high", "severity"), ("priority=P9", "P9"), ("nonsense", "FIELD=VALUE")]
    )
    async def test_a_wrong_field_or_value_is_named_and_the_dialog_stays(
        self, sit: Any, raised: Raise, store: Store, wrong: str, named: str
    ) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.ask("E", "OneLine")
            seat.app.focused.value = wrong
            await seat.press("enter")
            await seat.until(lambda: named in str(seat.screen.query_one(".hint").render()), named)
            assert type(seat.screen).__name__ == "OneLine"
            seat.app.focused.value = "severity=high"
            await seat.press("enter")
            await seat.hear("Set")
        assert store.reader.incident(incident.id).severity == "high"


class TestUndoAndRefs:
    async def test_undo_takes_back_the_last_action_and_says_which(self, sit: Any, raised: Raise, store: Store) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.press("t")
            await seat.hear("Taken")
            assert store.reader.incident(incident.id).owner == "ana"
            await seat.press("u")
            await seat.hear("Undone")
            assert incident.ref in seat.said
        assert store.reader.incident(incident.id).owner is None

    async def test_y_copies_and_shift_y_writes_a_private_file(self, sit: Any, raised: Raise) -> None:
        incident = raised()
        async with sit() as seat:
            await seat.press("y")
            await seat.hear(incident.ref)
            assert seat.app.clipboard == incident.ref
            await seat.press("Y")
            await seat.hear("Written to")
            written = seat.desk.state_dir / "ref"
            assert written.read_text() == f"{incident.ref}\n"
            assert not stat.S_IMODE(written.stat().st_mode) & 0o022

    async def test_z_toggles_the_clock(self, store: Store, raised: Raise, sit: Any, make_desk: Any) -> None:
        from zoneinfo import ZoneInfo

        raised()
        desk = make_desk(store)
        desk._zone = ZoneInfo("Asia/Tokyo")
        async with sit(desk) as seat:
            await seat.press("enter")
            await seat.at("Detail")
            await seat.see("20:06")
            await seat.press("z")
            await seat.until(lambda: "11:06" in seat.text and "20:06" not in seat.text, "UTC")
            await seat.press("z")
            await seat.until(lambda: "20:06" in seat.text and "11:06" not in seat.text, "Tokyo")


class TestRaising:
    async def test_a_title_is_enough_and_the_cursor_goes_to_it(self, sit: Any, raised: Raise, store: Store) -> None:
        raised("older", priority="P1")
        async with sit() as seat:
            await seat.ask("n", "Raising")
            await seat.type("nothing works")
            await seat.press("enter")
            for _ in range(6):  # whether enter goes on to the next field or raises at once
                if isinstance(seat.screen, Raising):
                    await seat.press("enter")
            await seat.hear("Raised INC-")
            await seat.until(lambda: any("▌" in line and "nothing works" in line for line in seat.lines))

    async def test_all_fields(self, sit: Any, store: Store) -> None:
        async with sit() as seat:
            await seat.ask("n", "Raising")
            for name, value in {
                "title": "checkout down",
                "priority": "p1",
                "severity": "critical",
                "resources": "db1:critical, api",
                "description": "since 14:00",
            }.items():
                seat.screen.query_one(f"#{name}").value = value
            seat.screen.query_one("#description").focus()
            await seat.press("enter")
            await seat.hear("Raised")
        (row,) = store.reader.after(-1, 5)
        incident = store.reader.incident(row.id)
        assert (incident.priority, incident.severity, incident.description) == ("P1", "critical", "since 14:00")
        assert {item.name: item.severity for item in incident.resources} == {"db1": "critical", "api": None}

    @pytest.mark.parametrize(("field", "value"), [("priority", "P9"), ("severity", "awful"), ("title", "   ")])
    async def test_what_is_wrong_is_said_and_nothing_is_raised(
        self, sit: Any, store: Store, field: str, value: str
    ) -> None:
        async with sit() as seat:
            await seat.ask("n", "Raising")
            seat.screen.query_one("#title").value = "fine"
            seat.screen.query_one(f"#{field}").value = value
            seat.screen.query_one("#description").focus()
            await seat.press("enter")
            await seat.see(value.strip() or "title must not be blank")
            assert isinstance(seat.screen, Raising)
        assert store.reader.after(-1, 5) == []

    async def test_esc_keeps_the_title_for_later(self, sit: Any, store: Store) -> None:
        async with sit() as seat:
            await seat.ask("n", "Raising")
            await seat.type("half a ti")
            await seat.press("escape")
            await seat.at("Queue")
            assert store.reader.after(-1, 5) == []
            await seat.ask("n", "Raising")
            assert seat.screen.query_one("#title").value == "half a ti"

    async def test_after_a_crash_the_title_is_there_again(self, sit: Any, store: Store, make_desk: Any) -> None:
        async with sit() as seat:
            await seat.ask("n", "Raising")
            await seat.type("half a ti")
            await seat.until(lambda: seat.desk.drafts.get("raise", ""), "a draft at a pause")
        async with sit(make_desk(store)) as again:
            await again.ask("n", "Raising")
            assert again.screen.query_one("#title").value == "half a ti"

    async def test_what_was_raised_is_not_offered_again(self, sit: Any) -> None:
        async with sit() as seat:
            await seat.ask("n", "Raising")
            seat.screen.query_one("#title").value = "done"
            seat.screen.query_one("#description").focus()
            await seat.press("enter")
            await seat.hear("Raised")
            await seat.rest()
            await seat.ask("n", "Raising")
            assert seat.screen.query_one("#title").value == ""
