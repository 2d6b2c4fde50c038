from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import parse

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """The tiny program under the name and with the arguments of the real command."""
    path = tmp_path / "tocsin"
    path.write_text(f"#!{sys.executable}\n" + TINY.read_text(encoding="utf-8"), encoding="utf-8")
    path.chmod(0o755)
    return path


def run(tmp_path: Path, command: Path, only: str) -> tuple[int, str, str]:
    argv = f"--rounds 1 --idle 0.2 --incidents 5,20 --size 80x24 --only {only}".split()
    paths = ["--tocsin", str(command), "--cache", str(tmp_path / "stores"), "--json", str(tmp_path / "out.json")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *argv, *paths], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_the_programs_are_measured_side_by_side(tmp_path: Path, command: Path) -> None:
    code, out, error = run(tmp_path, command, "sigterm,version")
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (document["problems"], code) == ({}, 1), error
    assert document["figures"]["sigterm"]["broken"] == ["hello", "datatable", "large"]
    assert document["figures"]["sigterm"]["met"] is False
    assert document["figures"]["version"]["ratio"] > 0
    assert len(document["samples"]["large.version"]) == len(document["samples"]["large.python"])
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["SIGTERM,", "tocsin"]


def test_a_command_that_cannot_start_leaves_dashes_and_says_why(tmp_path: Path) -> None:
    code, out, error = run(tmp_path, tmp_path / "absent", "hang-up")
    assert code == 1
    row = next(line for line in out.splitlines() if line.startswith("line drops"))
    assert row.split().count("-") == 3
    assert "absent cannot be started: No such file or directory" in error


def test_an_unknown_figure_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--only", "speed"])
    assert "there is no figure 'speed'" in capsys.readouterr().err
