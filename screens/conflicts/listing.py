"""The list of conflicts, painted line by line: a cursor over items of several lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from screens.conflicts.items import Item, item_lines
from widgets.painting import strip
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, clip

_EMPTY = (
    ("Nothing to decide.", "strong"),
    ("", ""),
    ("When two people change one field without seeing each other, both values", ""),
    ("are kept and stand here side by side until somebody chooses.", ""),
    ("", ""),
    ("esc goes back.", "muted"),
)
_EMPTY_NARROW = (
    ("Nothing to decide.", "strong"),
    ("", ""),
    ("When two people change one field without seeing", ""),
    ("each other, both values stand here until", ""),
    ("somebody chooses.", ""),
    ("", ""),
    ("esc goes back.", "muted"),
)


class ChoiceList(Widget, can_focus=True):
    """Conflicts with their values; posts `Opened` when one is clicked twice."""

    DEFAULT_CSS = "ChoiceList { height: 1fr; }"
    ALLOW_SELECT: ClassVar[bool] = False

    class Opened(Message):
        """The incident of the item under the cursor is to be opened."""

    def __init__(self, symbols: Symbols, zone: Callable[[], tzinfo]) -> None:
        super().__init__(id="choices")
        self._symbols, self._zone = symbols, zone
        self.items: list[Item] = []
        self._read = False  # nothing is said about an empty list before it was read
        self._cursor = self._top = 0
        self._starts: list[int] = []
        self._lines: list[tuple[int, Spans]] = []

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        return self.items[self._cursor] if self.items else None

    def show(self, items: list[Item]) -> None:
        """Show items; the cursor stays on its own, or goes to the one that took its place."""
        held = self.current.key if self.current else None
        keys = [item.key for item in items]
        self._cursor = keys.index(held) if held in keys else min(self._cursor, max(0, len(items) - 1))
        self.items, self._read = items, True
        self.lay()

    def move(self, by: int) -> None:
        """Move the cursor by so many items."""
        self._cursor = min(max(self._cursor + by, 0), max(0, len(self.items) - 1))
        self._reveal()
        self.refresh()

    def page(self, by: int) -> None:
        """Move a page up or down."""
        if self._starts:
            line = self._starts[self._cursor] + by * max(1, self.size.height - 2)
            places = [index for index, start in enumerate(self._starts) if start <= max(0, line)]
            self.move(places[-1] - self._cursor or by)

    def lay(self) -> None:
        """Lay every item out for the present width and zone."""
        width = self.size.width - 1
        self._lines, self._starts = [], []
        for index, item in enumerate(self.items if width > 0 else ()):
            self._starts.append(len(self._lines))
            self._lines += [(index, line) for line in item_lines(item, width, self._zone(), self._symbols)]
            self._lines.append((index, []))
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        if not self._starts:
            return
        first = self._starts[self._cursor]
        end = self._starts[self._cursor + 1] if self._cursor + 1 < len(self._starts) else len(self._lines)
        height = max(1, self.size.height)
        self._top = min(max(self._top, end - height), first)
        self._top = max(0, min(self._top, len(self._lines) - height))

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.lay()

    def render_line(self, y: int) -> Strip:
        """Return one line of the view."""
        width, base, place = self.size.width, self.rich_style, self._top + y
        if not self.items and self._read:
            empty = _EMPTY if width >= 76 else _EMPTY_NARROW
            text, role = empty[y - 1] if 0 < y <= len(empty) else ("", "")
            return strip(clip([Span(f"  {text}", role)], width), width, base)
        if place >= len(self._lines):
            return Strip.blank(width, base)
        index, line = self._lines[place]
        first = self._starts[index] == place
        cursor = Span(self._symbols.cursor if index == self._cursor and first else " ", "cursor")
        return strip([cursor, *line], width, base)

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked; a second click opens it."""
        place = self._top + event.y
        if place < len(self._lines):
            index = self._lines[place][0]
            if index == self._cursor:
                self.post_message(self.Opened())
            self.move(index - self._cursor)
