"""Incidents as plain JSON: an object, a list, one a line; the same key is the same incident while it is open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.alerts import BadAlerts, Rules
from sync.ingest import plain
from tests.sync.ingest.bodies import Desk

FULL = {
    "title": "Disk full on db1",
    "description": "96 %",
    "severity": "high",
    "source": "cron",
    "key": "disk-db1",
    "status": "firing",
    "resources": ["db1:critical", "http://x:80"],
    "tags": ["disk"],
    "owner": "bo",
    "occurred_at": "2026-11-21T05:00:00Z",
}


def take(desk: Desk, *items: Any, lines: bool = False) -> Any:
    text = "\n".join(map(json.dumps, items)) if lines else json.dumps(items[0] if len(items) == 1 else items)
    return desk.write(plain.read(text.encode(), desk.rules))


def test_every_field_arrives(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    take(desk, FULL)
    one = desk.one()
    assert (one.title, one.description, one.severity, one.priority) == ("Disk full on db1", "96 %", "high", "P2")
    assert (one.owner, one.firing, one.raised_at) == ("bo", 1, 1_795_237_200_000)
    assert {(item.name, item.severity) for item in one.resources} == {("db1", "critical"), ("http://x:80", None)}
    assert [item.name for item in (*one.tags, *one.originators)] == ["disk", "cron"]


@pytest.mark.parametrize("lines", [True, False])
def test_lists_and_lines_are_the_same(tmp_path: Path, lines: bool) -> None:
    desk = Desk(tmp_path)
    items = [{"title": "one"}, {"title": "two", "priority": "1"}, {"title": "one"}]
    for _ in range(3):
        take(desk, *items, lines=lines)
    assert (desk.incidents(), desk.alerts()) == (2, 2)


def test_a_key_holds_an_incident_together_until_it_is_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    take(desk, {"title": "down", "key": "k", "occurred_at": "2026-11-21T05:00:00Z"})
    assert len(take(desk, {"title": "down", "key": "k", "occurred_at": "2026-11-21T05:01:00Z"}).joined) == 1
    assert len(take(desk, {"key": "k", "status": "resolved", "occurred_at": "2026-11-21T05:02:00Z"}).resolved) == 1
    again = take(desk, {"title": "down", "key": "k", "occurred_at": "2026-11-21T05:03:00Z"})
    assert len(again.opened) == 1
    assert desk.incidents() == 2


def test_an_owner_given_from_outside_keeps_it_open(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    take(desk, {"title": "down", "key": "k", "owner": "bo"})
    assert take(desk, {"key": "k", "status": "resolved"}).resolved == ()
    assert desk.one().firing == 0


WRONG = {
    '{"titel": "x"}': "titel is not a field that is known",
    '{"description": "x"}': "title is missing",
    '[{"title": "x"}, {"title": " "}]': "[1].title is missing",
    '[{"title": "x"}, 5]': "[1] is a number, not an object",
    '{"title": "x", "priority": "P9"}': "“P9” is not a priority",
    '{"title": "x", "severity": "awful"}': "“awful” is not a severity",
    '{"title": "x", "status": "open"}': "status is neither",
    '{"title": "x", "tags": "a"}': "tags is a text, not a list",
    '{"title": "x", "resources": [7]}': "resources[0] is a number",
    '{"title": "x", "occurred_at": "noon"}': "occurred_at is not a time",
    '{"title": "x"}\n{"title": "y"': "Line 2, column",
    '{"title": "x"}\n{"titel": "y"}': "line 2.titel is not a field",
    '{"title": ': "Line 1, column",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path, text: str) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(BadAlerts) as raised:
        desk.write(plain.read(text.encode(), Rules()))
    assert WRONG[text] in raised.value.message
    assert raised.value.remedy
    assert desk.count() == 0


def test_the_nearest_field_is_offered() -> None:
    with pytest.raises(BadAlerts) as raised:
        plain.read(b'{"title": "x", "tag": []}', Rules())
    assert "Did you mean tags?" in raised.value.remedy
