"""`conflicts` and `settle`: what two stores wrote without seeing each other is shown, and somebody chooses."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

CSI = "\x9b31m\x1b]52;c;x\x07\u202e"


class Two:
    """The store of ada and the one of ben, who write apart and then meet."""

    def __init__(self, cli: Cli, *raised: str) -> None:
        self.cli, self.at = cli, str(cli.home / "ben.db")
        self.ref = cli.raise_("Checkout is slow", *raised)
        self.meet()

    def ben(self, *args: str, stdin: str | None = None) -> Any:
        return self.cli(*args, "--database", self.at, stdin=stdin, TOCSIN_USER__NAME="ben")

    def meet(self) -> None:
        self.ben("import", stdin=self.cli("export").out)
        self.cli("import", stdin=self.ben("export").out)

    def write(self, field: str, ada: str, ben: str) -> list[dict[str, Any]]:
        """Let both set a field, and return the choices; the first is ada's."""
        self.cli("set", self.ref, f"{field}={ada}")
        self.ben("set", self.ref, f"{field}={ben}")
        self.meet()
        return self.choices()

    def choices(self, number: int = 0) -> list[dict[str, Any]]:
        return self.cli("conflicts", "--json").json["conflicts"][number]["choices"]


@pytest.fixture
def two(cli: Cli) -> Two:
    return Two(cli)


def test_nothing_to_settle(cli: Cli) -> None:
    cli.raise_()
    assert cli("conflicts", "--json").json == {"conflicts": []}
    assert "Nothing to settle" in cli("conflicts").out
    assert "Nothing to settle on INC-" in cli("conflicts", cli.raise_()).out


def test_both_values_with_who_and_when(two: Two, cli: Cli) -> None:
    two.write("severity", "low", "critical")
    (found,) = cli("conflicts", "--json").json["conflicts"]
    assert (found["ref"], found["field"]) == (two.ref, "severity")
    assert [(each["value"], each["author"], each["shown"]) for each in found["choices"]] == [
        ("low", "ada", False),
        ("critical", "ben", True),
    ]
    for each in found["choices"]:
        assert set(each) == {"entry", "value", "author", "at", "shown"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["at"])


def test_the_command_that_is_shown_settles_it(two: Two, cli: Cli) -> None:
    two.write("severity", "low", "critical")
    out = cli("conflicts").out
    assert re.search(r"1 low +ada", out)
    assert re.search(r"⚠ 2 critical +ben +\d.*shown meanwhile", out)
    commands = [line.strip() for line in out.splitlines() if line.strip().startswith("tocsin settle")]
    assert len(commands) == 2
    settled = cli(*shlex.split(commands[0])[1:], "--json").json
    assert (settled["severity"], settled["conflicts"]) == ("low", [])
    assert cli("conflicts", "--json").json == {"conflicts": []}
    assert "severity: chose low over critical" in cli("log", two.ref).out
    assert two.ref in cli("list", "severity:low").out


@pytest.mark.parametrize("index", [0, 1])
def test_a_status_is_chosen_without_asking_the_lifecycle(two: Two, cli: Cli, index: int) -> None:
    cli("move", two.ref, "validated")
    two.ben("move", two.ref, "resolved", "--note", "it went away")
    two.meet()
    before = two.choices()[index]
    settled = cli("settle", two.ref, "status", before["entry"], "--json").json
    assert settled["status"] == before["value"]
    assert settled["resolved_at"] == (before["at"] if index else None)


def test_undo_opens_it_again_with_the_same_names(two: Two, cli: Cli) -> None:
    before = two.write("owner", "zoe", "yan")
    cli("settle", two.ref, "owner", before[0]["entry"])
    cli("undo", two.ref)
    after = two.choices()
    assert [(each["value"], each["author"], each["at"]) for each in after] == [
        (each["value"], each["author"], each["at"]) for each in before
    ]


def test_another_value(two: Two, cli: Cli) -> None:
    choices = two.write("impact_started", "-2h", "-3h")
    entry = choices[0]["entry"]
    assert choices[0]["value"].endswith("Z")
    error = cli("settle", two.ref, "impact_started", entry, "--value", "soon", "--json", code=2).error
    assert error["code"] == "bad_time"
    settled = cli("settle", two.ref, "impact_started", entry, "--value", "-1h", "--json").json
    assert settled["impact_started_at"] > choices[0]["value"]


def test_a_text_can_be_piped_in(two: Two, cli: Cli) -> None:
    entry = two.write("description", "one\ntwo", "one\nzwei")[0]["entry"]
    short, whole = cli("conflicts").out, cli("conflicts", two.ref).out
    assert "2 lines, … two" in short
    assert "2 lines, … zwei" in short
    assert "        one\n        zwei\n" not in short
    assert "        one\n        zwei\n" in whole
    settled = cli("settle", two.ref, "description", entry, "--value", "-", "--json", stdin="one\ntwo\nzwei").json
    assert settled["description"] == "one\ntwo\nzwei"
    assert "description: chose one text made of ada's and ben's" in cli("log", two.ref).out


def test_what_came_since_stays_when_the_others_are_named(two: Two, cli: Cli) -> None:
    first, second = two.write("severity", "low", "high")
    third = str(cli.home / "cy.db")
    raised = [line for line in cli("export").out.splitlines() if '"set"' not in line]
    cli("import", "--database", third, stdin="\n".join(raised))
    cli("set", two.ref, "severity=critical", "--database", third, TOCSIN_USER__NAME="cy")
    cli("import", stdin=cli("export", "--database", third).out)
    settled = cli("settle", two.ref, "severity", first["entry"], "--over", second["entry"], "--json").json
    assert (settled["severity"], settled["conflicts"]) == ("critical", ["severity"])
    assert sorted(each["value"] for each in two.choices()) == ["critical", "low"]


class TestWrong:
    def test_no_such_incident(self, cli: Cli) -> None:
        cli.raise_()
        assert cli("settle", "INC-ZZZZZ", "status", "x", "--json", code=3).error["code"] == "not_found"
        assert cli("conflicts", "INC-ZZZZZ", "--json", code=3).error["code"] == "not_found"

    def test_no_conflict_in_that_field(self, two: Two, cli: Cli) -> None:
        two.write("severity", "low", "high")
        error = cli("settle", two.ref, "owner", "x", "--json", code=4).error
        assert error["code"] == "no_conflict"
        assert "severity" in error["remedy"]

    def test_no_such_choice(self, two: Two, cli: Cli) -> None:
        two.write("severity", "low", "high")
        other = json.loads(cli("log", two.ref, "--json").out)["entries"][0]["id"]
        for entry in ("zzz", other):
            error = cli("settle", two.ref, "severity", entry, "--json", code=2).error
            assert error["code"] == "no_such_choice"
            assert "ada: low" in error["remedy"]

    def test_a_status_that_neither_wrote(self, two: Two, cli: Cli) -> None:
        cli("move", two.ref, "validated")
        two.ben("move", two.ref, "reviewed")
        two.meet()
        entry = two.choices()[0]["entry"]
        error = cli("settle", two.ref, "status", entry, "--value", "ignored", "--json", code=4).error
        assert error["code"] == "use_move"
        assert "status" in cli("show", two.ref, "--json").json["conflicts"]

    def test_usage(self, cli: Cli) -> None:
        assert cli("settle", "INC-ZZZZZ", "--json", code=2).error["code"] == "usage"


def test_only_incidents_with_conflicts_are_read(two: Two, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.reader import Reader

    for number in range(20):
        cli.raise_(f"other {number}")
    two.write("severity", "low", "high")
    read: list[str] = []
    entries = Reader.entries

    def counted(self: Reader, incident: str) -> Any:
        read.append(incident)
        return entries(self, incident)

    monkeypatch.setattr(Reader, "entries", counted)
    assert len(cli("conflicts", "--json").json["conflicts"]) == 1
    assert len(read) == 1


def test_hostile_text_is_harmless(two: Two, cli: Cli) -> None:
    two.write("description", f"[red]a{CSI}\nb", f"c{CSI}\nd")
    two.write("owner", f"x{CSI}", f"y{CSI}")
    for args in (("conflicts",), ("conflicts", two.ref), ("conflicts", "--json"), ("log", two.ref)):
        out = cli(*args).out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), args
    assert "[red]a" in cli("conflicts").out


@pytest.mark.parametrize("verb", ["conflicts", "conflicts --json"])
def test_looking_loads_nothing_heavy(two: Two, cli: Cli, verb: str) -> None:
    import subprocess
    import sys

    two.write("severity", "low", "high")
    program = (
        "import sys, tocsin; from app.cli.root import tocsin; code = tocsin.run(sys.argv[1:])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    env = {name: value for name, value in cli.real_env().items() if not name.startswith("TOCSIN_")}
    argv = [sys.executable, "-c", program, *verb.split()]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "severity" in done.stdout
    assert loaded & {"textual", "rich", "sqlalchemy", "sqlmodel", "pydantic", "pydantic_settings", "httpx"} == set()
