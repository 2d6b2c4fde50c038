"""What `e` does: the card for the incidents that are meant, with proposals, and what it changes written at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from domain.incident import Incident
from domain.suggest import Earlier, Suggestions, suggest, words_of
from domain.triage import card
from screens import verbs
from screens.desk import Desk
from screens.deskscreen import DeskScreen, Target
from screens.triage.card import TriageCard, first_of


async def triage(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Show the card, and record what was changed on it."""
    desk = screen.desk
    incidents = [desk.reader.incident(target.id) for target in targets]
    shown = first_of(incidents)
    proposed = await asyncio.to_thread(proposals, desk, shown) if shown.id else {}
    dialog = TriageCard(desk, f"Triage of {verbs.names(targets)}", shown, proposed)
    answer = await screen.ask(dialog, followed=True)
    if answer is None:
        return
    act = partial(card, values=answer.values, tags=answer.tags, matrix=desk.rules.matrix)
    if await verbs.act_with_reason(screen, targets, act, "Triaged"):
        await desk.forget_draft("description", shown.id)


def proposals(desk: Desk, incident: Incident) -> Suggestions:
    """Return what may be proposed for an incident; reads the store through a connection of its own."""
    resources = [item.name for item in incident.resources]
    with closing(desk.store.another_reader()) as reader:
        alike = reader.similar(words_of(incident.title), resources, exclude=incident.id)
    earlier = [Earlier(e.ref, e.type, e.technical_category, e.service_category) for e in alike]
    return suggest(incident.title, [*(item.name for item in incident.tags), *resources], earlier)
