"""How a store stands with a remote, in a few true words."""

from __future__ import annotations

from typing import NamedTuple

from domain.durations import spoken

CLOCK_OFF_MS = 30_000
"""From this difference on a clock is worth a word: times of one person would seem out of order to another."""
STATES = ("in_sync", "behind", "offline", "refused")


class Standing(NamedTuple):
    """What is known of one remote.

    Attributes:
        state: `in_sync`, `behind`, `offline`, `refused`, or `new` before the first exchange.
        since: When the state began, ms.
        waiting: Entries that the remote is not known to have.
        ahead: How far its clock is ahead of this one's, ms; None when unknown.
        error: What was wrong at the last attempt.
    """

    name: str
    state: str
    since: int
    waiting: int
    ahead: int | None = None
    error: str = ""


def words(standing: Standing, now: int, *, ascii_only: bool = False) -> str:
    """Return the sync line: `✓ in sync`, `offline 14 min · 9 waiting`, `hub clock 2 h ahead`."""
    dot, check, up = (" - ", "ok ", "^") if ascii_only else (" · ", "✓ ", "↑")
    parts = [_state(standing, now, check, up)]
    if standing.waiting and standing.state not in ("in_sync", "behind", "new"):
        parts.append(f"{standing.waiting:,} waiting")
    if standing.ahead is not None and abs(standing.ahead) >= CLOCK_OFF_MS:
        side = "ahead" if standing.ahead > 0 else "behind"
        parts.append(f"{standing.name} clock {spoken(abs(standing.ahead))} {side}")
    return dot.join(parts)


def _state(standing: Standing, now: int, check: str, up: str) -> str:
    if standing.state in ("in_sync", "behind", "new") and standing.waiting:
        return f"{up}{standing.waiting:,} waiting"
    if standing.state == "in_sync":
        return f"{check}in sync"
    if standing.state == "offline":
        return f"offline {spoken(max(0, now - standing.since))}"
    if standing.state == "refused":
        return f"{standing.name} refuses"
    return f"{standing.name}: not in sync yet"


def alarming(standing: Standing) -> bool:
    """Say whether the line wants to be noticed: something is in the way, not only time."""
    return standing.state in ("offline", "refused")
