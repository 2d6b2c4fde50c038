"""What the keys of the updates' screen do: write an update, tell parties, fulfil a duty, start a clock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from domain import telling
from domain.durations import short
from domain.incident import Incident
from domain.regulations import AWARE, CLASSIFIED, NO_ADVICE, DutyClock, Regulation, applying, regulate
from domain.text import looks_secret, safe_text
from domain.times import parse_moment
from screens import clipboard, verbs
from screens.deskscreen import DeskScreen
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.confirm import Confirm
from screens.dialogs.line import OneLine
from screens.dialogs.updating import KIND, Updating, made
from screens.dialogs.writing import Writing
from storage.errors import StoreError


async def write_update(screen: DeskScreen, incident: Incident) -> None:
    """Ask for an update and record it; what the store does not take is rescued into a file."""
    desk = screen.desk
    written = await screen.ask(Updating(desk, incident), followed=True)
    if written is None:
        return
    text = f"{written.know}\n\n{written.do}"
    if found := looks_secret(text):
        details = "It goes to people outside, and a timeline is never unwritten."
        if not await screen.ask(
            Confirm(f"This holds what looks like a secret ({found}). Write it?", details, grave=True)
        ):
            return
    screen.release_keys()
    try:
        verbs.say(
            screen, "Written; t records who was told", await desk.act([incident.id], lambda it: made(desk, it, written))
        )
    except StoreError as error:
        screen.tell(f"Not recorded. {error.message}. {desk.rescue(text)}. {error.remedy}", warn=True, long=True)
    else:
        await desk.forget_draft(KIND, incident.id)


async def tell(screen: DeskScreen, incident: Incident, names: Sequence[str]) -> None:
    """Record that parties heard the newest update; where there is none, ask what they were told."""
    if not incident.updates:
        await tell_own(screen, incident, names)
        return
    desk = screen.desk
    meant = [name for name in names if telling.meant_for(incident, name)]
    if not meant:
        screen.tell(f"No update is meant for {_listed(names)}: n writes one, c says what they heard", warn=True)
        return
    if asks_first(screen, names) and not await screen.ask(_sure(screen, incident, names, meant)):
        return
    names = meant
    screen.release_keys()
    act = partial(telling.tell, names=names, now=desk.now(), parties=desk.communication.parties)
    await desk.act([incident.id], act)
    screen.tell(f"Recorded: {_listed(names)} told. u takes it back")


def asks_first(screen: DeskScreen, names: Sequence[str]) -> bool:
    """Say whether to ask before these are recorded as told: several, or somebody outside the house."""
    outside = {each.name for each in screen.desk.communication.parties if each.kind == "external"}
    return len(names) > 1 or any(name in outside for name in names)


def _sure(screen: DeskScreen, incident: Incident, names: Sequence[str], meant: Sequence[str]) -> Confirm:
    now, by_update = screen.desk.now(), dict[str, list[str]]()
    for name in meant:
        update = telling.update_for(incident, name)
        by_update.setdefault(f"“{update.wording}”, written {short(now - update.at)} ago", []).append(name)
    lines = [f"{', '.join(each)}: {what}" for what, each in by_update.items()]
    left = [name for name in names if name not in meant]
    lines += [f"Left out, no update is meant for them: {', '.join(left)}"] if left else []
    return Confirm("Record that they were told this update?", "\n".join(lines), grave=True)


async def tell_own(screen: DeskScreen, incident: Incident, names: Sequence[str]) -> None:
    """Ask what parties were told, and record it."""
    desk = screen.desk
    question = f"What were they told: {_listed(names)}?"
    note = await screen.ask(Writing(desk, question, kind="told", incident=incident.id))
    if note is None:
        return
    await desk.keep_draft("told", incident.id, note)
    act = partial(telling.tell, names=list(names), now=desk.now(), note=note)
    try:
        await desk.act([incident.id], act)
        screen.tell(f"Recorded: {_listed(names)} told. u takes it back")
    except StoreError as error:
        screen.tell(f"Not recorded. {error.message}. {desk.rescue(note)}. {error.remedy}", warn=True, long=True)
    else:
        await desk.forget_draft("told", incident.id)


async def fulfil(screen: DeskScreen, incident: Incident, clock: DutyClock) -> None:
    """Ask who was told, and record that a duty is fulfilled."""
    hint = f"{clock.duty.about}\n{NO_ADVICE}"
    who = await screen.ask(OneLine(f"{clock.name}: who was told?", hint=hint, value=clock.duty.to))
    if who is None or not who.strip():
        return
    act = partial(telling.tell, names=[who], now=screen.desk.now(), duty=clock.name)
    verbs.say(screen, f"{clock.name}: told {who.strip()}", await screen.desk.act([incident.id], act))


async def start_clocks(screen: DeskScreen, incident: Incident) -> None:
    """Ask for a regulation and since when one was aware, and record it."""
    desk = screen.desk
    known = desk.communication.regulations
    offers = [Offer(key, each.name, each.about) for key, each in known.items()]
    chosen = await screen.ask(Choice(f"What applies to {incident.ref}? {NO_ADVICE}", offers), followed=True)
    if chosen is None:
        return
    regulation = known[chosen]
    moments: dict[str, int | None] = {AWARE: None, CLASSIFIED: None}
    applies = any(each.regulation == regulation.name for each in applying(incident))
    asked = [AWARE, *([CLASSIFIED] if any(duty.after == CLASSIFIED for duty in regulation.duties) else [])]
    for name in asked:
        typed = await screen.ask(_question(screen, regulation, name, applies=applies), followed=name != asked[-1])
        if typed is None:
            return
        if typed.strip():
            moments[name] = parse_moment(typed, desk.now(), desk.zone)
    aware, classified = moments[AWARE], moments[CLASSIFIED]
    act = partial(
        regulate,
        regulation=regulation.name,
        regulations=known,
        now=desk.now(),
        aware_at=aware,
        classified_at=classified,
    )
    verbs.say(screen, f"{regulation.name} applies; its clocks run", await desk.act([incident.id], act))


def _question(screen: DeskScreen, regulation: Regulation, name: str, *, applies: bool) -> OneLine:
    now, zone, times = screen.desk.now(), screen.desk.zone, "14:05, -12m, 2026-11-21T14:05, now"
    before = "; blank: as said before" if applies else "; blank: not yet" if name == CLASSIFIED else ""

    def check(line: str) -> None:
        if line.strip() or not before:
            parse_moment(line, now, zone)

    what = "since when is one aware of it" if name == AWARE else "when was it classified"
    return OneLine(f"{regulation.name}: {what}?", hint=times + before, check=check)


def copy_text(screen: DeskScreen, name: str, text: str) -> None:
    """Copy the ready text for a party, made harmless: it may be pasted into a terminal."""
    clipboard.copy(screen, safe_text(text, keep_newlines=True))
    screen.tell(f"Copied the text for {name} (if your terminal takes OSC 52; else tocsin outbox REF --text)")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < len("four") else f"{', '.join(names[:2])} and {len(names) - 2} more"
