"""One run of a hook, with real programs: whatever they do, it ends, and what is kept of them has an end, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.hooks.process import KEPT, Ended, run

Write = Callable[..., Path]
LONG = 100.0  # seconds that no test waits for


def go(path: Path, document: bytes = b"{}", **changed: Any) -> Ended:
    env = {"PATH": os.environ["PATH"], "ONLY": "this"}
    options = {"name": path, "env": env, "cwd": path.parent, "seconds": LONG, **changed}
    return run(path, document, **options)


def test_it_reads_the_document_and_its_output_and_exit_code_are_kept(write: Write) -> None:
    ended = go(write("pre-record", "cat; echo why >&2; exit 3"), b"the document")
    assert (ended.how, ended.code, ended.out, ended.err) == ("ended", 3, b"the document", b"why\n")
    assert not ended.held


def test_it_gets_the_given_environment_and_place_and_nothing_else(write: Write, config: Path) -> None:
    dump = "import json, os, sys; json.dump([dict(os.environ), os.getcwd(), sys.argv[1:]], sys.stdout)"
    env, cwd, arguments = eval(go(write("x", dump, python=True), cwd=config).out)  # JSON without null or true
    assert (env["ONLY"], cwd, arguments) == ("this", str(config), [])
    assert set(env) <= {"ONLY", "PATH", "LC_CTYPE"}  # Python itself may set the last


@pytest.mark.parametrize("text", ["exit 0", "exec <&-; exit 0", "head -c 1 >/dev/null; exit 0"])
def test_it_need_not_read_what_it_is_given(write: Write, text: str) -> None:
    assert go(write("x", text), b"x" * 10_000_000).code == 0


def test_of_ten_megabytes_the_beginning_is_kept_and_the_rest_is_read(write: Write) -> None:
    talker = "import sys\nfor _ in range(160): sys.stdout.write('a' * 65536); sys.stderr.write('b' * 65536)"
    ended = go(write("x", talker, python=True))
    assert (ended.code, ended.out, ended.err) == (0, b"a" * KEPT, b"b" * KEPT)
    assert ended.lost == 2 * (160 * 65536 - KEPT)


def test_a_large_document_and_a_large_answer_do_not_wait_for_each_other(write: Write) -> None:
    document = b"x" * 3_000_000
    ended = go(write("x", "exec cat"), document)
    assert (ended.code, len(ended.out), ended.lost) == (0, KEPT, len(document) - KEPT)


def test_one_that_hangs_is_killed_when_its_time_is_over(write: Write) -> None:
    ended = go(write("x", "exec sleep 1000"), seconds=0.05)
    assert (ended.how, ended.code) == ("over", None)


def test_one_that_ignores_signals_and_has_closed_everything_is_killed_all_the_same(write: Write) -> None:
    text = "trap '' TERM INT HUP; exec <&- >&- 2>&-; while :; do sleep 1000; done"
    assert go(write("x", text), seconds=0.05).how == "over"


def test_the_whole_process_group_is_killed(write: Write, config: Path) -> None:
    pipe, ready = config / "pipe", config / "ready"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    text = f"(sleep 1000 & : >{ready}; wait) >{pipe} 2>&1 & wait"  # the children hold the pipe open
    ended = go(write("x", text), stopped=ready.exists)
    os.set_blocking(reader, True)
    assert (ended.how, os.read(reader, 1)) == ("stopped", b"")  # the end: nobody holds it any more
    os.close(reader)


def test_a_child_that_holds_its_output_is_ended_and_that_is_said(write: Write, config: Path) -> None:
    pipe = config / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ended = go(write("x", f"exec 3>{pipe}; echo out; sleep 1000 & exit 0"))
    os.set_blocking(reader, True)
    assert (ended.how, ended.code, ended.out, ended.held) == ("ended", 0, b"out\n", True)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_one_that_is_stopped_after_it_has_ended_has_ended_and_its_child_goes(write: Write, config: Path) -> None:
    pipe, gone = config / "pipe", config / "gone"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    text = f"exec 3>{pipe}; (while kill -0 $$ 2>/dev/null; do :; done; : >{gone}; exec sleep 1000) & exit 4"
    ended = go(write("x", text), stopped=gone.exists)
    os.set_blocking(reader, True)
    assert (ended.how, ended.code, ended.held) == ("ended", 4, True)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_child_that_let_go_of_the_output_goes_on(write: Write, config: Path) -> None:
    pipe, start = config / "pipe", config / "start"
    os.mkfifo(pipe)
    os.mkfifo(start)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ended = go(write("x", f"(read line <{start}; echo $line) >{pipe} 2>/dev/null <&- & exit 0"))
    assert (ended.code, ended.held) == (0, False)
    with start.open("w") as go_on:  # it waits for this, so it was not ended
        go_on.write("alive\n")
    os.set_blocking(reader, True)
    assert os.read(reader, 100) == b"alive\n"
    os.close(reader)


@pytest.mark.parametrize("text", ["#!/no/such/interpreter\n", "no program at all\n", ""])
def test_what_cannot_be_started_says_why(config: Path, text: str) -> None:
    path = config / "hooks" / "x"
    path.write_text(text)
    path.chmod(0o755)
    ended = go(path)
    assert (ended.how, ended.code) == ("not_started", None)
    assert ended.err


def test_it_has_no_terminal_and_another_session(write: Write) -> None:
    text = "import os, sys; print(os.getsid(0) == os.getpid(), os.isatty(0) or os.isatty(1) or os.isatty(2))"
    assert go(write("x", text, python=True)).out == b"True False\n"


def test_a_signal_is_no_exit_code(write: Write) -> None:
    assert go(write("x", "kill -9 $$")).code == -9
