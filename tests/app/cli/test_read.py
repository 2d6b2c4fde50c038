"""`list`, `show`, `log`, and `tocsin` without a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.text import UNSAFE

if TYPE_CHECKING:
    from conftest import Cli

HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[31mred \u202egnp.exe \x9b2J \u200b [/var/log] [@click=app.quit]x[/] \r\n\x00end"


def test_the_queue_shows_open_incidents_urgent_ones_first(cli: Cli) -> None:
    late, urgent, gone = (
        cli.raise_("late", "--priority", "P3"),
        cli.raise_("urgent", "--priority", "P1"),
        cli.raise_(),
    )
    cli("move", gone, "invalid", "--note", "n")
    assert [i["ref"] for i in cli("list", "--json").json["incidents"]] == [urgent, late, gone]
    assert [line.split()[0] for line in cli("list", "status:open").out.splitlines()] == ["REF", urgent, late]
    assert [line.split()[0] for line in cli("list").out.splitlines()][:3] == [
        "REF",
        urgent,
        late,
    ]  # then what is closed
    assert cli("list", "--json").json["count"] == cli("list", "--all", "--json").json["count"] == 3
    assert cli().out == cli("list", "status:open").out
    assert cli(TERM="dumb").out == cli("list", "status:open").out
    assert cli("--json").json["count"] == 2


def test_a_page_is_cut_and_says_so(cli: Cli) -> None:
    for number in range(3):
        cli.raise_(f"number {number}")
    ran = cli("list", "--limit", "2")
    assert (len(ran.out.splitlines()), "--all" in ran.err) == (3, True)
    found = cli("list", "--limit", "2", "--json").json
    assert (len(found["incidents"]), found["count"]) == (2, 3)
    assert cli("list", "--limit", "3").err == ""


def test_a_query_narrows_the_list(cli: Cli) -> None:
    ref = cli.raise_("database down", "--tag", "db")
    cli.raise_("web slow")
    for query in ("tag:db", "database", '"database down" status:open', "owner:none data"):
        assert [i["ref"] for i in cli("list", query, "--json").json["incidents"]] == [ref]
    assert cli("list", "-tag:db", "--json").json["count"] == 1
    assert cli("list", "--json", "--", "-database").json["count"] == 1
    error = cli("list", "stauts:open", "--json", code=2).error
    assert (error["code"], "status" in error["remedy"]) == ("bad_query", True)


def test_an_empty_queue_says_so_on_stderr(cli: Cli) -> None:
    ran = cli()
    assert (ran.out, ran.err) == ("", "No open incidents.\n")


def test_a_ref_may_be_short_but_not_ambiguous(cli: Cli) -> None:
    refs = [cli.raise_(f"number {n}") for n in range(33)]  # of 33 codes two begin alike
    assert cli("show", refs[0].removeprefix("INC-").lower(), "--json").json["ref"] == refs[0]
    firsts = [ref[4] for ref in refs]
    twice = next(letter for letter in firsts if firsts.count(letter) > 1)
    assert cli("show", twice, "--json", code=3).error["code"] == "ambiguous"
    assert cli("show", "INC-ZZZZZZZZZZZZZ", "--json", code=3).error["code"] == "not_found"
    assert cli("log", "?", "--json", code=3).error["code"] == "not_found"


def test_the_log_tells_what_was_done(cli: Cli) -> None:
    ref = cli.raise_()
    cli("ack", ref)
    cli("note", ref, "-12m two\nlines")
    cli("move", ref, "validated")
    found = cli("log", ref, "--json").json
    assert found["ref"] == ref
    assert [entry["what"] for entry in found["entries"]] == ["note", "raise", "acknowledged", "status"]
    assert found["entries"][-1]["payload"] == {"value": "validated"}
    assert all("action" not in entry["payload"] for entry in found["entries"])
    shown = cli("log", ref).out
    assert "+12m late" in shown
    assert "\n    lines\n" in shown


@pytest.mark.parametrize("verb", ["list", "show", "log", "postmortem"])
@pytest.mark.parametrize("color", ["never", "auto"])
def test_hostile_text_is_harmless(cli: Cli, verb: str, color: str) -> None:
    import re

    ref = cli.raise_(HOSTILE, "--description", HOSTILE, "--tag", HOSTILE, "--owner", HOSTILE)
    cli("note", ref, HOSTILE)
    for args in (("--color", color), ("--json",)):
        ran = cli(verb, *([] if verb == "list" else [ref]), *args)
        assert not re.search(f"[{UNSAFE}]", ran.out.replace("\n", ""))
    assert cli("show", ref, "--json").json["title"] == HOSTILE.replace("\x00", "\ufffd")


def test_errors_are_harmless_too(cli: Cli) -> None:
    for args in (("show", HOSTILE.replace("\x00", "")), ("list", "x\x1b[2J:y"), ("\x1b[2J",)):
        assert "\x1b" not in cli(*args, code=None).err


def test_colours_only_when_they_are_asked_for(cli: Cli) -> None:
    cli.raise_("x", "--priority", "P1")
    assert "\x1b[" in cli("list", "--color", "always").out
    assert "\x1b[" not in cli("list").out
    assert "\x1b[" not in cli("list", NO_COLOR="1", FORCE_COLOR="1").out
    assert "\x1b[" in cli("list", FORCE_COLOR="1").out
    assert "\x1b[" not in cli("list", "--color", "never", FORCE_COLOR="1").out
