"""Earlier incidents that are like one: by words of the title, and by what they hit."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_CANDIDATES = 200  # hits that are compared, in queue order: open ones, then the last closed


class Similar(NamedTuple):
    """An incident that is like another one, and how many words and resources they share."""

    id: str
    ref: str
    title: str
    phase: str
    type: str | None
    technical_category: str | None
    service_category: str | None
    shared: int


def similar(
    connection: sqlite3.Connection, words: Sequence[str], resources: Sequence[str], exclude: str, limit: int
) -> list[Similar]:
    """Return incidents that share words of the title or resources, those that share most first.

    Args:
        connection: To the store.
        words: Lower-case words to look for; at least two must be shared, or the only one.
        resources: Names of what is hit; each counts as two words.
        exclude: The id of the incident itself, empty for none.
        limit: The most that are returned.
    """
    quoted = [f'"{phrase}"' for text in (*words, *resources) if (phrase := " ".join(_WORD.findall(text)))]
    if not quoted:
        return []
    sql = """
        SELECT incident.id, incident.ref, incident.title, incident.phase, incident.type, incident.technical_category,
            incident.service_category, incident.resources
        FROM search JOIN incident ON incident.key = search.rowid
        WHERE search MATCH ? AND incident.id <> ? ORDER BY search.rowid LIMIT ?
    """
    rows = connection.execute(sql, (" OR ".join(quoted), exclude, _CANDIDATES)).fetchall()
    wanted, hit = set(words), set(resources)
    found = [Similar._make((*row[:7], _shared(row[2], row[7], wanted, hit))) for row in rows]
    enough = [each for each in found if each.shared >= min(2, len(wanted) + 2 * len(hit))]
    return sorted(enough, key=lambda each: -each.shared)[:limit]


def _shared(title: str, resources: str, words: set[str], hit: set[str]) -> int:
    named = set(_WORD.findall(title.lower()))
    return len(words & named) + 2 * len(hit.intersection(json.loads(resources)))
