"""Real logins of this machine on one store: processes under other user ids, which only root can start."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.app.cli.conftest import ROOT, Ran

ADMIN, COMMANDER, RESPONDER, VIEWER = "daemon", "games", "bin", "man"
"""Accounts that Debian and its kin have; games is a commander by its group of the same name."""
FILE_GROUP = "users"
# Reading code that lies in root's home is no part of the test; writing and opening the store is, and has no such leave.
_READS = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")


class Shared(NamedTuple):
    """A store in a folder of a group, and how to run tocsin on it as one login or another."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "tocsin.db"

    def command(self, login: str, *args: str) -> list[str]:
        group = str(grp.getgrnam(FILE_GROUP).gr_gid)
        primary = str(pwd.getpwnam(login).pw_gid)
        become = ["setpriv", "--reuid", login, "--regid", primary, "--groups", group, *_READS]
        return [*become, sys.executable, "-m", "tocsin", *args]

    def env(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_STATE_HOME": str(self.folder / "state"), "TOCSIN_DATABASE": str(self.store), "LANG": "C.UTF-8",
            "TERM": "dumb", "TOCSIN_USER__NAME": ADMIN, **more,
        }  # fmt: skip

    def __call__(self, login: str, *args: str, code: int | None = 0, stdin: str = "", umask: int = 0o077) -> Ran:
        done = subprocess.run(
            self.command(login, *args),
            input=stdin.encode(), capture_output=True, check=False, env=self.env(), cwd="/", timeout=100, umask=umask,
        )  # fmt: skip
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert code is None or ran.code == code, ran
        return ran


@contextmanager
def shared() -> Iterator[Shared]:
    """Give a shared store; skips, visibly, where other logins cannot be had."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root, with setpriv, can be several logins")
    try:
        group = grp.getgrnam(FILE_GROUP).gr_gid
        _known(ADMIN, COMMANDER, RESPONDER, VIEWER)
    except KeyError as error:
        pytest.skip(f"this machine lacks an account: {error}")
    folder = Path(tempfile.mkdtemp(prefix="shared-", dir="/tmp"))
    try:
        os.chown(folder, 0, group)
        folder.chmod(0o2770)
        made = Shared(folder)
        probe = subprocess.run(made.command(VIEWER, "--version"), capture_output=True, check=False, env=made.env())
        if probe.returncode:
            pytest.skip(f"a process of another login cannot run here: {probe.stderr.decode()[-200:]}")
        yield made
    finally:
        shutil.rmtree(folder)


def _known(*logins: str) -> Sequence[pwd.struct_passwd]:
    return [pwd.getpwnam(login) for login in logins]
