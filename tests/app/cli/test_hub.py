"""`hub`: who may come, what is kept back, backups; and that it serves only as it safely can."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hubs import Rig, Writer
from tests.teams import Person

if TYPE_CHECKING:
    from conftest import Cli

CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


# -- who may come ------------------------------------------------------------------------------------------------------


def test_a_code_is_for_somebody_with_a_role(cli: Cli, file: Path) -> None:
    assert CODE.fullmatch(cli("hub", "code", "--user", "ana", "--role", "responder").out.strip())
    found = cli("hub", "code", "--user", "ben", "--role", "admin", "--json").json
    assert found == {"code": found["code"], "user": "ben", "role": "admin"}
    assert CODE.fullmatch(found["code"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert cli("hub", "users", "--json").json == {
        "users": [
            {"name": "ana", "role": "responder", "revoked": False},
            {"name": "ben", "role": "admin", "revoked": False},
        ]
    }
    assert cli("hub", "users").out.splitlines() == ["ana  responder", "ben  admin"]


@pytest.mark.parametrize(
    ("args", "remedy"),
    [
        (("--user", "ana", "--role", "responer"), "Did you mean responder?"),
        (("--user", "ana", "--role", "root"), "Known: viewer, responder, commander, admin."),
        (("--user", " ", "--role", "viewer"), ""),
        (("--user", "x" * 201, "--role", "viewer"), ""),
        (("--user", "ana"), ""),
        (("--role", "viewer"), ""),
    ],
)
def test_a_code_for_nobody_or_an_unknown_role_is_refused(
    cli: Cli, file: Path, args: tuple[str, ...], remedy: str
) -> None:
    ran = cli("hub", "code", *args, "--json", code=2)
    assert ran.out == ""
    assert remedy in ran.error["remedy"]
    assert not file.exists()


CODE_FOR_ANA = ("hub", "code", "--user", "ana", "--role", "viewer")


def test_its_database_is_where_the_flag_the_settings_or_the_data_folder_say(cli: Cli, file: Path) -> None:
    cli(*CODE_FOR_ANA)
    assert file.exists()
    cli(*CODE_FOR_ANA, TOCSIN_HUB__DATABASE=str(cli.home / "set.db"))
    cli(*CODE_FOR_ANA, "--database", str(cli.home / "flag.db"), TOCSIN_HUB__DATABASE=str(cli.home / "set.db"))
    assert (cli.home / "set.db").exists()
    assert (cli.home / "flag.db").exists()


@pytest.mark.parametrize(
    "verb",
    [("status",), ("users",), ("revoke", "--user", "x"), ("quarantine", "list"), ("backup", "b"), ("new-epoch",)],
)
def test_a_hub_that_is_not_there_is_told_and_not_made(cli: Cli, file: Path, verb: tuple[str, ...]) -> None:
    assert cli("hub", *verb, "--json", code=7).error["code"] == "no_hub"
    assert not file.exists()


def test_how_far_it_is(cli: Cli, rig: Rig) -> None:
    ana = rig.join("ana")
    ana.push([ana.writer.write()])
    vic = rig.join("vic", "viewer")
    vic.push([vic.writer.write()])
    rig.revoke(device=vic.writer.device)
    found = cli("hub", "status", "--json").json
    at = found["devices"][0]["seen_at"]
    common = {"name": "laptop", "entries": 1, "seen_at": at}
    assert at.endswith("Z")
    assert found == {
        "hub": found["hub"], "epoch": rig.epoch, "seq": 2, "held": 1,
        "devices": [
            common | {"device": ana.writer.device, "user": "ana", "revoked": False},
            common | {"device": vic.writer.device, "user": "vic", "revoked": True},
        ],
    }  # fmt: skip
    head, *rows = cli("hub", "status").out.splitlines()
    assert "number 2, 1 kept back" in head
    assert [row.endswith("revoked") for row in rows] == [False, True]


def test_revoking(cli: Cli, rig: Rig) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    assert cli("hub", "revoke", "--user", "ana", "--json").json == {"revoked": "ana"}
    assert ana.ask("GET", "/v1/hello").status == 403
    assert "is revoked" in cli("hub", "revoke", "--device", ben.writer.device).out
    assert ben.ask("GET", "/v1/hello").status == 403
    assert cli("hub", "users").out.splitlines() == ["ana  responder  revoked", "ben  responder"]


@pytest.mark.parametrize("args", [(), ("--user", "ana", "--device", "x"), ("--user", "")])
def test_revoking_wants_one_of_the_two(cli: Cli, args: tuple[str, ...]) -> None:
    assert cli("hub", "revoke", *args, "--json", code=2).error["code"] == "usage"


def test_revoking_somebody_who_is_not_there(cli: Cli, rig: Rig) -> None:
    ran = cli("hub", "revoke", "--user", "ana", "--json", code=2)
    assert (ran.error["code"], ran.error["remedy"]) == ("not_found", "See: tocsin hub status.")


def test_what_is_kept_back_is_listed_and_let_go(cli: Cli, rig: Rig) -> None:
    vic, wes = rig.join("vic", "viewer"), rig.join("wes", "viewer")
    entries = [vic.writer.write(), vic.writer.write(), wes.writer.write()]
    vic.push(entries[:2])
    wes.push(entries[2:])
    found = cli("hub", "quarantine", "list", "--json").json["held"]
    assert found[0] == {
        "entry": entries[0].id, "device": vic.writer.device, "author": "vic", "kind": "note", "what": "note",
        "why": "“note” needs the role responder, its writer has viewer",
    }  # fmt: skip
    assert [each["entry"] for each in found] == [each.id for each in entries]
    assert "needs the role responder" in cli("hub", "quarantine", "list").out
    assert cli("hub", "quarantine", "accept", entries[0].id, "--json").json == {"accepted": 1}
    assert cli("hub", "quarantine", "accept", "--device", wes.writer.device, "--json").json == {"accepted": 1}
    assert cli("hub", "quarantine", "accept", "--all", "--json").json == {"accepted": 1}
    assert cli("hub", "quarantine", "list").out == "Nothing is kept back.\n"
    assert cli("hub", "quarantine", "list", "--json").json == {"held": []}


@pytest.mark.parametrize("args", [(), ("x", "--all"), ("--device", "x", "--all"), ("x", "--device", "y")])
def test_letting_go_wants_to_be_told_what(cli: Cli, args: tuple[str, ...]) -> None:
    assert cli("hub", "quarantine", "accept", *args, "--json", code=2).error["code"] == "usage"


def test_hostile_names_do_not_reach_the_terminal(cli: Cli, rig: Rig) -> None:
    evil = "\x1b]52;c;x\x07\x9b31mvic"
    vic = rig.join(evil, "viewer", Writer("\x1b[31mvic"))
    vic.push([vic.writer.write(what="\x1b[2J")])
    for verb in (("users",), ("status",), ("quarantine", "list")):
        ran = cli("hub", *verb)
        assert "vic" in ran.out or "note" in ran.out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.out), ran.out


# -- backups -----------------------------------------------------------------------------------------------------------


def test_a_backup_that_is_restored_is_another_history_and_devices_bring_the_rest(
    cli: Cli, rig: Rig, tmp_path: Path
) -> None:
    ana, ben = Person(tmp_path / "ana.db", "ana", rig), Person(tmp_path / "ben.db", "ben", rig)
    incident = ana.raise_incident()
    ana.in_sync()
    ben.in_sync()
    copy = cli.home / "copy.db"
    found = cli("hub", "backup", str(copy), "--json").json
    assert found == {"path": str(copy), "bytes": copy.stat().st_size}
    assert copy.stat().st_mode & 0o777 == 0o600
    ana.note(incident, "after the backup")
    ana.in_sync()
    before = rig.epoch
    told = cli("hub", "restore", str(copy), "--json").json
    assert told["epoch"] == rig.epoch != before
    assert Path(told["kept"]).exists()
    with rig.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM entry").scalar() == 1
    assert ben.in_sync().pulled == 0
    assert ana.in_sync().pushed == 1
    assert ben.in_sync().pulled == 1
    assert ana.exported() == ben.exported()
    ana.close()
    ben.close()


def test_a_backup_overwrites_nothing(cli: Cli, rig: Rig) -> None:
    there = cli.home / "there"
    there.write_text("mine")
    ran = cli("hub", "backup", str(there), "--json", code=1)
    assert "never overwritten" in ran.error["remedy"]
    assert there.read_text() == "mine"


def test_a_new_epoch_is_begun_by_hand(cli: Cli, rig: Rig) -> None:
    before = rig.epoch
    found = cli("hub", "new-epoch", "--json").json
    assert found == {"epoch": rig.epoch}
    assert rig.epoch != before


def test_what_is_no_backup_is_not_restored(cli: Cli, rig: Rig) -> None:
    cli.raise_()
    before = rig.epoch
    for source in (cli.home / "data" / "tocsin" / "tocsin.db", cli.home / "missing", cli.home):
        assert cli("hub", "restore", str(source), "--json", code=None).code in (2, 7)
    assert rig.epoch == before


def test_a_store_is_no_hub_and_a_hub_is_no_store(cli: Cli, file: Path) -> None:
    cli.raise_()
    store = cli.home / "data" / "tocsin" / "tocsin.db"
    before = store.read_bytes()
    for verb in (("status",), ("serve", "--listen", "127.0.0.1:0"), ("code", "--user", "a", "--role", "viewer")):
        assert "not a hub's database" in cli("hub", *verb, "--database", str(store), "--json", code=7).error["message"]
    assert store.read_bytes() == before
    cli(*CODE_FOR_ANA)
    before = file.read_bytes()
    assert cli("list", "--database", str(file), "--json", code=7).error["code"] in ("unusable", "foreign")
    assert file.read_bytes() == before
