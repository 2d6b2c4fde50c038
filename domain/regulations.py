"""Deadlines that a regulation sets, from the moment the organisation became aware. No legal advice.

Which regulation applies, since when one was aware, and what was reported are facts of the timeline; what a regulation
asks for is data that a team can edit. Clocks are derived from both when they are shown, and never stored.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from domain import limits, vocabulary
from domain.actions import Drafts, required
from domain.durations import short
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.incident import Incident, Regulated
from domain.text import clean_input
from domain.times import HOUR, LAST_SHOWN, LATEST, MINUTE, stamp

AWARE, CLASSIFIED = "aware", "classified"
"""What a duty's time may run from, besides another duty of the same regulation."""
NO_ADVICE = "No legal advice: whether and when to report is for your lawyers to say."
NEAR = 6 * HOUR
"""So near a deadline of hours or days it wants to be noticed, ms."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time that a duty allows: ms, and whole calendar months besides."""

    ms: int = 0
    months: int = 0

    def after(self, at: int) -> int:
        """Return the moment so long after another."""
        return min((add_months(at, self.months) if self.months else at) + self.ms, LAST_SHOWN)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that has to be reported.

    Attributes:
        name: What it is called within its regulation, e.g. `early warning`.
        to: Who is told.
        after: `aware`, `classified`, or the name of the duty from whose fulfilment it runs.
        within: How long; None for “without undue delay”, which has no number.
        latest: How long after awareness at the latest, where it runs from a classification made before that.
        article: Where it is written.
        about: What it asks for.
    """

    name: str
    to: str
    after: str = AWARE
    within: Span | None = None
    latest: Span | None = None
    article: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Regulation:
    """What one regulation asks for; its duties in the order they fall due."""

    name: str
    title: str
    duties: tuple[Duty, ...]
    source: str = ""
    url: str = ""
    about: str = ""

    def full(self, duty: Duty) -> str:
        """Return what a duty is called by itself: `NIS2 early warning`."""
        return f"{self.name} {duty.name}"


@dataclass(frozen=True, slots=True)
class DutyClock:
    """How a duty of an incident stands; moments in ms.

    Attributes:
        name: Its whole name, e.g. `NIS2 early warning`.
        due_at: None when there is no number, or what it runs from is not known.
        estimated: It runs from a duty that is not fulfilled, as if that were at its last moment; or, for want of a
            classification, from awareness alone.
        done_at: When it was first fulfilled.
        party: Who was told then.
    """

    name: str
    regulation: Regulation
    duty: Duty
    due_at: int | None
    estimated: bool = False
    done_at: int | None = None
    party: str = ""

    def is_near(self, now: int) -> bool:
        """Say whether its deadline comes soon or has passed, and it is not fulfilled."""
        return self.done_at is None and self.due_at is not None and now >= self.due_at - NEAR

    def state(self, now: int) -> str:
        """Return `done`, `done_late`, `late`, `running`, or `open` without a number."""
        if self.done_at is not None:
            return "done_late" if self.due_at is not None and self.done_at > self.due_at else "done"
        if self.due_at is None:
            return "open"
        return "late" if now >= self.due_at else "running"


def add_months(at: int, months: int) -> int:
    """Return the same day and time so many calendar months later in UTC; the month's last day where there is none."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > MAXYEAR:
        return LAST_SHOWN
    day = min(moment.day, monthrange(year, month + 1)[1])
    return round(moment.replace(year=year, month=month + 1, day=day).timestamp()) * 1000 + at % 1000


def applying(incident: Incident) -> tuple[Regulated, ...]:
    """Return which regulations apply, each once, by name.

    Where several people have said so without seeing each other, the earliest awareness counts, and the earliest
    classification; one who says that it does not apply is only followed when nobody says that it does.
    """
    found: dict[str, Regulated] = {}
    for each in sorted(incident.regulated, key=lambda each: (each.aware_at or 0, each.classified_at or LATEST)):
        if not each.withdrawn and each.aware_at is not None and each.regulation.strip():
            found.setdefault(vocabulary.slug(each.regulation), each)
    return tuple(found[key] for key in sorted(found))


def unknown(incident: Incident, regulations: Mapping[str, Regulation]) -> tuple[str, ...]:
    """Return the names of regulations that apply and of which there is no data here."""
    return tuple(each.regulation for each in applying(incident) if vocabulary.slug(each.regulation) not in regulations)


def duty_clocks(incident: Incident, regulations: Mapping[str, Regulation]) -> tuple[DutyClock, ...]:
    """Return the clocks of an incident's duties, regulation by regulation; a drill has none.

    Args:
        incident: As it stands.
        regulations: By the slug of their name.
    """
    if incident.drill:
        return ()
    found: list[DutyClock] = []
    for each in applying(incident):
        if (regulation := regulations.get(vocabulary.slug(each.regulation))) is not None:
            found += _clocks(incident, each, regulation)
    return tuple(found)


def _clocks(incident: Incident, since: Regulated, regulation: Regulation) -> Iterable[DutyClock]:
    made: dict[str, DutyClock] = {}
    for duty in regulation.duties:
        name = regulation.full(duty)
        told = [each for each in incident.told if each.duty and vocabulary.slug(each.duty) == vocabulary.slug(name)]
        done = min(told, key=lambda each: each.at, default=None)
        due, estimated = _due(duty, since, made)
        made[duty.name] = DutyClock(
            name, regulation, duty, due, estimated, done.at if done else None, done.party if done else ""
        )
    return made.values()


def _due(duty: Duty, since: Regulated, before: Mapping[str, DutyClock]) -> tuple[int | None, bool]:
    aware, classified = since.aware_at or 0, since.classified_at
    if duty.within is None:
        return None, False
    if duty.after == AWARE:
        return duty.within.after(aware), False
    cap = duty.latest.after(aware) if duty.latest else None
    if duty.after == CLASSIFIED:
        if classified is None:
            return cap, True
        due = duty.within.after(classified)
        return (min(due, cap) if cap is not None and classified <= cap else due), False
    first = before[duty.after]
    if first.done_at is not None:
        return duty.within.after(first.done_at), False
    return (None if first.due_at is None else duty.within.after(first.due_at)), True


def pressing(clocks: Iterable[DutyClock]) -> tuple[DutyClock, ...]:
    """Return the duties that are not fulfilled, the first due first; those without a number last."""
    left = [each for each in clocks if each.done_at is None]
    return tuple(sorted(left, key=lambda each: (each.due_at is None, each.due_at or 0)))


def in_words(clock: DutyClock, now: int) -> str:
    """Return how a duty stands, to the minute: `in 3h12m`, `2h late`, `done 1h before`, `without undue delay`."""
    state, due = clock.state(now), clock.due_at
    if clock.done_at is not None:
        if due is None or clock.estimated:
            return "done"
        return (
            f"done {short(clock.done_at - due)} late"
            if state == "done_late"
            else f"done {short(due - clock.done_at)} before"
        )
    if due is None:
        return "without undue delay" if clock.duty.within is None else "not known yet"
    left = "<1m" if 0 < due - now < MINUTE else short(abs(due - now))
    about = "about " if clock.estimated and clock.duty.after != CLASSIFIED else ""
    return f"{left} late" if state == "late" else f"{about}in {left}"


def regulate(
    incident: Incident,
    regulation: str,
    regulations: Mapping[str, Regulation],
    *,
    now: int,
    aware_at: int | None = None,
    classified_at: int | None = None,
    withdrawn: str | None = None,
) -> Drafts:
    """Return the fact that a regulation applies since a moment, in place of what was said of it before.

    Args:
        incident: As it stands.
        regulation: Its name.
        regulations: Those that are known, by the slug of their name.
        now: The present, ms.
        aware_at: When the organisation became aware; None for what was said before.
        classified_at: When it was classified as reportable; None for what was said before.
        withdrawn: Why it does not apply after all; None when it does.

    Raises:
        BadValue: There is no such regulation, or a moment is missing.
        Refused: A moment has not come yet, they are in the wrong order, or nothing would change.
    """
    name = named(regulation, regulations)
    before = [each for each in incident.regulated if vocabulary.slug(each.regulation) == vocabulary.slug(name)]
    held = next((each for each in applying(incident) if each in before), None)
    if withdrawn is not None:
        why = required(withdrawn, limits.REASON, "reason").strip()
        if held is None:
            raise Refused(f"{name} does not apply to {incident.ref}", "Nothing to do.", "no_change")
        return (_fact({"regulation": name, "withdrawn": why}, before),)
    aware = aware_at if aware_at is not None else held.aware_at if held else None
    classified = classified_at if classified_at is not None else held.classified_at if held else None
    if aware is None:
        raise BadValue(
            f"{name} counts from when you became aware", "Say when you became aware of it: --aware TIME.", "blank"
        )
    if held and (aware, classified) == (held.aware_at, held.classified_at) and len(before) == 1:
        raise Refused(f"{name} applies to {incident.ref} since then already", "Nothing to do.", "no_change")
    for at in (aware, classified):
        if at is not None and at > now:
            raise Refused(f"{stamp(at, UTC)} has not come yet", "Give a moment that has.", "future_time")
    if classified is not None and classified < aware:
        raise Refused("It cannot be classified before anybody was aware of it", "Correct one of the times.", "order")
    body: dict[str, Any] = {"regulation": name, "aware_at": aware}
    return (_fact(body | ({"classified_at": classified} if classified is not None else {}), before),)


def _fact(body: Mapping[str, Any], before: Sequence[Regulated]) -> Draft:
    return Draft("fact", "regulated", body, over=tuple(each.entry for each in before))


def named(regulation: str, regulations: Mapping[str, Regulation]) -> str:
    """Return a regulation's own name.

    Raises:
        BadValue: There is none of that name; names the nearest.
    """
    names = {each.name: each.name for each in regulations.values()}
    return vocabulary.choose(clean_input(regulation, limits.NAME), names, "regulation")


def duty_named(duty: str, regulations: Mapping[str, Regulation]) -> tuple[str, Duty]:
    """Return a duty's whole name and itself, from `NIS2 early warning` in any case, or a unique beginning of it.

    Raises:
        BadValue: There is none, or several; names the nearest.
    """
    found = {regulation.full(each): each for regulation in regulations.values() for each in regulation.duties}
    name = vocabulary.choose(clean_input(duty, limits.NAME), {each: each for each in found}, "duty")
    return name, found[name]
