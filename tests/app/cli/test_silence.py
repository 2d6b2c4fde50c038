"""`silence`: on the command line, in the queue, in the hand-over, in the JSON."""

from __future__ import annotations

from tests.app.cli.conftest import Cli


def test_it_is_set_shown_found_and_ended(cli: Cli) -> None:
    one, other = cli.raise_("Disk full"), cli.raise_("Mail slow")
    ran = cli("silence", one, other, "--for", "2h", "--reason", "new disk zebra is coming", "--json")
    said = ran.json["incidents"][0]["silence"]
    assert (said["by"], said["reason"]) == ("ada", "new disk zebra is coming")
    assert cli("show", one, "--json").json["silence"] == said
    assert "new disk zebra" in cli("show", one).out
    assert "silenced until" in cli("log", one).out
    assert cli("list", "is:silenced", "--json").json["count"] == 2
    assert cli("list", "zebra", "--json").json["count"] == 2
    assert any(f"[silent {left}]" in cli("list").out for left in ("1h59m", "2h"))
    cli("silence", one, "--end")
    assert cli("show", one, "--json").json["silence"] is None
    assert [each["ref"] for each in cli("list", "-is:silenced", "--json").json["incidents"]] == [one]
    cli("undo")
    assert cli("show", one, "--json").json["silence"] == said


def test_the_hand_over_lists_them_by_their_end(cli: Cli) -> None:
    one, other = cli.raise_("Disk full"), cli.raise_("Mail slow")
    cli("silence", one, "--for", "3h", "--reason", "later")
    cli("silence", other, "--for", "1h", "--reason", "sooner")
    found = cli("handover", "--json").json["silenced"]
    assert [(each["ref"], each["reason"]) for each in found] == [(other, "sooner"), (one, "later")]
    text = cli("handover").out
    assert text.index("by ada: sooner") < text.index("by ada: later")
    cli("silence", other, "--end")
    assert [each["ref"] for each in cli("handover", "--json").json["silenced"]] == [one]


def test_what_is_missing_or_wrong_is_said(cli: Cli) -> None:
    ref = cli.raise_()
    for flags in ((), ("--for", "2h"), ("--for", "2h", "--until", "18:00", "--reason", "x"), ("--for", "soon")):
        assert cli("silence", ref, *flags, code=2).err
    assert "not silenced" in cli("silence", ref, "--end", code=4).err
    assert "30 days" in cli("silence", ref, "--for", "31d", "--reason", "x", code=4).err
    assert cli("silence", "INC-ZZZZZ", "--end", code=3).err
