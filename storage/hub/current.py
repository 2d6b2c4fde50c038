"""What the page reads: which incidents have changed, and those of their entries that a stakeholder's view needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from domain.entry import Entry
from storage.hub.pushing import entry_of
from storage.hub.tables import ENTRY

_SETS = ("title", "status", "severity", "restricted", "drill", "impact_started_at")
_FACTS = ("raised", "acknowledged", "mitigated", "closed", "reopened", "told")
_ITEMS = ("related", "cause")
NEEDED = (*_SETS, *_ITEMS, *_FACTS, *(f"fact:{name}" for name in _FACTS))
"""What `what` says in the entries that count; a fact is dropped under `fact:NAME`. Notes and alerts are the many."""
_RECENT = 1_000  # entries among which the one that came last is looked for
# Made once: putting a statement together takes longer than answering it.
_CHANGES = (
    select(ENTRY.c.seq, ENTRY.c.incident, ENTRY.c.received_at)
    .where(ENTRY.c.seq > bindparam("after"))
    .order_by(ENTRY.c.seq)
    .limit(bindparam("most"))
)
_INCIDENTS = (
    select(ENTRY.c.incident)
    .where(ENTRY.c.incident > bindparam("after"))
    .distinct()
    .order_by(ENTRY.c.incident)
    .limit(bindparam("most"))
)
_ENTRIES = select(ENTRY).where(
    ENTRY.c.incident.in_(bindparam("incidents", expanding=True)),
    ENTRY.c.held.is_(None),
    or_(
        ENTRY.c.kind.in_(("raise", "alias")),
        ENTRY.c.kind.in_(("set", "fact", "add", "drop")) & ENTRY.c.what.in_(NEEDED),
    ),
)
_LATEST = select(ENTRY.c.received_at).order_by(ENTRY.c.seq.desc()).limit(_RECENT).subquery()
_NEWEST = select(func.max(_LATEST.c.received_at))


class Change(NamedTuple):
    """An entry that came, or was renewed: its number, its incident, and when it first came, ms."""

    seq: int
    incident: str
    received_at: int


def changes(connection: Connection, after: int, most: int) -> list[Change]:
    """Return what follows a number, at most so many, in the hub's order."""
    return [Change(*row) for row in connection.execute(_CHANGES, {"after": after, "most": most})]


def incidents(connection: Connection, after: str, most: int) -> list[str]:
    """Return the ids of incidents that follow one, at most so many, in their order; an empty text begins."""
    return list(connection.execute(_INCIDENTS, {"after": after, "most": most}).scalars())


def entries(connection: Connection, wanted: Sequence[str]) -> dict[str, list[Entry]]:
    """Return, by incident, the entries that a stakeholder's view needs; nothing that is kept back."""
    found: dict[str, list[Entry]] = {incident: [] for incident in wanted}
    for row in connection.execute(_ENTRIES, {"incidents": list(wanted)}):
        found[row.incident].append(entry_of(row))
    return found


def newest_arrival(connection: Connection) -> int | None:
    """Return when an entry came last, ms; None for an empty hub."""
    # A renewed entry has a new number and its old time, so the newest number alone does not tell.
    found = connection.execute(_NEWEST).scalar()
    return None if found is None else int(found)
