"""The sync line says the truth in few words."""

from __future__ import annotations

import pytest

from domain.standing import Standing, alarming, words

NOW = 1_795_000_000_000
MINUTE, HOUR = 60_000, 3_600_000


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing("hub", "in_sync", NOW, 0), "✓ in sync"),
        (Standing("hub", "in_sync", NOW, 3), "↑3 waiting"),
        (Standing("hub", "behind", NOW, 1204), "↑1,204 waiting"),
        (Standing("hub", "offline", NOW - 14 * MINUTE, 9), "offline 14 min · 9 waiting"),
        (Standing("hub", "offline", NOW - 2 * HOUR, 0), "offline 2 h"),
        (Standing("hub", "offline", NOW + 5 * MINUTE, 0), "offline 0 s"),
        (Standing("hub", "refused", NOW, 2), "hub refuses · 2 waiting"),
        (Standing("hub", "new", NOW, 0), "hub: not in sync yet"),
        (Standing("hub", "new", NOW, 5), "↑5 waiting"),
        (Standing("hub", "in_sync", NOW, 0, 2 * HOUR), "✓ in sync · hub clock 2 h ahead"),
        (Standing("hub", "in_sync", NOW, 0, -31_000), "✓ in sync · hub clock 31 s behind"),
        (Standing("hub", "in_sync", NOW, 0, 29_000), "✓ in sync"),
    ],
)
def test_words(standing: Standing, expected: str) -> None:
    assert words(standing, NOW) == expected
    assert words(standing, NOW, ascii_only=True).isascii()


def test_only_trouble_is_alarming() -> None:
    found = [
        state for state in ("new", "in_sync", "behind", "offline", "refused") if alarming(Standing("", state, 0, 1))
    ]
    assert found == ["offline", "refused"]
