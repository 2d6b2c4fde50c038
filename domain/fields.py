"""The fields a person may set by name, and how each reads its value: one table for the screens and the commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from types import MappingProxyType
from typing import Any

from domain import limits, vocabulary
from domain.errors import BadValue
from domain.text import clean_input
from domain.times import parse_moment

Reader = Callable[[str, int, tzinfo], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One settable field: its name in commands, the register it sets, and what it accepts (for help)."""

    name: str
    register: str
    accepts: str
    read: Reader


def _words(allowed: Mapping[str, str], what: str) -> Reader:
    return lambda text, _now, _zone: vocabulary.choose(text, allowed, what) if text.strip() else None


def _levels(meanings: Mapping[str, str]) -> Mapping[str, str]:
    return {word: word for word in meanings}


def _text(limit: int, what: str, *, required: bool = False) -> Reader:
    def read(text: str, _now: int, _zone: tzinfo) -> str | None:
        cleaned = clean_input(text, limit + 1).strip()
        if len(cleaned) > limit:
            raise BadValue(
                f"The {what} has more than {limit:,} characters", "Shorten it; put the rest in a note.", "too_long"
            )
        if required and not cleaned:
            raise BadValue(f"The {what} must not be blank", f"Give the {what} in a few words.", "blank")
        return cleaned or None

    return read


def _optional(read: Callable[[str], str]) -> Reader:
    return lambda text, _now, _zone: read(text) if text.strip() else None


def _moment(text: str, now: int, zone: tzinfo) -> int | None:
    return parse_moment(text, now, zone) if text.strip() else None


def _flag(text: str, _now: int, _zone: tzinfo) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false", "yes", "no", "on", "off", "1", "0"):
        raise BadValue(f"“{text}” is neither yes nor no", "Write yes or no.", "bad_value")
    return word in ("true", "yes", "on", "1")


def _severity(text: str, _now: int, _zone: tzinfo) -> str | None:
    return vocabulary.severity(text) if text.strip() else None


_ALL = (
    Field("title", "title", "text", _text(limits.TITLE, "title", required=True)),
    Field("description", "description", "text", _text(limits.DESCRIPTION, "description")),
    Field("background", "background", "text", _text(limits.DESCRIPTION, "background")),
    Field("impact", "impact", "high, medium or low", _words(_levels(vocabulary.IMPACT_MEANING), "impact")),
    Field("urgency", "urgency", "high, medium or low", _words(_levels(vocabulary.URGENCY_MEANING), "urgency")),
    Field("priority", "priority", "P1 to P4", _optional(vocabulary.priority)),
    Field("severity", "severity", ", ".join(vocabulary.SEVERITIES), _severity),
    Field("type", "type", "one of 10 incident types", _words(vocabulary.TYPES, "incident type")),
    Field(
        "technical_category",
        "technical_category",
        "one of 10 technical categories",
        _words(vocabulary.TECHNICAL_CATEGORIES, "technical category"),
    ),
    Field(
        "service_category",
        "service_category",
        "one of 11 service categories",
        _words(vocabulary.SERVICE_CATEGORIES, "service category"),
    ),
    Field("owner", "owner", "a name", _text(limits.NAME, "owner")),
    Field("impact_started", "impact_started_at", "14:05, -12m or a date and time", _moment),
    Field("detected", "detected_at", "14:05, -12m or a date and time", _moment),
    Field("drill", "drill", "yes or no", _flag),
    Field("restricted", "restricted", "yes or no", _flag),
)
SETTABLE: Mapping[str, Field] = {field.name: field for field in _ALL}
TITLE_READER = SETTABLE["title"].read


def _label(label: str, text: str) -> str:
    if not label or len(label) > limits.NAME:
        raise BadValue(f"“{text}” does not name a classifier", "Write it like class.blast_radius=3.", "no_field")
    return label


def _level(text: str) -> int | None:
    word = text.strip()
    if not word:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,7}", word) or abs(int(word)) > limits.LEVEL:
        remedy = f"Write a whole number from -{limits.LEVEL:,} to {limits.LEVEL:,}."
        raise BadValue(f"“{text}” is not a classifier's level", remedy, "bad_value")
    return int(word)


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of a team's own, from its settings.

    Attributes:
        kind: `text`, `number`, `yesno`, `date`, `moment` or `choice`.
        choices: What it may hold when it is a choice.
        about: What it is for; shown beside it.
    """

    name: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    about: str = ""

    def read(self, text: str, now: int, zone: tzinfo) -> Any:
        """Return the value that a text means, None for an empty one.

        Raises:
            BadValue: It means none; says what the field takes.
        """
        if not text.strip():
            return None
        try:
            return _CUSTOM[self.kind](self, text, now, zone)
        except BadValue as error:
            raise BadValue(f"custom.{self.name}: {error.message}", error.remedy, error.code) from error


def _number(_field: CustomField, text: str, _now: int, _zone: tzinfo) -> int | float:
    word = text.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?", word):
        raise BadValue(f"“{text}” is not a number", "Write it like 42 or 0.5.", "bad_value")
    return float(word) if "." in word else int(word)


def _date(_field: CustomField, text: str, _now: int, _zone: tzinfo) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise BadValue(f"“{text}” is not a date", "Write it like 2026-11-21.", "bad_value") from error


_CUSTOM: Mapping[str, Callable[[CustomField, str, int, tzinfo], Any]] = {
    "text": lambda field, text, now, zone: _text(limits.NOTE, f"field {field.name}")(text, now, zone),
    "number": _number,
    "yesno": lambda _field, text, now, zone: _flag(text, now, zone),
    "date": _date,
    "moment": lambda _field, text, now, zone: _moment(text, now, zone),
    "choice": lambda field, text, _now, _zone: vocabulary.choose(text, field.choices, "choice"),
}
CUSTOM_KINDS = tuple(_CUSTOM)


def parse_setting(
    text: str, now: int, zone: tzinfo = UTC, custom: Mapping[str, CustomField] = MappingProxyType({})
) -> tuple[str, Any]:
    """Return (register, value) of `FIELD=VALUE`; an empty value clears the field.

    Args:
        text: As typed.
        now: The present, ms.
        zone: Of times without one.
        custom: A team's own fields, by name; one that is not among them takes any text.

    Raises:
        BadValue: No such field, or a value it cannot hold; names the nearest right one.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise BadValue(f"“{text}” is not FIELD=VALUE", "Write it like priority=P2.", "bad_value")
    key = vocabulary.slug(name)
    field = SETTABLE.get(key) or SETTABLE.get(key.removesuffix("_at"))
    if key.startswith(("custom.", "custom:")):
        if not key[7:]:
            raise BadValue(f"“{text}” does not name a custom field", "Write it like custom.team=blue.", "no_field")
        own = custom.get(key[7:]) or CustomField(key[7:])
        return f"custom:{own.name}", own.read(value, now, zone)
    if key.startswith(("class.", "class:")):
        return f"class:{_label(key[6:], text)}", _level(value)
    if field is None:
        near = vocabulary.nearest(key, SETTABLE)
        hint = f"Did you mean {near}? " if near else ""
        known = ", ".join((*SETTABLE, "custom.NAME", "class.LABEL"))
        raise BadValue(f"There is no field “{name}”", f"{hint}Fields: {known}.", "no_field")
    return field.register, field.read(value, now, zone)
