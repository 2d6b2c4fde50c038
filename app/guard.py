"""The last line of defence between foreign text and the terminal.

Data becomes a widget's text through `widgets.safe.ui_text`, which is enough. This filter stands behind it, for the
one place somebody forgets: Textual passes escape sequences, C1 controls and bidirectional overrides through nearly
every widget, and makes hyperlinks to anywhere out of markup and Markdown.

The app keeps one filter for its whole life (Textual remembers filtered lines by the filter's identity) and puts it
last, after Textual's own::

    def __init__(self, ...) -> None:
        ...
        self._guard = SafeFilter()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._guard]

Line filters are internal to Textual, so its version is pinned and a test drives hostile text through every kind of
widget and a real terminal. What does not pass here: `App.exit(message=...)`, tracebacks, and whatever is printed
before or after the screen; they need `domain.text.safe_text`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.filter import LineFilter

from domain.text import UNSAFE

if TYPE_CHECKING:
    from rich.style import Style
    from textual.color import Color

# OSC 8 allows printable ASCII only, and a terminal opens what it is given: so nothing but the web and mail.
_LINK = re.compile(r"(?:https?://|mailto:)[!-~]+", re.IGNORECASE)
_LONGEST_LINK = 2048  # characters; terminals cut or drop longer ones


class SafeFilter(LineFilter):
    """Drops what a terminal would obey or hide, and links that are not http, https or mailto, from each segment."""

    def __init__(self) -> None:
        super().__init__()
        self._finds_unsafe = re.compile(f"[{UNSAFE}]").search

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return `segments` themselves when all are harmless, else a list of the same width in cells without harm."""
        finds_unsafe = self._finds_unsafe
        for text, style, _control in segments:
            # One search a segment is all that a normal line costs; most hold printable ASCII and cost less.
            if not (text.isascii() and text.isprintable()) and finds_unsafe(text):
                return [_harmless(segment) for segment in segments]
            if style is not None and style.link is not None and not _may_link(style):
                return [_harmless(segment) for segment in segments]
        return segments


def _harmless(segment: Segment) -> Segment:
    text, style, _control = segment
    if style is not None and not _may_link(style):
        style = style.update_link(None)
    return Segment(re.sub(f"[{UNSAFE}]", _blank, text), style)


def _blank(match: re.Match[str]) -> str:
    """Return as many cells as Textual counted for the character, so that the line keeps its width."""
    return " " * get_character_cell_size(match[0])


def _may_link(style: Style) -> bool:
    link = style.link
    return link is None or (len(link) <= _LONGEST_LINK and _LINK.fullmatch(link) is not None)
