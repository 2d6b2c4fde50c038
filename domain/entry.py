"""The entry: one immutable line of an incident's timeline, and the hashes that chain a device's entries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.strictjson import loads

# The closed set of kinds. Features add fields (`what` of a set) and facts, never kinds.
KINDS = frozenset({"raise", "set", "note", "fact", "amend", "add", "drop", "alias", "redact", "device"})
REDACTS = "body:"
"""A redaction's `what` is this and the id of the entry whose body goes: it must be readable without its own body."""
SOURCES = frozenset({"human", "workflow", "sync", "implied", "alert"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not recorded yet: what a rule wants written.

    Attributes:
        kind: One of `KINDS`.
        what: The field of a set or amend, the name of a fact, the collection of an add or drop, else the kind.
        body: JSON object; the content as authored.
        over: Ids it replaces; None lets the journal name every current head of the field.
        occurred_at: When it happened, ms; None means now.
        source: One of `SOURCES`; None means the actor's.
        src: Key that makes an import idempotent, e.g. `alertmanager:FINGERPRINT:START:STATUS`.
        incident: Another incident than the one acted on (the far side of a relation); None for the same.
    """

    kind: str
    what: str
    body: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, ...] | None = None
    occurred_at: int | None = None
    source: str | None = None
    src: str | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded line. Times in ms since 1970 UTC; `body` is the JSON text exactly as it was authored.

    Attributes:
        dseq: The device's running number, contiguous from 1.
        hlc: Hybrid logical clock, sort key and tie-break only.
        body: None once redacted; the hashes stay valid.
        bhash: sha256 of the body's bytes.
        hash: sha256 over the device's previous hash, the envelope and `bhash`.
        pk: The number under which this store received it; not part of the entry.
        held: Why the hub keeps the entry back, None for nearly all; it counts for nothing until the hub lets it go.
    """

    id: str
    incident: str
    device: str
    dseq: int
    hlc: int
    kind: str
    what: str
    author: str
    source: str
    occurred_at: int
    recorded_at: int
    over: tuple[str, ...]
    body: str | None
    bhash: bytes
    hash: bytes
    src: str | None = None
    pk: int = 0
    held: str | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The body as an object; empty when redacted or not an object (a newer version's)."""
        if self.body is None:
            return {}
        # Only these can hold what the strict reader refuses or mends; it takes three times as long for the rest.
        rare = "\\u" in self.body or "NaN" in self.body or "Infinity" in self.body
        try:
            value = loads(self.body, max_bytes=len(self.body) * 4) if rare else json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def content(self) -> tuple[object, ...]:
        """What its author wrote, apart from its place in a chain: where it differs, one of two copies was changed."""
        return (
            self.bhash, self.incident, self.kind, self.what, self.author, self.over, self.hlc, self.occurred_at,
        )  # fmt: skip

    @property
    def redacts(self) -> str | None:
        """The id of the entry whose body this one removes; None for nearly all, and while the hub keeps it back."""
        stands = self.kind == "redact" and self.held is None and self.what.startswith(REDACTS)
        return self.what.removeprefix(REDACTS) if stands else None

    @property
    def known(self) -> bool:
        """Whether this version knows the kind; an unknown one is kept, shown as such and passed on."""
        return self.kind in KINDS


def body_hash(body: str) -> bytes:
    """Return the hash of a body's bytes."""
    return hashlib.sha256(body.encode()).digest()


def chain_hash(previous: bytes, entry: Entry) -> bytes:
    """Return the entry's own hash, given the hash of the same device's entry before (empty for the first)."""
    envelope = (
        entry.id, entry.incident, entry.device, entry.dseq, entry.hlc, entry.kind, entry.what, entry.author,
        entry.source, entry.occurred_at, entry.recorded_at, list(entry.over), entry.src,
    )  # fmt: skip
    text = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + entry.bhash + text.encode()).digest()
