"""The pages made from the code are current, and every JSON key and every setting is described."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.cli.reference import pages
from app.cli.settings_reference import every_setting, template
from app.cli.version import VERSION
from app.settings import Settings

if TYPE_CHECKING:
    from conftest import Cli

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["cli.md", "tocsin.1", "settings.md"])
def test_a_generated_page_is_current(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page == pages()[name], "run: python -m app.cli.reference"


def test_the_version_is_the_distributions() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def names(value: Any, prefix: str = "") -> Iterator[str]:
    for each in fields(value):
        inner = getattr(value, each.name)
        if is_dataclass(inner):
            yield from names(inner, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}"


def test_every_setting_is_described() -> None:
    found = {setting.name: setting.meaning for setting in every_setting()}
    assert list(names(Settings())) == list(found)
    assert [name for name, meaning in found.items() if not meaning] == []


def test_the_first_settings_file_changes_nothing_and_can_be_uncommented() -> None:
    assert {key for key, value in tomllib.loads(template()).items() if value not in ({}, {"alertmanager": {}})} == set()
    uncommented = re.sub(r"^# (\w+ = )", r"\1", template(), flags=re.MULTILINE)
    read = tomllib.loads(uncommented)
    assert read["display"]["zone"] == "local"
    assert read["ingest"]["alertmanager"]["priorities"]["critical"] == "P1"
    assert read["views"][0] == {"name": "open", "query": "status:open"}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            # Below a payload, custom fields and settings the names are the users' own, or described by kind.
            if key not in ("custom", "settings", "durations_ms"):
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_json_key_is_described(cli: Cli) -> None:
    page = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("json.md", "hooks.md"))
    described = set(re.findall(r"[`\"]([a-z_]+)[`\"]", page))
    described |= set(re.findall(r"`([a-z_]+)`", page))
    missing = {key for document in documents(cli) for key in keys(document)} - described
    assert missing == set()


def documents(cli: Cli) -> Iterator[Any]:
    """Yield one document of every kind that a run prints."""
    ref = cli("raise", "one", "--tag", "t", "--resource", "r:low", "--originator", "o", "--priority", "P1").out.strip()
    other = cli.raise_("two")
    writes = (
        ("note", ref, "n"), ("ack", ref), ("take", other), ("assign", ref, "bob", "--as", "scribe"),
        ("link", ref, other, "--relation", "prior", "--cause", "c", "--action", "a"), ("set", ref, other, "custom.a=b"),
        ("follow-up", ref, "f", "--owner", "me", "--due", "2w"), ("move", ref, "validated"), ("mitigate", ref),
        ("update", other, "--know", "k", "--to", "customers"), ("told", other, "customers"),
        ("regulate", other, "NIS2", "--aware", "-1h"), ("regulate", "--list"), ("outbox",), ("handover",),
        ("outbox", other), ("outbox", other, "--text", "customers"), ("undo", other),
        ("run", ref, "--", "true"), ("undo", other), ("move", ref, "resolved", "--note", "n"),
        ("move", ref, "validated", "--reason", "r"), ("move", ref, "other", "--label", "l", "--note", "n"),
    )  # fmt: skip
    for args in writes:
        yield cli(args[0], "--json", *args[1:]).json
    reads = (
        ("show", ref), ("log", ref), ("list",), ("postmortem", ref), ("verify",), ("config", "show"),
        ("config", "path"), ("config", "init"), ("backup", str(cli.home / "b")), ("restore", str(cli.home / "b")),
        ("export", "-o", str(cli.home / "e")), ("import", str(cli.home / "e")), ("--version",),
        ("postmortem", ref, "--export", "md", "-o", str(cli.home / "p")),
    )  # fmt: skip
    for args in reads:
        yield cli(*args, "--json").json
    yield cli("doctor", "--json", code=None).json
    hook = cli.home / "config" / "tocsin" / "hooks" / "post-record"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\ncat\n")
    hook.chmod(0o755)
    yield cli("hooks", "list", "--json").json
    tried = cli("hooks", "test", "--json").json
    yield from (tried, json.loads(tried["hooks"][0]["stdout"]))
    hook.unlink()
    yield cli("demo", "--json", "--print-path", "--database", str(cli.home / "demo.db")).json
    yield cli("ingest", "json", "--json", stdin='{"title": "x"}').json
    yield {"error": cli("show", "ZZZZZZ", "--json", code=3).error}
    layer = '{"people": ["ada", "ben"], "start": "2026-11-02", "days": ["mon"]}'
    rotas, services = f'{{"web": {{"layers": [{layer}]}}}}', '{"shop": {"rota": "web"}}'
    for at in ("2026-11-02T12:00Z", "2026-11-03T12:00Z"):
        yield cli("oncall", "--json", "--at", at, TOCSIN_ROTAS=rotas, TOCSIN_SERVICES=services).json
