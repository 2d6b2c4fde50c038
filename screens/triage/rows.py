"""The rows of the triage card: what each sets, what it may hold, and how its value is read and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from domain import definitions, fields, vocabulary
from domain.actions import current_value
from domain.errors import BadValue
from domain.fields import CustomField
from domain.incident import Incident
from domain.wording import said

TAGS, LEVELS = "tags", "levels"
"""The registers of rows that stand for several values."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        register: What it sets; `tags` and `levels` stand for all tags, all classifiers.
        label: What it is called.
        options: What it may hold, each with its meaning, in the order of the keys; empty for a text.
        names: What options are called where that is not the option itself.
        about: What it is for, where no option says so.
        long: Whether its text may have several lines.
    """

    register: str
    label: str
    options: Mapping[Any, str]
    names: Mapping[Any, str]
    about: str = ""
    long: bool = False

    @property
    def ring(self) -> list[Any]:
        """What `h` and `l` go through: nothing, too, but where there is always a value."""
        return list(self.options) if self.register == "restricted" else [None, *self.options]


def _chosen(register: str, label: str, meanings: Mapping[str, str], names: Mapping[str, str] | None = None) -> Row:
    return Row(register, label, meanings, names or {})


_YES_NO = {True: "yes", False: "no"}
_FIRST = (
    Row("title", "Title", {}, {}, "what is broken, for whom"),
    Row("description", "Description", {}, {}, "what is known so far", long=True),
    _chosen("impact", "Impact", vocabulary.IMPACT_MEANING),
    _chosen("urgency", "Urgency", vocabulary.URGENCY_MEANING),
    _chosen("priority", "Priority", vocabulary.PRIORITY_MEANING),
    _chosen("severity", "Severity", vocabulary.SEVERITY_MEANING),
    _chosen("type", "Type", definitions.TYPES, vocabulary.TYPES),
    _chosen("technical_category", "Technical", definitions.TECHNICAL_CATEGORIES, vocabulary.TECHNICAL_CATEGORIES),
    _chosen("service_category", "Service", definitions.SERVICE_CATEGORIES, vocabulary.SERVICE_CATEGORIES),
    Row(TAGS, "Tags", {}, {}, "words to find it by, a comma between"),
    Row(LEVELS, "Classifiers", {}, {}, "labels with a level, a comma between: blast_radius 3, scope 1"),
    Row("restricted", "Restricted", {True: "only for who works on it", False: "shown as others are"}, _YES_NO),
)  # fmt: skip


def rows_of(own: Mapping[str, CustomField]) -> tuple[Row, ...]:
    """Return the rows of a card: those of every incident, then the team's own fields."""
    return (*_FIRST, *map(_own, own.values()))


def _own(field: CustomField) -> Row:
    options: Mapping[Any, str] = {}
    if field.kind == "choice":
        options = dict.fromkeys(field.choices, field.about)
    elif field.kind == "yesno":
        options = {True: field.about, False: field.about}
    names = _YES_NO if field.kind == "yesno" else {}
    return Row(f"custom:{field.name}", field.name.replace("_", " "), options, names, field.about or field.kind)


def value_of(incident: Incident, row: Row) -> Any:
    """Return what an incident holds in a row, None for nothing."""
    if row.register == TAGS:
        return tuple(item.name for item in incident.tags)
    if row.register == LEVELS:
        return tuple(sorted(incident.classifiers.items()))
    return current_value(incident, row.register)


def words(row: Row, value: Any, zone: tzinfo) -> str:
    """Return a row's value as it is shown and edited; empty for nothing."""
    if row.register == TAGS:
        return ", ".join(value or ())
    if row.register == LEVELS:
        return ", ".join(f"{label} {level}" for label, level in value or ())
    if value in row.names:
        return row.names[value]
    return "" if value is None else said(row.register, value, zone)


def read(row: Row, text: str, now: int, zone: tzinfo, own: Mapping[str, CustomField]) -> Any:
    """Return the value that a typed text means.

    Raises:
        BadValue: The row cannot hold it.
    """
    if row.register == TAGS:
        return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if row.register == LEVELS:
        return _levels([part.strip() for part in text.split(",") if part.strip()], now)
    name = f"custom.{row.register[7:]}" if row.register.startswith("custom:") else row.register
    return fields.parse_setting(f"{name}={text}", now, zone, own)[1]


def _levels(parts: Sequence[str], now: int) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for part in parts:
        label, _space, level = part.rpartition(" ")
        if not label:
            raise BadValue(f"“{part}” has no level", "Write it like blast_radius 3.", "bad_value")
        register, value = fields.parse_setting(f"class.{label}={level}", now)
        found[register[6:]] = value
    return tuple(sorted(found.items()))


def registers(row: Row, before: Any, after: Any) -> dict[str, Any]:
    """Return what is to be set where a row has changed; tags are set by themselves."""
    if row.register == LEVELS:
        held, wanted = dict(before or ()), dict(after or ())
        gone = {f"class:{label}": None for label in held if label not in wanted}
        return gone | {f"class:{label}": level for label, level in wanted.items()}
    return {} if row.register == TAGS else {row.register: after}
