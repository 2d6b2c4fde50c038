"""Who does what in an incident: taking command, and giving any role to somebody."""

from __future__ import annotations

from functools import partial

from domain import actions, vocabulary
from screens import verbs
from screens.deskscreen import DeskScreen, Target
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.line import OneLine


async def take_command(screen: DeskScreen, target: Target) -> None:
    """Become the commander; whoever was is relieved in the same record."""
    before = actions.holders_of(screen.desk.reader.incident(target.id), "commander")
    act = partial(actions.assign_role, who=screen.desk.me, role="commander")
    done = f"You have command, taken over from {', '.join(before)}" if before else "You have command"
    verbs.say(screen, done, await screen.desk.act([target.id], act))


async def give_role(screen: DeskScreen, target: Target) -> None:
    """Ask for a role and for who is to have it; a blank line relieves who had it."""
    incident = screen.desk.reader.incident(target.id)
    offers = []
    for role, meaning in vocabulary.ROLE_MEANING.items():
        held = ", ".join(actions.holders_of(incident, role))
        offers.append(Offer(role, role.capitalize(), f"{held}: {meaning}" if held else meaning))
    chosen = await screen.ask(Choice(f"Which role of {target.ref}?", offers), followed=True)
    if chosen is None:
        return
    name = await screen.ask(
        OneLine(f"Who is {chosen} of {target.ref}?", hint="a name · me · blank relieves who has it")
    )
    if name is not None:
        who = screen.desk.me if name.strip() == "me" else name.strip()
        act = partial(actions.assign_role, who=who, role=chosen) if who else partial(actions.relieve, role=chosen)
        done = f"{who} is {chosen}" if who else f"Nobody is {chosen} now"
        verbs.say(screen, done, await screen.desk.act([target.id], act))
