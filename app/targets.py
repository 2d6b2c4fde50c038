"""From the section `sla` of the settings to the policy that the clocks go by; what is wrong is named with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.loading import BadSettings, Loaded
from domain import vocabulary
from domain.calendars import ALWAYS, Calendar, always, calendar
from domain.clocks import Policy, Service
from domain.errors import BadValue
from domain.times import DAY, parse_duration

if TYPE_CHECKING:
    from app.settings import Sla, SlaService

NONE = "none"
"""The target of a service that has none where others have one."""
_LONGEST = 3650 * DAY
_Parts = tuple[str | int, ...]


class _Wrong(Exception):
    """A setting that has the right type and no meaning: which, and what was said."""

    def __init__(self, parts: _Parts, mistake: BadValue) -> None:
        super().__init__(mistake.message)
        self.parts, self.mistake = parts, mistake


def policy_of(loaded: Loaded) -> Policy:
    """Return the policy that the settings give.

    Raises:
        BadSettings: The section cannot be used; names the file and the line, or the variable, and the remedy.
    """
    loaded.need("sla")
    from app.settings_lines import said_in

    try:
        return _policy(loaded.settings.sla)
    except _Wrong as wrong:
        name = ".".join(str(part + 1 if isinstance(part, int) else part) for part in wrong.parts)
        where = said_in(loaded.config, loaded.origins, wrong.parts)
        said = f"{where}: {name}: {wrong.mistake.message}"
        raise BadSettings(said, wrong.mistake.remedy or "See docs/sla.md.") from wrong


def promised_by(loaded: Loaded) -> tuple[Policy | None, str]:
    """Return the policy, or None and why there is none, in words for one line of the screen."""
    try:
        return policy_of(loaded), ""
    except BadSettings as error:
        return None, loaded.brief(f"{error.message}. {error.remedy}")


def _policy(sla: Sla) -> Policy:
    calendars = _calendars(sla)
    hours = _hours(sla.hours, calendars, ("sla", "hours"))
    response = _targets(sla.response, ("sla", "response"))
    resolution = _targets(sla.resolution, ("sla", "resolution"))
    services = []
    for number, each in enumerate(sla.services):
        at: _Parts = ("sla", "services", number)
        with _at((*at, "category") if each.category else at):
            category = _category(each)
        own = _hours(each.hours, calendars, (*at, "hours")) if each.hours else hours
        first = {**response, **_targets(each.response, (*at, "response"))}
        last = {**resolution, **_targets(each.resolution, (*at, "resolution"))}
        services.append(Service(_kept(first), _kept(last), own, category, each.tag, each.resource))
    pauses = frozenset(label.casefold() for label in sla.pauses)
    return Policy(_kept(response), _kept(resolution), hours, tuple(services), pauses)


def _calendars(sla: Sla) -> dict[str, Calendar]:
    found = {ALWAYS: always()}
    for number, each in enumerate(sla.calendars):
        at: _Parts = ("sla", "calendars", number)
        with _at((*at, "name")):
            if not each.name or each.name in found:
                why = f"There are two calendars “{each.name}”" if each.name else "A calendar wants a name"
                raise BadValue(why, "Give each a name of its own, not 24x7.", "bad_value")
        for key, zone, hours, closed in (
            ("zone", each.zone, ["mon 00:00-24:00"], ()),
            ("open", "UTC", each.open, ()),
            ("closed", each.zone, each.open, each.closed),
        ):
            with _at((*at, key)):
                found[each.name] = calendar(each.name, zone, hours, closed)
    return found


def _hours(name: str, calendars: Mapping[str, Calendar], parts: _Parts) -> Calendar:
    if name not in calendars:
        near = vocabulary.nearest(name, calendars)
        remedy = f"Did you mean {near}?" if near else f"Calendars: {', '.join(calendars)}."
        raise _Wrong(parts, BadValue(f"There is no calendar “{name}”", remedy, "bad_value"))
    return calendars[name]


def _targets(given: Mapping[str, str], parts: _Parts) -> dict[str, int]:
    """Return ms by priority, 0 for `none`."""
    found = {}
    for word, text in given.items():
        with _at((*parts, word)):
            priority = vocabulary.priority(word)
            found[priority] = _target(text)
    return found


def _target(text: str) -> int:
    bare = text.strip().lower()
    if bare == NONE:
        return 0
    amount = parse_duration(bare)
    if not 0 < amount <= _LONGEST:
        raise BadValue(f"“{text}” is no target", "Give one between 1s and 3650d, or “none”.", "bad_value")
    return amount


def _kept(targets: Mapping[str, int]) -> dict[str, int]:
    return {priority: amount for priority, amount in targets.items() if amount}


def _category(service: SlaService) -> str:
    if not (service.category or service.tag or service.resource):
        remedy = "Give it a category, a tag or a resource."
        raise BadValue("This service matches nothing in particular", remedy, "bad_value")
    if not service.category:
        return ""
    return vocabulary.choose(service.category, vocabulary.SERVICE_CATEGORIES, "service category")


@contextmanager
def _at(parts: _Parts) -> Iterator[None]:
    """Say of what goes wrong inside which setting it was."""
    try:
        yield
    except BadValue as mistake:
        raise _Wrong(parts, mistake) from mistake


def in_words(policy: Policy) -> str:
    """Return the targets on one line: `P1 15m/4h, P2 30m/8h, hours 24x7`."""
    from domain.durations import short

    def pair(priority: str) -> str:
        both = (policy.response.get(priority), policy.resolution.get(priority))
        return f"{priority} {'/'.join(short(each) if each else '-' for each in both)}"

    named = [each for each in vocabulary.PRIORITIES if each in policy.response or each in policy.resolution]
    parts: Sequence[str] = [pair(each) for each in named] or ["no targets"]
    return ", ".join([*parts, f"hours {policy.hours.name}", *_more(policy)])


def _more(policy: Policy) -> Iterable[str]:
    if policy.services:
        yield f"{len(policy.services)} service{'s' if len(policy.services) > 1 else ''} of their own"
    if policy.pauses:
        yield f"pauses: {', '.join(sorted(policy.pauses))}"
