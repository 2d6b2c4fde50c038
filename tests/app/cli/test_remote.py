"""`remote`: enrolling with a hub, checking, listing and forgetting it; and where the token is and is not."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.cli.hubs import Running, running

if TYPE_CHECKING:
    from conftest import Cli

TOKEN = re.compile(r"tcs_[0-9A-Z]{58}")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "team" / "hub.db") as found:
        yield found


def code(cli: Cli, hub: Running, user: str = "ada", role: str = "responder") -> str:
    return cli("hub", "code", "--user", user, "--role", role, "--database", hub.database).out.strip()


def add(cli: Cli, hub: Running, *more: str, name: str = "team") -> None:
    cli("remote", "add", name, "--kind", "hub", "--url", hub.url, "--code", code(cli, hub), *more)


def token_file(cli: Cli, name: str = "team") -> Path:
    return cli.home / "data" / "tocsin" / f"tocsin.db.{name}.token"


def test_a_store_enrols_and_keeps_its_token_to_itself(cli: Cli, hub: Running) -> None:
    spent = code(cli, hub)
    ran = cli("remote", "add", "team", "--kind", "hub", "--url", hub.url + "/", "--code", spent)
    assert "You are ada (responder)" in ran.out
    file = token_file(cli)
    assert file.stat().st_mode & 0o777 == 0o600
    assert TOKEN.fullmatch(file.read_text().strip())
    token = file.read_text().strip()
    cli("sync")
    for said in (ran.out, ran.err, hub.log.getvalue(), cli("remote", "list", "--json").out):
        assert token not in said
        assert spent not in said
    for folder in (cli.home / "data" / "tocsin", Path(hub.database).parent):
        for each in folder.iterdir():
            assert each == file or token.encode() not in each.read_bytes(), each
    with sqlite3.connect(hub.database) as connection:
        dump = "\n".join(connection.iterdump())
    assert token not in dump
    assert spent not in dump


def test_what_is_said_of_a_remote(cli: Cli, hub: Running) -> None:
    made = cli("remote", "add", "team", "--url", hub.url, "--code", code(cli, hub, role="commander"), "--json").json
    expected = {
        "name": "team", "kind": "hub", "url": hub.url, "user": "ada", "role": "commander", "state": "new",
        "waiting": 0, "error": None,
    }  # fmt: skip
    assert made == {"remote": expected}
    cli.raise_()
    assert cli("remote", "list", "--json").json == {"remotes": [{**expected, "waiting": 1}]}
    found = cli("remote", "check", "team", "--json").json
    assert found == {
        "remote": {**expected, "waiting": 1}, "hub": found["hub"], "epoch": found["epoch"], "entries": found["entries"],
    }  # fmt: skip
    assert "team answers: you are ada (commander) there." in cli("remote", "check", "team").out
    cli("sync")
    assert cli("remote", "list", "--json").json["remotes"][0]["state"] == "in_sync"
    assert "in sync" in cli("remote", "list").out


def test_without_remotes_it_says_how_to_add_one(cli: Cli) -> None:
    assert cli("remote", "list", "--json").json == {"remotes": []}
    assert "tocsin remote add hub --kind hub --url URL --code CODE" in cli("remote", "list").out


@pytest.mark.parametrize("name", ["", "Hub", "1hub", "hub/..", "../x", "a b", "x" * 33, "hub\n", "ü", "-x"])
def test_a_name_that_cannot_be_one(cli: Cli, name: str) -> None:
    ran = cli("remote", "add", "--url", "http://127.0.0.1:1", "--code", "x", "--json", "--", name, code=2)
    assert ran.error["code"] == "usage"
    assert cli("remote", "list", "--json").json == {"remotes": []}


@pytest.mark.parametrize(
    ("url", "stable"),
    [
        ("hub", "bad_url"), ("ftp://hub", "bad_url"), ("https://u:p@hub", "bad_url"), ("https://hub?x=1", "bad_url"),
        ("http://hub.example.org", "plain_http"), ("http://10.1.2.3", "plain_http"), ("https://[::1", "bad_url"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_one(cli: Cli, url: str, stable: str) -> None:
    ran = cli("remote", "add", "team", "--url", url, "--code", "x", "--json", code=2)
    assert ran.error["code"] == stable
    assert ran.error["remedy"]
    assert not list(cli.home.rglob("*.token"))


def test_another_kind_is_refused(cli: Cli) -> None:
    ran = cli("remote", "add", "x", "--kind", "jira", "--url", "http://127.0.0.1:1", "--code", "x", "--json", code=2)
    assert ran.error["code"] == "usage"


def test_a_code_is_needed(cli: Cli, hub: Running) -> None:
    ran = cli("remote", "add", "team", "--url", hub.url, "--json", stdin="", code=2)
    assert "A code is needed" in ran.error["message"]


@pytest.mark.parametrize("spent", ["7K3FQ-9XTRM", "x", "€"])
def test_a_code_that_nobody_gave(cli: Cli, hub: Running, spent: str) -> None:
    ran = cli("remote", "add", "team", "--url", hub.url, "--code", spent, "--json", code=5)
    assert ran.error["code"] == "code"
    assert spent not in ran.err
    assert cli("remote", "list", "--json").json == {"remotes": []}
    assert not token_file(cli).exists()


def test_a_code_is_good_once(cli: Cli, hub: Running) -> None:
    spent = code(cli, hub)
    cli("remote", "add", "team", "--url", hub.url, "--code", spent)
    ran = cli("remote", "add", "team", "--url", hub.url, "--code", spent, "--json", code=5)
    assert ran.error["code"] == "code_used"
    cli("remote", "check", "team")  # and the token that is here goes on being good


def test_nobody_at_the_address(cli: Cli) -> None:
    ran = cli("remote", "add", "team", "--url", "http://127.0.0.1:1", "--code", "x", "--json", code=5)
    assert ran.error["code"] == "remote"
    assert "cannot be reached" in ran.error["message"]
    assert cli("remote", "list", "--json").json == {"remotes": []}


def test_a_hub_that_was_asked_too_often_is_told_as_that(cli: Cli, hub: Running) -> None:
    spent = code(cli, hub)
    for _each in range(25):
        cli("remote", "add", "team", "--url", hub.url, "--code", "7K3FQ-9XTRM", code=5)
    ran = cli("remote", "add", "team", "--url", hub.url, "--code", spent, "--json", code=5)
    assert ran.error["code"] == "busy"
    assert "Too many attempts" in ran.error["message"]
    assert re.search(r"Try again in \d+ s", ran.error["remedy"])


def test_a_name_stands_for_one_address(cli: Cli, hub: Running) -> None:
    add(cli, hub)
    other = hub.url.replace("127.0.0.1", "localhost")
    ran = cli("remote", "add", "team", "--url", other, "--code", "x", "--json", code=4)
    assert (ran.error["code"], ran.error["remedy"]) == ("remote_taken", "Remove it first: tocsin remote remove team.")


def test_a_device_of_somebody_else_is_not_taken_over(cli: Cli, hub: Running) -> None:
    add(cli, hub)
    ran = cli("remote", "add", "team", "--url", hub.url, "--code", code(cli, hub, "eve"), "--json", code=5)
    assert ran.error["code"] == "device_taken"


def test_enrolling_again_replaces_the_token(cli: Cli, hub: Running) -> None:
    add(cli, hub)
    before = token_file(cli).read_text()
    add(cli, hub)
    assert token_file(cli).read_text() != before
    cli("remote", "check", "team")
    token_file(cli).write_text(before)
    assert cli("remote", "check", "team", "--json", code=5).error["code"] == "token"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_token_that_others_can_read_is_not_used(cli: Cli, hub: Running, mode: int) -> None:
    add(cli, hub)
    token_file(cli).chmod(mode)
    ran = cli("remote", "check", "team", "--json", code=2)
    assert ran.error == {
        "code": "token_mode", "message": f"Others can read the token in {token_file(cli)}",
        "remedy": f"Run: chmod 600 {token_file(cli)}",
    }  # fmt: skip
    ran = cli("sync", "--json", code=5)
    assert ran.json["remotes"][0]["state"] == "refused"
    token_file(cli).chmod(0o600)
    cli("sync")


def test_a_token_may_be_in_a_variable_or_come_from_a_command(cli: Cli, hub: Running) -> None:
    add(cli, hub)
    token = token_file(cli).read_text().strip()
    token_file(cli).unlink()
    ran = cli("remote", "check", "team", "--json", code=2)
    assert ran.error["code"] == "no_token"
    cli("remote", "check", "team", TOCSIN_SECRET_TEAM=token)
    add(cli, hub, name="my-team")
    token = token_file(cli, "my-team").read_text().strip()
    token_file(cli, "my-team").unlink()
    cli("remote", "check", "my-team", TOCSIN_SECRET_MY_TEAM=token)
    kept = cli.home / "kept"
    kept.write_text(token + "\n")
    config = cli.home / "config.toml"
    config.write_text(f'[token_commands]\nteam = "cat {kept}"\n')
    cli("remote", "check", "team", "--config", str(config))
    config.write_text('[token_commands]\nteam = "false"\n')
    assert cli("remote", "check", "team", "--config", str(config), "--json", code=2).error["code"] == "token_command"


def test_a_remote_is_forgotten_with_its_token_and_what_came_from_it_stays(cli: Cli, hub: Running) -> None:
    ref = cli.raise_()
    add(cli, hub)
    cli("sync")
    assert cli("remote", "remove", "team", "--json").json == {"removed": "team"}
    assert not token_file(cli).exists()
    assert cli("remote", "list", "--json").json == {"remotes": []}
    assert cli("show", ref, "--json").json["ref"] == ref
    add(cli, hub)
    assert "is forgotten" in cli("remote", "remove", "team").out


@pytest.mark.parametrize("verb", ["check", "remove"])
def test_a_remote_that_is_not_there(cli: Cli, hub: Running, verb: str) -> None:
    ran = cli("remote", verb, "team", "--json", code=2)
    assert (ran.error["code"], "Add one" in ran.error["remedy"]) == ("no_remote", True)
    add(cli, hub)
    ran = cli("remote", verb, "teem", "--json", code=2)
    assert ran.error["remedy"] == "Known: team."


def test_a_hub_that_refuses_is_told(cli: Cli, hub: Running) -> None:
    add(cli, hub)
    cli("hub", "revoke", "--user", "ada", "--database", hub.database)
    ran = cli("remote", "check", "team", "--json", code=5)
    assert ran.error["code"] == "revoked"
    assert ran.error["remedy"]
