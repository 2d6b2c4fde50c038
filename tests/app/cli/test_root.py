"""Exit codes, errors as JSON, a broken pipe, an interrupt, a crash, completion: what all verbs share."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from app.cli.root import VERBS

if TYPE_CHECKING:
    from conftest import Cli


def test_every_verb_has_help(cli: Cli) -> None:
    shown = cli("--help").out
    for verb in VERBS:
        assert f"\n  {verb} " in shown
        assert cli(verb, "-h").out.startswith(f"Usage: tocsin {verb} ")
        assert "--json" in cli(verb, "--help").out


def test_every_error_names_what_to_do(cli: Cli) -> None:
    cases = {
        ("rase", "x"): (2, "usage"),
        ("raise",): (2, "usage"),
        ("list", "--limit", "0"): (2, "usage"),
        ("list", "--nonsense"): (2, "usage"),
        ("config", "nonsense"): (2, "usage"),
        ("completion", "powershell"): (2, "usage"),
        ("show", "INC-ZZZZZZ"): (3, "not_found"),
        ("undo",): (4, "nothing_to_undo"),
        ("list", "--config", "/nonexistent"): (7, "bad_settings"),
        ("list", "--database", "/proc/nonexistent/x"): (1, "not_writable"),
    }
    for args, (code, word) in cases.items():
        error = cli(*args, "--json", code=code).error
        assert (error["code"], bool(error["message"]), bool(error["remedy"])) == (word, True, True), args
        plain = cli(*args, code=code)
        assert plain.out == ""
        assert plain.err.startswith("tocsin: ")
        assert "Traceback" not in plain.err


def test_a_wrong_verb_names_the_right_one(cli: Cli) -> None:
    assert "raise" in cli("rase", code=2).err


def test_a_broken_settings_file_is_named_with_its_line(cli: Cli) -> None:
    config = cli.home / "config/tocsin/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[display]\nzone = \n")
    assert "line 2" in cli("list", "--json", code=7).error["message"]
    config.write_text("[display]\nzoen = 'UTC'\n")
    error = cli("list", "--json", code=7).error
    assert (str(config) in error["message"], "zone" in error["remedy"]) == (True, True)
    assert cli("--version").out.startswith("tocsin ")


@pytest.mark.parametrize(
    ("text", "line", "said", "remedy"),
    [
        ("[display]\nzone = 'Europe/Berlim'", 2, "display.zone: there is no zone “Europe/Berlim”", "Europe/Berlin?"),
        (
            "[[views]]\nname = 'a'\nquery = ''\n[[views]]\nname = 'b'\nquery = 'status:opne'",
            4,
            "views[2].query",
            "open",
        ),
        ("[keys]\n'queue.down' = 'k'", 1, "k is on both", "docs/settings.md"),
        ("[ingest.alertmanager.severities]\nbad = 'worst'", 1, "severities: “worst” is none", "critical"),
    ],
)
def test_a_setting_without_meaning_is_named_with_its_line(
    cli: Cli, text: str, line: int, said: str, remedy: str
) -> None:
    config = cli.home / "config.toml"
    config.write_text(text + "\n")
    unset: dict[str, Any] = {"TOCSIN_DISPLAY__ZONE": None}
    error = cli("list", "--json", "--config", str(config), code=7, **unset).error
    assert error["message"].startswith(f"{config}:{line}: ")
    assert said in error["message"]
    assert remedy in error["remedy"]


def test_a_variable_without_meaning_is_named(cli: Cli) -> None:
    error = cli("list", "--json", code=7, TOCSIN_DISPLAY__ZONE="Moon").error
    assert error["message"] == "TOCSIN_DISPLAY__ZONE: display.zone: there is no zone “Moon”"


def test_the_version_is_said(cli: Cli) -> None:
    assert cli("list", "--version").out == cli("--version").out
    assert cli("--version", "--json").json["version"] == cli("--version").out.split()[1]


def test_a_reader_that_leaves_is_no_error(cli: Cli) -> None:
    for number in range(300):
        cli.raise_(f"{'long ' * 80}{number}") if number == 0 else None
    exported = cli("export").out
    assert exported
    program = [sys.executable, "-m", "tocsin", "list", "--json"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=cli.real_env()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_output_that_cannot_be_written_is_a_failure(cli: Cli) -> None:
    cli.raise_()
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=cli.real_env(),
            check=False,
        )
    assert (done.returncode, b"No space left" in done.stderr, b"Traceback" in done.stderr) == (1, True, False)


def test_an_interrupt_leaves_with_130(cli: Cli) -> None:
    ref = cli.raise_()
    with subprocess.Popen(
        [sys.executable, "-m", "tocsin", "note", ref, "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**cli.real_env(), "PYTHONFAULTHANDLER": "1"},
    ) as process:
        wait_until_reading(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def wait_until_reading(pid: int) -> None:
    """Wait until a process sleeps in a read of its stdin, a pipe."""
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/syscall") as file:
            if file.read().startswith(("0 0x0 ", "63 0x0 ")):  # read(0, ...) on x86-64 and on ARM
                return
    raise AssertionError("it never read")


def test_what_nobody_foresaw_is_reported_without_a_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("token=ghp_0123456789abcdefghijklmnopqrstuvwxyz")

    monkeypatch.setattr("app.cli.read.show_queue", broken)
    error = cli("list", "--json", code=1).error
    (report,) = cli.state.glob("crash-*.txt")
    assert (error["code"], str(report) in error["message"]) == ("crash", True)
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "ZeroDivisionError" in report.read_text()
    assert "ghp_" not in report.read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_calls_back(cli: Cli, shell: str) -> None:
    assert "_TOCSIN_COMPLETE" in cli("completion", shell).out


def test_verbs_words_and_refs_are_completed(cli: Cli) -> None:
    ref = cli.raise_("a title")

    def complete(words: str, number: int) -> str:
        env = {"_TOCSIN_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
        return cli(**env).out

    assert "mitigate" in complete("tocsin mit", 1)
    assert f"{ref}\na title" in complete(f"tocsin show {ref[:6]}", 2)
    assert "validated" in complete(f"tocsin move {ref} val", 3)


@pytest.mark.parametrize("group", ["rights", "hub", "remote", "hooks", "config"])
def test_a_group_without_a_verb_names_its_verbs(cli: Cli, group: str) -> None:
    error = cli(group, "--json", code=2).error
    assert error["message"].startswith("Name what to do: ")
    assert "⏎" not in error["message"]
    assert error["remedy"] == f"See: tocsin {group} --help."
