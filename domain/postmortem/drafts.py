"""What each section says before anybody has written it: drafted from the log, in full sentences where people read on.

Wording is blameless: it tells what happened and asks for conditions, never for whose fault it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from domain.durations import short
from domain.entry import Entry
from domain.incident import Incident, Item
from domain.postmortem.markup import escaped, quoted, strong
from domain.postmortem.timeline import history, raiser, shown, timeline
from domain.replay import Replay
from domain.vocabulary import PRIORITY_MEANING, SEVERITY_MEANING

PROMPTS: Mapping[str, str] = {
    "impact": "_Who noticed what, for how long? Give numbers where there are any._",
    "timeline": "_What happened, and when?_",
    "causes": "_What had to come together for this to happen? Name conditions, not people._",
    "resolution": "_Not over yet. What ended it, and how was that checked?_",
    "went_well": "_What helped? Name tools, people, luck excluded._",
    "went_badly": "_What made it slower or harder? Name signals, tools and gaps, not faults of people._",
    "lucky": "_What kept it from being worse, though nobody had planned it?_",
    "follow_ups": "_What will be changed, who sees to it, until when?_",
}
_ENDED = {"invalid": "found to be no incident", "ignored": "closed without action"}
OTHER_PROMPT = "_Nothing is written here yet._"


@dataclass(frozen=True, slots=True)
class Source:
    """What a draft is made from; `zone` is the one that moments are shown in."""

    incident: Incident
    replay: Replay
    zone: tzinfo

    def at(self, ms: int) -> str:
        """Return a moment for people, with its date."""
        return shown(ms, self.zone)

    def raised(self) -> Entry | None:
        """Return the entry that raised the incident, None when it has not arrived."""
        return next(iter(self.replay.facts("raised")), None)


def draft(section: str, source: Source) -> str:
    """Return a section's drafted Markdown; empty when the log has nothing for it."""
    make = _DRAFTS.get(section)
    return make(source) if make else ""


def prompt(section: str) -> str:
    """Return the question that stands in a section nobody has written: one line of italics."""
    return PROMPTS.get(section, OTHER_PROMPT)


def _summary(source: Source) -> str:
    incident = source.incident
    return " ".join(filter(None, (_what(source), _told(incident), _begun(source), _course(incident), _end(source))))


def _what(source: Source) -> str:
    incident, entry = source.incident, source.raised()
    who = raiser(entry) if entry else "somebody"
    who = who[0].upper() + who[1:]
    ref = f"{escaped(incident.ref)}, " if incident.ref else ""
    drill = " It was a drill." if incident.drill else ""
    kind = f" ({levels})" if (levels := _levels(incident)) else ""
    when = source.at(incident.raised_at)
    return f"{who} raised {ref}“{escaped(incident.title) or 'without a title'}”{kind} at {when}.{drill}"


def _levels(incident: Incident) -> str:
    given = (incident.priority, f"severity {incident.severity}" if incident.severity else None)
    return ", ".join(escaped(each) for each in given if each)


def _told(incident: Incident) -> str:
    said = incident.description.strip()
    return f"The report said: {quoted(said)}{'' if said[-1] in '.!?' else '.'}" if said else ""


def _begun(source: Source) -> str:
    incident = source.incident
    if incident.impact_started_at is None:
        return ""
    before = _span(incident.impact_started_at, incident.raised_at)
    return f"The impact had begun at {source.at(incident.impact_started_at)}{f', {before} before' if before else ''}."


def _course(incident: Incident) -> str:
    steps = (
        ("acknowledged", incident.acknowledged_at),
        ("mitigated", incident.mitigated_at),
        (_ENDED.get(incident.status, incident.status), incident.ended_at),
    )
    said = [f"{name} after {took}" for name, at in steps if (took := _span(incident.raised_at, at))]
    if not said:
        return ""
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"It was {listed}."


def _end(source: Source) -> str:
    incident = source.incident
    again = f"It was reopened at {source.at(incident.reopened_at)}. " if incident.reopened_at is not None else ""
    if incident.closed_at is not None:
        return f"{again}It was closed at {source.at(incident.closed_at)}."
    return again.strip() if incident.is_closed else f"{again}It is not over yet: {escaped(incident.phase)}."


def _span(start: int | None, end: int | None) -> str:
    return short(end - start) if start is not None and end is not None and end >= start else ""


def _impact(source: Source) -> str:
    incident = source.incident
    lines = [
        _level("Severity", incident.severity, SEVERITY_MEANING),
        _level("Priority", incident.priority, PRIORITY_MEANING),
        f"Resources: {', '.join(map(_resource, incident.resources))}" if incident.resources else "",
        _lasted(source),
        _alerts(incident),
    ]
    return "\n".join(f"- {line}" for line in lines if line)


def _level(name: str, value: str | None, meanings: Mapping[str, str]) -> str:
    if not value:
        return ""
    meaning = f" ({meanings[value]})" if value in meanings else ""
    return f"{name}: {escaped(value)}{meaning}"


def _resource(item: Item) -> str:
    return f"{escaped(item.name)} ({escaped(item.severity)})" if item.severity else escaped(item.name)


def _lasted(source: Source) -> str:
    incident = source.incident
    begun = incident.impact_started_at
    if begun is None:
        return ""
    over = incident.mitigated_at if incident.mitigated_at is not None else incident.ended_at
    took = _span(begun, over)
    going_on = "; its end is not recorded" if incident.is_closed else "; it goes on"
    rest = f"; it lasted {took}" if took else going_on
    return f"The impact began at {source.at(begun)}{rest}"


def _alerts(incident: Incident) -> str:
    if not incident.alerts:
        return ""
    firing = f", {incident.firing} of them still firing" if incident.firing else ""
    return f"Alert notices: {incident.alerts}{firing}"


def _timeline(source: Source) -> str:
    return timeline(source.incident, source.replay, source.zone)


def _causes(source: Source) -> str:
    lines = [f"- {escaped(item.name)}{_described(item)}" for item in source.incident.causes]
    effects = (item for item in source.incident.related if item.relation == "effect")
    lines += [f"- {escaped(item.name) or 'Another incident'} led to it{_described(item)}" for item in effects]
    return "\n".join(lines)


def _described(item: Item) -> str:
    return f": {escaped(item.description)}" if item.description.strip() else ""


def _resolution(source: Source) -> str:
    incident = source.incident
    stopped = [_sentence(source, entry, "stopped the impact") for entry in source.replay.facts("mitigated")]
    if not incident.is_closed:
        return "\n\n".join(stopped)
    ends = [entry for entry in history(source.replay, "status") if entry.payload.get("value") == incident.status]
    ended = [_sentence(source, entry, f"moved it to {escaped(incident.status)}") for entry in ends[-1:]]
    done = [f"- {escaped(item.name)}{_described(item)}" for item in incident.actions]
    actions = ["Actions taken:\n\n" + "\n".join(done)] if done else []
    return "\n\n".join((*stopped, *ended, *actions))


def _sentence(source: Source, entry: Entry, did: str) -> str:
    texts = (entry.payload.get(name) for name in ("note", "reason"))
    said = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    colon = f": {quoted(said)}" if said else "."
    return f"{strong(entry.author)} {did} at {source.at(entry.occurred_at)}{colon}"


def _detection(source: Source) -> str:
    incident, entry = source.incident, source.raised()
    who = raiser(entry) if entry else "somebody"
    first = f"It was raised by {who} at {source.at(incident.raised_at)}."
    return " ".join(filter(None, (first, _detected(source), _acknowledged(source))))


def _detected(source: Source) -> str:
    incident = source.incident
    begun, seen = incident.impact_started_at, incident.detected_at
    if begun is None:
        known = f"It was detected at {source.at(seen)}. " if seen is not None else ""
        return f"{known}When the impact began is not recorded."
    took = _span(begun, incident.raised_at if seen is None else seen)
    when = f"at {source.at(seen)}" if seen is not None else "when it was raised"
    return f"It was detected {when}{f', {took} after the impact began' if took else ''}."


def _acknowledged(source: Source) -> str:
    incident = source.incident
    if incident.acknowledged_at is None:
        return "Nobody acknowledged it." if incident.is_closed else "Nobody has acknowledged it yet."
    seen = incident.raised_at if incident.detected_at is None else incident.detected_at
    took = _span(seen, incident.acknowledged_at)
    who = strong(incident.acknowledged_by or "")
    return f"{who} acknowledged it at {source.at(incident.acknowledged_at)}{f', {took} later' if took else ''}."


def _follow_ups(source: Source) -> str:
    lines = []
    for each in source.incident.follow_ups:
        more = ", ".join(escaped(part) for part in (each.owner, each.due) if part)
        lines.append(f"- [{'x' if each.done else ' '}] {escaped(each.title)}{f' — {more}' if more else ''}")
    return "\n".join(lines)


_DRAFTS: Mapping[str, Callable[[Source], str]] = {
    "summary": _summary,
    "impact": _impact,
    "timeline": _timeline,
    "causes": _causes,
    "resolution": _resolution,
    "detection": _detection,
    "follow_ups": _follow_ups,
}
