"""A short list of rows, some of them headings: a cursor, marks, and a view that follows the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.painting import strip
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, clip


class Row(NamedTuple):
    """One row: a key of its own, empty for a heading that the cursor passes over, and its line."""

    key: str
    spans: Spans


class RowList(Widget, can_focus=True):
    """Paints rows; posts `Moved` when the cursor is on another one, `Opened` when the one under it is clicked again."""

    ALLOW_SELECT: ClassVar[bool] = False

    class Moved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """The row under the cursor was clicked."""

    def __init__(self, symbols: Symbols, empty: Sequence[str] = ()) -> None:
        super().__init__(id="rows")
        self._symbols, self._empty = symbols, tuple(empty)
        self._rows: tuple[Row, ...] = ()
        self._read = False  # nothing is said about an empty list before it was read
        self._cursor = self._top = 0
        self.marked: set[str] = set()

    @property
    def current(self) -> str:
        """The key of the row under the cursor; empty when there is none."""
        return self._rows[self._cursor].key if self._rows else ""

    def show(self, rows: Sequence[Row]) -> None:
        """Show rows; the cursor stays on its own, or goes to the first that can have it."""
        held, keys = self.current, [row.key for row in rows]
        self._rows, self._read = tuple(rows), True
        self.marked &= set(keys)
        if held and held in keys:
            self._cursor = keys.index(held)
        else:
            self._cursor = min(self._cursor, max(0, len(rows) - 1))
            self._cursor = self._nearest(self._cursor, 1)
        self._reveal()

    def _nearest(self, place: int, by: int) -> int:
        """Return the row from `place` on that can have the cursor, in that direction, else in the other."""
        places = [n for n, row in enumerate(self._rows) if row.key]
        ahead = [n for n in places if (n - place) * by >= 0]
        return min(ahead or places, key=lambda n: abs(n - place), default=0)

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, passing over headings."""
        wanted = min(max(self._cursor + by, 0), max(0, len(self._rows) - 1))
        self._cursor = self._nearest(wanted, 1 if by > 0 else -1)
        self._reveal()
        self.post_message(self.Moved())

    def to_end(self, *, last: bool) -> None:
        """Go to the first row or to the last."""
        self.move(len(self._rows) if last else -len(self._rows))

    def toggle(self) -> None:
        """Mark the row under the cursor, or unmark it, and go on."""
        if self.current:
            self.marked ^= {self.current}
            self.move(1)

    def _reveal(self) -> None:
        height = max(1, self.size.height)
        first = 0 if self._cursor == self._nearest(0, 1) else self._cursor  # with the headings above it
        self._top = min(max(self._top, self._cursor - height + 1), first)
        self._top = max(0, min(self._top, len(self._rows) - height))
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._reveal()

    def render_line(self, y: int) -> Strip:
        """Return one line of the view."""
        width, base, place = self.size.width, self.rich_style, self._top + y
        if not self._rows:
            text = self._empty[y] if self._read and y < len(self._empty) else ""
            return strip(clip([Span(f"  {text}", "muted" if y else "strong")], width), width, base)
        if place >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[place]
        cursor = Span(self._symbols.cursor if place == self._cursor and row.key else " ", "cursor")
        mark = Span(self._symbols.marked if row.key and row.key in self.marked else " ", "accent")
        return strip(clip([cursor, mark, *row.spans], width), width, base)

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked; a second click opens it."""
        place = self._top + event.y
        if place < len(self._rows) and self._rows[place].key:
            if place == self._cursor:
                self.post_message(self.Opened())
            self.move(place - self._cursor)
