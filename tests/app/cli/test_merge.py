"""`merge`: every verb follows an old ref; nothing is lost, and it can be taken apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Cli


@pytest.fixture
def pair(cli: Cli) -> tuple[str, str]:
    one, other = cli.raise_("Disk full", "--tag", "disk"), cli.raise_("Postgres slow")
    cli("note", one, "df says 100%")
    return one, other


def test_every_verb_follows_the_old_ref_and_says_so_once(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    ran = cli("merge", one, "--into", other, "--note", "the same disk", "--json")
    assert (ran.json["ref"], ran.json["duplicates"], ran.json["merged_into"]) == (other, [one], None)
    verbs: list[tuple[str, ...]] = [
        ("show", one), ("log", one), ("note", one[:-1], "cleaned"), ("ack", one), ("take", one),
        ("set", one, "priority=P2"),
        ("assign", one, "bo"), ("link", one, "--tag", "pg"), ("told", one, "customers", "--note", "we look"),
        ("follow-up", one, "bigger disk"), ("silence", one, "--for", "1h", "--reason", "known"), ("mitigate", one),
        ("move", one, "reviewed"), ("run", one, "--", "true"), ("postmortem", one), ("undo", one), ("conflicts", one),
    ]  # fmt: skip
    for args in verbs:
        ran = cli(*args)
        assert ran.err.count(f"tocsin: {one} is {other}") == 1, args
    found = cli("show", one, "--json").json
    assert (found["ref"], found["owner"], found["priority"], found["tags"]) == (other, "bo", "P2", ["pg", "disk"])
    assert cli("show", other).err == ""


def test_the_log_is_one_in_time_each_entry_with_its_ref(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("merge", one, "--into", other)
    entries = cli("log", other, "--json").json["entries"]
    assert {entry["ref"] for entry in entries} == {one, other}
    assert [entry["occurred_at"] for entry in entries] == sorted(entry["occurred_at"] for entry in entries)
    (note,) = [entry for entry in entries if entry["what"] == "note"]
    assert (note["ref"], note["payload"]["text"]) == (one, "df says 100%")
    assert f"{one}  ada  df says 100%" in cli("log", other).out
    cli("redact", other, note["id"], "--reason", "a name")
    assert "df says" not in cli("log", other).out


def test_the_row_says_where_it_went_and_a_search_finds_it(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("merge", one, "--into", other)
    assert [row["ref"] for row in cli("list", "status:open", "--json").json["incidents"]] == [other]
    (row,) = cli("list", "is:duplicate", "--json").json["incidents"]
    assert (row["ref"], row["merged_into"], row["phase"], row["status"]) == (one, other, "Merged", "ignored")
    assert f"[is {other}] Disk full" in cli("list", "df").out


def test_it_is_undone_and_taken_apart(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("merge", one, "--into", other)
    assert "the merge" in cli("undo").out
    assert cli("show", one, "--json").json["ref"] == one
    cli("merge", one, "--into", other)
    cli("note", other, "meanwhile")
    ran = cli("merge", one, "--apart", "--note", "two disks", "--json")
    assert (ran.json["ref"], ran.json["status"]) == (one, "raised")
    assert cli("show", other, "--json").json["duplicates"] == []
    assert cli("show", other, "--json").json["related"] == []
    assert "not merged" in cli("merge", one, "--apart", code=4).err


def test_what_is_refused_changes_nothing(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    assert cli("merge", one, "--into", one, code=4).err
    assert cli("merge", one, code=2).err
    assert cli("merge", one, "--into", other, "--apart", code=2).err
    assert cli("merge", one, "--into", "INC-ZZZZZ", code=3).err
    drill = cli.raise_("Exercise")
    cli("set", drill, "drill=yes")
    assert "drill" in cli("merge", one, drill, "--into", other, code=4).err
    cli("move", other, "resolved", "--note", "restarted")
    assert cli("merge", one, "--into", other, code=4).err
    assert cli("list", "is:duplicate", "--json").json["count"] == 0
    cli("merge", one, "--into", other, "--note", "it was the same")
    assert "merged already" in cli("merge", one, "--into", drill, code=4).err


def test_what_it_does_not_carry_over_is_said(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("set", one, "priority=P1")
    assert f"{other} has no priority, a duplicate has P1" in cli("merge", one, "--into", other).err


def test_later_alerts_of_the_duplicate_go_to_the_other(cli: Cli) -> None:
    def body(status: str, start: str) -> bytes:
        alert = {"status": status, "labels": {"alertname": "Disk"}, "startsAt": start, "fingerprint": "f1"}
        if status == "resolved":
            alert["endsAt"] = "2026-11-18T12:00:00Z"
        document = {"version": "4", "groupKey": "k", "status": status, "receiver": "r", "alerts": [alert]}
        return json.dumps(document).encode()

    one = cli("ingest", "alertmanager", "--json", stdin=body("firing", "2026-11-18T10:00:00Z")).json["opened"][0]
    other = cli.raise_("Disk full")
    cli("merge", one, "--into", other)
    assert cli("show", other, "--json").json["firing"] == 1
    joined = cli("ingest", "alertmanager", "--json", stdin=body("resolved", "2026-11-18T10:00:00Z")).json["joined"]
    assert joined == [other]
    found = cli("show", other, "--json").json
    assert (found["firing"], found["alerts"]) == (0, 2)
    cli("ingest", "alertmanager", stdin=body("firing", "2026-11-18T13:00:00Z"))
    assert cli("list", "--json").json["count"] == 2


def test_what_is_left_to_do_after_a_duplicate_is_handed_over_once(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("follow-up", one, "bigger disk")
    cli("merge", one, "--into", other)
    assert [each["ref"] for each in cli("handover", "--json").json["follow_ups"]] == [other]
    cli("move", other, "resolved", "--note", "x")
    assert [each["ref"] for each in cli("handover", "--json").json["follow_ups"]] == [other]


def test_it_is_left_out_of_the_figures_and_said(cli: Cli, pair: tuple[str, str]) -> None:
    one, other = pair
    cli("set", one, other, "priority=P1")
    cli("merge", one, "--into", other)
    assert cli("sla", "--json").json["left_out"]["duplicate"] == 1


def test_two_targets_are_a_choice_between_refs(cli: Cli, pair: tuple[str, str], tmp_path: Path) -> None:
    one, other = pair
    third = cli.raise_("Third")
    export, theirs = str(tmp_path / "e"), str(tmp_path / "theirs.db")
    cli("export", "-o", export)
    cli("--database", theirs, "import", export)
    cli("merge", one, "--into", other)
    cli("--database", theirs, "merge", one, "--into", third, TOCSIN_USER__NAME="bo")
    (tmp_path / "e").unlink()
    cli("--database", theirs, "export", "-o", export)
    cli("import", export)
    said = cli("conflicts").out
    assert other in said
    assert third in said
    (conflict,) = cli("conflicts", "--json").json["conflicts"]
    assert (conflict["ref"], conflict["field"]) == (one, "alias_of")
    (mine,) = [each["entry"] for each in conflict["choices"] if each["author"] == "ada"]
    cli("settle", one, "alias_of", mine)
    assert cli("conflicts", "--json").json["conflicts"] == []
    assert cli("show", one, "--json").json["ref"] == other
