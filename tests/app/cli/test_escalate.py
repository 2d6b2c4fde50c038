"""`tocsin escalate` and `tocsin remind`, and where an escalation shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Cli

SETTINGS = """\
[rotas.db]
[[rotas.db.layers]]
people = ["dora"]
start = "2020-01-01"

[services.Shop]
escalation = ["ada", {who = "erik", after = "10m"}, "rota:db"]
escalate_after = {P1 = "5m", other = "15m"}

[services.Mail]
escalation = ["ada"]
"""


@pytest.fixture
def settings(cli: Cli) -> Path:
    path = cli.home / "config" / "tocsin" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(SETTINGS)
    return path


@pytest.fixture
def ref(cli: Cli, settings: Path) -> str:
    return cli.raise_("Checkout down", "--resource", "shop", "--priority", "P1")


def test_the_next_level_of_the_path_is_called(cli: Cli, ref: str) -> None:
    first = cli("escalate", ref, "--reason", "no answer from ada", "--json").json
    assert (first["escalation"]["level"], first["escalation"]["to"]) == (2, "erik")
    assert (first["escalation"]["reason"], first["escalation"]["automatic"]) == ("no answer from ada", False)
    assert "level 3: dora" in cli("escalate", ref, "--reason", "nor from erik").out
    refused = cli("escalate", ref, "--reason", "x", "--json", code=4)
    assert refused.error["code"] == "last_level"


def test_show_says_how_it_stands_and_what_comes_next(cli: Cli, ref: str) -> None:
    before = cli("show", ref, "--json").json
    assert before["escalation"]["level"] == 0
    assert before["escalation"]["next"] == {"level": 2, "to": "erik", "round": 1}
    assert "level 2 (erik) in" in cli("show", ref).out
    cli("escalate", ref, "--reason", "why")
    shown = cli("show", ref, "--json").json["escalation"]
    assert shown["next"] == {"level": 3, "to": "dora", "round": 1}
    assert (shown["next_at"] > shown["at"], shown["due"]) == (True, False)
    out = cli("show", ref).out
    assert "level 2: erik, " in out
    assert "level 3 (dora, rota db) in " in out
    cli("ack", ref)
    assert cli("show", ref, "--json").json["escalation"]["next"] is None


def test_several_at_once_and_somebody_who_is_not_on_the_path(cli: Cli, ref: str) -> None:
    other = cli.raise_("Mail slow", "--resource", "mail")
    done = cli("escalate", ref, other, "--to", "me", "--level", "4", "--reason", "I take both", "--json").json
    assert [each["escalation"]["to"] for each in done["incidents"]] == ["ada", "ada"]
    assert [each["escalation"]["level"] for each in done["incidents"]] == [4, 4]


def test_with_one_that_refuses_nothing_is_recorded(cli: Cli, ref: str) -> None:
    other = cli.raise_("Mail slow", "--resource", "mail")
    assert cli("escalate", ref, other, "--reason", "x", "--json", code=4).error["code"] == "last_level"
    assert cli("show", ref, "--json").json["escalation"]["level"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 2), (("--reason", " "), 2), (("--reason", "x", "--level", "9"), 2), (("--reason", "x", "--level", "no"), 2)],
)
def test_what_cannot_be_recorded_is_said(cli: Cli, ref: str, arguments: tuple[str, ...], code: int) -> None:
    cli("escalate", ref, *arguments, code=code)


def test_it_is_on_the_timeline_found_and_undone(cli: Cli, ref: str) -> None:
    cli("escalate", ref, "--reason", "the pager is broken")
    assert "escalated to level 2: erik: the pager is broken" in cli("log", ref).out
    entry = cli("log", ref, "--json").json["entries"][-1]
    assert (entry["kind"], entry["what"], entry["payload"]["level"]) == ("fact", "escalated", 2)
    for query in (["pager"], ["erik"], ["escalated:yes"], ["level:>=2"], ["level:2"], ["-escalated:no"]):
        assert cli("list", *query, "--json").json["count"] == 1, query
    for query in (["escalated:no"], ["level:>2"], ["level:0"]):
        assert cli("list", *query, "--json").json["count"] == 0, query
    assert "Undone: the escalation" in cli("undo").out
    assert cli("list", "escalated:yes", "--json").json["count"] == 0


def test_the_hand_over_says_it(cli: Cli, ref: str) -> None:
    cli("escalate", ref, "--reason", "x")
    assert "escalation: level 2: erik · level 3 (dora, rota db) in " in cli("handover").out
    (found,) = cli("handover", "--json").json["open"]
    assert (found["escalation"]["level"], found["escalation"]["due"]) == (2, False)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"15m"}', '"soon"}', 8, "services.Shop.escalate_after: “soon” is not how long a level stands"),
        ('"15m"}', '"5s"}', 8, "a level cannot stand for “5s”"),
        ("{P1", "{P7", 8, "there is no priority “P7”"),
        ("after = ", "atfer = ", 7, "services.Shop.escalation[2]: a level has no “atfer”. Did you mean after?"),
        ('who = "erik", ', "", 7, "services.Shop.escalation[2]: a level names nobody"),
        ("escalate_after", 'escalate_until = "tea"\nescalate_after', 8, "“tea” ends no path"),
        ("escalate_after", "escalate_repeat = 99\nescalate_after", 8, "cannot begin again 99 times"),
        ("[services.Mail]", '[escalation]\nafter = "x"\n[services.Mail]', 11, "escalation.after: “x” is not"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(
    cli: Cli, settings: Path, ref: str, old: str, new: str, line: int, says: str
) -> None:
    settings.write_text(SETTINGS.replace(old, new, 1))
    for arguments in (("escalate", ref, "--reason", "x"), ("remind",)):
        failed = cli(*arguments, code=7).err
        assert f"config.toml:{line}: " in failed
        assert says in " ".join(failed.replace("\n        ", " ").split())
    wrong = [each for each in cli("doctor", "--json", code=1).json["checks"] if each["state"] == "wrong"]
    assert [f"config.toml:{line}: " in each["says"] for each in wrong] == [True]
    assert cli("list", "--json").json["count"] == 1
    assert cli("show", ref).code == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('{P1 = "5m", other = "15m"}', "15", 8, "services.Shop.escalate_after = 15: Input should be a valid string"),
        ('P1 = "5m"', "P1 = 5", 8, "services.Shop.escalate_after.P1 = 5: Input should be a valid string"),
        ('after = "10m"', "after = 10", 7, "services.Shop.escalation.1.after = 10: Input should be a valid string"),
        ("escalate_after", "escalate_aftr", 8, "“services.Shop.escalate_aftr”. Did you mean escalate_after?"),
    ],
)
def test_a_value_of_another_type_is_named_where_it_stands(
    cli: Cli, settings: Path, old: str, new: str, line: int, says: str
) -> None:
    settings.write_text(SETTINGS.replace(old, new, 1))
    cli("list")
    failed = " ".join(cli("oncall", code=7).err.replace("\n        ", " ").split())
    assert f"config.toml:{line}: " in failed
    assert says in failed


def test_somebody_named_needs_no_path_that_can_be_used(cli: Cli, settings: Path, ref: str) -> None:
    settings.write_text(SETTINGS.replace('"15m"}', '"soon"}'))
    assert "fay" in cli("escalate", ref, "--to", "fay", "--reason", "x").out


# -- remind ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def late(cli: Cli, settings: Path) -> str:
    """An incident whose whole path is due: an alert raised it when nobody looked."""
    settings.write_text("[sla]\nresponse = {}\nresolution = {}\n" + SETTINGS)
    labels = {"alertname": "ShopDown", "severity": "critical", "instance": "shop"}
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z"}
    body = {"version": "4", "status": "firing", "groupLabels": {}, "commonLabels": labels, "alerts": [alert]}
    (opened,) = cli("ingest", "alertmanager", "--json", stdin=json.dumps(body)).json["opened"]
    return str(opened)


def test_what_is_due_is_a_line_and_an_object(cli: Cli, late: str) -> None:
    out = cli("remind").out
    assert out.startswith(f"{late}  P1  not acknowledged: level 3 (dora, rota db) is due for ")
    (found,) = cli("remind", "--json").json["due"]
    assert (found["ref"], found["kind"], found["level"], found["to"]) == (late, "escalation", 3, "dora")
    assert "level 3 (dora, rota db) is due" in cli("show", late).out
    assert cli("show", late, "--json").json["escalation"]["due"] is True
    assert cli("handover", "--json").json["escalations_due"] == [late]


def test_cron_records_what_is_due_once(cli: Cli, late: str) -> None:
    assert [cli("remind", "--escalate", "--json").json["escalated"] for _ in range(2)] == [[late], []]
    assert "escalated by timer to level 3: dora (rota db): not acknowledged for" in cli("log", late).out
    (entry,) = [each for each in cli("log", late, "--json").json["entries"] if each["what"] == "escalated"]
    assert entry["source"] == "implied"
    assert "escalated by timer to level 3: dora" in cli("remind").out
    cli("ack", late)
    assert cli("remind").out == ""


def test_a_level_that_is_refused_ends_with_its_exit_code(cli: Cli, late: str) -> None:
    hook = cli.home / "config" / "tocsin" / "hooks" / "pre-record"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\necho not now; exit 1\n")
    hook.chmod(0o755)
    assert f"{late} was not escalated" in cli("remind", "--escalate", code=4).err
    assert cli("remind", "--escalate", "--json", code=4).json["escalated"] == []
    assert cli("remind").out != ""


def test_without_anything_due_it_prints_nothing(cli: Cli, ref: str) -> None:
    assert cli("remind").out == ""
    assert cli("remind", "--json").json["due"] == []


def test_it_rings_hooks_once(cli: Cli, late: str) -> None:
    hook = cli.home / "config" / "tocsin" / "hooks" / "reminder"
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\ncat >> {cli.home}/told\n")
    hook.chmod(0o755)
    assert [cli("remind", "--ring", "--json").json["rang"] for _ in range(2)] == [[late], []]
    assert len((cli.home / "told").read_text().splitlines()) == 1
    tried = cli("hooks", "test", late, "--json").json["hooks"]
    assert [(each["name"], each["exit_code"]) for each in tried] == [("reminder", 0)]
    assert json.loads((cli.home / "told").read_text().splitlines()[1])["test"] is True


@pytest.mark.parametrize("setting", ["again", "stale_acknowledged"])
def test_a_setting_that_makes_no_sense_is_named(cli: Cli, settings: Path, setting: str) -> None:
    settings.write_text(f'[reminders]\n{setting} = "soon"\n')
    assert f"config.toml:2: reminders.{setting}" in cli("remind", code=7).err
    wrong = [each["says"] for each in cli("doctor", "--json", code=1).json["checks"] if each["state"] == "wrong"]
    assert any(f"reminders.{setting}" in says for says in wrong)
