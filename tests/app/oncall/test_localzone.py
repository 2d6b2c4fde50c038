"""The machine's own zone knows its changes of the clocks, whatever of it can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.oncall.localzone import local_zone

SUMMER, WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def offsets(environ: dict[str, str], file: Path) -> list[timedelta | None]:
    return [each.astimezone(local_zone(environ, file)).utcoffset() for each in (SUMMER, WINTER)]


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin"])
def test_the_variable_wins(tmp_path: Path, name: str) -> None:
    assert offsets({"TZ": name}, tmp_path / "none") == [timedelta(hours=2), timedelta(hours=1)]


def test_else_the_machines_file_is_read(tmp_path: Path) -> None:
    import importlib.resources

    data = importlib.resources.files("tzdata.zoneinfo").joinpath("America", "New_York").read_bytes()
    (tmp_path / "localtime").write_bytes(data)
    assert offsets({}, tmp_path / "localtime") == [timedelta(hours=-4), timedelta(hours=-5)]


@pytest.mark.parametrize("data", [None, b"", b"nonsense"])
def test_what_cannot_be_read_leaves_the_offset_that_holds_now(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "localtime").write_bytes(data)
    now = datetime.now(UTC).astimezone().utcoffset()
    assert offsets({}, tmp_path / "localtime") == [now, now]
    assert offsets({"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}, tmp_path / "localtime") == [now, now]
