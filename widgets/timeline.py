"""The timeline of an incident, painted line by line: when, who, what; long texts are folded, not cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from domain.moments import Moment
from domain.text import safe_text
from widgets.painting import strip
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, cells, clip, fit

_WHO, _WHO_WIDE = 9, 14
_FOLDED = 12  # lines of one moment shown in the list; enter shows it whole
_SCANNED = 20_000  # characters of one text looked at for those lines


class Timeline(ScrollView, can_focus=True, inherit_bindings=False):
    """Moments with a cursor; the newest is at the end and shown first. Posts `Chosen` when one is clicked."""

    DEFAULT_CSS = "Timeline { height: 1fr; overflow: hidden; }"
    ALLOW_SELECT: ClassVar[bool] = False

    class Chosen(Message):
        """A moment is to be read whole."""

        def __init__(self, moment: Moment) -> None:
            super().__init__()
            self.moment = moment

    def __init__(self, symbols: Symbols, zone: Callable[[], tzinfo]) -> None:
        super().__init__(id="timeline")
        self._symbols, self._zone = symbols, zone
        self._moments: list[Moment] = []
        self._cursor = 0
        self._top = 0  # first line in view
        self._starts: list[int] = []  # first line of each moment
        self._lines: list[tuple[int, Spans]] = []  # (moment, line without its cursor cell)

    @property
    def current(self) -> Moment | None:
        """The moment under the cursor."""
        return self._moments[self._cursor] if self._moments else None

    def show(self, moments: list[Moment]) -> None:
        """Show moments; the cursor stays on its moment, or follows the end when it was there."""
        held = self.current.entry.id if self.current else None
        at_end = self._cursor >= len(self._moments) - 1
        self._moments = moments
        places = {moment.entry.id: index for index, moment in enumerate(moments)}
        last = max(0, len(moments) - 1)
        self._cursor = last if at_end or held not in places else places[held]
        self._lay()

    def move(self, by: int) -> None:
        """Move the cursor by so many moments."""
        target = min(max(self._cursor + by, 0), max(0, len(self._moments) - 1))
        if target == self._cursor:
            self._scroll(by)  # a long moment is read on before the cursor leaves it
            return
        before, self._cursor = self._cursor, target
        if self._reveal():
            self.refresh()
        else:
            for index in (before, target):
                self.refresh(Region(0, self._starts[index] - self._top, 1, 1))

    def page(self, by: int) -> None:
        """Move a page up or down."""
        line = self._starts[self._cursor] + by * max(1, self.size.height - 2) if self._starts else 0
        places = [index for index, start in enumerate(self._starts) if start <= max(0, line)]
        self.move((places[-1] if places else 0) - self._cursor)

    def to_first(self) -> None:
        """Go to the first moment."""
        self.move(-len(self._moments))

    def to_last(self) -> None:
        """Go to the newest moment."""
        self.move(len(self._moments))

    # -- layout ----------------------------------------------------------------------------------------------------

    def _lay(self) -> None:
        """Fold every moment into lines for the present width."""
        width = self.size.width
        self._lines, self._starts = [], []
        if not width:
            return
        for index, moment in enumerate(self._moments):
            self._starts.append(len(self._lines))
            self._lines += [(index, line) for line in moment_lines(moment, width - 1, self._zone(), self._symbols)]
        self._reveal()
        self.refresh()

    def _reveal(self) -> bool:
        """Scroll so that the cursor's moment is in view; say whether anything moved."""
        if not self._starts:
            return False
        first = self._starts[self._cursor]
        end = self._starts[self._cursor + 1] if self._cursor + 1 < len(self._starts) else len(self._lines)
        before, height = self._top, max(1, self.size.height)
        if end > self._top + height:
            self._top = end - height
        self._top = min(self._top, first)
        self._top = max(0, min(self._top, len(self._lines) - height))
        return self._top != before

    def _scroll(self, by: int) -> None:
        before = self._top
        self._top = max(0, min(self._top + by, len(self._lines) - self.size.height))
        if self._top != before:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line of the view."""
        width, base = self.size.width, self.rich_style
        place = self._top + y
        if place >= len(self._lines):
            return Strip.blank(width, base)
        index, line = self._lines[place]
        first = self._starts[index] == place
        cursor = Span(self._symbols.cursor, "cursor") if index == self._cursor and first else Span(" ")
        return strip([cursor, *line], width, base)

    def on_resize(self) -> None:
        """Fold for the new width."""
        self._lay()

    def retime(self) -> None:
        """Write the stamps again, for another zone."""
        self._lay()

    def on_click(self, event: events.Click) -> None:
        """Select the moment that was clicked; a second click reads it whole."""
        place = self._top + event.y
        if place < len(self._lines):
            index = self._lines[place][0]
            if index == self._cursor:
                self.post_message(self.Chosen(self._moments[index]))
            self.move(index - self._cursor)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self._scroll(-3)


def moment_lines(moment: Moment, width: int, zone: tzinfo, symbols: Symbols) -> list[Spans]:
    """Return a moment's lines, each `width` cells wide without the cursor's."""
    at = datetime.fromtimestamp(moment.entry.occurred_at / 1000, zone)
    star = symbols.star if moment.starred else " "
    machine = moment.entry.source in ("alert", "implied", "workflow", "sync")
    who = _WHO_WIDE if width >= 100 else _WHO
    head = [
        Span(star, "warn"),
        Span(f"{at:%m-%d %H:%M} ", "muted"),
        Span(fit(safe_text(moment.entry.author), who) + " ", "" if machine else "accent"),
    ]
    indent = 1 + 12 + who + 1
    body = _body(moment, max(10, width - indent))
    role = "undone" if moment.undone else ""
    lines = []
    for number, (text, own_role) in enumerate(body):
        front = head if number == 0 else [Span(" " * indent)]
        lines.append(clip([*front, Span(text, role or own_role)], width))
    return lines


def _body(moment: Moment, width: int) -> list[tuple[str, str]]:
    marks = f"  +{moment.late} late" if moment.late else ""
    marks += "  (undone)" if moment.undone else ""
    found: list[tuple[str, str]] = []
    of = f"{moment.ref}: " if moment.ref else ""
    if moment.headline:
        found += [(line, "strong") for line in fold(of + moment.headline + marks, width)]
        of = marks = ""
    if moment.text:
        found += [(line, "") for line in fold(of + moment.text, width)]
        if marks:
            found[-1] = (found[-1][0] + marks, found[-1][1])
    if len(found) > _FOLDED:
        found = [*found[: _FOLDED - 1], ("... enter reads it whole", "muted")]
    return found or [("", "")]


def fold(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` cells, broken between words; only the beginning of a huge one."""
    lines: list[str] = []
    for paragraph in safe_text(text[:_SCANNED], keep_newlines=True).splitlines() or [""]:
        lines += _fold_line(paragraph, width)
        if len(lines) > _FOLDED * 2:
            break
    return lines


def _fold_line(line: str, width: int) -> list[str]:
    lines: list[str] = []
    while cells(line) > width:
        piece = line[:width]
        while cells(piece) > width:
            piece = piece[:-1]
        blank = piece.rfind(" ")
        cut = blank if blank > width // 2 else len(piece)
        lines.append(line[:cut])
        line = line[cut:].lstrip(" ")
        if len(lines) > _FOLDED * 2:
            return lines
    return [*lines, line]
