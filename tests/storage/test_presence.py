"""Who has what open, as other processes see it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from storage.presence import Presence

_HOLD = """
from storage.presence import Presence
here = Presence(path, arguments[0])
here.show(arguments[1])
print("open", flush=True)
sys.stdin.readline()
here.close()
print("closed", flush=True)
sys.stdin.readline()
"""


Child = Callable[..., "subprocess.Popen[str]"]


def hold(child: Child, author: str, incident: str) -> subprocess.Popen[str]:
    started = child(_HOLD, author, incident)
    assert started.stdout is not None
    assert started.stdout.readline() == "open\n"
    return started


def test_others_are_seen_and_oneself_is_not(child: Child, path: Path) -> None:
    path.parent.mkdir()
    mine = Presence(path, "ana")
    mine.show("one")
    assert mine.others() == {}
    started = [hold(child, author, incident) for author, incident in (("bo", "one"), ("cy", "one"), ("di", "two"))]
    assert mine.others() == {"one": ["bo", "cy"], "two": ["di"]}
    leaving = started[0]
    assert leaving.stdin is not None
    assert leaving.stdout is not None
    leaving.stdin.write("\n")
    leaving.stdin.flush()
    assert leaving.stdout.readline() == "closed\n"
    assert mine.others() == {"one": ["cy"], "two": ["di"]}
    mine.close()


def test_who_died_is_forgotten(child: Child, path: Path) -> None:
    path.parent.mkdir()
    started = hold(child, "bo", "one")
    mine = Presence(path, "ana")
    assert mine.others() == {"one": ["bo"]}
    started.kill()
    started.wait()
    assert mine.others() == {}
    assert list(path.with_name(f"{path.name}.open").iterdir()) == []


def test_where_nothing_can_be_written_nothing_is_said(tmp_path: Path) -> None:
    nowhere = Presence(tmp_path / "missing" / "tocsin.db", "ana")
    nowhere.show("one")
    assert nowhere.others() == {}
    nowhere.close()
