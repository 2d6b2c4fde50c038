"""On which line of a TOML file a setting stands. tomllib does not say; this looks at headers and keys alone."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain import limits

_HEADER = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([^=#\[{]+?)\s*=")
Place = tuple[str | int, ...]
"""Where a setting is: names of tables and keys, and numbers of list items from 0 on."""


def place_of(path: Path, parts: Sequence[str | int]) -> str:
    """Return `FILE:LINE` of a setting such as `("sla", "calendars", 0, "open")`; `FILE` when no line is known."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(limits.SETTINGS_BYTES)
    except OSError:
        return str(path)
    line = line_of(text, parts)
    return f"{path}:{line}" if line else str(path)


def said_in(config: Path, origins: Mapping[str, str], parts: Sequence[str | int]) -> str:
    """Return where a setting was given: the variable that holds it or what is round it, else its place in the file.

    Args:
        config: The settings file.
        origins: Where each setting that is no default came from, by dotted name.
        parts: The way to the setting.
    """
    words = [str(part).lower() for part in parts]
    for size in range(len(words), 0, -1):
        origin = origins.get(".".join(words[:size]), "")
        if origin.startswith("TOCSIN_"):
            return origin
    return place_of(config, parts)


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line, from 1 on, of a setting or of the nearest thing around it; None when nothing of it is there.

    Args:
        text: The file, which is TOML.
        path: The way to the setting.
    """
    known = dict(reversed(list(_places(text))))
    found = (known.get(tuple(path[:length])) for length in range(len(path), 0, -1))
    return next((line for line in found if line is not None), None)


def _places(text: str) -> Iterator[tuple[Place, int]]:
    table: Place = ()
    counts: Counter[Place] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.fullmatch(line)) and (names := _names(header[2])):
            table = _counted(names[:-1], counts) + names[-1:]
            if header[1] == "[[":
                counts[table] += 1
                table += (counts[table] - 1,)
            yield table, number
        elif (key := _KEY.match(line)) and (names := _names(key[1])):
            yield table + names, number


def _names(key: str) -> Place:
    """Return the parts of a dotted key, or nothing when it is none."""
    try:
        value: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    found: list[str | int] = []
    while isinstance(value, dict):
        ((name, value),) = value.items()
        found.append(name)
    return tuple(found)


def _counted(names: Place, counts: Counter[Place]) -> Place:
    """Return the way to the newest item of every list of tables on the way."""
    found: Place = ()
    for name in names:
        found += (name,)
        if isinstance(name, str) and counts[found]:
            found += (counts[found] - 1,)
    return found
