"""Hooks from the command line: refusals, trouble on stderr, `hooks`, `doctor`, and what there is without any."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

Write = Callable[..., Path]
COUNTING = """
import os, sys, tocsin
looks, stat = [], os.stat
def counted(path, *more, **options):
    looks.append(str(path))
    return stat(path, *more, **options)
os.stat = counted
from app.cli.root import tocsin
code = tocsin.run(sys.argv[1:])
hooks = sum(path.endswith("tocsin/hooks") for path in looks)
print(hooks, *(name for name in sys.modules if "hooks" in name), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def folder(cli: Cli) -> Path:
    return cli.home / "config" / "tocsin" / "hooks"


@pytest.fixture
def write(folder: Path) -> Write:
    def make(name: str, text: str, mode: int = 0o755) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return path

    return make


def test_without_a_folder_it_is_one_look_and_nothing_is_imported(cli: Cli) -> None:
    ref = cli.raise_()
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, "note", ref, "text"],
        env=cli.real_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "1")


def test_a_verb_that_only_reads_looks_for_no_hook(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    write("pre-record", "exit 1")
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, "show", ref], env=cli.real_env(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "0")


def test_a_refusal_has_exit_code_4_and_nothing_is_written(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    before = cli("export").out.split("\n", 1)[1]
    write("pre-record", "echo 'say \033[31mwhy\033[0m' >&2; exit 9")
    ran = cli("note", ref, "x", code=4)
    assert ran.out == ""
    assert ran.err == "tocsin: pre-record refused: say ␛[31mwhy␛[0m.\n        See: tocsin hooks list.\n"
    assert cli("move", ref, "validated", "--json", code=4).error["code"] == "hook"
    cli("raise", "another", code=4)
    assert cli("export").out.split("\n", 1)[1] == before


def test_trouble_of_a_post_hook_is_one_line_and_the_act_is_done(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    write("post-record", "echo 'no \033[2J route' >&2; echo more >&2; exit 6")
    ran = cli("note", ref, "x")
    assert ran.err == f"tocsin: post-record ended with exit code 6: no ␛[2J route ({ref})\n"
    assert ran.out.startswith(ref)
    assert "no ␛[2J route" in (cli.state / "hooks.log").read_text()
    assert json.loads(cli("note", ref, "y", "--json").out)["notes"] == 2


def test_the_verb_waits_for_post_hooks_and_its_result_comes_first(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    write("post-record", "cat > seen")
    ran = cli.real("note", ref, "hello")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads((cli.home / "config" / "tocsin" / "seen").read_text())
    assert found["entries"][0]["payload"]["text"] == "hello"
    logged = cli("log", ref, "--json").json["entries"][-1]
    assert {**found["entries"][0], "ref": None} == {**logged, "ref": None}
    shown = cli("show", ref, "--json").json
    for name in ("next", "next_at", "due"):  # what comes next is the settings', and the moment's
        del shown["escalation"][name]
    (incident,) = found["incidents"]
    assert incident == {key: shown[key] for key in incident}
    assert shown.keys() - incident.keys() == {  # what ticks, or depends on the settings
        "sla", "to_tell", "nobody_because", "parties", "regulatory", "regulatory_unknown",
    }  # fmt: skip


def test_a_tocsin_in_a_hook_works_on_the_same_store_and_runs_no_hooks(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    tocsin = f"PYTHONPATH={Path(__file__).parents[3]} {sys.executable} -m tocsin"
    write("post-record", f"echo x >> count; {tocsin} note $TOCSIN_REF nested || cp /dev/stdin failed")
    ran = cli.real("note", ref, "first")
    assert (ran.code, "exit code" in ran.err) == (0, False)
    texts = [each["payload"]["text"] for each in cli("log", ref, "--json").json["entries"] if each["kind"] == "note"]
    assert texts == ["first", "nested"]
    assert (cli.home / "config" / "tocsin" / "count").read_text() == "x\n"


def test_imports_are_not_asked_about_and_alerts_only_told(cli: Cli, write: Write) -> None:
    cli.raise_()
    cli("export", "-o", str(cli.home / "e"))
    write("pre-record", "exit 1")
    write("post-record", "echo $TOCSIN_REF >> refs")
    other = str(cli.home / "other.db")
    cli("import", str(cli.home / "e"), "--database", other)
    assert not (cli.home / "config" / "tocsin" / "refs").exists()
    opened = cli("ingest", "json", "--json", "--database", other, stdin='{"title": "from afar"}').json["opened"]
    assert (cli.home / "config" / "tocsin" / "refs").read_text().split() == opened


def test_what_a_command_said_is_kept_when_a_hook_refuses_to_record_it(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    write("pre-record", "exit 1")
    error = cli("run", ref, "--json", "--", "echo", "precious", code=4).err.splitlines()[-1]
    message = json.loads(error)["error"]["message"]
    kept = Path(message.rpartition("Your text is kept in ")[2])
    assert "precious" in kept.read_text()


def test_ctrl_c_stops_the_hook_and_the_act_stays(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    write("post-record", ": > began; exec sleep 1000")
    began = cli.home / "config" / "tocsin" / "began"
    os.mkfifo(began)
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "note", ref, "x"], env=cli.real_env(), stdout=subprocess.PIPE, cwd=cli.home,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    began.open().close()  # once it runs
    assert process.stdout is not None
    assert process.stdout.readline().startswith(ref)  # the result is out while the hook runs
    assert process.stderr is not None
    assert "waiting for post-record hooks" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "post-record was stopped because tocsin leaves" in err
    assert cli("show", ref, "--json").json["notes"] == 1


def test_who_is_killed_before_the_hook_has_ended_has_recorded_and_tells_nobody_again(cli: Cli, write: Write) -> None:
    ref = cli.raise_()
    gate = cli.home / "gate"
    os.mkfifo(gate)
    write("post-record", f"echo x >> count; read answer <{gate}")
    process = subprocess.Popen([sys.executable, "-m", "tocsin", "note", ref, "x"], env=cli.real_env(), cwd=cli.home)
    with gate.open("w"):  # the hook is there, and what it is told of is on the disk
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert cli("show", ref, "--json").json["notes"] == 1
    write("post-record", "echo x >> count")
    cli("note", ref, "y")
    assert (cli.home / "config" / "tocsin" / "count").read_text() == "x\nx\n"


class TestVerbs:
    def test_list_says_what_runs_and_what_does_not(self, cli: Cli, write: Write, folder: Path) -> None:
        assert cli("hooks", "list", "--json").json == {"folder": str(folder), "enabled": True, "hooks": []}
        assert "No hooks" in cli("hooks", "list").out
        write("pre-record", "")
        write("post-record", "", mode=0o644)
        write("post-record.d/10-x", "", mode=0o666 | 0o111)
        found = cli("hooks", "list", "--json").json["hooks"]
        assert [(each["name"], each["stage"], each["state"]) for each in found] == [
            ("pre-record", "pre-record", "runs"),
            ("post-record", "post-record", "off"),
            ("post-record.d/10-x", "post-record", "unsafe"),
        ]
        assert found[1]["remedy"] == f"chmod u+x {folder / 'post-record'}"
        shown = cli("hooks", "list").out
        assert f"chmod go-w {folder / 'post-record.d/10-x'}" in shown

    def test_test_runs_them_on_the_newest_act_and_records_nothing(self, cli: Cli, write: Write) -> None:
        ref = cli.raise_()
        cli("move", ref, "validated")
        before = cli("export").out.split("\n", 1)[1]
        write("pre-record", "echo because >&2; exit 1")
        write("post-record", "cat")
        ran = cli("hooks", "test", ref, "--json", code=1).json
        refusing, telling = ran["hooks"]
        assert (refusing["outcome"], refusing["exit_code"], refusing["stderr"]) == ("ended", 1, "because\n")
        document = json.loads(telling["stdout"])
        assert (document["test"], document["refs"]) == (True, [ref])
        assert [each["what"] for each in document["entries"]] == ["acknowledged", "status"]
        assert ran["entry"] == document["entries"][-1]["id"]
        shown = cli("hooks", "test", code=1).out
        assert "refuses: because" in shown
        assert cli("export").out.split("\n", 1)[1] == before
        write("pre-record", "exit 0")
        cli("hooks", "test")

    def test_test_without_an_incident_says_so(self, cli: Cli) -> None:
        assert cli("hooks", "test", "--json", code=3).error["code"] == "not_found"

    def test_what_a_hook_prints_commands_no_terminal(self, cli: Cli, write: Write) -> None:
        cli.raise_()
        write(
            "post-record", "printf '\\033]52;c;aGk=\\007\\033[2J'; i=0; while [ $i -lt 50 ]; do echo; i=$((i+1)); done"
        )
        ran = cli("hooks", "test")
        assert "\x1b" not in ran.out
        assert "␛]52;c;aGk=␇" in ran.out
        assert "lines more" in ran.out


class TestSettings:
    def test_they_can_be_off(self, cli: Cli, write: Write) -> None:
        write("pre-record", "exit 1")
        cli("raise", "x", TOCSIN_HOOKS__ENABLED="false")
        cli("raise", "x", code=4)

    @pytest.mark.parametrize("value", ["0", "-1", "99", "nan", "inf"])
    def test_a_time_out_of_range_stops_nobody_and_doctor_names_it(self, cli: Cli, write: Write, value: str) -> None:
        write("pre-record", "exit 1")
        config = cli.home / "config" / "tocsin" / "config.toml"
        config.write_text(f"[hooks]\npre_seconds = {value}\n")
        cli("raise", "x", code=4)  # it is run, with the default
        cli("list")
        wrong = [each for each in cli("doctor", "--json", code=1).json["checks"] if each["state"] == "wrong"]
        assert [each["name"] for each in wrong] == ["hooks"]
        assert "hooks.pre_seconds" in wrong[0]["says"]
        assert "2 holds" in wrong[0]["says"]


class TestDoctor:
    def test_it_names_each_hook_and_what_is_wrong(self, cli: Cli, write: Write, folder: Path) -> None:
        cli.raise_()
        write("pre-record", "", mode=0o644)
        write("post-record", "")
        (folder / "pre-record.d").mkdir()
        (folder / "pre-record.d" / "x").symlink_to("/nowhere")
        checks = cli("doctor", "--json", code=1).json["checks"]
        found = {each["says"].partition(":")[0]: each for each in checks if each["name"] == "hook"}
        assert {name: each["state"] for name, each in found.items()} == {
            "pre-record": "note",
            "pre-record.d/x": "wrong",
            "post-record": "ok",
        }
        assert found["pre-record"]["remedy"] == f"chmod u+x {folder / 'pre-record'}"

    def test_a_folder_that_is_none_or_cannot_be_read_is_named(self, cli: Cli, folder: Path) -> None:
        folder.parent.mkdir(parents=True)
        folder.symlink_to("/nowhere")
        (check,) = [each for each in cli("doctor", "--json", code=1).json["checks"] if each["name"] == "hooks"]
        assert "is no folder" in check["says"]
        cli.raise_()  # and stops nobody
