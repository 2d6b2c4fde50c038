"""The moments of an incident that belong in its post-mortem, one line of Markdown each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from domain.durations import short
from domain.entry import Entry
from domain.incident import Incident
from domain.postmortem.markup import code, escaped, quoted, strong
from domain.replay import Replay
from domain.times import MINUTE, stamp

LATE = 5 * MINUTE
"""An entry recorded later than this after it happened says so, ms."""
_MOST_ALERTS = 20
_LAST_SHOWN = 253_402_214_400_000  # ms; a zone's offset must not carry a moment beyond the year 9999
_MOVED = {
    "resolved": "resolved it",
    "invalid": "closed it as invalid",
    "ignored": "closed it as ignored",
    "reviewed": "reviewed it",
    "validated": "validated it, work began",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `at` in ms, `text` Markdown, `late` in ms after which it was recorded."""

    at: int
    text: str
    late: int = 0
    order: tuple[int, str] = (0, "")


def shown(ms: int, zone: tzinfo, *, date: bool = True) -> str:
    """Return a moment for people, whatever number a stranger's entry holds."""
    return stamp(min(max(ms, 0), _LAST_SHOWN), zone, date=date)


def history(replay: Replay, name: str) -> list[Entry]:
    """Return every setting of a field that was not taken back, oldest first, also those replaced since."""
    entries = (head.entry for head in replay.history(name))
    kept = (e for e in entries if e.kind == "set" and "undoes" not in e.payload and not replay.undone(e.id))
    return sorted(kept, key=lambda e: (e.occurred_at, e.hlc, e.id))


def timeline(incident: Incident, replay: Replay, zone: tzinfo) -> str:
    """Return the timeline as a Markdown list, by when things happened; dated when it spans more than one day."""
    moments = sorted(_moments(incident, replay, zone), key=lambda m: (m.at, m.order))
    days = {shown(m.at, zone)[:10] for m in moments}
    lines = (f"- {shown(m.at, zone, date=len(days) > 1)} — {m.text}{_lateness(m.late)}" for m in moments)
    return "\n".join(lines)


def _lateness(late: int) -> str:
    return f" (+{short(late)} late)" if late > LATE else ""


def _moments(incident: Incident, replay: Replay, zone: tzinfo) -> Iterator[Moment]:
    yield from _began(incident, replay)
    yield from _statuses(replay)
    yield from _facts(replay)
    yield from _outside(replay)
    yield from _owners(replay)
    yield from _classed(replay)
    yield from _alerts(replay, zone)
    yield from _notes(incident, replay)


def _of(entry: Entry, text: str) -> Moment:
    return Moment(entry.occurred_at, text, entry.recorded_at - entry.occurred_at, (entry.hlc, entry.id))


def _said(payload: dict[str, Any], *names: str) -> str:
    """Return `: “…”` with the first of these texts that is there, else nothing."""
    found = next((value for name in names if isinstance(value := payload.get(name), str) and value.strip()), "")
    return f": {quoted(found)}" if found else ""


def _began(incident: Incident, replay: Replay) -> Iterator[Moment]:
    if incident.impact_started_at is not None:
        yield Moment(incident.impact_started_at, "the impact began")
    if incident.detected_at is not None:
        yield Moment(incident.detected_at, "it was detected")
    for entry in replay.facts("raised")[:1]:
        yield _of(entry, f"{raiser(entry)} raised it")


def raiser(entry: Entry) -> str:
    """Return who raised an incident, in words: a person, or an alert of a system."""
    return f"an alert from {strong(entry.author)}" if entry.source == "alert" else strong(entry.author)


def _statuses(replay: Replay) -> Iterator[Moment]:
    reopening = {entry.payload.get("action") for entry in replay.facts("reopened")} - {None}
    for entry in history(replay, "status"):
        payload = entry.payload
        if payload.get("action") in reopening:
            continue  # the reopening of the same action tells it
        value = str(payload.get("value"))
        label = payload.get("label")
        moved = _MOVED.get(value) or f"moved it to {escaped(str(label)) if label else escaped(value)}"
        yield _of(entry, f"{strong(entry.author)} {moved}{_said(payload, 'note', 'reason')}")


def _facts(replay: Replay) -> Iterator[Moment]:
    for entry in replay.facts("acknowledged"):
        implied = " by acting on it" if entry.source == "implied" else ""
        yield _of(entry, f"{strong(entry.author)} acknowledged{implied}")
    told = {"mitigated": "stopped the impact", "reopened": "reopened it", "closed": "closed it"}
    for entry in replay.facts("escalated"):
        who = "a timer" if entry.source == "implied" else strong(entry.author)
        yield _of(entry, f"{who} escalated it{_whom(entry.payload)}{_said(entry.payload, 'reason', 'note', 'text')}")
    for name, words in told.items():
        for entry in replay.facts(name):
            yield _of(entry, f"{strong(entry.author)} {words}{_said(entry.payload, 'note', 'reason', 'text')}")
    for entry in replay.facts("command"):
        yield _of(entry, f"{strong(entry.author)} ran {_command(entry.payload)}")


def _whom(payload: dict[str, Any]) -> str:
    """Return ` to NAME (level N)` of an escalation, as much of it as is there."""
    to, level = payload.get("to"), payload.get("level")
    name = f" to {strong(to)}" if isinstance(to, str) and to else ""
    return f"{name} (level {level})" if isinstance(level, int) else name


def _outside(replay: Replay) -> Iterator[Moment]:
    """Yield what was said outside: an update with its text once, and who was told the same at once in one line."""
    for entry in replay.facts("update"):
        wording = escaped(str(entry.payload.get("wording", "")))
        yield _of(
            entry, f"{strong(entry.author)} wrote an update ({wording}){_said(entry.payload, 'know', 'do', 'text')}"
        )
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in replay.facts("told"):
        same = str(entry.payload.get("action") or entry.id), str(entry.payload.get("update") or "")
        groups.setdefault(same, []).append(entry)
    for (_action, update), entries in groups.items():
        payload = entries[0].payload
        names = ", ".join(escaped(str(each.payload.get("party") or "others")) for each in entries)
        duty = f" ({escaped(str(payload['duty']))})" if payload.get("duty") else ""
        what = " the update" if update else "" if duty else _said(payload, "note", "reason", "text")
        yield _of(entries[0], f"{strong(entries[0].author)} told {names}{duty}{what}")
    for entry in replay.facts("regulated"):
        applies = "does not apply" if entry.payload.get("withdrawn") else "applies"
        name = escaped(str(entry.payload.get("regulation", "")))
        yield _of(entry, f"{strong(entry.author)} said that {name} {applies}{_said(entry.payload, 'withdrawn')}")


def _command(payload: dict[str, Any]) -> str:
    given = payload.get("command", "")
    line = shlex.join(map(str, given)) if isinstance(given, list) else str(given)
    exits = [payload[name] for name in ("exit_code", "exit", "code") if isinstance(payload.get(name), int)]
    return f"{code(line)} (exit {exits[0]})" if exits else code(line)


def _owners(replay: Replay) -> Iterator[Moment]:
    for entry in history(replay, "owner"):
        owner = entry.payload.get("value")
        if not isinstance(owner, str) or not owner:
            words = "left it without an owner"
        else:
            words = "took it" if owner == entry.author else f"gave it to {strong(owner)}"
        yield _of(entry, f"{strong(entry.author)} {words}")


def _classed(replay: Replay) -> Iterator[Moment]:
    for name in ("severity", "priority"):
        for entry in history(replay, name):
            value = entry.payload.get("value")
            words = f"set the {name} to {escaped(str(value))}" if value else f"cleared the {name}"
            yield _of(entry, f"{strong(entry.author)} {words}")


def _notes(incident: Incident, replay: Replay) -> Iterator[Moment]:
    notes = replay.notes()
    starred = [(entry, text) for entry, text in notes if entry.id in incident.starred]
    for entry, text in starred or notes:
        yield _of(entry, f"{strong(entry.author)}: {quoted(text)}")


def _alerts(replay: Replay, zone: tzinfo) -> Iterator[Moment]:
    by_name: dict[str, list[Entry]] = {}
    for entry in replay.facts("alert"):
        by_name.setdefault(_alert_name(entry.payload), []).append(entry)
    groups = sorted(by_name.items(), key=lambda group: group[1][0].occurred_at)
    for name, entries in groups[:_MOST_ALERTS]:
        yield _folded(name, entries, zone)
    if rest := groups[_MOST_ALERTS:]:
        count = sum(len(entries) for _name, entries in rest)
        text = f"{len(rest)} more alerts came, {count} times in all; the log has each"
        yield Moment(rest[0][1][0].occurred_at, text)


def _alert_name(payload: dict[str, Any]) -> str:
    for part, key in (("labels", "alertname"), ("annotations", "summary")):
        within = payload.get(part)
        if isinstance(within, dict) and within.get(key):
            return str(within[key])
    return str(payload.get("title") or payload.get("name") or payload.get("fingerprint") or "unnamed")


def _folded(name: str, entries: list[Entry], zone: tzinfo) -> Moment:
    """Return one line for all notices of an alert: first, last, how many; entries oldest first."""
    first, over = (entries[0], [e for e in entries if e.payload.get("status") == "resolved"])
    firing = [e for e in entries if e.payload.get("status") != "resolved"]
    words = f"alert {strong(name)} {'fired' if firing else 'resolved'}"
    if len(firing) > 1:
        words += f" {len(firing)} times, last at {_clock(firing[-1], first, zone)}"
    if firing and over:
        words += f", resolved at {_clock(over[-1], first, zone)}"
        words += ", then fired again" if firing[-1].occurred_at > over[-1].occurred_at else ""
    return Moment(first.occurred_at, words, 0, (first.hlc, first.id))


def _clock(entry: Entry, first: Entry, zone: tzinfo) -> str:
    same_day = shown(entry.occurred_at, zone)[:10] == shown(first.occurred_at, zone)[:10]
    return shown(entry.occurred_at, zone, date=not same_day)
