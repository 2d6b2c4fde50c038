"""How the timers of escalation paths are written. Each reader says what is allowed."""

from __future__ import annotations

from collections.abc import Mapping

from domain.durations import short
from domain.errors import Mistake
from domain.oncall.reading import Unreadable
from domain.oncall.services import ACKNOWLEDGED, ANY, RESOLVED, Timers
from domain.times import DAY, MINUTE, parse_duration
from domain.vocabulary import PRIORITIES, nearest

MOST_REPEATS = 20
_NEVER = "never"
_KEYS = ("who", "after")


def timers(given: str | Mapping[str, str]) -> Timers:
    """Return how long a level stands, ms by priority, of `15m`, `never` or `{P1 = "5m", P2 = "15m", other = "1h"}`.

    Raises:
        Unreadable: It is none of these; names what is wrong.
    """
    if isinstance(given, str):
        return {ANY: found} if given.strip() and (found := _stands(given)) else {}
    found_by: dict[str, int] = {}
    for word, text in given.items():
        priority = ANY if word.strip().lower() == "other" else word.strip().upper()
        if priority not in (*PRIORITIES, ANY):
            raise Unreadable(f"there is no priority “{word}”", f"Choose from: {', '.join(PRIORITIES)}, other.")
        if stands := _stands(text):
            found_by[priority] = stands
    return found_by


def in_words(given: Timers) -> str:
    """Return timers as they are written: `15m`, or `P1 5m, other 15m`; empty for none."""
    if set(given) == {ANY}:
        return short(given[ANY])
    return ", ".join(f"{name or 'other'} {short(given[name])}" for name in sorted(given, key=lambda one: one or "z"))


def _stands(text: str) -> int:
    """Return ms, 0 for `never`."""
    remedy = "Write it as 15m or 1h30m, between 1m and 30d; or never."
    if text.strip().lower() == _NEVER:
        return 0
    try:
        found = parse_duration(text.strip())
    except Mistake as error:
        raise Unreadable(f"“{text}” is not how long a level stands", remedy) from error
    if not MINUTE <= found <= 30 * DAY:
        raise Unreadable(f"a level cannot stand for “{text}”", remedy)
    return found


def until(word: str) -> str:
    """Return what ends a path; raises `Unreadable`."""
    if word.strip().lower() in (ACKNOWLEDGED, RESOLVED):
        return word.strip().lower()
    raise Unreadable(f"“{word}” ends no path", f"Choose from: {ACKNOWLEDGED}, {RESOLVED}.")


def repeat(times: int) -> int:
    """Return how often a path begins again; raises `Unreadable`."""
    if not 0 <= times <= MOST_REPEATS:
        raise Unreadable(f"a path cannot begin again {times} times", f"Give 0 to {MOST_REPEATS}.")
    return times


def level(given: Mapping[str, str]) -> Timers | None:
    """Return how long the level of a table `{who = "rota:db", after = "15m"}` stands; None when it does not say.

    Raises:
        Unreadable: It has another key, or its time is none.
    """
    for key in given:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            remedy = f"Did you mean {near}?" if near else f"A level has: {', '.join(_KEYS)}."
            raise Unreadable(f"a level has no “{key}”", remedy)
    return timers(given["after"]) if "after" in given else None
