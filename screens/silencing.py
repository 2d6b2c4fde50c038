"""Hushing incidents: until when, and why; or letting them ring again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from domain import limits
from domain.actions import required
from domain.silences import end_silence, lasting, silenced
from domain.silences import silence as hush
from domain.times import parse_until, stamp
from screens import verbs
from screens.deskscreen import DeskScreen, Target
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.line import OneLine

_PRESETS = (("30m", "30 minutes", ""), ("2h", "2 hours", ""), ("tomorrow 09:00", "Tomorrow", "until 09:00"))
_OTHER, _END = "other", "end"


async def silence(screen: DeskScreen, targets: Sequence[Target]) -> None:
    """Ask until when and why, and hush; or end the silence that there is."""
    desk = screen.desk
    now, zone = desk.now(), desk.zone
    incidents = [desk.reader.incident(each.id) for each in targets]
    until = await _ask_until(screen, targets, ends=any(silenced(each, now) for each in incidents))
    if until is None:
        return
    ids = [each.id for each in targets]
    if until == _END:
        screen.release_keys()
        verbs.say(screen, "It rings again", await desk.act(ids, partial(end_silence, now=now)))
        return
    moment = parse_until(until, now, zone)
    question = f"{verbs.names(targets)} silent until {stamp(moment, zone)}. Why?"
    check = partial(required, limit=limits.REASON, what="reason")
    reason = await screen.ask(OneLine(question, hint="it goes on the timeline; the clocks run on", check=check))
    if reason is not None:
        act = partial(hush, until=moment, reason=reason, now=now)
        verbs.say(screen, f"Silent until {stamp(moment, zone)}", await desk.act(ids, act))


async def _ask_until(screen: DeskScreen, targets: Sequence[Target], *, ends: bool) -> str | None:
    offers = [Offer(*each) for each in _PRESETS]
    offers.append(Offer(_OTHER, "Another", "a time, or how long"))
    offers += [Offer(_END, "End it", "it rings again")] if ends else []
    chosen = await screen.ask(Choice(f"Nothing rings for {verbs.names(targets)} for", offers), followed=True)
    if chosen != _OTHER:
        return chosen
    now = screen.desk.now()

    def check(text: str) -> int:
        return lasting(parse_until(text, now, screen.desk.zone), now)

    dialog = OneLine("Silent until when?", hint="45m · 18:00 · tomorrow 09:00 · 2026-11-30T09:00", check=check)
    return await screen.ask(dialog, followed=True)
