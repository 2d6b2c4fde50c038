"""The incident: what its entries add up to, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from domain.vocabulary import CLOSED_STATUSES, slug

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One member of a collection: a tag, resource, originator, role, cause, action or related incident.

    `also` are the entries of others who added the same without seeing this one.
    """

    entry: str
    name: str
    severity: str | None = None
    relation: str | None = None
    description: str = ""
    incident: str | None = None
    also: tuple[str, ...] = ()

    @property
    def made_by(self) -> tuple[str, ...]:
        """Every entry that says so: what a drop or a replacement must name, or the twin comes back."""
        return (self.entry, *self.also)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something to do after the incident: title, who, until when (ISO date) and whether it is done."""

    id: str
    title: str
    owner: str | None = None
    due: str | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several current values of a field: two people wrote without seeing each other."""

    entry: str
    value: Any
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody outside the work was told something.

    Attributes:
        party: Who, e.g. `customers`.
        note: What they were told.
        at: When, ms.
        by: Who told them.
        next_update_at: When they were promised to hear again, ms; None when nothing was promised.
        update: Id of the update whose text it was; None for words of their own.
        wording: That update's wording.
        duty: The regulation's duty that this fulfilled, e.g. `NIS2 early warning`.
    """

    entry: str
    party: str
    note: str
    at: int
    by: str
    next_update_at: int | None = None
    update: str | None = None
    wording: str | None = None
    duty: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be said outside, written once for everybody.

    Attributes:
        wording: A status page's word: `investigating`, `identified`, `monitoring` or `resolved`.
        text: The ready text for laymen.
        texts: Other ready texts, by the name of their template.
        know: What is known.
        do: What is done.
        to: The parties that it is meant for.
        at: When it was written, ms.
    """

    entry: str
    wording: str
    text: str
    know: str
    do: str
    at: int
    by: str
    to: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    next_update_at: int | None = None


@dataclass(frozen=True, slots=True)
class Regulated:
    """Somebody has said that a regulation applies; moments in ms.

    Attributes:
        aware_at: When the organisation became aware, from which its clocks run.
        classified_at: When it was classified as reportable, where a regulation asks for that.
        withdrawn: Why it does not apply after all; empty while it does.
    """

    entry: str
    regulation: str
    at: int
    by: str
    aware_at: int | None = None
    classified_at: int | None = None
    withdrawn: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody hushed the incident: it goes on, but nothing rings for it.

    Attributes:
        until: When it ends, ms.
        by: Who hushed it.
        ended_by: What ended it before its time: `severity`, `priority`, `reopened` or `alert`; empty while it holds.
    """

    entry: str
    until: int
    by: str
    reason: str
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Escalated:
    """Somebody further up the path was called.

    Attributes:
        level: Which level of the path, from 1 on; the first is called by the raising itself.
        to: Who; empty when nobody was on call there.
        at: When, ms.
        by: Who did it, or whose program when it was `automatic`.
        round: How often the path had been begun by then, from 1 on.
        rota: The rota that said who; empty when the path names a person, or somebody else was chosen.
    """

    entry: str
    level: int
    to: str
    at: int
    by: str
    reason: str = ""
    round: int = 1
    rota: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """The projection of a timeline; `replay(entries)` gives it and nothing else does.

    `alias_of` is the id of the incident that it was merged into, `stands` says that it stands all the same: that one is
    not in the store, or was merged into this. `merged_into` is the ref of what it stands for, and `duplicates` are the
    refs of what was merged into it; a store gives them. `alert_states` has each alert's newest state by fingerprint.

    `allowed` are the logins, and with the relation `group` the groups, that may see it though it is restricted.

    `classifiers` are a team's own labels, each with a level (Egeria's incidentClassifiers).

    Every `*_at` is a moment in ms since 1970 UTC, or None. `acknowledged_at` is the first acknowledgement by a
    person, else an implied one (then `acknowledged_by` is None). `resolved_at` is None again once it is reopened.
    `answered_at` is the first acknowledgement since the last reopening, and `escalations` are those since then.
    """

    id: str
    ref: str = ""
    title: str = ""
    description: str = ""
    background: str = ""
    status: str = "raised"
    status_label: str | None = None
    severity: str | None = None
    priority: str | None = None
    priority_reason: str | None = None
    impact: str | None = None
    urgency: str | None = None
    type: str | None = None
    technical_category: str | None = None
    service_category: str | None = None
    owner: str | None = None
    tags: tuple[Item, ...] = ()
    resources: tuple[Item, ...] = ()
    originators: tuple[Item, ...] = ()
    related: tuple[Item, ...] = ()
    roles: tuple[Item, ...] = ()
    causes: tuple[Item, ...] = ()
    actions: tuple[Item, ...] = ()
    allowed: tuple[Item, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    told: tuple[Told, ...] = ()
    silences: tuple[Silence, ...] = ()
    escalations: tuple[Escalated, ...] = ()
    updates: tuple[Update, ...] = ()
    regulated: tuple[Regulated, ...] = ()
    sections: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    custom: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    classifiers: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    starred: frozenset[str] = frozenset()
    drill: bool = False
    restricted: bool = False
    impact_started_at: int | None = None
    detected_at: int | None = None
    raised_at: int = 0
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    answered_at: int | None = None
    mitigated_at: int | None = None
    resolved_at: int | None = None
    reopened_at: int | None = None
    closed_at: int | None = None
    published_at: int | None = None
    waived: bool = False
    ended_at: int | None = None
    updated_at: int = 0
    notes: int = 0
    alerts: int = 0
    firing: int = 0
    entries: int = 0
    alert_states: Mapping[str, tuple[int, int, str, bool]] = field(default_factory=lambda: _EMPTY, repr=False)
    alias_of: str | None = None
    stands: bool = False
    merged_into: str | None = None
    duplicates: tuple[str, ...] = ()
    conflicts: Mapping[str, tuple[Choice, ...]] = field(default_factory=lambda: _EMPTY)

    @property
    def next_update_at(self) -> int | None:
        """When somebody was promised to hear next, ms: what was promised to each party last, the soonest of them."""
        promised = {slug(each.party): each.next_update_at for each in self.told}
        return min((at for at in promised.values() if at is not None), default=None)

    @property
    def silence(self) -> Silence | None:
        """The silence that holds, of several the one that ends last; whether its end has come, `silenced` says."""
        return max((s for s in self.silences if not s.ended_by), key=lambda s: (s.until, s.entry), default=None)

    @property
    def silenced_until(self) -> int | None:
        """When the silence that holds ends, ms; None without one, and when it is over."""
        return None if (found := self.silence) is None or self.is_closed else found.until

    @property
    def silenced_by(self) -> str | None:
        """Who hushed it."""
        return found.by if (found := self.silence) else None

    @property
    def silence_reason(self) -> str | None:
        """Why it was hushed."""
        return found.reason if (found := self.silence) else None

    @property
    def escalation(self) -> Escalated | None:
        """The highest level reached since the last reopening, where it was called last; None before any."""
        return max(self.escalations, key=lambda each: (each.level, each.at), default=None)

    @property
    def escalation_level(self) -> int:
        """The highest level reached since the last reopening; 0 when it was never escalated."""
        return self.escalation.level if self.escalation else 0

    @property
    def escalated_to(self) -> str | None:
        """Who was called at that level."""
        return self.escalation.to if self.escalation else None

    @property
    def escalated_at(self) -> int | None:
        """When they were, ms."""
        return self.escalation.at if self.escalation else None

    @property
    def priority_overridden(self) -> bool:
        """Whether a person has set the priority, with a reason, in place of what impact and urgency make it."""
        return self.priority_reason is not None

    @property
    def is_closed(self) -> bool:
        """Whether work on it is over: resolved, invalid, ignored, or closed as an Other."""
        return self.status in CLOSED_STATUSES or self.closed_at is not None

    @property
    def phase(self) -> str:
        """What people call the state it is in; computed, never stored."""
        if self.is_merged:
            return "Merged"
        if self.closed_at is not None:
            return "Closed"
        if self.status == "raised":
            return "New" if self.acknowledged_at is None else "Acknowledged"
        if self.status == "validated":
            return "Working" if self.mitigated_at is None else "Mitigated"
        if self.status == "other":
            return self.status_label or "Other"
        return {"reviewed": "Triaged"}.get(self.status, self.status.capitalize())

    @property
    def is_merged(self) -> bool:
        """Whether it was merged into another and does not stand for itself; it counts as ignored meanwhile."""
        return self.alias_of is not None and not self.stands

    @property
    def is_duplicate(self) -> bool:
        """Whether it is another incident under a second name."""
        if self.alias_of is not None:
            return not self.stands
        return any(item.relation == "duplicate" for item in self.related)
