"""`doctor` where a store has remotes: it says what the last exchange found, and asks nobody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.cli.hubs import Running, running

if TYPE_CHECKING:
    from conftest import Cli


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "team" / "hub.db") as found:
        yield found


@pytest.fixture
def synced(cli: Cli, hub: Running) -> Cli:
    spent = cli("hub", "code", "--user", "ada", "--role", "responder", "--database", hub.database).out.strip()
    cli("remote", "add", "team", "--url", hub.url, "--code", spent)
    cli("sync")
    return cli


def checks(cli: Cli, name: str, *more: str) -> list[tuple[str, str]]:
    found = cli("doctor", "--json", *more, code=None).json["checks"]
    assert all(check["remedy"] for check in found if check["state"] == "wrong")
    return [(check["state"], check["says"]) for check in found if check["name"] == name]


def know(cli: Cli, **values: object) -> None:
    """Put into the store what an exchange would have found."""
    with sqlite3.connect(cli.home / "data" / "tocsin" / "tocsin.db") as connection:
        for name, value in values.items():
            connection.execute(f"UPDATE remote SET {name} = ?", (value,))


def test_without_a_remote(cli: Cli) -> None:
    assert checks(cli, "remotes") == [("ok", "none")]
    cli.raise_()
    assert checks(cli, "remotes") == [("ok", "none")]


def test_one_that_is_in_step(synced: Cli) -> None:
    assert checks(synced, "remote") == [("ok", "team: ✓ in sync")]
    assert checks(synced, "token") == []
    synced.raise_()
    assert checks(synced, "remote") == [("ok", "team: ↑1 waiting")]


def test_one_that_is_away_or_says_no(synced: Cli) -> None:
    know(synced, state="offline", error="nobody answers")
    ((state, says),) = checks(synced, "remote")
    assert (state, says.endswith("(nobody answers)")) == ("note", True)
    know(synced, state="refused", error="revoked")
    assert checks(synced, "remote") == [("wrong", "team: team refuses (revoked)")]


def test_nobody_is_asked(synced: Cli, hub: Running) -> None:
    before = hub.log.getvalue()
    checks(synced, "remote")
    assert hub.log.getvalue() == before


def test_a_token_that_others_can_read_or_that_is_gone(synced: Cli) -> None:
    token = synced.home / "data" / "tocsin" / "tocsin.db.team.token"
    token.chmod(0o644)
    ((state, says),) = checks(synced, "token")
    assert (state, "Others can read" in says) == ("wrong", True)
    token.unlink()
    assert checks(synced, "token") == [("wrong", "There is no token for team")]


def test_a_command_for_the_token_is_not_run(synced: Cli) -> None:
    (synced.home / "data" / "tocsin" / "tocsin.db.team.token").unlink()
    ran = synced.home / "ran"
    config = synced.home / "config.toml"
    config.write_text(f'[token_commands]\nteam = "touch {ran}"\n')
    assert checks(synced, "token", "--config", str(config)) == []
    assert not ran.exists()


@pytest.mark.parametrize(("ahead", "side"), [(7_860_000, "2 h ahead of"), (-60_000, "1 min behind")])
def test_a_clock_that_differs(synced: Cli, ahead: int, side: str) -> None:
    know(synced, ahead=ahead)
    assert ("note", f"the clock of team is {side} this one's") in checks(synced, "clock")
    know(synced, ahead=29_999)
    assert not [says for _state, says in checks(synced, "clock") if "team" in says]
