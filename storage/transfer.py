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

from domain.entry import Entry
from domain.grants import Login
from domain.strictjson import JsonError, dumps, loads
from domain.wire import LONGEST_LINE, BadEntry, from_object, to_line
from storage.connection import connect
from storage.errors import Unusable, translated
from storage.journal import Journal
from storage.rights import caller_of, login
from storage.rows import ENTRY_COLUMNS, entry_of
from storage.sight import narrow

FORMAT = "tocsin-export"
FORMAT_VERSION = 1
_BATCH = 5000
_AGAIN = "Make the export again."
Progress = Callable[[int, int], None]


class BadExport(Unusable):
    """A line of the file is not what an export holds; names the line. What came before it was imported."""

    code = "bad_export"


def export_lines(path: Path, incidents: Iterable[str] | None = None, who: Callable[[], Login] = login) -> Iterator[str]:
    """Yield the header and then every entry (or only those of some incidents), each a line without its end.

    On a store with rights, those of the incidents that the person sees.
    """
    with translated(path), closing(connect(path)) as connection:
        narrow(connection, caller_of(connection, who))
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment of the store begins here
        yield dumps({"format": FORMAT, "version": FORMAT_VERSION})
        for row in _rows(connection, incidents):
            yield to_line(entry_of(row))


def _rows(connection: sqlite3.Connection, incidents: Iterable[str] | None) -> Iterator[tuple[Any, ...]]:
    if incidents is None:
        yield from connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry ORDER BY pk")
        return
    for incident in incidents:
        yield from connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident = ? ORDER BY pk", (incident,))


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
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadExport(f"Line {number} is longer than {LONGEST_LINE:,} bytes", "Is it an export of tocsin?")
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
        value = loads(line, max_bytes=LONGEST_LINE)
    except JsonError as error:
        raise BadExport(f"Line {number} is broken: {error.message}", _AGAIN) from error
    if not isinstance(value, dict):
        raise BadExport(f"Line {number} is not an object", _AGAIN)
    return value


def _from_line(number: int, line: bytes) -> Entry:
    try:
        return from_object(_object(number, line))
    except BadEntry as error:
        raise BadExport(f"Line {number}: {error}", _AGAIN) from error
