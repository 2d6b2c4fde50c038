"""One incident on the screen: notes that happened earlier, drafts, stars, links, long texts, many entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual import events

from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from screens.desk import Desk
from screens.detail import Detail
from storage.store import Store
from widgets.facts import Facts
from widgets.note_area import NoteArea
from widgets.timeline import Timeline

Raise = Callable[..., Incident]
MINUTE = 60_000


@pytest.fixture
def open_detail(sit: Any, raised: Raise) -> Any:
    """Sit in front of one incident, made before the first call unless one is given."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def begin(incident: Incident | None = None, desk: Desk | None = None, **options: Any) -> Any:
        made = incident or raised("checkout down")
        async with sit(desk, **options) as seat:
            seat.app.screen_stack[0].post_message(seat.app.screen_stack[0].OpenIncident(made.id))
            await seat.at("Detail")
            await seat.see(made.ref)
            yield seat, made

    return begin


def notes(store: Store, incident: Incident) -> list[tuple[int, str]]:
    return [(entry.occurred_at, text) for entry, text in store.reader.replay(incident.id).notes()]


async def write(seat: Any, text: str) -> None:
    await seat.ask("c", "Writing")
    await seat.type(text)
    await seat.press("enter")
    await seat.hear("Noted")


class TestNotes:
    @pytest.mark.parametrize(
        ("typed", "ago", "text"),
        [("@10:05 it began", 61 * MINUTE + 40_000, "it began"), ("-12m saw it", 12 * MINUTE, "saw it")],
    )
    async def test_a_note_may_say_when_it_happened(
        self, open_detail: Any, store: Store, clock: Any, typed: str, ago: int, text: str
    ) -> None:
        async with open_detail() as (seat, incident):
            await write(seat, typed)
            await seat.see(text, "late")
        assert notes(store, incident) == [(clock.now - ago, text)]

    async def test_a_time_that_cannot_be_is_refused_and_the_text_stays_a_draft(
        self, open_detail: Any, store: Store
    ) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            await seat.type("@25:00 never")
            await seat.press("enter")
            await seat.hear("25:00")
            await seat.until(lambda: seat.desk.drafts.get("note", incident.id), "the draft")
            assert seat.desk.drafts.get("note", incident.id).text == "@25:00 never"
        assert notes(store, incident) == []

    async def test_a_note_that_is_too_long_is_refused_and_stays_a_draft(self, open_detail: Any, store: Store) -> None:
        pasted = "log line\n" * 9000
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            seat.app.post_message(events.Paste(pasted))
            await seat.until(lambda: seat.screen.query_one(NoteArea).text == pasted, "the paste")
            await seat.press("enter")
            await seat.hear("more than 65,536 characters")
            await seat.until(lambda: seat.desk.drafts.get("note", incident.id), "the draft")
            assert seat.desk.drafts.get("note", incident.id).text == pasted
        assert notes(store, incident) == []

    async def test_a_paste_of_many_lines_stays_one_note(self, open_detail: Any, store: Store) -> None:
        pasted = "line one\nline two\n\n  indented\ttabbed"
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            seat.app.post_message(events.Paste(pasted))
            await seat.until(lambda: seat.screen.query_one(NoteArea).text == pasted, "the paste")
            assert type(seat.screen).__name__ == "Writing"  # its line ends did not send it
            await seat.press("enter")
            await seat.hear("Noted")
        assert [text for _at, text in notes(store, incident)] == [pasted]

    async def test_ctrl_j_breaks_the_line(self, open_detail: Any, store: Store) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            await seat.type("one")
            await seat.press("ctrl+j")
            await seat.type("two")
            await seat.press("enter")
            await seat.hear("Noted")
        assert [text for _at, text in notes(store, incident)] == ["one\ntwo"]

    async def test_a_draft_is_kept_by_esc_and_offered(self, open_detail: Any, store: Store) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            await seat.type("half")
            await seat.press("escape")
            await seat.at("Detail")
            await seat.ask("c", "Writing")
            assert seat.screen.query_one(NoteArea).text == "half"
            await seat.see("Kept from")
            await seat.type(" done")
            await seat.press("enter")
            await seat.hear("Noted")
            await seat.rest()
            assert seat.desk.drafts.get("note", incident.id) is None
        assert [text for _at, text in notes(store, incident)] == ["half done"]

    async def test_after_a_crash_the_incident_says_that_a_note_was_begun(
        self, open_detail: Any, store: Store, make_desk: Any
    ) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("c", "Writing")
            await seat.type("half")
            await seat.until(lambda: seat.desk.drafts.get("note", incident.id), "a draft at a pause")
        async with open_detail(incident, make_desk(store)) as (again, _incident):
            await again.hear("You had begun a note here")
            assert "You had begun a note here" in again.lines[-1]  # on one line: the width is known


class TestVerbs:
    async def test_a_star_goes_on_and_off(self, open_detail: Any, store: Store) -> None:
        async with open_detail() as (seat, incident):
            await write(seat, "root cause found")
            await seat.press("asterisk")
            await seat.see("★")
            entry = store.reader.replay(incident.id).notes()[0][0].id
            assert entry in store.reader.incident(incident.id).starred
            await seat.press("asterisk")
            await seat.until(lambda: "★" not in seat.text)
            await seat.press("u")
            await seat.hear("Undone")
            assert entry not in seat.said  # an id is no word for people

    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("resource db1:critical", "db1 (critical)"),
            ("originator pager", "pager"),
            ("tag network", "network"),
            ("cause a bad deploy", "a bad deploy"),
        ],
    )
    async def test_links(self, open_detail: Any, line: str, shown: str) -> None:
        async with open_detail() as (seat, _incident):
            await seat.ask("l", "OneLine")
            await seat.type(line.replace(":", "\x00").replace("\x00", ":"))
            await seat.press("enter")
            await seat.hear("Linked")
            await seat.until(lambda: shown in "\n".join(seat.lines[:5]), shown)

    async def test_a_relation_is_on_both_incidents(self, open_detail: Any, raised: Raise, store: Store) -> None:
        second = raised("second")
        async with open_detail() as (seat, incident):
            await seat.ask("l", "OneLine")
            seat.app.focused.value = f"duplicate {second.ref}"
            await seat.press("enter")
            await seat.hear("Linked")
            await seat.see(f"duplicate {second.ref}")
        assert [item.name for item in store.reader.incident(second.id).related] == [incident.ref]

    @pytest.mark.parametrize("wrong", ["nonsense db1", "resource", "duplicate INC-ZZZZZ", "duplicate", "tag "])
    async def test_a_wrong_link_says_why_and_the_dialog_stays(self, open_detail: Any, store: Store, wrong: str) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("l", "OneLine")
            hint = seat.screen.query_one(".hint")
            before = str(hint.render())
            seat.app.focused.value = wrong
            await seat.press("enter")
            await seat.until(lambda: str(hint.render()) != before, "the reason")
            assert type(seat.screen).__name__ == "OneLine"
        assert len(store.reader.entries(incident.id)) == 1

    async def test_follow_up_with_an_owner(self, open_detail: Any, store: Store) -> None:
        async with open_detail() as (seat, incident):
            await seat.ask("f", "OneLine")
            seat.app.focused.value = "buy a bigger disk @ben"
            await seat.press("enter")
            await seat.hear("Follow-up added")
            await seat.see("buy a bigger disk")
        (follow_up,) = store.reader.incident(incident.id).follow_ups
        assert (follow_up.title, follow_up.owner) == ("buy a bigger disk", "ben")

    async def test_mitigate_and_owner(self, open_detail: Any, store: Store) -> None:
        async with open_detail() as (seat, incident):
            await seat.press("m")
            await seat.hear("Mitigated")
            await seat.see("mitigated +")
            await seat.ask("o", "OneLine")
            await seat.type("ben")
            await seat.press("enter")
            await seat.see("owner ben")
            await seat.ask("o", "OneLine")
            await seat.type("me")
            await seat.press("enter")
            await seat.see("owner ana")
        assert store.reader.incident(incident.id).mitigated_at is not None

    async def test_the_status_bar_presses_what_is_allowed_and_explains_the_rest(
        self, open_detail: Any, store: Store
    ) -> None:
        async with open_detail() as (seat, incident):
            await seat.press("tab")
            await seat.see("looked at")
            await seat.press("left")
            await seat.see("it is still raised")
            await seat.press("enter")
            assert type(seat.screen).__name__ == "Detail"
            await seat.press("right", "enter")
            await seat.see("Triaged")
        assert store.reader.incident(incident.id).status == "reviewed"


class TestNeighbours:
    async def test_brackets_go_along_the_queue_and_stop_at_its_ends(
        self, open_detail: Any, raised: Raise, clock: Any
    ) -> None:
        made = []
        for number in range(3):
            clock.now += MINUTE
            made.append(raised(f"incident {number}", priority="P2"))
        async with open_detail(made[0]) as (seat, _incident):
            await seat.press("right_square_bracket")
            await seat.see("incident 1")
            await seat.press("right_square_bracket")
            await seat.see("incident 2")
            await seat.press("right_square_bracket")
            await seat.hear("last one")
            await seat.press("left_square_bracket", "left_square_bracket")
            await seat.see("incident 0")
            await seat.press("left_square_bracket")
            await seat.hear("first one")
            await seat.press("escape")
            await seat.at("Queue")
            assert any("▌" in line and "incident 0" in line for line in seat.lines)


class TestReading:
    async def test_a_long_note_is_folded_in_the_list_and_read_whole(
        self, open_detail: Any, raised: Raise, store: Store
    ) -> None:
        incident = raised()
        text = "\n\n".join(f"paragraph {number}" for number in range(60))
        store.journal.record(incident.id, lambda _i: actions.note(text))
        async with open_detail(incident) as (seat, _incident):
            await seat.see("... enter reads it whole")
            await seat.ask("enter", "Reading")
            await seat.see("paragraph 0")
            await seat.press(*["pagedown"] * 20)
            await seat.see("paragraph 59")
            await seat.press("q")
            await seat.at("Detail")

    async def test_a_line_of_100_000_characters_can_be_read(
        self, open_detail: Any, raised: Raise, store: Store
    ) -> None:
        incident = raised()
        store.journal.record(incident.id, lambda _i: actions.note("x" * 60_000))
        async with open_detail(incident) as (seat, _incident):
            await seat.ask("enter", "Reading")
            await seat.see("xxxx")


class TestManyEntries:
    async def test_five_thousand_entries_are_one_widget_and_both_ends_are_a_key_away(
        self, open_detail: Any, raised: Raise, store: Store
    ) -> None:
        incident = raised()
        drafts = [Draft("note", "note", {"text": f"note {number:04}"}) for number in range(5000)]
        store.journal.record(incident.id, lambda _i: drafts)
        async with open_detail(incident) as (seat, _incident):
            await seat.see("note 4999")
            assert len(seat.screen.query_one(Timeline).children) == 0
            assert len(seat.screen.query("*")) < 12
            await seat.press("g")
            await seat.see("raised", "note 0001")
            await seat.press("pagedown", "j", "j", "k", "pageup", "G")
            await seat.see("note 4999")
            assert seat.screen.query_one(Timeline).current.text == "note 4999"

    async def test_the_cursor_stays_on_its_moment_when_somebody_adds_one(
        self, open_detail: Any, raised: Raise, store: Store, other: Store
    ) -> None:
        incident = raised()
        for number in range(5):
            store.journal.record(incident.id, lambda _i, number=number: actions.note(f"note {number}"))
        async with open_detail(incident) as (seat, _incident):
            await seat.press("k", "k")
            chosen = seat.screen.query_one(Timeline).current.entry.id
            other.journal.record(incident.id, lambda _i: actions.note("from ben"))
            await seat.app._poll()
            await seat.see("from ben")
            assert seat.screen.query_one(Timeline).current.entry.id == chosen


async def test_a_change_that_comes_while_a_screen_opens_waits_for_its_widgets(
    sit: Any, raised: Raise, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = raised("checkout down")
    async with sit() as seat:
        opening = Detail(seat.desk, incident.id)
        assert not opening.ready
        monkeypatch.setattr(type(seat.app), "screen_stack", property(lambda _app: [opening]))
        await seat.app._reread()
        seat.app.keep_drafts()
        monkeypatch.undo()
        assert seat.app.screen_stack[0].ready


async def test_a_change_that_comes_while_a_screen_closes_is_let_go(open_detail: Any) -> None:
    async with open_detail() as (seat, _incident):
        screen = seat.screen
        await screen.query_one(Facts).remove()
        assert screen.ready
        await seat.app._reread()


class TestOnCall:
    @pytest.fixture
    def hit(self, raised: Raise, store: Store) -> Incident:
        return raised("cart is empty", service_category="payment_processing")

    @pytest.mark.parametrize(("who", "shown"), [("cyn", "on call cyn"), ("", "nobody on call")])
    async def test_the_facts_say_who_is_on_call(
        self, open_detail: Any, make_desk: Any, store: Store, hit: Incident, who: str, shown: str
    ) -> None:
        desk = make_desk(store)
        desk.on_call = lambda incident: who if incident.service_category == "payment_processing" else None
        async with open_detail(hit, desk) as (seat, _incident):
            await seat.see(shown)
            assert "nobody owns it" in next(line for line in seat.lines if shown in line)

    async def test_what_is_not_known_is_not_said(self, open_detail: Any, hit: Incident) -> None:
        async with open_detail(hit) as (seat, _incident):
            await seat.see("payment processing")
            assert "on call" not in seat.text

    async def test_it_is_known_a_while_after_the_start_and_then_shown(
        self, open_detail: Any, hit: Incident, make_desk: Any, store: Store
    ) -> None:
        desk = make_desk(store)
        async with open_detail(hit, desk) as (seat, _incident):
            desk.on_call = lambda _incident: "c\x1b[31myn"
            seat.app._minute()
            await seat.see("on call c␛[31myn")
