"""From the settings to what is said outside: the parties, the templates and the regulations, each problem named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from app.loading import BadSettings, Loaded
from app.regulating import read_regulations
from app.settings_lines import said_in
from domain import vocabulary
from domain.communication import Communication
from domain.errors import Mistake
from domain.parties import KINDS, LAY, PARTIES, TECHNICAL, Party
from domain.times import parse_duration
from domain.updates import TEMPLATES, problem_of

if TYPE_CHECKING:
    from app.settings import Party as Row

_SEE = "See docs/updates.md."
_Parts = tuple[str | int, ...]


def communication_of(loaded: Loaded) -> Communication:
    """Return the parties, the templates and the regulations.

    Raises:
        BadSettings: One of them cannot be used; names the file, the line and the remedy.
    """
    found, problems = communication_and_problems(loaded)
    if problems:
        raise problems[0]
    return found


def communication_and_problems(loaded: Loaded) -> tuple[Communication, list[BadSettings]]:
    """Return what can be used, the built-in parties or template in place of what cannot, and what is wrong."""
    problems = [loaded.problems[name] for name in ("parties", "templates") if name in loaded.problems]
    templates = dict(TEMPLATES)
    for name, text in loaded.settings.templates.items():
        line, what = problem_of(text)
        if not what and vocabulary.slug(name) == name:
            templates[name] = text
            continue
        what = what or f"“{name}” cannot be a template's name; use small letters, digits and underscores"
        problems.append(_problem(loaded, ("templates", name), what, ahead=line))
    parties: list[Party] = []
    try:
        for number, row in enumerate(loaded.settings.parties):
            parties.append(_party(row, ("parties", number), parties, templates))
    except _Wrong as wrong:
        problems.append(_problem(loaded, wrong.parts, wrong.what, wrong.remedy))
        parties = []
    regulations, more = read_regulations(loaded)
    return Communication(tuple(parties) or PARTIES, templates, regulations), [*problems, *more]


class _Wrong(Exception):
    """A setting that has the right type and no meaning."""

    def __init__(self, parts: _Parts, what: str, remedy: str = _SEE) -> None:
        super().__init__(what)
        self.parts, self.what, self.remedy = parts, what, remedy


def _problem(loaded: Loaded, parts: _Parts, what: str, remedy: str = _SEE, *, ahead: int = 0) -> BadSettings:
    """Return a problem with its place; `ahead` are lines below the setting's own, within its text."""
    where = said_in(loaded.config, loaded.origins, parts)
    file, colon, line = where.rpartition(":")
    if ahead and colon and line.isdigit():
        where = f"{file}:{int(line) + _opening(loaded, int(line)) + ahead}"
    name = ".".join(str(part + 1 if isinstance(part, int) else part) for part in parts)
    return BadSettings(f"{where}: {name}: {what}", remedy)


def _opening(loaded: Loaded, line: int) -> int:
    """Return 1 when a text of several lines begins on the line after its key, as TOML lets it."""
    try:
        text = loaded.config.read_text(encoding="utf-8", errors="replace").splitlines()[line - 1].rstrip()
    except (OSError, IndexError):
        return 0
    return int(text.endswith(('"""', "'''")))


def _party(row: Row, at: _Parts, before: list[Party], templates: Mapping[str, str]) -> Party:
    key = vocabulary.slug(row.name)
    if not key or key in {vocabulary.slug(each.name) for each in before}:
        what = f"there are two parties “{row.name}”" if key else "a party wants a name"
        raise _Wrong((*at, "name"), what, "Give each a name of its own.")
    if row.kind not in KINDS:
        near = vocabulary.nearest(row.kind, KINDS)
        raise _Wrong((*at, "kind"), f"“{row.kind}” is no kind of party", f"Write {near or ' or '.join(KINDS)}.")
    if row.template not in templates:
        near = vocabulary.nearest(row.template, templates)
        remedy = f"Did you mean {near}?" if near else f"Templates: {', '.join(templates)}."
        raise _Wrong((*at, "template"), f"there is no template “{row.template}”", remedy)
    severities = frozenset(_words(row.severities, vocabulary.severity, (*at, "severities")))
    priorities = frozenset(_words(row.priorities, vocabulary.priority, (*at, "priorities")))
    every = dict(_every(row.every, (*at, "every")))
    return Party(row.name.strip(), row.kind, severities, priorities, every, row.template, row.about, row.channel)


def _words(words: tuple[str, ...], read: Callable[[str], str], at: _Parts) -> Iterator[str]:
    for word in words:
        try:
            yield read(word)
        except Mistake as mistake:
            raise _Wrong(at, mistake.message, mistake.remedy) from mistake


def _every(given: str | Mapping[str, str], at: _Parts) -> Iterator[tuple[str, int]]:
    by_severity = dict.fromkeys(vocabulary.SEVERITIES, given) if isinstance(given, str) else given
    for word, text in by_severity.items() if given else ():
        place = at if isinstance(given, str) else (*at, word)
        try:
            severity, span = vocabulary.severity(word), parse_duration(text)
        except Mistake as mistake:
            raise _Wrong(place, mistake.message, mistake.remedy) from mistake
        if span <= 0:
            raise _Wrong(place, f"“{text}” is no time between two updates", "Write 30m, 2h or 1d.")
        yield severity, span


def in_words(found: Communication) -> str:
    """Return what there is on one line: `8 parties, 2 templates, GDPR, NIS2`."""
    own = len(found.templates.keys() - {LAY, TECHNICAL})
    names = ", ".join(each.name for each in found.regulations.values())
    more = f", {own} template{'' if own == 1 else 's'} of your own" if own else ""
    count = len(found.parties)
    return f"{count} part{'y' if count == 1 else 'ies'}{more}, deadlines of {names or 'no regulation'}"
