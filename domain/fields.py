"""The fields a person may set by name, and how each reads its value: one table for the screens and the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
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
)
SETTABLE: Mapping[str, Field] = {field.name: field for field in _ALL}
TITLE_READER = SETTABLE["title"].read


def parse_setting(text: str, now: int, zone: tzinfo = UTC) -> tuple[str, Any]:
    """Return (register, value) of `FIELD=VALUE`; an empty value clears the field.

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
        return f"custom:{key[7:]}", _text(limits.NOTE, f"field {key}")(value, now, zone)
    if field is None:
        near = vocabulary.nearest(key, SETTABLE)
        hint = f"Did you mean {near}? " if near else ""
        raise BadValue(f"There is no field “{name}”", f"{hint}Fields: {', '.join(SETTABLE)}.", "no_field")
    return field.register, field.read(value, now, zone)
