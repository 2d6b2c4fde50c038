"""Who has to be told of an incident, who was, and who is due to hear again: counted from its facts, never stored.

The parties are a team's settings; those that are built in are the internal and external ones of common incident
reporting: the inside hears of what is severe, the outside of the worst. A drill tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.durations import short
from domain.incident import Incident, Told, Update
from domain.times import HOUR, MINUTE, WEEK
from domain.vocabulary import PRIORITIES, SEVERITIES, slug

KINDS = ("internal", "external")
LAY, TECHNICAL = "lay", "technical"
"""The templates that are built in."""
STATES = ("never", "due", "told", "over", "not")
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who hears of incidents.

    Attributes:
        kind: `internal` or `external`.
        severities: Of which incidents they have to be told.
        priorities: Of which besides; a priority alone says so, too.
        every: By severity, how often they want to hear while it is open, ms.
        template: The template of their texts.
        about: Who they are.
        channel: How they are reached, in words.
    """

    name: str
    kind: str = "internal"
    severities: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    every: Mapping[str, int] = field(default_factory=lambda: _NONE)
    template: str = LAY
    about: str = ""
    channel: str = ""

    def wants(self, incident: Incident) -> bool:
        """Say whether they have to be told of an incident of this severity or priority."""
        return severity_of(incident) in self.severities or incident.priority in self.priorities


def _built_in(name: str, kind: str, severities: int, every: Mapping[str, int], template: str, about: str) -> Party:
    return Party(name, kind, frozenset(SEVERITIES[:severities]), frozenset(), every, template, about)


PARTIES: tuple[Party, ...] = (
    _built_in(
        "IT", "internal", 3, {"critical": 30 * MINUTE, "high": HOUR, "medium": 4 * HOUR}, TECHNICAL,
        "the other teams that run systems, and the service desk",
    ),
    _built_in("legal", "internal", 1, {}, LAY, "who knows what has to be reported, and to whom"),
    _built_in("public relations", "internal", 1, {"critical": HOUR}, LAY, "who speaks for the house"),
    _built_in("executives", "internal", 2, {"critical": HOUR, "high": 4 * HOUR}, LAY, "who answers for it"),
    _built_in("customers", "external", 1, {"critical": HOUR}, LAY, "whoever uses what is broken"),
    _built_in("partners", "external", 1, {"critical": 2 * HOUR}, LAY, "who builds on it, and who supplies it"),
    _built_in("regulators", "external", 1, {}, LAY, "authorities; their deadlines are in the regulations"),
    _built_in("public", "external", 1, {"critical": 2 * HOUR}, LAY, "everybody: the press, the status page"),
)  # fmt: skip
"""Those that are built in."""


@dataclass(frozen=True, slots=True)
class Notice:
    """How one party stands; moments in ms.

    Attributes:
        state: `never` (has to be told and was not), `due` (is to hear again), `told` (has heard), `over` (was never
            told, and it has ended), `not` (need not be told).
        told: What they heard last.
        update: The newest update meant for them.
        due_at: When they were or are due to hear; None when nothing is due.
        final: Whether what is due is that it is over.
        behind: Whether what is due is an update that they have not heard.
    """

    party: Party
    state: str
    told: Told | None = None
    update: Update | None = None
    due_at: int | None = None
    final: bool = False
    behind: bool = False

    @property
    def waits(self) -> bool:
        """Whether they are to be told now."""
        return self.state in ("never", "due")


def severity_of(incident: Incident) -> str | None:
    """Return the severity that decides: the incident's, else the one that its priority stands for (P1 is critical)."""
    if incident.severity in SEVERITIES:
        return incident.severity
    return SEVERITIES[PRIORITIES.index(incident.priority)] if incident.priority in PRIORITIES else None


def why_nobody(incident: Incident) -> str:
    """Return why it cannot be said who has to be told, in words; empty when it can."""
    if incident.drill:
        return "a drill: nobody is told"
    if severity_of(incident) is None:
        return "it has no severity, so who has to be told is open (if unsure, set the higher)"
    return ""


def notices(incident: Incident, parties: Sequence[Party], now: int) -> tuple[Notice, ...]:
    """Return how each party stands, in their order; then those that were told or are meant and are not in the list."""
    known = {slug(party.name) for party in parties}
    named = [each.party for each in incident.told if not each.duty]
    named += [name for update in incident.updates for name in update.to]
    extra = {slug(name): Party(name, "other") for name in reversed(named) if slug(name) not in known | {""}}
    return tuple(_notice(incident, party, now) for party in (*parties, *reversed(extra.values())))


def waiting(found: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return who is to be told now: whoever was never told first, then by when they were due."""
    left = [each for each in found if each.waits]
    return tuple(sorted(left, key=lambda each: (each.state != "never", each.due_at or 0)))


def audience(incident: Incident, parties: Sequence[Party]) -> tuple[str, ...]:
    """Return whom an update is for when nobody is named: who has to be told, and who was told before."""
    heard = {slug(each.party) for each in incident.told if not each.duty}
    listed = [party.name for party in parties if party.wants(incident) or slug(party.name) in heard]
    known = {slug(party.name) for party in parties}
    others = {slug(each.party): each.party for each in incident.told if not each.duty}
    return () if incident.drill else (*listed, *(name for key, name in others.items() if key not in known))


def covers(incident: Incident, told: Told, update: Update) -> bool:
    """Say whether who was told this has heard an update: that one or a newer is named, or none and it came later."""
    ids = [each.entry for each in incident.updates]
    if told.update in ids:
        return ids.index(told.update) >= ids.index(update.entry)
    return told.at >= update.at


def _notice(incident: Incident, party: Party, now: int) -> Notice:
    key = slug(party.name)
    heard = [each for each in incident.told if slug(each.party) == key]
    meant = [each for each in incident.updates if key in map(slug, each.to)]
    last, update = heard[-1] if heard else None, meant[-1] if meant else None
    if incident.drill:
        return Notice(party, "not", last, update)
    if update is not None and any(covers(incident, each, update) for each in heard):
        meant = []
    if incident.is_closed:
        return _ended(incident, Notice(party, "told", last, update), now, open_update=bool(meant))
    wanted = party.wants(incident)
    if last is None:
        if not (wanted or meant):
            return Notice(party, "not")
        return Notice(party, "never", None, update, meant[-1].at if meant and not wanted else incident.raised_at)
    if meant:
        return Notice(party, "due", last, update, meant[-1].at, behind=True)
    due = _again(incident, party, last, wanted=wanted)
    return Notice(party, "due" if due is not None and due <= now else "told", last, update, due)


def _again(incident: Incident, party: Party, last: Told, *, wanted: bool) -> int | None:
    if last.next_update_at is not None:
        return last.next_update_at
    every = party.every.get(severity_of(incident) or "") if wanted else None
    return None if every is None else last.at + every


def _ended(incident: Incident, notice: Notice, now: int, *, open_update: bool) -> Notice:
    """Return what is left to say of an incident that is over: for a week, that it is, to whoever was told of it."""
    party, last, update = notice.party, notice.told, notice.update
    ended = incident.ended_at if incident.ended_at is not None else incident.closed_at or 0
    fresh = now - ended <= WEEK
    if open_update and update is not None and fresh:
        state, final = "due" if last else "never", update.at >= ended
        return Notice(party, state, last, update, update.at, final=final, behind=not final)
    if last is None:
        return Notice(party, "over" if party.wants(incident) else "not")
    said = last.wording == "resolved" and last.at >= (incident.reopened_at or 0)  # often told before it is recorded
    if last.at < ended and fresh and not said:
        return Notice(party, "due", last, update, ended, final=True)
    return notice


def in_words(notice: Notice, now: int) -> str:
    """Return how a party stands: `never told`, `told 12m ago, again in 18m`, `told 2h ago, 1h late`, `need not be`."""
    last = notice.told
    if notice.state == "never":
        return "never told"
    if notice.state == "over":
        return "was never told"
    if last is None:
        return "need not be told"
    heard = f"told {short(now - last.at)} ago"
    if notice.final and notice.waits:
        return f"{heard}, not that it is over"
    if notice.due_at is None:
        return heard
    if notice.behind:
        return f"{heard}, not the newest"
    late = notice.due_at <= now
    return (
        f"{heard}, due {short(now - notice.due_at)} ago" if late else f"{heard}, again in {_ahead(notice.due_at - now)}"
    )


def _ahead(ms: int) -> str:
    return "<1m" if ms < MINUTE else short(ms)
