"""Who is shown each act of a journal: before it is committed, when it can still be refused, and after."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from storage.rows import rows_among

if TYPE_CHECKING:
    from domain.entry import Entry
    from domain.incident import Incident


class Act(NamedTuple):
    """What one transaction writes down.

    Attributes:
        entries: The entries, in the order they were made; never those that were made elsewhere.
        incidents: The incidents they belong to, as they stand afterwards, with their refs.
    """

    entries: tuple[Entry, ...]
    incidents: tuple[Incident, ...]


class Witness(Protocol):
    """Is shown each act of a journal."""

    def before(self, act: Act) -> None:
        """Look at an act that is about to be committed; the store's lock is held meanwhile.

        Raises:
            Refused: Nothing of it is written.
        """

    def after(self, act: Act) -> None:
        """Be told of an act that is on the disk; returns at once and raises nothing."""


Summons = Callable[[], Witness | None]
"""Asked before each act's commit: who is to see it, None for nobody."""


def nobody() -> None:
    """Call no witness."""


def act_of(connection: sqlite3.Connection, entries: Sequence[Entry], results: Mapping[str, Incident]) -> Act:
    """Return what was recorded as a witness sees it.

    Args:
        connection: In the act's transaction, so that refs made by it are known.
        entries: What was recorded.
        results: The incidents touched, by id.
    """
    touched = dict.fromkeys(entry.incident for entry in entries)
    return Act(tuple(entries), tuple(_named(connection, [results[each] for each in touched if each in results])))


def _named(connection: sqlite3.Connection, incidents: Sequence[Incident]) -> Iterable[Incident]:
    """Return incidents with the present refs of those they relate to."""
    others = list(dict.fromkeys(item.incident for each in incidents for item in each.related if item.incident))
    refs: dict[str, str] = dict(rows_among(connection, "SELECT id, ref FROM incident WHERE id IN", others))
    for each in incidents:
        related = tuple(replace(item, name=refs.get(item.incident or "", item.name)) for item in each.related)
        yield replace(each, related=related) if related else each
