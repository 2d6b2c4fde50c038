"""What a stakeholder may know of one incident: made from its entries, without what was meant for responders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from domain import limits
from domain.entry import Entry
from domain.incident import Incident, Told
from domain.replay import Replay
from domain.restriction import sealed
from domain.text import redact_secrets
from domain.times import DAY
from domain.updates import WORDINGS
from domain.vocabulary import SEVERITIES, slug

UPDATES = 20  # of one incident that are shown
KEPT = DAY
"""How long a resolved incident stays, ms."""
_HIDDEN = frozenset({"invalid", "ignored"})


@dataclass(frozen=True, slots=True)
class Update:
    """What the page's parties were told: the text, when, ms, and the update's wording, empty for words of its own."""

    text: str
    at: int
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One incident as the page shows it; moments in ms.

    Attributes:
        phase: `reported` (nobody has confirmed it), `investigating`, `identified`, `monitoring` or `resolved`.
        severity: One of the domain's words, or None.
        since: When it began to be felt, else when it was raised.
        ended_at: When it was resolved; None while it is not.
        updates: The newest `UPDATES`, newest first.
        older: How many more there are.
        next_update_at: When the page's parties were promised to hear next.
    """

    title: str
    phase: str
    severity: str | None
    since: int
    ended_at: int | None = None
    updates: tuple[Update, ...] = ()
    older: int = 0
    next_update_at: int | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """The place on the page: current ones first, by severity, then the newest."""
        rank = SEVERITIES.index(self.severity) if self.severity in SEVERITIES else len(SEVERITIES)
        return (0, rank, -self.since) if self.ended_at is None else (1, -self.ended_at, 0)


def alias_of(incident: str, entries: Iterable[Entry]) -> str | None:
    """Return the id of what an incident was merged into by its own entries, None for nothing."""
    return Replay(incident).extend(entry for entry in entries if entry.kind in ("raise", "alias")).result().alias_of


def card_of(
    incident: str,
    entries: Iterable[Entry],
    parties: Collection[str],
    now: int,
    parts: Mapping[str, Iterable[Entry]] = MappingProxyType({}),
) -> Card | None:
    """Return an incident's card, None when there is nothing of it to show.

    Hidden are restricted incidents, drills, invalid and ignored ones, duplicates, and what was over a day ago.

    Args:
        incident: Its id.
        entries: Its entries, in any order.
        parties: Slugs of the parties whose updates are shown.
        now: The present, ms.
        parts: By id, the entries of what was merged into it; what the parties were told there is shown, too. With any
            of them it stands, also when it was itself merged, in a ring.
    """
    replay = Replay(incident).extend(entries)
    replay.stands = bool(parts)
    found = replay.result()
    if sealed(replay) or _nameless(replay, found) or found.drill or found.is_duplicate or found.status in _HIDDEN:
        return None
    ended = _ended(found, now)
    if ended is not None and ended < now - KEPT:
        return None
    told = [each for each in _told(found, parts) if slug(each.party) in parties]
    updates = _updates(told)
    return Card(
        title=_shown(found.title, limits.TITLE),
        phase=_phase(found),
        severity=found.severity,
        since=min(found.raised_at if found.impact_started_at is None else found.impact_started_at, now),
        ended_at=ended,
        updates=updates[:UPDATES],
        older=max(0, len(updates) - UPDATES),
        next_update_at=_next_update(found, told) if ended is None else None,
    )


def _told(incident: Incident, parts: Mapping[str, Iterable[Entry]]) -> list[Told]:
    """Return what was told, oldest first, of the incident and of those merged into it that nobody has restricted."""
    folds = [Replay(part).extend(entries) for part, entries in parts.items()]
    others = [each for fold in folds if not sealed(fold) for each in fold.result().told]
    return sorted((*incident.told, *others), key=lambda each: each.at) if others else list(incident.told)


def _updates(told: Iterable[Told]) -> tuple[Update, ...]:
    """Return what was told, the newest first; an update that several of the parties were told is there once."""
    found: dict[str, Update] = {}
    for each in told:
        wording = each.wording if each.wording in WORDINGS else ""
        key = f"{each.update}:{each.note}" if each.update else each.entry
        found.setdefault(key, Update(_shown(each.note, limits.REASON), each.at, wording or ""))
    return tuple(reversed(found.values()))


def _nameless(replay: Replay, incident: Incident) -> bool:
    """Say whether its raising is not here, is kept back, or was redacted and nobody has given it a title since.

    A raising can restrict as well, so one whose body is gone is not published before somebody has looked at it.
    """
    return not replay.heads("fact:raised") or not incident.title.strip()


def _ended(incident: Incident, now: int) -> int | None:
    if not incident.is_closed:
        return None
    ended = incident.ended_at if incident.ended_at is not None else incident.closed_at
    return min(now if ended is None else ended, now)  # a clock that runs ahead keeps nothing on the page for ever


def _phase(incident: Incident) -> str:
    if incident.is_closed:
        return "resolved"
    if incident.mitigated_at is not None:
        return "monitoring"
    if incident.status == "validated" or incident.causes:
        return "identified"
    unseen = incident.status == "raised" and incident.acknowledged_at is None
    return "reported" if unseen else "investigating"


def _next_update(incident: Incident, told: Iterable[Told]) -> int | None:
    """Return what was promised to the page's parties alone, one party in two spellings being one."""
    return replace(incident, told=tuple(replace(each, party=slug(each.party)) for each in told)).next_update_at


def _shown(text: str, limit: int) -> str:
    text = redact_secrets(text.strip()[: 2 * limit])
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
