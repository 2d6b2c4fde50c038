"""How long to wait before asking a remote again: full jitter, so that a team's devices do not all come at once."""

from __future__ import annotations

from collections.abc import Callable

FIRST, LONGEST = 1.0, 60.0  # seconds


def pause(failures: int, random: Callable[[], float], asked: float = 0.0) -> float:
    """Return the seconds to wait after so many failures in a row.

    Args:
        failures: 1 after the first.
        random: Gives a number from 0 up to 1.
        asked: What the remote wants at the least (`Retry-After`).
    """
    ceiling = min(LONGEST, FIRST * 2.0 ** min(max(failures, 1) - 1, 10))
    return max(min(asked, 3600.0), ceiling * random())
