"""Export and import: JSON Lines, a header and then one entry a line, exactly as it was recorded.

`export | import` gives an equal store; importing twice changes nothing. Both stream: memory does not grow with
the number of incidents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from domain import limits
from domain.entry import Entry, body_hash
from domain.errors import BadTime
from domain.strictjson import JsonError, dumps, loads
from domain.times import from_iso, iso
from storage.connection import connect
from storage.errors import Unusable, translated
from storage.journal import Journal
from storage.rows import ENTRY_COLUMNS, entry_of

FORMAT = "tocsin-export"
FORMAT_VERSION = 1
_BATCH = 5000
_LONGEST_LINE = 2 * limits.BODY + 65_536  # bytes; a body is quoted once more within its line
Progress = Callable[[int, int], None]


class BadExport(Unusable):
    """A line of the file is not what an export holds; names the line. What came before it was imported."""

    code = "bad_export"


def export_lines(path: Path, incidents: Iterable[str] | None = None) -> Iterator[str]:
    """Yield the header and then every entry (or only those of some incidents), each a line without its end."""
    with translated(path), closing(connect(path)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment of the store begins here
        yield dumps({"format": FORMAT, "version": FORMAT_VERSION})
        for row in _rows(connection, incidents):
            yield dumps(_to_json(entry_of(row)))


def _rows(connection: sqlite3.Connection, incidents: Iterable[str] | None) -> Iterator[tuple[Any, ...]]:
    if incidents is None:
        yield from connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry ORDER BY pk")
        return
    for incident in incidents:
        yield from connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident = ? ORDER BY pk", (incident,))


def _to_json(entry: Entry) -> dict[str, Any]:
    return {
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


def import_lines(journal: Journal, stream: BinaryIO, progress: Progress | None = None) -> tuple[int, int]:
    """Read an export into a store; return how many entries it held and how many were new.

    Args:
        journal: Of the store; its source should be `sync`, so that nothing counts as seen.
        stream: The file, opened for bytes.
        progress: Called with the number of entries read, and 0.

    Raises:
        BadExport: A line is broken; entries before its batch of 5,000 are in the store.
    """
    lines = _lines(stream)
    _check_header(next(lines, (1, b"")))
    read = new = 0
    while batch := [_from_line(number, line) for number, line in islice(lines, _BATCH)]:
        new += journal.receive(batch)
        read += len(batch)
        if progress:
            progress(read, 0)
    return read, new


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise BadExport(f"Line {number} is longer than {_LONGEST_LINE:,} bytes", "Is it an export of tocsin?")
        if line.strip():
            yield number, line


def _check_header(first: tuple[int, bytes]) -> None:
    header = _object(*first)
    if header.get("format") != FORMAT:
        raise BadExport("Line 1 is not the header of an export", "Make the file with: tocsin export.")
    if header.get("version") != FORMAT_VERSION:
        remedy = "Upgrade tocsin on this machine."
        raise BadExport(f"The export has version {header.get('version')}, this tocsin reads {FORMAT_VERSION}", remedy)


def _object(number: int, line: bytes) -> dict[str, Any]:
    try:
        value = loads(line, max_bytes=_LONGEST_LINE)
    except JsonError as error:
        raise BadExport(f"Line {number} is broken: {error.message}", "Make the export again.") from error
    if not isinstance(value, dict):
        raise BadExport(f"Line {number} is not an object", "Make the export again.")
    return value


_SHAPE: dict[str, type] = {
    "id": str, "incident": str, "device": str, "dseq": int, "hlc": int, "kind": str, "what": str, "author": str,
    "source": str, "occurred_at": str, "recorded_at": str, "over": list, "bhash": str, "hash": str,
}  # fmt: skip


def _from_line(number: int, line: bytes) -> Entry:
    value = _object(number, line)
    for name, kind in _SHAPE.items():
        if not isinstance(value.get(name), kind) or isinstance(value.get(name), bool):
            raise BadExport(f"Line {number}: “{name}” is missing or of the wrong kind", "Make the export again.")
    body, src = value.get("body"), value.get("src")
    if not isinstance(body, str | None) or not isinstance(src, str | None):
        raise BadExport(f"Line {number}: “body” or “src” is of the wrong kind", "Make the export again.")
    try:
        entry = _entry(value, body, src)
    except (ValueError, BadTime) as error:
        raise BadExport(f"Line {number}: {error}", "Make the export again.") from error
    if body is not None and body_hash(body) != entry.bhash:
        raise BadExport(f"Line {number}: the body was changed after it was written", "Use the original export.")
    return entry


def _entry(value: dict[str, Any], body: str | None, src: str | None) -> Entry:
    over = tuple(each for each in value["over"] if isinstance(each, str))
    if not 0 < value["dseq"] < 1 << 62 or not 0 <= value["hlc"] < 1 << 63:
        raise ValueError("“dseq” or “hlc” is out of range")
    return Entry(
        id=value["id"],
        incident=_uuid(value["incident"]),
        device=value["device"],
        dseq=value["dseq"],
        hlc=value["hlc"],
        kind=value["kind"],
        what=value["what"],
        author=value["author"],
        source=value["source"],
        occurred_at=from_iso(value["occurred_at"]),
        recorded_at=from_iso(value["recorded_at"]),
        over=over,
        body=body,
        bhash=bytes.fromhex(value["bhash"]),
        hash=bytes.fromhex(value["hash"]),
        src=src,
    )


def _uuid(text: str) -> str:
    import uuid

    return str(uuid.UUID(text))
