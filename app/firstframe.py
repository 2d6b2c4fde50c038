"""The queue on the screen before Textual is imported: the same lines in the same places, as plain ANSI.

What it does to the terminal, Textual's driver takes over (it is told not to switch screens again); if the program
does not get so far, `FirstFrame.undo` puts everything back.
"""

from __future__ import annotations

import os
import sys
import termios

from domain.text import safe_text
from widgets.queue_lines import Symbols, heading, key_line, row_line, top_line
from widgets.spans import ASCII_SIGNS, Span, Spans, to_ansi

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from typing import Any, TextIO

    from domain.rows import QueueRow

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H"
_MANY = 6  # blanks that take more bytes than a step over them
_LEAVE = "\x1b[?1049l\x1b[?25h"


class FirstFrame:
    """The first frame on one terminal.

    Attributes:
        attributes: The terminal's attributes from before, for the driver to restore at the end.
        lines: What was painted.
        taken: Textual has taken the terminal over and will put it back itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.fd = stream.fileno()
        self.lines: list[Spans] = []
        self.taken = False
        self.attributes: list[Any] = termios.tcgetattr(self.fd)

    def show(self, lines: list[Spans], *, color: bool, ascii_only: bool) -> None:
        """Switch to the alternate screen and paint; what is typed meanwhile is not echoed, but kept for Textual."""
        self.lines = lines
        quiet = [*self.attributes]
        quiet[0] &= ~(termios.ICRNL | termios.IXON)  # else an enter typed now would arrive as ctrl+j
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.fd, termios.TCSANOW, quiet)
        text = "\n".join(to_ansi(line, color=color).rstrip(" ") for line in lines)
        text = text.translate(ASCII_SIGNS) if ascii_only else text
        # The screen is blank, so blanks are stepped over: a tenth of the bytes.
        self._stream.write(_ENTER + _stepping(text))
        self._stream.flush()
        self._expect_signals()

    def _expect_signals(self) -> None:
        """Put the terminal back when the line drops before Textual's driver has taken over (it then does so itself)."""
        import signal  # after the rows are on the screen

        def leave(number: int, _frame: object) -> None:
            self.undo()
            os._exit(128 + number)

        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, leave)

    def undo(self) -> None:
        """Put the terminal back as it was, unless Textual has taken it over."""
        if self.taken:
            return
        self._stream.write(_LEAVE)
        self._stream.flush()
        termios.tcsetattr(self.fd, termios.TCSADRAIN, self.attributes)


def _stepping(text: str) -> str:
    """Return text for a blank screen, with a step to the right for each long run of blanks."""
    first, *others = text.split(" " * _MANY)
    found = [first]
    blanks = 0
    for part in others:
        blanks += _MANY
        rest = part.lstrip(" ")
        blanks += len(part) - len(rest)
        if rest:
            found.append(f"\x1b[{blanks}C{rest}")
            blanks = 0
    return "".join(found) + (f"\x1b[{blanks}C" if blanks else "")


def open_frame() -> FirstFrame | None:
    """Return a first frame for this terminal, None where there is no proper one."""
    stream = sys.__stderr__  # where Textual paints
    if stream is None or not stream.isatty() or not sys.stdin.isatty():
        return None
    try:
        return FirstFrame(stream)
    except (termios.error, ValueError):
        return None


def queue_frame(
    rows: list[QueueRow],
    counts: dict[tuple[str, str], int],
    view: str,
    now: int,
    symbols: Symbols,
    keys: list[tuple[str, str]],
    size: os.terminal_size,
) -> list[Spans]:
    """Return the lines of the queue screen as it will be, for a terminal of `size`."""
    width = size.columns
    lines: list[Spans] = [top_line(safe_text(view), counts, "", symbols, width), heading(width)]
    for number, row in enumerate(rows[: size.lines - 3]):
        cursor = Span(" ") if number else Span(symbols.cursor, "cursor")
        lines.append([cursor, *row_line(row, width, now, marked=False, symbols=symbols)])
    lines += [[]] * (size.lines - 1 - len(lines))
    lines.append(key_line(keys, width))
    return lines
