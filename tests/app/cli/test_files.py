"""`export`, `import`, `backup`, `restore`, `verify`, two writers at once, and a full disk."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def test_an_export_imports_as_an_equal_store(cli: Cli) -> None:
    ref = cli.raise_("x", "--tag", "\u202e“t”")
    cli("note", ref, "\x9btext")
    exported = cli("export").out
    other = str(cli.home / "other.db")
    assert cli("import", "--database", other, "--json", stdin=exported).json == {"read": 3, "new": 3}
    assert cli("import", "-", "--database", other, "--json", stdin=exported).json == {"read": 3, "new": 0}
    assert cli("show", ref, "--database", other, "--json").json == cli("show", ref, "--json").json
    assert [json.loads(line) for line in cli("export", "--database", other).out.splitlines()] == [
        json.loads(line) for line in exported.splitlines()
    ]


def test_an_export_goes_to_a_new_file(cli: Cli) -> None:
    ref = cli.raise_("wanted", "--tag", "db")
    cli.raise_("other")
    target = cli.home / "export.jsonl"
    assert cli("export", "tag:db", "-o", str(target), "--json").json == {"file": str(target), "entries": 2}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert cli("export", "-o", str(target), "--json", code=1).error["code"] == "system"
    assert cli("import", str(target), "--database", str(cli.home / "o.db")).out.startswith("2 entries")
    assert cli("show", ref, "--database", str(cli.home / "o.db"), "--json").json["title"] == "wanted"
    assert cli("export", "--json", code=2).error["code"] == "usage"


def test_a_broken_import_names_the_line(cli: Cli) -> None:
    assert cli("import", "--json", stdin="nonsense", code=7).error["code"] == "bad_export"
    assert cli("import", str(cli.home / "missing"), "--json", code=1).error["code"] == "system"


def test_a_backup_restores(cli: Cli) -> None:
    ref = cli.raise_()
    target = cli.home / "backup.db"
    found = cli("backup", str(target), "--json").json
    assert found == {"file": str(target), "bytes": target.stat().st_size}
    assert cli("backup", str(target), "--json", code=1).error["code"] == "not_writable"
    lost = cli.raise_("after the backup")
    kept = cli("restore", str(target), "--yes", "--json").json["kept"]
    assert cli("list", "--json").json["incidents"][0]["ref"] == ref
    assert cli("show", lost, code=3)
    assert cli("show", lost, "--database", kept, "--json").json["ref"] == lost
    cli("restore", str(cli.home / "missing"), code=2)


def test_what_is_no_store_is_refused(cli: Cli) -> None:
    text = cli.home / "text"
    text.write_text("x" * 5000)
    for args in (("list",), ("raise", "x"), ("verify",)):
        assert cli(*args, "--database", str(text), "--json", code=7).error["code"] == "unusable"
    assert cli("restore", str(text), "--yes", "--json", code=7).error["code"] == "unusable"
    newer = cli.home / "newer.db"
    cli("raise", "x", "--database", str(newer))
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    assert cli("list", "--database", str(newer), "--json", code=7).error["code"] == "newer_schema"


def test_verify_finds_what_was_tampered_with_and_rebuild_mends_what_is_computed(cli: Cli) -> None:
    ref = cli.raise_()
    assert cli("verify", "--json").json == {
        "ok": True, "incidents": 1, "entries": 1, "devices": 1, "rebuilt": None, "problems": [],
    }  # fmt: skip
    path = cli.home / "data/tocsin/tocsin.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE incident SET title = 'lie'")
    connection.close()
    assert cli("verify", "--json", code=1).json["problems"]
    assert cli("verify", "--rebuild", "--json").json["rebuilt"] == 1
    assert cli("show", ref, "--json").json["title"] == "Disk full"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entry SET body = replace(body, 'Disk', 'Disc')")
    connection.close()
    assert "changed after it was written" in cli("verify", code=1).out


def test_two_processes_write_at_once(cli: Cli) -> None:
    ref = cli.raise_()
    program = (
        "import sys, tocsin; from app.cli.root import tocsin\n"
        "codes = [tocsin.run(['note', sys.argv[1], f'{sys.argv[2]} {n}']) for n in range(20)]\n"
        "sys.exit(any(codes))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, ref, name], env=cli.real_env()) for name in ("one", "two")
    ]
    assert [process.wait(100) for process in running] == [0, 0]
    texts = [e["payload"]["text"] for e in cli("log", ref, "--json").json["entries"] if e["kind"] == "note"]
    assert sorted(texts) == sorted(f"{name} {n}" for name in ("one", "two") for n in range(20))
    cli("verify")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_loses_nothing_that_was_typed(cli: Cli, small_disk: Path) -> None:
    database = str(small_disk / "t.db")
    ref = cli("raise", "x", "--database", database).out.strip()
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    text = "what I saw " * 2000
    ran = cli("note", ref, text, "--database", database, "--json", code=1)
    (kept,) = cli.state.glob("tocsin-rescued-*")
    assert kept.read_text() == text
    assert (ran.error["code"], str(kept) in ran.error["message"]) == ("not_writable", True)
    filler.unlink()
    cli("note", ref, "-", "--database", database, stdin=kept.read_text())
    cli("verify", "--database", database)
    assert len(cli("log", ref, "--database", database, "--json").json["entries"]) == 2
