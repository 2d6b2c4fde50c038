"""Hooks behind the screen, in a real terminal: who refuses is shown, trouble is one line, and no key waits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.incident import Incident
from storage.drafts import Drafts
from storage.store import Store

Raise = Callable[..., Incident]
SLOW = {"TOCSIN_HOOKS__PRE_SECONDS": "5"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, text: str) -> Path:
        path = tmp_path / ".config" / "tocsin" / "hooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A pipe that a hook reads from, so that it waits until somebody writes."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def note(term: Any, text: str) -> None:
    term.type(b"c")
    term.see("Note on")
    term.type(text.encode() + b"\r")


def notes(store: Store, incident: Incident) -> list[str]:
    return [text for _entry, text in store.reader.replay(incident.id).notes()]


def test_a_refusal_is_shown_and_the_text_stays_a_draft(terminal: Any, store: Store, raised: Raise, write: Any) -> None:
    incident = raised()
    write("pre-record", "printf 'No \\033[31mnotes\\033[0m today.\\n' >&2; exit 1")
    term = terminal()
    term.see(incident.ref)
    note(term, "precious")
    term.see("pre-record refused: No ␛[31mnotes␛[0m today")
    assert b"\x1b[31mnotes" not in term.output
    assert notes(store, incident) == []
    term.type(b"c")
    term.see("precious")


def test_the_screen_goes_on_while_a_hook_is_asked(
    terminal: Any, store: Store, raised: Raise, write: Any, gate: Path
) -> None:
    incident = raised()
    write("pre-record", f"read answer <{gate}; exit 0")
    term = terminal(**SLOW)
    term.see(incident.ref)
    term.type(b"a")
    asked = gate.open("w")  # the hook has begun, and waits
    term.type(b"z")
    term.see("Times in UTC")
    assert store.reader.incident(incident.id).acknowledged_at is None
    asked.write("yes\n")
    asked.close()
    term.see("Acknowledged: ")
    assert store.reader.incident(incident.id).acknowledged_at is not None


def test_trouble_of_a_post_hook_is_a_line_after_the_keys_own(
    terminal: Any, raised: Raise, write: Any, tmp_path: Path
) -> None:
    incident = raised()
    write("post-record", "printf 'no \\033[31mroute\\n'  >&2; exit 5")
    term = terminal()
    term.see(incident.ref)
    term.type(b"a")
    term.see(f"post-record ended with exit code 5: no ␛[31mroute ({incident.ref})")
    assert b"\x1b[31mroute" not in term.output
    assert "no ␛[31mroute" in (tmp_path / ".local/state/tocsin/hooks.log").read_text()


def test_who_quits_waits_for_a_hook_with_the_terminal_restored(
    terminal: Any, raised: Raise, write: Any, gate: Path, tmp_path: Path
) -> None:
    incident = raised()
    write("post-record", f"read answer <{gate}; echo done > {tmp_path}/done")
    term = terminal()
    term.see(incident.ref)
    term.type(b"a")
    asked = gate.open("w")
    term.see("Acknowledged: ")
    term.type(b"q")
    term.see("waiting for post-record hooks")
    assert b"\x1b[?1049l" in term.output
    asked.write("yes\n")
    asked.close()
    assert term.end() == 0
    assert (tmp_path / "done").exists()


def test_a_hook_that_hangs_holds_up_no_leaving_and_what_is_typed_is_kept(
    terminal: Any, store: Store, raised: Raise, write: Any, gate: Path
) -> None:
    incident = raised()
    write("pre-record", f"read answer <{gate}; exit 0")
    term = terminal(**SLOW)
    term.see(incident.ref)
    term.type(b"a")
    asked = gate.open("w")
    term.type(b"c")
    term.see("Note on")
    term.type(b"half a thought")
    term.see("half a thought")
    term.kill(signal.SIGTERM)
    assert term.end() == 128 + signal.SIGTERM
    asked.close()
    kept = Drafts(store.path, "ana", store.clock).get("note", incident.id)
    assert kept is not None
    assert kept.text == "half a thought"


def test_the_demo_runs_no_hooks(terminal: Any, write: Any, tmp_path: Path) -> None:
    write("pre-record", f"touch {tmp_path}/asked; exit 1")
    term = terminal("demo")
    term.see("INC-")
    term.type(b"z")
    term.see("Times in")
    term.type(b"t")
    term.see("Taken: ")
    assert not (tmp_path / "asked").exists()
