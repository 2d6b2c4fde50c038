"""The screen of conflicts: both values with who and when, a digit chooses, texts side by side, undo, and pictures.

After a wanted change: `pytest --snapshot-update tests/screens/test_conflicts.py`, and look at the new ones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from storage.journal import Journal
from storage.store import Store

MINUTE = 60_000
BASE = "The pool was too small.\n\nIt was set in 2019.\n\nNobody watched it."
MINE = BASE.replace("too small", "too small for two shops")
THEIRS = BASE.replace("Nobody watched it", "No alarm watched it")


@pytest.fixture
def far(tmp_path: Path, clock: Any) -> Iterator[Store]:
    """The store of somebody on another machine, who cannot be reached."""
    import random

    opened = Store(tmp_path / "far" / "tocsin.db", "ben", clock)
    opened._journal = Journal(opened.path, "ben", clock, random.Random(9).getrandbits)
    yield opened
    opened.close()


Apart = Callable[..., None]


@pytest.fixture
def apart(store: Store, far: Store, clock: Any) -> Apart:
    """Let ana and ben write on an incident without seeing each other, and meet: `apart(incident, mine, theirs)`."""

    def write(incident: Incident, mine: list[Draft], theirs: list[Draft]) -> None:
        far.journal.receive(store.reader.entries(incident.id))
        clock.now += MINUTE
        store.journal.record(incident.id, lambda _i: mine)
        clock.now += 2 * MINUTE
        far.journal.record(incident.id, lambda _i: theirs)
        store.journal.receive(far.reader.entries(incident.id))
        clock.now += MINUTE

    return write


def set_(field: str, value: Any, **more: Any) -> Draft:
    return Draft("set", field, {"value": value, **more})


@pytest.fixture
def status(raised: Any, apart: Apart) -> Incident:
    """An incident whose status two people moved."""
    made = raised("Checkout returns 502", priority="P1")
    apart(made, [set_("status", "validated")], [set_("status", "resolved", note="it went away")])
    return made


@pytest.fixture
def text(raised: Any, store: Store, apart: Apart) -> Incident:
    """An incident whose root cause two people rewrote."""
    made = raised("Replica lag grows", priority="P2")
    store.journal.record(made.id, lambda i: actions.write_sections(i, {"root_cause": BASE}))
    apart(made, [set_("pm:root_cause", MINE)], [set_("pm:root_cause", THEIRS)])
    return made


async def open_conflicts(seat: Any, *texts: str) -> None:
    await seat.press("C")
    await seat.at("Conflicts")
    await seat.see(*(texts or ("to decide",)))


def now(store: Store, incident: Incident) -> Incident:
    return store.reader.incident(incident.id)


# -- looking -----------------------------------------------------------------------------------------------------------


async def test_both_values_stand_there_with_who_and_when(sit: Any, status: Incident) -> None:
    async with sit() as seat:
        await open_conflicts(seat, "1 to decide", status.ref)
        lines = seat.lines
        mine = next(line for line in lines if " 1 validated" in line)
        theirs = next(line for line in lines if " 2 resolved" in line)
        assert "ana" in mine
        assert mine.endswith("11-18 11:07 shown")
        assert "ben" in theirs
        assert theirs.endswith("11-18 11:09")


async def test_the_queue_counts_it_and_the_incident_says_it(sit: Any, status: Incident, raised: Any) -> None:
    raised("nobody disagrees here")
    async with sit() as seat:
        await seat.see("⚠1 Checkout returns 502")
        assert seat.text.count("⚠") == 1
        await seat.press("enter")
        await seat.at("Detail")
        await seat.see("⚠ status  ana 11:07 UTC → validated │ ben 11:09 UTC → resolved")


async def test_nothing_to_decide(sit: Any, raised: Any) -> None:
    raised()
    async with sit() as seat:
        await open_conflicts(seat, "Nothing to decide", "esc goes back")
        await seat.press("1", "e", "m", "enter", "j", "G", "u")
        await seat.rest()
        await seat.press("escape")
        await seat.at("Queue")


async def test_all_of_them_from_the_queue_and_only_its_own_from_an_incident(
    sit: Any, status: Incident, text: Incident, raised: Any
) -> None:
    raised("no conflict here")
    async with sit() as seat:
        await open_conflicts(seat, "2 to decide in 2 incidents", status.ref, text.ref)
        assert "no conflict here" not in seat.text
        await seat.press("escape")
        await seat.at("Queue")
        await seat.press("enter")
        await seat.at("Detail")
        await open_conflicts(seat, "1 to decide", status.ref)
        assert text.ref not in seat.text
        await seat.press("enter")
        await seat.at("Detail")


async def test_enter_opens_the_incident_and_comes_back(sit: Any, status: Incident, text: Incident) -> None:
    async with sit() as seat:
        await open_conflicts(seat, status.ref, text.ref)
        await seat.press("j", "enter")
        await seat.at("Detail")
        await seat.see("Replica lag grows")
        await seat.press("q")
        await seat.at("Conflicts")


async def test_what_others_record_appears(sit: Any, status: Incident, text: Incident, other: Store) -> None:
    async with sit() as seat:
        await open_conflicts(seat, "2 to decide")
        other.journal.record(status.id, lambda _i: [set_("status", "reviewed")])
        await seat.see("1 to decide")
        assert status.ref not in seat.text


@pytest.mark.parametrize("where", ["conflicts", "compare"])
async def test_every_key_of_the_table_is_bound_and_in_help(sit: Any, text: Incident, where: str) -> None:
    from screens.keys import keys_of

    async with sit(size=(120, 60)) as seat:
        await open_conflicts(seat)
        if where == "compare":
            await seat.press("m")
            await seat.at("Comparing")
        bound = seat.screen.active_bindings
        assert len([key for key in keys_of(where) if key.where == where]) > 9
        for key in keys_of(where):
            wanted = {key.action, "command_palette"} if key.action == "palette" else {key.action}
            for name in key.keys.split(","):
                assert bound[name].binding.action.partition("(")[0] in wanted, f"{key.id}: {name}"
        await seat.ask("question_mark", "Help")
        for key in keys_of(where):
            assert key.what[:30] in seat.text, key.id


async def test_the_palette_asks_for_the_number(sit: Any, status: Incident, store: Store) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.screen.run_action("pick")
        await seat.hear("Press 1 to 2")
    assert now(store, status).conflicts


# -- choosing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "value"), [("1", "validated"), ("2", "resolved")])
async def test_a_digit_chooses(sit: Any, status: Incident, store: Store, key: str, value: str) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.press(key)
        await seat.see("nothing to decide", f"status  {value}", "u undoes it")
    assert (now(store, status).status, now(store, status).conflicts) == (value, {})
    made = store.reader.entries(status.id)[-1]
    assert len(made.over) == 2
    assert made.author == "ana"


async def test_a_second_digit_decides_nothing_else(sit: Any, status: Incident, text: Incident, store: Store) -> None:
    async with sit() as seat:
        await open_conflicts(seat, "2 to decide")
        await seat.press("1", "1", "2")
        await seat.see("1 to decide")
        await seat.rest()
    assert list(now(store, text).conflicts) == ["pm:root_cause"]
    assert now(store, status).status == "validated"


async def test_undo_opens_the_choice_again(sit: Any, status: Incident, store: Store) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.press("2")
        await seat.see("nothing to decide")
        await seat.press("u")
        await seat.see("1 to decide", "1 validated", "2 resolved")
        assert any("2 resolved" in line and "ben" in line and "11:09" in line for line in seat.lines)
    assert list(now(store, status).conflicts) == ["status"]


async def test_a_digit_too_many_says_so(sit: Any, status: Incident, store: Store) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.press("3")
        await seat.hear("Press 1 to 2")
    assert now(store, status).conflicts


async def test_a_value_that_comes_while_one_chooses_is_not_lost(
    sit: Any, status: Incident, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third value is there, but was never on the screen: it stands beside what was chosen."""
    async with sit() as seat:
        await open_conflicts(seat, "1 validated")
        seen = list(seat.screen._list.items)
        raised_with = store.reader.entries(status.id)[0]
        store.journal.record(status.id, lambda _i: [Draft("set", "status", {"value": "invalid"}, (raised_with.id,))])
        monkeypatch.setattr(type(seat.screen._list), "current", property(lambda _self: seen[0]))
        await seat.press("1")
        await seat.hear("validated")
    left = now(store, status).conflicts["status"]
    assert sorted(choice.value for choice in left) == ["invalid", "validated"]


async def test_a_status_is_not_written_by_hand(sit: Any, status: Incident) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.press("e")
        await seat.hear("Choose one")
        await seat.press("m")
        await seat.hear("Only texts are compared")


async def test_another_value_is_written_and_checked(sit: Any, raised: Any, apart: Apart, store: Store) -> None:
    made = raised()
    apart(made, [set_("severity", "low")], [set_("severity", "critical")])
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.ask("e", "OneLine")
        line = seat.screen.query_one(Input)
        assert line.value == "critical"
        line.value = "dire"
        await seat.press("enter")
        await seat.see("dire")
        assert now(store, made).conflicts
        line.value = "high"
        await seat.press("enter")
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
    assert now(store, made).severity == "high"


# -- texts -------------------------------------------------------------------------------------------------------------


async def compare(seat: Any, *texts: str) -> None:
    await open_conflicts(seat)
    await seat.press("m")
    await seat.at("Comparing")
    await seat.see(*(texts or ("merged",)))


async def test_of_a_text_the_list_shows_where_it_differs(sit: Any, text: Incident) -> None:
    async with sit() as seat:
        await open_conflicts(seat, "post-mortem: root cause", "5 lines: The pool was too small for two", "ben")
        assert "2 5 lines: The pool was too small. " in seat.text


async def test_three_panes_and_a_clean_merge_on_one_key(sit: Any, text: Incident, store: Store) -> None:
    async with sit(size=(120, 40)) as seat:
        await compare(seat, "they merge cleanly", "2 ben", "1 you")
        row = next(line for line in seat.lines if "+ No alarm watched it" in line)
        assert [part.strip() for part in row.split("│")] == [
            "+ No alarm watched it.", "< No alarm watched it.", "Nobody watched it.",
        ]  # fmt: skip
        await seat.press("m")
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
    merged = MINE.replace("Nobody watched it", "No alarm watched it")
    assert now(store, text).sections["root_cause"] == merged
    assert not now(store, text).conflicts


async def test_the_timeline_says_what_was_merged(sit: Any, text: Incident) -> None:
    async with sit() as seat:
        await compare(seat, "they merge cleanly")
        await seat.press("m")
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
        await seat.press("enter")
        await seat.at("Detail")
        await seat.see("post-mortem: root cause: chose one text")


@pytest.mark.parametrize(("key", "value"), [("1", MINE), ("2", THEIRS)])
async def test_one_text_can_be_taken_whole(sit: Any, text: Incident, store: Store, key: str, value: str) -> None:
    async with sit() as seat:
        await compare(seat)
        await seat.press(key)
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
    assert now(store, text).sections["root_cause"] == value


@pytest.fixture
def disputed(raised: Any, store: Store, apart: Apart) -> Incident:
    made = raised("Replica lag grows")
    store.journal.record(made.id, lambda i: actions.write_sections(i, {"root_cause": BASE}))
    mine, theirs = BASE.replace("too small", "exhausted"), BASE.replace("The pool was too small", "A retry storm")
    apart(made, [set_("pm:root_cause", mine)], [set_("pm:root_cause", theirs)])
    return made


async def test_what_is_disputed_is_decided_by_hand_and_marks_are_not_recorded(
    sit: Any, disputed: Incident, store: Store
) -> None:
    async with sit() as seat:
        await compare(seat, "1 place to decide", "? to decide: both wrote")
        await seat.press("m")
        await seat.hear("do not merge cleanly")
        await seat.ask("e", "Editing")
        area = seat.screen.query_one(TextArea)
        assert area.text.split("\n")[:5] == [
            "<<<<<<< you 11-18 11:07", "The pool was exhausted.", "=======", "A retry storm.",
            ">>>>>>> ben 11-18 11:09 shown",
        ]  # fmt: skip
        await seat.press("ctrl+s")
        await seat.see("not decided yet")
        area.text = "A retry storm exhausted the pool.\n" + "\n".join(area.text.split("\n")[5:])
        await seat.press("ctrl+s")
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
    assert now(store, disputed).sections["root_cause"].startswith("A retry storm exhausted the pool.\n\nIt was set")
    assert not now(store, disputed).conflicts


async def test_what_is_typed_is_kept_by_esc_and_by_a_dropped_line(sit: Any, text: Incident, make_desk: Any) -> None:
    async with sit() as seat:
        await open_conflicts(seat)
        await seat.ask("e", "Editing")
        await seat.type("Hello ")
        await seat.press("escape")
        await seat.at("Comparing")
        await seat.rest()
        await seat.ask("e", "Editing")
        await seat.see("Kept from")
        assert seat.screen.query_one(TextArea).text.startswith("Hello The pool")
        await seat.type("World ")
        seat.app.keep_drafts()
        assert "World" in seat.desk.drafts.get("settle:pm:root_cause", text.id).text
        await seat.press("ctrl+s")
        await seat.at("Conflicts")
        await seat.see("nothing to decide")
        assert seat.desk.drafts.get("settle:pm:root_cause", text.id) is None


async def test_of_three_texts_two_are_merged_by_hand_and_the_third_stays(
    sit: Any, disputed: Incident, store: Store
) -> None:
    first = next(e for e in store.reader.entries(disputed.id) if e.what == "pm:root_cause")
    third = Draft("set", "pm:root_cause", {"value": "Something else"}, (first.id,))
    store.journal.record(disputed.id, lambda _i: [third])
    async with sit() as seat:
        await compare(seat, "tab: another of 3")
        await seat.press("tab")
        await seat.ask("e", "Editing")
        seat.screen.query_one(TextArea).text = "agreed"
        await seat.press("ctrl+s")
        await seat.at("Conflicts")
        await seat.see("1 to decide", "agreed")
    assert len(now(store, disputed).conflicts["pm:root_cause"]) == 2


HOSTILE = "\x1b]52;c;eA==\x07[@click=app.exit]x[/]\x9b31m\u202e" + "y" * 300


async def test_hostile_text_is_shown_and_does_nothing(sit: Any, raised: Any, apart: Apart) -> None:
    made = raised(HOSTILE)
    apart(made, [set_("owner", HOSTILE)], [set_("owner", HOSTILE + "z")])
    apart(made, [set_("pm:" + HOSTILE[:90], HOSTILE + "\na")], [set_("pm:" + HOSTILE[:90], HOSTILE + "\nb")])
    apart(made, [set_("status", "other", label=HOSTILE)], [set_("status", HOSTILE)])
    for size in ((80, 24), (60, 20)):
        async with sit(size=size) as seat:
            await open_conflicts(seat, "3 to decide")
            seen = seat.text
            await seat.press("G", "m")
            await seat.at("Comparing")
            await seat.see("to decide")
            seen += f"\n{seat.text}"
            await seat.ask("e", "Editing")
            assert not any(ord(letter) < 32 and letter != "\n" for letter in seen)
            assert not set("\x9b\u202e") & set(seen)
            assert all(len(line) <= size[0] for line in seen.split("\n"))


async def test_a_huge_text_is_compared(sit: Any, raised: Any, apart: Apart) -> None:
    made = raised()
    huge = "\n".join(["same"] * 20_000)
    apart(made, [set_("pm:impact", f"a\n{huge}\nx" + "x" * 50_000)], [set_("pm:impact", f"b\n{huge}")])
    async with sit() as seat:
        await compare(seat, "to decide")
        await seat.press("G", "g", "ctrl+d", "k", "j", "ctrl+u")
        await seat.see("merged")


# -- pictures ----------------------------------------------------------------------------------------------------------

Step = Callable[[Any], Awaitable[None]]


def press(*keys: str) -> Step:
    async def do(pilot: Any) -> None:
        for key in keys:
            await pilot.press(key)
            for _ in range(40):
                await pilot.pause(0.005)
            await pilot.pause()

    return do


@pytest.fixture
def all_of_them(status: Incident, text: Incident, raised: Any, apart: Apart) -> Incident:
    apart(status, [set_("severity", "high")], [set_("severity", "critical")])
    apart(
        status,
        [set_("title", "Checkout returns 502")],
        [set_("title", "Checkout returns 502 for one cart in ten, 満杯")],
    )
    apart(text, [set_("owner", "ana")], [set_("owner", None)])
    return status


PICTURES = {
    "list": press("C"),
    "chosen": press("C", "1", "j"),
    "compare": press("C", "G", "m"),
    "edit": press("C", "G", "e"),
    "help": press("C", "question_mark"),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_how_it_looks(
    snap_compare: Any, make_app: Any, desk: Any, all_of_them: Incident, name: str, size: tuple[int, int]
) -> None:
    assert snap_compare(make_app(desk), terminal_size=size, run_before=PICTURES[name])


@pytest.mark.parametrize("name", ["list", "compare"])
def test_how_it_looks_at_60_by_20(
    snap_compare: Any, make_app: Any, desk: Any, all_of_them: Incident, name: str
) -> None:
    assert snap_compare(make_app(desk), terminal_size=(60, 20), run_before=PICTURES[name])


@pytest.mark.parametrize("name", ["list", "compare"])
def test_how_it_looks_without_colour(
    snap_compare: Any, make_app: Any, desk: Any, all_of_them: Incident, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(desk), terminal_size=(80, 24), run_before=PICTURES[name])


def test_how_it_looks_when_there_is_nothing(snap_compare: Any, make_app: Any, desk: Any, raised: Any) -> None:
    raised()
    assert snap_compare(make_app(desk), terminal_size=(80, 24), run_before=PICTURES["list"])
