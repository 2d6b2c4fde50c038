"""`ingest`: alerts and incidents from a file or a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli

ALERT = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db1"},
    "annotations": {"summary": "Disk full on db1"},
    "startsAt": "2026-01-01T00:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "abc123",
}


def body(*alerts: dict[str, object]) -> str:
    return json.dumps({"version": "4", "groupKey": "g", "status": "firing", "receiver": "r", "alerts": alerts})


def test_an_alert_becomes_an_incident_once(cli: Cli) -> None:
    first = cli("ingest", "alertmanager", "--json", stdin=body(ALERT)).json
    assert (len(first["opened"]), first["alerts_new"]) == (1, 1)
    found = cli("show", first["opened"][0], "--json").json
    assert (found["title"], found["severity"], found["priority"], found["firing"]) == (
        "Disk full on db1", "critical", "P1", 1,
    )  # fmt: skip
    again = cli("ingest", "alertmanager", "-", "--json", stdin=body(ALERT)).json
    assert (again["opened"], again["alerts_known"]) == ([], 1)
    assert cli("list", "--json").json["count"] == 1


def test_flags_win_over_the_settings(cli: Cli) -> None:
    other = {**ALERT, "fingerprint": "def456", "labels": {"alertname": "DiskFull", "instance": "db2"}}
    path = cli.home / "alerts.json"
    path.write_text(json.dumps([ALERT, other]))
    opened = cli("ingest", "alertmanager", str(path), "--group-by", "alertname", "--json").json["opened"]
    assert len(opened) == 1
    assert len(cli("ingest", "alertmanager", str(path), "--account", "other", "--json").json["opened"]) == 2
    assert "opened" not in cli("ingest", "alertmanager", str(path), "--group-by", "alertname").out


def test_incidents_come_as_json(cli: Cli) -> None:
    ref = cli("ingest", "json", "--json", stdin='[{"title": "one"}, {"title": "two"}]').json["opened"][0]
    assert cli("show", ref, "--json").json["title"] == "one"
    assert cli("log", ref, "--json").json["entries"][0]["source"] == "alert"


def test_what_cannot_be_read_is_named(cli: Cli) -> None:
    for kind in ("alertmanager", "json"):
        for text in ("", "nonsense", "[1]", '{"a": NaN}'):
            error = cli("ingest", kind, "--json", stdin=text, code=1).error
            assert error["message"]
            assert error["remedy"]
    assert cli("ingest", "json", "--json", stdin='{"title": "x"}', code=1, TOCSIN_INGEST__MAX_BYTES="5").error
    assert cli("list", "--json").json["count"] == 0
