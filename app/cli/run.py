"""`run`: a command is run, its output shown and kept, and what it was and how it ended is on the timeline."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.cli.capture import Capture


@click.command("run", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("command", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
@click.option("--check", is_flag=True, help="Leave with the command's own exit code.")
@click.pass_obj
def run(call: Call, ref: str, command: tuple[str, ...], check: bool) -> int:
    """Run COMMAND, without a shell, and record it with its exit code, duration and output.

    What looks like a secret is blotted out of what is recorded, not of what is shown. With --json the command's own
    output goes to stderr. The exit code is 0 when the command ran, whatever became of it, unless --check is given.
    """
    (identifier,) = call.ids((ref,))
    started = time.monotonic()
    process = _start(command)
    captured, exit_code = _follow(process, to_stderr=call.json)
    took = round((time.monotonic() - started) * 1000)
    body = _body(command, exit_code, took, captured)
    _record(call, identifier, body)
    if call.json:
        name = call.session.store.reader.refs([identifier])[identifier]
        call.out.object({"ref": name, **body})
    else:
        message = f"Recorded on {call.session.store.reader.refs([identifier])[identifier]}: exit code {exit_code}"
        click.echo(call.out.style(message), err=True)
    return exit_code if check else 0


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    from app.cli.errors import Failed

    try:
        return subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - asked for
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Check its name and rights; nothing was recorded."
        raise Failed(f"“{command[0]}” cannot be started: {reason}", remedy, "not_started") from error


def _follow(process: subprocess.Popen[bytes], *, to_stderr: bool) -> tuple[Capture, int]:
    """Show and keep what a process prints until it ends; ctrl+c reaches it from the terminal, and is waited for."""
    from threading import Thread

    from app.cli.capture import Capture

    captured = Capture()
    pairs = ((process.stdout, "out", "stderr" if to_stderr else "stdout"), (process.stderr, "err", "stderr"))
    threads = [Thread(target=_pump, args=(*pair, captured), daemon=True) for pair in pairs]
    for thread in threads:
        thread.start()
    while True:
        try:
            code = process.wait()
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            continue
        return (captured, code if code >= 0 else 128 - code)  # as a shell says it: 128 + the signal


def _pump(pipe: IO[bytes], stream: str, name: str, captured: Capture) -> None:
    target: Any = getattr(sys, name)
    show = _shower(target, terminal=is_terminal(name))
    while data := pipe.read1(65_536):  # type: ignore[attr-defined]
        captured.add(data, stream)
        show(data)
    show(b"")


def _shower(target: Any, *, terminal: bool) -> Any:
    """Return what passes output on: as it is into a pipe or a file, made safe for a terminal."""
    if not terminal:
        return _raw(target)
    from codecs import getincrementaldecoder

    from domain.text import safe_text

    decoder = getincrementaldecoder("utf-8")("replace")

    def show(data: bytes) -> None:
        target.write(safe_text(decoder.decode(data, not data), keep_newlines=True))
        target.flush()

    return show


def _raw(target: Any) -> Any:
    gone: list[bool] = []

    def show(data: bytes) -> None:
        if gone:
            return  # nobody reads any more, but what it prints is still recorded
        try:
            target.buffer.write(data)
            target.buffer.flush()
        except OSError:
            gone.append(True)

    return show


def _body(command: Sequence[str], exit_code: int, took: int, captured: Capture) -> dict[str, Any]:
    import shlex

    from domain import limits
    from domain.text import clean_input, redact_secrets

    output, cut = captured.text(limits.COMMAND_OUTPUT)
    line = clean_input(redact_secrets(shlex.join(command)), limits.REASON)
    body = {"command": line, "exit_code": exit_code, "duration_ms": took, "output": output}
    return {**body, "cut": cut} if cut else body


def _record(call: Call, identifier: str, body: dict[str, Any]) -> None:
    from domain.entry import Draft

    kept = f"{body['command']}\nexit code {body['exit_code']}\n\n{body['output']}"
    with call.session.keeping(kept, typed=True):  # it was run already, and would not say the same again
        call.session.store.journal.record(identifier, lambda _it: (Draft("fact", "command", body),))
