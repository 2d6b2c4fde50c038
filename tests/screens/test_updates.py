"""What is said outside, on the screen: who waits, an update and its form, told in one key, deadlines, the outbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from textual.widgets import Input

from app.loading import load
from app.regulating import read_regulations
from domain import actions
from domain.communication import Communication
from domain.incident import Incident
from domain.outbox import outbox
from domain.parties import PARTIES
from domain.regulations import regulate
from domain.times import HOUR, MINUTE
from domain.updates import TEMPLATES, write_update
from screens.desk import Desk
from storage.store import Store
from widgets.note_area import NoteArea

Raise = Callable[..., Incident]
HOSTILE = "[@click=app.quit]x[/] \x1b]52;c;AAAA\x07 {know} \u202e"


@pytest.fixture
def words(desk: Desk, store: Store, tmp_path: Any) -> Communication:
    """Give the desk the built-in parties and the regulations that are shipped."""
    found = Communication(PARTIES, TEMPLATES, read_regulations(load({"HOME": str(tmp_path)}))[0])
    desk.read_communication = lambda: found

    def left() -> Any:
        reader = store.another_reader()
        ids = reader.handing(100).open
        try:
            return outbox(reader.incidents(ids), found, desk.now()), 0
        finally:
            reader.close()

    desk.outbox = left
    return found


async def open_updates(seat: Any) -> None:
    await seat.press("enter", "U")
    await seat.at("UpdatesScreen")
    await seat.see("IT ")


def told(store: Store, incident: Incident) -> dict[str, str]:
    return {each.party: each.note for each in store.reader.incident(incident.id).told}


async def write(seat: Any, know: str, *, then: tuple[str, ...] = ("ctrl+s",)) -> None:
    await seat.ask("n", "Updating")
    await seat.type(know)
    await seat.press(*then)


async def test_the_facts_say_who_is_to_be_told(sit: Any, raised: Raise, words: Communication) -> None:
    raised("shop is down", severity="critical")
    async with sit() as seat:
        await seat.press("enter")
        await seat.see("to tell (U): IT, legal, public relations +5")
        assert words.parties


async def test_a_desk_without_parties_says_nothing_of_it(sit: Any, raised: Raise) -> None:
    raised("shop is down", severity="critical")
    async with sit() as seat:
        await seat.press("enter")
        await seat.see("resources linked")
        assert "to tell" not in seat.text


async def test_an_update_is_written_and_told_in_one_key_each(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    incident = raised("shop is down", severity="high")
    async with sit() as seat:
        await open_updates(seat)
        await seat.see("2 to tell", "IT                 internal  never told", "No update yet")
        await seat.ask("n", "Updating")
        await seat.see("investigating: something is wrong", " IT, executives")
        await seat.type("disk")
        await seat.press("enter")
        await seat.type("room")
        await seat.press("enter")
        await seat.type("20m")
        await seat.press("enter", "enter")
        await seat.see("Known: disk", "Done: room")
        (update,) = store.reader.incident(incident.id).updates
        assert (update.know, update.do, update.to) == ("disk", "room", ("IT", "executives"))
        assert update.next_update_at == clock.now + 20 * MINUTE
        await seat.press("t")
        await seat.hear("IT told")
        await seat.press("asterisk", "t")
        await seat.see("nobody waits to be told anything")
        assert set(told(store, incident)) == {"IT", "executives"}
        assert "What we know: disk" in told(store, incident)["executives"]
        await seat.press("u")
        await seat.see("1 to tell")
        assert set(told(store, incident)) == {"IT"}
        assert seat.desk.drafts.all() == []
    assert words.templates


async def test_marked_ones_are_told_and_nobody_else(
    sit: Any, raised: Raise, words: Communication, store: Store
) -> None:
    incident = raised("shop is down", severity="critical")
    async with sit() as seat:
        await open_updates(seat)
        await write(seat, "disk")
        await seat.see("Known: disk")
        await seat.press("j", "space", "j", "space", "k")
        await seat.ask("t", "Confirm")
        await seat.see("legal, executives: “investigating”, written 0s ago")
        await seat.press("enter")
        await seat.at("Confirm")
        await seat.press("y")
        await seat.see("6 to tell")
    assert set(told(store, incident)) == {"legal", "executives"}
    assert words.parties


async def test_what_is_wrong_in_the_form_is_said_there_and_nothing_is_written(
    sit: Any, raised: Raise, words: Communication, store: Store
) -> None:
    incident = raised("shop is down", severity="critical")
    async with sit() as seat:
        await open_updates(seat)
        await seat.ask("n", "Updating")
        await seat.press("ctrl+s")
        await seat.see("The update says nothing")
        await seat.type("x")
        for field, text, said in (
            ("next", "soon", "Write 30m, 15:30"), ("wording", "solved", "identified, monitoring, resolved"),
            ("to", "custmers", "Did you mean customers?"),
        ):  # fmt: skip
            line = seat.screen.query_one(f"#{field}", Input)
            held, line.value = line.value, text
            await seat.press("ctrl+s")
            await seat.see(said)
            assert line.has_focus
            line.value = held
        assert store.reader.incident(incident.id).updates == ()
        await seat.press("ctrl+s")
        await seat.see("Known: x")
    assert words.parties


async def test_what_was_typed_is_kept_and_offered(sit: Any, raised: Raise, words: Communication, desk: Desk) -> None:
    incident = raised("shop is down", severity="critical")
    async with sit() as seat:
        await open_updates(seat)
        await write(seat, "half a", then=("escape",))
        await seat.rest()
        await seat.press("q")
        await seat.at("Detail")
        await seat.press("U")
        await seat.hear("You had begun an update")
        await seat.ask("n", "Updating")
        assert seat.screen.query_one("#know", NoteArea).text == "half a"
        seat.screen.query_one("#do", NoteArea).text = "more"
        seat.screen.keep_now()
    draft = desk.drafts.get("update", incident.id)
    assert draft is not None
    assert "more" in draft.text
    assert words.parties


async def test_without_an_update_told_asks_what_they_were_told(
    sit: Any, raised: Raise, words: Communication, store: Store
) -> None:
    incident = raised("shop is down", severity="high")
    async with sit() as seat:
        await open_updates(seat)
        await seat.ask("t", "Writing")
        await seat.type("call me")
        await seat.press("enter")
        await seat.hear("IT told")
        assert told(store, incident) == {"IT": "call me"}
        await seat.press("y")
        await seat.hear("There is no update yet")
    assert words.parties


async def test_the_text_that_is_copied_is_the_partys_and_harmless(
    sit: Any, raised: Raise, words: Communication, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    incident = raised(HOSTILE, severity="critical")
    copied: list[str] = []
    async with sit() as seat:
        monkeypatch.setattr(seat.app, "copy_to_clipboard", copied.append)
        await open_updates(seat)
        await write(seat, "disk {title}")
        await seat.see("Known: disk {title}")
        await seat.press("y", "G", "y")
        await seat.hear("Copied the text for public")
        assert not any("\x1b" in line or "\u202e" in line for line in seat.lines)
    technical, lay = copied
    assert technical.startswith(f"{store.reader.named(store.reader.incident(incident.id)).ref} [@click=app.quit]x[/] ␛")
    assert lay.startswith("Investigating: [@click=app.quit]x[/] ␛]52;c;AAAA␇ {know} <U+202E>")
    assert words.parties


async def test_a_duty_is_started_and_fulfilled(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    incident = raised("data is gone", severity="high")
    async with sit() as seat:
        await open_updates(seat)
        await seat.ask("r", "Choice")
        await seat.press("3")
        await seat.at("OneLine")
        await seat.type("-23h")
        await seat.press("enter")
        await seat.see("NIS2 early warning           in 1h", "Deadlines. No legal advice")
        await seat.press("G", "k", "k")
        await seat.see("Article 23(4)(a)")
        await seat.ask("t", "OneLine")
        await seat.see("NIS2 early warning: who was told?")
        await seat.press("enter")
        await seat.see("NIS2 early warning           done 1h before")
        await seat.press("q")
        await seat.see("NIS2 notification in 2d1h")
    (made,) = store.reader.incident(incident.id).told
    assert (made.party, made.duty) == ("CSIRT or competent authority", "NIS2 early warning")
    assert store.reader.incident(incident.id).regulated[0].aware_at == clock.now - 23 * HOUR
    assert words.regulations


async def test_dora_also_asks_for_the_classification_which_may_be_left_out(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    incident = raised("data is gone", severity="high")
    async with sit() as seat:
        await open_updates(seat)
        await seat.ask("r", "Choice")
        await seat.press("1")
        await seat.at("OneLine")
        await seat.type("now")
        await seat.press("enter")
        await seat.see("when was it classified?")
        await seat.press("enter")
        await seat.see("DORA initial notification    in 1d")
    (regulated,) = store.reader.incident(incident.id).regulated
    assert (regulated.aware_at, regulated.classified_at) == (clock.now, None)
    assert words.regulations


async def test_the_words_grow_with_the_minute(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    incident = raised("shop is down", severity="high")
    store.journal.record(incident.id, lambda _it: actions.told("IT", "n", now=clock.now))
    async with sit() as seat:
        await open_updates(seat)
        await seat.see("told 0s ago, again in 1h")
        clock.now += 61 * MINUTE
        seat.app._minute()
        await seat.see("told 1h01m ago, due 1m ago", "2 to tell")
    assert words.parties


async def test_the_outbox_lists_every_incident_and_opens_its_updates(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    raised("shop is down", severity="critical")
    second = raised("mail is slow", severity="high")
    raised("nothing to say", severity="low")
    act = lambda it: regulate(it, "GDPR", words.regulations, now=clock.now, aware_at=clock.now)  # noqa: E731
    store.journal.record(second.id, act)
    async with sit() as seat:
        await seat.press("U")
        await seat.at("OutboxScreen")
        await seat.see(
            "2 incidents with something left to say",
            "never told: IT, executives",
            "regulators, public",
            "GDPR notification in 3d",
        )
        assert "nothing to say" not in seat.text
        await seat.press("G", "enter")
        await seat.at("UpdatesScreen")
        await seat.press("asterisk")
        await seat.ask("t", "Writing")
        await seat.type("n")
        await seat.press("enter")
        await seat.see("nobody waits")
        await seat.press("escape")
        await seat.at("OutboxScreen")
        await seat.until(lambda: seat.text.count("never told") == 1, "the outbox read again")
        await seat.press("q")
        assert seat.screen is seat.app.screen_stack[0]


async def test_an_empty_outbox_says_so(sit: Any) -> None:
    async with sit() as seat:
        await seat.press("U")
        await seat.see("Nobody waits to be told anything.")
        await seat.press("j", "k", "g", "G", "ctrl+d", "enter")
        await seat.at("OutboxScreen")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_it_fits(sit: Any, raised: Raise, words: Communication, size: tuple[int, int]) -> None:
    raised("shop is down " * 9, severity="critical")
    async with sit(size=size) as seat:
        await open_updates(seat)
        await seat.ask("n", "Updating")
        await seat.see("What we know", "What we do", "For whom")
        await seat.type("x")
        await seat.press("ctrl+s")
        await seat.see("8 to tell", "investigating, 0s ago by ana: x")
        await seat.press("ctrl+d", "ctrl+d")
        await seat.see("Known: x")
        await seat.press("G")
        await seat.see("public")
    assert words.parties


async def test_a_drill_says_that_nobody_is_told(sit: Any, raised: Raise, words: Communication, store: Store) -> None:
    incident = raised("shop is down", severity="critical", drill=True)
    async with sit() as seat:
        await open_updates(seat)
        await seat.see("a drill: nobody is told")
        await write(seat, "x")
        await seat.see("This is a drill")
    assert store.reader.incident(incident.id).updates[0].to == ()
    assert words.parties


async def test_an_update_for_one_party_is_neither_shown_to_nor_recorded_for_another(
    sit: Any, raised: Raise, words: Communication, store: Store, clock: Any
) -> None:
    incident = raised("shop is down", severity="critical")
    for know, to in (("for all", ("IT", "customers")), ("internal", ("IT",))):
        clock.now += MINUTE
        act = partial(write_update, now=clock.now, know=know, to=to, parties=PARTIES)
        store.journal.record(incident.id, act)
    async with sit() as seat:
        await open_updates(seat)
        await seat.see("Known: internal")
        await seat.press("j")
        await seat.see("No update is meant for legal")
        await seat.press("t")
        await seat.hear("No update is meant for legal: n writes one")
        await seat.press("y")
        await seat.hear("No update is meant for legal")
        await seat.press("j", "j", "j")
        await seat.see("What we know: for all")
        assert "internal" not in seat.text.partition("What we know")[2]
        await seat.ask("t", "Confirm")
        await seat.see("customers: “investigating”, written 1m ago")
        await seat.press("n")
        assert told(store, incident) == {}
        await seat.press("asterisk")
        await seat.ask("t", "Confirm")
        await seat.see("IT: “investigating”, written 0s ago", "Left out", "legal")
        await seat.press("y")
        await seat.see("6 to tell")
    heard = told(store, incident)
    assert set(heard) == {"IT", "customers"}
    assert "for all" in heard["customers"]
    assert "Known: internal" in heard["IT"]
    assert words.parties
