"""The measures of incident response: MTTD, MTTA, MTTM, MTTR, time to close, and MTBF of each resource.

All are read from the timeline's standing entries by when things happened (`occurred_at`), never from stored columns:
what was undone does not count. Drills, duplicates and Invalid are left out, and the result says how many.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from domain.incident import Incident
from domain.replay import Replay

DURATIONS: Mapping[str, str] = {
    "mttd": "time to detect: impact started → detected",
    "mtta": "time to acknowledge: raised → first acknowledgement by a person",
    "mttm": "time to mitigate: detected, else raised → last mitigated",
    "mttr": "time to resolve: raised → last resolved; not while it is reopened",
    "time_to_close": "raised → closed",
}
LEFT_OUT: Mapping[str, str] = {
    "drill": "a drill",
    "duplicate": "another incident under a second name",
    "invalid": "not a real incident",
    "not_raised": "its first entry has not arrived yet",
}
"""Why an incident is left out; the first reason that holds is the one counted."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How long something took, in whole ms; None where nothing was measured.

    Attributes:
        n: How many durations there are.
        median: The middle one, or the mean of the middle two.
        p90: Nearest rank: the smallest duration that at least nine in ten do not exceed, always one that occurred.
        negative: Durations left out because the end was dated before the beginning.
    """

    n: int = 0
    mean: int | None = None
    median: int | None = None
    p90: int | None = None
    negative: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one incident contributes.

    Attributes:
        left_out: A key of `LEFT_OUT`, or None when it counts.
        raised_at: ms since 1970 UTC.
        durations: By key of `DURATIONS`, in ms, where both ends are known; negative when they are out of order.
        resources: Names of the resources it hit.
    """

    left_out: str | None
    raised_at: int
    durations: Mapping[str, int]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of a number of incidents.

    Attributes:
        counted: How many incidents were looked at and not left out.
        left_out: Every reason of `LEFT_OUT` and how many incidents it left out.
        mtbf: By resource that failed at least twice: the time between one `raised_at` and the next.
    """

    counted: int
    left_out: Mapping[str, int]
    mttd: Summary
    mtta: Summary
    mttm: Summary
    mttr: Summary
    time_to_close: Summary
    mtbf: Mapping[str, Summary]


def sample(replay: Replay) -> Sample:
    """Return what one incident contributes, from its fold."""
    incident = replay.result()
    raised = replay.facts("raised")
    begun = raised[0].occurred_at if raised else None
    people = [entry.occurred_at for entry in replay.facts("acknowledged") if entry.source == "human"]
    mitigated = [entry.occurred_at for entry in replay.facts("mitigated")]
    detected = begun if incident.detected_at is None else incident.detected_at
    spans = {
        "mttd": (incident.impact_started_at, incident.detected_at),
        "mtta": (begun, min(people, default=None)),
        "mttm": (detected, max(mitigated, default=None)),
        "mttr": (begun, incident.resolved_at),
        "time_to_close": (begun, incident.closed_at),
    }
    durations = {name: end - start for name, (start, end) in spans.items() if start is not None and end is not None}
    names = dict.fromkeys(item.name for item in incident.resources if item.name)
    return Sample(_left_out(incident, begun), begun or 0, MappingProxyType(durations), tuple(names))


def measure(samples: Iterable[Sample]) -> Measures:
    """Return the measures over samples, in one pass; of each incident only its durations are kept."""
    found: dict[str, list[int]] = {name: [] for name in DURATIONS}
    failures: dict[str, list[int]] = {}
    left_out = Counter(dict.fromkeys(LEFT_OUT, 0))
    counted = 0
    for each in samples:
        if each.left_out is not None:
            left_out[each.left_out] += 1
            continue
        counted += 1
        for name, duration in each.durations.items():
            found[name].append(duration)
        for resource in each.resources:
            failures.setdefault(resource, []).append(each.raised_at)
    summaries = {name: summary(durations) for name, durations in found.items()}
    return Measures(counted, MappingProxyType(dict(left_out)), **summaries, mtbf=_between(failures))


def summary(durations: Iterable[int]) -> Summary:
    """Return n, mean, median and p90 of durations in ms; negative ones are only counted."""
    given = list(durations)
    kept = sorted(each for each in given if each >= 0)
    negative = len(given) - len(kept)
    if not kept:
        return Summary(negative=negative)
    rank = math.ceil(len(kept) * 9 / 10)
    return Summary(len(kept), round(sum(kept) / len(kept)), round(statistics.median(kept)), kept[rank - 1], negative)


def _left_out(incident: Incident, begun: int | None) -> str | None:
    if incident.drill:
        return "drill"
    if incident.is_duplicate:
        return "duplicate"
    if incident.status == "invalid":
        return "invalid"
    return "not_raised" if begun is None else None


def _between(failures: Mapping[str, list[int]]) -> Mapping[str, Summary]:
    repeated = {name: sorted(moments) for name, moments in sorted(failures.items()) if len(moments) > 1}
    gaps = {name: summary(later - earlier for earlier, later in pairwise(at)) for name, at in repeated.items()}
    return MappingProxyType(gaps)
