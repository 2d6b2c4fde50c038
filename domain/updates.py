"""Updates for those outside the work: what we know, what we do, when they hear again, in a template's words.

A template is a text with names in braces and nothing else: no expressions, no formats. What stands for a name is put
in once and is not read again, so braces in a title stay braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any

from domain import limits, vocabulary
from domain.actions import Drafts, required
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.incident import Incident
from domain.parties import LAY, TECHNICAL, Party, audience, why_nobody
from domain.times import stamp

WORDINGS: Mapping[str, str] = MappingProxyType(
    {
        "investigating": "something is wrong, and we are finding out what",
        "identified": "we know what is wrong, and work on it",
        "monitoring": "the impact has stopped, and we watch whether it stays so",
        "resolved": "it is over",
    }
)
"""A status page's words, each with what it tells the reader."""
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "title": "the incident's title",
        "ref": "its ref",
        "wording": "Investigating, Identified, Monitoring or Resolved",
        "meaning": "what that word tells the reader",
        "since": "when it began to be felt, else when it was raised",
        "severity": "its severity",
        "priority": "its priority",
        "phase": "the state of the work",
        "resources": "what is hit, a comma between",
        "know": "what we know",
        "do": "what we do",
        "next": "when the next update comes",
    }
)
"""What may stand in braces in a template."""
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        LAY: "{wording}: {title}\n\nSince {since}. In short: {meaning}.\n\n"
        "What we know: {know}\n\nWhat we do: {do}\n\nNext update: {next}",
        TECHNICAL: "{ref} {title}\n{wording} · severity {severity} · {priority} · {phase}\n"
        "Since: {since}\nHit: {resources}\n\nKnown: {know}\n\nDone: {do}\n\nNext update: {next}",
    }
)
"""The templates that are built in: `lay` for everybody, `technical` for those who run systems."""
DRILL = "This is a drill, nothing is wrong.\n\n"
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}")


def problem_of(template: str) -> tuple[int, str]:
    """Return what is wrong with a template, and on which of its lines (from 0); an empty text for nothing."""
    for number, line in enumerate(template.split("\n")):
        for match in _PLACE.finditer(line):
            if match[1] is not None and match[1] not in NAMES:
                near = vocabulary.nearest(match[1], NAMES)
                return number, f"there is nothing called {{{match[1]}}}" + (
                    f"; did you mean {{{near}}}?" if near else ""
                )
        if re.search(r"[{}]", _PLACE.sub("", line)):
            return number, "a brace stands alone; write {{ or }} for one that is meant"
    return (0, "") if template.strip() else (0, "it is blank")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its names replaced; a line of which every name is empty is left out."""
    lines: list[str] = []
    for line in template.split("\n"):
        named = [match[1] for match in _PLACE.finditer(line) if match[1] is not None]
        if named and not any(values.get(name, "") for name in named):
            continue
        made = _PLACE.sub(lambda match: _put(match, values), line)
        if made.strip() or (lines and lines[-1].strip()):
            lines.append(made)
    return "\n".join(lines).strip()


def _put(match: re.Match[str], values: Mapping[str, str]) -> str:
    return match[0][0] if match[1] is None else values.get(match[1], match[0])


def proposed_wording(incident: Incident) -> str:
    """Return the wording that an incident's state asks for."""
    if incident.is_closed and not incident.is_merged:  # a merged one goes on under another name
        return "resolved"
    if incident.mitigated_at is not None:
        return "monitoring"
    return "identified" if incident.status == "validated" or incident.causes else "investigating"


def values_of(
    incident: Incident, wording: str, know: str, do: str, next_update_at: int | None, zone: tzinfo
) -> dict[str, str]:
    """Return what stands for each name; moments with their zone."""
    since = incident.raised_at if incident.impact_started_at is None else incident.impact_started_at
    return {
        "title": incident.title,
        "ref": incident.ref,
        "wording": wording.capitalize(),
        "meaning": WORDINGS[wording],
        "since": stamp(since, zone),
        "severity": incident.severity or "not set",
        "priority": incident.priority or "no priority",
        "phase": incident.phase,
        "resources": ", ".join(item.name for item in incident.resources),
        "know": know,
        "do": do,
        "next": stamp(next_update_at, zone) if next_update_at is not None else "",
    }


def next_by(incident: Incident, to: Iterable[str], parties: Sequence[Party], now: int) -> int | None:
    """Return when the first of these parties wants to hear again, ms; None for an end, or when none says how often."""
    from domain.parties import severity_of

    keys, severity = {vocabulary.slug(name) for name in to}, severity_of(incident) or ""
    spans = [each.every[severity] for each in parties if vocabulary.slug(each.name) in keys and severity in each.every]
    return None if incident.is_closed or not spans else now + min(spans)


def write_update(
    incident: Incident,
    *,
    now: int,
    wording: str = "",
    know: str = "",
    do: str = "",
    to: Sequence[str] = (),
    parties: Sequence[Party] = (),
    templates: Mapping[str, str] = TEMPLATES,
    next_update_at: int | None = None,
    zone: tzinfo = UTC,
) -> Drafts:
    """Return an update with its ready texts.

    Args:
        incident: As it stands.
        now: The present, ms.
        wording: One of `WORDINGS` or its beginning; empty for the one that the state asks for.
        know: What is known.
        do: What is done; one of the two has to be there.
        to: Who it is for; empty for whoever has to be told, and who was before.
        parties: The team's.
        templates: By name.
        next_update_at: When they hear again; None for when the first of them wants to.
        zone: In which times are written.

    Raises:
        BadValue: A word that is none, a text that is blank or too long, a party that is misspelt.
        Refused: Nobody would be told, or the next update would be in the past.
    """
    word = vocabulary.choose(wording, WORDINGS, "wording") if wording else proposed_wording(incident)
    known, doing = _clean(know), _clean(do)
    if not known and not doing:
        raise BadValue("The update says nothing", "Give what we know, or what we do.", "blank")
    names = _audience(incident, to, parties)
    if next_update_at is not None and next_update_at <= now:
        late = f"The next update cannot be at {stamp(next_update_at, UTC)}, which is past"
        raise Refused(late, "Give a later time.", "order")
    again = (
        next_update_at if next_update_at is not None or word == "resolved" else next_by(incident, names, parties, now)
    )
    values = values_of(incident, word, known, doing, again, zone)
    start = DRILL if incident.drill else ""
    texts = {name: required(start + fill(templates[name], values), limits.REASON, "update") for name in
             _used(names, parties, templates)}  # fmt: skip
    body: dict[str, Any] = {"wording": word, "text": texts.pop(LAY), "know": known, "do": doing, "to": list(names)}
    body |= {"texts": texts} if texts else {}
    body |= {"next_update_at": again} if again is not None else {}
    return (Draft("fact", "update", body),)


def _clean(text: str) -> str:
    return required(text, limits.REASON, "text").strip() if text.strip() else ""


def _audience(incident: Incident, to: Sequence[str], parties: Sequence[Party]) -> tuple[str, ...]:
    if incident.drill:
        return ()
    if to:
        return tuple({vocabulary.slug(name): name for name in (party_named(each, parties) for each in to)}.values())
    if names := audience(incident, parties):
        return names
    why = why_nobody(incident) or f"no party is to be told of a {incident.severity or incident.priority} incident"
    remedy = "Name them: --to PARTY. Or set its severity: tocsin set REF severity=high."
    raise Refused(f"Nobody would hear this update of {incident.ref}: {why}", remedy, "nobody")


def party_named(name: str, parties: Sequence[Party]) -> str:
    """Return a party as the list has it; one that is not in the list as it is, unless it is a near miss.

    Raises:
        BadValue: It is blank, or nearly one of the list's.
    """
    wanted = required(name, limits.NAME, "party").strip()
    listed = {vocabulary.slug(each.name): each.name for each in parties}
    if vocabulary.slug(wanted) in listed:
        return listed[vocabulary.slug(wanted)]
    near = vocabulary.nearest(vocabulary.slug(wanted), listed)
    if near:
        raise BadValue(f"There is no party “{wanted}”", f"Did you mean {listed[near]}?", "bad_value")
    return wanted


def _used(names: Iterable[str], parties: Sequence[Party], templates: Mapping[str, str]) -> list[str]:
    keys = {vocabulary.slug(name) for name in names}
    found = {party.template for party in parties if vocabulary.slug(party.name) in keys and party.template in templates}
    return [LAY, *sorted(found - {LAY})]
