"""A line of a screen as spans: text with a role. Textual paints them, and so does the first frame without it.

Nothing here imports Textual or rich, so that the queue can be on the screen before they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.text import ELLIPSIS, safe_text


class Span(NamedTuple):
    """A piece of a line and its role: one of `ROLES`, or empty for plain text. The text is safe."""

    text: str
    role: str = ""


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


def fit(text: str, width: int) -> str:
    """Return a safe one-line text in exactly `width` terminal cells: padded, or cut and ended with `…`."""
    if text.isascii():
        if len(text) <= width:
            return text.ljust(width)
        return text[: max(0, width - 1)] + ELLIPSIS if width > 0 else ""
    from widgets.safe import cell_fit

    return cell_fit(text, width)


def cells(text: str) -> int:
    """Return how many terminal cells a safe text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


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
