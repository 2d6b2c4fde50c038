"""Reads what Prometheus Alertmanager tells: the body of its webhook, and the list its API gives.

The webhook's version is 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config); Grafana's
alerting sends the same with more fields. The lists are those of `GET /api/v2/alerts` and `/api/v2/alerts/groups`.
Tolerant of fields that are more or fewer, strict in those that say which alert it is and whether it fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain import limits
from domain.alerts import Alert, Group, Rules, Status, fingerprint_of
from sync.ingest.shapes import document, list_at, moment_at, object_at, text_at, texts_at, wrong

_REMEDY = "Give the body of a webhook, or the answer of GET /api/v2/alerts."
# Grafana sends these beside the annotations of an alert.
_GRAFANA_PAGES = {"dashboardURL": "dashboard_url", "panelURL": "panel_url"}


def read(data: bytes, rules: Rules, *, now: int, max_bytes: int = limits.INGEST_BYTES) -> list[Group]:
    """Return the groups of alerts in a webhook's body or an API's list.

    Args:
        data: The document.
        rules: How its alerts are grouped.
        now: The present, ms: an alert of a list that ends later still fires.
        max_bytes: The largest document taken.

    Raises:
        BadAlerts: It cannot be read; names line and column, or the place, e.g. `alerts[3].startsAt`.
    """
    value = document(data, max_bytes, _REMEDY)
    if isinstance(value, list):
        return _listed(value, rules, now)
    body = object_at(value, "The input", _REMEDY)
    if "alerts" in body:
        return _webhook(body, rules)
    if "labels" in body and "startsAt" in body:
        return _listed([body], rules, now)
    raise wrong("alerts", "is missing", _REMEDY)


# --- the webhook


def _webhook(body: dict[str, Any], rules: Rules, path: str = "") -> list[Group]:
    """Return the group of a body, or each of its alerts as a group; `path` ends with a dot, or is empty."""
    at = path.rstrip(".")
    receiver = text_at(body, "receiver", at, _REMEDY, limits.NAME)
    url = text_at(body, "externalURL", at, _REMEDY)
    items = list_at(body["alerts"], f"{path}alerts", _REMEDY)
    alerts = [_sent(item, f"{path}alerts[{n}]", body.get("status")) for n, item in enumerate(items)]
    if not rules.group_webhook:
        return [Group(alert.fingerprint, (alert,), {}, receiver, url) for alert in alerts]
    labels = texts_at(body, "groupLabels", at, _REMEDY)
    key = text_at(body, "groupKey", at, _REMEDY) or f"{receiver}:{label_key(labels)}"
    return [Group(key, tuple(alerts), labels, receiver, url, _truncated(body))] if alerts else []


def _truncated(body: dict[str, Any]) -> int:
    found = body.get("truncatedAlerts")
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _sent(item: object, path: str, group_status: object) -> Alert:
    value = object_at(item, path, _REMEDY)
    word = value.get("status", group_status)
    if word not in ("firing", "resolved"):
        raise wrong(f"{path}.status", "is neither “firing” nor “resolved”", _REMEDY)
    return _alert(value, path, "resolved" if word == "resolved" else "firing")


def _alert(value: dict[str, Any], path: str, status: Status, *, suppressed: bool = False) -> Alert:
    labels = texts_at(value, "labels", path, _REMEDY)
    given = text_at(value, "fingerprint", path, _REMEDY, limits.NAME).strip()
    if not given and not labels:
        raise wrong(f"{path}.labels", "is missing or empty, so nothing says which alert it is", _REMEDY)
    annotations = texts_at(value, "annotations", path, _REMEDY)
    for name, annotation in _GRAFANA_PAGES.items():
        if page := text_at(value, name, path, _REMEDY):
            annotations.setdefault(annotation, page)
    return Alert(
        fingerprint=given or fingerprint_of(labels),
        status=status,
        starts_at_text=text_at(value, "startsAt", path, _REMEDY, limits.NAME),
        starts_at=moment_at(value, "startsAt", path, _REMEDY),
        ends_at=_end(value, path) if status == "resolved" else None,
        labels=labels,
        annotations=annotations,
        generator_url=text_at(value, "generatorURL", path, _REMEDY),
        suppressed=suppressed,
    )


def _end(value: dict[str, Any], path: str) -> int | None:
    text = text_at(value, "endsAt", path, _REMEDY, limits.NAME)
    # Go's zero time stands for none.
    return None if not text or text.startswith("0001-01-01") else moment_at(value, "endsAt", path, _REMEDY)


# --- the API's list


def _listed(items: list[Any], rules: Rules, now: int) -> list[Group]:
    list_at(items, "The list", _REMEDY)
    if any(isinstance(item, dict) and "alerts" in item for item in items):
        return [group for n, item in enumerate(items) for group in _grouped(item, f"[{n}]", rules, now)]
    alerts = [(_gotten(item, f"[{n}]", now), _receivers(item, f"[{n}]")) for n, item in enumerate(items)]
    if not rules.group_by:
        return [Group(alert.fingerprint, (alert,), {}, receiver) for alert, receiver in alerts]
    return _by_labels(alerts, rules.group_by)


def _by_labels(alerts: Iterable[tuple[Alert, str]], names: tuple[str, ...]) -> list[Group]:
    gathered: dict[str, tuple[dict[str, str], str, list[Alert]]] = {}
    for alert, receiver in alerts:
        labels = {name: alert.labels.get(name, "") for name in names}
        gathered.setdefault(label_key(labels), (labels, receiver, []))[2].append(alert)
    return [Group(key, tuple(those), labels, who) for key, (labels, who, those) in gathered.items()]


def _gotten(item: object, path: str, now: int) -> Alert:
    value = object_at(item, path, _REMEDY)
    status = value.get("status")
    if isinstance(status, str):  # a list cut out of a webhook's body
        return _sent(value, path, None)
    state = text_at(object_at(status, f"{path}.status", _REMEDY), "state", f"{path}.status", _REMEDY)
    end = _end(value, path)
    over = end is not None and end <= now
    return _alert(value, path, "resolved" if over else "firing", suppressed=state == "suppressed")


def _receivers(item: Mapping[str, Any], path: str) -> str:
    found = item.get("receivers")
    names = list_at(found, f"{path}.receivers", _REMEDY) if found is not None else []
    return next((text_at(each, "name", f"{path}.receivers", _REMEDY, limits.NAME) for each in _objects(names)), "")


def _objects(values: Iterable[object]) -> Iterable[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict))


def _grouped(item: object, path: str, rules: Rules, now: int) -> list[Group]:
    """Return one of `GET /api/v2/alerts/groups`, which gives no key (its labels are taken for one), or a webhook's."""
    value = object_at(item, path, _REMEDY)
    if "groupKey" in value or "groupLabels" in value:
        return _webhook(value, rules, f"{path}.")
    members = list_at(value.get("alerts"), f"{path}.alerts", _REMEDY)
    alerts = tuple(_gotten(each, f"{path}.alerts[{n}]", now) for n, each in enumerate(members))
    labels = texts_at(value, "labels", path, _REMEDY)
    receiver = value.get("receiver")
    name = text_at(receiver, "name", f"{path}.receiver", _REMEDY) if isinstance(receiver, dict) else ""
    return [Group(label_key(labels), alerts, labels, name)] if alerts else []


def label_key(labels: Mapping[str, str]) -> str:
    """Return labels as a key of a group, e.g. `{alertname="DiskFull", cluster="eu-1"}`, in one order."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
