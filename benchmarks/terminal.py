"""The terminal that a measured program believes it talks to: a pyte screen, and answers to its queries."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyte

Cell = pyte.screens.Char
Predicate = Callable[["Terminal"], bool]

# What pyte misreads or ignores; everything else goes to pyte untouched.
_SPECIAL = re.compile(
    rb"\x1b\[(?P<private>[<=>?]?)(?P<params>[0-9;]*)(?P<between>\$?)(?P<final>[hlpcnqu])"
    rb"|\x1b\[[<=>][0-9;]*[@-~]"
    rb"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|\x1b[P_^X][^\x1b]*\x1b\\"
)
# A sequence that the chunk's end has cut in two.
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?)?\Z")

# DEC private modes as a shell expects them; whatever differs after the exit was not restored.
_AT_REST = {
    1: ("application cursor keys", False),
    7: ("line wrap", True),
    25: ("cursor", True),
    1000: ("mouse", False),
    1002: ("mouse drag", False),
    1003: ("mouse movement", False),
    1004: ("focus reports", False),
    1006: ("mouse coordinates", False),
    1015: ("mouse coordinates", False),
    1049: ("alternate screen", False),
    2004: ("bracketed paste", False),
    2026: ("synchronized output", False),
    2048: ("resize reports", False),
}
_ANSWERS = {
    (b"", b"c"): b"\x1b[?62;22c",  # primary device attributes
    (b">", b"c"): b"\x1b[>41;1;0c",  # secondary device attributes
    (b">", b"q"): b"\x1bP>|rig 1\x1b\\",  # name and version
}


class Terminal:
    """A screen of `columns` by `rows` cells that interprets a program's output.

    It knows what xterm-256color with synchronized output (mode 2026) knows, except repeated characters (REP)
    and scrolling by SU and SD, which pyte lacks.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.changes = 0
        """How often `feed` left another picture than before."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._cells: list[list[Cell]] = [[] for _ in range(rows)]
        self._lines = [""] * rows
        self._held = b""
        self._modes: dict[int, bool] = {}
        self._kitty_depth = 0

    @property
    def lines(self) -> list[str]:
        """The text of each row, padded with blanks."""
        return list(self._lines)

    @property
    def text(self) -> str:
        """The whole screen, rows joined by newlines."""
        return "\n".join(self._lines)

    def left_edge(self, row: int, cells: int = 4) -> list[Cell]:
        """Return the first `cells` cells of a row with their colours: where a list shows its cursor."""
        return self._cells[row][:cells]

    def not_restored(self) -> list[str]:
        """Name the modes that are not as a shell expects them."""
        wrong = [f"{name} (?{mode})" for mode, (name, rest) in _AT_REST.items() if self._modes.get(mode, rest) != rest]
        return wrong + (["kitty keyboard protocol"] if self._kitty_depth > 0 else [])

    def feed(self, data: bytes) -> bytes:
        """Interpret a chunk of output; return the answers to the queries in it."""
        data = self._held + data
        cut = _UNFINISHED.search(data)
        end = cut.start() if cut else len(data)
        self._held = data[end:]
        answers, position = b"", 0
        for match in _SPECIAL.finditer(data, 0, end):
            self._stream.feed(data[position : match.start()])
            answers += self._special(match)
            position = match.end()
        self._stream.feed(data[position:end])
        self.changes += self._redraw()
        return answers

    def _special(self, match: re.Match[bytes]) -> bytes:
        final, private = match["final"], match["private"]
        if final is None:
            return self._colour_query(match["osc"] or b"")
        if final in b"hl" and private == b"?":
            self._set_modes(match, on=final == b"h")
        elif final in b"hl" and not private:
            self._stream.feed(match[0])
        elif final == b"p" and match["between"]:
            return self._mode_query(match["params"])
        elif final == b"n":
            return self._status_query(match["params"])
        elif final == b"u" and private in (b"<", b">"):
            self._kitty_depth += 1 if private == b">" else -1
        return _ANSWERS.get((private, final), b"")

    def _set_modes(self, match: re.Match[bytes], on: bool) -> None:
        for mode in map(int, filter(None, match["params"].split(b";"))):
            self._modes[mode] = on
            if mode == 1049:
                self._stream.feed(b"\x1b[2J\x1b[H")
            elif mode in (6, 7, 25):
                self._stream.feed(b"\x1b[?%d%b" % (mode, match["final"]))

    def _mode_query(self, mode: bytes) -> bytes:
        known = 0 if mode != b"2026" else 1 if self._modes.get(2026) else 2
        return b"\x1b[?%b;%d$y" % (mode, known)

    def _status_query(self, what: bytes) -> bytes:
        if what == b"5":
            return b"\x1b[0n"
        cursor = self._screen.cursor
        return b"\x1b[%d;%dR" % (cursor.y + 1, min(cursor.x, self.columns - 1) + 1) if what == b"6" else b""

    @staticmethod
    def _colour_query(osc: bytes) -> bytes:
        shades = {b"10;?": b"10;rgb:ffff/ffff/ffff", b"11;?": b"11;rgb:0000/0000/0000"}
        return b"\x1b]%b\x1b\\" % shades[osc] if osc in shades else b""

    def _redraw(self) -> bool:
        changed = False
        for y in sorted(self._screen.dirty):
            if y < self.rows:
                row = self._screen.buffer[y]
                cells = [row[x] for x in range(self.columns)]
                if cells != self._cells[y]:
                    self._cells[y] = cells
                    self._lines[y] = "".join(cell.data for cell in cells)
                    changed = True
        self._screen.dirty.clear()
        return changed


def shows(pattern: str) -> Predicate:
    """Make a predicate: the regular expression is on the screen."""
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda terminal: compiled.search(terminal.text) is not None
