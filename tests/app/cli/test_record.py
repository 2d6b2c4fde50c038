"""`raise`, `note`, `follow-up`, `set`, `assign` and `link`."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def test_raise_prints_the_ref_alone(cli: Cli) -> None:
    ran = cli("raise", "Disk full")
    assert re.fullmatch(r"INC-[0-9A-Z]{5,}\n", ran.out)
    assert ran.err == ""


def test_raise_takes_everything_in_one_action(cli: Cli) -> None:
    ran = cli(
        "raise", "Database down", "--description", "No writes", "--priority", "1", "--severity", "sev2",
        "--type", "service outage", "--technical-category", "database", "--service-category", "payment",
        "--owner", "me", "--tag", "a", "--tag", "b", "--tag", "a", "--resource", "db:5432", "--resource", "web:high",
        "--originator", "x", "--detected", "-12m", "--impact-started", "2026-01-02T03:04:05Z", "--drill", "--json",
    )  # fmt: skip
    found = ran.json
    assert (found["title"], found["description"], found["owner"]) == ("Database down", "No writes", "ada")
    assert (found["priority"], found["severity"], found["type"]) == ("P1", "high", "service_outage")
    assert (found["technical_category"], found["service_category"]) == ("database", "payment_processing")
    assert found["tags"] == ["a", "b"]
    assert found["resources"] == [{"name": "db:5432", "severity": None}, {"name": "web", "severity": "high"}]
    assert (found["originators"], found["drill"]) == (["x"], True)
    assert found["impact_started_at"] == "2026-01-02T03:04:05.000Z"
    entries = cli("log", found["ref"], "--json").json["entries"]
    assert len(entries) == 6
    assert len({entry["action"] for entry in entries}) == 1


def test_raise_reads_a_piped_description(cli: Cli) -> None:
    assert cli("raise", "x", "--description", "-", "--json", stdin="from\nthe pipe").json["description"] == (
        "from\nthe pipe"
    )


def test_a_bad_value_names_the_nearest_right_one_and_writes_nothing(cli: Cli) -> None:
    ran = cli("raise", "x", "--severity", "critcal", "--json", code=2)
    assert "critical" in ran.error["remedy"]
    assert cli("list", "--json").json == {"incidents": [], "count": 0}


def test_global_flags_stand_before_or_after_the_verb(cli: Cli) -> None:
    other = str(cli.home / "other.db")
    ref = cli("--database", other, "raise", "x").out.strip()
    assert cli("show", ref, "--database", other, "--json").json["ref"] == ref
    assert cli("--json", "show", ref, "--database", other).json["ref"] == ref
    assert cli("show", ref, code=3).out == ""


@pytest.mark.parametrize("text", ["-12m saw it", "@-12m saw it"])
def test_a_note_says_when_it_happened(cli: Cli, text: str) -> None:
    ref = cli.raise_()
    cli("note", ref, text)
    entry = next(e for e in cli("log", ref, "--json").json["entries"] if e["kind"] == "note")
    backdated = entry["occurred_at"] < entry["recorded_at"]
    assert (entry["payload"]["text"], backdated) == (("saw it", True) if text[0] == "-" else (text, False))


def test_a_note_comes_from_the_pipe(cli: Cli) -> None:
    ref = cli.raise_()
    cli("note", ref, stdin="piped")
    cli("note", ref, "-", stdin=b"\xff dashed")
    texts = [e["payload"].get("text") for e in cli("log", ref, "--json").json["entries"] if e["kind"] == "note"]
    assert texts == ["piped", "\ufffd dashed"]


def test_a_note_is_dated_by_a_flag(cli: Cli) -> None:
    ref = cli.raise_()
    cli("note", ref, "text", "--at", "2026-01-01T00:00:00Z")
    assert cli("log", ref, "--json").json["entries"][0]["occurred_at"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("args", [("",), ("@25:00 x",), ("x", "--at", "tomorrow")])
def test_a_note_that_cannot_be_is_a_usage_error(cli: Cli, args: tuple[str, ...]) -> None:
    ref = cli.raise_()
    assert cli("note", ref, *args, "--json", code=2).error["remedy"]


def test_a_secret_is_warned_about(cli: Cli) -> None:
    ref = cli.raise_()
    assert "secret" in cli("note", ref, "the key is AKIAABCDEFGHIJKLMNOP").err


def test_what_cannot_be_stored_is_kept_in_a_file(cli: Cli) -> None:
    ref = cli.raise_()
    (cli.home / "data/tocsin/tocsin.db.lock").unlink()
    (cli.home / "data/tocsin/tocsin.db.lock").mkdir()  # no lock can be had, so nothing can be written
    ran = cli("note", ref, "precious", "--json", code=1)
    (kept,) = cli.state.glob("tocsin-rescued-*")
    assert str(kept) in ran.error["message"]
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("precious", 0o600)


def test_a_follow_up_is_added_and_done(cli: Cli) -> None:
    ref = cli.raise_()
    added = cli("follow-up", ref, "Buy a disk", "--owner", "me", "--due", "2026-12-01", "--json").json["follow_ups"]
    assert [(f["title"], f["owner"], f["due"], f["done"]) for f in added] == [
        ("Buy a disk", "ada", "2026-12-01", False)
    ]
    assert cli("follow-up", ref, "--done", added[0]["id"].lower(), "--json").json["follow_ups"][0]["done"] is True
    assert cli("follow-up", ref, "--done", "NONE", "--json", code=4).error["code"] == "no_such_item"
    assert cli("follow-up", ref, "x", "--due", "soon", "--json", code=2).error["code"] == "bad_time"
    assert cli("follow-up", ref, "--json", code=2).error["code"] == "usage"


def test_set_changes_fields_of_several(cli: Cli) -> None:
    one, two = cli.raise_("one"), cli.raise_("two")
    ran = cli("set", one, two, "priority=p2", "severity=sev1", "custom.team=red", "--reason", "boss", "--json")
    assert [(i["priority"], i["severity"], i["custom"]) for i in ran.json["incidents"]] == (
        [("P2", "critical", {"team": "red"})] * 2
    )
    entries = cli("log", one, "--json").json["entries"]
    reasons = {e["what"]: e["payload"].get("reason") for e in entries if e["kind"] == "set"}
    assert reasons == {"priority": "boss", "severity": None, "custom:team": None}


def test_set_refuses_the_status_and_unknown_fields(cli: Cli) -> None:
    ref = cli.raise_()
    refused = cli("set", ref, "status=resolved", "--json", code=4).error
    assert (refused["code"], "tocsin move REF resolved" in refused["remedy"]) == ("use_move", True)
    assert "priority" in cli("set", ref, "prioritty=P1", "--json", code=2).error["remedy"]
    assert cli("set", ref, "--json", code=2).error["code"] == "usage"
    assert cli("set", "priority=P1", "--json", code=2).error["code"] == "usage"


def test_assign_gives_and_takes_back(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli("assign", ref, "me", "--json").json["owner"] == "ada"
    assert cli("assign", ref, "none", "--json").json["owner"] is None
    assert cli("assign", ref, "bob", "--as", "commander", "--json").json["roles"] == [
        {"name": "bob", "role": "commander"}
    ]
    assert cli("assign", ref, "", "--as", "commander", "--json").json["roles"] == []
    assert cli("assign", ref, "none", "--as", "commander", "--json", code=4).error["code"] == "no_change"


def test_link_relates_both_ways_and_takes_it_back(cli: Cli) -> None:
    one, two = cli.raise_("one"), cli.raise_("two")
    ran = cli("link", one, two, "--relation", "duplicate", "--description", "same disk", "--json")
    assert ran.json["related"] == [{"ref": two, "relation": "duplicate", "description": "same disk"}]
    assert "tocsin merge" in ran.err
    assert cli("show", two, "--json").json["related"][0]["relation"] == "original"
    assert cli("link", one, two, "--remove", "--json").json["related"] == []
    assert cli("show", two, "--json").json["related"] == []


def test_link_adds_and_removes_members_in_one_action(cli: Cli) -> None:
    ref = cli.raise_()
    ran = cli(
        "link",
        ref,
        "--tag",
        "t",
        "--resource",
        "db:low",
        "--originator",
        "o",
        "--cause",
        "c",
        "--action",
        "a",
        "--json",
    )
    found = ran.json
    assert (found["tags"], found["originators"], found["causes"], found["actions"]) == (["t"], ["o"], ["c"], ["a"])
    assert found["resources"] == [{"name": "db", "severity": "low"}]
    cli("undo")
    assert cli("show", ref, "--json").json["tags"] == []
    cli("link", ref, "--tag", "t")
    assert cli("link", ref, "--tag", "t", "--remove", "--json").json["tags"] == []
    assert cli("link", ref, "--tag", "t", "--remove", "--json", code=4).error["code"] == "no_such_item"
    assert cli("link", ref, "--json", code=2).error["code"] == "usage"
    assert cli("link", ref, cli.raise_("x"), "--json", code=2).error["code"] == "usage"
