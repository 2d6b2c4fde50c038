from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.terminal import Terminal

STREAM = (
    "\x1b[?1049h\x1b[?25l\x1b[>1u\x1b[?2026$p\x1b[?2048$p\x1b]11;?\x1b\\\x1b]0;a title\x07\x1b[c\x1b[>q\x1b[1;31mrödé"
    "\x1b[0m\x1b[3;5Hhere\x1b[6n\x1bP+q544e\x1b\\\x1b[4;1H\x1b[=5u\x1b[>4;1mplain 李\x1b[5n"
).encode()
ANSWERS = b"\x1b[?2026;2$y\x1b[?2048;0$y\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;22c\x1bP>|rig 1\x1b\\\x1b[3;9R\x1b[0n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=30).map(sorted))
def test_where_chunks_are_cut_makes_no_difference(cuts: list[int]) -> None:
    terminal = Terminal(20, 5)
    edges = [0, *cuts, len(STREAM)]
    answers = b"".join(terminal.feed(STREAM[a:b]) for a, b in pairwise(edges))
    assert answers == ANSWERS
    lines = [line.rstrip() for line in terminal.lines]
    assert (lines[0], lines[2], lines[4]) == ("rödé", "    here", "")
    assert lines[3].startswith("plain 李")
    assert terminal.not_restored() == ["cursor (?25)", "alternate screen (?1049)", "kitty keyboard protocol"]


def test_what_is_set_back_is_restored() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"\x1b[?1049;25;2004h\x1b[>1u\x1b[?7l\x1b[?7h\x1b[<u\x1b[?2004;1049l")
    assert terminal.not_restored() == []


def test_a_change_of_colour_alone_is_a_change() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"word")
    before = terminal.changes
    terminal.feed(b"\x1b[1;1Hword")
    assert terminal.changes == before
    terminal.feed(b"\x1b[1;1H\x1b[7mw")
    assert terminal.changes == before + 1
