"""What is computed from the entries: the queue rows, their counters, the full-text index. It can all be dropped.

`project` writes the share of some incidents in the caller's transaction, `rebuild` everything's. It speaks to SQLite
itself: a million incidents are rebuilt through here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from domain import ids, limits
from domain.incident import Incident, Item
from domain.ordering import NUMBERS, queue_key
from domain.replay import Replay
from storage import merged, schema
from storage.errors import StoreError
from storage.rows import ENTRY_COLUMNS, entry_of
from storage.sealing import Seal, seal_of
from storage.sealing import held as held_seal

Fold = tuple[Replay, int]
"""The fold of all entries of an incident, and the pk of its newest."""
_HELD_ROWS, _HELD_CHARACTERS = 4000, 16_000_000
_PORTION_INCIDENTS, _PORTION_ENTRIES = 500, 5000


class Place(NamedTuple):
    """Where an incident stands in this store: its key, its number, its ref, and what it is counted under."""

    key: int
    number: int
    ref: str
    status: str
    priority: str | None


class Leads(NamedTuple):
    """What an incident has from others: the ref of what it was merged into, if it was, and whom it is kept from."""

    ref: str | None
    seal: Seal


def place_of(connection: sqlite3.Connection, incident: str) -> Place | None:
    """Return where an incident stands, None when this store does not show it yet."""
    row = connection.execute(
        "SELECT key, number, ref, status, priority FROM incident WHERE id = ?", (incident,)
    ).fetchone()
    return Place(*row) if row else None


def project(connection: sqlite3.Connection, folds: Iterable[Fold]) -> dict[str, Incident]:
    """Write the rows of incidents and return them by id, with their refs, in the order given.

    What has only entries that count for nothing (a device's own, or those that a hub keeps back) has no row.

    Args:
        connection: In a write transaction.
        folds: Of each incident, the fold of all its entries and the pk of its newest.
    """
    return {incident.id: incident for incident in _projected(connection, folds)}


def _projected(connection: sqlite3.Connection, folds: Iterable[Fold]) -> Iterator[Incident]:
    index = _Index(connection)
    for replay, last in folds:
        if not replay.shown:
            _take_out(connection, replay.incident)
            continue
        target = merged.settle(connection, replay)
        leads = Leads(_ref(connection, target), seal_of(connection, replay, target))
        incident, key, before = _place(connection, replay, last, leads)
        index.put(key, before, _texts(replay, incident))
        yield incident
    index.flush()


def _texts(replay: Replay, incident: Incident) -> tuple[str, str, str]:
    return incident.title, searchable(replay, incident), " ".join(_names(incident.tags))


def _ref(connection: sqlite3.Connection, incident: str | None) -> str | None:
    place = place_of(connection, incident) if incident else None
    return place.ref if place else None


def _place(connection: sqlite3.Connection, replay: Replay, last: int, leads: Leads) -> tuple[Incident, int, int | None]:
    """Write one incident's queue row; return it, its key and the key that it had."""
    before = place_of(connection, replay.incident)
    code = ids.code_of(replay.incident)
    incident = replay.result(before.ref if before else _new_ref(connection, code))
    number = before.number if before else _next_number(connection)
    key = queue_key(incident, number)
    if before:
        _remove(connection, replay.incident, before)
    values = _row(incident, code, key, number, last, leads)
    connection.execute(f"INSERT INTO incident ({', '.join(values)}) VALUES (:{', :'.join(values)})", values)
    _count(connection, incident.status, incident.priority, 1)
    rows = [(incident.id, name) for name in sorted(leads.seal.seers)]
    connection.executemany("INSERT INTO seer VALUES (?, ?)", rows)
    return incident, key, before.key if before else None


def _take_out(connection: sqlite3.Connection, incident: str) -> None:
    if before := place_of(connection, incident):
        _remove(connection, incident, before)
        connection.execute("DELETE FROM search WHERE rowid = ?", (before.key,))


def _remove(connection: sqlite3.Connection, incident: str, before: Place) -> None:
    connection.execute("DELETE FROM incident WHERE key = ?", (before.key,))
    connection.execute("DELETE FROM seer WHERE incident = ?", (incident,))
    _count(connection, before.status, before.priority, -1)


class _Index:
    """What is to be written to the full-text index, held back and written in the order of its rowids.

    FTS5 writes out all it has gathered whenever a rowid is smaller than the one before, so order saves half the time.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._stale: list[tuple[int]] = []
        self._rows: list[tuple[int, str, str, str]] = []
        self._size = 0

    def put(self, key: int, before: int | None, texts: tuple[str, str, str]) -> None:
        """Index title, text and tags under a key, in place of what stood under `before`."""
        if before is not None:
            held = "SELECT title, text, tags FROM search WHERE rowid = ?"
            if key == before and self._connection.execute(held, (key,)).fetchone() == texts:
                return
            self._stale.append((before,))
        self._rows.append((key, *texts))
        self._size += sum(map(len, texts))
        if self._size > _HELD_CHARACTERS or len(self._rows) >= _HELD_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._rows:  # what is stale is written anew
            return
        self._connection.executemany("DELETE FROM search WHERE rowid = ?", sorted(self._stale))
        insert = "INSERT INTO search (rowid, title, text, tags) VALUES (?, ?, ?, ?)"
        self._connection.executemany(insert, sorted(self._rows))
        self._stale, self._rows, self._size = [], [], 0


def _row(incident: Incident, code: str, key: int, number: int, last: int, leads: Leads) -> dict[str, Any]:
    return {
        "key": key,
        "number": number,
        "id": incident.id,
        "code": code,
        "ref": incident.ref,
        "title": incident.title,
        "phase": incident.phase,
        "status": incident.status,
        "severity": incident.severity,
        "priority": incident.priority,
        "impact": incident.impact,
        "urgency": incident.urgency,
        "type": incident.type,
        "technical_category": incident.technical_category,
        "service_category": incident.service_category,
        "owner": incident.owner,
        "tags": _json(_names(incident.tags)),
        "resources": _json(_names(incident.resources)),
        "raised_at": incident.raised_at,
        "acknowledged_at": incident.acknowledged_at,
        "mitigated_at": incident.mitigated_at,
        "ended_at": incident.closed_at or incident.ended_at,
        "updated_at": incident.updated_at,
        "conflicts": len(incident.conflicts),
        "firing": incident.firing,
        "drill": incident.drill,
        "to_do": sum(not each.done for each in incident.follow_ups),
        "silenced_until": incident.silenced_until,
        "alias_of": incident.alias_of,
        "merged": leads.ref,
        "escalation": incident.escalation_level,
        "restricted": leads.seal.how,
        "last": last,
    }


def _names(items: Iterable[Item]) -> list[str]:
    return [item.name for item in items]


def _json(names: list[str]) -> str:
    return json.dumps(names, ensure_ascii=False) if names else "[]"


def difference(connection: sqlite3.Connection, replay: Replay, last: int) -> str:
    """Return which columns of an incident's row are not what its entries say, in words; empty when all are.

    Args:
        connection: To the store.
        replay: The fold of all its entries.
        last: pk of its newest entry.
    """
    place = place_of(connection, replay.incident)
    if place is None:
        return "it is not shown" if replay.shown else ""
    code = ids.code_of(replay.incident)
    target = merged.settle(connection, replay)
    leads = Leads(_ref(connection, target), seal_of(connection, replay, target))
    incident = replay.result(ids.ref_of(code, max(ids.SHORTEST, len(place.ref) - len(ids.PREFIX))))
    expected = _row(incident, code, queue_key(incident, place.number), place.number, last, leads)
    row = connection.execute(f"SELECT {', '.join(expected)} FROM incident WHERE id = ?", (incident.id,)).fetchone()
    wrong = [
        f"{name} is {value!r}, should be {expected[name]!r}"
        for name, value in zip(expected, row, strict=True)
        if value != expected[name]
    ]
    if held_seal(connection, incident.id).seers != leads.seal.seers:
        wrong.append("who may see it is something else")
    held = connection.execute("SELECT title, text, tags FROM search WHERE rowid = ?", (place.key,)).fetchone()
    return ", ".join(
        wrong if held == _texts(replay, incident) else [*wrong, "the full-text index holds something else"]
    )


def searchable(replay: Replay, incident: Incident) -> str:
    """Return what a search looks through besides title and tags, each text once, at most `limits.INDEXED` long."""
    texts: dict[str, None] = dict.fromkeys((incident.ref, incident.description, incident.background))
    for items in (incident.resources, incident.originators, incident.causes, incident.actions, incident.allowed):
        texts.update(dict.fromkeys(item.name for item in items))
    texts.update(dict.fromkeys(f"{item.relation} {item.name}" for item in incident.roles))
    texts.update(dict.fromkeys(f"{name} {value}" for name, value in incident.custom.items()))
    texts.update(dict.fromkeys(incident.classifiers))
    texts.update(dict.fromkeys(each.party for each in incident.told))
    texts.update(dict.fromkeys(each.note for each in incident.told))
    texts.update(dict.fromkeys(text for each in incident.escalations for text in (each.to, each.reason)))
    texts.update(dict.fromkeys(text for each in incident.told for text in (each.wording or "", each.duty or "")))
    for update in incident.updates:
        texts.update(dict.fromkeys((update.wording, update.know, update.do, update.text, *update.texts.values())))
    for each in incident.regulated:
        texts.update(dict.fromkeys((each.regulation, each.withdrawn)))
    texts.update(dict.fromkeys((incident.priority_reason or "",)))
    texts.update(dict.fromkeys(each.reason for each in incident.silences))
    texts.update(dict.fromkeys(incident.sections.values()))
    texts.update(dict.fromkeys(each.title for each in incident.follow_ups))
    texts.update(dict.fromkeys(_entry_texts(replay)))
    texts.update(dict.fromkeys(text for _entry, text in replay.notes()))
    return "\n".join(filter(None, texts))[: limits.INDEXED]


def _entry_texts(replay: Replay) -> list[str]:
    found: list[str] = []
    for head in (*replay.heads("status"), *replay.heads("fact:mitigated")):
        found += [str(head.entry.payload.get(key) or "") for key in ("note", "reason", "label")]
    found += [str(head.entry.payload.get("note") or "") for head in replay.heads("alias_of")]
    for head in replay.heads("fact:alert"):
        annotations = head.value.get("annotations") if isinstance(head.value, dict) else None
        found += [str(each) for each in annotations.values()] if isinstance(annotations, dict) else []
    for head in replay.heads("fact:command"):
        found.append(str(head.value.get("command", "")) if isinstance(head.value, dict) else "")
    return found


def _new_ref(connection: sqlite3.Connection, code: str) -> str:
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


def recount(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the counters that are wrong, each with what it should be."""
    shown = "SELECT status || '|' || coalesce(priority, '') AS name, count(*) AS n FROM incident GROUP BY 1"
    right = dict(connection.execute(shown))
    held = dict(connection.execute("SELECT name, n FROM counter WHERE name LIKE '%|%' AND n <> 0"))
    return sorted(
        (name, right.get(name, 0)) for name in right.keys() | held.keys() if right.get(name) != held.get(name)
    )


def rebuild(connection: sqlite3.Connection) -> int:
    """Make every projection anew from the entries, in the order they came; return the number of incidents."""
    schema.create(connection)
    folds = chain.from_iterable(_read(connection, portion) for portion in _portions(connection))
    made = sum(1 for _incident in _projected(connection, folds))
    aliased = [each for (each,) in connection.execute("SELECT id FROM incident WHERE alias_of IS NOT NULL")]
    if aliased:  # what they were merged into, and whom that is kept from, may have come after them
        project(connection, _read(connection, aliased))
    return made


def _portions(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """Yield the incidents in the order they came, some hundred at a time, fewer when they are long."""
    portion: list[str] = []
    held = 0
    order = "SELECT incident, count(*) FROM entry GROUP BY incident ORDER BY min(pk)"
    for incident, entries in connection.execute(order):
        portion.append(incident)
        held += entries
        if len(portion) >= _PORTION_INCIDENTS or held >= _PORTION_ENTRIES:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


def _read(connection: sqlite3.Connection, incidents: list[str]) -> Iterator[Fold]:
    replays = {incident: Replay(incident) for incident in incidents}
    last = dict.fromkeys(incidents, 0)
    marks = ", ".join("?" * len(incidents))
    rows = connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident IN ({marks})", incidents)
    for entry in map(entry_of, rows):
        replays[entry.incident].add(entry)
        last[entry.incident] = max(last[entry.incident], entry.pk)
    return ((replays[incident], last[incident]) for incident in incidents)
