"""What a request holds: inflated no further than the limit, read strictly, and refused in words."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from domain import limits
from domain.entry import Entry
from domain.strictjson import JsonError, loads
from domain.wire import BadEntry, from_line
from sync.hub.answers import JSON, LINES, PROTOCOL
from sync.hub.problems import HubProblem


def inflated(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a body as it was before compression, never more of it than the limit.

    Raises:
        HubProblem: It is too large, or compressed in a way that is not known.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if len(body) > limits.REQUEST_BYTES:
        raise _too_large()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise HubProblem(415, "encoding", f"“{encoding[:40]}” is not known here", "Compress with gzip, or not at all.")
    worker = zlib.decompressobj(wbits=31)
    try:
        found = worker.decompress(body, limits.REQUEST_BYTES + 1)
    except zlib.error as error:
        raise HubProblem(400, "encoding", "The body is not gzip") from error
    if len(found) > limits.REQUEST_BYTES or worker.unconsumed_tail:
        raise _too_large()
    if not worker.eof or worker.unused_data:
        raise HubProblem(400, "encoding", "The body is not one whole gzip stream")
    return found


def read_object(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request's body."""
    _check_type(headers, JSON)
    try:
        value = loads(inflated(headers, body), max_bytes=limits.REQUEST_BYTES)
    except JsonError as error:
        raise HubProblem(400, "bad_json", str(error)) from error
    if not isinstance(value, dict):
        raise HubProblem(400, "bad_json", "The body is not an object")
    return value


def read_lines(headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """Return the lines of a request's body."""
    _check_type(headers, LINES)
    return [line for line in inflated(headers, body).split(b"\n") if line.strip()]


def _check_type(headers: Mapping[str, str], wanted: str) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise HubProblem(415, "type", f"The body must be {wanted}")


def check_protocol(headers: Mapping[str, str]) -> None:
    """Refuse a request of another protocol."""
    asked = headers.get("tocsin-protocol", str(PROTOCOL))
    if asked != str(PROTOCOL):
        raise HubProblem(
            426,
            "protocol",
            f"Protocol {asked[:20]} is not spoken here",
            "Upgrade tocsin.",
            supported=[PROTOCOL, PROTOCOL],
        )


def text_of(asked: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a text that a request must hold."""
    value = asked.get(name)
    if not isinstance(value, str) or not value or len(value) > longest or "\0" in value:
        raise HubProblem(400, "bad_request", f"“{name}” is missing or cannot be read")
    return value


def number_of(
    asked: Mapping[str, str], name: str, otherwise: int | None = None, *, least: int = 0, most: int = 1 << 62
) -> int:
    """Return a whole number that a request holds."""
    text = asked.get(name)
    if text is None and otherwise is not None:
        return otherwise
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise HubProblem(400, "bad_request", f"“{name}” is not a whole number")
    if not least <= int(text) <= most:
        raise HubProblem(400, "bad_request", f"“{name}” is not between {least} and {most}")
    return int(text)


def entry_of_line(number: int, line: bytes) -> Entry:
    """Return the entry of a push's line."""
    try:
        entry = from_line(line)
        _check_surrogates(line)
    except BadEntry as error:
        raise HubProblem(400, "bad_entry", f"Line {number}: {error}", line=number) from error
    return entry


def _check_surrogates(line: bytes) -> None:
    # The strict reader mends a lone one, so the entry would be another than the one that was hashed.
    if not re.search(rb"\\u[dD][89a-fA-F]", line):
        return
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadEntry("it holds half of a surrogate pair") from error


def _too_large() -> HubProblem:
    return HubProblem(413, "too_large", f"The body is larger than {limits.REQUEST_BYTES:,} bytes", "Send less at once.")
