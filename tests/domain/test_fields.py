"""What people may set by name, and how its value is read."""

from __future__ import annotations

from dataclasses import fields as attributes
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from domain.errors import BadValue
from domain.fields import SETTABLE, parse_setting
from domain.incident import Incident
from domain.times import MINUTE
from tests.domain.timeline import START, entry, raised


@pytest.mark.parametrize(
    ("text", "register", "value"),
    [
        ("title= All mail is down ", "title", "All mail is down"),
        ("description=a=b", "description", "a=b"),
        ("background=", "background", None),
        ("priority=2", "priority", "P2"),
        ("priority=", "priority", None),
        ("SEVERITY=sev1", "severity", "critical"),
        ("type=Service Outage", "type", "service_outage"),
        ("technical-category=data", "technical_category", "database"),
        ("Technical Category=database", "technical_category", "database"),
        ("service_category=", "service_category", None),
        ("owner=ana", "owner", "ana"),
        ("owner=", "owner", None),
        ("impact_started=-12m", "impact_started_at", START - 12 * MINUTE),
        ("impact_started_at=now", "impact_started_at", START),
        ("detected=", "detected_at", None),
        ("drill=yes", "drill", True),
        ("drill=Off", "drill", False),
        ("custom.Team= blue ", "custom:team", "blue"),
        ("custom:team=", "custom:team", None),
    ],
)
def test_settings(text: str, register: str, value: Any) -> None:
    assert parse_setting(text, START) == (register, value)


@pytest.mark.parametrize(
    ("text", "says", "remedy"),
    [
        ("priority", "FIELD=VALUE", "priority=P2"),
        ("prioritty=P1", "prioritty", "Did you mean priority?"),
        ("colour=red", "colour", "Fields: title"),
        ("status=resolved", "status", "Fields"),
        ("=x", "There is no field", "Fields"),
        ("custom.=x", "custom", "custom.team=blue"),
        ("title=  ", "must not be blank", "Give the title"),
        (f"title={'x' * (limits.TITLE + 1)}", "500", "Shorten"),
        (f"owner={'x' * (limits.NAME + 1)}", "200", "Shorten"),
        ("drill=perhaps", "perhaps", "yes or no"),
        ("priority=P9", "P9", "P1, P2"),
        ("severity=awful", "awful", "critical"),
        ("type=meteor", "meteor", "service_outage"),
        ("detected=soon", "soon", "14:05"),
        ("custom.note=" + "x" * (limits.NOTE + 1), "65,536", "Shorten"),
    ],
    ids=lambda text: text[:20],
)
def test_a_wrong_setting_is_named_with_the_right_one(text: str, says: str, remedy: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_setting(text, START)
    assert says in caught.value.message
    assert remedy in caught.value.remedy


def test_a_clock_time_is_of_the_zone_it_is_read_in() -> None:
    zone = timezone(timedelta(hours=2))
    here, there = (parse_setting("detected=00:05", START, each)[1] for each in (UTC, zone))
    assert (here - there) % (24 * 60 * MINUTE) == 2 * 60 * MINUTE


@pytest.mark.parametrize("name", SETTABLE)
def test_every_field_is_an_attribute_of_the_incident_and_can_be_set_in_the_fold(name: str) -> None:
    field = SETTABLE[name]
    assert field.register in {each.name for each in attributes(Incident)}
    assert field.accepts
    value = {"priority": "P1", "severity": "low", "drill": "yes", "restricted": "yes", "type": "service_outage"}.get(
        name
    )
    value = value or {"impact": "high", "urgency": "low"}.get(name)
    value = value or {"technical_category": "cloud", "service_category": "it_infrastructure"}.get(name, "now")
    read = field.read(value, START, UTC)
    journal = raised()
    journal.receive(entry("x", "set", field.register, {"value": read}, over=(journal.entries[0].id,)))
    assert getattr(journal.incident, field.register) == read


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*SETTABLE, "custom.x", "nonsense", ""]), st.text(max_size=20))
def test_any_text_gives_a_value_or_a_named_mistake(name: str, value: str) -> None:
    try:
        register, read = parse_setting(f"{name}={value}", START)
    except BadValue as error:
        said = error.message
    else:
        assert register.startswith("custom:") or register in {field.register for field in SETTABLE.values()}
        assert read is None or isinstance(read, str | int | bool)
        return
    assert said
