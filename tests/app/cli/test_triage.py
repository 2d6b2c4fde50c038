"""Triage from the command line: the matrix, an override with its reason, and a team's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Cli

HOLE = """# our own
[triage.matrix]
high = { high = "P1", medium = "P1", low = "P2" }
medium = { high = "P2", medium = "P3", low = "P4" }

[triage.matrix.low]
high = "P3"
low = "P4"
"""


@pytest.fixture
def config(cli: Cli) -> Path:
    path = cli.home / "config.toml"
    path.touch()
    cli.env["TOCSIN_CONFIG"] = str(path)
    return path


def test_impact_and_urgency_give_the_priority(cli: Cli) -> None:
    ref = cli.raise_("mail is down")
    found = cli("set", ref, "impact=high", "urgency=high", "--json").json
    assert (found["impact"], found["urgency"], found["priority"]) == ("high", "high", "P1")
    assert found["priority_overridden"] is False
    assert cli("set", ref, "impact=low", "urgency=low", "--json").json["priority"] == "P4"


def test_another_priority_needs_a_reason(cli: Cli) -> None:
    ref = cli.raise_("mail is down", "--impact", "high", "--urgency", "high")
    assert cli("show", ref, "--json").json["priority"] == "P1"
    refused = cli("set", ref, "priority=P2", "--json", code=4)
    assert refused.error["code"] == "needs_reason"
    assert "--reason" in refused.error["remedy"]
    found = cli("set", ref, "priority=P2", "--reason", "only staging", "--json").json
    assert (found["priority"], found["priority_overridden"], found["priority_reason"]) == ("P2", True, "only staging")
    assert "by hand: only staging" in cli("show", ref).out
    assert "only staging" in cli("log", ref).out
    assert cli("list", "staging", "--json").json["count"] == 1
    assert cli("set", ref, "priority=", "--json").json["priority"] == "P1"


def test_a_new_incident_takes_no_priority_that_does_not_follow(cli: Cli) -> None:
    ran = cli("raise", "x", "--impact", "low", "--urgency", "low", "--priority", "P1", "--json", code=4)
    assert ran.error["code"] == "needs_reason"
    assert cli("list", "--json").json["count"] == 0


@pytest.mark.parametrize(
    ("query", "count"), [("impact:high", 1), ("urgency:<=low", 1), ("impact:>=medium", 1), ("impact:none", 1)]
)
def test_the_queue_is_filtered_by_both(cli: Cli, query: str, count: int) -> None:
    cli.raise_("one", "--impact", "high", "--urgency", "low")
    cli.raise_("two")
    assert cli("list", query, "--json").json["count"] == count


def test_classifiers_and_restricted_are_set_and_shown(cli: Cli) -> None:
    ref = cli.raise_("one")
    found = cli("set", ref, "class.blast_radius=3", "restricted=yes", "--json").json
    assert (found["classifiers"], found["restricted"]) == ({"blast_radius": 3}, True)
    assert "blast_radius 3" in cli("show", ref).out
    assert cli("list", "blast_radius", "--json").json["count"] == 1


def test_a_teams_own_matrix_and_fields_hold(cli: Cli, config: Path) -> None:
    config.write_text(
        HOLE
        + 'medium = "P4"\n\n'
        + '[[triage.fields]]\nname = "region"\nkind = "choice"\nchoices = ["eu-west", "us-east"]\n'
    )
    ref = cli.raise_("one", "--impact", "high", "--urgency", "medium")
    assert cli("show", ref, "--json").json["priority"] == "P1"
    assert cli("set", ref, "custom.region=EU_west", "--json").json["custom"] == {"region": "eu-west"}
    refused = cli("set", ref, "custom.region=mars", "--json", code=2)
    assert "eu-west" in refused.error["remedy"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HOLE, 6, "triage.matrix.low.medium: there is no priority"),
        (HOLE.replace('"P1", medium', '"P9", medium'), 3, "triage.matrix.high.high: “P9”"),
        ('\n[[triage.fields]]\nname = "a"\n[[triage.fields]]\nname = "b"\nkind = "chioce"\n', 4, "choice"),
        ('[[triage.fields]]\nname = "a"\n[[triage.fields]]\nname = "a"\n', 3, "two fields"),
        ('[[triage.fields]]\nname = "A b"\n', 1, "cannot be a field's name"),
        ('[[triage.fields]]\nname = "a"\nkind = "choice"\n', 1, "no choices"),
    ],
)
def test_a_rule_without_meaning_is_named_with_its_line(cli: Cli, config: Path, text: str, line: int, says: str) -> None:
    ref = cli.raise_("one")
    config.write_text(text)
    ran = cli("set", ref, "impact=high", "--json", code=7)
    assert f"{config}:{line}: " in ran.error["message"]
    assert says in ran.error["message"]
    checks = cli("doctor", "--json", code=1).json["checks"]
    assert [check["says"] for check in checks if check["state"] == "wrong"] == [ran.error["message"]]
    assert cli("list", "--json").json["count"] == 1  # what needs no such rule goes on
    assert cli("note", ref, "works", "--json").json["ref"] == ref


@pytest.mark.parametrize(
    ("text", "line", "verb"),
    [
        ("[triage]\nmatrix = 3\n", 2, ("set", "REF", "impact=high")),
        ("[reminders]\nstale_acknowledged = 3\n", 2, ("handover",)),
        ("[rotas.web]\npeople = 3\n", 2, ("oncall",)),
        ("[services.web]\n\nowners = 'ada'\n", 3, ("oncall", "web")),
    ],
)
def test_a_section_of_the_wrong_shape_is_set_aside_until_it_is_needed(
    cli: Cli, config: Path, text: str, line: int, verb: tuple[str, ...]
) -> None:
    ref = cli.raise_("one")
    config.write_text(text + "\n[display]\nascii = true\n")
    assert cli("list", "--json").json["count"] == 1
    assert cli("config", "show", "--json").json["settings"]["display.ascii"]["value"] is True
    error = cli(*(ref if word == "REF" else word for word in verb), "--json", code=7).error
    assert error["message"].startswith(f"{config}:{line}: ")
    checks = cli("doctor", "--json", code=1).json["checks"]
    assert [check["says"] for check in checks if check["state"] == "wrong"] == [error["message"]]


def test_several_sections_are_set_aside_and_any_other_is_not(cli: Cli, config: Path) -> None:
    config.write_text("[triage]\nmatrix = 3\n[sla]\nresponse = 5\n")
    said = cli("config", "show").err
    assert ("triage is not used" in said, "sla is not used" in said) == (True, True)
    config.write_text("[triage]\nmatrix = 3\n[display]\nmouse = 'maybe'\n")
    error = cli("list", "--json", code=7).error
    assert error["message"].startswith(f"{config}:4: display.mouse")


def test_a_variable_that_is_no_json_sets_its_section_aside(cli: Cli) -> None:
    cli("list", TOCSIN_TRIAGE__MATRIX="{")
    ran = cli("set", cli.raise_(), "impact=low", "--json", code=7, TOCSIN_TRIAGE__MATRIX="{")
    assert "A TOCSIN_ variable cannot be read" in ran.error["message"]
