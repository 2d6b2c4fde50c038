"""The programs that are measured, how each is started and what on its screen tells how far it is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reader import Tripwire
from benchmarks.rig import Session
from benchmarks.terminal import Predicate, Terminal, shows

_HERE = Path(__file__).resolve().parent
_REF = "INC-[0-9A-Z]{5}"

PAGE_DOWN = b"\x1b[6~"


@dataclass(frozen=True)
class Program:
    """A program under test.

    Attributes:
        name: Key of its samples.
        argv: How it is started.
        ready: Regular expression that is on the screen, and unbroken in the output, once its first rows are.
        usable: Holds once a `j` typed at that instant has had its effect.
    """

    name: str
    argv: tuple[str, ...]
    ready: str
    usable: Predicate

    def open(self, environment: Mapping[str, str], size: tuple[int, int], *, probe: bool = False) -> Session:
        """Start it; with `probe` a `j` is typed at the instant its first rows arrive."""
        wire = Tripwire(re.compile(self.ready.encode()), b"j") if probe else None
        return Session(self.argv, environment, size, wire)


def rows_with_refs(terminal: Terminal) -> list[int]:
    """Return the numbers of the screen rows that show an incident's ref."""
    return [y for y, line in enumerate(terminal.lines) if re.search(_REF, line)]


def second_row_has_cursor(terminal: Terminal) -> bool:
    """Say whether the second incident's first cell differs from both its neighbours', and these are alike.

    So it sees a mark in a gutter as well as a cursor that is a colour. The cell beside it is not looked at: it says
    what is unread, which the notes that this benchmark writes change.
    """
    rows = rows_with_refs(terminal)[:3]
    if len(rows) < 3:
        return False
    first, second, third = (terminal.left_edge(row, 1) for row in rows)
    return first == third != second


def hello() -> Program:
    """Return the bare Textual app."""
    return Program("hello", (sys.executable, str(_HERE / "hello.py")), "ready", shows("^key 1 "))


def datatable(count: int) -> Program:
    """Return Textual's own table with `count` incidents."""
    argv = (sys.executable, "-m", "benchmarks.datatable", str(count))
    return Program("datatable", argv, _REF, second_row_has_cursor)


def queue(name: str, tocsin: str, store: Path) -> Program:
    """Return tocsin's queue on a store."""
    return Program(name, (tocsin, "--database", str(store)), _REF, second_row_has_cursor)


def environment(scratch: Path) -> dict[str, str]:
    """Return a clean environment: an empty home, a known terminal, and byte-code kept in `scratch`.

    An empty home has no remotes, so nothing touches the network.
    """
    home = scratch / "home"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
    }
