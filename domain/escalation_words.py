"""Escalation in words, for the command line, the screens and the reminders alike."""

from __future__ import annotations

from collections.abc import Sequence

from domain.durations import short
from domain.escalation import Due, Standing
from domain.incident import Incident
from domain.oncall.services import Step


def whom(steps: Sequence[Step], level: int) -> str:
    """Return who is called at a level: `ada (rota web)`, `erik`, `nobody (rota web)`; empty when it is none."""
    step = next((each for each in steps if each.level == level), None)
    if step is None:
        return ""
    return f"{step.who or 'nobody'} (rota {step.name})" if step.is_rota else step.who


def reached(incident: Incident) -> str:
    """Return `level 2: erik`, with `by timer` when nobody did it; empty when it was never escalated."""
    found = incident.escalation
    if found is None:
        return ""
    return f"level {found.level}: {found.to or 'nobody is there'}{' by timer' if found.automatic else ''}"


def coming(found: Standing, steps: Sequence[Step], now: int) -> str:
    """Return `level 2 (erik) is due for 5m`, or `level 2 (erik) in 10m`, or nothing."""
    if found.due:
        due = found.due[-1]
        return f"level {due.level}{_named(steps, due)} is due{_for(now - due.at)}"
    if found.next:
        left = found.next.at - now
        return f"level {found.next.level}{_named(steps, found.next)} in {short(left) if left >= 60_000 else '<1m'}"
    return ""


def _named(steps: Sequence[Step], due: Due) -> str:
    name = whom(steps, due.level)
    return f" ({name.replace(' (', ', ').removesuffix(')')})" if name else ""


def _for(ms: int) -> str:
    return f" for {short(ms)}" if ms >= 60_000 else ""
