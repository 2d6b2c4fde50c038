"""What a start may import: the quick verbs load none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

HEAVY = {"textual", "rich", "sqlalchemy", "sqlmodel", "pydantic", "pydantic_settings", "httpx", "asyncio"}
PROGRAM = (
    "import sys, tocsin; from app.cli.root import tocsin; code = tocsin.run(sys.argv[1:])\n"
    "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
)


def loaded(cli: Cli, *args: str) -> set[str]:
    env = {name: value for name, value in cli.real_env().items() if not name.startswith("TOCSIN_")}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *args], env=env, capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("list",), ("list", "--json"), ("completion", "bash")])
def test_the_quick_verbs_load_nothing_heavy(cli: Cli, args: tuple[str, ...]) -> None:
    cli.raise_()
    assert loaded(cli, *args) & HEAVY == set()


def test_the_version_loads_no_database_and_no_rules(cli: Cli) -> None:
    assert loaded(cli, "--version") & {"sqlite3", "storage", "domain", "zoneinfo", "json"} == set()


def test_a_verb_that_reads_one_incident_loads_nothing_heavy(cli: Cli) -> None:
    ref = cli.raise_()
    for verb in ("show", "log", "postmortem"):
        assert loaded(cli, verb, ref) & HEAVY == set()


def test_a_verb_that_writes_loads_no_screen(cli: Cli) -> None:
    ref = cli.raise_()
    assert loaded(cli, "note", ref, "text") & {"textual", "rich", "httpx", "pydantic_settings"} == set()


def test_a_calendars_library_is_loaded_only_when_a_calendar_is_named(cli: Cli) -> None:
    config = cli.home / "config/tocsin/config.toml"
    config.parent.mkdir(parents=True)
    rota = '[rotas.a]\n{}\n[[rotas.a.layers]]\npeople = ["ada"]\nstart = "2026-11-02"\n'
    config.write_text(rota.format(""))
    libraries = {"icalendar", "dateutil"}
    assert loaded(cli, "oncall") & (libraries | {"textual", "rich", "sqlalchemy", "httpx", "storage"}) == set()
    text = "UID:a\nSUMMARY:ada\nDTSTART:20261102T090000Z\nDTEND:20271102T090000Z"
    (config.parent / "a.ics").write_text(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR\n")
    config.write_text(rota.format('calendar = "a.ics"'))
    assert loaded(cli, "oncall") & libraries == libraries
    assert loaded(cli, "list") & libraries == set()
