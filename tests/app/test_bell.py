"""The bell in a real terminal: once for what became due, between frames, and nothing while nothing is due."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.incident import Incident
from storage.store import Store

Raise = Callable[..., Incident]
# A minute of the program takes no time here, and its clock stands where the test's store has it.
SOON = """
import sys
import app.session, app.tocsin
app.tocsin._MINUTE = 0.25
app.session.now.__code__ = (lambda: {now}).__code__
from tocsin import main
sys.argv = ["tocsin"]
sys.exit(main())
"""
BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


@pytest.fixture
def due(store: Store, raised: Raise, clock: Any) -> Incident:
    """An incident of which somebody was to hear something an hour ago."""
    incident = raised("checkout down")
    when = clock.now + 3_600_000
    told = lambda _it: actions.told("customers", "we look", now=clock.now, next_update_at=when)  # noqa: E731
    store.journal.record(incident.id, told)
    clock.now = when + 3_600_000
    return incident


def bells(output: bytes) -> int:
    """Return how many bells there are that end no other sequence."""
    return re.sub(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", b"", output).count(b"\x07")


@pytest.fixture
def begin(terminal: Any, clock: Any, due: Incident) -> Callable[..., Any]:
    def start(**env: str) -> Any:
        term = terminal(TOCSIN_REMINDERS__ENABLED="true", script=SOON.format(now=clock.now), **env)
        term.see("checkout down")
        return term

    return start


def test_it_rings_once_and_says_what_is_due(begin: Callable[..., Any], due: Incident) -> None:
    term = begin()
    term.see(f"{due.ref} update to customers 1h late")
    for _ in range(5):  # each is some of these minutes
        term.settle(0.5)
    assert bells(term.output) == 1
    term.type(b"q")
    assert term.end() == 0
    assert bells(term.output) == 1


def test_the_bell_is_never_within_a_frame(terminal: Any, clock: Any, due: Incident) -> None:
    script = SOON.format(now=clock.now)
    term = terminal(TOCSIN_REMINDERS__ENABLED="true", script=script, TOCSIN_REMINDERS__OSC9="true")
    term.type(b"\x1b[?2026;1$y")  # a terminal that takes frames whole
    term.see(f"{due.ref} update to customers 1h late")
    sent = f"\x1b]9;tocsin: {due.ref} update to customers 1h late\x07\x07".encode()
    before = term.output[: term.output.index(sent)]
    assert before.count(BEGIN) == before.count(END) > 0


def test_without_a_bell_it_is_only_said(begin: Callable[..., Any], due: Incident) -> None:
    term = begin(TOCSIN_REMINDERS__BELL="false")
    term.see(f"{due.ref} update to customers 1h late")
    assert bells(term.output) == 0


def test_the_verb_rings_the_terminal_it_runs_in_once(terminal: Any, clock: Any, due: Incident) -> None:
    script = SOON.format(now=clock.now).replace('["tocsin"]', '["tocsin", "remind", "--ring"]')
    heard = []
    for _ in range(2):
        term = terminal(TOCSIN_REMINDERS__ENABLED="true", script=script)
        assert term.end() == 0
        assert f"{due.ref}  -  update to customers 1h late" in term.text
        heard.append(bells(term.output))
    assert heard == [1, 0]


SHOP = '{"Shop": {"escalation": ["ada", "erik"], "escalate_after": "15m"}}'


def test_an_open_queue_records_what_is_due_and_shows_it(terminal: Any, store: Store, raised: Raise, clock: Any) -> None:
    incident = raised("checkout down", service_category="shop")
    store.journal.record(incident.id, lambda _it: (actions.resource("shop"),))
    clock.now += 3_600_000
    script = SOON.format(now=clock.now)
    term = terminal(
        TOCSIN_REMINDERS__ENABLED="true", script=script, TOCSIN_SERVICES=SHOP, TOCSIN_ESCALATION__AUTOMATIC="true"
    )
    term.see(f"{incident.ref} escalated by timer to level 2: erik")
    assert bells(term.output) == 1
    term.type(b"\r")
    term.see("escalated by timer to level 2: erik")
    term.see("level 2: erik by timer")
    term.settle(1.0)
    assert len(store.reader.incident(incident.id).escalations) == 1


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"TOCSIN_REMINDERS__AGAIN": "soon"}, "TOCSIN_REMINDERS__AGAIN: reminders.again: “soon”"),
        ({"TOCSIN_SERVICES": SHOP.replace("15m", "tea")}, "TOCSIN_SERVICES: services.Shop.escalate_after: “tea”"),
    ],
)
def test_what_cannot_be_used_is_said_when_the_queue_opens(
    terminal: Any, raised: Raise, env: dict[str, str], says: str
) -> None:
    raised("checkout down")
    term = terminal(TOCSIN_REMINDERS__ENABLED="true", **env)
    term.see(says)
    assert "checkout down" in term.text


def test_while_nothing_is_due_it_is_silent(terminal: Any, raised: Raise, clock: Any) -> None:
    raised("all is well")
    term = terminal(TOCSIN_REMINDERS__ENABLED="true", script=SOON.format(now=clock.now))
    term.see("all is well")
    assert term.settle(2.0) == b""


def test_a_hook_is_told_while_the_screen_goes_on_and_ended_when_it_is_left(
    begin: Callable[..., Any], due: Incident, tmp_path: Path
) -> None:
    hook = tmp_path / ".config" / "tocsin" / "hooks" / "reminder"
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\ncat > {tmp_path}/told; exec sleep 60\n")
    hook.chmod(0o755)
    term = begin()
    term.until(lambda: (tmp_path / "told").exists() and b"reminders" in (tmp_path / "told").read_bytes(), "the hook")
    term.type(b"z")
    term.see("Times in")
    term.type(b"q")
    assert term.end() == 0
