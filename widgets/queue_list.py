"""The queue: a list of any length that holds a few windows of it, painted line by line.

It reads windows along the queue's key from a source, so a million incidents open as fast as a thousand. A cursor key
repaints the two cells of the gutter that change; when the cursor leaves the view it jumps half a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from domain.rows import QueueRow
from widgets.painting import Held, strip
from widgets.queue_lines import Symbols, row_line
from widgets.queue_warnings import Moments, QueueWarnings
from widgets.spans import Span, Spans, clip

_BEGINNING = -1
_AGE = 4  # cells at the end of a row; the sign stands before them
_HELD_BODIES = 300  # painted rows kept
_HELD_PAGES = 8  # windows kept round the view; what lies further is read again


class RowSource(Protocol):
    """Where the rows come from: windows of the queue under the present filter."""

    def after(self, key: int, limit: int) -> list[QueueRow]:
        """Return up to `limit` rows that follow `key`; -1 for the beginning."""

    def before(self, key: int, limit: int) -> list[QueueRow]:
        """Return up to `limit` rows that come before `key`, in queue order."""

    def last(self, limit: int) -> list[QueueRow]:
        """Return the last `limit` rows."""

    def row(self, incident: str) -> QueueRow | None:
        """Return one incident's row, or None."""


class QueueList(Widget, can_focus=True, inherit_bindings=False):
    """The rows of the queue with a cursor and marks; posts `Moved` and `Opened`.

    No `ScrollView`: it scrolls by itself, and would get a bar that nobody sees and another layout of the screen.
    """

    DEFAULT_CSS = """
    QueueList { height: 1fr; overflow: hidden; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    class Moved(Message):
        """The cursor stands on another row (or on none)."""

        def __init__(self, row: QueueRow | None) -> None:
            super().__init__()
            self.row = row

    class Opened(Message):
        """A row was chosen with the mouse."""

        def __init__(self, row: QueueRow) -> None:
            super().__init__()
            self.row = row

    def __init__(
        self,
        source: RowSource,
        now: Callable[[], int],
        symbols: Symbols,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._source, self._now, self._symbols = source, now, symbols
        self._held = Held()
        self._rows: list[QueueRow] = []
        self._top = self._cursor = 0
        self._ended = False
        self._bodies: dict[tuple[QueueRow, int, bool, int, str, Style], Strip] = {}
        self._warnings = QueueWarnings()
        self.marked: dict[str, QueueRow] = {}
        self.empty: list[Spans] = []

    # -- what is selected ------------------------------------------------------------------------------------------

    @property
    def current(self) -> QueueRow | None:
        """The row under the cursor, None in an empty list."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def chosen(self) -> list[QueueRow]:
        """The marked rows, else the one under the cursor."""
        if self.marked:
            return list(self.marked.values())
        return [self.current] if self.current else []

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go down one."""
        row = self.current
        if row is None:
            return
        if self.marked.pop(row.id, None) is None:
            self.marked[row.id] = row
        self._refresh_rows(self._cursor, self._cursor)
        self.move(1)

    def mark_all(self, limit: int) -> int:
        """Mark the first `limit` rows of the view, or unmark when any is marked; return how many are marked."""
        if self.marked:
            self.marked.clear()
        else:
            self.marked = {row.id: row for row in self._source.after(_BEGINNING, limit)}
        self.refresh()
        return len(self.marked)

    # -- targets ---------------------------------------------------------------------------------------------------

    def unwarned(self) -> list[QueueRow]:
        """Return the rows in view of which nobody has said yet, as they stand, when their targets come."""
        return self._warnings.missing(self._rows[self._top : self._top + self.page])

    def warn(self, found: Mapping[str, Moments]) -> None:
        """Take in when the targets of some incidents come, and paint the signs that change."""
        now, view = self._now(), self._rows[self._top : self._top + self.page]
        before = [self._warnings.sign(row, now) for row in view]
        self._warnings.learn(found)
        for y, (row, sign) in enumerate(zip(view, before, strict=True)):
            if self._warnings.sign(row, now) != sign:
                self.refresh(Region(max(0, self.size.width - _AGE - 1), y, 1, 1))

    # -- moving ----------------------------------------------------------------------------------------------------

    @property
    def page(self) -> int:
        """The number of rows in view."""
        return max(1, self.size.height)

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, reading on where the windows end."""
        if not self._rows:
            return
        self._hold(self._cursor + by)
        before, self._cursor = self._cursor, min(max(self._cursor + by, 0), len(self._rows) - 1)
        if self._cursor == before:
            return
        if self._top <= self._cursor < self._top + self.page:
            self._refresh_gutter(before)
            self._refresh_gutter(self._cursor)
        else:
            half = self.page // 2
            self._top = self._cursor - (half if abs(by) < self.page else 0)
            self._settle()
        self.post_message(self.Moved(self.current))

    def to_first(self) -> None:
        """Go to the first row of all."""
        self.load()

    def to_last(self) -> None:
        """Go to the last row of all."""
        self._rows, self._ended = self._source.last(self.page * 2), True
        self._cursor = max(0, len(self._rows) - 1)
        self._top = self._cursor - self.page + 1
        self._settle()
        self.post_message(self.Moved(self.current))

    def select(self, incident: str) -> bool:
        """Put the cursor on an incident and say whether it is in the view."""
        row = self._source.row(incident)
        if row is None:
            return False
        if not _holds(self._source, row):
            return False
        above = self._source.before(row.key, self.page)
        self._rows, self._ended = above + self._source.after(row.key - 1, self.page), False
        self._cursor = len(above)
        self._top = self._cursor - self.page // 2
        self._settle()
        self.post_message(self.Moved(self.current))
        return True

    # -- loading ---------------------------------------------------------------------------------------------------

    @staticmethod
    def read(source: RowSource, current: QueueRow | None, page: int) -> tuple[list[QueueRow], int]:
        """Return the rows round a selected one, and its place among them; from the beginning when there is none.

        It touches no widget, so a slow filter may be read in a thread.
        """
        if current is None:
            return source.after(_BEGINNING, page * 2), 0
        fresh = source.row(current.id)
        key = fresh.key if fresh and _holds(source, fresh) else current.key
        above = source.before(key, page * 2)
        rows = above + source.after(key - 1, page * 2)
        # When it has left the view, the one that took its place is selected, or the last.
        return rows, max(0, min(len(above), len(rows) - 1))

    def put(self, rows: list[QueueRow], cursor: int) -> None:
        """Show rows that were read round the cursor; the selected one stays on its line of the screen."""
        line = self._cursor - self._top
        self._rows, self._cursor, self._top = rows, cursor, cursor - line
        self._ended = False
        self._settle()
        self.post_message(self.Moved(self.current))

    def load(self) -> None:
        """Read the queue from its beginning, the cursor on the first row."""
        self._top = self._cursor = 0
        self.put(*self.read(self._source, None, self.page))

    def use(self, source: RowSource) -> None:
        """Take another filter's rows from now on; `load` or `put` shows them."""
        self._source = source
        self.marked.clear()

    def _hold(self, wanted: int) -> None:
        """Read on so that row number `wanted` of the windows is held, if there is one."""
        need = self.page * 2
        if wanted >= len(self._rows) - 1 and self._rows and not self._ended:
            limit = max(need, wanted - len(self._rows) + need)
            more = self._source.after(self._rows[-1].key, limit)
            self._ended = len(more) < limit  # a filter that finds few is not asked again at every key
            self._rows += more
        if wanted < 0 and self._rows:
            more = self._source.before(self._rows[0].key, max(need, need - wanted))
            self._rows = more + self._rows
            self._top += len(more)
            self._cursor += len(more)
        self._trim()

    def _trim(self) -> None:
        spare = self._cursor - self.page * _HELD_PAGES
        if spare > self.page:
            del self._rows[:spare]
            self._top -= spare
            self._cursor -= spare
        beyond = self._cursor + self.page * _HELD_PAGES * 2
        if beyond < len(self._rows):
            del self._rows[beyond:]
            self._ended = False

    def _settle(self) -> None:
        """Keep the view within the rows and paint it."""
        if self._top < 0 and self._rows:
            more = self._source.before(self._rows[0].key, -self._top)
            self._rows = more + self._rows
            self._cursor += len(more)
            self._top += len(more)
        self._top = max(0, min(self._top, len(self._rows) - self.page))
        self.refresh()

    # -- painting --------------------------------------------------------------------------------------------------

    def _refresh_gutter(self, index: int) -> None:
        self.refresh(Region(0, index - self._top, 1, 1))

    def _refresh_rows(self, first: int, last: int) -> None:
        self.refresh(Region(0, first - self._top, self.size.width, last - first + 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines, those that have not changed as they were."""
        return self._held.lines(self, crop, super().render_lines)

    def render_line(self, y: int) -> Strip:
        """Return one line of the view."""
        width, base = self.size.width, self.rich_style
        index = self._top + y
        if not self._rows:
            line = self.empty[y - 1] if 0 < y <= len(self.empty) else []
            return strip(clip(line, width), width, base)
        if index >= len(self._rows):
            return Strip.blank(width, base)
        return self._row_strip(index, width, base)

    def _row_strip(self, index: int, width: int, base: Style) -> Strip:
        mark = Span(self._symbols.cursor, "cursor") if index == self._cursor else Span(" ")
        return Strip.join([strip([mark], 1, base), self._body(self._rows[index], width - 1, base)])

    def _body(self, row: QueueRow, width: int, base: Style) -> Strip:
        """Return a row without its cursor cell, kept for a minute: a cursor key changes that cell and no other."""
        now = self._now()
        marked, minute, sign = row.id in self.marked, now // 60_000, self._warnings.sign(row, now)
        key = (row, width, marked, minute, sign, base)
        if key not in self._bodies:
            if len(self._bodies) > _HELD_BODIES:
                self._bodies.clear()
            line = row_line(row, width + 1, now, marked=marked, symbols=self._symbols, sign=sign)
            self._bodies[key] = strip(line, width, base)
        return self._bodies[key]

    # -- the mouse and the size ------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Fill the new height."""
        if self._rows and len(self._rows) < self.page * 2:
            self._hold(len(self._rows))
        if self._cursor >= self._top + self.page:
            self._top = self._cursor - self.page + 1
        self._settle()

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked; a second click opens it."""
        index = self._top + event.y
        if index >= len(self._rows):
            return
        if index == self._cursor:
            self.post_message(self.Opened(self._rows[index]))
        self.move(index - self._cursor)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down three rows."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up three rows."""
        event.stop()
        self.move(-3)


def _holds(source: RowSource, row: QueueRow) -> bool:
    """Say whether a row is in the source's view."""
    found = source.after(row.key - 1, 1)
    return bool(found) and found[0].id == row.id
