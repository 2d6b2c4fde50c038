"""Queries as SQL: each term becomes one condition with bound values; words go to the full-text index, quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from domain import limits
from domain.ordering import FIRST_CLOSED
from domain.query import Query, Term
from domain.text import clean_input
from domain.vocabulary import IMPACT_MEANING, PRIORITIES, SEVERITIES, URGENCY_MEANING

_WORD = re.compile(r"\w+", re.UNICODE)


class Filter(NamedTuple):
    """Conditions on the table `incident`, joined by AND, and the words for the index (empty: no search)."""

    conditions: tuple[str, ...]
    values: tuple[Any, ...]
    match: str

    @property
    def where(self) -> str:
        """The conditions as SQL, ready to follow `AND`; `1` when there are none."""
        return " AND ".join(f"({each})" for each in self.conditions) or "1"


class Asker(NamedTuple):
    """Who asks and when: what `owner:me`, `age:` and `is:new` are measured against."""

    me: str
    now: int


_QUICK = frozenset({"text", "status", "priority", "owner"})


def is_quick(query: Query) -> bool:
    """Say whether a window of the query is found along an index, in about a millisecond at any size."""
    return all(term.field in _QUICK and not term.negated for term in query.terms)


Condition = tuple[str, tuple[Any, ...]]


def compile_query(query: Query, asker: Asker) -> Filter:
    """Return the SQL of a query."""
    conditions: list[str] = []
    values: list[Any] = []
    for term in query.terms:
        if term.field == "text" and not term.negated and _phrase(term):
            continue
        sql, bound = _TERMS[term.field](term, asker)
        conditions.append(f"NOT coalesce(({sql}), 0)" if term.negated else sql)
        values.extend(clean_input(each, 2 * len(each)) if isinstance(each, str) else each for each in bound)
    phrases = [_phrase(term) for term in query.words if not term.negated]
    return Filter(tuple(conditions), tuple(values), " AND ".join(filter(None, phrases)))


def _phrase(term: Term) -> str:
    """Return a word as an FTS5 phrase: its parts in a row, the last one a prefix from two letters on."""
    parts = _WORD.findall(clean_input(str(term.value), limits.TITLE))
    if not parts:
        return ""
    return '"' + " ".join(parts) + '"' + ("*" if len(parts[-1]) >= 2 else "")


def _text(term: Term, _asker: Asker) -> Condition:
    phrase = _phrase(term)
    if not phrase:
        return "incident.title LIKE ? ESCAPE '\\'", (_like(str(term.value)),)
    return "key IN (SELECT rowid FROM search WHERE search MATCH ?)", (phrase,)


def _like(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _status(term: Term, _asker: Asker) -> Condition:
    if term.value == "open":
        return f"key < {FIRST_CLOSED}", ()
    if term.value == "closed":
        return f"key >= {FIRST_CLOSED}", ()
    if term.value in ("new", "acknowledged", "triaged", "working", "mitigated"):
        return "phase = ?", (term.value.capitalize(),)
    return "status = ?", (term.value,)


def _ranked(column: str, words: tuple[str, ...], *, descending: bool) -> Callable[[Term, Asker], Condition]:
    """Compare by rank: `priority:<=P2` is P1 and P2, `severity:>=high` is high and critical."""

    def condition(term: Term, _asker: Asker) -> Condition:
        if term.value is None:
            return f"{column} IS NULL", ()
        order = tuple(reversed(words)) if descending else words
        wanted = [word for word in order if _compares(order.index(word), term.op, order.index(term.value))]
        return f"{column} IN ({', '.join('?' * len(wanted))})", tuple(wanted)

    return condition


def _compares(left: int, op: str, right: int) -> bool:
    return {"=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def _owner(term: Term, asker: Asker) -> Condition:
    if term.value is None:
        return "owner IS NULL", ()
    if term.value == "me":
        return "owner = ?", (asker.me,)
    return "owner = ? COLLATE NOCASE", (term.value,)


def _listed(column: str) -> Callable[[Term, Asker], Condition]:
    def condition(term: Term, _asker: Asker) -> Condition:
        if term.value is None:
            return f"{column} = '[]'", ()
        sql = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = ? COLLATE NOCASE)"
        return f"{column} <> '[]' AND {sql}", (term.value,)

    return condition


def _chosen(column: str) -> Callable[[Term, Asker], Condition]:
    def condition(term: Term, _asker: Asker) -> Condition:
        if term.value is None:
            return f"{column} IS NULL", ()
        return f"{column} IN ({', '.join('?' * len(term.value))})", term.value

    return condition


def _since(column: str) -> Callable[[Term, Asker], Condition]:
    """An age above two hours is a moment before two hours ago; without an operator `age:2h` means at most."""

    def condition(term: Term, asker: Asker) -> Condition:
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": ">="}[term.op]
        return f"{column} {op} ?", (asker.now - term.value,)

    return condition


def _escalated(term: Term, _asker: Asker) -> Condition:
    return f"escalation {'>' if term.value == 'yes' else '='} 0", ()


def _level(term: Term, _asker: Asker) -> Condition:
    return f"escalation {term.op} ?", (term.value,)


def _flag(term: Term, asker: Asker) -> Condition:
    if term.value == "new":
        return (
            "last > coalesce((SELECT pk FROM seen WHERE author = ? AND seen.incident = incident.id), 0)",
            (asker.me,),
        )
    if term.value == "silenced":
        return "silenced_until > ?", (asker.now,)
    return {"drill": "drill", "conflict": "conflicts > 0", "firing": "firing > 0", "unowned": "owner IS NULL",
            "duplicate": "merged IS NOT NULL"}[term.value], ()  # fmt: skip


_TERMS: Mapping[str, Callable[[Term, Asker], Condition]] = {
    "text": _text,
    "status": _status,
    "priority": _ranked("priority", PRIORITIES, descending=False),
    "severity": _ranked("severity", SEVERITIES, descending=True),
    "impact": _ranked("impact", tuple(IMPACT_MEANING), descending=True),
    "urgency": _ranked("urgency", tuple(URGENCY_MEANING), descending=True),
    "owner": _owner,
    "tag": _listed("incident.tags"),
    "resource": _listed("resources"),
    "type": _chosen("type"),
    "technical": _chosen("technical_category"),
    "service": _chosen("service_category"),
    "age": _since("raised_at"),
    "updated": _since("updated_at"),
    "is": _flag,
    "escalated": _escalated,
    "level": _level,
}
