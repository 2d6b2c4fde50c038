"""Where a remote's token is: a variable, the output of a command, or a file that nobody else can read.

It is never in the settings, the store, an argument, a log or a crash report.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.loading import SECRET
from domain.errors import BadValue

if TYPE_CHECKING:
    from pydantic import SecretStr

_SECONDS, _LONGEST = 20, 4096


def token_file(store: Path, remote: str) -> Path:
    """Return the file of a remote's token, beside the store."""
    return store.with_name(f"{store.name}.{remote}.token")


def read_token(store: Path, remote: str, environ: Mapping[str, str], commands: Mapping[str, str]) -> SecretStr:
    """Return a remote's token.

    Args:
        store: The store's file.
        remote: The remote's name.
        environ: The environment: `TOCSIN_SECRET_NAME` wins.
        commands: From the settings `token_commands`: what prints a remote's token.

    Raises:
        BadValue: There is none, or its file can be read by others; says what to do.
    """
    from pydantic import SecretStr

    if given := environ.get(SECRET + remote.upper().replace("-", "_")):
        return SecretStr(given.strip())
    if command := commands.get(remote):
        return SecretStr(_printed(command, remote))
    return SecretStr(_kept(token_file(store, remote), remote))


def keep_token(store: Path, remote: str, token: SecretStr) -> Path:
    """Write a token to its file, of mode 0600, whole or not at all; return the file."""
    path = token_file(store, remote)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(token.get_secret_value() + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    return path


def forget_token(store: Path, remote: str) -> None:
    """Remove a remote's token."""
    token_file(store, remote).unlink(missing_ok=True)


def _kept(path: Path, remote: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise BadValue(f"Others can read the token in {path}", f"Run: chmod 600 {path}", "token_mode")
            return file.read(_LONGEST).strip()
    except FileNotFoundError as error:
        remedy = f"Enrol again: tocsin remote add {remote} --kind hub --url URL --code CODE."
        raise BadValue(f"There is no token for {remote}", remedy, "no_token") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"The token in {path} cannot be read: {error}", "Check the file's rights.", "token") from error


def _printed(command: str, remote: str) -> str:
    try:
        # The user's own settings name the program; it is run as it is, without a shell.
        done = subprocess.run(  # noqa: S603
            shlex.split(command), capture_output=True, timeout=_SECONDS, check=True, text=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = f"{type(error).__name__}" if isinstance(error, subprocess.SubprocessError) else str(error)
        raise BadValue(
            f"The command for the token of {remote} failed ({why})", "Try it by itself.", "token_command"
        ) from error
    return done.stdout[:_LONGEST].strip()
