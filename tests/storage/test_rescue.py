"""The last resort: a text goes to the first folder that takes it, whatever its characters."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest

from storage.rescue import rescue


def test_the_first_folder_that_takes_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = rescue("what I typed\r\n", [tmp_path / "none", tmp_path / "file", tmp_path])
    assert place is not None
    assert place.parent == tmp_path
    assert place.read_bytes() == b"what I typed\r\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert place.suffix == ".md"


def test_two_texts_are_two_files(tmp_path: Path) -> None:
    assert rescue("a", [tmp_path]) != rescue("b", [tmp_path])


@pytest.mark.parametrize("text", ["\ud800", "half a \udcff byte", "a\0b", "", "日本語 ☃"])
def test_every_text_is_taken(tmp_path: Path, text: str) -> None:
    place = rescue(text, [tmp_path])
    assert place is not None
    assert place.read_bytes() == text.encode("utf-8", "backslashreplace")


def test_the_temporary_folder_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = rescue("text", [])
    assert place is not None
    assert place.parent == tmp_path


def test_no_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert rescue("text", [tmp_path / "nor this"]) is None


def test_a_device_that_is_full_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = tmp_path / "full"
    full.mkdir()

    def no_room(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    monkeypatch.setattr(tempfile, "tempdir", str(full))
    assert rescue("text", [tmp_path]) is None
    assert [*full.iterdir(), *(each for each in tmp_path.iterdir() if each != full)] == []
