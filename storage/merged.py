"""Which incident stands for which in a store: merges are followed along the column `alias_of`, whatever came first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from domain.aliases import stands_for

if TYPE_CHECKING:  # a list needs no fold
    from domain.replay import Replay

_PORTION = 500
# Of the table itself: what an incident stands for is the same for who sees both and for who sees one of them.
_NEXT = "SELECT alias_of FROM main.incident WHERE id = ?"


def standing(connection: sqlite3.Connection, incident: str) -> str:
    """Return the id of what an incident stands for: itself, unless it was merged; one indexed look if it was not."""
    row = connection.execute(_NEXT, (incident,)).fetchone()
    return _follow(connection, incident, row[0] if row else None)


def _follow(connection: sqlite3.Connection, incident: str, target: str | None) -> str:
    def next_of(each: str) -> tuple[bool, str | None]:
        row = connection.execute(_NEXT, (each,)).fetchone()
        return row is not None, row[0] if row else None

    return stands_for(incident, target, next_of)


def settle(connection: sqlite3.Connection, replay: Replay) -> str | None:
    """Tell a fold whether its incident stands although it was merged, and return the id of what it is, None for itself.

    Nothing is asked of the store for an incident that was not merged.
    """
    alias = replay.value("alias_of")
    replay.stands = False
    if not isinstance(alias, str) or not alias:
        return None
    found = _follow(connection, replay.incident, alias)
    replay.stands = found == replay.incident
    return None if replay.stands else found


def parts(connection: sqlite3.Connection, incident: str) -> list[str]:
    """Return the ids of the incidents that were merged into one, also by way of others; in the order of their ids."""
    return led_to(connection, [incident], without={incident})


def led_to(connection: sqlite3.Connection, incidents: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """Return the ids of all that were merged into any of some incidents, but for those in `without`."""
    found: dict[str, None] = {}
    fresh = list(dict.fromkeys(incidents))
    while fresh:
        fresh = [each for each in dict.fromkeys(_merged_into(connection, fresh)) if each not in found]
        found.update(dict.fromkeys(fresh))
    return sorted(found.keys() - set(without))


def _merged_into(connection: sqlite3.Connection, incidents: list[str]) -> Iterable[str]:
    for start in range(0, len(incidents), _PORTION):
        part = incidents[start : start + _PORTION]
        marks = ", ".join("?" * len(part))
        yield from (
            each for (each,) in connection.execute(f"SELECT id FROM incident WHERE alias_of IN ({marks})", part)
        )


def stale(connection: sqlite3.Connection, incidents: Iterable[str]) -> list[str]:
    """Return those of some merged incidents whose rows say that they stand for another than they do."""
    found = []
    for incident in incidents:
        stands = standing(connection, incident)
        (held,) = connection.execute("SELECT merged FROM incident WHERE id = ?", (incident,)).fetchone()
        (ref,) = connection.execute("SELECT ref FROM incident WHERE id = ?", (stands,)).fetchone()
        if held != (None if stands == incident else ref):
            found.append(incident)
    return found
