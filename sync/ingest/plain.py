"""Reads incidents that any script can write: a JSON object, a list of them, or one a line (JSON Lines).

    {"title": "Disk full on db1", "key": "disk-db1", "status": "firing", "severity": "high"}

They go the way of alerts: the same key again is the same incident while that is open.
"""

from __future__ import annotations

from typing import Any

from domain import limits, vocabulary
from domain.alerts import Alert, BadAlerts, Group, Outline, Rules, fingerprint_of
from domain.errors import BadValue, Mistake
from domain.strictjson import JsonError, loads
from domain.times import iso
from sync.ingest.shapes import document, kind, list_at, moment_at, object_at, text_at, wrong

FIELDS = (
    "title", "description", "priority", "severity", "source", "key", "status", "resources", "tags", "owner",
    "occurred_at",
)  # fmt: skip
_REMEDY = "Give an object, a list of objects, or one a line, each with a title; see docs/ingest.md."


def read(data: bytes, rules: Rules, *, max_bytes: int = limits.INGEST_BYTES) -> list[Group]:
    """Return the incidents of a document, each as a group of one alert.

    Args:
        data: The document.
        rules: From a severity to the priority an incident starts with.
        max_bytes: The largest document taken.

    Raises:
        BadAlerts: It cannot be read; names line and column, or the place, e.g. `[3].priority`.
    """
    return [_group(value, path, rules) for path, value in _items(data, max_bytes)]


def _items(data: bytes, max_bytes: int) -> list[tuple[str, object]]:
    if lines := _lines(data, max_bytes):
        return lines
    value = document(data, max_bytes, _REMEDY)
    if isinstance(value, dict) and "title" not in value and isinstance(value.get("incidents"), list):
        found = list_at(value["incidents"], "incidents", _REMEDY)
        return [(f"incidents[{n}]", item) for n, item in enumerate(found)]
    if isinstance(value, list):
        return [(f"[{n}]", item) for n, item in enumerate(list_at(value, "The list", _REMEDY))]
    return [("", value)]


def _lines(data: bytes, max_bytes: int) -> list[tuple[str, object]]:
    """Return the objects of JSON Lines, each with its line; none when the document is something else."""
    lines = [(number, line) for number, line in enumerate(data[:max_bytes].splitlines(), 1) if line.strip()]
    if len(data) > max_bytes or len(lines) < 2 or not _is_object(lines[0][1], max_bytes):
        return []
    list_at(lines, "The input", _REMEDY)
    return [(f"line {number}", _line(number, line, max_bytes)) for number, line in lines]


def _is_object(line: bytes, max_bytes: int) -> bool:
    try:
        return isinstance(loads(line, max_bytes=max_bytes), dict)
    except JsonError:
        return False


def _line(number: int, line: bytes, max_bytes: int) -> object:
    try:
        return loads(line, max_bytes=max_bytes)
    except JsonError as error:
        raise BadAlerts(f"Line {number}, column {error.column}: {error.message}", _REMEDY, "bad_json") from error


# --- one incident


def _group(item: object, path: str, rules: Rules) -> Group:
    value = object_at(item, path or "The input", _REMEDY)
    _check_fields(value, path)
    status = text_at(value, "status", path, _REMEDY) or "firing"
    if status not in ("firing", "resolved"):
        raise wrong(_at(path, "status"), "is neither “firing” nor “resolved”", "Leave it out for an open one.")
    key = text_at(value, "key", path, _REMEDY, limits.NAME).strip()
    title = " ".join(text_at(value, "title", path, _REMEDY, limits.TITLE).split())
    if not title and not (key and status == "resolved"):
        raise wrong(_at(path, "title"), "is missing", "Say in a few words what has happened.")
    at = moment_at(value, "occurred_at", path, _REMEDY) if value.get("occurred_at") is not None else None
    fingerprint = key or fingerprint_of({"title": title, "source": text_at(value, "source", path, _REMEDY)})
    alert = Alert(
        fingerprint=fingerprint,
        status="resolved" if status == "resolved" else "firing",
        starts_at_text=text_at(value, "occurred_at", path, _REMEDY) or (iso(at) or ""),
        starts_at=at,
        ends_at=at if status == "resolved" else None,
        annotations={"summary": title} if title else {},
    )
    return Group(fingerprint, (alert,), source="json", outline=_outline(value, path, title, rules))


def _check_fields(value: dict[str, Any], path: str) -> None:
    for name in value:
        if name not in FIELDS:
            near = vocabulary.nearest(name, FIELDS)
            hint = f"Did you mean {near}? " if near else ""
            raise wrong(_at(path, name), "is not a field that is known", f"{hint}Fields: {', '.join(FIELDS)}.")


def _outline(value: dict[str, Any], path: str, title: str, rules: Rules) -> Outline:
    severity, priority, owner = None, None, None
    try:
        if word := text_at(value, "severity", path, _REMEDY).strip():
            severity = rules.severities.get(word.lower()) or vocabulary.severity(word)
        if word := text_at(value, "priority", path, _REMEDY).strip():
            priority = vocabulary.priority(word)
    except BadValue as error:
        raise wrong(path or "The input", f"cannot be read: {error.message}", error.remedy) from error
    owner = text_at(value, "owner", path, _REMEDY, limits.NAME).strip()
    source = text_at(value, "source", path, _REMEDY, limits.NAME).strip()
    return Outline(
        title=title or "An incident without a title",
        description=text_at(value, "description", path, _REMEDY, limits.DESCRIPTION),
        severity=severity,
        priority=priority or rules.priorities.get(severity or ""),
        owner=owner or None,
        resources=_resources(value, path),
        tags=tuple(dict.fromkeys(_names(value, "tags", path))),
        originators={source: ""} if source else {},
    )


def _resources(value: dict[str, Any], path: str) -> dict[str, str | None]:
    from domain.actions import resource

    found: dict[str, str | None] = {}
    for name in _names(value, "resources", path):
        try:
            body = resource(name).body
        except Mistake as error:
            raise wrong(_at(path, "resources"), f"cannot be read: {error.message}", error.remedy) from error
        found.setdefault(body["name"], body.get("severity"))
    return found


def _names(value: dict[str, Any], name: str, path: str) -> list[str]:
    where = _at(path, name)
    if value.get(name) is None:
        return []
    items = list_at(value[name], where, _REMEDY)
    if len(items) > limits.TAGS:
        raise wrong(where, f"has more than {limits.TAGS} members", "Leave some out.")
    for number, item in enumerate(items):
        if not isinstance(item, str) or not item.strip() or len(item) > limits.NAME:
            problem = f"is {kind(item)}, not a text of 1 to {limits.NAME} characters"
            raise wrong(f"{where}[{number}]", problem, _REMEDY)
    return [item.strip() for item in items]


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
