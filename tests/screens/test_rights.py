"""Rights on the screens: what a viewer is told, who may do what, and what is restricted on no screen at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain import actions, restriction
from domain.grants import Login
from domain.incident import Incident
from screens.desk import Desk
from storage.granting import Granting
from storage.store import Store
from widgets.status_bar import StatusBar

Raise = Callable[..., Incident]
CANARY = "zanzibar"


def who(name: str) -> Callable[[], Login]:
    return lambda: Login(name)


def give(path: Path, name: str, role: str) -> None:
    Granting(path, 0, who("dora"), lambda _subject, _name: 1).grant("user", name, role)


@pytest.fixture
def hidden(store: Store, raised: Raise) -> Incident:
    """A restricted incident whose every text is the canary, and one that all see."""
    raised("disk full", priority="P3")
    made = raised(f"{CANARY} leak", priority="P1", description=CANARY)
    for collection in ("tag", "resource", "cause"):
        store.journal.record(made.id, lambda i, c=collection: actions.add_item(i, c, CANARY))
    store.journal.record(made.id, lambda _i: actions.note(CANARY))
    return store.journal.record(made.id, restriction.restrict)


@pytest.fixture
def desk_of(store: Store, path: Path, clock: Any, make_desk: Callable[..., Desk]) -> Iterator[Callable[..., Desk]]:
    """Make the desk of somebody on a store with rights: dora is its admin."""
    opened: list[Store] = []

    def make(name: str, role: str) -> Desk:
        give(path, name, role)
        opened.append(Store(path, name, clock, who=who(name)))
        return make_desk(opened[-1])

    yield make
    for each in opened:
        each.close()


WAYS = (
    (), ("slash", *"zanz"), ("6",), ("enter",), ("v",), ("C",), ("R",), ("question_mark",), ("f2",), ("s",), ("e",),
    ("n", *"zanzibar leak"), ("asterisk",), ("G",), ("1",), ("2",), ("enter", "right_square_bracket"), ("enter", "P"),
)  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "responder"])
@pytest.mark.parametrize("keys", WAYS)
async def test_what_is_restricted_is_on_no_screen(
    sit: Any, hidden: Incident, desk_of: Callable[..., Desk], keys: tuple[str, ...], role: str
) -> None:
    async with sit(desk_of("vic", role)) as seat:
        await seat.press(*("space" if key == " " else key for key in keys))
        for _ in range(40):  # as the pictures do: a dialog that waits for an answer never comes to rest
            await seat.pilot.pause(0.005)
        typed = "".join(key for key in keys if len(key) == 1)
        shown = "\n".join(seat.lines)
        assert CANARY not in shown.replace("zanzibar leak", "") or typed, shown
        assert shown.count(CANARY) <= typed.count(CANARY) + (2 if "n" in keys else 0)
        assert hidden.ref not in shown


async def test_a_commander_sees_it_marked(sit: Any, hidden: Incident, desk_of: Callable[..., Desk]) -> None:
    async with sit(desk_of("carl", "commander")) as seat:
        await seat.see(f"{CANARY} leak")
        await seat.press("enter")
        await seat.at("Detail")
        await seat.see("RESTRICTED")


async def test_it_goes_from_the_screen_of_whoever_has_it_open(
    sit: Any, raised: Raise, store: Store, desk_of: Callable[..., Desk]
) -> None:
    made = raised(CANARY)
    async with sit(desk_of("vic", "viewer")) as seat:
        await seat.press("enter")
        await seat.at("Detail")
        await seat.see(CANARY)
        store._journal._who = who("dora")  # type: ignore[union-attr]
        store.journal.record(made.id, restriction.restrict)
        await seat.app._reread()
        await seat.rest()
        assert CANARY not in "\n".join(seat.lines)


@pytest.mark.parametrize("key", ["a", "t"])
async def test_what_a_viewer_may_not_do_says_who_may(
    sit: Any, hidden: Incident, desk_of: Callable[..., Desk], store: Store, key: str
) -> None:
    before = store.reader.vector()
    async with sit(desk_of("vic", "viewer")) as seat:
        await seat.press(key)
        await seat.hear("needs the role responder; vic is a viewer here. dora may")
    assert store.reader.vector() == before


async def test_the_buttons_of_a_viewer_are_off_and_say_why(
    sit: Any, hidden: Incident, desk_of: Callable[..., Desk]
) -> None:
    async with sit(desk_of("vic", "viewer")) as seat:
        await seat.press("enter")
        await seat.at("Detail")
        await seat.press("tab")
        await seat.see("you are a viewer here. dora may.")
        assert all(verdict.step is None for verdict in seat.screen.query_one(StatusBar)._verdicts)
        await seat.ask("s", "Choice")
        await seat.see("no: you are a viewer here")


async def test_a_note_that_is_refused_stays_a_draft(sit: Any, hidden: Incident, desk_of: Callable[..., Desk]) -> None:
    desk = desk_of("vic", "viewer")
    async with sit(desk) as seat:
        await seat.ask("c", "Writing")
        await seat.type("seen it")
        await seat.press("enter")
        await seat.hear("dora may")
    assert [draft.text for draft in desk.drafts.all()] == ["seen it"]


async def test_of_marked_ones_all_are_done_or_none(
    sit: Any, raised: Raise, store: Store, desk_of: Callable[..., Desk], path: Path
) -> None:
    """Of two, one is restricted by somebody else between the marking and the key."""
    for title in ("one", "two"):
        raised(title)
    desk = desk_of("rita", "responder")
    async with sit(desk) as seat:
        targets = [row.id for row in desk.reader.after(-1, 9)]
        store._journal._who = who("dora")  # type: ignore[union-attr]
        store.journal.record(targets[1], restriction.restrict)
        before = store.reader.vector()
        from domain.errors import NoRight

        with pytest.raises(NoRight, match="is restricted"):
            await seat.desk.act(targets, actions.acknowledge)
        assert store.reader.vector() == before


async def test_who_may_do_what_is_listed(sit: Any, hidden: Incident, desk_of: Callable[..., Desk]) -> None:
    async with sit(desk_of("vic", "viewer")) as seat:
        await seat.press("f2")
        await seat.at("RightsList")
        await seat.see("You are vic: viewer", "dora", "by dora, 1970-01-01")
        await seat.press("escape")
        await seat.press("question_mark")
        await seat.at("Help")
        await seat.see("You are vic here: viewer")


async def test_without_rights_it_says_so(sit: Any, hidden: Incident) -> None:
    async with sit() as seat:
        await seat.press("f2")
        await seat.see("No rights are set")


async def test_whose_right_is_taken_meanwhile_is_told_so(
    sit: Any, hidden: Incident, desk_of: Callable[..., Desk], path: Path
) -> None:
    async with sit(desk_of("vic", "responder")) as seat:
        await seat.see("disk full")
        granting = Granting(path, 1, who("dora"), lambda _subject, _name: 1)
        granting.otherwise("none")
        granting.revoke("user", "vic")
        await seat.see("vic may not look at this store any more", "dora")
        assert "No incidents yet" not in seat.text
