"""The escalation path of an incident: of the service that it is about, with who is called at each level now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.oncall.roster import Problem, bad_settings, problems_of, read_roster
from domain.escalation import Path
from domain.oncall.rotas import Duty, duty
from domain.oncall.services import Level, Service, Step

if TYPE_CHECKING:
    from app.loading import Loaded
    from domain.incident import Incident


class Paths:
    """Answers for incidents; reads the settings and the calendars when it is made, which may take a while.

    Args:
        loaded: The settings.
        at: The present, ms; what it knows holds for about a year from then on.
    """

    def __init__(self, loaded: Loaded, at: int) -> None:
        self.roster, self.problems = read_roster(loaded, at)
        self._duties: dict[str, Duty] = {}

    def service(self, incident: Incident) -> Service | None:
        """Return the service that an incident is about: its category, else the first resource that is one."""
        return self.roster.first_of((incident.service_category, *(item.name for item in incident.resources)))

    def of(self, incident: Incident, now: int) -> Path | None:
        """Return the path of an incident at a moment; None when none is set."""
        service = self.service(incident)
        if service is None or not service.path:
            return None
        trouble = next((f"{each.message}. {each.remedy}" for each in problems_of(service, self.problems)), "")
        return Path(service, tuple(self._step(n, each, now) for n, each in enumerate(service.path, 1)), trouble)

    def _step(self, number: int, level: Level, now: int) -> Step:
        """Return a level as it is now; who has a rota is looked up again when their shift is over."""
        if not level.is_rota:
            return Step(number, level.name, False, level.name)
        known = self._duties.get(level.name)
        if known is None or not _lasts(known, now):
            rota = self.roster.rotas.get(level.name)
            if rota is None:
                return Step(number, level.name, True, "")
            self._duties[level.name] = known = duty(rota, now)
        return Step(number, level.name, True, known.who)

    def of_timers(self) -> list[Problem]:
        """Return what is wrong in the settings with paths and their timers."""
        return [each for each in self.problems if each.owner[0] == "escalation" or ".escalat" in each.what]

    def sound(self, incident: Incident, now: int) -> Path | None:
        """Return the path of an incident.

        Raises:
            BadSettings: Something of it cannot be used (exit code 7).
        """
        service = self.service(incident)
        if service and (problems := problems_of(service, self.problems)):
            raise bad_settings(problems)
        return self.of(incident, now)


def _lasts(known: Duty, now: int) -> bool:
    begin, end = known.shift.begin, known.shift.end
    return known.at <= now and (end is None or now < end) and (begin is None or begin <= now)
