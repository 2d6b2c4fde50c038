"""`doctor`, `config`, `postmortem` and `demo`."""

from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli


def test_a_healthy_house(cli: Cli) -> None:
    cli.raise_()
    found = cli("doctor", "--json").json
    assert found["ok"] is True
    names = {check["name"] for check in found["checks"]}
    assert {
        "versions",
        "terminal",
        "colours",
        "settings",
        "keys",
        "sla",
        "data",
        "state",
        "SQLite",
        "store",
        "clock",
    } <= names
    assert "1 incidents" in cli("doctor").out


def test_what_is_wrong_has_a_remedy_and_exit_code_1(cli: Cli) -> None:
    cli.raise_()
    (cli.home / "data/tocsin/tocsin.db").chmod(0o644)
    wrong = [check for check in cli("doctor", "--json", code=1).json["checks"] if check["state"] == "wrong"]
    assert [(check["name"], "chmod 600" in check["remedy"]) for check in wrong] == [("rights", True)]


def test_a_broken_part_does_not_hide_the_others(cli: Cli) -> None:
    text = cli.home / "text"
    text.write_text("x" * 5000)
    text.chmod(0o600)
    checks = {c["name"]: c for c in cli("doctor", "--database", str(text), "--json", code=1).json["checks"]}
    assert checks["store"]["state"] == "wrong"
    assert checks["SQLite"]["state"] == "ok"
    config = cli.home / "config.toml"
    config.write_text("nonsense")
    checks = {c["name"]: c for c in cli("doctor", "--config", str(config), "--json", code=1).json["checks"]}
    assert (checks["settings"]["state"], checks["versions"]["state"]) == ("wrong", "ok")


def test_clashing_keys_are_found(cli: Cli) -> None:
    config = cli.home / "config.toml"
    config.write_text('[keys]\n"queue.acknowledge" = "t"\n')
    checks = [c for c in cli("doctor", "--config", str(config), "--json", code=1).json["checks"] if c["name"] == "keys"]
    assert checks[0]["state"] == "wrong"


def test_settings_say_where_they_come_from(cli: Cli) -> None:
    config = cli.home / "config.toml"
    config.write_text("[lifecycle]\nstrict = true\n")
    found = cli("config", "show", "--config", str(config), "--json").json
    assert found["file"] == str(config)
    assert found["settings"]["lifecycle.strict"] == {"value": True, "origin": str(config)}
    assert found["settings"]["user.name"] == {"value": "ada", "origin": "TOCSIN_USER__NAME"}
    assert found["settings"]["display.theme"]["origin"] == "default"
    assert f"lifecycle.strict = true  # {config}" in cli("config", "show", "--config", str(config)).out


def test_a_first_settings_file_is_written_once(cli: Cli) -> None:
    path = cli.home / "config/tocsin/config.toml"
    assert cli("config", "path").out == f"{path}\n"
    assert cli("config", "init", "--json").json == {"config": str(path)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "display" in tomllib.loads(path.read_text())
    assert cli("config", "init", "--json", code=1).error["code"] == "exists"
    assert cli("config", "show", "--json").json["settings"]["display.ascii"]["origin"] == "default"
    other = cli.home / "new/other.toml"
    assert cli("config", "init", "--config", str(other)).out == f"{other}\n"


def test_a_post_mortem_is_shown_edited_exported_and_published(cli: Cli) -> None:
    ref = cli.raise_("Disk full", "--priority", "P1")
    shown = cli("postmortem", ref).out
    assert shown.startswith("# Disk full\n")
    edited = shown.replace("## Summary\n", "## Summary\n\nThe disk was full.\n")
    found = cli("postmortem", ref, "--edit", "--json", stdin=edited).json
    summary = next(section for section in found["sections"] if section["id"] == "summary")
    assert (summary["text"].startswith("The disk was full."), summary["written"]) == (True, True)
    assert "Nothing was changed" in cli("postmortem", ref, "--edit", stdin=cli("postmortem", ref).out).err
    target = cli.home / "pm.md"
    cli("postmortem", ref, "--export", "md", "-o", str(target))
    assert "The disk was full." in target.read_text()
    assert cli("postmortem", ref, "--export", "json").json["ref"] == ref
    assert cli("postmortem", ref, "--publish", "--json", code=4).error["code"] == "transition"
    cli("move", ref, "resolved", "--note", "n")
    assert cli("postmortem", ref, "--publish", "--json").json["published_at"]
    assert cli("move", ref, "closed", "--json").json["phase"] == "Closed"


def test_formats_of_a_later_version_are_refused(cli: Cli) -> None:
    ref = cli.raise_()
    for form in ("html", "pdf"):
        assert "later version" in cli("postmortem", ref, "--export", form, "--json", code=2).error["message"]
    assert cli("postmortem", ref, "-o", "x", "--json", code=2).error["code"] == "usage"
