"""The machine's own zone: every moment as the zone data has it, also across the changes of the clocks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.localzone import LocalZone
from domain.times import HOUR, LATEST, parse_moment, stamp

SPRING, AUTUMN = 1_774_746_000, 1_792_890_000  # s; 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC
NAMES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


@pytest.fixture
def live_in() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    time.tzset()


@pytest.mark.parametrize("name", NAMES)
@given(at=st.one_of(st.integers(0, 2**31), *(st.integers(s - 7_200, s + 7_200) for s in (SPRING, AUTUMN))))
def test_it_agrees_with_the_zone_data(name: str, at: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        ours, theirs = (datetime.fromtimestamp(at, zone) for zone in (LocalZone(), ZoneInfo(name)))
    assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    assert ours.fold == theirs.fold


def test_a_stamp_has_the_offset_of_its_own_day(live_in: pytest.MonkeyPatch) -> None:
    live_in.setenv("TZ", "Europe/Berlin")
    time.tzset()
    zone = LocalZone()
    assert stamp((AUTUMN - 1) * 1000, zone) == "2026-10-25 02:59 CEST"
    assert stamp(AUTUMN * 1000, zone) == "2026-10-25 02:00 CET"
    assert stamp(SPRING * 1000, zone) == "2026-03-29 03:00 CEST"
    summer = datetime(2026, 7, 1, 12, tzinfo=zone)
    assert summer.utcoffset() == timedelta(hours=2)
    assert summer.astimezone(UTC).hour == 10


def test_a_time_that_is_typed_is_that_of_its_day(live_in: pytest.MonkeyPatch) -> None:
    live_in.setenv("TZ", "Europe/Berlin")
    time.tzset()
    typed = parse_moment("2026-07-01T12:00", AUTUMN * 1000 + 100 * HOUR, LocalZone())
    assert typed == datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp() * 1000


def test_a_rule_instead_of_a_name(live_in: pytest.MonkeyPatch) -> None:
    live_in.setenv("TZ", "XST-1XDT,M3.5.0,M10.5.0/3")
    time.tzset()
    assert [stamp(s * 1000, LocalZone())[11:] for s in (AUTUMN - 1, AUTUMN)] == ["02:59 XDT", "02:00 XST"]


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/New_York"])
def test_the_end_of_the_calendar_is_no_error(live_in: pytest.MonkeyPatch, name: str) -> None:
    live_in.setenv("TZ", name)
    time.tzset()
    assert stamp(LATEST, LocalZone()).startswith("9999-12-31")
    assert stamp(0, LocalZone())[:4] in ("1970", "1969")


def test_now_has_an_offset(live_in: pytest.MonkeyPatch) -> None:
    live_in.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    assert LocalZone().utcoffset(None) == timedelta(hours=5, minutes=45)
    assert LocalZone().dst(None) is None
