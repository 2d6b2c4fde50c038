"""The roster that the settings describe, and what in them cannot be used.

A rota with anything wrong in it is not used at all: who is on call by half of it may be the wrong person. The others
are, and nothing else of the program minds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from domain.oncall import reading, timing
from domain.oncall.reading import Unreadable
from domain.oncall.rotas import HORIZON, Layer, Rota, Stint
from domain.oncall.services import ACKNOWLEDGED, Level, Roster, Service, Timers, service_key
from domain.vocabulary import nearest

if TYPE_CHECKING:
    from app import settings
    from app.loading import BadSettings, Loaded
    from app.settings_lines import Place

_T = TypeVar("_T")
_ROTA = "rota:"
ONCALL = ("rotas", "services")
"""The sections of the settings that say who is on call."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the settings or a calendar that cannot be used.

    Attributes:
        where: The file with its line, or the variable.
        what: The setting, and what is wrong with it.
        remedy: What to do.
        owner: (`rotas` or `services`, its name), or `escalation`: what cannot be used because of it.
    """

    where: str
    what: str
    remedy: str
    owner: tuple[str, str]

    @property
    def message(self) -> str:
        """Where and what."""
        return f"{self.where}: {self.what}"

    @classmethod
    def of_section(cls, section: str, error: BadSettings) -> Problem:
        """Return what is wrong with a section that could not be read at all."""
        where, _colon, what = error.message.partition(": ")
        return cls(where, what, error.remedy, (section, ""))


def read_roster(loaded: Loaded, at: int) -> tuple[Roster, list[Problem]]:
    """Return who is on call by the settings, good for moments around `at`, ms, and what cannot be used of them.

    Reads the calendars that the settings name. Nothing is raised: what is wrong is a problem.
    """
    given = loaded.settings
    unread = [Problem.of_section(name, loaded.problems[name]) for name in ONCALL if name in loaded.problems]
    if unread or not (given.rotas or given.services or any(name.startswith("escalation.") for name in loaded.origins)):
        return Roster(), unread
    builder = _Builder(loaded, at)
    rotas = {name: rota for name, each in given.rotas.items() if (rota := builder.rota(name, each))}
    services = builder.services(given.services, list(given.rotas))
    if timers := loaded.problems.get("escalation"):
        builder.problems.append(Problem.of_section("escalation", timers))
    return Roster(MappingProxyType(rotas), MappingProxyType(services)), builder.problems


def bad_settings(problems: Sequence[Problem]) -> BadSettings:
    """Return the error (exit code 7) that names the first of some problems, and how many there are besides."""
    from app.loading import BadSettings

    first, more = problems[0], len(problems) - 1
    also = f" ({more} more: tocsin doctor)" if more else ""
    return BadSettings(f"{first.message}{also}", first.remedy)


def problems_of(service: Service, problems: Sequence[Problem]) -> list[Problem]:
    """Return those problems that keep a service from being answered for."""
    rotas = {level.name for level in service.path if level.is_rota} | {service.rota}
    owners = {("rotas", name) for name in rotas} | {("services", service.name)}
    return [each for each in problems if each.owner in owners or each.owner[0] == "escalation"]


class _Builder:
    """Reads one part after the other; keeps what went wrong."""

    def __init__(self, loaded: Loaded, at: int) -> None:
        self._loaded, self._at = loaded, at
        self.problems: list[Problem] = []

    # -- what went wrong -------------------------------------------------------------------------------------------

    def _wrong(self, place: Place, error: Unreadable) -> None:
        """Keep a problem of a setting."""
        self._keep(place, self._where(place), f"{_dotted(place)}: {error.message}", error.remedy)

    def _keep(self, place: Place, where: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(where, what, remedy, (str(place[0]), str(place[1]))))

    def _where(self, place: Place) -> str:
        from app.settings_lines import said_in

        return said_in(self._loaded.config, self._loaded.origins, place)

    def _read(self, place: Place, read: Callable[[], _T]) -> _T | None:
        """Return what a reader gives, None when it refuses, which is then a problem."""
        try:
            return read()
        except Unreadable as error:
            self._wrong(place, error)
            return None

    # -- rotas -----------------------------------------------------------------------------------------------------

    def rota(self, name: str, given: settings.Rota) -> Rota | None:
        """Return a rota, or None when anything in it cannot be used."""
        place, before = ("rotas", name), len(self.problems)
        home = self._read((*place, "zone"), lambda: reading.zone(given.zone))
        if not given.layers and not given.calendar:
            nobody = Unreadable("nobody is on it", "Give it layers with people, or a calendar; see docs/oncall.md.")
            self._wrong(place, nobody)
        layers = [self._layer((*place, "layers", n), each) for n, each in enumerate(given.layers)]
        overrides = [self._override((*place, "overrides", n), each, home) for n, each in enumerate(given.overrides)]
        calendar = self._calendar(place, given, home) if given.calendar else ()
        if home is None or len(self.problems) > before:
            return None
        return Rota(name, home, tuple(filter(None, layers)), calendar, tuple(filter(None, overrides)))

    def _layer(self, place: Place, given: settings.Layer) -> Layer | None:
        if not given.people or not all(each.strip() for each in given.people):
            what = "somebody in it has no name" if given.people else "it has no people"
            self._wrong((*place, "people"), Unreadable(what, 'Write them in their order: people = ["ada", "ben"].'))
        every = self._read((*place, "rotation"), lambda: reading.turn(given.rotation))
        time = self._read((*place, "handover"), lambda: reading.time_of_day(given.handover))
        start = self._read((*place, "start"), lambda: reading.day(given.start))
        end = self._read((*place, "end"), lambda: reading.date_and_time(given.end, time)) if given.end else None
        days = self._read((*place, "days"), lambda: reading.days(given.days))
        hours = self._read((*place, "hours"), lambda: reading.hours(given.hours))
        if every is None or time is None or start is None or days is None:
            return None
        first = datetime.combine(start, time)
        if end is not None and end <= first:
            early = Unreadable("it ends before its first hand-over", "Mend its start or its end.")
            self._wrong((*place, "end"), early)
        return Layer(tuple(each.strip() for each in given.people), first, every, end, days, hours)

    def _override(self, place: Place, given: settings.Override, home: tzinfo | None) -> Stint | None:
        from domain.oncall.clockface import instant

        if not given.who.strip():
            self._wrong((*place, "who"), Unreadable("it names nobody", 'Write who = "ada".'))
        start = self._read((*place, "start"), lambda: reading.date_and_time(given.start))
        end = self._read((*place, "end"), lambda: reading.date_and_time(given.end))
        if start is None or end is None or home is None:
            return None
        stint = Stint(given.who.strip(), instant(start, home), instant(end, home))
        if stint.end <= stint.begin:
            early = Unreadable(f"it ends ({given.end}) before it begins ({given.start})", "Mend one of the two.")
            self._wrong((*place, "end"), early)
        return stint

    def _calendar(self, place: Place, given: settings.Rota, home: tzinfo | None) -> tuple[Stint, ...]:
        from app.oncall.calendar import BadCalendar, read

        if given.calendar_who not in ("summary", "attendee"):
            unknown = Unreadable(f"there is no “{given.calendar_who}”", "Choose from: summary, attendee.")
            self._wrong((*place, "calendar_who"), unknown)
        if home is None:
            return ()
        path = self._loaded.config.parent / Path(given.calendar).expanduser()
        try:
            # A program that stays open for a year still knows who is on call.
            return read(path, home, given.calendar_who, self._at - HORIZON, self._at + 2 * HORIZON)
        except BadCalendar as error:
            where = f"{path}:{error.line}" if error.line else str(path)
            said = f"{_dotted((*place, 'calendar'))}: {error.message}"
            self._keep(place, where, said, error.remedy)
            return ()

    # -- services --------------------------------------------------------------------------------------------------

    def services(self, given: Mapping[str, settings.Service], rotas: list[str]) -> dict[str, Service]:
        """Return the services by their keys; what one names wrongly is left out of it."""
        found: dict[str, Service] = {}
        _ = self._every  # what is wrong there is said once, whether a service needs it or not
        for name, each in given.items():
            place = ("services", name)
            service = self._service(place, each, rotas)
            if (twin := found.get(service_key(name))) or not service_key(name):
                what = f"it is the same service as “{twin.name}”" if twin else "it has no name"
                self._wrong(place, Unreadable(what, "Give it another name, or take one of the two away."))
                continue
            found[service_key(name)] = replace(service, name=name)
        return found

    def _service(self, place: Place, given: settings.Service, rotas: list[str]) -> Service:
        rota = self._rota_name((*place, "rota"), given.rota, rotas) if given.rota else ""
        levels = [self._level((*place, "escalation"), n, each, rotas) for n, each in enumerate(given.escalation)]
        timers, end, again = self._every
        after, until, repeat = given.escalate_after, given.escalate_until, given.escalate_repeat
        if after is not None:
            timers = self._read((*place, "escalate_after"), lambda: timing.timers(after)) or {}
        if until is not None:
            end = self._read((*place, "escalate_until"), lambda: timing.until(until)) or ACKNOWLEDGED
        if repeat is not None:
            again = self._read((*place, "escalate_repeat"), lambda: timing.repeat(repeat)) or 0
        return Service("", given.owner, rota, tuple(filter(None, levels)), timers, end, again)

    @cached_property
    def _every(self) -> tuple[Timers, str, int]:
        """How long levels stand, until what, and how often again, in services that say nothing else."""
        given = self._loaded.settings.escalation
        after = self._read(("escalation", "after"), lambda: timing.timers(given.after)) or {}
        until = self._read(("escalation", "until"), lambda: timing.until(given.until)) or ACKNOWLEDGED
        return after, until, self._read(("escalation", "repeat"), lambda: timing.repeat(given.repeat)) or 0

    def _level(self, place: Place, n: int, given: str | Mapping[str, str], rotas: list[str]) -> Level | None:
        if isinstance(given, str):
            return self._named(place, given, rotas)
        after = self._read((*place, n), lambda: timing.level(given))
        named = self._named((*place, n), given.get("who", ""), rotas)
        return replace(named, after=after) if named else None

    def _named(self, place: Place, text: str, rotas: list[str]) -> Level | None:
        if not text.lower().startswith(_ROTA):
            if not text.strip():
                self._wrong(place, Unreadable("a level names nobody", f"Write a person, or {_ROTA}NAME."))
            return Level(text.strip()) if text.strip() else None
        name = self._rota_name(place, text[len(_ROTA) :].strip(), rotas)
        return Level(name, is_rota=True) if name else None

    def _rota_name(self, place: Place, name: str, rotas: list[str]) -> str:
        """Return the rota of a name, in any case; empty when there is none."""
        found = next((each for each in rotas if each.casefold() == name.casefold()), "")
        if not found:
            near = nearest(name, rotas)
            known = f"Known: {', '.join(rotas)}." if rotas else "There are no rotas yet; see docs/oncall.md."
            self._wrong(place, Unreadable(f"there is no rota “{name}”", f"Did you mean {near}?" if near else known))
        return found


def _dotted(place: Place) -> str:
    """Return how people read a place: `rotas.web.layers[1].people`, counted from 1."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)[1:]
