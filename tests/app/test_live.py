"""What goes on behind the screen: summaries, presence, and that nothing of it holds anybody up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.credentials import keep_token
from app.live import Live
from domain.incident import Incident
from storage.remotes import Remote
from storage.store import Store
from sync.engine import Outcome
from tests.badhubs import hub_that

Raise = Callable[..., Incident]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def live(store: Store, said: list[str]) -> Iterator[Live]:
    made = Live(store, {}, said.append)
    yield made
    made.stop()


def test_a_long_absence_ends_in_one_line(live: Live, said: list[str]) -> None:
    for outcome in (
        Outcome("hub", "offline", error="no answer in time"),
        Outcome("hub", "in_sync", pulled=312, pushed=14),
        Outcome("hub", "in_sync", pulled=1),
        Outcome("hub", "in_sync"),
    ):
        live._ended(outcome)
    assert said == ["312 entries in, 14 out"]


def test_what_the_hub_keeps_back_is_said(live: Live, said: list[str]) -> None:
    live._ended(Outcome("hub", "in_sync", pushed=1, held=1))
    assert said == ["1 of your entries are kept back by hub; see R"]


def test_others_are_known_by_incident_and_oneself_is_not(live: Live, store: Store, raised: Raise) -> None:
    raised()
    mine = store.reader.device()
    live._met(
        [
            {"incident": "one", "user": "bo", "device": "d1"},
            {"incident": "one", "user": "ana", "device": mine},
            {"incident": "two", "user": "cy", "device": "d2"},
            {"incident": "", "user": "di", "device": "d3"},
        ]
    )
    assert (live.others("one"), live.others("two"), live.others("three")) == (["bo"], ["cy"], [])


def test_a_token_that_others_can_read_is_said_and_not_used(live: Live, store: Store, said: list[str]) -> None:
    with store.journal_as("sync").writing() as writing:
        writing.save_remote(Remote("hub", "hub", "http://127.0.0.1:9"))
    keep_token(store.path, "hub", SecretStr("tcs_x")).chmod(0o644)
    live.start()
    assert len(said) == 1
    assert "chmod 600" in said[0]


def test_without_a_remote_nothing_of_the_network_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from app.live import Live
from storage.store import Store
store = Store(Path(sys.argv[1]), "ana", lambda: 1)
Live(store, {}, print).start()
print([name for name in ("httpx", "sync.engine", "ssl", "fastapi") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "tocsin.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n", done.stderr


# -- a key never waits


def output_of_keys(terminal: Callable[..., Any], settled: str) -> list[int]:
    """Return how many bytes each of some keys sends, once the top line says what is expected."""
    at = terminal(size=(100, 30))
    at.see("3 open")
    at.until(lambda: settled in at.text.splitlines()[0], settled)
    sizes = []
    for key in (b"j", b"j", b"k", b"k"):
        at.settle(0.3)
        start = len(at.output)
        at.type(key)
        at.until(lambda start=start: len(at.output) > start, "an answer")
        at.settle(0.2)
        sizes.append(len(at.output) - start)
    at.type(b"q")
    assert at.end() == 0
    return sizes


@pytest.mark.parametrize(
    ("does", "settled"),
    [("hangs", "not in sync yet"), ("answers half", "not in sync"), ("refuses", "hub refuses"), ("is gone", "offline")],
)  # fmt: skip
def test_a_key_costs_the_same_whatever_the_hub_does(
    terminal: Callable[..., Any], store: Store, raised: Raise, does: str, settled: str
) -> None:
    for title in ("one", "two", "three"):
        raised(title)
    alone = output_of_keys(terminal, "3 open")
    with hub_that(does) as port:
        with store.journal_as("sync").writing() as writing:
            writing.save_remote(Remote("hub", "hub", f"http://127.0.0.1:{port}", "ana", "responder"))
            writing.reach("hub", {d: n for d, (n, _tip) in store.reader.vector().items()}, whole=True)
        keep_token(store.path, "hub", SecretStr("tcs_x"))
        assert output_of_keys(terminal, settled) == alone
