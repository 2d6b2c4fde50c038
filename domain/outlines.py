"""What a group of alerts says about its incident: title, severity, members, and the drafts that record it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain import limits
from domain.alerts import Alert, Group, Outline, Rules, alert_key, group_prefix, incident_key
from domain.entry import Draft
from domain.strictjson import dumps
from domain.times import iso
from domain.vocabulary import SEVERITIES

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Annotations that name a page to look at, and what that page is called. Prometheus' mixins and Grafana use these.
_LINKS: Mapping[str, str] = {
    "runbook_url": "Runbook", "runbook": "Runbook", "dashboard_url": "Dashboard", "dashboard": "Dashboard",
    "panel_url": "Panel",
}  # fmt: skip
_SHOWN_ALERTS = 20  # alerts of a group that its description lists
_SHORT_VALUE = 300  # characters kept of each value when an alert is too large for an entry


def severity_of(alert: Alert, rules: Rules) -> str | None:
    """Return the severity that an alert's label maps to, None when it has none that is mapped."""
    word = alert.labels.get(rules.severity_label, "").strip()
    found = rules.severities.get(word) or rules.severities.get(word.lower())
    return found if found in SEVERITIES else None


def rank(severity: str | None) -> int:
    """Return a severity's place, 0 the worst."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def worst_first(alerts: Iterable[Alert], rules: Rules) -> list[Alert]:
    """Return alerts in the order of urgency: firing, severe, old; the same for any order they are given in."""

    def urgency(alert: Alert) -> tuple[bool, int, str, str]:
        return (alert.status != "firing", rank(severity_of(alert, rules)), alert.start, alert.fingerprint)

    return sorted(alerts, key=urgency)


def outline_of(group: Group, rules: Rules) -> Outline:
    """Return what a group says about its incident: its own outline, else one made from its alerts by the rules."""
    if group.outline is not None:
        return group.outline
    alerts = worst_first(group.alerts, rules)
    severity = severity_of(alerts[0], rules)
    return Outline(
        title=_title(group, alerts, rules),
        description=_description(alerts),
        severity=severity,
        priority=rules.priorities.get(severity or ""),
        resources=_resources(alerts, rules),
        tags=_tags(alerts, rules),
        originators={_cut(f"{group.source}/{group.receiver}".rstrip("/"), limits.NAME): group.external_url},
    )


def _title(group: Group, alerts: Sequence[Alert], rules: Rules) -> str:
    worst = alerts[0]
    labels = {**worst.labels, **group.labels}
    said = _PLACEHOLDER.sub(lambda match: labels.get(match[1], ""), rules.title)
    name = " ".join([labels.get("alertname", ""), *_pairs(group.labels)])
    for text in (said, worst.annotations.get("summary", ""), name, *_pairs(worst.labels)):
        if line := " ".join(text.split()):
            return _cut(line, limits.TITLE)
    return "An alert without labels"


def _pairs(labels: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(labels.items()) if name != "alertname"]


def _description(alerts: Sequence[Alert]) -> str:
    shown = alerts[:_SHOWN_ALERTS]
    texts = dict.fromkeys(filter(None, map(_text, shown)))
    parts = list(texts) if len(texts) < 2 else ["\n".join(f"* {' '.join(text.split())}" for text in texts)]
    if len(alerts) > len(shown):
        parts.append(f"And {len(alerts) - len(shown)} more alerts.")
    links = dict.fromkeys(line for alert in shown for line in _links(alert))
    return _cut("\n\n".join([*parts, *(["\n".join(links)] if links else [])]), limits.DESCRIPTION)


def _text(alert: Alert) -> str:
    for name in ("description", "message", "summary"):
        if text := alert.annotations.get(name, "").strip():
            return text
    return ""


def _links(alert: Alert) -> list[str]:
    named = [(label, alert.annotations.get(name, "")) for name, label in _LINKS.items()]
    pages = [*named, ("Source", alert.generator_url)]
    return [f"* {label}: {url}" for label, url in pages if re.fullmatch(r"https?://\S+", url)]


def _resources(alerts: Sequence[Alert], rules: Rules) -> dict[str, str | None]:
    # The first that names a resource is the worst, so its severity stays.
    found: dict[str, str | None] = {}
    for alert in alerts:
        for label in rules.resource_labels:
            if name := _name(alert.labels.get(label, "")):
                found.setdefault(name, severity_of(alert, rules))
    return found


def _tags(alerts: Sequence[Alert], rules: Rules) -> tuple[str, ...]:
    values = ((label, alert.labels.get(label, "").strip()) for alert in alerts for label in rules.tag_labels)
    return tuple(dict.fromkeys(_name(f"{label}={value}") for label, value in values if value))


def _name(text: str) -> str:
    return _cut(" ".join(text.split()), limits.NAME)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


# --- drafts


def alert_draft(group: Group, alert: Alert, account: str, now: int) -> Draft:
    """Return the line of the timeline that says what an alert did; it never happens later than `now`, ms."""
    at = alert.starts_at
    if alert.status == "resolved" and alert.ends_at is not None:
        at = max(alert.starts_at or 0, alert.ends_at)  # by a skewed clock it may end before it began
    return Draft(
        "fact",
        "alert",
        _alert_body(group, alert),
        over=(),
        occurred_at=now if at is None else min(at, now),
        source="alert",
        src=alert_key(group.source, account, alert),
    )


def _alert_body(group: Group, alert: Alert) -> dict[str, Any]:
    body: dict[str, Any] = {
        "fingerprint": alert.fingerprint,
        "status": alert.status,
        "starts_at": alert.starts_at_text,
        "ends_at": iso(alert.ends_at),
        "labels": _kept(alert.labels, limits.LABEL_VALUE),
        "annotations": _kept(alert.annotations, limits.LABEL_VALUE),
        "generator_url": _cut(alert.generator_url, limits.LABEL_VALUE),
        "group": _cut(group.key, limits.LABEL_VALUE),
    }
    if alert.suppressed:
        body["suppressed"] = True
    if len(dumps(body)) * 4 > limits.BODY and len(dumps(body).encode()) > limits.BODY // 2:
        shorter = {name: _kept(getattr(alert, name), _SHORT_VALUE) for name in ("labels", "annotations")}
        return {**body, **shorter}
    return body


def _kept(values: Mapping[str, str], limit: int) -> dict[str, str]:
    names = sorted(values)[: limits.LABELS]
    return {_cut(name, limits.NAME): _cut(values[name], limit) for name in names}


def raise_draft(group: Group, outline: Outline, account: str, incident: str, at: int) -> Draft:
    """Return the draft that opens an incident for a group, raised at `at`, ms."""
    values = {
        "title": outline.title,
        "description": outline.description,
        "severity": outline.severity,
        "priority": outline.priority,
        "owner": outline.owner,
        "group": _cut(group.key, limits.LABEL_VALUE),
    }
    return Draft(
        "raise",
        "raise",
        {name: value for name, value in values.items() if value},
        over=(),
        occurred_at=at,
        source="alert",
        src=group_prefix(group.source, account, group.key) + incident,
    )


def member_drafts(group: Group, outline: Outline, account: str, incident: str) -> list[Draft]:
    """Return the resources, tags and originators that a group gives its incident, each under an import key.

    The key is the same on every device, and stays when a person drops the member: it is not added again.
    """
    bodies: list[tuple[str, dict[str, str | None]]] = []
    bodies += [("resource", {"name": name, "severity": severity}) for name, severity in outline.resources.items()]
    bodies += [("tag", {"name": name}) for name in outline.tags]
    bodies += [("originator", {"name": name, "description": text}) for name, text in outline.originators.items()]
    return [
        Draft(
            "add",
            collection,
            {key: value for key, value in body.items() if value},
            over=(),
            source="alert",
            src=incident_key(group.source, account, incident, f"{collection}:{body['name']}"),
        )
        for collection, body in bodies
    ]
