"""On a real terminal: it asks, opens the editor, and makes a command's output safe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

if TYPE_CHECKING:
    from conftest import Cli


def spawn(cli: Cli, *args: str, **env: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable, ["-m", "tocsin", *args], env=cli.real_env(TERM="xterm", **env), cwd=str(cli.home), timeout=60
    )


def ended(child: pexpect.spawn) -> tuple[int, bytes]:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before


def test_ignoring_what_is_worked_on_asks_first(cli: Cli) -> None:
    ref = cli.raise_()
    cli("move", ref, "validated")
    child = spawn(cli, "move", ref, "ignored", "--note", "n")
    child.expect("Go on")
    child.sendline("n")
    assert ended(child)[0] == 130
    assert cli("show", ref, "--json").json["status"] == "validated"
    child = spawn(cli, "move", ref, "ignored", "--note", "n")
    child.expect("Go on")
    child.sendline("y")
    assert ended(child)[0] == 0
    assert cli("show", ref, "--json").json["status"] == "ignored"


@pytest.mark.parametrize(("writes", "code"), [("-12m from the editor", 0), ("", 1)])
def test_a_note_comes_from_the_editor(cli: Cli, writes: str, code: int) -> None:
    ref = cli.raise_()
    editor = cli.home / "editor"
    # An older file date, or the editor's save would not be seen within the clock's grain.
    editor.write_text(f'#!/bin/sh\nprintf "%s" "{writes}" > "$1"\ntouch -d "+1 hour" "$1"\n')
    editor.chmod(0o755)
    assert ended(spawn(cli, "note", ref, EDITOR=str(editor), VISUAL=str(editor)))[0] == code
    notes = [e for e in cli("log", ref, "--json").json["entries"] if e["kind"] == "note"]
    assert [e["payload"]["text"] for e in notes] == (["from the editor"] if writes else [])


def test_an_editor_that_fails_is_told(cli: Cli) -> None:
    ref = cli.raise_()
    code, shown = ended(spawn(cli, "note", ref, EDITOR="false", VISUAL="false"))
    assert (code, b"Traceback" in shown) == (1, False)


def test_a_wrong_ref_is_told_before_the_editor_opens(cli: Cli) -> None:
    touched = cli.home / "touched"
    assert ended(spawn(cli, "note", "INC-ZZZZZ", EDITOR=f"touch {touched}"))[0] == 3
    assert not touched.exists()


def test_a_commands_output_is_made_safe(cli: Cli) -> None:
    ref = cli.raise_()
    code, shown = ended(spawn(cli, "run", ref, "--color", "never", "--", "printf", r"a\033]52;c;x\007b\nc\n"))
    assert code == 0
    assert b"a\xe2\x90\x9b]52;c;x\xe2\x90\x87b\r\nc\r\n" in shown
    assert b"\x1b" not in shown


def test_a_dumb_terminal_gets_the_queue_as_text(cli: Cli) -> None:
    ref = cli.raise_("on a dumb terminal")
    child = pexpect.spawn(sys.executable, ["-m", "tocsin"], env=cli.real_env(TERM="dumb"), timeout=60)
    code, shown = ended(child)
    assert (code, ref.encode() in shown, b"\x1b" in shown) == (0, True, False)


def test_titles_are_cut_to_the_terminals_width(cli: Cli) -> None:
    cli.raise_("long " * 50)
    cli.raise_("宽" * 100)
    child = pexpect.spawn(
        sys.executable, ["-m", "tocsin", "list", "--color", "never"],
        env=cli.real_env(TERM="xterm"), dimensions=(24, 80), timeout=60,
    )  # fmt: skip
    lines = ended(child)[1].decode().splitlines()
    assert len(lines) == 3
    assert all(len(line) + line.count("宽") <= 80 for line in lines)
    assert lines[1].endswith("…")
