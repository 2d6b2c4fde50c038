"""Two texts and their merge side by side, line by line; where it is narrow, one below the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from domain.merge import Hunk, Lines, Merge
from domain.text import safe_text
from widgets.spans import Span, Spans, clip, fit
from widgets.timeline import fold

NARROW = 72  # cells; below that, three panes are too thin to read
_CONTEXT = 2  # lines shown of what is alike, before and after a difference
_MOST_ROWS = 2_000  # of the screen; nobody scrolls further
_BAR = "│"
# What stands before a line says what the colour says. In the merge, `<` is taken from the left and `>` from the right.
_ROLES = {"+": "accent", "-": "undone", "<": "accent", ">": "accent", "=": "good", "?": "warn", "~": "muted"}


class Sides(NamedTuple):
    """What stands over the panes: who wrote the left and the right text, each with its number in the list."""

    left: str
    right: str
    left_number: int
    right_number: int


Marked = list[tuple[str, str]]
"""Lines, each with its mark."""


def pane_lines(merge: Merge, sides: Sides, width: int) -> list[Spans]:
    """Return the rows for a width; the left text is `theirs` of the merge, the right one `mine`."""
    narrow = width < NARROW
    rows: list[Spans] = [_narrow_heading(sides, width)] if narrow else [_heading(sides, width)]
    for number, hunk in enumerate(merge.hunks):
        ends = (number == 0, number == len(merge.hunks) - 1)
        rows += _narrow_rows(hunk, sides, ends, width) if narrow else _wide_rows(hunk, ends, width)
        if len(rows) > _MOST_ROWS:
            return [*rows[:_MOST_ROWS], [Span(" ~ more; e shows all of it", "muted")]]
    return rows


def _widths(width: int) -> tuple[int, int, int]:
    side = (width - 2) // 3
    return side, width - 2 - 2 * side, side


def _heading(sides: Sides, width: int) -> Spans:
    left, middle, right = _widths(width)
    return [
        Span(fit(f" {sides.left_number} {safe_text(sides.left)}", left), "key"),
        Span(_BAR, "muted"),
        Span(fit("   merged", middle), "key"),
        Span(_BAR, "muted"),
        Span(fit(f" {sides.right_number} {safe_text(sides.right)}", right), "key"),
    ]


def _wide_rows(hunk: Hunk, ends: tuple[bool, bool], width: int) -> Iterator[Spans]:
    sizes = _widths(width)
    columns = (_side(hunk, hunk.theirs, ends), _middle(hunk, ends), _side(hunk, hunk.mine, ends))
    wrapped = [list(_wrapped(column, size)) for column, size in zip(columns, sizes, strict=True)]
    for cells in zip_longest(*wrapped):
        row: Spans = []
        for cell, size in zip(cells, sizes, strict=True):
            row += [Span(_BAR, "muted")] if row else []
            row += clip([cell] if cell else [], size)
        yield row


def _side(hunk: Hunk, lines: Lines, ends: tuple[bool, bool]) -> Marked:
    if not hunk.by:
        return _alike(lines, ends)
    if lines == hunk.base:
        return [(" ", line) for line in lines]
    if not lines:
        return [("-", line) for line in hunk.base]
    return [("+", line) for line in lines]


def _middle(hunk: Hunk, ends: tuple[bool, bool]) -> Marked:
    if hunk.disputed:
        return [("?", "to decide: both wrote here")]
    mark = {"theirs": "<", "mine": ">", "both": "=", "": " "}[hunk.by]
    return _alike(hunk.merged, ends) if not hunk.by else [(mark, line) for line in hunk.merged]


def _alike(lines: Lines, ends: tuple[bool, bool]) -> Marked:
    """Return what nobody changed: only what is near to a difference."""
    first, last = ends
    before = 0 if first else _CONTEXT
    after = 0 if last else _CONTEXT
    left = len(lines) - before - after
    if left <= 2:
        return [(" ", line) for line in lines]
    head, tail = lines[:before], lines[len(lines) - after :]
    return [*((" ", line) for line in head), ("~", f"{left} lines alike"), *((" ", line) for line in tail)]


def _wrapped(lines: Marked, size: int) -> Iterator[Span]:
    for mark, line in lines:
        role = _ROLES.get(mark, "")
        for number, part in enumerate(fold(line, max(4, size - 2))):
            yield Span(f"{mark if number == 0 else ' '} {part}", role)


def _narrow_heading(sides: Sides, width: int) -> Spans:
    return clip(
        [
            Span(f" {sides.left_number} ", "key"),
            Span(safe_text(sides.left), "accent"),
            Span(f"  {sides.right_number} ", "key"),
            Span(safe_text(sides.right), "accent"),
        ],
        width,
    )


def _narrow_rows(hunk: Hunk, sides: Sides, ends: tuple[bool, bool], width: int) -> Iterator[Spans]:
    for who, lines in _narrow_parts(hunk, sides, ends):
        for span in _wrapped(lines, width - 2):
            yield clip([Span(f"{who} ", "key"), span], width)


def _narrow_parts(hunk: Hunk, sides: Sides, ends: tuple[bool, bool]) -> Iterator[tuple[str, Marked]]:
    left, right = (str(number) if number < 10 else "-" for number in (sides.left_number, sides.right_number))
    if not hunk.by:
        yield " ", _alike(hunk.base, ends)
    elif hunk.disputed:
        yield left, [("?", line) for line in hunk.theirs] or [("?", "(took it out)")]
        yield right, [("?", line) for line in hunk.mine] or [("?", "(took it out)")]
    else:
        who = {"theirs": left, "mine": right, "both": "="}[hunk.by]
        yield who, [*(("-", line) for line in hunk.base), *(("+", line) for line in hunk.merged)]
