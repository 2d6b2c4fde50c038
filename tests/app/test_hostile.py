"""An incident whose every field is an attack, on every screen: nothing crashes, nothing reaches the terminal raw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.entry import Draft
from domain.incident import Incident
from storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = (
    "\x1b]52;c;SE9TVElMRQ==\x07\x1b]0;HOSTILE\x1b\\\x1b[2J\x1b[?1049l\x1bc\x9b31m\x9d0;X\x9c\x00\x07\x08\x7f"
    "\u202eRTL\u2066\u200b\ufeff\u2028\U000e0041"
)
MARKUP = "[@click=app.quit]x[/] [/] [/var/log/x.log] [b] [a=b c='d'] [link='file:///etc/passwd']y[/link]"
EVIL = f"{MARKUP} {CONTROLS} {MARKUP}"
RAW = (
    b"\x1b]52;c;SE9", b"\x1b]0;HOST", b"\x1b[2J", b"\x1bc", b"\x9b31m", b"\xc2\x9b", b"\xc2\x9d",
    b"\x00", b"\x07", b"\x08",
    b"\x7f", "\u202e".encode(), "\u2066".encode(), "\u200b".encode(), "\ufeff".encode(), "\u2028".encode(),
    "\U000e0041".encode(), b"\x1b]8;",
)  # fmt: skip


@pytest.fixture
def evil(store: Store, path: Path, clock: Any) -> Incident:
    """Raise an incident that is hostile in every field, the author's name included."""
    hostile = Store(path, EVIL[:100], clock)
    journal = hostile.journal
    other = journal.raise_incident([Draft("raise", "raise", {"title": EVIL})])
    values = dict.fromkeys(("description", "background", "owner", "type", "technical_category", "severity"), EVIL)
    made = journal.raise_incident([Draft("raise", "raise", {"title": EVIL, "priority": "P1", **values})])
    # The door cleans what it must: a lone surrogate and NUL cannot be stored.
    journal.record(made.id, lambda _i: actions.note("\ud800" + EVIL + "\ud800"))
    for kind in ("tag", "resource", "originator", "cause", "action"):
        journal.record(made.id, lambda _i, kind=kind: [Draft("add", kind, {"name": EVIL[:180], "severity": EVIL})])
    journal.record(made.id, lambda i: actions.relate(i, other, "cause", EVIL))
    drafts = [
        Draft(
            "fact", "alert", {"state": "firing", "summary": EVIL, "annotations": {EVIL: EVIL}, "labels": {EVIL: EVIL}}
        ),
        Draft("fact", "command", {"command": EVIL, "output": EVIL, "exit": 1}),
        Draft("fact", "told", {"who": EVIL, "text": EVIL}),
        Draft("set", "act:x.title", {"value": EVIL}),
        Draft("set", f"custom:{EVIL[:40]}", {"value": EVIL}),
        Draft("set", "pm:impact", {"value": EVIL}),
        Draft("note", "note", {"text": f"```\n{EVIL}\n```\n[a](javascript:x) <b>{EVIL}</b> &#27;[2J"}),
        Draft("set", "status", {"value": "other", "label": EVIL, "note": EVIL}),
    ]
    journal.record(made.id, lambda _i: drafts)
    hostile.close()
    return made


async def test_no_screen_and_no_dialog_crashes_or_runs_it(
    sit: Any, evil: Incident, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    async with sit(size=(120, 40)) as seat:
        assert "[@click=app.quit]x" in seat.text
        await seat.until(lambda: seat.screen.query("Preview"), "the preview")
        for key, dialog in (("s", "Choice"), ("c", "Writing"), ("p", "Choice"), ("e", "TriageCard"), ("E", "OneLine")):
            await seat.ask(key, dialog)
            await seat.press("escape")
            await seat.at("Queue")
        await seat.press("asterisk")
        await seat.ask("a", "Confirm")
        assert "[/var/log/x.log]" in seat.text
        await seat.press("n")
        await seat.at("Queue")
        await seat.rest()
        await seat.press("enter")
        await seat.at("Detail")
        await seat.see(evil.ref)
        for key, dialog in (("s", "Choice"), ("c", "Writing"), ("o", "OneLine"), ("l", "OneLine"), ("f", "OneLine")):
            await seat.ask(key, dialog)
            await seat.press("escape")
            await seat.at("Detail")
        for _ in range(len(store.reader.entries(evil.id))):
            await seat.ask("enter", "Reading")
            await seat.press("escape")
            await seat.at("Detail")
            await seat.press("k")
        await seat.press("tab")
        await seat.press("P")
        await seat.at("Postmortem")
        assert "[@click=app.quit]x" in seat.text
        await seat.press("ctrl+x")
        await seat.hear("Exported")
        await seat.press("escape")
        await seat.at("Detail")
        await seat.press("y")
        await seat.press("u")
        await seat.until(lambda: seat.said, "a word")
        seat.screen.tell(EVIL, warn=True)
        await seat.hear("click")
        assert seat.app.is_running


async def test_a_draft_and_a_filter_may_be_hostile_too(sit: Any, evil: Incident) -> None:
    async with sit() as seat:
        seat.desk.drafts.save("note", evil.id, EVIL)
        await seat.ask("c", "Writing")
        await seat.press("escape")
        await seat.at("Queue")
        await seat.press("slash")
        await seat.until(lambda: type(seat.app.focused).__name__ == "Input")
        seat.app.focused.value = EVIL
        await seat.press("enter")
        await seat.until(lambda: seat.said or "click" in seat.text)
        assert seat.app.is_running


def check(output: bytes) -> None:
    for raw in RAW:
        assert raw not in output, f"{raw!r} at {output[max(0, output.find(raw) - 60) :][:140]!r}"


def test_nothing_of_it_reaches_a_real_terminal(terminal: Any, evil: Incident, store: Store) -> None:
    at = terminal(size=(100, 40))
    at.see("[@click=app.quit]x")
    for keys in (b"s", b"\x1b", b"c", b"\x1b", b"e", b"\x1b", b"*", b"a", b"n", b"\x1b", b"j", b"k", b"\r"):
        at.type(keys)
        at.settle()
    assert evil.ref in at.text
    for _ in range(14):
        at.type(b"\r")
        at.settle(0.1)
        at.type(b"\x1b")
        at.settle(0.15)
        at.type(b"k")
    for keys in (b"\t", b"\x1b", b"l", b"\x1b", b"P", b"\x1b[6~", b"\x1b"):
        at.type(keys)
        at.settle()
    assert at.process.poll() is None
    seen = at.output
    assert len(seen) > 10_000
    # Textual's own: mode queries and the alternate screen; none of them is in RAW.
    check(seen.replace(b"\x1b[?2026$p", b""))


@pytest.mark.parametrize("arguments", [["list"], ["show"], ["log"], ["list", "--color", "always"], ["undo"], ["note"]])
def test_nothing_of_it_reaches_plain_output(evil: Incident, path: Path, tmp_path: Path, arguments: list[str]) -> None:
    verb = arguments[0]
    named = (
        [*arguments, evil.ref]
        if verb in ("show", "log")
        else [*arguments, EVIL.replace("\x00", "")]
        if verb == "note"
        else arguments
    )
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "--database", str(path), *named],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    check(done.stdout + done.stderr)
    assert verb in ("undo", "note") or b"@click" in done.stdout
