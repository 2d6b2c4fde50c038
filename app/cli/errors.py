"""The one place where errors become words, codes and exit codes.

2 usage, a bad value · 3 no such incident · 4 a rule or a right refused · 5 a remote refused or did not answer ·
6 conflicts wait for a person (only `sync`) · 7 bad settings or data file ·
1 everything else that failed · 130 interrupted · 141 the reader of the output has gone
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE, NOT_FOUND, REFUSED, NO_ANSWER, UNUSABLE = 2, 3, 4, 5, 7
INTERRUPTED, BROKEN_PIPE = 130, 141


class Problem(NamedTuple):
    """An error for people and scripts: a stable code, what was wrong, what to do, and the exit code."""

    code: str
    message: str
    remedy: str
    exit_code: int


class Usage(click.UsageError):
    """A combination of arguments that makes no sense; carries a remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Failed(Exception):
    """Something outside the store failed (exit code 1): a file, a command, an editor."""

    def __init__(self, message: str, remedy: str = "", code: str = "failed") -> None:
        super().__init__(message)
        self.message, self.remedy, self.code = message, remedy, code


def problem_of(error: BaseException) -> Problem | None:
    """Return what an error means, or None for one that nobody foresaw."""
    if isinstance(error, click.ClickException):
        return _of_click(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return Problem("interrupted", "Interrupted", "", INTERRUPTED)
    if isinstance(error, Failed):
        return Problem(error.code, error.message, error.remedy, 1)
    return _of_rules(error) or _of_store(error) or _of_remote(error) or _of_system(error)


def _of_click(error: click.ClickException) -> Problem:
    remedy = getattr(error, "remedy", "")
    ctx = getattr(error, "ctx", None)
    nothing = isinstance(error, click.exceptions.NoArgsIsHelpError) or error.message == "Missing command."
    if nothing and ctx is not None and isinstance(ctx.command, click.Group):
        verbs = ", ".join(ctx.command.list_commands(ctx))
        return Problem("usage", f"Name what to do: {verbs}", f"See: {ctx.command_path} --help.", USAGE)
    if not remedy and ctx is not None:
        remedy = f"See: {ctx.command_path} --help."
    message = error.format_message().rstrip(".")
    code = "usage" if error.exit_code == USAGE else "failed"
    return Problem(code, message, remedy, error.exit_code)


def _of_rules(error: BaseException) -> Problem | None:
    from domain.alerts import BadAlerts
    from domain.errors import Mistake, Refused

    if isinstance(error, BadAlerts):
        return Problem(error.code, error.message, error.remedy, 1)
    if not isinstance(error, Mistake):
        return None
    return Problem(error.code, error.message, error.remedy, REFUSED if isinstance(error, Refused) else USAGE)


def _of_store(error: BaseException) -> Problem | None:
    from app.loading import BadSettings
    from storage.errors import NotFound, StoreError, Unusable

    if isinstance(error, BadSettings):
        return Problem("bad_settings", error.message, error.remedy, UNUSABLE)
    if not isinstance(error, StoreError):
        return None
    exit_code = NOT_FOUND if isinstance(error, NotFound) else UNUSABLE if isinstance(error, Unusable) else 1
    return Problem(error.code, error.message, error.remedy, exit_code)


def _of_remote(error: BaseException) -> Problem | None:
    if "sync.transport" not in sys.modules:  # nothing was asked of anybody
        return None
    from app.exchange import NoAnswer

    return Problem(error.code, error.message, error.remedy, NO_ANSWER) if isinstance(error, NoAnswer) else None


def _of_system(error: BaseException) -> Problem | None:
    if isinstance(error, BrokenPipeError):
        return Problem("broken_pipe", "", "", BROKEN_PIPE)
    if not isinstance(error, OSError):
        return None
    where = f": {error.filename}" if error.filename else ""
    return Problem("system", f"{error.strerror or error}{where}", "Check the path, its rights and the disk.", 1)


def tell(problem: Problem, *, as_json: bool) -> None:
    """Print an error on stderr: two lines for a person, or one JSON document."""
    if problem.exit_code == BROKEN_PIPE:
        return
    try:
        if as_json:
            import json

            error = {"code": problem.code, "message": problem.message, "remedy": problem.remedy}
            click.echo(json.dumps({"error": error}, ensure_ascii=False), err=True)
            return
        from domain.text import safe_text

        end = "" if problem.message.endswith((".", "!", "?")) else "."
        click.echo(f"tocsin: {safe_text(problem.message)}{end}", err=True)
        if problem.remedy:
            click.echo(f"        {safe_text(problem.remedy)}", err=True)
    except OSError:
        pass  # nobody is left to be told


def unforeseen(error: BaseException, environ: Mapping[str, str]) -> Problem:
    """Write a crash report of mode 0600 to the state folder and return the one line that names it."""
    import tempfile
    import traceback

    from app import paths
    from app.cli.version import VERSION
    from domain.text import redact_secrets

    folder, where = paths.state_dir(environ), ""
    text = redact_secrets("".join(traceback.format_exception(error)))
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=folder)  # of mode 0600
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"tocsin {VERSION}, Python {sys.version}\n\n{text}")
        where = f"; the crash report is in {name}"
    said = f"tocsin failed with {type(error).__name__}{where}"
    return Problem("crash", said, "That is a bug: please report it.", 1)


def silence_stdout() -> None:
    """Point stdout at nothing, so that flushing it while the interpreter ends says nothing."""
    with contextlib.suppress(OSError, ValueError):  # not a real file: nothing will be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
