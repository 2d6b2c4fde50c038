"""Runs the command line in this process, or as a real one, in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from app.cli.root import tocsin

if TYPE_CHECKING:
    from tests.hubs import Rig

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ran:
    """What a run printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        return json.loads(self.err)["error"]


@dataclass(frozen=True)
class Cli:
    """`cli("list", "--json")` in this process; `cli.real(...)` as a process of its own."""

    home: Path
    env: dict[str, str]

    def __call__(self, *args: str, stdin: str | bytes | None = None, code: int | None = 0, **env: str) -> Ran:
        result = CliRunner(env={**self.env, **env}).invoke(tocsin, list(args), input=stdin)
        ran = Ran(result.exit_code, result.stdout, result.stderr)
        assert code is None or ran.code == code, (ran, result.exception)
        return ran

    def real(self, *args: str, stdin: bytes | None = None, **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", *args],
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
            env=self.real_env(**env),
            cwd=self.home,
            timeout=100,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def real_env(self, **env: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "XDG_"))}
        return {**kept, **self.env, "PYTHONPATH": str(ROOT), **env}

    def raise_(self, title: str = "Disk full", *args: str) -> str:
        return self("raise", title, *args).out.strip()

    @property
    def state(self) -> Path:
        return self.home / "state" / "tocsin"


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in list(os.environ):
        if name.startswith(("TOCSIN_", "XDG_")) or name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
            monkeypatch.delenv(name)
    env = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TOCSIN_USER__NAME": "ada",
        "TOCSIN_DISPLAY__ZONE": "UTC",
        "EDITOR": "false",
        "VISUAL": "false",
    }
    return Cli(tmp_path, env)


@pytest.fixture
def file(cli: Cli) -> Path:
    """Give the hub's database, where it is when nothing is said."""
    return cli.home / "data" / "tocsin" / "hub.db"


@pytest.fixture
def rig(file: Path) -> Iterator[Rig]:
    """Give a hub whose database the verbs open, too."""
    from storage.hub.engines import open_database
    from tests.hubs import Rig

    database = open_database(str(file))
    yield Rig(database)
    database.close()
