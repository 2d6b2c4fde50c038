"""Reads what regulations ask for: the data files that are shipped, then the team's own, which win by their name.

A file that cannot be used is a problem with its file and line, never an error here: the others still hold.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.loading import BadSettings, Loaded
from app.settings_lines import line_of
from domain import limits
from domain.errors import BadValue
from domain.regulations import AWARE, CLASSIFIED, Duty, Regulation, Span
from domain.times import parse_duration
from domain.vocabulary import nearest, slug

_SHIPPED = Path(__file__).with_name("regulations")
_TOP = ("name", "title", "source", "url", "about", "duties")
_DUTY = ("name", "to", "after", "within", "latest", "article", "about")
_MONTHS = re.compile(r"(\d{1,3})\s*months?")
_SEE = "See docs/updates.md."
_MOST = 100  # files of a team's own


class _Wrong(Exception):
    """What is wrong in a file, and at which of its keys."""

    def __init__(self, parts: tuple[str | int, ...], what: str, remedy: str = _SEE) -> None:
        super().__init__(what)
        self.parts, self.what, self.remedy = parts, what, remedy


def own_folder(loaded: Loaded) -> Path:
    """Return the folder of the team's own data files: `regulations` beside the settings file."""
    return loaded.config.parent / "regulations"


def read_regulations(loaded: Loaded) -> tuple[dict[str, Regulation], list[BadSettings]]:
    """Return the regulations by the slug of their name, and what is wrong with which file."""
    found: dict[str, Regulation] = {}
    problems: list[BadSettings] = []
    for folder in (_SHIPPED, own_folder(loaded)):
        here: dict[str, Path] = {}
        for path in sorted(folder.glob("*.toml"))[:_MOST]:
            try:
                regulation = _read(path)
                key = slug(regulation.name)
                if key in here:
                    raise _Wrong(("name",), f"{here[key].name} is about {regulation.name}, too", "Keep one of the two.")
            except _Wrong as wrong:
                problems.append(_problem(path, wrong))
            else:
                here[key] = path
                found[key] = regulation
    return found, problems


def _problem(path: Path, wrong: _Wrong) -> BadSettings:
    try:
        line = line_of(path.read_text(encoding="utf-8", errors="replace")[: limits.SETTINGS_BYTES], wrong.parts)
    except OSError:
        line = None
    return BadSettings(f"{path}{f':{line}' if line else ''}: {wrong.what}", wrong.remedy)


def _read(path: Path) -> Regulation:
    try:
        data = path.read_bytes()
        if len(data) > limits.SETTINGS_BYTES:
            raise _Wrong((), f"it is larger than {limits.SETTINGS_BYTES:,} bytes", "Shorten it.")
        values = tomllib.loads(data.decode())
    except OSError as error:
        raise _Wrong((), f"it cannot be read: {error.strerror}", "Check its rights.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _Wrong((), str(error), f"Mend that line. {_SEE}") from error
    _check_keys(values, _TOP, ())
    duties = values.get("duties")
    if not isinstance(duties, list) or not duties or not all(isinstance(each, dict) for each in duties):
        raise _Wrong(("duties",), "it has no duties", f"Give each as a table [[duties]]. {_SEE}")
    read: dict[str, Duty] = {}
    for number, each in enumerate(duties):
        duty = _duty(each, number, read)
        read[duty.name] = duty
    texts = {key: _text(values, key, (), required=key in ("name", "title")) for key in _TOP if key != "duties"}
    return Regulation(duties=tuple(read.values()), **texts)


def _duty(values: Mapping[str, Any], number: int, before: Mapping[str, Duty]) -> Duty:
    at = ("duties", number)
    _check_keys(values, _DUTY, at)
    texts = {key: _text(values, key, at, required=key in ("name", "to")) for key in _DUTY}
    if texts["name"] in before:
        raise _Wrong((*at, "name"), f"there are two duties “{texts['name']}”", "Give each a name of its own.")
    after = texts["after"] or AWARE
    known = (AWARE, CLASSIFIED, *before)
    if after not in known:
        near = nearest(after, known)
        remedy = f"Did you mean {near}?" if near else f"It may run from: {', '.join(known)}."
        raise _Wrong((*at, "after"), f"“{after}” is no duty before this one", remedy)
    within, latest = (_span(texts[key], (*at, key)) for key in ("within", "latest"))
    if latest and after != CLASSIFIED:
        raise _Wrong((*at, "latest"), "latest goes with after = “classified” alone", "Take it away.")
    if within is None and after != AWARE:
        raise _Wrong((*at, "after"), "a duty without a time runs from nothing", "Give within, or take after away.")
    return Duty(texts["name"], texts["to"], after, within, latest, texts["article"], texts["about"])


def _check_keys(values: Mapping[str, Any], known: tuple[str, ...], at: tuple[str | int, ...]) -> None:
    for name in values:
        if name not in known:
            near = nearest(name, known)
            remedy = f"Did you mean {near}?" if near else f"Known: {', '.join(known)}."
            raise _Wrong((*at, name), f"there is no “{name}” here", remedy)


def _text(values: Mapping[str, Any], key: str, at: tuple[str | int, ...], *, required: bool) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise _Wrong((*at, key), f"{key} is no text", "Put it in quotes.")
    if required and not value.strip():
        raise _Wrong((*at, key), f"{key} is missing or blank", _SEE)
    return " ".join(value.split())[: limits.REASON]


def _span(text: str, at: tuple[str | int, ...]) -> Span | None:
    if not text:
        return None
    if match := _MONTHS.fullmatch(text):
        return Span(months=int(match[1]))
    try:
        return Span(ms=parse_duration(text))
    except BadValue as error:
        raise _Wrong(at, f"“{text}” is no time", "Write 24h, 3d, or 1 month.") from error
