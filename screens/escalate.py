"""Escalating an incident: which level is called, and why."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial

from domain import escalation
from domain.actions import must_be_open
from domain.escalation import Path, Standing
from domain.escalation_words import coming, reached, whom
from domain.incident import Incident
from domain.times import stamp
from screens import verbs
from screens.deskscreen import DeskScreen, Target
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.line import OneLine
from screens.dialogs.writing import Writing

_OTHER = "other"


async def escalate(screen: DeskScreen, target: Target) -> None:
    """Show the path with who is called at each level now, ask for the level and the reason, and record it."""
    desk = screen.desk
    incident = desk.reader.incident(target.id)
    must_be_open(incident, "escalated")
    path = desk.path(incident)
    to, level = "", None
    chosen = await _ask_level(screen, incident, path) if path else _OTHER
    if chosen is None:
        return
    if chosen == _OTHER:
        name = await screen.ask(_who(incident, path), followed=True)
        if not (name and name.strip()):
            screen.release_keys()
            return
        to = desk.me if name.strip() == "me" else name.strip()
    else:
        level = int(chosen)
    steps = path.steps if path else ()
    called = to or next((each.who for each in steps if each.level == level), "")
    question = f"Escalate {incident.ref} to {called}: why?"
    reason = await screen.ask(Writing(desk, question, kind="escalate", incident=target.id, hint="and call them"))
    if reason is None:
        return
    await desk.keep_draft("escalate", target.id, reason)
    act = partial(escalation.escalate, path=steps, reason=reason, to=to, level=level)
    outcome = await desk.act([target.id], act)
    await desk.forget_draft("escalate", target.id)
    verbs.say(screen, f"Escalated to {called}; nobody is paged by this, call them", outcome)


async def _ask_level(screen: DeskScreen, incident: Incident, path: Path) -> str | None:
    desk = screen.desk
    now, found = desk.now(), path.standing(incident, desk.now())
    offers = [
        Offer(
            str(step.level),
            f"level {step.level}",
            f"{whom(path.steps, step.level)}{_mark(incident, found, step.level, desk.zone)}",
            "" if step.who else f"nobody is on call (rota {step.name})",
            "Choose another level, or somebody else.",
        )
        for step in path.steps
    ]
    offers.append(Offer(_OTHER, "else", "somebody else: asks for the name"))
    following = coming(found, path.steps, now) if found else ""
    said = ". ".join(filter(None, (reached(incident), following, path.trouble)))
    question = f"Escalate {incident.ref} ({path.service.name}){f': {said}' if said else ''}"
    return await screen.ask(Choice(question, offers, current=_proposed(incident, path)), followed=True)


def _mark(incident: Incident, found: Standing | None, level: int, zone: tzinfo) -> str:
    called = [each.at for each in incident.escalations if each.level == level]
    if called:
        return f" · called {stamp(max(called), zone, date=False)}"
    if level == 1:
        return " · called by the raising"
    due = found is not None and any(each.level == level for each in found.due)
    return " · due now" if due else ""


def _proposed(incident: Incident, path: Path) -> str:
    """Return the level that would be called without a choice: the next at which somebody is."""
    at = max(1, incident.escalation_level)
    return next((str(step.level) for step in path.steps if step.level > at and step.who), _OTHER)


def _who(incident: Incident, path: Path | None) -> OneLine:
    none = "" if path else " (its service has no path in the settings)"
    return OneLine(f"Escalate {incident.ref} to whom?{none}", hint="a name · me")
