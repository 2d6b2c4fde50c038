"""What `doctor` looks at where a store has remotes: how it stands with each, its token, its clock. It asks nobody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from app.cli.checks import Check

if TYPE_CHECKING:
    from app.cli.call import Call
    from domain.standing import Standing


def remotes(call: Call) -> list[Check]:
    """Look at each remote, as it was at the last exchange."""
    if not call.session.loaded.database.exists():
        return [Check("remotes", "ok", "none")]
    found = [check for each in call.session.store.reader.standings() for check in _of(call, each)]
    return found or [Check("remotes", "ok", "none")]


def _of(call: Call, standing: Standing) -> list[Check]:
    found = [_state(call, standing), _token(call, standing.name)]
    if clock := _clock(standing):
        found.append(clock)
    return [each for each in found if each is not None]


def _state(call: Call, standing: Standing) -> Check:
    from domain.standing import words

    says = f"{standing.name}: {words(standing._replace(ahead=None), call.session.clock())}"
    if standing.error:
        says += f" ({standing.error})"
    if standing.state == "refused":
        return Check("remote", "wrong", says, f"See what it says: tocsin remote check {standing.name}.")
    if standing.state == "offline":
        return Check("remote", "note", says, f"What was done is saved here. Try: tocsin remote check {standing.name}.")
    return Check("remote", "ok", says)


def _token(call: Call, name: str) -> Check | None:
    """Name what is wrong with a token; one that a command prints is not asked for, for it may ask for a passphrase."""
    from app.credentials import read_token
    from domain.errors import BadValue

    commands = call.session.settings.token_commands
    if name in commands:
        return None
    try:
        read_token(call.session.loaded.database, name, os.environ, commands)
    except BadValue as error:
        return Check("token", "wrong", error.message, error.remedy)
    return None


def _clock(standing: Standing) -> Check | None:
    from domain.durations import spoken
    from domain.standing import CLOCK_OFF_MS

    if standing.ahead is None or abs(standing.ahead) < CLOCK_OFF_MS:
        return None
    side = "ahead of" if standing.ahead > 0 else "behind"
    says = f"the clock of {standing.name} is {spoken(abs(standing.ahead))} {side} this one's"
    return Check("clock", "note", says, "Find out which of them is right, and set the other.")
