"""`M`: marked ones go into the selected one, and an incident says which one it is; a merged row leads on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from domain import actions, merging
from domain.incident import Incident
from domain.query import parse
from screens.detail import Detail
from storage.store import Store

Raise = Callable[..., Incident]


async def test_the_marked_go_into_the_selected_one_and_come_back(sit: Any, raised: Raise, store: Store) -> None:
    found = [raised(f"number {n}", priority="P2") for n in range(3)]
    async with sit() as seat:
        await seat.press("M")
        assert "Mark the duplicates" in seat.lines[-1]
        await seat.press("space", "space", "M")
        assert any("Merge 2 incidents into" in line for line in seat.lines)
        assert sum("number" in line for line in seat.lines[5:-2]) >= 3
        await seat.press("n")
        assert store.reader.count(parse("is:duplicate")) == 0
        await seat.press("g", "space", "space", "M", "y")
        target = store.reader.standing(found[0].id)
        assert {store.reader.standing(each.id) for each in found} == {target}
        assert "are" in seat.lines[-1]
        await seat.press("u")
        assert "Undone: the merge" in seat.lines[-1]
        assert store.reader.count(parse("status:open")) == 3


async def test_on_an_incident_it_asks_which_one_it_is_and_shows_that(sit: Any, raised: Raise, store: Store) -> None:
    one, other = raised("disk full on db1", priority="P1"), raised("disk full on db2")
    store.journal.record(one.id, lambda _it: actions.note("the fan is broken"))
    async with sit() as seat:
        await seat.press("enter", "M")
        assert any(f"like {other.ref}" in line for line in seat.lines)
        await seat.press(*one.ref, "enter")
        assert any("cannot be merged into itself" in line for line in seat.lines)
        await seat.press(*["backspace"] * len(one.ref), *other.ref, "enter")
        assert any("has no priority, a duplicate has P1" in line for line in seat.lines)
        await seat.press("enter")  # in passing: that merges nothing
        assert store.reader.standing(one.id) == one.id
        await seat.press("y")
        assert store.reader.standing(one.id) == other.id
        assert isinstance(seat.app.screen, Detail)
        assert seat.app.screen.shown == other.id
        assert any(f"{one.ref}: the fan is broken" in line for line in seat.lines)
        assert any(f"is also {one.ref}" in line for line in seat.lines)
        await seat.press("u")
        assert store.reader.standing(one.id) == one.id


async def test_into_one_that_is_over_it_asks_why(sit: Any, raised: Raise, store: Store) -> None:
    one, other = raised("one", priority="P1"), raised("other")
    store.journal.record(other.id, lambda it: actions.move(it, "resolved", text={"note": "x"}))
    async with sit() as seat:
        await seat.press("enter", "M", *other.ref, "enter")
        assert any("would be closed with it" in line for line in seat.lines)
        await seat.press("escape")
        assert store.reader.standing(one.id) == one.id
        await seat.press("M", *other.ref, "enter", *"same", "enter")
        assert store.reader.standing(one.id) == other.id


async def test_a_merged_row_says_where_it_went_and_what_is_done_to_it_goes_there(
    sit: Any, raised: Raise, store: Store
) -> None:
    one, other = raised("one"), raised("other")
    store.journal.record_all([one.id], lambda it: merging.merge(it, other))
    async with sit() as seat:
        await seat.press("/", "ctrl+u", *"is:duplicate", "enter")
        await seat.app.workers.wait_for_complete()
        assert any(f"[is {other.ref}] one" in line for line in seat.lines)
        await seat.press("t")
        assert store.reader.incident(other.id).owner == store.author
        await seat.press("enter")
        assert seat.app.screen.shown == other.id
        assert f"{one.ref} is {other.ref}" in seat.lines[-1]
        await seat.press("]")
        assert "That was the last one" in seat.lines[-1]


async def test_a_dispute_about_a_merge_is_a_choice_between_refs(
    sit: Any, raised: Raise, store: Store, tmp_path: Path
) -> None:
    one, two, three = raised("one"), raised("two"), raised("three")
    with closing(Store(tmp_path / "bo" / "t.db", "bo", store.clock)) as bo:
        bo.journal.receive([entry for each in (one, two, three) for entry in store.reader.entries(each.id)])
        bo.journal.record(one.id, lambda it: merging.merge(it, three))
        store.journal.record(one.id, lambda it: merging.merge(it, two))
        store.journal.receive(bo.reader.entries(one.id))
    async with sit() as seat:
        await seat.press("C")
        await seat.app.workers.wait_for_complete()
        await seat.press("j")
        assert any("merged into" in line for line in seat.lines)
        (mine,) = [n for n in (1, 2) if any(line.strip().startswith(f"{n} {two.ref}") for line in seat.lines)]
        await seat.press(str(mine))
        assert store.reader.standing(one.id) == two.id
        assert store.reader.conflicts() == 0
