"""Alerts: keys that are the same for everyone, and what a group says about its incident."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Alertmanager
from domain import limits
from domain.alerts import Alert, Group, Rules, alert_key, fingerprint_of, group_prefix, instant, key_prefix
from domain.errors import BadTime
from domain.outlines import alert_draft, member_drafts, outline_of, raise_draft, worst_first

NOW = 1_795_240_000_000
RULES = Rules()


def alert(name: str = "db1", **labels: str) -> Alert:
    given = {"alertname": "DiskFull", "instance": name, "severity": "warning", **labels}
    return Alert(f"f-{name}", "firing", "2026-11-21T05:00:00Z", NOW - 1000, None, given)


def group(*alerts: Alert, **labels: str) -> Group:
    return Group("{}:{}", alerts, {"alertname": "DiskFull", **labels}, "hook", "http://am:9093")


def test_the_rules_are_the_settings() -> None:
    ours = {each.name: getattr(RULES, each.name) for each in fields(Rules)}
    assert ours == {each.name: getattr(Alertmanager(), each.name) for each in fields(Alertmanager)}


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-21T06:16:41.219975123Z", 1_795_241_801_219),
        ("2026-11-21T07:16:41.219+01:00", 1_795_241_801_219),
        ("2026-11-21T06:16:41Z", 1_795_241_801_000),
        ("2026-11-21T06:16:41.2Z", 1_795_241_801_200),
    ],
)
def test_moments_are_cut_to_milliseconds_in_any_zone(text: str, ms: int) -> None:
    assert instant(text) == ms


@pytest.mark.parametrize("text", ["", "now", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        instant(text)


@given(
    one=st.tuples(st.text(max_size=9), st.text(min_size=1, max_size=9)),
    other=st.tuples(st.text(max_size=9), st.text(min_size=1, max_size=9)),
)
def test_prefixes_of_different_alerts_never_overlap(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = (key_prefix("alertmanager", *each) for each in (one, other))
    assert first.startswith(second) == (one == other)
    assert not group_prefix("alertmanager", one[0], "g").startswith(second)


def test_no_fingerprint_spells_the_key_of_an_incident() -> None:
    assert not group_prefix("alertmanager", "a", "g").startswith(key_prefix("alertmanager", "a", "raise"))


def test_a_fingerprint_does_not_depend_on_the_order_of_labels() -> None:
    assert fingerprint_of({"a": "1", "b": "2"}) == fingerprint_of({"b": "2", "a": "1"}) != fingerprint_of({"a": "1"})


def test_any_order_of_alerts_says_the_same() -> None:
    alerts = (alert("a"), alert("b", severity="critical"), replace(alert("c", severity="page"), status="resolved"))
    said = {repr(outline_of(group(*each), RULES)) for each in permutations(alerts)}
    assert len(said) == 1
    assert [each.fingerprint for each in worst_first(alerts, RULES)] == ["f-b", "f-a", "f-c"]


def title(rules: Rules = RULES, summary: str = "", **labels: str) -> str:
    one = replace(alert(**labels), annotations={"summary": summary})
    return outline_of(group(one, cluster="eu-1"), rules).title


def test_titles() -> None:
    assert title(summary=" /var is\n full ") == "/var is full"
    assert title() == "DiskFull cluster=eu-1"
    assert title(Rules(title="{alertname} on {instance}")) == "DiskFull on db1"
    assert title(Rules(title="{nothing}"), "full") == "full"
    assert title(Rules(title="{alertname.__class__} {0} {alertname!r}{instance}")) == (
        "{alertname.__class__} {0} {alertname!r}db1"
    )
    assert len(title(summary="x" * 9999)) == limits.TITLE
    assert outline_of(Group("k", (Alert("f", "firing"),)), RULES).title == "An alert without labels"


@pytest.mark.parametrize(
    ("label", "severity", "priority"),
    [("page", "critical", "P1"), ("WARNING", "medium", "P3"), ("info", "low", "P4"), ("odd", None, None)],
)
def test_severity_and_priority_come_from_the_settings(label: str, severity: str | None, priority: str | None) -> None:
    outline = outline_of(group(alert(severity=label)), RULES)
    assert (outline.severity, outline.priority) == (severity, priority)


def test_other_settings_map_otherwise() -> None:
    rules = Rules(
        severity_label="level", severities={"9": "high"}, priorities={"high": "P1"}, resource_labels=("node",),
        tag_labels=("team",),
    )  # fmt: skip
    outline = outline_of(group(alert(level="9", node="n1", team="sre")), rules)
    assert (outline.severity, outline.priority, dict(outline.resources)) == ("high", "P1", {"n1": "high"})
    assert outline.tags == ("team=sre",)


def test_the_description_has_texts_and_links() -> None:
    said = {"description": "96 %", "runbook_url": "https://run/x", "dashboard": "javascript:x"}
    one = replace(alert(), annotations=said, generator_url="http://prometheus/graph")
    assert outline_of(group(one), RULES).description == (
        "96 %\n\n* Runbook: https://run/x\n* Source: http://prometheus/graph"
    )
    many = outline_of(group(*(replace(alert(f"h{n}"), annotations={"summary": f"s{n}"}) for n in range(50))), RULES)
    assert "* s0\n" in many.description
    assert "And 30 more alerts." in many.description


def test_drafts_carry_their_keys_and_never_happen_in_the_future() -> None:
    late = replace(alert(), starts_at=NOW + 5000)
    whole = group(late)
    draft = alert_draft(whole, late, "a:b", NOW)
    assert (draft.kind, draft.what, draft.source, draft.over, draft.occurred_at) == ("fact", "alert", "alert", (), NOW)
    assert (
        draft.src
        == alert_key("alertmanager", "a:b", late)
        == "alertmanager:a%3Ab:f-db1:2026-11-21T05:46:45.000Z:firing"
    )
    assert draft.body["starts_at"] == "2026-11-21T05:00:00Z"  # as it was sent
    over = replace(late, status="resolved", ends_at=NOW - 5)
    assert alert_draft(whole, over, "a", NOW).occurred_at == NOW  # not before it began, whatever the clocks say
    assert alert_draft(whole, replace(over, starts_at=NOW - 9), "a", NOW).occurred_at == NOW - 5
    outline = outline_of(whole, RULES)
    drafts = [raise_draft(whole, outline, "a", "id", NOW), *member_drafts(whole, outline, "a", "id")]
    assert len({each.src for each in drafts}) == len(drafts) == 4
    assert {each.source for each in drafts} == {"alert"}
