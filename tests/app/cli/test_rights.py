"""`rights` and `restrict` as the logins of one machine meet them: by real user ids, on one file."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from app.cli.root import VERBS, tocsin
from tests.app.cli.logins import ADMIN, COMMANDER, RESPONDER, VIEWER, Shared, shared

if TYPE_CHECKING:
    from conftest import Cli

CANARY = "zanzibar"


@pytest.fixture(scope="module")
def bare() -> Iterator[Shared]:
    """A store that its first login has opened to the group, without rights."""
    with shared() as made:
        made(ADMIN, "list")
        for name in ("tocsin.db", "tocsin.db.lock"):
            (made.folder / name).chmod(0o660)
        yield made


@pytest.fixture(scope="module")
def there(bare: Shared) -> tuple[Shared, str, str]:
    """The same with rights: the refs of an incident that all see, and of a restricted one that says the canary."""
    bare(ADMIN, "rights", "grant", RESPONDER, "responder", "--yes")
    bare(ADMIN, "rights", "grant", COMMANDER, "commander", "--group")
    seen = bare(RESPONDER, "raise", "disk full", "--resource", "db01").out.strip()
    hidden = bare(COMMANDER, "raise", f"{CANARY} trespass", "--tag", CANARY, "--resource", CANARY).out.strip()
    bare(COMMANDER, "note", hidden, f"the {CANARY} note")
    bare(COMMANDER, "follow-up", hidden, f"{CANARY} later")
    bare(COMMANDER, "link", hidden, seen, "--relation", "prior")
    bare(COMMANDER, "restrict", hidden)
    return bare, seen, hidden


def test_two_logins_work_on_one_store(there: tuple[Shared, str, str]) -> None:
    here, seen, _hidden = there
    for login in (RESPONDER, COMMANDER, ADMIN):
        here(login, "note", seen, f"by {login}")
    log = here(VIEWER, "log", seen, "--json").json
    authors = {each["payload"]["text"]: each["author"] for each in log["entries"] if each["kind"] == "note"}
    # The settings call all of them daemon; the store goes by the login.
    assert authors == {f"by {login}": login for login in (RESPONDER, COMMANDER, ADMIN)}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in here.folder.glob("tocsin.db*")}
    assert set(modes.values()) == {0o660}, modes


REFUSED = [
    (VIEWER, ("note", "{seen}", "typed in vain"), "responder"),
    (VIEWER, ("raise", "mine"), "responder"),
    (VIEWER, ("ack", "{seen}"), "responder"),
    (VIEWER, ("move", "{seen}", "reviewed"), "responder"),
    (VIEWER, ("take", "{seen}"), "responder"),
    (VIEWER, ("run", "{seen}", "--", "true"), "responder"),
    (VIEWER, ("rights", "grant", VIEWER, "admin"), "admin"),
    (RESPONDER, ("set", "{seen}", "restricted=yes"), "commander"),
    (RESPONDER, ("restrict", "{seen}", "--allow", RESPONDER), "commander"),
    (RESPONDER, ("rights", "revoke", ADMIN), "admin"),
    (RESPONDER, ("rights", "default", "none"), "admin"),
    (RESPONDER, ("backup", "{folder}/copy.db"), "commander"),
    (RESPONDER, ("verify",), "commander"),
    (COMMANDER, ("restore", "{folder}/tocsin.db", "--yes"), "admin"),
    (COMMANDER, ("rights", "grant", COMMANDER, "admin"), "admin"),
]
MAY = {"responder": f"{RESPONDER}, {ADMIN} and the group {COMMANDER} may", "admin": f"{ADMIN} may"}


@pytest.mark.parametrize(("login", "args", "least"), REFUSED)
def test_what_is_refused_says_what_is_needed_and_who_may(
    there: tuple[Shared, str, str], login: str, args: tuple[str, ...], least: str
) -> None:
    here, seen, _hidden = there
    before = here(ADMIN, "export").out
    given = [each.format(seen=seen, folder=here.folder) for each in args]
    ran = here(login, *given, "--json", code=4) if "run" not in args else here(login, "--json", *given, code=4)
    error = json.loads(ran.err.splitlines()[-1])["error"]
    assert f"needs the role {least}; {login} is a " in error["message"]
    people = {"responder": [ADMIN, RESPONDER], "commander": [ADMIN], "admin": [ADMIN]}[least]
    groups = [] if least == "admin" else [f"the group {COMMANDER}"]
    names = [*sorted(people), *groups]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    assert error["remedy"].startswith(f"{listed} may. See: tocsin rights list")
    assert here(ADMIN, "export").out == before


def test_a_note_that_is_refused_is_kept(there: tuple[Shared, str, str]) -> None:
    here, seen, _hidden = there
    (here.folder / "state").mkdir(exist_ok=True)
    (here.folder / "state").chmod(0o777)
    ran = here(VIEWER, "note", seen, "typed in vain", code=4)
    (kept,) = re.findall(r"Your text is kept in (\S+?)\.?\s", ran.err)
    assert "typed in vain" in Path(kept).read_text()


def test_bulk_verbs_do_all_or_nothing(there: tuple[Shared, str, str]) -> None:
    here, seen, hidden = there
    other = here(RESPONDER, "raise", "second").out.strip()
    here(RESPONDER, "set", other, seen, hidden, "severity=high", code=4)
    assert here(VIEWER, "show", other, "--json").json["severity"] is None


READS = [
    ["list"], ["list", "--json"], ["list", CANARY], ["list", f"tag:{CANARY}", "--json"], ["list", "--all"],
    ["list", f"resource:{CANARY}"], ["list", f"-{CANARY}", "--json"],
    ["show", "{seen}"], ["show", "{seen}", "--json"], ["log", "{seen}"], ["log", "{seen}", "--json"],
    ["show", "{hidden}"], ["log", "{hidden}"], ["show", "{hidden}", "--json"], ["note", "{hidden}", "x"],
    ["postmortem", "{hidden}", "--show"], ["postmortem", "{seen}", "--show"], ["undo", "{hidden}"], ["undo"],
    ["handover"], ["handover", "--json"], ["conflicts"], ["conflicts", "{hidden}"], ["sla"], ["sla", "--json"],
    ["export"], ["export", CANARY], ["oncall"], ["remote", "list"], ["hooks", "test"], ["hooks", "test", "{hidden}"],
    ["doctor"], ["doctor", "--json"], ["verify"], ["verify", "--rebuild"], ["rights", "list"], ["rights", "check"],
    ["rights", "check", "{hidden}"], ["restrict", "{hidden}", "--lift"], ["config", "show"],
    ["redact", "{hidden}", "0", "--reason", "x"],
    ["ack", "{hidden}"], ["take", "{hidden}"], ["move", "{hidden}", "reviewed"], ["mitigate", "{hidden}"],
    ["set", "{hidden}", "severity=low"], ["assign", "{hidden}", "me"], ["link", "{hidden}", "--tag", "x"],
    ["link", "{seen}", "{hidden}", "--relation", "cause"], ["follow-up", "{hidden}", "x"],
    ["told", "{hidden}", "customers", "--note", "x"], ["run", "{hidden}", "--", "true"],
    ["settle", "{hidden}", "title", "0"],
    ["silence", "{hidden}", "--for", "1h", "--reason", "x"], ["merge", "{hidden}", "--into", "{seen}"],
    ["merge", "{seen}", "--into", "{hidden}"], ["escalate", "{hidden}", "--to", "x", "--reason", "x"], ["remind"],
    ["remind", "--json", "--ring", "--escalate"], ["outbox"], ["outbox", "--json"], ["outbox", "{hidden}"],
    ["update", "{hidden}", "--know", "x"], ["regulate", "{hidden}", "GDPR"], ["regulate", "--list"],
    ["hooks", "list"], ["sync"], ["completion", "bash"], ["raise", f"{CANARY} trespass"],
]  # fmt: skip


@pytest.mark.parametrize("login", [VIEWER, RESPONDER])
def test_nothing_of_a_restricted_incident_reaches_whoever_does_not_work_on_it(
    there: tuple[Shared, str, str], login: str
) -> None:
    here, seen, hidden = there
    for args in READS:
        given = [each.format(seen=seen, hidden=hidden) for each in args]
        own = " ".join(given).count(CANARY)  # what they have typed themselves may be said again
        ran = here(login, *given, code=None)
        said = ran.out + ran.err
        assert "trespass" not in said.replace(f"{CANARY} trespass", "", own), (given, ran)
        assert said.count(CANARY) <= own, (given, ran)
        assert ran.code in (0, 1, 2, 4), (given, ran)
        if "{hidden}" in args:
            assert ran.code in (1, 4), (given, ran)
            assert f"{hidden} is restricted" in said or "needs the role" in said, (given, ran)
    assert here(COMMANDER, "list", CANARY).out.count(CANARY) >= 1


def test_every_verb_is_in_the_property() -> None:
    """A new verb that reads incidents is to be tried with the canary; these neither show nor take any."""
    tried = {args[0] for args in READS}
    assert set(VERBS) - tried == {"import", "restore", "backup", "ingest", "hub", "demo"}
    assert isinstance(tocsin, click.Group)


def test_completion_does_not_offer_it(there: tuple[Shared, str, str]) -> None:
    here, seen, hidden = there
    for login, offered in ((VIEWER, {seen}), (COMMANDER, {seen, hidden})):
        env = here.env(_TOCSIN_COMPLETE="bash_complete", COMP_WORDS="tocsin show INC-", COMP_CWORD="2")
        done = subprocess.run(here.command(login), env=env, capture_output=True, check=True, cwd="/", timeout=100)
        found = set(re.findall(r"INC-\w+", done.stdout.decode()))
        assert found >= offered
        assert (hidden in found) is (login == COMMANDER)
        assert (CANARY in done.stdout.decode()) is False or login == COMMANDER


def test_whoever_is_named_sees_it_and_the_record_says_so(there: tuple[Shared, str, str]) -> None:
    here, _seen, _hidden = there
    ref = here(COMMANDER, "raise", "payroll leak").out.strip()
    found = here(COMMANDER, "restrict", ref, "--allow", RESPONDER, "--allow", f"group:{VIEWER}", "--json").json
    assert found["allowed"] == [{"name": RESPONDER, "kind": "user"}, {"name": VIEWER, "kind": "group"}]
    for login in (RESPONDER, VIEWER):
        shown = here(login, "show", ref).out
        assert "payroll leak" in shown
        assert f"yes; {RESPONDER} and the group {VIEWER} may see it" in shown
    assert f"the group {VIEWER} may see it" in here(VIEWER, "log", ref).out
    here(COMMANDER, "undo", ref)
    here(COMMANDER, "restrict", ref)
    refused = here(RESPONDER, "show", ref, code=4).err
    assert f"{ref} is restricted." in refused
    assert f"{COMMANDER}, {ADMIN} and the group {COMMANDER} may see it" in refused


def test_root_may_everything(there: tuple[Shared, str, str]) -> None:
    here, _seen, hidden = there
    assert "root" in here("root", "rights", "check").out
    assert CANARY in here("root", "show", hidden).out


# -- in this process, whose login is whoever runs the tests


def test_rights_are_listed_with_who_gave_and_took_them(cli: Cli) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    other = next(each.pw_name for each in pwd.getpwall() if each.pw_name != me)
    assert "No rights are set" in cli("rights", "list").out
    assert cli("rights", "check", "--json").json["role"] is None
    given = cli("rights", "grant", other, "responder", "--yes", "--json").json
    assert [(each["name"], each["role"]) for each in given["rights"]] == [(me, "admin"), (other, "responder")]
    cli("rights", "revoke", other)
    assert other not in cli("rights", "list").out
    assert f"taken back by {me}" in cli("rights", "list", "--all").out
    assert cli("rights", "revoke", other, "--json", code=4).error["code"] == "no_right"
    assert cli("rights", "revoke", me, "--json", code=4).error["code"] == "last_admin"
    assert cli("rights", "grant", "nobody-of-that-name", "viewer", code=2)
    assert cli("rights", "check", "--json").json["may"]["govern"] is True


def test_the_first_right_is_not_given_by_mistake(cli: Cli) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    assert "cannot be undone" in cli("rights", "grant", me, "admin", code=2).err
    assert cli("rights", "list", "--json").json["set"] is False
    cli("rights", "grant", me, "admin", "--yes")
    cli("rights", "grant", me, "commander", code=4)  # the second is not asked for: the last admin
    assert cli("rights", "list", "--json").json["set"] is True


def test_a_name_that_nobody_bears_here_is_recorded_and_said(cli: Cli) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    ref = cli.raise_()
    ran = cli("restrict", ref, "--allow", "nobody-of-that-name", "--allow", "group:no-such-group", "--allow", me)
    assert re.findall(r"knows no (.+?);", ran.err) == ["login “nobody-of-that-name”", "group “no-such-group”"]
    assert "No rights are set here" in ran.err
    cli("rights", "grant", me, "admin", "--yes")
    said = cli("restrict", ref, "--remove", "nobody-of-that-name").err
    assert me in said
    assert "the group no-such-group" in said
    assert "may see it now." in said


def test_a_restore_keeps_the_rights_that_stand(cli: Cli) -> None:
    ref = cli.raise_()
    cli("backup", str(cli.home / "before.db"))
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    cli("rights", "grant", me, "admin", "--yes")
    cli("restore", str(cli.home / "before.db"), "--yes")
    assert [each["name"] for each in cli("rights", "list", "--json").json["rights"]] == [me]
    cli("show", ref)


def test_an_incident_is_restricted_and_shown_again(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli("restrict", ref, "--json").json["restricted"] is True
    assert cli("restrict", ref, "--json", code=4).error["code"] == "no_change"
    assert cli("restrict", ref, "--allow", "bo", "--json").json["allowed"] == [{"name": "bo", "kind": "user"}]
    assert cli("list", "bo").out.count(ref) == 1
    assert cli("restrict", ref, "--remove", "bob", "--json", code=4).error["remedy"] == "Did you mean bo?"
    assert cli("restrict", ref, "--remove", "bo", "--json").json["allowed"] == []
    assert cli("undo", ref, "--json")
    assert cli("show", ref, "--json").json["allowed"] != []
    assert cli("restrict", ref, "--lift", "--json").json["restricted"] is False
    assert cli("restrict", ref, "--lift", code=4)
    assert cli("restrict", ref, "--lift", "--allow", "x", code=2)


def doctored(ran: object) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for each in ran.json["checks"]:  # type: ignore[attr-defined]
        found.setdefault(each["name"], []).append(each)
    return found


def test_doctor_finds_a_well_shared_store_well_shared(there: tuple[Shared, str, str]) -> None:
    here, _seen, _hidden = there
    found = doctored(here(VIEWER, "doctor", "--json", code=None))
    assert [each["state"] for each in found["rights"]] == ["ok"]
    assert f"you are {VIEWER}, viewer" in found["roles"][0]["says"]
    assert f"the settings say {ADMIN}" in found["roles"][1]["says"]


@pytest.mark.parametrize(
    ("name", "mode", "remedy"),
    [
        ("tocsin.db", 0o664, "chmod o= {}/tocsin.db"),
        ("tocsin.db.lock", 0o600, "chmod g+rw {}/tocsin.db.lock"),
        (".", 0o2777, "chmod o= {}"),
        (".", 0o770, "chmod 2770 {}"),
    ],
)
def test_doctor_says_how_the_modes_are_mended(cli: Cli, name: str, mode: int, remedy: str) -> None:
    cli.raise_()
    folder = cli.home / "data" / "tocsin"
    assert "rights" not in doctored(cli("doctor", "--json", code=None))
    for each, right in (("tocsin.db", 0o660), ("tocsin.db.lock", 0o660), (".", 0o2770)):
        (folder / each).chmod(right)
    (folder / name).chmod(mode)
    found = doctored(cli("doctor", "--json", code=None))
    assert remedy.format(folder) in [each["remedy"] for each in found["rights"]]
    assert "none are set" in found["roles"][0]["says"]
