"""What is left to say outside of each incident: derived from its entries, so every device says the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from domain import parties, regulations
from domain.communication import Communication
from domain.durations import short
from domain.incident import Incident, Update
from domain.parties import Notice, severity_of, waiting, why_nobody
from domain.regulations import DutyClock, pressing
from domain.text import one_line
from domain.times import DAY, LATEST, stamp
from domain.vocabulary import PRIORITIES, SEVERITIES

SINCE = 100 * DAY
"""How long ago an incident may have ended that is still looked at: a final report can be due a month after another."""
_SHORTEST_ID = 8
_NAMED = 3  # parties by name where there is little room
_BEGINNING = 60  # characters of an update's text in a list


@dataclass(frozen=True, slots=True)
class Outside:
    """How an incident stands with those outside the work.

    Attributes:
        notices: How each party stands.
        duties: The clocks of what regulations ask for.
        none: Why it cannot be said who has to be told; empty when it can.
        unknown: Regulations that apply and of which there is no data here.
    """

    incident: Incident
    notices: tuple[Notice, ...] = ()
    duties: tuple[DutyClock, ...] = ()
    none: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[Notice, ...]:
        """Who is to be told now."""
        return waiting(self.notices)

    @property
    def pressing(self) -> tuple[DutyClock, ...]:
        """The duties that are not fulfilled, the first due first."""
        return pressing(self.duties)

    @property
    def due_at(self) -> int:
        """When the first thing that is left was or is due, ms; the end of time when nothing is."""
        due = [*(each.due_at for each in self.waiting), *(each.due_at for each in self.pressing)]
        return min((at for at in due if at is not None), default=LATEST)

    def is_pressing(self, now: int) -> bool:
        """Say whether a promise to a party was broken, or a duty's deadline is near or has passed."""
        promised = () if self.incident.is_closed else (each.told for each in self.waiting if each.told is not None)
        broken = any(each.next_update_at is not None and each.next_update_at <= now for each in promised)
        return broken or any(clock.is_near(now) for clock in self.pressing)

    def rank(self, now: int) -> tuple[bool, int, int, str]:
        """Return where it stands in the outbox: what presses, then by priority, then by since when it is due."""
        known = self.incident.priority in PRIORITIES
        stands = SEVERITIES.index(found) if (found := severity_of(self.incident)) else len(PRIORITIES)
        priority = PRIORITIES.index(self.incident.priority or "") if known else stands
        return not self.is_pressing(now), priority, self.due_at, self.incident.id

    @property
    def left(self) -> bool:
        """Whether anything is left to say, or it is not known to whom."""
        return bool(self.waiting or self.pressing or self.unknown or (self.none and not self.incident.is_closed))


def outside(incident: Incident, communication: Communication, now: int) -> Outside:
    """Return how an incident stands with those outside the work."""
    return Outside(
        incident,
        communication.notices(incident, now),
        communication.duties(incident),
        why_nobody(incident),
        () if incident.drill else regulations.unknown(incident, communication.regulations),
    )


def outbox(incidents: Iterable[Incident], communication: Communication, now: int) -> list[Outside]:
    """Return the incidents of which something is left to say in the order of `Outside.rank`; no drills."""
    found = [outside(each, communication, now) for each in incidents if not each.drill]
    return sorted((each for each in found if each.left), key=lambda each: each.rank(now))


def words(each: Outside, now: int, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Yield what is left to say as lines, each with its role (`warn`, `dim` or empty); none when nothing is."""
    never = [notice.party.name for notice in each.waiting if notice.state == "never"]
    again: dict[str, list[str]] = {}
    for notice in each.waiting:
        if notice.state == "due":
            again.setdefault(parties.in_words(notice, now), []).append(notice.party.name)
    if never:
        yield f"never told: {', '.join(never)}", "warn"
    for said, names in again.items():
        yield f"to tell again: {', '.join(names)} ({said})", "warn"
    if each.none and not each.incident.is_closed:
        yield each.none, "dim"
    for clock in next_duties(each.pressing):
        late = clock.state(now) == "late"
        yield f"{clock.name} {regulations.in_words(clock, now)}{_by(clock, zone)}", "warn" if late else ""
    for name in each.unknown:
        yield f"{name} applies, and there is no data of it here: see tocsin regulate --list", "warn"


def brief(each: Outside, now: int) -> list[tuple[str, str]]:
    """Return in a few words who is to be told and which duty is due next, each with its role (`warn`, `bad`, empty)."""
    found: list[tuple[str, str]] = []
    names = [notice.party.name for notice in each.waiting]
    if names:
        more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
        found.append((f"to tell (U): {', '.join(names[:_NAMED])}{more}", "warn"))
    for clock in [each for each in each.pressing if each.due_at is not None][:1]:
        late, near = clock.state(now) == "late", clock.is_near(now)
        found.append((f"{clock.name} {regulations.in_words(clock, now)}", "bad" if late else "warn" if near else ""))
    return found


def next_duties(clocks: Iterable[DutyClock]) -> list[DutyClock]:
    """Return of duties in their order the next one of each regulation, and those without a number."""
    found: dict[str, DutyClock] = {}
    for clock in clocks:
        found.setdefault(clock.regulation.name if clock.due_at is not None else clock.name, clock)
    return list(found.values())


def _by(clock: DutyClock, zone: tzinfo) -> str:
    return f", {stamp(clock.due_at, zone)}, to the {clock.duty.to}" if clock.due_at is not None else ""


def update_words(update: Update, now: int) -> str:
    """Return an update on one line: `identified, 12m ago by ana: what it says`."""
    said = one_line(update.know or update.do or update.text, _BEGINNING)
    return f"{update.wording}, {short(now - update.at)} ago by {update.by}: {said}"


def short_id(update: Update, updates: Iterable[Update]) -> str:
    """Return the beginning of an update's id that no other update of the incident has."""
    others = [each.entry for each in updates if each.entry != update.entry]
    for length in range(_SHORTEST_ID, len(update.entry)):
        if not any(other.startswith(update.entry[:length]) for other in others):
            return update.entry[:length]
    return update.entry
