"""`oncall`, and what `doctor` and the other verbs make of rotas that are not right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

SETTINGS = """\
[rotas.web]
zone = "Europe/Berlin"
[[rotas.web.layers]]
people = ["ada", "ben"]
start = "2026-10-19"
[[rotas.web.overrides]]
who = "cyn"
start = "2026-10-20 18:00"
end = "2026-10-20 20:00"

[rotas.office]
[[rotas.office.layers]]
people = ["dora"]
start = "2026-10-19"
days = ["mon-fri"]
hours = "09:00-17:00"

[services.Shop]
owner = "shop team"
rota = "web"
escalation = ["rota:web", "rota:office", "erik"]

[services."Email Service"]
owner = "it"
"""
AT = ("--at", "2026-10-24T12:00Z")


@pytest.fixture
def config(cli: Cli) -> Path:
    path = cli.home / "config/tocsin/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(SETTINGS)
    return path


def test_without_rotas_it_says_so_and_what_to_do(cli: Cli) -> None:
    assert "docs/oncall.md" in cli("oncall").out
    assert cli("oncall", "--json", *AT).json == {"at": "2026-10-24T12:00:00.000Z", "services": []}
    assert "docs/oncall.md" in cli("oncall", "shop", "--json", code=2).error["remedy"]


def test_a_service_says_who_until_when_who_next_and_whom_to_call(cli: Cli, config: Path) -> None:
    assert cli("oncall", "SHOP", *AT).out.splitlines() == [
        "Shop  rota web  owner shop team",
        "  now         ada, until 2026-10-26 08:00 UTC (in 1d20h)",
        "  next        ben, from 2026-10-26 08:00 UTC until 2026-11-02 08:00 UTC",
        "  escalation  1. ada (rota web)",
        "              2. nobody (rota office)",
        "              3. erik",
    ]


def test_the_same_for_scripts(cli: Cli, config: Path) -> None:
    # The clocks change in the night of the 25th: this week is an hour longer.
    ada = {"who": "ada", "from": "2026-10-20T18:00:00.000Z", "until": "2026-10-26T08:00:00.000Z", "override": False}
    ben = {"who": "ben", "from": "2026-10-26T08:00:00.000Z", "until": "2026-11-02T08:00:00.000Z", "override": False}
    path = [{"rota": "web", "who": "ada"}, {"rota": "office", "who": None}, {"rota": None, "who": "erik"}]
    assert cli("oncall", "shop", "--json", *AT).json == {
        "at": "2026-10-24T12:00:00.000Z",
        "services": [
            {
                "service": "Shop",
                "rota": "web",
                "owner": "shop team",
                "now": ada,
                "next": ben,
                "gap": False,
                "gaps": [],
                "escalation": [{"level": n, **each, "after_s": {}} for n, each in enumerate(path, 1)],
                "until": "acknowledged",
                "repeat": 0,
            }
        ],
    }


def test_timers_are_said_with_the_path(cli: Cli, config: Path) -> None:
    text = config.read_text().replace('"erik"', '{who = "erik", after = "1h"}')
    config.write_text(text.replace("[services.Shop]", '[services.Shop]\nescalate_after = {P1 = "5m", other = "15m"}'))
    lines = cli("oncall", "shop", *AT).out.splitlines()[-3:]
    assert lines[0].endswith("1. ada (rota web), then after P1 5m, other 15m")
    assert lines[2].endswith("3. erik")
    config.write_text(config.read_text().replace("[services.Shop]", "[services.Shop]\nescalate_repeat = 2"))
    assert cli("oncall", "shop", *AT).out.splitlines()[-2:] == [
        "              3. erik, then after 1h",
        "              and again from 1, 2 times",
    ]
    path = cli("oncall", "shop", "--json", *AT).json["services"][0]["escalation"]
    assert [each["after_s"] for each in path] == [{"P1": 300, "other": 900}, {"P1": 300, "other": 900}, {"other": 3600}]


def test_an_override_is_named_as_one(cli: Cli, config: Path) -> None:
    at = ("--at", "2026-10-20T19:00+02:00")
    found = cli("oncall", "shop", "--json", *at).json["services"][0]
    assert (found["now"]["who"], found["now"]["override"], found["next"]["who"]) == ("cyn", True, "ada")
    assert "cyn, as an override, until" in cli("oncall", "shop", *at).out


def test_without_a_service_all_are_answered_and_rotas_that_no_service_has(cli: Cli, config: Path) -> None:
    found = cli("oncall", "--json", *AT).json["services"]
    assert [(each["service"], each["rota"], each["gap"]) for each in found] == [
        ("Shop", "web", False),
        ("Email Service", None, False),
        (None, "office", True),
    ]
    assert "no rota is set for it" in cli("oncall", "email_service", *AT).out


def test_gaps_are_shown(cli: Cli, config: Path) -> None:
    shown = cli("oncall", "office", *AT).out
    assert "now         nobody, until 2026-10-26 09:00 UTC" in shown
    assert "gap         nobody from 2026-10-26 17:00 UTC to 2026-10-27 09:00 UTC" in shown
    gaps = cli("oncall", "Office", "--json", *AT).json["services"][0]["gaps"]
    assert gaps[0] == {"from": "2026-10-23T17:00:00.000Z", "until": "2026-10-26T09:00:00.000Z"}
    assert len(gaps) == 11
    assert "and 7 more gaps" in shown


def test_a_rota_that_has_ended_has_a_gap_with_no_end(cli: Cli, config: Path) -> None:
    config.write_text(
        SETTINGS.replace(
            'start = "2026-10-19"\n[[rotas.web.o', 'start = "2026-10-19"\nend = "2026-10-26"\n[[rotas.web.o'
        )
    )
    found = cli("oncall", "shop", "--json", *AT).json["services"][0]
    assert (found["next"], found["gaps"]) == (None, [{"from": "2026-10-26T08:00:00.000Z", "until": None}])
    shown = cli("oncall", "shop", *AT).out
    assert "next        nobody" in shown
    assert "nobody from 2026-10-26 08:00 UTC on, with no end in sight" in shown


def test_an_unknown_service_or_time_is_named_with_the_nearest_right_one(cli: Cli, config: Path) -> None:
    error = cli("oncall", "shpo", "--json", code=2).error
    assert (error["code"], "shpo" in error["message"], error["remedy"]) == ("bad_value", True, "Did you mean Shop?")
    assert cli("oncall", "--at", "whenever", "--json", code=2).error["code"] == "bad_time"


def test_what_cannot_be_used_is_exit_code_7_and_the_rest_is_answered(cli: Cli, config: Path) -> None:
    config.write_text(SETTINGS.replace("Europe/Berlin", "Europe/Berln"))
    ran = cli("oncall", "--json", *AT, code=7)
    assert [each["now"] for each in ran.json["services"] if each["service"] == "Shop"] == [None]
    assert ran.error["code"] == "bad_settings"
    assert f"{config}:2: rotas.web.zone" in ran.error["message"]
    assert "not known" in cli("oncall", "shop", code=7).out
    assert cli("oncall", "office", *AT).out.startswith("rota office")
    assert cli("oncall", "web", code=7).out.startswith("rota web")


def test_the_queue_and_every_other_verb_still_work_and_doctor_names_it(cli: Cli, config: Path) -> None:
    config.write_text(SETTINGS.replace("Europe/Berlin", "Europe/Berln"))
    ref = cli.raise_()
    assert ref in cli("list").out
    assert ref in cli().out
    (wrong,) = [c for c in cli("doctor", "--json", code=1).json["checks"] if c["state"] == "wrong"]
    assert (wrong["name"], f"{config}:2:" in wrong["says"], "Europe/Berlin" in wrong["remedy"]) == (
        "on call",
        True,
        True,
    )


def test_doctor_names_a_gap_in_the_days_to_come(cli: Cli, config: Path) -> None:
    checks = [c for c in cli("doctor", "--json").json["checks"] if c["name"] == "on call"]
    assert [(c["state"], "rota office from " in c["says"], "oncall office" in c["remedy"]) for c in checks] == [
        ("note", True, True)
    ]
    config.write_text(SETTINGS.partition("[rotas.office]")[0])
    checks = [c for c in cli("doctor", "--json").json["checks"] if c["name"] == "on call"]
    assert [(c["state"], c["says"]) for c in checks] == [("ok", "1 rotas, 0 services")]


def test_what_is_set_is_shown_with_where_it_came_from(cli: Cli, config: Path) -> None:
    found = cli("config", "show", "--json").json["settings"]
    assert found["rotas"]["origin"] == str(config)
    assert found["rotas"]["value"]["web"]["layers"][0]["people"] == ["ada", "ben"]
    assert '"people": ["ada", "ben"]' in cli("config", "show").out


def test_a_name_that_commands_a_terminal_is_made_visible(cli: Cli, config: Path) -> None:
    config.write_text(SETTINGS.replace('"ada"', '"a\\u001b[31mda"'))
    shown = cli("oncall", "shop", *AT)
    assert "\x1b" not in shown.out
    assert "␛[31m" in shown.out
    assert "\x1b" not in cli("oncall", "--json", *AT).out


@pytest.mark.parametrize(
    ("text", "line", "name", "remedy"),
    [
        ('[rotas.web]\nzoen = "UTC"\n', 2, "rotas.web.zoen", "Did you mean zone?"),
        ("[rotas.web]\n[[rotas.web.layers]]\npoeple = []\n", 3, "rotas.web.layers.0.poeple", "Did you mean people?"),
        ('[services.x]\nrota = ""\nescalate = []\n', 3, "services.x.escalate", "Did you mean escalation?"),
        ('[[rotas.web.layers]]\npeople = "ada"\n', 2, "rotas.web.layers.0.people", "See docs/oncall.md."),
    ],
)
def test_a_setting_that_does_not_exist_is_named_with_its_line(
    cli: Cli, config: Path, text: str, line: int, name: str, remedy: str
) -> None:
    config.write_text(text)
    error = cli("oncall", "--json", code=7).error
    assert (f"{config}:{line}: " in error["message"], name in error["message"]) == (True, True)
    assert error["remedy"] == remedy


def test_local_time_has_the_offset_of_the_day_that_is_meant(cli: Cli, config: Path) -> None:
    local = {"TOCSIN_DISPLAY__ZONE": "local", "TZ": "Europe/Berlin"}
    for at, means in (("2026-07-01T12:00", "10:00"), ("2026-12-01T12:00", "11:00")):
        assert f"T{means}:00" in cli.real("oncall", "--json", "--at", at, **local).json["at"]
    shown = cli.real("oncall", "shop", "--at", "2026-10-24T12:00", **local).out
    assert "until 2026-10-26 09:00 CET" in shown
    assert "until 2026-10-26 09:00 CET" in cli.real("oncall", "shop", "--at", "2026-10-25T12:00", **local).out


def test_names_complete_themselves(cli: Cli, config: Path) -> None:
    env = {"_TOCSIN_COMPLETE": "bash_complete", "COMP_WORDS": "tocsin oncall sh", "COMP_CWORD": "2"}
    assert cli.real("oncall", **env).out.split() == ["plain,Shop"]
    config.write_text("nonsense")
    assert cli.real("oncall", **env).out.strip() == ""
