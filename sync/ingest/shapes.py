"""Reading values out of foreign JSON: each is there and of its kind, or the error says where it should be."""

from __future__ import annotations

from typing import Any

from domain import limits
from domain.alerts import BadAlerts, instant
from domain.errors import BadTime
from domain.strictjson import JsonError, loads
from domain.text import clean_input

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "yes or no", int: "a number", float: "a number"}


def wrong(path: str, problem: str, remedy: str) -> BadAlerts:
    """Return the error for a value at `path`, e.g. `alerts[3].startsAt`, that is not what it should be."""
    return BadAlerts(f"{path} {problem}", remedy)


def kind(value: object) -> str:
    """Return what a JSON value is, in words."""
    return "null" if value is None else _KINDS.get(type(value), "something else")


def document(data: bytes, max_bytes: int, remedy: str) -> object:
    """Return the value of a JSON document.

    Raises:
        BadAlerts: It is too large or not acceptable JSON; names line and column.
    """
    if len(data) > max_bytes:
        large = "Split it, or raise ingest.max_bytes."
        raise BadAlerts(f"The input has more than {max_bytes:,} bytes", large, "too_large")
    if not data.strip():
        raise BadAlerts("The input is empty", remedy)
    try:
        return loads(data, max_bytes=max_bytes)
    except JsonError as error:
        raise BadAlerts(f"Line {error.line}, column {error.column}: {error.message}", remedy, "bad_json") from error


def object_at(value: object, path: str, remedy: str) -> dict[str, Any]:
    """Return a value that is an object, or say that it is none."""
    if not isinstance(value, dict):
        raise wrong(path, f"is {kind(value)}, not an object", remedy)
    return value


def list_at(value: object, path: str, remedy: str) -> list[Any]:
    """Return a value that is a list of a number of things that is bearable, or say that it is none."""
    if not isinstance(value, list):
        raise wrong(path, f"is {kind(value)}, not a list", remedy)
    if len(value) > limits.INGEST_ALERTS:
        raise wrong(path, f"has more than {limits.INGEST_ALERTS:,} members", "Split it.")
    return value


def text_at(value: dict[str, Any], name: str, path: str, remedy: str, limit: int = limits.LABEL_VALUE) -> str:
    """Return the text `name` of an object, cut at `limit` characters; empty where it is missing or null."""
    found = value.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise wrong(_join(path, name), f"is {kind(found)}, not a text", remedy)
    return clean_input(found, limit)


def texts_at(value: dict[str, Any], name: str, path: str, remedy: str) -> dict[str, str]:
    """Return the object `name` of texts; empty where it is missing or null."""
    where = _join(path, name)
    found = value.get(name)
    if found is None:
        return {}
    texts = object_at(found, where, remedy)
    return {clean_input(key, limits.NAME): text_at(texts, key, where, remedy) for key in texts}


def moment_at(value: dict[str, Any], name: str, path: str, remedy: str) -> int:
    """Return the moment `name` of an object in ms, or say that it is none."""
    where = _join(path, name)
    text = text_at(value, name, path, remedy)
    if not text:
        raise wrong(where, "is missing", remedy)
    try:
        return instant(text)
    except BadTime as error:
        raise wrong(where, f"is not a time: {error.message}", "Write it as 2026-11-21T14:05:00Z.") from error


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
