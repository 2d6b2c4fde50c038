"""What the terminal shows already is not sent again.

Textual sends whole dirty regions, and its first screen several times; over SSH that is most of the bytes. `Shown`
remembers what each line of the terminal holds (the first frame's lines to begin with) and takes lines that would
change nothing out of an update. `BareDefaults` drops the codes for the default colours, which every line begins with.

Both stand on Textual's internals (the compositor's updates), so its version is pinned and tests compare the screen
with and without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

Content = tuple[tuple[str, Style], ...]
_NULL = Style.null()


class Shown:
    """The lines of a terminal as they are."""

    def __init__(self) -> None:
        self._lines: dict[int, Content] = {}

    def forget(self) -> None:
        """Know nothing: the terminal was cleared, resized, or somebody else wrote on it."""
        self._lines.clear()

    def begin(self, strips: Sequence[Strip]) -> None:
        """Know the lines that a first frame has painted."""
        self._lines = {y: content([strip]) for y, strip in enumerate(strips)}

    def reduce(self, update: CompositorUpdate, width: int) -> CompositorUpdate | None:
        """Return what of an update changes the terminal (None for nothing), and remember it."""
        if isinstance(update, LayoutUpdate):
            return self._reduce_layout(update, width)
        if isinstance(update, ChopsUpdate):
            return self._reduce_chops(update, width)
        self.forget()
        return update

    def _reduce_layout(self, update: LayoutUpdate, width: int) -> CompositorUpdate | None:
        if update.region.x or update.region.width < width:
            self.forget()
            return update
        changed: list[tuple[int, list[Strip]]] = []
        for y, line in enumerate(update.strips, update.region.y):
            strips = list(line)
            if self._differs(y, strips):
                changed.append((y, strips))
        return Lines(changed, width) if changed else None

    def _reduce_chops(self, update: ChopsUpdate, width: int) -> CompositorUpdate | None:
        kept = []
        for span in update.spans:
            y, start, end = span
            strips = list(update.chops[y].values())
            whole = [strip for strip in strips if strip is not None]
            if start <= 0 and end >= width and len(whole) == len(strips):
                if not self._differs(y, whole):
                    continue
            else:
                self._lines.pop(y, None)
            kept.append(span)
        return ChopsUpdate(update.chops, kept, update.chop_ends) if kept else None

    def _differs(self, y: int, strips: Iterable[Strip]) -> bool:
        new = content(strips)
        if self._lines.get(y) == new:
            return False
        self._lines[y] = new
        return True


class Lines(LayoutUpdate):
    """Some whole lines of the screen."""

    def __init__(self, lines: list[tuple[int, list[Strip]]], width: int) -> None:
        last = max(y for y, _strips in lines)
        by_line = dict(lines)
        super().__init__([by_line.get(y, []) for y in range(last + 1)], Region(0, 0, width, last + 1))
        self._changed = lines

    def render_segments(self, console: object) -> str:
        """Return the changed lines as text for the terminal, each at its place."""
        return "".join(
            f"\x1b[{y + 1};1H" + "".join(strip.render(console) for strip in strips)  # type: ignore[arg-type]
            for y, strips in self._changed
        )


class BareDefaults(LineFilter):
    """Takes the default colours out of styles: a reset before each segment has set them already."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments without codes for default colours."""
        return [Segment(text, _bare(style) if style else style, control) for text, style, control in segments]


def content(strips: Iterable[Strip]) -> Content:
    """Return what strips show: text by style, neighbours of one style joined."""
    joined: list[tuple[str, Style]] = []
    for strip in strips:
        for text, style, _control in strip:
            shown = _bare(style) if style else _NULL
            if joined and joined[-1][1] == shown:
                joined[-1] = (joined[-1][0] + text, shown)
            elif text:
                joined.append((text, shown))
    return tuple(joined)


@lru_cache(maxsize=512)
def _bare(style: Style) -> Style:
    """Return a style without default colours and without Textual's own marks (which are not shown)."""
    color = None if style.color is None or style.color.is_default else style.color
    ground = None if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor
    return Style(
        color=color,
        bgcolor=ground,
        bold=style.bold or None,
        dim=style.dim or None,
        italic=style.italic or None,
        underline=style.underline or None,
        blink=style.blink or None,
        reverse=style.reverse or None,
        strike=style.strike or None,
        overline=style.overline or None,
        link=style.link,
    )
