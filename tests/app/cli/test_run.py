"""`run`: real commands, what is shown and what is kept of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from app.cli.capture import Capture
from domain import limits

if TYPE_CHECKING:
    from conftest import Cli


def recorded(cli: Cli, ref: str) -> dict[str, Any]:
    entries = cli("log", ref, "--json").json["entries"]
    return next(entry["payload"] for entry in entries if entry["what"] == "command")


def test_a_command_is_shown_and_recorded(cli: Cli) -> None:
    ref = cli.raise_()
    ran = cli.real("run", ref, "--", "sh", "-c", "echo out; printf '\\033[31mred' >&2; exit 3")
    assert (ran.code, ran.out) == (0, "out\n")
    assert "\x1b[31mred" in ran.err  # into a pipe it goes as it came
    kept = recorded(cli, ref)
    assert (kept["exit_code"], sorted(kept["output"].split("\n"))) == (3, ["\x1b[31mred", "out"])
    assert kept["command"].startswith("sh -c 'echo out")
    assert kept["duration_ms"] >= 0
    assert "\x1b" not in cli("log", ref).out


def test_check_leaves_with_the_commands_exit_code(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli.real("run", "--check", ref, "--", "sh", "-c", "exit 9").code == 9
    assert cli.real("run", ref, "--check", "--", "sh", "-c", "kill -9 $$").code == 137


def test_no_shell_comes_between(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli.real("run", ref, "--", "echo", "$HOME; `id`", "-h", "--json").out == "$HOME; `id` -h --json\n"


def test_a_command_that_cannot_be_started_is_not_recorded(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli("run", ref, "--json", "--", "/nonexistent", code=1).error["code"] == "not_started"
    assert len(cli("log", ref, "--json").json["entries"]) == 1
    cli("run", "INC-ZZZZZZ", "--", "touch", str(cli.home / "touched"), code=3)
    assert not (cli.home / "touched").exists()


def test_secrets_are_shown_but_not_recorded(cli: Cli) -> None:
    ref = cli.raise_()
    ran = cli.real("run", ref, "--", "echo", "password=hunter2hunter2")
    assert "hunter2" in ran.out
    assert "hunter2" not in str(recorded(cli, ref))


def test_with_json_the_output_goes_to_stderr(cli: Cli) -> None:
    ref = cli.raise_()
    ran = cli.real("run", ref, "--json", "--", "echo", "hello")
    assert (ran.json["ref"], ran.json["exit_code"], ran.json["output"], ran.err) == (ref, 0, "hello\n", "hello\n")


def test_of_much_output_both_ends_are_kept(cli: Cli) -> None:
    ref = cli.raise_()
    program = "print('first'); print('x' * 3_000_000); print('last')"
    ran = cli.real("run", ref, "--", sys.executable, "-c", program)
    assert len(ran.out) == 3_000_012
    kept = recorded(cli, ref)
    assert len(kept["output"]) <= limits.COMMAND_OUTPUT
    assert kept["output"].startswith("first\n")
    assert kept["output"].endswith("last\n")
    assert kept["cut"] > 2_900_000


@given(st.lists(st.binary(max_size=200), max_size=30), st.integers(200, 400))
def test_a_capture_keeps_no_more_than_its_limit(parts: list[bytes], limit: int) -> None:
    capture = Capture()
    for part in parts:
        capture.add(part)
    text, cut = capture.text(limit)
    assert len(text) <= limit
    assert capture.total == sum(map(len, parts))
    assert (cut > 0) or len(b"".join(parts).decode("utf-8", "replace")) <= limit + 200


def test_unfinished_lines_of_two_streams_are_not_run_together() -> None:
    capture = Capture()
    for stream, data in (("err", b"red"), ("out", b"out\nmo"), ("out", b"re\n"), ("err", b" and\n"), ("out", b"x")):
        capture.add(data, stream)
    assert capture.text(100)[0] == "red\nout\nmore\n and\nx"
