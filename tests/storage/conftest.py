"""A store on a real disk with a clock that the test moves, and processes that open the same file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.incident import Incident
from storage.store import Store

ROOT = Path(__file__).parents[2]
START = 1_795_000_000_000  # ms


class Clock:
    """A clock that stands until it is moved, also backwards."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tocsin.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(path, "ana", clock)
    yield opened
    opened.close()


@pytest.fixture
def raised(store: Store) -> Callable[..., Incident]:
    """Raise an incident in the store: `raised("disk full", priority="P1")`."""

    def make(title: str = "disk full", **values: Any) -> Incident:
        return store.journal.raise_incident(actions.raise_incident(title, values))

    return make


@pytest.fixture
def child(path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that runs Python code with `path` and `arguments` set; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        head = "import sys; from pathlib import Path; path, arguments = Path(sys.argv[1]), sys.argv[2:]\n"
        process = subprocess.Popen(
            [sys.executable, "-c", head + code, str(path), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
