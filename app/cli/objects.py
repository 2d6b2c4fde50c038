"""Incidents and entries as JSON. Scripts rely on the names: fields may be added, never renamed (docs/json.md)."""

from __future__ import annotations

from typing import Any

from domain.entry import Entry
from domain.incident import Incident, Item, Regulated, Update
from domain.replay import Replay
from domain.silences import silenced
from domain.times import iso

_PLAIN = (
    "id", "ref", "title", "description", "status", "status_label", "phase", "severity", "priority",
    "priority_overridden", "priority_reason", "impact", "urgency", "type",
    "technical_category", "service_category", "owner",
)  # fmt: skip
_MOMENTS = (
    "raised_at", "acknowledged_at", "mitigated_at", "resolved_at", "closed_at", "impact_started_at", "detected_at",
    "reopened_at", "published_at", "updated_at",
)  # fmt: skip


def incident_object(incident: Incident, now: int) -> dict[str, Any]:
    """Return an incident as scripts see it at a moment (ms); times are ISO 8601 in UTC."""
    found: dict[str, Any] = {name: getattr(incident, name) for name in _PLAIN}
    found["tags"] = [item.name for item in incident.tags]
    found.update((name, iso(getattr(incident, name) or None)) for name in _MOMENTS)
    found["resources"] = [{"name": item.name, "severity": item.severity} for item in incident.resources]
    found["originators"] = [item.name for item in incident.originators]
    found["related"] = [_related(item) for item in incident.related]
    found["drill"] = incident.drill
    found["restricted"] = incident.restricted
    found["merged_into"] = incident.merged_into
    found["duplicates"] = list(incident.duplicates)
    found["silence"] = silence_object(incident, now)
    found["allowed"] = [{"name": item.name, "kind": item.relation or "user"} for item in incident.allowed]
    return {**found, **_more(incident)}


def silence_object(incident: Incident, now: int) -> dict[str, Any] | None:
    """Return until when nothing rings for an incident, by whom and why; None when something would."""
    if not silenced(incident, now):
        return None
    return {"until": iso(incident.silenced_until), "by": incident.silenced_by, "reason": incident.silence_reason}


def _related(item: Item) -> dict[str, Any]:
    return {"ref": item.name, "relation": item.relation, "description": item.description}


def _more(incident: Incident) -> dict[str, Any]:
    return {
        "background": incident.background,
        "acknowledged_by": incident.acknowledged_by,
        "roles": [{"name": item.name, "role": item.relation} for item in incident.roles],
        "causes": [item.name for item in incident.causes],
        "actions": [item.name for item in incident.actions],
        "follow_ups": [
            {"id": each.id, "title": each.title, "owner": each.owner, "due": each.due, "done": each.done}
            for each in incident.follow_ups
        ],
        "told": [
            {
                "party": each.party,
                "note": each.note,
                "at": iso(each.at),
                "by": each.by,
                "next_update_at": iso(each.next_update_at),
                "update": each.update,
                "wording": each.wording,
                "duty": each.duty,
            }
            for each in incident.told
        ],
        "updates": [_update(each) for each in incident.updates],
        "regulated": [_regulated(each) for each in incident.regulated],
        "next_update_at": iso(incident.next_update_at),
        "escalation": _escalation(incident),
        "classifiers": dict(incident.classifiers),
        "custom": dict(incident.custom),
        "conflicts": sorted(incident.conflicts),
        "notes": incident.notes,
        "alerts": incident.alerts,
        "firing": incident.firing,
        "entries": incident.entries,
    }


def _escalation(incident: Incident) -> dict[str, Any]:
    found = incident.escalation
    return {
        "level": incident.escalation_level,
        "to": (found.to or None) if found else None,
        "at": iso(incident.escalated_at),
        "by": found.by if found else None,
        "reason": (found.reason or None) if found else None,
        "automatic": found.automatic if found else False,
    }


def _update(each: Update) -> dict[str, Any]:
    return {
        "id": each.entry,
        "wording": each.wording,
        "text": each.text,
        "texts": dict(each.texts),
        "know": each.know,
        "do": each.do,
        "to": list(each.to),
        "at": iso(each.at),
        "by": each.by,
        "next_update_at": iso(each.next_update_at),
    }


def _regulated(each: Regulated) -> dict[str, Any]:
    return {
        "regulation": each.regulation,
        "aware_at": iso(each.aware_at),
        "classified_at": iso(each.classified_at),
        "withdrawn": each.withdrawn or None,
        "at": iso(each.at),
        "by": each.by,
    }


def entry_object(entry: Entry, replay: Replay) -> dict[str, Any]:
    """Return an entry as scripts see it; `action` ties together what one act wrote."""
    payload = entry.payload
    action = payload.pop("action", None)
    return {
        "id": entry.id,
        "kind": entry.kind,
        "what": what_of(entry),
        "occurred_at": iso(entry.occurred_at),
        "recorded_at": iso(entry.recorded_at),
        "author": entry.author,
        "source": entry.source,
        "payload": payload,
        "over": list(entry.over),
        "target": entry.what if entry.kind in ("add", "drop", "amend") else None,
        "action": action,
        "undone": replay.undone(entry.id),
        "redacted": entry.body is None,
        "device": entry.device,
        "dseq": entry.dseq,
        "hash": entry.hash.hex(),
    }


def what_of(entry: Entry) -> str:
    """Return the field of a set, the name of a fact, else the kind."""
    return entry.what if entry.kind in ("set", "fact") else entry.kind


def in_time(entries: list[Entry]) -> list[Entry]:
    """Return entries in the order they happened."""
    return sorted(entries, key=lambda entry: (entry.occurred_at, entry.hlc, entry.id))
