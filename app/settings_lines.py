"""Where in a settings file something is said: the reader of TOML gives no lines, so the file is looked through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain import limits

Part = str | int
_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*([\w."' -]+?)\s*=""")


def place_of(path: Path, parts: Sequence[Part]) -> str:
    """Return `FILE:LINE` of a setting such as `("sla", "calendars", 0, "open")`; `FILE` when no line is known."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(limits.SETTINGS_BYTES)
    except OSError:
        return str(path)
    line = line_of(text, parts)
    return f"{path}:{line}" if line else str(path)


def line_of(text: str, parts: Sequence[Part]) -> int | None:
    """Return the line that says the most of a setting's name, counted from 1, None when none says any of it."""
    best, found = 0, None
    for number, said in _said(text):
        if len(said) > best and said == tuple(parts[: len(said)]):
            best, found = len(said), number
    return found


def _said(text: str) -> Iterator[tuple[int, tuple[Part, ...]]]:
    """Yield each line that names a table or a key, with the whole name; tables of a list have a number in it."""
    counts: dict[tuple[Part, ...], int] = {}
    table: tuple[Part, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.fullmatch(line):
            table = _numbered(_split(match[2]), counts)
            if match[1] == "[[":
                bare = table if not isinstance(table[-1], int) else table[:-1]
                counts[bare] = counts.get(bare, -1) + 1
                table = (*bare, counts[bare])
            yield number, table
        elif match := _KEY.match(line):
            yield number, (*table, *_split(match[1]))


def _split(name: str) -> tuple[Part, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _numbered(name: tuple[Part, ...], counts: dict[tuple[Part, ...], int]) -> tuple[Part, ...]:
    """Return a table's name with the numbers of the lists that it lies in."""
    found: tuple[Part, ...] = ()
    for part in name:
        found = (*found, part)
        if found in counts:
            found = (*found, counts[found])
    return found
