"""Entries made by hand, and a journal in memory: what the tests of the rules write timelines with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from domain import hlc
from domain.entry import Draft, Entry, body_hash, chain_hash
from domain.incident import Incident, Item
from domain.replay import Replay, field_of
from domain.undo import undo

START = 1_795_000_000_000  # ms; an ordinary day
INCIDENT = "01a1f0a0-0000-7000-8000-000000000001"


def entry(
    identifier: str, kind: str, what: str | None = None, body: Mapping[str, Any] | str | None = None, **more: Any
) -> Entry:
    """Return an entry; `body` is an object, or the JSON text itself."""
    text = body if isinstance(body, str) else json.dumps(body or {})
    known: dict[str, Any] = {
        "incident": INCIDENT,
        "device": "d1",
        "dseq": 1,
        "hlc": 1,
        "author": "ana",
        "source": "human",
        "occurred_at": START,
        "recorded_at": START,
        "over": (),
        "body": text,
        "bhash": body_hash(text),
        "hash": b"",
        **more,
    }
    return Entry(id=identifier, kind=kind, what=what or kind, **known)


class Memory:
    """A journal in memory: one device, one incident; drafts become entries as the store's journal makes them."""

    def __init__(self, device: str = "d1", author: str = "ana") -> None:
        self.device, self.author, self.now = device, author, START
        self.entries: list[Entry] = []
        self.replay = Replay(INCIDENT)
        self.tip, self.hlc = b"", 0

    @property
    def incident(self) -> Incident:
        """The incident as it stands."""
        return replace(self.replay.result(), ref="INC-TEST1")

    def record(self, drafts: Iterable[Draft]) -> list[Entry]:
        """Append the drafts of this incident and return what was made of them."""
        return [self._append(draft) for draft in drafts if draft.incident in (None, INCIDENT)]

    def undo(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take entries back and return what was recorded for it."""
        return self.record(undo(self.replay, list(entries), self.entries))

    def receive(self, made: Entry) -> None:
        """Take an entry of another device."""
        self.entries.append(made)
        self.replay.add(made)
        self.hlc = max(self.hlc, made.hlc)

    def _append(self, draft: Draft) -> Entry:
        self.hlc = hlc.tick(self.hlc, self.now)
        made = entry(
            f"{self.device}-{len(self.entries):05d}",
            draft.kind,
            draft.what,
            draft.body,
            device=self.device,
            dseq=len(self.entries) + 1,
            hlc=self.hlc,
            author=self.author,
            source=draft.source or "human",
            occurred_at=self.now if draft.occurred_at is None else draft.occurred_at,
            recorded_at=self.now,
            src=draft.src,
        )
        made = replace(made, over=self._over(made) if draft.over is None else draft.over)
        self.tip = chain_hash(self.tip, made)
        made = replace(made, hash=self.tip)
        self.entries.append(made)
        self.replay.add(made)
        return made

    def _over(self, made: Entry) -> tuple[str, ...]:
        if made.kind not in ("set", "amend", "alias"):
            return ()
        return tuple(head.entry.id for head in self.replay.heads(field_of(made)))


def raised(**values: Any) -> Memory:
    """Return a journal that holds one raised incident."""
    journal = Memory()
    journal.record((Draft("raise", "raise", {"title": "Mail is down", **values}),))
    return journal


def view(journal: Memory) -> dict[str, Any]:
    """Return everything a responder sees of the incident: all fields, without counters and entries' ids."""
    incident = journal.incident
    found = {f.name: getattr(incident, f.name) for f in fields(incident) if f.name not in ("entries", "updated_at")}
    for name, value in found.items():
        if isinstance(value, tuple) and value and isinstance(value[0], Item):
            found[name] = sorted(repr(replace(item, entry="", also=())) for item in value)
        if name == "escalations":
            found[name] = [replace(each, entry="") for each in incident.escalations]
    found["conflicts"] = {name: sorted(repr(c.value) for c in each) for name, each in incident.conflicts.items()}
    found["texts"] = sorted((note.occurred_at, text) for note, text in journal.replay.notes())
    return found
