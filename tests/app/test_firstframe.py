"""The first frame is the queue as Textual will paint it, and the terminal is given back when it never comes so far."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import pytest

from app.firstframe import FirstFrame, queue_frame
from domain.incident import Incident
from screens.keys import line_of
from widgets.queue_lines import ASCII, UNICODE


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 33), (100, 24), (49, 12), (66, 5)])
async def test_it_is_what_textual_paints(
    sit: Any, raised: Callable[..., Incident], size: tuple[int, int], clock: Any, other: Any
) -> None:
    for number in range(30):
        clock.now += 61_000
        title = f"incident {number}" if number % 2 else f"満杯 disk \x1b[31m {number} " + "long " * 30
        raised(
            title, by=other if number % 5 else None, priority=f"P{1 + number % 4}", owner="ana" if number % 3 else None
        )
    async with sit(size=size) as seat:
        desk, view = seat.desk, seat.desk.views[0]
        lines = queue_frame(
            desk.reader.after(-1, size[1], view.query, clock.now),
            desk.reader.counts(),
            view.name,
            clock.now,
            UNICODE,
            line_of("queue", {}),
            os.terminal_size(size),
        )
        assert ["".join(span.text for span in line).rstrip() for line in lines] == seat.lines


def test_in_ascii_it_has_no_other_signs(store: Any, raised: Callable[..., Incident], clock: Any) -> None:
    raised("plain", priority="P1")
    rows = store.reader.after(-1, 5)
    lines = queue_frame(
        rows, store.reader.counts(), "all", clock.now, ASCII, line_of("queue", {}), os.terminal_size((80, 24))
    )
    assert all("".join(span.text for span in line).isascii() for line in lines)


@pytest.fixture
def stream() -> Iterator[tuple[TextIO, int]]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as opened:
        yield opened, master
    os.close(master)


def test_undo_gives_the_terminal_back(stream: tuple[TextIO, int]) -> None:
    from widgets.spans import Span

    opened, master = stream
    before = termios.tcgetattr(opened.fileno())
    frame = FirstFrame(opened)
    frame.show([[Span("hello", "strong")]], color=True, ascii_only=False)
    assert termios.tcgetattr(opened.fileno())[3] & termios.ECHO == 0
    frame.undo()
    assert termios.tcgetattr(opened.fileno()) == before
    output = b""
    while not output.endswith(b"\x1b[?1049l\x1b[?25h"):  # it comes in two pieces
        output += os.read(master, 4096)
    assert output.startswith(b"\x1b[?1049h")


def test_once_taken_over_undo_leaves_it_alone(stream: tuple[TextIO, int]) -> None:
    opened, master = stream
    frame = FirstFrame(opened)
    frame.show([], color=False, ascii_only=False)
    os.read(master, 4096)
    frame.taken = True
    quiet = termios.tcgetattr(opened.fileno())
    frame.undo()
    assert termios.tcgetattr(opened.fileno()) == quiet


def test_without_colour_nothing_is_coloured(stream: tuple[TextIO, int]) -> None:
    from widgets.spans import Span

    opened, master = stream
    FirstFrame(opened).show([[Span("hello", "bad")]], color=False, ascii_only=False)
    assert b"m" not in os.read(master, 4096)


def test_the_switch_to_the_alternate_screen_happens_once(terminal: Any, raised: Callable[..., Incident]) -> None:
    raised("disk full")
    at = terminal()
    at.see("disk full")
    assert at.output.count(b"\x1b[?1049h") == 1
    at.type(b"j")
    at.settle()
    at.type(b"q")
    assert at.end() == 0
    assert at.output.count(b"\x1b[?1049l") == 1
    assert termios.tcgetattr(at.slave) == at.before
