"""`sync`: what it exchanges, prints and ends with; and that with `--watch` it goes on by itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.cli.hubs import DEADLINE, Running, running, until

if TYPE_CHECKING:
    from conftest import Cli, Ran


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "team" / "hub.db") as found:
        yield found


class Store:
    """Somebody's store, by the command line."""

    def __init__(self, cli: Cli, name: str) -> None:
        self.cli, self.name, self.path = cli, name, cli.home / f"{name}.db"
        self.env = {"TOCSIN_USER__NAME": name}

    def __call__(self, *args: str, code: int | None = 0, **env: str) -> Ran:
        return self.cli("--database", str(self.path), *args, code=code, **self.env, **env)

    def enrol(self, hub: Running, name: str = "hub", role: str = "responder") -> Store:
        spent = self.cli("hub", "code", "--user", self.name, "--role", role, "--database", hub.database).out.strip()
        self("remote", "add", name, "--url", hub.url, "--code", spent)
        return self

    def sync(self, *args: str, code: int | None = 0) -> dict[str, Any]:
        found: dict[str, Any] = self("sync", *args, "--json", code=code).json
        return found

    def titles(self) -> list[str]:
        return [each["title"] for each in self("list", "--json").json["incidents"]]

    def exported(self) -> list[str]:
        return sorted(self("export").out.splitlines())


@pytest.fixture
def ana(cli: Cli, hub: Running) -> Store:
    return Store(cli, "ana").enrol(hub)


@pytest.fixture
def ben(cli: Cli, hub: Running) -> Store:
    return Store(cli, "ben").enrol(hub)


def test_without_remotes_there_is_nothing_to_do(cli: Cli) -> None:
    assert cli("sync", "--json").json == {"remotes": [], "conflicts": 0}
    assert "tocsin remote add" in cli("sync").out


def test_what_one_raises_the_other_has(ana: Store, ben: Store) -> None:
    ref = ana("raise", "Disk full").out.strip()
    found = ana.sync()
    assert found == {
        "remotes": [
            {"name": "hub", "state": "in_sync", "pushed": 1, "pulled": 0, "waiting": 0, "held": 0, "error": None}
        ],
        "conflicts": 0,
    }  # fmt: skip
    assert ben.sync()["remotes"][0]["pulled"] == 1
    assert ben("show", ref, "--json").json["title"] == "Disk full"
    assert ana.exported() == ben.exported()
    assert "hub  in sync  0 in, 0 out" in ana("sync").out


def test_conflicts_have_an_exit_code_of_their_own(ana: Store, ben: Store) -> None:
    ref = ana("raise", "Disk full").out.strip()
    ana.sync()
    ben.sync()
    ana("set", ref, "severity=low")
    ben("set", ref, "severity=high")
    ana.sync()
    assert ben.sync(code=6)["conflicts"] == 1
    assert "1 to decide: tocsin conflicts" in ben("sync", code=6).out
    (conflict,) = ben("conflicts", "--json").json["conflicts"]
    ben("settle", ref, "severity", conflict["choices"][0]["entry"])
    assert ben.sync()["conflicts"] == 0
    assert ana.sync()["conflicts"] == 0
    assert ana.exported() == ben.exported()


def test_a_hub_that_is_away_is_no_reason_to_stop(cli: Cli, tmp_path: Path) -> None:
    ana = Store(cli, "ana")
    with running(tmp_path / "hub.db") as first:
        ana.enrol(first)
        port = int(first.url.rpartition(":")[2])
    ref = ana("raise", "Disk full").out.strip()
    found = ana.sync(code=5)["remotes"][0]
    assert (found["state"], found["waiting"], found["pushed"]) == ("offline", 1, 0)
    assert found["error"]
    ana("note", ref, "still working")
    assert "offline" in ana("sync", code=5).out
    with running(tmp_path / "hub.db", port):
        assert ana.sync()["remotes"][0]["pushed"] == 2


def test_a_hub_that_refuses_keeps_nothing_from_anybody(ana: Store, hub: Running) -> None:
    ana("raise", "Disk full")
    ana.cli("hub", "revoke", "--user", "ana", "--database", hub.database)
    found = ana.sync(code=5)["remotes"][0]
    assert (found["state"], found["waiting"]) == ("refused", 1)
    assert ana.titles() == ["Disk full"]
    ana.enrol(hub)
    assert ana.sync()["remotes"][0]["pushed"] == 1


def test_what_the_hub_keeps_back_is_told(cli: Cli, hub: Running) -> None:
    vic = Store(cli, "vic").enrol(hub, role="viewer")
    vic("raise", "Disk full")
    ran = vic("sync")
    assert "1 of your entries are kept back by hub" in ran.err
    assert "in sync" in ran.out


def test_one_of_several_remotes(ana: Store, tmp_path: Path) -> None:
    with running(tmp_path / "other.db") as other:
        ana.enrol(other, "other")
        ana("raise", "Disk full")
        assert [each["name"] for each in ana.sync("other")["remotes"]] == ["other"]
        found = {each["name"]: each for each in ana.sync()["remotes"]}
        assert (found["hub"]["pushed"], found["other"]["pushed"]) == (1, 0)
        assert ana.sync("other", "other")["remotes"][0]["state"] == "in_sync"
        ran = ana("sync", "--watch", "--json", code=2)
        assert ran.error["remedy"] == "Name it: tocsin sync --watch NAME."
    assert ana.sync(code=5)["remotes"][0]["state"] == "in_sync"


def test_a_remote_that_is_not_there(ana: Store) -> None:
    assert ana("sync", "teem", "--json", code=2).error["code"] == "no_remote"
    assert ana("sync", "--watch", "teem", "--json", code=2).error["code"] == "no_remote"


# -- as it runs by itself ----------------------------------------------------------------------------------------------


@contextmanager
def watching(store: Store, *args: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "--database", str(store.path), "sync", "--watch", *args],
        env=store.cli.real_env(**store.env), cwd=store.cli.home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_while_both_watch_a_change_goes_over_by_itself(ana: Store, ben: Store) -> None:
    with watching(ana) as one, watching(ben) as two:
        assert one.stdout
        assert two.stdout
        assert "in sync" in one.stdout.readline()
        assert "in sync" in two.stdout.readline()
        ref = ana("raise", "Disk full").out.strip()
        until(lambda: ben("show", ref, code=None).code == 0, "the incident")
        ben("note", ref, "seen")
        until(lambda: ana("show", ref, "--json").json["notes"] == 1, "the note")


def test_a_watch_ends_when_it_is_told_to(ana: Store) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM):
        with watching(ana, "--json") as process:
            assert process.stdout
            first = json.loads(process.stdout.readline())
            assert first["remotes"][0]["state"] == "in_sync"
            process.send_signal(signum)
            _out, said = process.communicate(timeout=DEADLINE)
            assert process.returncode in (0, 130, -signal.SIGTERM), said
            assert "Traceback" not in said


def test_a_watch_goes_on_through_a_hub_that_went_away(cli: Cli, tmp_path: Path) -> None:
    ana, ben = Store(cli, "ana"), Store(cli, "ben")
    with running(tmp_path / "hub.db") as first:
        ana.enrol(first)
        ben.enrol(first)
        port = int(first.url.rpartition(":")[2])
    with watching(ana) as process:
        assert process.stdout
        assert "offline" in process.stdout.readline()
        ref = ana("raise", "Disk full").out.strip()
        with running(tmp_path / "hub.db", port):
            until(lambda: ana("remote", "list", "--json").json["remotes"][0]["waiting"] == 0, "what waited")
            ben.sync()
            assert ben("show", ref, "--json").json["title"] == "Disk full"
