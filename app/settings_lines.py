"""Where a setting stands in its file: a TOML reader gives values, and a person who has to mend one needs the line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*([A-Za-z0-9_.\-"' ]+?)\s*=""")


def place(path: Path, *names: str | int) -> str:
    """Return where a setting stands: `FILE, line N`, or the file alone when it cannot be told.

    Args:
        path: The settings file.
        names: The way to it: names of tables, a number for each list of tables on the way, from 0.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return str(path)
    line = line_of(text, names)
    return f"{path}, line {line}" if line else str(path)


def line_of(text: str, names: Sequence[str | int]) -> int | None:
    """Return the line, from 1, of a setting or of what stands nearest round it; None when nothing of it is there."""
    here: tuple[str | int, ...] = ()
    count: dict[tuple[str | int, ...], int] = {}
    best, depth = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            here = _parts(table[2])
            if table[1] == "[[":
                count[here] = count.get(here, -1) + 1
                here = (*here, count[here])
            found: tuple[str | int, ...] = here
        elif key := _KEY.match(line):
            found = (*here, *_parts(key[1]))
        else:
            continue
        if len(found) > depth and tuple(names[: len(found)]) == found:
            best, depth = number, len(found)
    return best


def _parts(name: str) -> tuple[str | int, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
