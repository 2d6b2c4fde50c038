"""Durations for people; apart from `domain.times`, because the first frame needs these and no calendar."""

from __future__ import annotations


def short(ms: int) -> str:
    """Return a duration in at most two units, e.g. `40s`, `12m`, `2h13m`, `3d4h`."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 60:
        return f"{minutes}m"
    if hours < 24:
        return f"{hours}h{minutes % 60:02d}m" if minutes % 60 else f"{hours}h"
    if days < 14:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 1000 else f"{days // 365}y"


def age(ms: int) -> str:
    """Return a duration in one unit and at most four cells, for a list: `40s`, `12m`, `2h`, `3d`, `9w`, `2y`."""
    seconds = max(0, ms) // 1000
    steps = ((60, 1, "s"), (3600, 60, "m"), (86_400, 3600, "h"), (864_000, 86_400, "d"), (31_536_000, 604_800, "w"))
    for limit, unit, letter in steps:
        if seconds < limit:
            return f"{seconds // unit}{letter}"
    return f"{seconds // 31_536_000}y"


def spoken(ms: int) -> str:
    """Return a duration in one unit, as a sentence has it: `40 s`, `14 min`, `2 h`, `3 d`."""
    seconds = max(0, ms) // 1000
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "min"), (2 * 86_400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {name}"
    return f"{seconds // 86_400} d"
