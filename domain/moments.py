"""A timeline as people read it: one moment an entry, in the order things happened, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import NamedTuple

from domain.durations import short
from domain.entry import Entry
from domain.grants import called
from domain.replay import Replay, field_of
from domain.saying import SAID
from domain.silences import ENDED_BY, FACT
from domain.times import MINUTE, stamp
from domain.wording import chosen_words, field_name, said_outside

LATE = 2 * MINUTE  # recorded so much after it happened, a moment says so


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: what an entry says, in words, before any renderer has made it safe.

    Attributes:
        headline: What happened, in a few words; empty for a note.
        text: The note's, reason's or output's text.
        late: How late it was written down, e.g. `12m`; empty when it was not.
        undone: It was taken back; the record stays.
        ref: Of the merged incident on whose timeline it stands; empty for the incident's own.
    """

    entry: Entry
    headline: str
    text: str = ""
    late: str = ""
    undone: bool = False
    starred: bool = False
    ref: str = ""


class Strand(NamedTuple):
    """One timeline of those that make an incident: its entries, their fold, and the ref if it is a merged one's."""

    entries: Sequence[Entry]
    replay: Replay
    ref: str = ""


def woven(strands: Sequence[Strand]) -> list[Moment]:
    """Return the moments of an incident and of those that were merged into it, by when they happened."""
    found = [
        replace(moment, ref=strand.ref) if strand.ref else moment
        for strand in strands
        for moment in moments(strand.entries, strand.replay)
    ]
    if len(strands) > 1:
        found.sort(key=lambda moment: (moment.entry.occurred_at, moment.entry.hlc, moment.entry.id))
    return found


def moments(entries: Sequence[Entry], replay: Replay) -> list[Moment]:
    """Return the moments of an incident, by when they happened; housekeeping (stars, drafts) is left out."""
    starred = replay.result().starred
    shown = [entry for entry in entries if not (entry.kind == "set" and entry.what.startswith("star:"))]
    ordered = sorted(shown, key=lambda entry: (entry.occurred_at, entry.hlc, entry.id))
    return [_moment(entry, replay, entry.id in starred) for entry in ordered]


def _moment(entry: Entry, replay: Replay, starred: bool) -> Moment:
    late = entry.recorded_at - entry.occurred_at
    headline, text = describe(entry, replay)
    if entry.held is not None:
        headline = f"{headline} (kept back by the hub: {entry.held})".strip()
    return Moment(
        entry=entry,
        headline=headline,
        text=text,
        late=short(late) if late >= LATE else "",
        undone=replay.undone(entry.id),
        starred=starred,
    )


def describe(entry: Entry, replay: Replay) -> tuple[str, str]:
    """Return an entry's headline and its text."""
    payload = entry.payload
    if entry.body is None:
        return f"{entry.kind} {entry.what} (redacted)", ""
    if not entry.known:
        return f"{entry.kind} {entry.what} (from a newer version)", ""
    if entry.kind == "note":
        return "", replay.note_text(entry)
    if "undoes" in payload:
        return f"undid: {_undone_name(entry)}", ""
    if "chose" in payload and (chosen := chosen_words(entry, replay)):
        where = "" if entry.what == "status" else f"{field_name(field_of(entry))}: "
        return f"{where}chose {chosen}", ""
    if entry.kind == "fact" and entry.what == "silenced":
        return _silenced(entry, replay), str(payload.get("reason") or "")
    if entry.kind == "fact" and entry.what in SAID:
        return said_outside(entry.what, payload), _said(payload, replay)
    describer = _DESCRIBERS.get(entry.kind)
    return describer(entry, payload) if describer else (entry.kind, "")


def _said(payload: dict[str, object], replay: Replay) -> str:
    """Return the text of a fact about those outside; nothing for one that stands on the timeline already."""
    note = str(payload.get("note") or payload.get("text") or payload.get("withdrawn") or "")
    said = next((head.value for head in replay.heads("fact:update") if head.entry.id == payload.get("update")), None)
    if isinstance(said, dict):
        texts = said.get("texts")
        known = [said.get("text"), *(texts.values() if isinstance(texts, dict) else ())]
        return "" if note in known else note
    return "" if note == payload.get("duty") else note


def _undone_name(entry: Entry) -> str:
    if entry.kind == "set":
        return f"{field_name(entry.what)} is {_value(entry.payload.get('value'))} again"
    if entry.kind == "alias":
        return "the merge"
    if (entry.kind, entry.what) == ("fact", "silenced"):  # what is undone by a silence is the end of one
        return "the end of the silence"
    return entry.what.removeprefix("fact:").replace("_", " ")


def _alias(_entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    said = str(payload.get("note") or "")
    if not isinstance(payload.get("of"), str):
        return "taken apart: it stands for itself again", said
    return f"merged into {payload.get('name') or 'another incident'}", said


def _raise(_entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    words = [str(payload[name]) for name in ("priority", "severity") if payload.get(name)]
    return " ".join(["raised", *words]), str(payload.get("description") or "")


def _set(entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    value = payload.get("value")
    said = "\n".join(str(payload[name]) for name in ("note", "reason") if payload.get(name))
    if entry.what == "status":
        label = f" ({payload['label']})" if payload.get("label") else ""
        return f"moved to {_value(value)}{label}", said
    if entry.what.startswith("pm:"):
        return f"wrote the post-mortem: {entry.what[3:].replace('_', ' ')}", ""
    if entry.what.startswith("act:"):
        part = entry.what.rpartition(".")[2]
        return (f"follow-up: {value}" if part == "title" else f"follow-up {part}: {_value(value)}"), ""
    if entry.what == "description":
        return "description", str(value or "")
    if entry.what.endswith("_at") and isinstance(value, int):
        return f"{field_name(entry.what)}: {stamp(value, UTC)}", said
    return f"{field_name(entry.what)}: {_value(value)}", said


def _fact(entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    said = str(payload.get("note") or payload.get("reason") or "")
    if entry.what == "alert":
        return f"alert {payload.get('status', '')}: {_alert_name(payload)}", ""
    if entry.what == "command":
        return f"ran: {payload.get('command', '')} (exit {payload.get('exit_code', '?')})", str(
            payload.get("output") or ""
        )
    if entry.what == "escalated":
        return _escalated(entry, payload), said
    how = " (implied)" if entry.source == "implied" else ""
    return f"{entry.what.replace('_', ' ')}{how}", said


def _silenced(entry: Entry, replay: Replay) -> str:
    until = entry.payload.get("until")
    try:
        said = f"silenced until {stamp(until, UTC)}" if isinstance(until, int) else "silenced"
    except (ValueError, OverflowError, OSError):  # a moment of a newer version, or of a joker
        said = "silenced"
    ended = next((each.ended_by for each in replay.result().silences if each.entry == entry.id), "")
    return f"{said}; it ended: {ENDED_BY[ended]}" if ended else said


def _escalated(entry: Entry, payload: dict[str, object]) -> str:
    rota = f" (rota {payload['rota']})" if payload.get("rota") else ""
    again = f", round {payload['round']}" if payload.get("round", 1) != 1 else ""
    how = " by timer" if entry.source == "implied" else ""
    return f"escalated{how} to level {payload.get('level', '?')}{again}: {payload.get('to') or 'nobody is there'}{rota}"


def _alert_name(payload: dict[str, object]) -> str:
    labels, annotations = payload.get("labels"), payload.get("annotations")
    summary = annotations.get("summary") if isinstance(annotations, dict) else None
    name = labels.get("alertname") if isinstance(labels, dict) else None
    return str(summary or name or payload.get("fingerprint") or "")


def _amend(_entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    return "rewrote a note", str(payload.get("text") or "")


def _add(entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    more = f" ({payload['severity']})" if payload.get("severity") else ""
    name, description = f"{payload.get('name', '')}{more}", str(payload.get("description") or "")
    if entry.what == "role":
        return f"{name} is {payload.get('relation', '')}", description
    if entry.what == "related" and payload.get("merged") is True:
        return f"{name} was merged into this", description
    if entry.what == "related":
        return f"{payload.get('relation', '')} {name}", description
    if entry.what == "allowed":
        return f"{_seer(payload)} may see it", ""
    return f"{entry.what}: {name}", description


def _seer(payload: dict[str, object]) -> str:
    return called(str(payload.get("relation", "")), str(payload.get("name", "")))


def _drop(entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    if entry.what == "role" and payload.get("relation"):
        return f"{payload.get('name', '')} is no longer {payload['relation']}", ""
    if entry.what == FACT:
        return "ended the silence", str(payload.get("reason") or "")
    if entry.what == "allowed":
        return f"{_seer(payload)} may not see it any more", ""
    return f"removed {entry.what.removeprefix('fact:')}: {payload.get('name', '')}", ""


def _redact(_entry: Entry, payload: dict[str, object]) -> tuple[str, str]:
    return "removed a text from the record", str(payload.get("reason") or "")


_DESCRIBERS = {
    "redact": _redact,
    "raise": _raise,
    "set": _set,
    "fact": _fact,
    "amend": _amend,
    "add": _add,
    "alias": _alias,
    "drop": _drop,
}


def _value(value: object) -> str:
    return "none" if value in (None, "") else str(value)
