"""How many targets were kept, over incidents that are over: by clock, in all and by priority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from domain.clocks import NO_CLOCKS, Clock, Clocks
from domain.vocabulary import PRIORITIES

NAMES = ("response", "resolution")


class Tally(NamedTuple):
    """What came of one kind of target: kept, missed, or over in time without an answer (neither of both)."""

    met: int = 0
    breached: int = 0
    unanswered: int = 0

    @property
    def had(self) -> int:
        """How many incidents had the target."""
        return sum(self)

    @property
    def percent(self) -> float | None:
        """Of those that were kept or missed, how many of a hundred were kept; None when there were none."""
        decided = self.met + self.breached
        return 100 * self.met / decided if decided else None


@dataclass(frozen=True, slots=True)
class Attainment:
    """The result; `by_priority` has the priorities that occurred, each with a tally for every name of `NAMES`.

    Attributes:
        counted: Incidents that were not left out, whether they had targets or not.
        left_out: Every reason of `NO_CLOCKS` and how many incidents it left out.
    """

    counted: int
    left_out: Mapping[str, int]
    total: Mapping[str, Tally]
    by_priority: Mapping[str, Mapping[str, Tally]]


def attained(found: Iterable[tuple[str | None, Clocks]], now: int) -> Attainment:
    """Return how the clocks of incidents, each with its priority, came out; in one pass that keeps counts only."""
    left_out = Counter(dict.fromkeys(NO_CLOCKS, 0))
    counts: Counter[tuple[str, str, str]] = Counter()
    counted = 0
    for priority, clocks in found:
        if clocks.none:
            left_out[clocks.none] += 1
            continue
        counted += 1
        for clock in clocks.all:
            counts[priority or "", clock.name, _outcome(clock, now)] += 1
    seen = {priority for priority, _name, _outcome in counts}
    by_priority = {each: _tallies(counts, (each,)) for each in PRIORITIES if each in seen}
    total = _tallies(counts, tuple(seen))
    return Attainment(counted, MappingProxyType(dict(left_out)), total, MappingProxyType(by_priority))


def _outcome(clock: Clock, now: int) -> str:
    met = clock.met(now)
    return {True: "met", False: "breached", None: "unanswered"}[met]


def _tallies(counts: Counter[tuple[str, str, str]], priorities: tuple[str, ...]) -> Mapping[str, Tally]:
    def of(name: str) -> Tally:
        return Tally(*(sum(counts[each, name, outcome] for each in priorities) for outcome in Tally._fields))

    return MappingProxyType({name: of(name) for name in NAMES})
