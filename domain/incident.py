"""The incident: what its entries add up to, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from domain.vocabulary import CLOSED_STATUSES

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
    """

    entry: str
    party: str
    note: str
    at: int
    by: str
    next_update_at: int | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """The projection of a timeline; `replay(entries)` gives it and nothing else does.

    `allowed` are the logins, and with the relation `group` the groups, that may see it though it is restricted.
    `classifiers` are a team's own labels, each with a level (Egeria's incidentClassifiers).

    Every `*_at` is a moment in ms since 1970 UTC, or None. `acknowledged_at` is the first acknowledgement by a
    person, else an implied one (then `acknowledged_by` is None). `resolved_at` is None again once it is reopened.
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
    alias_of: str | None = None
    conflicts: Mapping[str, tuple[Choice, ...]] = field(default_factory=lambda: _EMPTY)

    @property
    def next_update_at(self) -> int | None:
        """When somebody was promised to hear next, ms: what was promised to each party last, the soonest of them."""
        promised = {each.party: each.next_update_at for each in self.told}
        return min((at for at in promised.values() if at is not None), default=None)

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
    def is_duplicate(self) -> bool:
        """Whether it is another incident under a second name."""
        return self.alias_of is not None or any(item.relation == "duplicate" for item in self.related)
