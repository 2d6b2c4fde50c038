"""Who is on call for an incident, for the screen: read once in the background, and then without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.oncall.paths import Paths
from app.oncall.wording import trouble

if TYPE_CHECKING:
    from app.loading import Loaded
    from domain.escalation import Path
    from domain.incident import Incident
    from domain.oncall.rotas import Duty
    from domain.times import Clock


class Board:
    """Reads the rotas and their calendars when it is made, which may take a while; answers at once.

    Args:
        loaded: The settings.
        clock: The present, ms.

    Attributes:
        trouble: What is wrong with the rotas, in a sentence; empty for nothing.
    """

    def __init__(self, loaded: Loaded, clock: Clock) -> None:
        self._clock = clock
        self.paths = Paths(loaded, clock())
        self._roster = self.paths.roster
        self.trouble = trouble(loaded, self._roster, self.paths.problems, clock())
        self._duties: dict[str, Duty | None] = {}
        for each in self._roster.services.values():
            self._duty(each.name)

    def __call__(self, incident: Incident) -> str | None:
        """Return who is on call for an incident's service now, empty when nobody is, None when that is not known."""
        service = self.paths.service(incident)
        duty = self._duty(service.name) if service else None
        return duty.who if duty else None

    def path(self, incident: Incident) -> Path | None:
        """Return the escalation path of an incident's service, with who is called now; None when none is set."""
        return self.paths.of(incident, self._clock())

    def _duty(self, service: str) -> Duty | None:
        """Return how a service's rota stands, looked up again when that has come to an end."""
        now, known = self._clock(), self._duties.get(service)
        stale = known is not None and known.shift.end is not None and known.shift.end <= now
        if stale or service not in self._duties:
            self._duties[service] = known = self._roster.on_call(service, now)
        return known
