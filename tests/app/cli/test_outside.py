"""`update`, `told`, `outbox` and `regulate`: what is said outside, who still waits for it, and by when."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from domain.times import from_iso
from tests.app.cli.conftest import Cli

EVERYBODY = ["IT", "legal", "public relations", "executives", "customers", "partners", "regulators", "public"]


def critical(cli: Cli) -> str:
    return cli.raise_("Shop is down", "--severity", "critical")


def to_tell(cli: Cli, ref: str) -> list[str]:
    return cli("outbox", ref, "--json").json["to_tell"]


def test_an_update_goes_to_the_outbox_until_everybody_was_told(cli: Cli) -> None:
    ref = critical(cli)
    assert to_tell(cli, ref) == EVERYBODY
    made = cli("update", ref, "--know", "the database is full", "--do", "we make room", "--next", "30m", "--json").json
    (update,) = made["updates"]
    assert (update["wording"], update["to"], update["know"]) == ("investigating", EVERYBODY, "the database is full")
    assert from_iso(update["next_update_at"]) - from_iso(update["at"]) == pytest.approx(30 * 60_000, abs=5_000)
    cli("told", ref, "customers", "Partners")
    assert to_tell(cli, ref) == [name for name in EVERYBODY if name not in ("customers", "partners")]
    said = cli("outbox", ref).out
    assert "not told yet: IT, legal" in said
    assert "customers         external  told" in said
    done = cli("told", ref, "--all", "--json").json
    assert {each["party"] for each in done["told"]} == {"customers", "Partners", *EVERYBODY} - {"partners"}
    assert {each["update"] for each in done["told"]} == {update["id"]}
    assert done["next_update_at"] == update["next_update_at"]
    assert to_tell(cli, ref) == []
    cli("undo", ref)
    assert len(to_tell(cli, ref)) == 6


def test_the_names_that_scripts_rely_on_stay(cli: Cli) -> None:
    ref = cli.raise_("x")
    found = cli("told", ref, "customers", "--note", "we look", "--next", "30m", "--json").json
    (told,) = found["told"]
    assert (told["party"], told["note"], told["by"], told["next_update_at"]) == (
        "customers", "we look", "ada", found["next_update_at"],
    )  # fmt: skip
    assert (told["update"], told["wording"], told["duty"]) == (None, None, None)


def test_the_ready_text_is_alone_on_stdout(cli: Cli) -> None:
    ref = critical(cli)
    assert cli("outbox", ref, "--text", "customers", "--json", code=2).error["code"] == "no_update"
    cli("update", ref, "--know", "k\x1b]52;c;AAAA\x07 {title}", "--do", "d")
    text = cli("outbox", ref, "--text", "Customers")
    assert text.out.startswith("Investigating: Shop is down\n\nSince ")
    assert "What we know: k␛]52;c;AAAA␇ {title}\n" in text.out
    assert text.err == ""
    assert cli("outbox", ref, "--text", "it").out.startswith(f"{ref} Shop is down\n")
    assert cli("outbox", ref, "--text", "it", "--json").json["party"] == "IT"
    assert "did you mean customers" in cli("outbox", ref, "--text", "custmers", code=2).err.lower()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("told", "REF"), 2),
        (("told", "REF", "customers"), 2),
        (("told", "REF", "BSI", "--duty", "NIS2 erly"), 2),
        (("update", "REF", "--know", "x"), 4),  # nobody knows to whom
        (("update", "REF", "--to", "customers", "--json"), 2),
        (("update", "REF", "--to", "customers", "--know", "x", "--wording", "solved"), 2),
        (("update", "REF", "--to", "customers", "--know", "x", "--next", "soon"), 2),
        (("outbox", "--text", "customers"), 2),
        (("regulate", "REF"), 2),
        (("regulate", "REF", "NIS9", "--aware", "-1h"), 2),
        (("regulate", "REF", "NIS2"), 2),
        (("regulate", "REF", "NIS2", "--withdraw", "too small"), 4),
        (("outbox", "INC-ZZZZZ"), 3),
    ],
)
def test_what_cannot_be_done_says_what_to_do(cli: Cli, args: tuple[str, ...], code: int) -> None:
    ref = cli.raise_("x")
    before = len(cli("log", ref, "--json").json["entries"])
    ran = cli(*(ref if each == "REF" else each for each in args), code=code)
    assert ran.out == ""
    assert ran.err.count("\n") == 2 or "--json" in args
    assert len(cli("log", ref, "--json").json["entries"]) == before


def test_it_is_written_in_an_editor_and_kept_when_it_is_refused(cli: Cli, tmp_path: Path) -> None:
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys\npath = sys.argv[1]\ntext = open(path).read()\n"
        "open(path, 'w').write(text.replace('we look', 'it is DNS').replace('do ==\\n', 'do ==\\nwe mend it'))\n"
    )
    editor = {"EDITOR": f"{sys.executable} {script}", "VISUAL": f"{sys.executable} {script}"}
    ref = critical(cli)
    (update,) = cli("update", ref, "--edit", "--know", "we look", "--json", **editor).json["updates"]
    assert (update["know"], update["do"]) == ("it is DNS", "we mend it")
    refused = cli("update", cli.raise_("x"), "--edit", "--know", "we look", "--json", code=4, **editor).error["message"]
    kept = Path(refused.rpartition("kept in ")[2])
    assert "it is DNS" in kept.read_text()


def test_a_drill_says_that_nobody_is_told(cli: Cli) -> None:
    ref = critical(cli)
    cli("set", ref, "drill=yes")
    ran = cli("update", ref, "--know", "x")
    assert "a drill: nobody is told" in ran.err
    assert cli("outbox", ref, "--text", "customers").out.startswith("This is a drill, nothing is wrong.")
    found = cli("outbox", ref, "--json").json
    assert (found["to_tell"], found["nobody_because"]) == ([], "a drill: nobody is told")
    assert cli("outbox", "--json").json == {"incidents": [], "more": 0}


def test_the_outbox_of_everything_puts_first_what_is_due_first(cli: Cli) -> None:
    later, first = critical(cli), critical(cli)
    cli("told", later, *EVERYBODY, "--note", "n", "--at", "-2h")
    cli("told", first, *EVERYBODY, "--note", "n", "--at", "-3h")
    found = cli("outbox", "--json").json["incidents"]
    assert [each["ref"] for each in found] == [first, later]
    assert found[0]["to_tell"] == ["IT", "public relations", "executives", "customers", "partners", "public"]
    assert "to tell again: IT (told 3h ago, due 2h30m ago)" in cli("outbox").out
    cli("move", later, "resolved", "--note", "n")
    over = next(each for each in cli("outbox", "--json").json["incidents"] if each["ref"] == later)
    assert (over["to_tell"], {each["final"] for each in over["parties"]}) == (EVERYBODY, {True})
    assert "not that it is over" in cli("handover").out
    assert cli("handover", "--json").json["to_tell"] == [first, later]
    cli("told", later, "--all", "--note", "it is over")
    assert [each["ref"] for each in cli("outbox", "--json").json["incidents"]] == [first]


def test_clocks_run_from_one_awareness_and_stop_when_the_authority_was_told(cli: Cli) -> None:
    ref = cli.raise_("Data is gone")
    found = cli("regulate", ref, "nis2", "--aware", "-30h", "--json").json["regulatory"]
    assert [(each["duty"], each["state"]) for each in found] == [
        ("NIS2 early warning", "late"), ("NIS2 notification", "running"), ("NIS2 final report", "running"),
    ]  # fmt: skip
    cli("told", ref, "BSI", "--duty", "nis2 early", "--at", "-7h")
    shown = cli("show", ref, "--json").json
    warning = shown["regulatory"][0]
    assert (warning["state"], warning["done_to"], warning["left_s"]) == ("done", "BSI", None)
    assert from_iso(warning["due_at"]) - from_iso(warning["done_at"]) == pytest.approx(3_600_000, abs=5_000)
    assert shown["regulated"][0]["regulation"] == "NIS2"
    for said in (cli("show", ref).out, cli("regulate", ref, "--list").out):
        assert "NIS2 early warning: done 59m before" in said or "NIS2 early warning: done 1h before" in said
        assert "No legal advice" in said
    assert "NIS2 notification in 1d1" in cli("handover").out
    assert cli("handover", "--json").json["open"][0]["regulatory"][0]["duty"] == "NIS2 early warning"
    cli("regulate", ref, "NIS2", "--withdraw", "we are too small")
    assert cli("show", ref, "--json").json["regulatory"] == []


def test_the_regulations_that_are_known_are_listed(cli: Cli) -> None:
    found = cli("regulate", "--list", "--json").json["regulations"]
    assert [each["name"] for each in found] == ["DORA", "GDPR", "NIS2"]
    assert found[0]["duties"][0]["latest"] == "24 hours"
    said = cli("regulate", "--list").out
    assert "1 month after the notification. Article 23(4)(d)" in said
    assert "No legal advice" in said


def test_what_was_said_is_found_by_a_search_and_stands_on_the_timeline(cli: Cli) -> None:
    ref = critical(cli)
    cli("update", ref, "--know", "zebras on the line", "--wording", "mon")
    cli("regulate", ref, "DORA", "--aware", "-1h", "--classified", "-1h")
    cli("told", ref, "BaFin", "--duty", "DORA initial notification")
    for word in ("zebras", "monitoring", "dora", "bafin"):
        assert [each["ref"] for each in cli("list", word, "--json").json["incidents"]] == [ref]
    said = cli("log", ref).out
    for text in (
        "update (monitoring) for IT, legal", "DORA applies, aware since", "told BaFin (DORA initial notification)",
    ):  # fmt: skip
        assert text in said
    whats = [each["what"] for each in cli("log", ref, "--json").json["entries"]]
    assert whats[-3:] == ["update", "regulated", "told"]


def test_another_device_that_has_the_entries_says_the_same(cli: Cli) -> None:
    ref, at = critical(cli), str(cli.home / "ben.db")
    cli("import", "--database", at, stdin=cli("export").out)
    cli("update", ref, "--know", "one")
    cli("told", ref, "customers")
    cli("regulate", ref, "GDPR", "--aware", "-1h")
    cli("told", ref, "legal", "--note", "n", "--database", at, TOCSIN_USER__NAME="ben")
    cli("import", "--database", at, stdin=cli("export").out)
    cli("import", stdin=cli("export", "--database", at).out)
    here, there = (cli("outbox", ref, "--json", *args).json for args in ((), ("--database", at)))
    volatile = ("left_s",)
    for found in (here, there):
        for clock in found["regulatory"]:
            for name in volatile:
                clock.pop(name)
    assert here == there
    assert "customers" not in here["to_tell"]


def test_bad_settings_and_data_files_are_named_and_the_queue_still_opens(cli: Cli) -> None:
    ref = cli.raise_("x", "--severity", "critical")
    folder = cli.home / "config" / "tocsin"
    (folder / "regulations").mkdir(parents=True)
    bad = folder / "regulations" / "bad.toml"
    bad.write_text('name = "X"\ntitle = "Y"\n[[duties]]\nname = "n"\nto = "z"\nwithin = "soon"\n')
    for verb in (
        ("outbox",),
        ("told", ref, "x", "--note", "n"),
        ("update", ref, "--know", "x"),
        ("regulate", "--list"),
    ):
        assert f"{bad}:6: " in cli(*verb, "--json", code=7).error["message"]
    checks = {each["name"]: each for each in cli("doctor", "--json", code=1).json["checks"]}
    assert checks["parties"]["state"] == "wrong"
    assert f"{bad}:6: “soon” is no time" in checks["parties"]["says"]
    assert checks["parties"]["remedy"]
    ran = cli("show", ref)
    assert "executives: never told" in ran.out
    assert str(bad) in ran.err
    assert ref in cli().out


def test_parties_complete_themselves(cli: Cli) -> None:
    ran = cli.real(_TOCSIN_COMPLETE="bash_complete", COMP_WORDS="tocsin told INC-1 p", COMP_CWORD="3")
    assert ran.out.splitlines() == ["plain,public relations", "plain,partners", "plain,public"]


def test_the_queue_says_what_is_wrong_when_it_opens(cli: Cli) -> None:
    from app.loading import load
    from app.rules import troubles_with

    folder = cli.home / "config" / "tocsin" / "regulations"
    folder.mkdir(parents=True)
    assert troubles_with(load(cli.env)) == []
    (folder / "bad.toml").write_text("nonsense")
    assert troubles_with(load(cli.env))[0].startswith("regulations/bad.toml: ")


def test_a_duty_without_a_clock_is_recorded_and_said(cli: Cli) -> None:
    ref = cli.raise_("x")
    assert f"no clock of “NIS2 early warning” runs for {ref}" in cli("told", ref, "BSI", "--duty", "nis2 early").err
    cli("regulate", ref, "NIS2", "--aware", "-1h")
    assert cli("regulate", ref, "--list", "--json").json["regulatory"][0]["state"] == "done"


def test_an_update_for_one_party_is_not_printed_for_or_recorded_of_another(cli: Cli) -> None:
    ref = critical(cli)
    cli("update", ref, "--to", "customers", "--know", "for the shop")
    said = cli("update", ref, "--to", "IT", "--know", "internal")
    assert f"tocsin told {ref} --all, which records IT\n" in said.err
    assert "for the shop" in cli("outbox", ref, "--text", "customers").out
    for name in ("legal", "klingons"):
        refused = cli("outbox", ref, "--text", name, "--json", code=4)
        assert (refused.out, refused.error["code"]) == ("", "not_meant")
        assert "--to PARTY" in cli("told", ref, name, code=4).err
    assert cli("told", ref, "--all").err == "tocsin: recorded: IT: the update “investigating”, written 0s ago\n"
    assert "customers" in to_tell(cli, ref)
    refused = cli("told", ref, "--all", "--json", code=4)
    assert refused.error["code"] == "nobody_waits"
    assert [each["party"] for each in cli("show", ref, "--json").json["told"]] == ["IT"]
    assert "for the shop" in cli("told", ref, "customers", "--json").json["told"][-1]["note"]


def test_a_misspelt_party_is_recorded_and_said(cli: Cli) -> None:
    ref = critical(cli)
    said = cli("told", ref, "custmers", "the-mayor", "--note", "we call").err
    assert "tocsin: recorded: custmers, the-mayor: “we call”" in said
    assert "“custmers” is not in the list of parties; did you mean customers?" in said
    assert "the-mayor” is not" not in said


def test_nobody_waits_is_said_and_refused(cli: Cli) -> None:
    ref = critical(cli)
    cli("told", ref, "--all", "--note", "x")
    assert "Nobody waits to be told anything" in cli("told", ref, "--all", "--note", "x", code=4).err


def test_resolved_of_what_is_open_is_warned_of(cli: Cli) -> None:
    ref = critical(cli)
    assert f"{ref} is still open (New)" in cli("update", ref, "--know", "x", "--wording", "resolved").err
    cli("move", ref, "resolved", "--note", "n")
    assert "still open" not in cli("update", ref, "--know", "x").err


def test_regulate_says_from_when_it_counts_and_what_is_missing(cli: Cli) -> None:
    ref = cli.raise_("x")
    assert "Say when you became aware of it: --aware TIME." in cli("regulate", ref, "DORA", code=2).err
    said = cli("regulate", ref, "dora", "--aware", "2026-01-02T03:04Z", "--classified", "2026-01-02T05:06Z").err
    assert said == "tocsin: DORA applies, aware since 2026-01-02 03:04 UTC, classified 2026-01-02 05:06 UTC\n"
    assert "The reason must not be blank" in cli("regulate", ref, "DORA", "--withdraw", "", code=2).err
    assert cli("regulate", ref, "DORA", "--withdraw", "too small").err.startswith("No regulation applies")
