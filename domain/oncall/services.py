"""Services: who owns them, which rota stands for them, and whom to call when nobody answers.

Later parts ask a `Roster`: `on_call(service, at)` and `escalation(service, at)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.oncall.rotas import Duty, Rota, duty
from domain.vocabulary import SERVICE_CATEGORIES, slug

ACKNOWLEDGED, RESOLVED = "acknowledged", "resolved"
ANY = ""
"""Stands for every priority that has no time of its own."""
Timers = Mapping[str, int]
"""How long a level stands, ms by priority; none for a priority that is not named, unless `ANY` is."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an escalation path: a person, or whoever a rota has on call then.

    Attributes:
        after: How long it stands until the next one is due; None for as long as the service says.
    """

    name: str
    is_rota: bool = False
    after: Timers | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its owner, the name of its rota, and its escalation path; each may be empty.

    Attributes:
        after: How long each level stands that does not say so itself; empty for no timers.
        until: What ends the path: `acknowledged` or `resolved`.
        repeat: How often it is gone through again from the first level on.
    """

    name: str
    owner: str = ""
    rota: str = ""
    escalation: tuple[Level, ...] = ()
    after: Timers = field(default_factory=lambda: MappingProxyType({}))
    until: str = ACKNOWLEDGED
    repeat: int = 0

    def timers(self, level: int) -> Timers:
        """Return how long a level, from 1 on, stands until the next is due, by priority."""
        own = self.path[level - 1].after
        return self.after if own is None else own

    def stands(self, level: int, priority: str | None) -> int | None:
        """Return how long a level, from 1 on, stands for a priority, ms; None for ever."""
        timers = self.timers(level)
        return timers.get(priority or ANY, timers.get(ANY))

    @property
    def path(self) -> tuple[Level, ...]:
        """The escalation path; where none is set, the rota alone."""
        return self.escalation or ((Level(self.rota, is_rota=True),) if self.rota else ())


@dataclass(frozen=True, slots=True)
class Step:
    """A level of an escalation path at a moment: `who` is empty where its rota has a gap or cannot be used."""

    level: int
    name: str
    is_rota: bool
    who: str


def service_key(name: str) -> str:
    """Return what a service is found by: a service category's key, else the name in lower case with underscores."""
    key = slug(name.casefold())
    return next((known for known, label in SERVICE_CATEGORIES.items() if key == slug(label.casefold())), key)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that is known of who is on call.

    Attributes:
        rotas: The rotas that can be used, by name.
        services: The services, by `service_key`.
    """

    rotas: Mapping[str, Rota] = field(default_factory=lambda: MappingProxyType({}))
    services: Mapping[str, Service] = field(default_factory=lambda: MappingProxyType({}))

    def service(self, name: str) -> Service | None:
        """Return the service of a name, in any case; None when there is none."""
        return self.services.get(service_key(name))

    def on_call(self, service: str, at: int) -> Duty | None:
        """Return who is on call for a service at a moment, ms; None when no usable rota stands for it."""
        found = self.service(service)
        rota = self.rotas.get(found.rota) if found else None
        return duty(rota, at) if rota else None

    def escalation(self, service: str, at: int) -> tuple[Step, ...]:
        """Return the escalation path of a service at a moment, ms, level by level; empty when there is none."""
        found = self.service(service)
        return tuple(self._step(n, level, at) for n, level in enumerate(found.path, 1)) if found else ()

    def _step(self, number: int, level: Level, at: int) -> Step:
        if not level.is_rota:
            return Step(number, level.name, False, level.name)
        rota = self.rotas.get(level.name)
        return Step(number, level.name, True, duty(rota, at).who if rota else "")

    def first_of(self, names: Iterable[str | None]) -> Service | None:
        """Return the first service that one of the names means, as an incident's category and resources may."""
        return next((found for name in names if name and (found := self.service(name))), None)
