"""The team's own rules, from its settings to what the domain works with; one that makes no sense is named.

A settings file of the wrong shape stops the program. A rule without meaning does not: the queue opens with the rules
that are built in and says so, `tocsin doctor` names it, and a verb that needs the rule ends with exit code 7.
"""

from __future__ import annotations

import re

from app.loading import BadSettings, Loaded
from app.settings_lines import said_in
from domain.errors import Mistake
from domain.fields import CUSTOM_KINDS, CustomField
from domain.times import parse_duration
from domain.triage import Rules, matrix_problems
from domain.vocabulary import nearest

_SEE = "See docs/triage.md."


def triage_rules(loaded: Loaded) -> Rules:
    """Return the matrix and the team's own fields.

    Raises:
        BadSettings: One of them makes no sense; names the file, the line and the remedy.
    """
    loaded.need("triage")
    triage = loaded.settings.triage
    if problems := matrix_problems(triage.matrix):
        where, what = problems[0]
        line = said_in(loaded.config, loaded.origins, ("triage", "matrix", *where.split(".")))
        raise BadSettings(f"{line}: triage.matrix.{where}: {what}", f"Give each of the nine a priority. {_SEE}")
    own: dict[str, CustomField] = {}
    for number, field in enumerate(triage.fields):
        if problem := _field_problem(field.name, field.kind, field.choices, own):
            line = said_in(loaded.config, loaded.origins, ("triage", "fields", number))
            raise BadSettings(f"{line}: triage.fields: {problem}", _SEE)
        own[field.name] = CustomField(field.name, field.kind, field.choices, field.about)
    return Rules(triage.matrix, own)


def rules_or_defaults(loaded: Loaded) -> Rules:
    """Return the team's rules for triage, those that are built in where its own make no sense."""
    try:
        return triage_rules(loaded)
    except BadSettings:
        return Rules()


def troubles_with(loaded: Loaded) -> list[str]:
    """Return what is wrong with the team's own rules, a sentence for each that cannot be used."""
    from app.parties import communication_of

    found = []
    for rules in (triage_rules, stale_after, rings_again, communication_of):
        try:
            rules(loaded)
        except BadSettings as error:
            found.append(loaded.brief(f"{error.message}. {error.remedy} Until then the built-in rules hold"))
    return list(dict.fromkeys(found))  # a section that could not be read is in the way of each that needs it


def stale_after(loaded: Loaded) -> int:
    """Return how long after an acknowledgement something has to have been recorded, ms.

    Raises:
        BadSettings: The setting is no duration.
    """
    return _duration(loaded, "stale_acknowledged", loaded.settings.reminders.stale_acknowledged)


def rings_again(loaded: Loaded) -> int | None:
    """Return how long after it rang something rings again that is still due, ms; None for never.

    Raises:
        BadSettings: The setting is no duration.
    """
    text = loaded.settings.reminders.again.strip()
    return None if text.lower() == "never" else _duration(loaded, "again", text)


def _duration(loaded: Loaded, name: str, text: str) -> int:
    loaded.need("reminders")
    try:
        return parse_duration(text)
    except Mistake as error:
        line = said_in(loaded.config, loaded.origins, ("reminders", name))
        raise BadSettings(f"{line}: reminders.{name}: {error.message}", error.remedy) from error


def _field_problem(name: str, kind: str, choices: tuple[str, ...], known: dict[str, CustomField]) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name):
        return f"“{name}” cannot be a field's name; use small letters, digits and underscores"
    if name in known:
        return f"there are two fields “{name}”"
    if kind not in CUSTOM_KINDS:
        near = nearest(kind, CUSTOM_KINDS)
        return f"“{kind}” is no kind of field; " + (f"did you mean {near}?" if near else ", ".join(CUSTOM_KINDS))
    if (kind == "choice") != bool(choices):
        return f"“{name}” is a {kind} field and has {'no' if kind == 'choice' else 'a list of'} choices"
    return ""
