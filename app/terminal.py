"""The sequences that switch a terminal over and back, and a writer that no terminal can hold up.

Only modes that Textual needs are here. Left out of what Textual 8.2.8 sends: the urxvt mouse mode (the SGR mode
replaces it), a second round of mouse modes, and the query for in-band resizing (SIGWINCH says it).
"""

from __future__ import annotations

import contextlib
import os
import select
from io import TextIOWrapper
from queue import Empty, Full
from threading import Event
from typing import Any

from textual.drivers._writer_thread import WriterThread

STALL = 0.25  # seconds between looks at a terminal that takes nothing
_LITTLE = 64  # characters, as a cursor key paints: an idle terminal takes them without a thread's help

POINTER = "\x1b]22;"  # kitty's pointer shapes
DEFAULT_POINTER = f"{POINTER}default\x07"
_ALTERNATE_ON, _ALTERNATE_OFF = "\x1b[?1049h", "\x1b[?1049l"
_CURSOR_OFF, _CURSOR_ON = "\x1b[?25l", "\x1b[?25h"
_FOCUS_ON, _FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1003h\x1b[?1006h", "\x1b[?1006l\x1b[?1003l\x1b[?1000l"
# Disambiguate escape codes 1, report all keys 8, report their text 16: Textual's choice of the kitty protocol.
_KITTY_ON, _KITTY_OFF = "\x1b[>25u", "\x1b[<u"
_PLAIN = "\x1b[0m"


def modes_on(*, alternate: bool, kitty: bool, mouse: bool) -> str:
    """Return what takes a terminal over; `alternate`: switch to the alternate screen, which clears it."""
    first = f"{_ALTERNATE_ON if alternate else ''}{_CURSOR_OFF}{_FOCUS_ON}"
    return f"{first}{_KITTY_ON if kitty else ''}{_PASTE_ON}{_WRAP_OFF}{_MOUSE_ON if mouse else ''}"


def modes_off(*, kitty: bool, mouse: bool) -> str:
    """Return what gives a terminal back; kitty's keys go first, since each screen has its own stack of them."""
    first = f"{_MOUSE_OFF if mouse else ''}{_PASTE_OFF}{_WRAP_ON}{_FOCUS_OFF}"
    return f"{first}{_KITTY_OFF if kitty else ''}{_PLAIN}{_ALTERNATE_OFF}{_CURSOR_ON}"


class Output(WriterThread):
    """Writes beside the event loop.

    Attributes:
        gone: Set when the terminal takes nothing any more; what is written from then on is dropped.
    """

    def __init__(self, file: TextIOWrapper[Any]) -> None:
        super().__init__(file)
        self.gone = Event()
        self._encoding = file.encoding

    def write(self, text: str) -> None:
        """Write a little at once where nothing is held up by it, else queue it; from the event loop only.

        Waits while the queue is full, so that a slow line slows the painting down.
        """
        if len(text) > _LITTLE or self._queue.unfinished_tasks or not self._takes():
            self._put(text)
        elif not write_all(self._file.fileno(), text.encode(self._encoding, "replace")):
            self.gone.set()
            self._queue.put(None)  # it is empty; the thread has nothing to wait for

    def _takes(self) -> bool:
        try:
            return bool(select.select([], [self._file], [], 0)[1])
        except (OSError, ValueError):
            return False  # gone: the thread finds out

    def _put(self, text: str | None) -> None:
        while not self.gone.is_set():
            try:
                self._queue.put(text, timeout=STALL)
            except Full:
                continue
            break

    def run(self) -> None:
        """Write what is queued, as much at a time as there is, until `stop`."""
        more = True
        while more:
            texts: list[str | None] = [self._queue.get()]
            with contextlib.suppress(Empty):
                while texts[-1] is not None:
                    texts.append(self._queue.get_nowait())
            more = texts[-1] is not None
            data = "".join(text for text in texts if text).encode(self._encoding, "replace")
            if not write_all(self._file.fileno(), data):
                self.gone.set()
                more = False
            for _ in texts:
                self._queue.task_done()

    def stop(self) -> None:
        """Wait until all is written, or the terminal is gone."""
        self._put(None)
        self.join()


def write_all(fileno: int, data: bytes) -> bool:
    """Write past Python's buffers, whose locks a stalled write would hold at exit; False when the terminal is gone."""
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(fileno, left) :]
        except BlockingIOError:
            select.select([], [fileno], [], STALL)
        except OSError:
            return False
    return True
