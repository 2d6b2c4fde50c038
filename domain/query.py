"""The query language of the queue: words and `field:value` terms, all of which must hold; `-` negates one.

    status:open priority:<=P2 owner:me tag:db type:outage age:>2h updated:<1d "disk full"

A wrong term is named, with the nearest right one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from domain import vocabulary
from domain.errors import BadValue
from domain.times import parse_duration

OPERATORS = ("<=", ">=", "<", ">", "=")
_TOKEN = re.compile(r'(-?)(?:([A-Za-z_]+):)?(?:"([^"]*)"?|(\S+))')
PHASES = ("new", "acknowledged", "triaged", "working", "mitigated")
ANSWERS = ("yes", "no")
FLAGS = ("new", "drill", "conflict", "firing", "unowned", "silenced", "duplicate")
NONE = "none"


class Term(NamedTuple):
    """One condition: `field op value`, `field` being `text` for words.

    `value` is what the field's reader gives: a word, a duration in ms, or None for `none`.
    """

    field: str
    value: Any
    op: str = "="
    negated: bool = False


class Query(NamedTuple):
    """A parsed query: its terms, and the text it came from."""

    terms: tuple[Term, ...] = ()
    text: str = ""

    @property
    def words(self) -> tuple[Term, ...]:
        """The terms that search the text."""
        return tuple(term for term in self.terms if term.field == "text")


EVERYTHING = Query()


def parse(text: str) -> Query:
    """Return the query that a person typed.

    Raises:
        BadValue: A term names no field, or a value its field does not have.
    """
    return Query(tuple(_term(match) for match in _TOKEN.finditer(text)), text.strip())


def _term(match: re.Match[str]) -> Term:
    minus, name, quoted, bare = match.groups()
    value = quoted if quoted is not None else bare
    if not name:
        return Term("text", value, negated=bool(minus))
    if quoted is None and value.startswith("//"):  # a pasted URL is text, not a field
        return Term("text", f"{name}:{value}", negated=bool(minus))
    field = _field(name, match[0])
    op = next((each for each in OPERATORS if quoted is None and value.startswith(each)), "")
    bare_value = value[len(op) :].strip('"')
    if op not in ("", "=") and field not in _ORDERED:
        remedy = f"Only {', '.join(sorted(_ORDERED))} can be compared; write {field}:{bare_value}."
        raise BadValue(f"“{match[0]}”: {field} cannot be compared with {op}", remedy, "bad_query")
    return Term(field, _read(field, bare_value, match[0]), op or "=", bool(minus))


def _field(name: str, term: str) -> str:
    wanted = name.lower()
    field = _ALIASES.get(wanted, wanted)
    if field not in _FIELDS:
        near = vocabulary.nearest(wanted, [*_FIELDS, *_ALIASES])
        hint = f"Did you mean {near}:? " if near else ""
        remedy = f'{hint}Fields: {", ".join(_FIELDS)}. To search for the text, quote it: "{term}".'
        raise BadValue(f"“{term}”: there is no field “{name}”", remedy, "bad_query")
    return field


def _read(field: str, value: str, term: str) -> Any:
    if not value:
        raise BadValue(f"“{term}” has no value", f"Write a value after {field}:, or {field}:none.", "bad_query")
    if value.lower() == NONE and field not in _ALWAYS:
        return None
    try:
        return _FIELDS[field](value)
    except BadValue as error:
        raise BadValue(f"“{term}”: {error.message}", error.remedy, "bad_query") from error


def _status(value: str) -> str:
    return vocabulary.choose(value, ["open", "closed", *vocabulary.STATUSES, *PHASES], "status")


def _level(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 3):
        raise BadValue(f"“{value}” is no level", "Write a number, as in level:>=2.", "bad_query")
    return int(value)


def _flag(value: str) -> str:
    return vocabulary.choose(value, FLAGS, "mark")


def _contained(allowed: Mapping[str, str], what: str) -> Callable[[str], tuple[str, ...]]:
    """Read a word as every member of a taxonomy that contains it: `type:outage` is Service Outage."""

    def read(value: str) -> tuple[str, ...]:
        found = tuple(key for key in allowed if vocabulary.slug(value) in key)
        return found or (vocabulary.choose(value, allowed, what),)

    return read


_FIELDS: Mapping[str, Callable[[str], Any]] = {
    "status": _status,
    "priority": vocabulary.priority,
    "severity": vocabulary.severity,
    "impact": lambda value: vocabulary.choose(value, list(vocabulary.IMPACT_MEANING), "impact"),
    "urgency": lambda value: vocabulary.choose(value, list(vocabulary.URGENCY_MEANING), "urgency"),
    "owner": str,
    "tag": str,
    "resource": str,
    "type": _contained(vocabulary.TYPES, "incident type"),
    "technical": _contained(vocabulary.TECHNICAL_CATEGORIES, "technical category"),
    "service": _contained(vocabulary.SERVICE_CATEGORIES, "service category"),
    "age": parse_duration,
    "updated": parse_duration,
    "is": _flag,
    "escalated": lambda value: vocabulary.choose(value, ANSWERS, "answer"),
    "level": _level,
}
_ALIASES: Mapping[str, str] = {
    "technical_category": "technical",
    "service_category": "service",
    "phase": "status",
    "state": "status",
    "sev": "severity",
    "prio": "priority",
    "assignee": "owner",
}
_ALWAYS = frozenset({"status", "is", "age", "updated", "escalated", "level"})
"""What every incident has, so that `none` is no value of it."""
_ORDERED = frozenset({"priority", "severity", "impact", "urgency", "age", "updated", "level"})
