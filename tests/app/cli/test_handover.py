"""`tocsin handover`: what there is, for people and for scripts."""

from __future__ import annotations

from tests.app.cli.conftest import Cli


def test_a_hand_over_names_what_is_open_due_and_changed(cli: Cli) -> None:
    ref = cli.raise_("checkout is down", "--priority", "P1")
    cli("follow-up", ref, "patch it", "--owner", "bo", "--due", "2020-01-01")
    cli("told", ref, "customers", "--note", "we look into it", "--next", "30m")
    cli("note", ref, "from somebody else", TOCSIN_USER__NAME="bo")
    done = cli.raise_("old")
    cli("follow-up", done, "write it up")
    cli("move", done, "resolved", "--note", "n")
    found = cli("handover", "--json").json
    (one,) = found["open"]
    assert (one["ref"], one["owner"], one["next_step"], one["changed"]) == (ref, None, "acknowledge it", 1)
    assert one["next_update_at"]
    assert (found["updates_due"], found["changed"], found["stale"], found["more"]) == ([ref], [ref], [], 0)
    assert [(each["ref"], each["title"], each["late"]) for each in found["follow_ups"]] == [
        (ref, "patch it", True),
        (done, "write it up", False),
    ]
    said = cli("handover").out
    for word in ("checkout is down", "nobody owns it", "update to customers", "1 entry of others", "LATE"):
        assert word in said


def test_looking_at_it_changes_nothing(cli: Cli) -> None:
    ref = cli.raise_("one")
    cli("note", ref, "x", TOCSIN_USER__NAME="bo")
    first = cli("handover", "--json").json
    assert cli("handover", "--json").json["changed"] == first["changed"] == [ref]


def test_a_reminder_that_is_no_duration_is_named(cli: Cli) -> None:
    config = cli.home / "config.toml"
    config.write_text('\n[reminders]\nstale_acknowledged = "soon"\n')
    ran = cli("handover", "--config", str(config), "--json", code=7)
    assert f"{config}:3: reminders.stale_acknowledged" in ran.error["message"]
