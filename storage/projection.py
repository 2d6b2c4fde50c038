"""What is computed from the entries: the queue rows, their counters, the full-text index. It can all be dropped.

`project` writes one incident's share in the caller's transaction, `rebuild` everything's. It speaks to SQLite
itself: a million incidents are rebuilt through here.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any, NamedTuple

from domain import ids, limits
from domain.incident import Incident
from domain.ordering import NUMBERS, queue_key
from domain.replay import Replay
from storage import schema
from storage.errors import StoreError
from storage.rows import ENTRY_COLUMNS, entry_of


class Place(NamedTuple):
    """Where an incident stands in this store: its key, its number, its ref, and what it is counted under."""

    key: int
    number: int
    ref: str
    status: str
    priority: str | None


def place_of(connection: sqlite3.Connection, incident: str) -> Place | None:
    """Return where an incident stands, None when this store does not show it yet."""
    row = connection.execute(
        "SELECT key, number, ref, status, priority FROM incident WHERE id = ?", (incident,)
    ).fetchone()
    return Place(*row) if row else None


def project(connection: sqlite3.Connection, replay: Replay, last: int) -> Incident:
    """Write the rows of one incident and return it with its ref.

    Args:
        connection: In a write transaction.
        replay: The fold of all its entries.
        last: pk of its newest entry.
    """
    before = place_of(connection, replay.incident)
    incident = replay.result()
    incident = replace(incident, ref=before.ref if before else _new_ref(connection, incident.id))
    number = before.number if before else _next_number(connection)
    key = queue_key(incident, number)
    if before:
        connection.execute("DELETE FROM incident WHERE key = ?", (before.key,))
        connection.execute("DELETE FROM search WHERE rowid = ?", (before.key,))
        _count(connection, before.status, before.priority, -1)
    values = _row(incident, key, number, last)
    connection.execute(f"INSERT INTO incident ({', '.join(values)}) VALUES (:{', :'.join(values)})", values)
    searched = (key, incident.title, searchable(replay, incident), " ".join(item.name for item in incident.tags))
    connection.execute("INSERT INTO search (rowid, title, text, tags) VALUES (?, ?, ?, ?)", searched)
    _count(connection, incident.status, incident.priority, 1)
    return incident


def _row(incident: Incident, key: int, number: int, last: int) -> dict[str, Any]:
    return {
        "key": key,
        "number": number,
        "id": incident.id,
        "code": ids.code_of(incident.id),
        "ref": incident.ref,
        "title": incident.title,
        "phase": incident.phase,
        "status": incident.status,
        "severity": incident.severity,
        "priority": incident.priority,
        "type": incident.type,
        "technical_category": incident.technical_category,
        "service_category": incident.service_category,
        "owner": incident.owner,
        "tags": json.dumps([item.name for item in incident.tags], ensure_ascii=False),
        "resources": json.dumps([item.name for item in incident.resources], ensure_ascii=False),
        "raised_at": incident.raised_at,
        "acknowledged_at": incident.acknowledged_at,
        "mitigated_at": incident.mitigated_at,
        "ended_at": incident.closed_at or incident.ended_at,
        "updated_at": incident.updated_at,
        "conflicts": len(incident.conflicts),
        "firing": incident.firing,
        "drill": incident.drill,
        "last": last,
    }


def difference(connection: sqlite3.Connection, incident: Incident, number: int, key: int) -> str:
    """Return which columns of an incident's row are not what its entries say, in words; empty when all are."""
    connection.row_factory = sqlite3.Row
    try:
        row = connection.execute("SELECT * FROM incident WHERE id = ?", (incident.id,)).fetchone()
    finally:
        connection.row_factory = None
    expected = _row(replace(incident, ref=row["ref"]), key, number, row["last"])
    wrong = [name for name, value in expected.items() if row[name] != value]
    return ", ".join(f"{name} is {row[name]!r}, should be {expected[name]!r}" for name in wrong)


def searchable(replay: Replay, incident: Incident) -> str:
    """Return what a search looks through besides title and tags, each text once, at most `limits.INDEXED` long."""
    texts: dict[str, None] = dict.fromkeys((incident.ref, incident.description, incident.background))
    for items in (incident.resources, incident.originators, incident.causes, incident.actions):
        texts.update(dict.fromkeys(item.name for item in items))
    texts.update(dict.fromkeys(incident.sections.values()))
    texts.update(dict.fromkeys(each.title for each in incident.follow_ups))
    texts.update(dict.fromkeys(_entry_texts(replay)))
    texts.update(dict.fromkeys(text for _entry, text in replay.notes()))
    return "\n".join(filter(None, texts))[: limits.INDEXED]


def _entry_texts(replay: Replay) -> list[str]:
    found: list[str] = []
    for head in (*replay.heads("status"), *replay.heads("fact:mitigated")):
        found += [str(head.entry.payload.get(key) or "") for key in ("note", "reason", "label")]
    for head in replay.heads("fact:alert"):
        annotations = head.value.get("annotations") if isinstance(head.value, dict) else None
        found += [str(each) for each in annotations.values()] if isinstance(annotations, dict) else []
    for head in replay.heads("fact:command"):
        found.append(str(head.value.get("command", "")) if isinstance(head.value, dict) else "")
    return found


def _new_ref(connection: sqlite3.Connection, incident: str) -> str:
    code = ids.code_of(incident)
    same = connection.execute("SELECT ref FROM incident WHERE code >= ? AND code < ?", (code[:5], code[:5] + "~"))
    taken = {ref for (ref,) in same}
    for length in range(ids.SHORTEST, ids.CODE_LENGTH + 1):
        if (ref := ids.ref_of(code, length)) not in taken:
            return ref
    raise StoreError(f"Two incidents share the code {code}", "See: tocsin verify.")  # 1 in 2**62


def _next_number(connection: sqlite3.Connection) -> int:
    sql = "INSERT INTO counter VALUES ('number', 0) ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n"
    (number,) = connection.execute(sql).fetchone()
    if number >= NUMBERS:
        raise StoreError(f"A store holds {NUMBERS:,} incidents", "Start another one with --database.")
    return int(number)


def _count(connection: sqlite3.Connection, status: str, priority: str | None, by: int) -> None:
    sql = "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET n = n + ?2"
    connection.execute(sql, (f"{status}|{priority or ''}", by))


def rebuild(connection: sqlite3.Connection) -> int:
    """Make every projection anew from the entries, in the order they came; return the number of incidents."""
    schema.create(connection)
    order = "SELECT incident FROM entry GROUP BY incident ORDER BY min(pk)"
    found = [incident for (incident,) in connection.execute(order)]
    for incident in found:
        replay, last = Replay(incident), 0
        rows = connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident = ? ORDER BY pk", (incident,))
        for entry in map(entry_of, rows):
            replay.add(entry)
            last = entry.pk
        project(connection, replay, last)
    return len(found)
