"""Puts a hand-over together from a store and the settings."""

from __future__ import annotations

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
    from domain.incident import Incident
    from storage.reader import Reader

MOST = 500
"""Open incidents that are listed; how many there are beyond is said."""


def handed_over(
    reader: Reader,
    now: int,
    stale: int,
    zone: tzinfo,
    policy: Policy | None,
    communication: Communication | None = None,
) -> tuple[Handover, int]:
    """Return what is to be handed over, and how many open incidents are not listed.

    Args:
        reader: Of the store, for whoever asks.
        now: The moment, ms.
        stale: How long after an acknowledgement something has to have been recorded, ms.
        zone: Whose days follow-ups are due on.
        policy: What the clocks go by; None for no targets.
        communication: What the team says outside, and by when; None leaves that out.
    """
    found = reader.handing(MOST)
    incidents: list[Incident] = []
    running: dict[str, Clocks] = {}
    for identifier in found.open:
        replay = reader.replay(identifier)
        incidents.append(reader.named(replay.result()))
        running[identifier] = clocks(replay, incidents[-1], policy) if policy else Clocks()
    said = reader.ended_with_words(now - SINCE) if communication else []
    incidents += reader.incidents(list(dict.fromkeys([*found.closed, *said])))
    made = handover(
        incidents, found.changed, now, stale_after=stale, zone=zone, clocks=running, communication=communication
    )
    return made, found.more


def waiting_outside(reader: Reader, communication: Communication, now: int) -> tuple[list[Outside], int]:
    """Return the incidents of which something is left to say outside, and how many open ones were not looked at."""
    found = reader.handing(MOST)
    ids = [*found.open, *reader.ended_with_words(now - SINCE)]
    return outbox(reader.incidents(ids), communication, now), found.more


def handover_lines(session: Session, zone: tzinfo) -> list[Line]:
    """Return a hand-over as the screen shows it; reads through a connection of its own, from any thread."""
    try:
        stale = stale_after(session.loaded)
    except BadSettings:  # said when the queue opened
        stale = parse_duration(Reminders().stale_acknowledged)
    with closing(session.store.another_reader()) as reader:
        policy, communication = promised_by(session.loaded)[0], communication_and_problems(session.loaded)[0]
        found, more = handed_over(reader, session.clock(), stale, zone, policy, communication)
    return list(lines(found, zone, more))
