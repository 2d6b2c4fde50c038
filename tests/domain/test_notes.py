"""Notes that say when they happened."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadTime
from domain.notes import split_when
from domain.times import HOUR, MINUTE, from_iso

NOW = from_iso("2026-11-21T15:00:00Z")


@pytest.mark.parametrize(
    ("text", "at", "rest"),
    [
        ("@14:05 full", from_iso("2026-11-21T14:05:00Z"), "full"),
        ("@14:05:30\nfull", from_iso("2026-11-21T14:05:30Z"), "full"),
        ("@23:50 yesterday", from_iso("2026-11-20T23:50:00Z"), "yesterday"),
        ("-12m full", NOW - 12 * MINUTE, "full"),
        ("  -1h30m  full", NOW - HOUR - 30 * MINUTE, "full"),
        ("@2026-11-20T10:00Z then", from_iso("2026-11-20T10:00:00Z"), "then"),
        ("@2026-11-20 then", from_iso("2026-11-20T00:00:00Z"), "then"),
        ("-12m", NOW - 12 * MINUTE, ""),
    ],
)
def test_a_moment_at_the_beginning_is_read(text: str, at: int, rest: str) -> None:
    assert split_when(text, NOW, UTC) == (at, rest)


@pytest.mark.parametrize(
    "text", ["", "full", "@ada look", "- a list", "-12 apples", "-12mm", "see @14:05", "@14:05pm x"]
)
def test_other_texts_stay_whole(text: str) -> None:
    assert split_when(text, NOW, UTC) == (None, text)


@pytest.mark.parametrize("text", ["@25:00 x", "@12:61 x", "@2026-13-01 x", "@2027-01-01 x"])
def test_a_moment_that_cannot_be_is_named(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        split_when(text, NOW, UTC)
    assert text.split(maxsplit=1)[0][1:] in caught.value.message


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    try:
        at, rest = split_when(text, NOW, UTC)
    except BadTime:
        return
    assert text.endswith(rest)
    assert (at is None) == (rest == text)
