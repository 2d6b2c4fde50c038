"""`sla`, the clocks in `show`, and what broken targets keep from working: only `sla`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from domain.times import from_iso

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

MINUTE, HOUR = 60_000, 3_600_000


def config(cli: Cli, text: str) -> tuple[str, str]:
    path = cli.home / "config.toml"
    path.write_text(text)
    return "--config", str(path)


def clocks(cli: Cli, ref: str, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = cli("show", ref, "--json", *args).json
    return {**found["sla"], "raised": from_iso(found["raised_at"])}


def test_a_new_incident_has_both_clocks(cli: Cli) -> None:
    found = clocks(cli, cli.raise_("Disk full", "--priority", "P1"))
    for name, target in (("response", 15 * MINUTE), ("resolution", 4 * HOUR)):
        clock = found[name]
        assert from_iso(clock["target_at"]) == found["raised"] + target
        assert (clock["met"], clock["state"], clock["paused"]) == (None, "running", False)
        assert (clock["target_s"], clock["hours"]) == (target // 1000, "24x7")
        assert 0 < clock["left_s"] <= target // 1000
    assert found["none"] is None


def test_acknowledged_and_resolved_in_time_is_met(cli: Cli) -> None:
    ref = cli.raise_("Disk full", "--priority", "P1")
    cli("ack", ref)
    cli("move", ref, "resolved", "--note", "n")
    found = clocks(cli, ref)
    assert [found[name]["met"] for name in ("response", "resolution")] == [True, True]
    assert [found[name]["left_s"] for name in ("response", "resolution")] == [None, None]


def test_a_target_that_has_passed_is_missed_while_it_is_open(cli: Cli) -> None:
    ref = cli.raise_("Disk full", "--priority", "P1", "--at", "-5h")
    found = clocks(cli, ref)
    assert [found[name]["met"] for name in ("response", "resolution")] == [False, False]
    assert found["resolution"]["state"] == "late"
    assert -3700 < found["resolution"]["left_s"] < -3500
    shown = cli("show", ref).out
    assert "Response      4h45m late (target " in shown
    assert "Resolution    1h late (target " in shown


def test_without_a_priority_or_work_there_are_none(cli: Cli) -> None:
    plain, drill = cli.raise_(), cli.raise_("Try", "--priority", "P1", "--drill")
    for ref, why in ((plain, None), (drill, "drill")):
        found = clocks(cli, ref)
        assert (found["response"]["target_at"], found["response"]["met"], found["none"]) == (None, None, why)
        assert "Response" not in cli("show", ref).out


def test_a_pause_that_the_settings_name(cli: Cli) -> None:
    paused = config(cli, '[sla]\npauses = ["waiting for supplier"]\n')
    ref = cli.raise_("Disk full", "--priority", "P1", "--at", "-1h")
    cli("move", ref, "other", "--label", "Waiting for supplier", "--note", "n")
    assert clocks(cli, ref)["resolution"]["state"] == "running"
    found = clocks(cli, ref, *paused)
    assert (found["resolution"]["state"], found["resolution"]["paused"], found["resolution"]["met"]) == (
        "paused",
        True,
        None,
    )
    assert "Resolution    paused, 2h59m left\n" in cli("show", ref, *paused).out


def test_a_service_of_its_own(cli: Cli) -> None:
    own = config(cli, '[[sla.services]]\nresource = "db-1"\nresponse = {P1 = "5m"}\n')
    ref = cli.raise_("Disk full", "--priority", "P1", "--resource", "db-1")
    assert clocks(cli, ref, *own)["response"]["target_s"] == 300
    assert clocks(cli, cli.raise_("Other", "--priority", "P1"), *own)["response"]["target_s"] == 900


def test_attainment(cli: Cli) -> None:
    kept = cli.raise_("Kept", "--priority", "P1")
    cli("ack", kept)
    missed = cli.raise_("Missed", "--priority", "P1", "--at", "-5h")
    cli("ack", missed)
    invalid, drill = cli.raise_("False alarm"), cli.raise_("Try", "--drill")
    cli.raise_("Open still", "--priority", "P1", "--at", "-5h")
    for ref in (kept, missed, drill):
        cli("move", ref, "resolved", "--note", "n")
    cli("move", invalid, "invalid", "--note", "n")
    found = cli("sla", "--json").json
    half = {"had": 2, "met": 1, "breached": 1, "unanswered": 0, "percent": 50.0}
    assert found["counted"] == 2
    assert found["left_out"] == {"drill": 1, "duplicate": 0, "invalid": 1, "ignored": 0, "not_raised": 0}
    assert (found["response"], found["resolution"]) == (half, half)
    assert found["by_priority"] == {"P1": {"response": half, "resolution": half}}
    assert cli("sla", "kept", "--json").json["resolution"]["percent"] == 100.0
    assert cli("sla", "priority:P2", "--json").json["counted"] == 0
    out = cli("sla").out
    assert "P1        response          2      1         1           0   50.0 %" in out
    assert "2 closed incidents counted; left out: 1 drill, 1 invalid." in out


def test_wrong_queries_and_options_are_named(cli: Cli) -> None:
    assert cli("sla", "staus:open", "--json", code=2).error["code"] == "bad_query"
    assert cli("sla", "--bogus", "--json", code=2).error["code"] == "usage"


BROKEN = '[display]\nascii = true\n\n[sla.response]\nP1 = "soon"\n'


@pytest.mark.parametrize("text", [BROKEN, BROKEN.replace('"soon"', "5"), BROKEN.replace("P1", "P9")])
def test_broken_targets_stop_the_verb_that_needs_them_and_no_other(cli: Cli, text: str) -> None:
    broken = config(cli, text)
    ref = cli.raise_("Disk full", "--priority", "P1", *broken)
    error = cli("sla", "--json", *broken, code=7).error
    assert error["code"] == "bad_settings"
    assert f"{broken[1]}:5: sla.response.P" in error["message"]
    assert error["remedy"]
    assert ref in cli("list", *broken).out
    shown = cli("show", ref, "--json", *broken)
    assert shown.json["sla"]["none"] == "bad_settings"
    assert shown.json["sla"]["response"]["met"] is None
    assert f"no SLA clocks: {broken[1]}:5: " in shown.err
    checks = {check["name"]: check for check in cli("doctor", "--json", *broken, code=1).json["checks"]}
    assert (checks["sla"]["state"], checks["settings"]["state"]) == ("wrong", "ok")
    assert f"{broken[1]}:5: " in checks["sla"]["says"]


def test_config_show_says_when_the_section_is_not_used(cli: Cli) -> None:
    assert cli("config", "show", *config(cli, "")).err == ""
    broken = config(cli, "[sla]\nresponse = 5\n")
    ran = cli("config", "show", "--json", *broken)
    assert f"sla is not used: {broken[1]}:2: sla.response = 5" in ran.err
    assert ran.json["settings"]["sla.hours"]["origin"] == "default"


def test_doctor_says_what_holds(cli: Cli) -> None:
    checks = {check["name"]: check["says"] for check in cli("doctor", "--json", code=None).json["checks"]}
    assert checks["sla"] == "P1 15m/4h, P2 30m/8h, P3 4h/3d, P4 1d/10d, hours 24x7"


def test_a_broken_label_of_the_settings_commands_no_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[sla.response]\nP1 = "\\u001b]0;owned\\u0007"\n')
    ref = cli.raise_("Disk full", "--priority", "P1")
    assert "\x1b" not in cli("show", ref, "--config", str(path)).err
    assert "\x1b" not in cli("sla", "--config", str(path), code=7).err


def test_the_target_does_not_depend_on_when_it_is_asked(cli: Cli) -> None:
    ref = cli.raise_("Disk full", "--priority", "P1")
    first = clocks(cli, ref)["response"]["target_at"]
    assert first == clocks(cli, ref)["response"]["target_at"]
    assert from_iso(first) > time.time() * 1000
