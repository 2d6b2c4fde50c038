"""Taking entries in: numbered under one row's lock, so that no reader ever sees a hole that fills later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from domain.entry import REDACTS, Entry, chain_hash
from domain.rights import objection
from storage.hub.engines import CHANNEL
from storage.hub.tables import DEVICE, ENTRY, HUB, PASSED, PERSON

# Made once: putting a statement together takes longer than answering it.
_HUB = select(HUB.c.epoch, HUB.c.seq).with_for_update()
_DEVICES = select(DEVICE).where(DEVICE.c.id.in_(bindparam("ids", expanding=True)))
_PEOPLE = select(PERSON).where(PERSON.c.name.in_(bindparam("names", expanding=True)))
_ENTRIES = select(ENTRY).where(ENTRY.c.id.in_(bindparam("ids", expanding=True)))
_REDACTED = select(ENTRY.c.what).where(
    ENTRY.c.kind == "redact", ENTRY.c.held.is_(None), ENTRY.c.what.in_(bindparam("targets", expanding=True))
)
Tip = tuple[int, bytes]


class Result(NamedTuple):
    """What became of one entry: `ok`, `dup`, `quarantined`, `gap`, `fork` or `bad_hash`, and why."""

    id: str
    result: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Pusher:
    """Who pushes: a person and the device whose token it is."""

    person: str
    device: str
    strict_authors: bool = False


@dataclass(slots=True)
class _Owner:
    name: str
    role: str
    revoked: bool


@dataclass(slots=True)
class _Batch:
    """What is known while a batch is taken in."""

    here: dict[str, Entry]
    tips: dict[str, Tip]
    owners: dict[str, _Owner]
    redacted: set[str]
    fresh: dict[str, Entry] = field(default_factory=dict)
    renewed: dict[str, Entry] = field(default_factory=dict)


class WrongEpoch(Exception):
    """The push was meant for another history of this hub."""

    def __init__(self, epoch: str) -> None:
        super().__init__(epoch)
        self.epoch = epoch


def push(
    connection: Connection, epoch: str, entries: Sequence[Entry], pusher: Pusher, now: int
) -> tuple[list[Result], dict[str, Tip], int]:
    """Take entries in, in their order.

    Args:
        connection: In a write transaction.
        epoch: The history that they are meant for.
        entries: Sorted by device and number.
        pusher: Who sends them.
        now: The present, ms.

    Returns:
        A result for each, how far each of their devices is now, and the hub's newest number.

    Raises:
        WrongEpoch: The hub was restored since.
    """
    # The row's lock makes pushes serial until the commit: a number that is seen has no smaller one to come.
    hub = connection.execute(_HUB).one()
    if hub.epoch != epoch:
        raise WrongEpoch(hub.epoch)
    batch = _look_up(connection, entries, pusher)
    results = [_take(batch, entry, pusher) for entry in entries]
    seq = _write(connection, batch, hub.seq, pusher, now)
    return results, batch.tips, seq


def _look_up(connection: Connection, entries: Sequence[Entry], pusher: Pusher) -> _Batch:
    devices = sorted({entry.device for entry in entries})
    rows = connection.execute(_DEVICES, {"ids": [*devices, pusher.device]}).all()
    known = {row.id: row for row in rows}
    names = {pusher.person, *(row.owner for row in rows)}
    people = {row.name: row for row in connection.execute(_PEOPLE, {"names": sorted(names)})}
    owners = {}
    for device in devices:
        row = known.get(device)
        name = row.owner if row else pusher.person
        person = people.get(name)
        role = person.role if person else ""
        owners[device] = _Owner(name, role, bool((row and row.revoked) or person is None or person.revoked))
    return _Batch(
        here=by_id(connection, [entry.id for entry in entries]),
        tips={
            device: (known[device].dseq, bytes(known[device].hash)) if device in known else (0, b"")
            for device in devices
        },
        owners=owners,
        redacted=_redacted(connection, [entry.id for entry in entries]),
    )


def by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Entry]:
    """Return the entries that are here, of these ids."""
    rows = connection.execute(_ENTRIES, {"ids": list(ids)})
    return {row.id: entry_of(row) for row in rows}


def _redacted(connection: Connection, ids: Sequence[str]) -> set[str]:
    rows = connection.execute(_REDACTED, {"targets": [REDACTS + each for each in ids]})
    return {what.removeprefix(REDACTS) for (what,) in rows}


def _take(batch: _Batch, entry: Entry, pusher: Pusher) -> Result:
    if here := batch.here.get(entry.id):
        return _again(batch, here, entry)
    dseq, tip = batch.tips[entry.device]
    if entry.dseq > dseq + 1:
        return Result(entry.id, "gap", f"{dseq + 1} is the next of this device")
    if entry.dseq <= dseq:
        return Result(entry.id, "fork", "another entry has this place")
    if chain_hash(tip, entry) != entry.hash:
        return Result(entry.id, "fork", "the entry before is another one here")
    why = _objection(batch, entry, pusher)
    kept = replace(entry, held=why, body=None if _is_redacted(batch, entry) else entry.body)
    batch.here[entry.id] = batch.fresh[entry.id] = kept
    batch.tips[entry.device] = entry.dseq, entry.hash
    if target := kept.redacts:
        batch.redacted.add(target)
    return Result(entry.id, "quarantined", why) if why else Result(entry.id, "ok")


def _again(batch: _Batch, here: Entry, came: Entry) -> Result:
    if here.content != came.content:
        return Result(came.id, "bad_hash", "this id is known here with other content")
    if (here.device, here.dseq, here.hash) != (came.device, came.dseq, came.hash):
        return Result(came.id, "fork", f"it is number {here.dseq} of {here.device} here")
    if here.body is None and came.body is not None and not _is_redacted(batch, came):
        changed = batch.fresh if came.id in batch.fresh else batch.renewed
        batch.here[came.id] = changed[came.id] = replace(here, body=came.body)
    return Result(came.id, "quarantined", here.held) if here.held else Result(came.id, "dup")


def _is_redacted(batch: _Batch, entry: Entry) -> bool:
    return entry.id in batch.redacted and entry.kind != "redact"  # why something was redacted stays


def _objection(batch: _Batch, entry: Entry, pusher: Pusher) -> str | None:
    owner = batch.owners[entry.device]
    if owner.revoked:
        return "its device or its owner was revoked"
    if pusher.strict_authors and entry.author != owner.name:
        return f"it is signed {entry.author}, its device is {owner.name}'s"
    return objection(owner.role, entry)


def _write(connection: Connection, batch: _Batch, seq: int, pusher: Pusher, now: int) -> int:
    fresh = list(batch.fresh.values())
    if not fresh and not batch.renewed:
        return seq
    rows = [
        {**row_of(entry), "seq": number, "received_at": now, "pushed_by": pusher.person}
        for number, entry in enumerate(fresh, seq + 1)
    ]
    seq += len(rows)
    if rows:
        connection.execute(insert(ENTRY), rows)
        _advance(connection, batch, {entry.device for entry in fresh}, pusher, now)
    seq = renew(connection, batch.renewed.values(), seq)
    seq = apply_redactions(connection, [target for each in fresh if (target := each.redacts)], seq)
    number(connection, seq)
    return seq


def number(connection: Connection, seq: int) -> None:
    """Write the hub's newest number, and tell the other processes once it is committed."""
    connection.execute(update(HUB).values(seq=seq))
    tell(connection, seq)


def tell(connection: Connection, seq: int) -> None:
    """Tell the other processes on this database that something has changed, once it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, str(seq))))


def _advance(connection: Connection, batch: _Batch, grown: set[str], pusher: Pusher, now: int) -> None:
    known = {row.id for row in connection.execute(_DEVICES, {"ids": sorted(grown)})}
    tips = [{"device": each, "to": batch.tips[each][0], "tip": batch.tips[each][1]} for each in sorted(grown)]
    if old := [row for row in tips if row["device"] in known]:
        statement = update(DEVICE).where(DEVICE.c.id == bindparam("device"))
        connection.execute(statement.values(dseq=bindparam("to"), hash=bindparam("tip")), old)
    if new := [row for row in tips if row["device"] not in known]:
        common = {"owner": pusher.person, "name": "", "relayed": True, "revoked": False, "seen_at": now}
        connection.execute(
            insert(DEVICE), [{**common, "id": row["device"], "dseq": row["to"], "hash": row["tip"]} for row in new]
        )


def renew(connection: Connection, entries: Iterable[Entry], seq: int) -> int:
    """Write entries anew under new numbers, so that everybody takes them over again; return the newest number."""
    for entry in entries:
        seq += 1
        old = connection.execute(select(ENTRY.c.seq).where(ENTRY.c.id == entry.id)).scalar_one()
        connection.execute(insert(PASSED).values(seq=old, id=entry.id))
        changed = update(ENTRY).where(ENTRY.c.id == entry.id)
        connection.execute(changed.values(seq=seq, body=entry.body, held=entry.held))
    return seq


def apply_redactions(connection: Connection, targets: Sequence[str], seq: int) -> int:
    """Remove the bodies of entries; return the newest number."""
    rows = connection.execute(select(ENTRY).where(ENTRY.c.id.in_(list(targets)), ENTRY.c.kind != "redact"))
    found = [replace(entry_of(row), body=None) for row in rows.all() if row.body is not None]
    return renew(connection, found, seq)


def entry_of(row: Any) -> Entry:
    """Return the entry of a row."""
    return Entry(
        row.id, row.incident, row.device, row.dseq, row.hlc, row.kind, row.what, row.author, row.source,
        row.occurred_at, row.recorded_at, tuple(json.loads(row.over)), row.body, bytes(row.bhash), bytes(row.hash),
        row.src, 0, row.held,
    )  # fmt: skip


def row_of(entry: Entry) -> Mapping[str, Any]:
    """Return the columns of an entry that are its own."""
    return {
        "id": entry.id, "incident": entry.incident, "device": entry.device, "dseq": entry.dseq, "hlc": entry.hlc,
        "kind": entry.kind, "what": entry.what, "author": entry.author, "source": entry.source,
        "occurred_at": entry.occurred_at, "recorded_at": entry.recorded_at, "over": json.dumps(entry.over),
        "body": entry.body, "bhash": entry.bhash, "hash": entry.hash, "src": entry.src, "held": entry.held,
    }  # fmt: skip
