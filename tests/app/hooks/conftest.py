"""A configuration folder with hooks that are real programs, a store that shows them its acts, and what they said."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.hooks.log import HookLog
from app.hooks.runner import AfterOnly, Hooks, Place
from app.settings import Hooks as Settings
from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from storage.store import Store
from storage.transfer import export_lines

Write = Callable[..., Path]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("TOCSIN_", "XDG_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "config" / "hooks").mkdir(parents=True)
    return tmp_path / "config"


@pytest.fixture
def write(config: Path) -> Write:
    """Write a hook: `write("pre-record", "exit 1")`, in sh, or in Python with `python=True`."""

    def make(name: str, text: str, *, python: bool = False, mode: int = 0o755) -> Path:
        path = config / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable if python else '/bin/sh'}\n{text}\n")
        path.chmod(mode)
        return path

    return make


@dataclass
class Desk:
    """A store whose acts hooks see."""

    hooks: Hooks
    store: Store
    told: list[str] = field(default_factory=list)

    def raise_(self, title: str = "disk full", **values: Any) -> str:
        return self.store.journal.raise_incident(actions.raise_incident(title, values)).id

    def note(self, incident: str, text: str) -> Incident:
        return self.store.journal.record(incident, lambda _it: actions.note(text))

    def record(self, incident: str, *drafts: Draft) -> Incident:
        return self.store.journal.record(incident, lambda _it: drafts)

    def notes(self, incident: str) -> list[str]:
        return [text for _entry, text in self.store.reader.replay(incident).notes()]

    def entries(self) -> list[str]:
        return list(export_lines(self.store.path, None))[1:]

    def set(self, **settings: Any) -> None:
        self.hooks.settings = replace(self.hooks.settings, **settings)

    @property
    def log(self) -> str:
        return self.hooks.log.path.read_text() if self.hooks.log.path.exists() else ""


@pytest.fixture
def desk(config: Path, tmp_path: Path) -> Iterator[Desk]:
    database, state, told = tmp_path / "data" / "tocsin.db", tmp_path / "state", []
    state.mkdir()
    clock = iter(range(1_795_000_000_000, 1_796_000_000_000)).__next__
    # A machine under load must not make a hook late that answers at once.
    settings = Settings(pre_seconds=5.0, post_seconds=60.0)
    hooks = Hooks(Place(config / "hooks", database, "ana"), settings, HookLog(state, clock), told.append)
    by_source = {"human": hooks, "alert": AfterOnly(hooks)}
    store = Store(database, "ana", clock, by_source.get)  # type: ignore[arg-type]
    yield Desk(hooks, store, told)
    hooks.close()
    store.close()
