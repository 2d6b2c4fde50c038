"""Merging duplicates from the queue and from an incident, and where a merged one leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from domain import limits, merging
from domain.actions import required
from domain.errors import Mistake
from domain.incident import Incident
from domain.rows import QueueRow
from domain.suggest import words_of
from domain.text import one_line
from screens import verbs
from screens.desk import Desk
from screens.deskscreen import DeskScreen
from screens.dialogs.confirm import Confirm
from screens.dialogs.line import OneLine
from storage.errors import StoreError

_NAMED = 6  # duplicates named in the question before the rest is counted
_ALIKE = 4


def standing(screen: DeskScreen, rows: Sequence[QueueRow]) -> list[QueueRow]:
    """Return rows with those of merged incidents replaced by what they stand for, each once; says so."""
    reader, found = screen.desk.reader, dict[str, QueueRow]()
    for row in rows:
        stands = row if row.merged is None else reader.row(reader.standing(row.id)) or row
        if stands is not row:
            screen.tell(f"{row.ref} is {stands.ref}")
        found[stands.id] = stands
    return list(found.values())


async def merge(screen: DeskScreen, duplicates: Sequence[str], target: str) -> None:
    """Ask once, and merge incidents into another, by their ids."""
    desk = screen.desk
    into = desk.reader.incident(target)
    found = [desk.reader.incident(each) for each in duplicates if each != target]
    note = ""
    if into.is_closed and any(not each.is_closed for each in found):
        check = partial(required, limit=limits.REASON, what="reason")
        question = f"{into.ref} is {into.phase.lower()}; {verbs.names(found)} would be closed with it. Why?"
        typed = await screen.ask(OneLine(question, hint="it goes on the timeline · esc merges nothing", check=check))
        if typed is None:
            return
        note = typed
    elif not await screen.ask(Confirm(_question(found, into), _details(found, into), grave=True)):
        return
    outcome = await desk.act([each.id for each in found], lambda each: merging.merge(each, into, note))
    merged = [each for each in outcome.done if each.is_merged]
    said = f"{verbs.names(merged)} {'is' if len(merged) == 1 else 'are'} {into.ref} now (u undoes it)"
    refused = "".join(f". Refused: {mistake}" for mistake in outcome.refused[:3])
    screen.tell(said + refused, warn=bool(refused), long=bool(refused))


def _question(found: Sequence[Incident], into: Incident) -> str:
    what = found[0].ref if len(found) == 1 else f"{len(found)} incidents"
    return f"Merge {what} into {into.ref}?"


def _details(found: Sequence[Incident], into: Incident) -> str:
    lines = [f"{each.ref}  {each.priority or '--'}  {one_line(each.title, 50)}" for each in found[:_NAMED]]
    lines += [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    lines.append(f"into {into.ref}  {into.priority or '--'}  {one_line(into.title, 45)}")
    return "\n".join([*lines, *merging.worse(found, into)])


async def merge_into_another(screen: DeskScreen, duplicate: Incident) -> None:
    """Ask which incident this one is, and merge it."""
    desk = screen.desk
    alike = await asyncio.to_thread(_alike, desk, duplicate)

    def check(line: str) -> str:
        try:
            target = desk.reader.resolve(line.strip())
        except StoreError as error:
            raise Mistake(error.message, error.remedy) from error
        merging.merge(duplicate, desk.reader.incident(target), note="asked later")
        return target

    hint = "\n".join(["its ref", *alike])
    line = await screen.ask(OneLine(f"{duplicate.ref} is a duplicate of", hint=hint, check=check), followed=True)
    if line is not None:
        await merge(screen, [duplicate.id], check(line))


def _alike(desk: Desk, incident: Incident) -> list[str]:
    with closing(desk.store.another_reader()) as reader:
        names = [item.name for item in incident.resources]
        found = reader.similar(words_of(incident.title), names, exclude=incident.id, limit=2 * _ALIKE)
        shown = [each for each in found if each.phase != "Merged"][:_ALIKE]
    return [one_line(f"like {each.ref} {each.phase}: {each.title}", 70) for each in shown]
