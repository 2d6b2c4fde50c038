"""From spans to Textual's strips."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.spans import ROLES, Span, Spans

_STYLES = {role: Style.parse(rich_style) for role, (_ansi, rich_style) in ROLES.items()}
_PLAIN = Style.null()


def strip(spans: Iterable[Span], width: int, base: Style) -> Strip:
    """Return a line for a widget of `width` cells; neighbours of one role become one segment."""
    merged: list[Segment] = []
    for text, role in spans:
        style = base + _STYLES.get(role, _PLAIN)
        blanks = len(text) - len(text.lstrip(" "))
        # Blanks look alike in every role, and as a piece of their own they survive in a picture of the screen.
        for piece, own in ((text[:blanks], base), (text[blanks:], style)):
            if merged and merged[-1].style == own and merged[-1].text.strip(" "):
                merged[-1] = Segment(merged[-1].text + piece, own)
            elif piece:
                merged.append(Segment(piece, own))
    return Strip(merged).adjust_cell_length(width, base)


class Held:
    """The lines that a widget gave last. Textual asks every widget for all its lines when one cell has changed."""

    def __init__(self) -> None:
        self._crop: Region | None = None
        self._lines: list[Strip] = []

    def lines(self, widget: Widget, crop: Region, render: Callable[[Region], list[Strip]]) -> list[Strip]:
        """Return the lines of `crop`: `render` makes those that are dirty, or all when the widget was refreshed."""
        cache = widget._styles_cache
        if crop == self._crop and cache._cache:
            changed = [y for y in crop.line_range if y in cache._dirty_lines] if cache._dirty_lines else []
            self._lines = [*self._lines] if changed else self._lines
            for y in changed:
                (self._lines[y - crop.y],) = render(Region(crop.x, y, crop.width, 1))
        else:
            self._crop, self._lines = crop, render(crop)
        return self._lines


class Line(Widget):
    """One line that is painted from spans, e.g. the top line or the key line.

    Args:
        paint: Given the width, returns the line.
    """

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, paint: Callable[[int], Spans], *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._paint, self._held = paint, Held()

    def repaint(self) -> None:
        """Paint the line again, because what it shows has changed."""
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines, those that have not changed as they were."""
        return self._held.lines(self, crop, super().render_lines)

    def render_line(self, y: int) -> Strip:
        """Return the line."""
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        return strip(self._paint(self.size.width), self.size.width, self.rich_style)
