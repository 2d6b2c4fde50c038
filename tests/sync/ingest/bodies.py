"""Webhook bodies, API lists and stores made by hand for the tests of ingest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.alerts import Rules
from domain.times import iso
from storage.store import Store
from sync.ingest import alertmanager
from sync.ingest.record import Summary, ingest

NOW = 1_795_240_000_000
MINUTE = 60_000
RULES = Rules()


def alert(name: str, start: int = 0, end: int | None = None, **labels: str) -> dict[str, Any]:
    """Return an alert of a webhook that began `start` minutes after an hour ago; resolved when `end` is given."""
    begun = NOW - 60 * MINUTE
    return {
        "status": "firing" if end is None else "resolved",
        "labels": {"alertname": "DiskFull", "instance": name, "severity": "warning", **labels},
        "annotations": {"summary": f"disk of {name} is full"},
        "startsAt": iso(begun + start * MINUTE),
        "endsAt": "0001-01-01T00:00:00Z" if end is None else iso(begun + end * MINUTE),
        "generatorURL": "http://prometheus/graph",
        "fingerprint": f"{abs(hash_of(name)):016x}",
    }


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode()[:7], "big")


def body(*alerts: dict[str, Any], key: str = '{}:{alertname="DiskFull"}', **more: Any) -> bytes:
    """Return the webhook's body for one group."""
    firing = any(each["status"] == "firing" for each in alerts)
    value = {
        "version": "4",
        "groupKey": key,
        "status": "firing" if firing else "resolved",
        "receiver": "hook",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://am1:9093",
        "truncatedAlerts": 0,
        "alerts": list(alerts),
        **more,
    }
    return json.dumps(value).encode()


def listed(*alerts: dict[str, Any], state: str = "active", ends: int = 5) -> bytes:
    """Return the API's list of alerts, which end `ends` minutes from now."""
    items = [
        {
            **each,
            "endsAt": iso(NOW + ends * MINUTE),
            "receivers": [{"name": "hook"}],
            "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
        }
        for each in alerts
    ]
    return json.dumps(items).encode()


class Desk:
    """A store that reads what it is given."""

    def __init__(self, folder: Path, name: str = "ana", rules: Rules = RULES) -> None:
        self.rules, self.now = rules, NOW
        self.store = Store(folder / f"{name}.db", name, lambda: self.now)

    def read(self, data: bytes, rules: Rules | None = None) -> Summary:
        """Ingest one document, as the command does."""
        rules = rules or self.rules
        groups = alertmanager.read(data, rules, now=self.now)
        return self.write(groups, rules)

    def write(self, groups: Iterable[Any], rules: Rules | None = None) -> Summary:
        """Record groups, through a door of its own."""
        journal = self.store.journal_as("alert")
        try:
            return ingest(journal, groups, rules or self.rules)
        finally:
            journal.close()

    def count(self, sql: str = "SELECT count(*) FROM entry") -> int:
        """Return a number from the store."""
        return int(self.store.reader._one(sql)[0])

    def alerts(self) -> int:
        """Return how many alert entries there are."""
        return self.count("SELECT count(*) FROM entry WHERE what = 'alert'")

    def incidents(self) -> int:
        """Return how many incidents there are."""
        return self.count("SELECT count(*) FROM incident")

    def one(self) -> Any:
        """Return the only incident."""
        assert self.incidents() == 1
        return self.store.reader.incident(self.store.reader._one("SELECT id FROM incident")[0])
