"""A three-way merge of texts, line by line: what one side changed is taken, what both changed otherwise is disputed.

The classic diff3: a line of the base that both sides kept is common ground, and between two of those lies a hunk.
Nothing is guessed and nothing is lost: the lines of the base and of both sides can be read back from the hunks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_LINES = 4_000  # of the part that differs
_MOST_PAIRS = 1_000_000  # of equal lines; what is beyond is one disputed hunk rather than a screen that stands still
_MARKS = ("<<<<<<<", "=======", ">>>>>>>")

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of the three texts, as lines without their ends; any of them may be empty."""

    base: Lines
    mine: Lines
    theirs: Lines

    @property
    def disputed(self) -> bool:
        """Whether both sides changed it, and not to the same."""
        return self.mine != self.theirs and self.base not in (self.mine, self.theirs)

    @property
    def merged(self) -> Lines:
        """What it is agreed to be; of a disputed one, which nobody agreed to, mine."""
        return self.theirs if self.mine == self.base else self.mine

    @property
    def by(self) -> str:
        """Who changed it: empty for nobody, `mine`, `theirs`, `both` (alike), or `disputed`."""
        if self.disputed:
            return "disputed"
        if self.mine == self.theirs:
            return "" if self.mine == self.base else "both"
        return "theirs" if self.mine == self.base else "mine"


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge: hunks in the order of the texts."""

    hunks: tuple[Hunk, ...]

    @property
    def disputed(self) -> int:
        """How many hunks somebody has to decide."""
        return sum(hunk.disputed for hunk in self.hunks)

    @property
    def merged(self) -> str | None:
        """The merged text; None when something is disputed."""
        return None if self.disputed else _text(hunk.merged for hunk in self.hunks)

    def to_edit(self, mine: str, theirs: str) -> str:
        """Return the merged text with both sides of what is disputed between marks, named after who wrote them."""
        lines: list[str] = []
        for hunk in self.hunks:
            if hunk.disputed:
                lines += [f"{_MARKS[0]} {mine}", *hunk.mine, _MARKS[1], *hunk.theirs, f"{_MARKS[2]} {theirs}"]
            else:
                lines += hunk.merged
        return "\n".join(lines)


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Merge two texts that were made from one; it costs at most some tenths of a second, whatever the texts."""
    b, m, t = (_lines(text) for text in (base, mine, theirs))
    with_mine, with_theirs = _matches(b, m), _matches(b, t)
    hunks: list[Hunk] = []
    at = 0, 0, 0
    while at != (len(b), len(m), len(t)):
        place = at[0]
        common = place
        while with_mine.get(common) == at[1] + common - place and with_theirs.get(common) == at[2] + common - place:
            common += 1
        if common > place:
            to = common, at[1] + common - place, at[2] + common - place
        else:
            common = next((n for n in range(place, len(b)) if n in with_mine and n in with_theirs), len(b))
            to = common, with_mine.get(common, len(m)), with_theirs.get(common, len(t))
        hunks.append(Hunk(b[at[0] : to[0]], m[at[1] : to[1]], t[at[2] : to[2]]))
        at = to
    return Merge(tuple(hunks))


def merge_all(base: str, texts: Sequence[str]) -> str | None:
    """Return the merge of any number of texts, None when something is disputed between any of them."""
    found: str | None = base
    for text in texts:
        # What the ones before agreed on is one side; for the first of them that is the base itself.
        found = None if found is None else merge(base, found, text).merged
    return found


def has_marks(text: str) -> bool:
    """Say whether a disputed place still stands in a text that `to_edit` gave; `=======` may be a heading's line."""
    return any(line.startswith((f"{_MARKS[0]} ", f"{_MARKS[2]} ")) for line in text.split("\n"))


def _lines(text: str) -> Lines:
    return tuple(text.split("\n")) if text else ()


def _text(parts: Iterable[Lines]) -> str:
    return "\n".join(line for part in parts for line in part)


def _matches(base: Lines, side: Lines) -> dict[int, int]:
    """Return which line of the base is which of a side: equal lines, each once, in the same order."""
    most = min(len(base), len(side))
    head = next((n for n in range(most) if base[n] != side[n]), most)
    tail = next((n for n in range(most - head) if base[-1 - n] != side[-1 - n]), most - head)
    found = {n: n for n in range(head)}
    found.update((len(base) - n, len(side) - n) for n in range(1, tail + 1))
    inner, other = base[head : len(base) - tail], side[head : len(side) - tail]
    if _bearable(inner, other):
        for block in SequenceMatcher(None, inner, other, autojunk=False).get_matching_blocks():
            found.update((head + block.a + n, head + block.b + n) for n in range(block.size))
    return found


def _bearable(one: Lines, other: Lines) -> bool:
    """Say whether comparing takes no longer than a person would wait; the same for both orders."""
    if max(len(one), len(other)) > _MOST_LINES:
        return False
    counts = Counter(one)
    return sum(counts[line] * n for line, n in Counter(other).items()) <= _MOST_PAIRS
