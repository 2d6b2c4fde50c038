"""Puts a hand-over together from a store and the settings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import tzinfo
from typing import TYPE_CHECKING

from app.loading import BadSettings
from app.parties import communication_and_problems
from app.rules import stale_after
from app.settings import Reminders
from app.targets import promised_by
from domain.clocks import Clocks, Policy, clocks
from domain.communication import Communication
from domain.handover import Handover, handover
from domain.handover_words import Line, lines
from domain.outbox import SINCE, Outside, outbox
from domain.times import parse_duration

if TYPE_CHECKING:
    from app.session import Session
    from domain.escalation import Path
    from domain.incident import Incident
    from storage.reader import Reader

PathOf = Callable[["Incident"], "Path | None"]
MOST = 500
"""Open incidents that are listed; how many there are beyond is said."""


def handed_over(
    reader: Reader,
    now: int,
    stale: int,
    zone: tzinfo,
    policy: Policy | None,
    path: PathOf = lambda _incident: None,
    communication: Communication | None = None,
) -> tuple[Handover, int]:
    """Return what is to be handed over, and how many open incidents are not listed.

    Args:
        reader: Of the store, for whoever asks.
        now: The moment, ms.
        stale: How long after an acknowledgement something has to have been recorded, ms.
        zone: Whose days follow-ups are due on.
        policy: What the clocks go by; None for no targets.
        path: Gives the escalation path of an incident.
        communication: What the team says outside, and by when; None leaves that out.
    """
    found = reader.handing(MOST)
    paths: dict[str, Path] = {}
    incidents: list[Incident] = []
    running: dict[str, Clocks] = {}
    for identifier in found.open:
        replay = reader.replay(identifier)
        incidents.append(reader.named(replay.result()))
        running[identifier] = clocks(replay, incidents[-1], policy) if policy else Clocks()
        paths |= {identifier: known} if (known := path(incidents[-1])) else {}
    said = reader.ended_with_words(now - SINCE) if communication else []
    # What is left of a merged one is left of the one it was merged into.
    left = dict.fromkeys(map(reader.standing, [*found.closed, *said]))
    incidents += reader.incidents([each for each in left if each not in running])
    made = handover(
        incidents,
        found.changed,
        now,
        stale_after=stale,
        zone=zone,
        clocks=running,
        paths=paths,
        communication=communication,
    )
    return made, found.more


def path_of(session: Session) -> PathOf:
    """Return what gives the escalation path of an incident as it is now; without services nothing is read for it."""
    if not session.settings.services:
        return lambda _incident: None
    from app.oncall.paths import Paths

    now = session.clock()
    paths = Paths(session.loaded, now)
    return lambda incident: paths.of(incident, now)


def waiting_outside(reader: Reader, communication: Communication, now: int) -> tuple[list[Outside], int]:
    """Return the incidents of which something is left to say outside, and how many open ones were not looked at."""
    found = reader.handing(MOST)
    ids = dict.fromkeys([*found.open, *map(reader.standing, reader.ended_with_words(now - SINCE))])
    return outbox(reader.incidents(list(ids)), communication, now), found.more


def handover_lines(session: Session, zone: tzinfo) -> list[Line]:
    """Return a hand-over as the screen shows it; reads through a connection of its own, from any thread."""
    try:
        stale = stale_after(session.loaded)
    except BadSettings:  # said when the queue opened
        stale = parse_duration(Reminders().stale_acknowledged)
    with closing(session.store.another_reader()) as reader:
        policy, communication = promised_by(session.loaded)[0], communication_and_problems(session.loaded)[0]
        path = path_of(session)
        found, more = handed_over(reader, session.clock(), stale, zone, policy, path, communication)
    return list(lines(found, zone, more))
