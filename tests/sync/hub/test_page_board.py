"""Which incidents the page shows, as entries come, are kept back, let go and redacted; and what that costs."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from domain.entry import Entry
from domain.times import DAY, HOUR
from storage.errors import Busy
from storage.hub.engines import open_database
from sync.hub import board as board_module
from sync.hub.board import CARDS, FRESH, Board, Shown
from tests.hubs import INCIDENT, START, Caller, Rig

PARTIES = ("Customers", "Status page")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Rig]:
    database = open_database(str(tmp_path / "hub.db"))
    yield Rig(database)
    database.close()


@pytest.fixture
def board(hub: Rig) -> Board:
    return Board(hub.database, hub.clock, PARTIES, start=lambda work: work())


@pytest.fixture
def asked(hub: Rig) -> Iterator[Callable[[], list[str]]]:
    """Give the SELECTs that were run since it was asked last."""
    ran: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT"):
            ran.append(statement)

    def take() -> list[str]:
        found = list(ran)
        ran.clear()
        return found

    event.listen(hub.database.engine, "before_cursor_execute", note)
    yield take
    event.remove(hub.database.engine, "before_cursor_execute", note)


def number(place: int) -> str:
    return f"{INCIDENT[:-12]}{place:012d}"


def raise_(device: Caller, place: int = 1, **fields: Any) -> Entry:
    body = {"title": f"incident {place}", **fields}
    return device.writer.write("raise", "raise", body, incident=number(place), occurred_at=START + place)


def end(device: Caller, raised: Entry, at: int = START, value: str = "resolved") -> Entry:
    body = {"value": value}
    return device.writer.write("set", "status", body, incident=raised.incident, over=(raised.id,), occurred_at=at)


def later(board: Board, hub: Rig, by: int = FRESH) -> Shown:
    hub.clock.now += by
    found = board.look()
    assert found is not None
    return found


def titles(shown: Shown) -> list[str]:
    return [card.title for card in shown.current]


def test_an_empty_hub(board: Board) -> None:
    assert board.look() == Shown(START)


def test_what_comes_is_shown_and_what_is_resolved_moves(board: Board, hub: Rig) -> None:
    ana = hub.join()
    board.look()
    raised = raise_(ana)
    ana.push()
    shown = later(board, hub)
    assert (titles(shown), shown.newest_at) == (["incident 1"], START)
    end(ana, raised)
    ana.push()
    shown = later(board, hub)
    assert (titles(shown), [card.title for card in shown.resolved]) == ([], ["incident 1"])
    assert later(board, hub, DAY).resolved == ()


def test_the_worst_come_first_then_the_newest(board: Board, hub: Rig) -> None:
    ana = hub.join()
    for place, severity in enumerate(["low", None, "critical", "high", "critical"], 1):
        raise_(ana, place, **({"severity": severity} if severity else {}))
    ana.push()
    assert titles(later(board, hub)) == [f"incident {place}" for place in (5, 3, 4, 1, 2)]


def test_what_is_kept_back_is_hidden_until_it_is_let_go(board: Board, hub: Rig) -> None:
    viewer, ana = hub.join("vi", "viewer"), hub.join()
    held = raise_(viewer)
    assert viewer.push() == ["quarantined"]
    raise_(ana, 2)
    ana.push()
    assert titles(later(board, hub)) == ["incident 2"]
    told = viewer.writer.write("fact", "told", {"party": "customers", "note": "not so"}, incident=number(2))
    viewer.push([told])
    assert [card.updates for card in later(board, hub).current] == [()]
    hub.release(held.id)
    assert titles(later(board, hub)) == ["incident 2", "incident 1"]


def test_what_is_redacted_is_gone(board: Board, hub: Rig) -> None:
    co = hub.join("co", "commander")
    raise_(co)
    raise_(co, 2)
    told = co.writer.write("fact", "told", {"party": "customers", "note": "hunter2"}, incident=number(1))
    co.push()
    assert [len(card.updates) for card in later(board, hub).current] == [0, 1]
    co.writer.redact(told)
    co.push()
    assert [len(card.updates) for card in later(board, hub).current] == [0, 0]
    co.writer.redact(co.writer.entries[0])
    co.push()
    assert titles(later(board, hub)) == ["incident 2"]


def test_restricting_takes_an_incident_off_the_page(board: Board, hub: Rig) -> None:
    co = hub.join("co", "commander")
    raise_(co)
    co.push()
    assert titles(later(board, hub)) == ["incident 1"]
    co.writer.write("set", "restricted", {"value": True}, incident=number(1))
    co.push()
    assert later(board, hub) == Shown(hub.clock.now, newest_at=START + FRESH)


def test_what_costs_nothing_asks_nothing(board: Board, hub: Rig, asked: Callable[[], list[str]]) -> None:
    ana = hub.join()
    raised = raise_(ana)
    ana.push()
    board.look()
    asked()
    first = board.look()
    assert (board.look(), asked()) == (first, [])
    later(board, hub)
    assert len(asked()) == 1  # the hub's newest number, which has not changed
    end(ana, raised)
    ana.push()
    asked()
    later(board, hub)
    assert len(asked()) == 4  # that number twice, what has changed, and its entries
    for place in range(2, 40):
        raise_(ana, place)
    ana.push()
    asked()
    later(board, hub)
    assert len(asked()) == 4


@pytest.mark.parametrize("portion", [1, 2, 3, 7])
def test_portions_do_not_matter(portion: int, hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "_INCIDENTS", portion)
    monkeypatch.setattr(board_module, "_CHANGES", portion)
    ana = hub.join()
    wanted = []
    board = Board(hub.database, hub.clock, PARTIES, start=lambda work: work())
    for part in range(3):
        for place in range(part * 6, part * 6 + 6):
            raised = raise_(ana, place)
            if place % 2:
                end(ana, raised, at=START - 2 * DAY)
            else:
                wanted.append(f"incident {place}")
        ana.push()
        assert titles(later(board, hub)) == wanted[::-1]


def entries_alive() -> int:
    gc.collect()
    return sum(isinstance(each, Entry) for each in gc.get_objects())


def test_nothing_is_held_of_incidents_that_are_over(board: Board, hub: Rig) -> None:
    ana = hub.join()
    for place in range(200):
        end(ana, raise_(ana, place), at=START - 2 * DAY)
    ana.push()
    before = entries_alive()
    assert board.look() == Shown(START, newest_at=START)
    assert entries_alive() == before
    assert (board._places, board._cards) == ({}, {})


def test_there_is_room_for_so_many_and_a_count_of_the_rest(
    board: Board, hub: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "CARDS", 3)
    ana = hub.join()
    raised = [raise_(ana, place) for place in range(100)]
    for each in raised[:5]:
        end(ana, each)
    ana.push()
    shown = later(board, hub)
    assert (titles(shown), shown.resolved, shown.more) == ([f"incident {n}" for n in (99, 98, 97)], (), (92, 5))
    assert len(board._cards) <= 10 * 3
    # When there is room again, what moves up is folded then.
    for each in raised[6:]:
        end(ana, each, at=START + 7)
    ana.push()
    shown = later(board, hub)
    assert (titles(shown), len(shown.resolved), shown.more) == (["incident 5"], 2, (0, 97))
    assert CARDS == 100


def test_another_history_is_read_anew(board: Board, hub: Rig, asked: Callable[[], list[str]]) -> None:
    raise_(ana := hub.join())
    ana.push()
    later(board, hub)
    hub.new_epoch()
    asked()
    assert titles(later(board, hub)) == ["incident 1"]
    assert len(asked()) > 4


def test_while_it_is_built_the_page_is_being_prepared(hub: Rig) -> None:
    raise_(ana := hub.join())
    ana.push()
    works: list[Callable[[], None]] = []
    board = Board(hub.database, hub.clock, PARTIES, start=works.append)
    assert board.look() is None
    assert board.look() is None
    assert len(works) == 1  # however many ask
    raise_(ana, 2)
    ana.push()
    hub.clock.now += FRESH
    works[0]()
    found = board.look()
    assert found is not None
    assert titles(found) == ["incident 2", "incident 1"]


def test_what_changes_while_it_is_built_counts_at_once(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_(co := hub.join("co", "commander"))
    co.push()
    before = board_module.current.entries

    def restricted_behind_its_back(*arguments: Any) -> Any:
        found = before(*arguments)
        if len(co.writer.entries) == 1:
            co.writer.write("set", "restricted", {"value": True}, incident=number(1))
            co.push()
        return found

    monkeypatch.setattr(board_module.current, "entries", restricted_behind_its_back)
    board = Board(hub.database, hub.clock, PARTIES, start=lambda work: work())
    assert board.look() == Shown(hub.clock.now, newest_at=START)
    assert len(co.writer.entries) == 2


def test_it_is_built_in_a_thread_of_its_own(hub: Rig) -> None:
    raise_(ana := hub.join())
    ana.push()
    seen: list[threading.Thread] = []
    before = hub.database.reading

    @contextmanager
    def reading() -> Iterator[Any]:
        seen.append(threading.current_thread())
        with before() as connection:
            yield connection

    hub.database.reading = reading  # type: ignore[method-assign]
    board = Board(hub.database, hub.clock, PARTIES)
    found = board.look()
    (thread,) = set(seen) - {threading.current_thread()}
    thread.join(20)
    assert not thread.is_alive()
    assert thread.daemon
    assert titles(found or later(board, hub)) == ["incident 1"]


def test_a_database_that_does_not_answer_leaves_what_was_found_last(
    board: Board, hub: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_(ana := hub.join())
    ana.push()
    found = later(board, hub)

    def fails() -> Any:
        raise Busy("The database is busy", "Try again.")

    with monkeypatch.context() as patched:
        patched.setattr(hub.database, "reading", fails)
        with pytest.raises(Busy):
            later(board, hub)
        assert board.shown == found
    assert titles(later(board, hub, HOUR)) == ["incident 1"]


def test_a_build_that_fails_begins_again(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_(ana := hub.join())
    ana.push()
    board = Board(hub.database, hub.clock, PARTIES, start=lambda work: work())

    def fails(*_arguments: object) -> Any:
        raise Busy("The database is busy", "Try again.")

    with monkeypatch.context() as patched:
        patched.setattr(board_module.current, "incidents", fails)
        assert board.look() is None
    assert titles(later(board, hub)) == ["incident 1"]


def tell(device: Caller, incident: str, text: str) -> Entry:
    body = {"party": "customers", "note": text}
    return device.writer.write("fact", "told", body, incident=incident, occurred_at=START + 100)


def merge(device: Caller, one: str, other: str | None, over: tuple[str, ...] = ()) -> Entry:
    return device.writer.write("alias", "alias", {"of": other}, incident=one, over=over)


def test_a_duplicate_goes_and_what_was_told_of_it_is_shown_at_the_one_that_stands(board: Board, hub: Rig) -> None:
    ana = hub.join()
    raise_(ana, 1)
    raise_(ana, 2)
    tell(ana, number(1), "we know of it")
    ana.push()
    assert len(titles(later(board, hub))) == 2
    merged = merge(ana, number(1), number(2))
    ana.push()
    (card,) = later(board, hub).current
    assert (card.title, [update.text for update in card.updates]) == ("incident 2", ["we know of it"])
    tell(ana, number(1), "still")  # by somebody who had not heard of the merge
    ana.push()
    (card,) = later(board, hub).current
    assert len(card.updates) == 2
    merge(ana, number(1), None, (merged.id,))
    ana.push()
    shown = later(board, hub)
    assert sorted(titles(shown)) == ["incident 1", "incident 2"]
    assert [len(card.updates) for card in shown.current] == [0, 2]


def test_of_a_ring_one_stays_on_the_page_also_after_a_new_beginning(board: Board, hub: Rig) -> None:
    ana = hub.join()
    raise_(ana, 1)
    raise_(ana, 2)
    merge(ana, number(2), number(1))
    ana.push()
    later(board, hub)
    merge(ana, number(1), number(2))
    ana.push()
    assert titles(later(board, hub)) == ["incident 1"]
    assert titles(later(Board(hub.database, hub.clock, PARTIES, start=lambda work: work()), hub)) == ["incident 1"]


def test_what_was_told_of_a_restricted_duplicate_stays_off_the_page(board: Board, hub: Rig) -> None:
    ana = hub.join("ana", "commander")
    raise_(ana, 1)
    raise_(ana, 2)
    tell(ana, number(1), "hush")
    merge(ana, number(1), number(2))
    ana.writer.write("set", "restricted", {"value": True}, incident=number(1))
    ana.push()
    (card,) = later(board, hub).current
    assert card.updates == ()
