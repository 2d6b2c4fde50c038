"""Which moves somebody may make at all, and why not: what disables the buttons of whoever may only look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from domain.grants import Login, Rights
from domain.lifecycle import Verdict
from domain.rights import needed, rank


def permitted(verdicts: Iterable[Verdict], rights: Rights | None, who: Login | None) -> tuple[Verdict, ...]:
    """Return the verdicts as they are for a person; all forbidden, with the reason, when the status is not theirs.

    Args:
        verdicts: What the lifecycle allows.
        rights: Those of the store, None where there are none.
        who: The person, None where nobody asks.
    """
    least = needed("set", "status")
    if rights is None or who is None or rank(rights.role(who)) >= rank(least):
        return tuple(verdicts)
    why, remedy = f"you are a {rights.role(who)} here", f"{rights.who_may(least)} may."
    return tuple(replace(verdict, step=None, why=why, remedy=remedy) for verdict in verdicts)
