"""A line of a screen as spans: text with a role. Textual paints them, and so does the first frame without it.

Nothing here imports Textual or rich, so that the queue can be on the screen before they are.
"""

from __future__ import annotations

from unicodedata import category, east_asian_width

from domain.text import ELLIPSIS, safe_text

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Span(tuple[str, str]):
    """A piece of a line and its role: one of `ROLES`, or empty for plain text. The text is safe."""

    __slots__ = ()

    def __new__(cls, text: str, role: str = "") -> Span:
        """Make it; a `NamedTuple` would do the same and import half the library for it."""
        return tuple.__new__(cls, (text, role))

    @property
    def text(self) -> str:
        """The piece."""
        return self[0]

    @property
    def role(self) -> str:
        """Its role."""
        return self[1]


Spans = list[Span]

# Role -> the terminal's own attributes (SGR) and the same as a rich style. Meaning is never in the colour alone.
ROLES: Mapping[str, tuple[str, str]] = {
    "strong": ("1", "bold"),
    "muted": ("2", "dim"),
    "accent": ("36", "cyan"),
    "bad": ("1;31", "bold red"),
    "warn": ("33", "yellow"),
    "good": ("32", "green"),
    "key": ("1;36", "bold cyan"),
    "undone": ("2;9", "dim strike"),
    "cursor": ("1;36", "bold cyan"),
}

# Our own signs and Textual's frames, each as one ASCII cell, for terminals that draw no more.
ASCII_SIGNS: Mapping[int, int] = str.maketrans(
    "…·•▌★✓⚠→—–“”─━│┃╭╮╰╯┌┐└┘▁▂▃▄▅▆▇█▊▎▏▔❯☰×÷≤↑↓", '~-*>*+!>--""--||++++++++____==##|||->=x/<^v'
)


_WIDE = "\u2e80"  # from here on lie the scripts of East Asia
_PICTURES = "\U0001f000"  # from here on lie emoji and what newer versions of Unicode add
_LETTERS = ("Lo", "Lu", "Ll", "Nd", "Po", "Ps", "Pe")


def fit(text: str, width: int) -> str:
    """Return a safe one-line text in exactly `width` terminal cells: padded, or cut and ended with `…`."""
    if width <= 0:
        return ""
    size = len(text) if text.isascii() else _plain_cells(text)
    if size is None:
        from widgets.safe import cell_fit

        return cell_fit(text, width)
    if size <= width:
        return text + " " * (width - size)
    if size == len(text):
        return text[: width - 1] + ELLIPSIS
    return _cut(text, width - 1) + ELLIPSIS


def cells(text: str) -> int:
    """Return how many terminal cells a safe text takes."""
    size = len(text) if text.isascii() else _plain_cells(text)
    if size is not None:
        return size
    from rich.cells import cell_len

    return cell_len(text)


def _plain_cells(text: str) -> int | None:
    """Return the cells of letters and our own signs; None for what wants rich's tables (emoji, combining marks)."""
    size = 0
    for character in text:
        if (character < "\u0300" and character != "\xad") or ord(character) in ASCII_SIGNS:
            size += 1
        elif character < _WIDE or character >= _PICTURES or category(character) not in _LETTERS:
            return None
        else:
            size += 2 if east_asian_width(character) in "WF" else 1
    return size


def _cut(text: str, width: int) -> str:
    """Return the beginning of a text of plain letters that fills `width` cells, a blank where half a letter is left."""
    size, kept = 0, ""
    for character in text:
        step = 2 if east_asian_width(character) in "WF" else 1
        if size + step > width:
            break
        size, kept = size + step, kept + character
    return kept + " " * (width - size)


def clip(spans: Iterable[Span], width: int) -> Spans:
    """Return spans that fill exactly `width` cells: cut at the end, or padded with blanks."""
    found: Spans = []
    left = width
    for span in spans:
        size = cells(span.text)
        if size > left:
            found.append(Span(fit(span.text, left), span.role))
            return found
        found.append(span)
        left -= size
    if left:
        found.append(Span(" " * left))
    return found


def between(left: Spans, right: Spans, width: int) -> Spans:
    """Return a line with one part at each end; the left part gives way when there is no room."""
    size = sum(cells(span.text) for span in right)
    return [*clip(left, max(0, width - size)), *clip(right, min(size, width))]


def to_ansi(spans: Iterable[Span], *, color: bool = True) -> str:
    """Return spans as text with the terminal's own attributes, plain where `color` is off."""
    if not color:
        return "".join(span.text for span in spans)
    joined: Spans = []
    for span in spans:
        if joined and joined[-1].role == span.role:
            joined[-1] = Span(joined[-1].text + span.text, span.role)
        else:
            joined.append(span)
    return "".join(_ansi(span) for span in joined)


def _ansi(span: Span) -> str:
    attributes = ROLES.get(span.role, ("", ""))[0]
    return f"\x1b[{attributes}m{span.text}\x1b[0m" if attributes and span.text.strip() else span.text


def plain(text: str, role: str = "") -> Span:
    """Return foreign text as a span: one line, nothing in it that commands a terminal."""
    return Span(safe_text(text), role)
