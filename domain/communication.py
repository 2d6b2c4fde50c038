"""What a team says outside, and by when: its parties, its templates and the regulations it knows, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from domain import parties, regulations, updates
from domain.incident import Incident
from domain.parties import Notice, Party
from domain.regulations import DutyClock, Regulation

_NONE: Mapping[str, Regulation] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Communication:
    """The parties in their order, the templates by name, the regulations by the slug of their name."""

    parties: tuple[Party, ...] = parties.PARTIES
    templates: Mapping[str, str] = field(default_factory=lambda: updates.TEMPLATES)
    regulations: Mapping[str, Regulation] = field(default_factory=lambda: _NONE)

    def notices(self, incident: Incident, now: int) -> tuple[Notice, ...]:
        """Return how each party stands."""
        return parties.notices(incident, self.parties, now)

    def waiting(self, incident: Incident, now: int) -> tuple[Notice, ...]:
        """Return who is to be told now."""
        return parties.waiting(self.notices(incident, now))

    def duties(self, incident: Incident) -> tuple[DutyClock, ...]:
        """Return the clocks of the duties that regulations set."""
        return regulations.duty_clocks(incident, self.regulations)

    def pressing(self, incident: Incident) -> tuple[DutyClock, ...]:
        """Return the duties that are not fulfilled, the first due first."""
        return regulations.pressing(self.duties(incident))

    def concerns(self, incident: Incident, now: int) -> bool:
        """Say whether anybody has to be told anything of an incident now or by a deadline."""
        return bool(self.waiting(incident, now) or self.pressing(incident))
