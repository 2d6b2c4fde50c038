"""An entry as one JSON object: what an export holds in a line, and what devices and hub send one another.

The body travels as the text it was authored as, so what a newer version wrote passes through bit for bit.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from domain import limits
from domain.entry import Entry, body_hash
from domain.errors import BadTime
from domain.strictjson import JsonError, dumps, loads
from domain.times import LATEST, from_iso, iso

LONGEST_LINE = 2 * limits.BODY + 65_536  # bytes; a body is quoted once more within its line

_SHAPE: Mapping[str, type] = {
    "id": str, "incident": str, "device": str, "dseq": int, "hlc": int, "kind": str, "what": str, "author": str,
    "source": str, "occurred_at": str, "recorded_at": str, "over": list, "bhash": str, "hash": str,
}  # fmt: skip


class BadEntry(ValueError):
    """A line that is no entry; says what is wrong with it."""


def to_object(entry: Entry) -> dict[str, Any]:
    """Return an entry as an object: times ISO 8601 UTC, hashes in hex; `held` only where the hub keeps it back."""
    found = {
        "id": entry.id,
        "incident": entry.incident,
        "device": entry.device,
        "dseq": entry.dseq,
        "hlc": entry.hlc,
        "kind": entry.kind,
        "what": entry.what,
        "author": entry.author,
        "source": entry.source,
        "occurred_at": iso(entry.occurred_at),
        "recorded_at": iso(entry.recorded_at),
        "over": list(entry.over),
        "body": entry.body,
        "bhash": entry.bhash.hex(),
        "hash": entry.hash.hex(),
        "src": entry.src,
    }
    return found if entry.held is None else {**found, "held": entry.held}


def to_line(entry: Entry) -> str:
    """Return an entry as a line of JSON, without its end."""
    return dumps(to_object(entry))


def from_line(line: bytes | str) -> Entry:
    """Read one line.

    Raises:
        BadEntry: It is no JSON, or no entry, or its body is not the one that was hashed.
    """
    try:
        value = loads(line, max_bytes=LONGEST_LINE)
    except JsonError as error:
        raise BadEntry(error.message) from error
    if not isinstance(value, dict):
        raise BadEntry("it is not an object")
    return from_object(value)


def from_object(value: Mapping[str, Any]) -> Entry:
    """Return the entry that an object holds.

    Raises:
        BadEntry: A field is missing, of the wrong kind or out of range, or the body is not the one that was hashed.
    """
    for name, kind in _SHAPE.items():
        if not isinstance(value.get(name), kind) or isinstance(value.get(name), bool):
            raise BadEntry(f"“{name}” is missing or of the wrong kind")
    for name in ("body", "src", "held"):
        if not isinstance(value.get(name), str | None):
            raise BadEntry(f"“{name}” is of the wrong kind")
    try:
        entry = _entry(value)
    except (ValueError, BadTime) as error:
        raise BadEntry(str(error)) from error
    if not entry.device:
        raise BadEntry("“device” is empty")
    check_sizes(entry)
    return entry


def _entry(value: Mapping[str, Any]) -> Entry:
    if not all(isinstance(each, str) for each in value["over"]):
        raise ValueError("“over” holds something that is no id")
    if not 0 < value["dseq"] < 1 << 62 or not 0 <= value["hlc"] < 1 << 63:
        raise ValueError("“dseq” or “hlc” is out of range")
    return Entry(
        id=value["id"],
        incident=str(uuid.UUID(value["incident"])),
        device=value["device"],
        dseq=value["dseq"],
        hlc=value["hlc"],
        kind=value["kind"],
        what=value["what"],
        author=value["author"],
        source=value["source"],
        occurred_at=from_iso(value["occurred_at"]),
        recorded_at=from_iso(value["recorded_at"]),
        over=tuple(value["over"]),
        body=value.get("body"),
        bhash=bytes.fromhex(value["bhash"]),
        hash=bytes.fromhex(value["hash"]),
        src=value.get("src"),
        held=value.get("held"),
    )


def check_sizes(entry: Entry) -> None:
    """Hold an entry against the limits that whoever writes, stores or passes on entries shares.

    Raises:
        BadEntry: It is too large, holds a NUL, or its body is not the one that was hashed.
    """
    if len(entry.bhash) != limits.HASH or len(entry.hash) != limits.HASH:
        raise BadEntry(f"“bhash” and “hash” have {limits.HASH} bytes")
    _check_texts(entry)
    if not (0 <= entry.occurred_at <= LATEST and 0 <= entry.recorded_at <= LATEST and 0 <= entry.hlc < 1 << 63):
        raise BadEntry("its moment is not between 1970 and 9999")
    if len(entry.over) > limits.OVER:
        raise BadEntry(f"“over” names more than {limits.OVER:,} entries")
    if entry.body is None:
        return
    if "\0" in entry.body:  # JSON writes it as an escape
        raise BadEntry("the body holds a NUL character")
    if len(entry.body.encode()) > limits.BODY:
        raise BadEntry(f"the body is larger than {limits.BODY:,} bytes")
    if body_hash(entry.body) != entry.bhash:
        raise BadEntry("the body was changed after it was written")


def _check_texts(entry: Entry) -> None:
    for name in ("id", "device", "kind", "what", "author", "source", "src", "held"):
        text = getattr(entry, name) or ""
        if len(text) > limits.ENVELOPE:
            raise BadEntry(f"“{name}” has more than {limits.ENVELOPE:,} characters")
        if "\0" in text:  # a text of PostgreSQL cannot hold one
            raise BadEntry(f"“{name}” holds a NUL character")
        _require_utf8(name, text)
    for each in entry.over:
        _require_utf8("over", each)
    keys = [entry.id, entry.device or "-", *([entry.what] if entry.kind == "redact" else [])]  # a draft has no device
    if not all(0 < len(key) <= limits.KEY for key in keys):  # a longer one has no place in PostgreSQL's indexes
        raise BadEntry(f"an id is empty or has more than {limits.KEY} characters")


def _require_utf8(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadEntry(f"“{name}” holds half of a surrogate pair") from error
