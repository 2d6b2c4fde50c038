"""What is left out because the terminal shows it already: the screen must be the same as if everything were sent."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from app.shown import BareDefaults, Shown, content
from domain import actions
from domain.incident import Incident
from storage.store import Store

WITH = "import runpy, sys; sys.argv = ['tocsin']; runpy.run_module('tocsin', run_name='__main__')"
WITHOUT = f"""
from app.shown import Shown
Shown.reduce = lambda self, update, width: update
from screens.queue import Queue
Queue.QUICK = frozenset()  # every key goes Textual's way
{WITH}"""
KEYS = [
    *(
        b"j",
        b"k",
        b"j",
        b"G",
        b"g",
        b"\x1b[6~",
        b"\x1b[5~",
        b"\r",
        b"\x1b",
        b" ",
        b"*",
        b"z",
        b"?",
        b"\x1b",
        b"s",
        b"\x1b",
    ),
    *(b"c", b"w", b"\x1b", b"\t", b"]", b"[", b":", b"\x1b", b"7", b"1", b"2", b"/", b"\x1b", b"a", b"P", b"n"),
]


def cells(at: Any) -> list[list[Any]]:
    """Return what is seen of each cell: of a blank neither its colour nor its weight."""
    return [[seen(at.screen.buffer[y][x]) for x in range(at.screen.columns)] for y in range(at.screen.lines)]


def seen(cell: Any) -> tuple[object, ...]:
    if cell.data == " " and not cell.reverse:
        return " ", cell.bg, cell.underscore, cell.strikethrough
    return tuple(cell)


def difference(less: Any, full: Any) -> list[tuple[int, int, Any, Any]]:
    found = [
        (y, x, a, b)
        for y, (one, other) in enumerate(zip(cells(less), cells(full), strict=True))
        for x, (a, b) in enumerate(zip(one, other, strict=True))
        if a != b
    ]
    return found[:8]


@pytest.fixture
def pair(terminal: Any, raised: Callable[..., Incident], store: Store, path: Path, clock: Any) -> Any:
    """Start the program twice on equal stores: once as it is, once sending everything."""
    for number in range(40):
        clock.now += 60_000
        made = raised(f"disk {number} ünïcödé 満杯" if number % 3 else f"disk {number}", priority=f"P{1 + number % 4}")
        store.journal.record(made.id, lambda _i: actions.note("first\nsecond 🚒 line"))
    copied = path.with_name("copy.db")
    store.close()
    shutil.copy(path, copied)

    def begin(size: tuple[int, int] = (80, 24), **env: str) -> tuple[Any, Any]:
        both = (terminal(script=WITH, size=size, **env), terminal(script=WITHOUT, size=size, database=copied, **env))
        for at in both:
            at.see("40 open")
        return both

    return begin


def assert_same(less: Any, full: Any, after: object) -> None:
    """Wait until both show the same (an age may tick in one before the other), or fail."""

    for _ in range(10):
        less.settle(0.1)
        full.settle(0.1)
        if not difference(less, full):
            return
    pytest.fail(
        f"after {after}: (line, column, reduced, full) {difference(less, full)}\n{less.text}\nand full:\n{full.text}"
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_walk_shows_the_same(pair: Any, seed: int) -> None:
    less, full = pair()
    chance = random.Random(seed)
    done: list[bytes] = []
    assert_same(less, full, "the start")
    for step in range(7):
        for _ in range(4):
            key = chance.choice(KEYS)
            done.append(key)
            for at in (less, full):
                at.type(key)
                at.settle(0.12)
        if step == 4:
            size = chance.choice([(100, 33), (60, 20), (81, 25)])
            for at in (less, full):
                at.resize(*size)
                at.settle()
        assert_same(less, full, done)
    assert less.process.poll() is None
    assert len(less.output) < len(full.output)


def test_after_the_terminal_was_wiped_and_the_program_continued_all_is_painted_again(pair: Any) -> None:
    less, full = pair()
    for at in (less, full):
        at.settle()
        at.screen.erase_in_display(2)
        at.kill(signal.SIGCONT)
        at.see("40 open")
    assert_same(less, full, "SIGCONT")


def test_in_a_true_colour_theme_too(pair: Any) -> None:
    less, full = pair(TOCSIN_DISPLAY__THEME="nord", COLORTERM="truecolor")
    for key in (b"j", b"\r", b"s", b"\x1b", b"\x1b", b"G"):
        for at in (less, full):
            at.type(key)
            at.settle(0.15)
        assert_same(less, full, key)


def line(*parts: tuple[str, str]) -> Strip:
    return Strip([Segment(text, Style.parse(style)) for text, style in parts])


def test_equal_pictures_are_equal_however_they_are_cut() -> None:
    assert content([line(("ab", "bold"), ("c", "bold"))]) == content([line(("a", "bold")), line(("bc", "bold"))])
    assert content([line(("ab", "bold"))]) != content([line(("ab", "dim"))])
    assert content([line(("ab", "default on default"))]) == content([line(("ab", ""))])
    assert content([line(("ab", "red"))]) != content([line(("ab", ""))])


def test_bare_defaults_takes_nothing_else_away() -> None:
    from textual.color import Color

    segments = [Segment("a", Style.parse("bold red on default")), Segment("b", None), Segment("c", Style.parse("dim"))]
    bare = BareDefaults().apply(segments, Color(0, 0, 0))
    assert [part.text for part in bare] == ["a", "b", "c"]
    assert str(bare[0].style) == "bold red"
    assert bare[1].style is None
    assert str(bare[2].style) == "dim"


def test_what_was_begun_is_not_sent_and_forgetting_sends_it() -> None:
    from textual._compositor import LayoutUpdate
    from textual.geometry import Region

    strips = [line(("one", "bold")), line(("two", ""))]
    shown = Shown()
    shown.begin(strips)
    update = LayoutUpdate([[each] for each in strips], Region(0, 0, 3, 2))
    assert shown.reduce(update, 3) is None
    shown.forget()
    assert shown.reduce(update, 3) is not None
    assert shown.reduce(update, 3) is None
