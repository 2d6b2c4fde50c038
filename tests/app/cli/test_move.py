"""`ack`, `take`, `move`, `mitigate` and `undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli


def test_an_acknowledgement_counts_once(cli: Cli) -> None:
    ref = cli.raise_()
    found = cli("ack", ref, "--at", "-1m", "--json").json
    assert (found["phase"], found["acknowledged_by"]) == ("Acknowledged", "ada")
    assert found["acknowledged_at"] < found["raised_at"]
    assert cli("ack", ref, "--json", code=4).error["code"] == "already_acknowledged"


def test_several_refs_are_all_or_none(cli: Cli) -> None:
    one, two = cli.raise_("one"), cli.raise_("two")
    cli("ack", one)
    cli("ack", two, one, code=4)
    assert cli("show", two, "--json").json["acknowledged_at"] is None
    assert [i["ref"] for i in cli("take", one, two, "--json").json["incidents"]] == [one, two]
    assert cli("show", two, "--json").json["owner"] == "ada"


def test_the_same_ref_twice_is_one_incident_in_a_list(cli: Cli) -> None:
    ref = cli.raise_()
    assert len(cli("ack", ref, ref.lower(), "--json").json["incidents"]) == 1


def test_the_whole_way_to_closed(cli: Cli) -> None:
    ref = cli.raise_("x", "--priority", "P1")
    assert cli("move", ref, "resolved", "--json", code=4).error["code"] == "needs_note"
    assert cli("move", ref, "validated", "--json").json["phase"] == "Working"
    assert cli("mitigate", ref, "--note", "failed over", "--json").json["phase"] == "Mitigated"
    assert cli("move", ref, "resolved", "--note", "new disk", "--json").json["status"] == "resolved"
    assert cli("move", ref, "closed", "--json", code=4).error["code"] == "transition"
    assert cli("move", ref, "closed", "--waive", "drilled last week", "--json").json["phase"] == "Closed"
    assert cli("move", ref, "validated", "--json", code=4).error["code"] == "needs_reason"
    reopened = cli("move", ref, "validated", "--reason", "again", "--json").json
    assert (reopened["phase"], reopened["closed_at"], reopened["reopened_at"] is None) == ("Working", None, False)


def test_a_status_of_ones_own_needs_a_label(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli("move", ref, "other", "--note", "n", "--json", code=4).error["code"] == "needs_label"
    found = cli("move", ref, "other", "--note", "n", "--label", "Waiting", "--json").json
    assert (found["status"], found["status_label"], found["phase"]) == ("other", "Waiting", "Waiting")


def test_ignoring_what_is_worked_on_goes_on_without_a_terminal(cli: Cli) -> None:
    ref = cli.raise_()
    cli("move", ref, "validated")
    assert cli("move", ref, "ignored", "--note", "n", "--json").json["status"] == "ignored"


def test_strict_settings_forbid_skipping(cli: Cli) -> None:
    ref = cli.raise_()
    ran = cli("move", ref, "validated", "--json", code=4, TOCSIN_LIFECYCLE__STRICT="true")
    assert "strict" in ran.error["remedy"]


def test_a_wrong_status_names_the_right_one(cli: Cli) -> None:
    assert "resolved" in cli("move", cli.raise_(), "resloved", "--json", code=2).error["remedy"]


def test_mitigation_cannot_come_before_the_impact(cli: Cli) -> None:
    ref = cli.raise_("x", "--impact-started", "-1h")
    assert cli("mitigate", ref, "--at", "-2h", "--json", code=4).error["code"] == "order"


def test_undo_takes_back_ones_last_action(cli: Cli) -> None:
    ref, other = cli.raise_(), cli.raise_("other")
    cli("ack", ref)
    cli("set", other, "priority=P1")
    undone = cli("undo", ref, "--json").json
    assert (undone["undone"], undone["incidents"][0]["acknowledged_at"]) == ("fact:acknowledged", None)
    assert cli("undo", "--json").json["incidents"][0]["priority"] is None
    assert cli("undo", "--json", code=4).error["code"] == "nothing_to_undo"
    assert "Undone" not in cli("undo", ref, code=4).out
