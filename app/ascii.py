"""For terminals that draw no more than ASCII: the few signs of our own and of Textual's frames, as ASCII."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from widgets.spans import ASCII_SIGNS


class AsciiSigns(LineFilter):
    """Draws our own signs as ASCII, cell for cell; letters are left as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments with ASCII signs."""
        return [Segment(text.translate(ASCII_SIGNS), style, control) for text, style, control in segments]
