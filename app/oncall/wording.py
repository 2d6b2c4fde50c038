"""What is said of rotas that want mending: what cannot be used, and when nobody is on call."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from domain.oncall.rotas import Shift, gaps
from domain.times import DAY, stamp

if TYPE_CHECKING:
    from app.loading import Loaded
    from app.oncall.roster import Problem
    from domain.oncall.services import Roster

AHEAD = 14 * DAY
"""How far ahead a gap in a rota is worth knowing, ms."""


def gap_words(gap: Shift, zone: tzinfo) -> str:
    """Return from when to when a gap is, as far as that was looked for."""
    if gap.begin is None:
        return f"until {stamp(gap.end, zone)}" if gap.end is not None else "with no end in sight"
    since = f"from {stamp(gap.begin, zone)}"
    return f"{since} to {stamp(gap.end, zone)}" if gap.end is not None else f"{since} on, with no end in sight"


def next_gaps(roster: Roster, at: int, zone: tzinfo) -> Iterator[tuple[str, str, str]]:
    """Yield of each rota that has one its name, its next gap in words, and the remedy."""
    for rota in roster.rotas.values():
        for gap in gaps(rota, at, AHEAD)[:1]:
            remedy = f"Add a layer or an override. All of its gaps: tocsin oncall {shlex.quote(rota.name)} --json."
            yield rota.name, f"nobody is on call in the rota {rota.name} {gap_words(gap, zone)}", remedy


def trouble(loaded: Loaded, roster: Roster, problems: Sequence[Problem], at: int) -> str:
    """Return in a sentence what is wrong with who is on call, empty for nothing.

    What cannot be used comes first; of gaps those count that leave a service without anybody: a rota that is meant for
    office hours, say, and stands behind no service has gaps by design.
    """
    from app.settings_lines import said_in

    if problems:
        more = f" ({len(problems) - 1} more: tocsin doctor)" if len(problems) > 1 else ""
        return loaded.brief(f"{problems[0].message}. {problems[0].remedy}{more}")
    used = {service.rota for service in roster.services.values()}
    for name, says, remedy in next_gaps(roster, at, loaded.timezone()):
        if name in used:
            where = said_in(loaded.config, loaded.origins, ("rotas", name))
            return loaded.brief(f"{where}: {says}. {remedy}")
    return ""
