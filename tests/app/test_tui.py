"""The program in a real terminal: signals keep what is typed and give it back, wrong settings are told."""

from __future__ import annotations

import re
import signal
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.settings import Display, Settings
from app.tocsin import keymap
from app.tui import symbols_of
from domain.incident import Incident
from storage.store import Store
from widgets.queue_lines import ASCII

Raise = Callable[..., Incident]


def assert_restored(at: Any) -> None:
    assert termios.tcgetattr(at.slave) == at.before
    modes = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", at.output))
    assert modes.pop(b"25") == b"h"
    assert modes.pop(b"7", b"h") == b"h"
    assert set(modes.values()) == {b"l"}, modes


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_while_a_note_is_typed_keeps_it_and_restores(
    terminal: Any, raised: Raise, store: Store, desk: Any, signum: int
) -> None:
    incident = raised("disk full")
    at = terminal()
    at.see("disk full")
    at.type(b"c")
    at.see("Note on")
    at.type(b"half a note")
    at.until(lambda: "half a note" in at.text)
    at.kill(signum)
    assert at.end() == 128 + signum
    assert_restored(at)
    draft = desk.drafts.get("note", incident.id)
    assert draft is not None
    assert draft.text == "half a note"
    assert len(store.reader.entries(incident.id)) == 1


def test_sighup_in_the_post_mortem_keeps_the_draft(terminal: Any, raised: Raise, desk: Any) -> None:
    incident = raised("disk full")
    at = terminal()
    at.see("disk full")
    at.type(b"\r")
    at.see("open for")
    at.type(b"P")
    at.see("## Summary")
    at.type(b"Hello there")
    at.until(lambda: "Hello there" in at.text)
    at.kill(signal.SIGHUP)
    assert at.end() == 129
    draft = desk.drafts.get("postmortem", incident.id)
    assert draft is not None
    assert "Hello there" in draft.text


def test_sighup_in_the_raise_form_keeps_the_title(terminal: Any, desk: Any) -> None:
    at = terminal()
    at.see("No incidents yet")
    at.type(b"n")
    at.see("Raise an incident")
    at.type(b"nothing works")
    at.until(lambda: "nothing works" in at.text)
    at.kill(signal.SIGHUP)
    assert at.end() == 129
    draft = desk.drafts.get("raise", "")
    assert draft is not None
    assert draft.text == "nothing works"


def test_q_leaves_at_once_and_restores(terminal: Any, raised: Raise) -> None:
    raised("disk full")
    at = terminal()
    at.see("disk full")
    at.type(b"q")
    assert at.end() == 0
    assert_restored(at)


def test_keys_typed_while_it_starts_are_not_lost_and_not_echoed(terminal: Any, raised: Raise) -> None:
    for number in range(5):
        raised(f"incident {number}", priority="P1")
    at = terminal()
    at.until(lambda: b"\x1b[?1049h" in at.output, "the first frame")
    at.type(b"jj")
    at.until(lambda: at.screen.buffer[4][0].data == "▌", "the third row")
    assert "jj" not in at.text


def test_enter_typed_while_it_starts_is_enter(terminal: Any, raised: Raise) -> None:
    raised("disk full")
    at = terminal()
    at.until(lambda: b"\x1b[?1049h" in at.output, "the first frame")
    at.type(b"\r")
    at.see("open for")


def test_without_a_terminal_or_on_a_dumb_one_the_queue_is_text(terminal: Any, raised: Raise) -> None:
    raised("disk full")
    at = terminal(TERM="dumb")
    assert at.end() == 0
    assert "disk full" in at.text
    assert b"\x1b[" not in at.output


@pytest.mark.parametrize(("action", "key"), [("queue.acknowlege", "x"), ("queue.acknowledge", "j")])
def test_keys_that_cannot_be_are_told_before_anything_is_painted(
    terminal: Any, raised: Raise, tmp_path: Path, action: str, key: str
) -> None:
    raised("disk full")
    config = tmp_path / "config.toml"
    config.write_text(f'[keys]\n"{action}" = "{key}"\n')
    at = terminal("--config", str(config))
    assert at.end() == 7
    assert "\x1b[?1049h" not in at.output.decode()
    assert action in at.text.replace("\n", "")


def test_targets_that_cannot_be_are_told_and_the_queue_comes_up(terminal: Any, raised: Raise, tmp_path: Path) -> None:
    raised("disk full", priority="P1")
    config = tmp_path / "config.toml"
    config.write_text('[sla.response]\nP1 = "soon"\n')
    at = terminal("--config", str(config))
    at.see("disk full")
    at.see("No SLA clocks: config.toml:2: sla.response.P1")
    at.type(b"\r")
    at.see("open for")


def test_a_theme_that_is_not_there_is_told_and_the_queue_comes_up(terminal: Any, raised: Raise) -> None:
    raised("disk full")
    at = terminal(TOCSIN_DISPLAY__THEME="no-such-theme")
    at.see("There is no theme")
    at.see("disk full")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "linux"}, {"TERM": "screen"}, {"TERM": "vt100"}])
def test_it_comes_up_in_other_terminals(terminal: Any, raised: Raise, env: dict[str, str]) -> None:
    raised("disk full", priority="P1", severity="critical")
    at = terminal(**env)
    at.see("disk full")
    at.type(b"\r")
    at.see("open for")
    if "NO_COLOR" in env:
        assert not re.findall(rb"\x1b\[[0-9;]*(?:3[0-7]|38)[0-9;]*m", at.output)


def test_the_incident_says_who_is_on_call_and_rotas_that_are_wrong_stop_nothing(
    terminal: Any, raised: Raise, tmp_path: Path
) -> None:
    raised("cart is empty", service_category="payment_processing")
    layer = '[rotas.{0}]\nzone = "{1}"\n[[rotas.{0}.layers]]\npeople = ["cyn"]\nstart = 2020-01-06\n'
    service = '[services."Payment Processing"]\nrota = "good"\n'
    config = tmp_path / "config.toml"
    config.write_text(layer.format("good", "UTC") + layer.format("bad", "Nowhere") + service)
    at = terminal("--config", str(config))
    at.see("rotas.bad.zone: there is no zone")
    at.see("cart is empty")
    at.type(b"\r")
    at.see("on call cyn")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rotas.web]\npeople = 3\n", "config.toml:2: there is no setting"),
        ("[triage]\nmatrix = 3\n", "config.toml:2: triage.matrix"),
        ("[reminders]\nstale_acknowledged = 3\n[triage]\nmatrix = 3\n", "(1 more: tocsin doctor)"),
        (
            '[rotas.web]\n[[rotas.web.layers]]\npeople = ["cyn"]\nstart = 2020-01-06\nend = 2021-01-04\n'
            '[services.web]\nrota = "web"\n',
            "config.toml:1: nobody is on call in the rota web",
        ),
    ],
)
def test_a_section_that_cannot_be_used_is_named_and_the_queue_opens(
    terminal: Any, raised: Raise, tmp_path: Path, text: str, said: str
) -> None:
    raised("cart is empty")
    config = tmp_path / "config.toml"
    config.write_text(text)
    at = terminal("--config", str(config))
    at.see("cart is empty")
    at.see(said)


def test_in_the_c_locale_only_ascii_is_sent(terminal: Any, raised: Raise) -> None:
    raised("disk full", priority="P1", severity="critical")
    at = terminal(LANG="C", LC_ALL="C")
    at.see("disk full")
    at.type(b"\r")
    at.see("open for")
    at.type(b"s")
    at.settle()
    assert at.output.isascii()


def test_ascii_can_be_set() -> None:
    assert symbols_of(Settings(display=Display(ascii=True))) is ASCII


def test_an_action_without_a_key_gets_one_that_no_keyboard_has() -> None:
    assert keymap({"queue.take": "none", "queue.raise": "N", "no.such": "x"}) == {
        "queue.take": "f63",
        "queue.raise": "N",
    }
