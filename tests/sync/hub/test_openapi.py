"""The hub's description is current, and true: what it says is what the hub takes and gives."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from scripts.openapi import PAGE, current, described
from storage.hub.engines import open_database
from sync.hub.logs import Log
from sync.hub.server import create_app
from tests.hubs import Rig, Writer

# What a description cannot say: that `device` asks for `from` and `to`, and that the lines of a push are entries.
_BEYOND = {
    "positive_data_acceptance": {("GET", "/v1/entries"), ("POST", "/v1/entries")},
    "negative_data_rejection": {("POST", "/v1/entries")},
}
_LEFT_OUT = ("ignored_auth", "use_after_free", "ensure_resource_availability")  # tested by themselves
_ENDLESS = "/v1/events"


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: Any, value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run: python -m scripts.openapi"


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_part_that_is_named_is_there_and_every_part_is_named() -> None:
    found = described()
    there = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert references(found) == there


def test_every_route_is_described() -> None:
    assert {path for path in described()["paths"] if path.startswith("/v1")} == {
        "/v1/hello", "/v1/devices", "/v1/entries", "/v1/have", "/v1/presence", "/v1/events",
    }  # fmt: skip


def tried(operation: Any, token: str) -> set[int]:
    """Ask what the description allows and some of what it does not, hold the answers against it, return statuses."""
    place = operation.method.upper(), operation.path
    names = [*_LEFT_OUT, *(name for name, places in _BEYOND.items() if place in places)]
    excluded = [CHECKS.get_one(name) for name in names]
    found: set[int] = set()

    @settings(
        max_examples=25, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def ask(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"} if found else {}
        answer = case.call(headers=headers)
        found.add(answer.status_code)
        case.validate_response(answer, excluded_checks=excluded, headers=headers)

    ask()
    return found


def test_the_hub_is_what_it_says_it_is(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "hub.db"))
    rig = Rig(database)
    ana = rig.join("ana")
    ana.push([ana.writer.write()])
    log = StringIO()
    raw = json.loads(current())
    del raw["paths"][_ENDLESS]
    schema = schemathesis.openapi.from_dict(raw)
    schema.app = create_app(rig.service, Log(log, rig.clock))
    operations = [each.ok() for each in schema.get_all_operations()]
    asked = {(each.method.upper(), each.path): tried(each, ana.token) for each in operations}
    assert len(asked) == 9
    assert asked["GET", "/v1/hello"] == {200, 401}
    assert {200, 400, 401} <= asked["POST", "/v1/have"]
    assert max(set().union(*asked.values())) < 500
    assert '"failed"' not in log.getvalue()
    database.close()


@pytest.mark.parametrize("path", ["/v1/hello", "/v1/entries", "/v1/have", "/v1/presence", "/v1/events"])
def test_every_route_but_enrolling_says_that_it_wants_a_token(path: str) -> None:
    for operation in described()["paths"][path].values():
        assert operation["security"] == [{"token": []}]
    assert "security" not in described()["paths"]["/v1/devices"]["post"]
    assert Writer("x").device
