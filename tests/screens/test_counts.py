"""What a key costs, counted: queries, rows fetched, cells repainted, bytes sent, widgets. Nothing here is timed."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from screens.desk import Desk
from storage.reader import Reader
from storage.store import Store
from widgets.queue_list import QueueList


class Counted:
    """Queries asked and rows fetched by every reader."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.rows = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted, honest = Counted(), Reader._all

    def spy(reader: Reader, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        rows = honest(reader, sql, values)
        if "data_version" not in sql:  # the look for others' changes goes on beside
            counted.queries.append(sql)
            counted.rows += len(rows)
        return rows

    monkeypatch.setattr(Reader, "_all", spy)
    return counted


@pytest.fixture
def of_size(
    five_thousand: Path, tmp_path: Path, clock: Any, make_desk: Callable[..., Desk]
) -> Iterator[Callable[[int], Desk]]:
    """Return a desk for a store of 5,000 incidents, or of that times a factor."""
    from tests.conftest import multiply  # type: ignore[import-not-found]

    stores = []

    def make(factor: int) -> Desk:
        copied = tmp_path / f"{factor}.db"
        shutil.copy(five_thousand, copied)
        if factor > 1:
            multiply(copied, factor)
        stores.append(Store(copied, "ana", clock))
        return make_desk(stores[-1])

    yield make
    for store in stores:
        store.close()


async def test_opening_reads_no_more_of_100_000_than_of_5_000(
    sit: Any, of_size: Callable[[int], Desk], counted: Counted
) -> None:
    costs = []
    for factor in (1, 20):
        desk = of_size(factor)
        counted.queries.clear()
        counted.rows = 0
        async with sit(desk) as seat:
            await seat.rest()
            costs.append((len(counted.queries), counted.rows))
            assert f"{5000 * factor:,} open" in seat.lines[0]
    assert costs[0] == costs[1]
    assert costs[0][1] < 12 * 24


async def test_a_cursor_key_inside_the_view_asks_nothing(
    sit: Any, of_size: Callable[[int], Desk], counted: Counted
) -> None:
    async with sit(of_size(1)) as seat:
        await seat.rest()
        counted.queries.clear()
        for _ in range(15):
            await seat.press("j")
        for _ in range(10):
            await seat.press("k")
        assert counted.queries == []


async def test_paging_reads_windows(sit: Any, of_size: Callable[[int], Desk], counted: Counted) -> None:
    async with sit(of_size(1)) as seat:
        await seat.rest()
        counted.rows = 0
        await seat.press(*["pagedown"] * 10)
        page = seat.screen.query_one(QueueList).page
        assert counted.rows <= 10 * page + 4 * page


async def test_no_widget_is_a_row(sit: Any, of_size: Callable[[int], Desk]) -> None:
    async with sit(of_size(1)) as seat:
        assert len(seat.screen.query("*")) <= 6
        assert not seat.screen.query_one(QueueList).children


def moves_cursor(data: bytes) -> list[bytes]:
    return re.findall(rb"\x1b\[\d+;\d+H", data)


def test_a_cursor_key_sends_two_cells_in_48_bytes(terminal: Any, five_thousand: Path) -> None:
    at = terminal(database=five_thousand, size=(100, 30))
    at.see("incident 00")
    at.see("!")
    at.settle(0.5)
    for down, up in ((b"j", b"k"), (b"\x1b[B", b"\x1b[A")):
        # There and back three times: once a minute the ages are painted, which may fall beside a key.
        answers = [(answer_to(at, down), answer_to(at, up)) for _time in range(3)]
        for sent in (min(each, key=len) for each in zip(*answers, strict=True)):
            assert len(sent) <= 48, sent
            assert sent.count(b"\xe2\x96\x8c") == 1, sent
            assert len(moves_cursor(sent)) <= 3, sent  # two cells, and where Textual parks the cursor


def answer_to(at: Any, key: bytes) -> bytes:
    """Return what a key sends."""
    at.settle(0.3)
    start = len(at.output)
    at.type(key)
    at.until(lambda: len(at.output) > start, "an answer")
    at.settle(0.2)
    return bytes(at.output[start:])


def test_an_idle_screen_sends_nothing_while_it_polls(terminal: Any, five_thousand: Path) -> None:
    at = terminal(database=five_thousand)
    at.see("incident 00")
    at.see("!")  # targets have passed: that is the last thing that a start paints
    at.settle(0.6)
    if time.time() % 60 > 55:  # the one clock lets the ages grow once a minute: begin after that
        at.until(lambda: time.time() % 60 < 5)
        at.settle(0.6)
    start = len(at.output)
    for _ in range(40):  # four rounds of the look for others' changes
        at.read(0.05)
    assert at.output[start:] == b""
