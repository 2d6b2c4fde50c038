"""What a hook's end is in words, with nothing of its output that a terminal would obey."""

from __future__ import annotations

from app.hooks.process import Ended
from domain.text import one_line

_LINES, _WIDEST = 3, 200  # of a reason: so many lines, each cut to so many characters


def answered(ended: Ended) -> bool:
    """Say whether a hook ended by itself with an exit code."""
    return ended.how == "ended" and ended.code is not None and ended.code >= 0


def reason_of(ended: Ended) -> str:
    """Return why a hook refused: the first lines of its stderr, on one line."""
    return "; ".join(_first_lines(ended.err)) or f"exit code {ended.code}, and it gave no reason"


def trouble_of(name: str, ended: Ended, seconds: float) -> str:
    """Return what was wrong with a run, empty when nothing was.

    Args:
        name: The hook's.
        ended: How it ended.
        seconds: The time it was given.
    """
    if ended.how == "over":
        return f"{name} took longer than {seconds:g} s and was stopped"
    if ended.how == "stopped":
        return f"{name} was stopped because tocsin leaves"
    first = "; ".join(_first_lines(ended.err)[:1])
    if ended.how == "not_started":
        return f"{name} could not be started: {first}"
    if ended.code is not None and ended.code < 0:
        return f"{name} was ended by signal {-ended.code}"
    if ended.code:
        return f"{name} ended with exit code {ended.code}{f': {first}' if first else ''}"
    return f"{name} left a process that held its output; it was ended" if ended.held else ""


def _first_lines(err: bytes) -> list[str]:
    lines = err.decode("utf-8", "replace").splitlines()
    return [one_line(line, _WIDEST).rstrip(".") for line in lines if line.strip()][:_LINES]
