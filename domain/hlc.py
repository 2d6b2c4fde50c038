"""Hybrid logical clock: 48 bits of milliseconds and a 16-bit counter in one integer.

It sorts and breaks ties; it never decides which of two values is newer (that is what `over` is for).
"""

from __future__ import annotations

from domain.limits import FUTURE_MS

_COUNTER = 16
_MASK = (1 << _COUNTER) - 1


def tick(last: int, now_ms: int) -> int:
    """Return the next stamp after `last`; never smaller, whatever the wall clock does."""
    return max(last + 1, now_ms << _COUNTER)


def receive(last: int, theirs: int, now_ms: int) -> int:
    """Return `last` advanced by a stamp from elsewhere, unless that one is more than 24 hours ahead."""
    if millis(theirs) > now_ms + FUTURE_MS:
        return last
    return max(last, theirs)


def millis(stamp: int) -> int:
    """Return the wall-clock part of a stamp, in milliseconds since 1970."""
    return stamp >> _COUNTER


def counter(stamp: int) -> int:
    """Return the logical part of a stamp."""
    return stamp & _MASK
