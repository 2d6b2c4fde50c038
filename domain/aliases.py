"""Which incident stands for which, wherever merges are kept: followed to their end, and out of every ring."""

from __future__ import annotations

TYPE_CHECKING = False  # a list is read with this, and `typing` would hold it back
if TYPE_CHECKING:
    from collections.abc import Callable


def stands_for(incident: str, target: str | None, next_of: Callable[[str], tuple[bool, str | None]]) -> str:
    """Return the id of what an incident stands for: itself, or what it was merged into, also by way of others.

    Of a ring (people merged A into B and B into A without seeing each other) the lowest id stands, on every device the
    same; what was merged into something that is not here stands for itself.

    Args:
        incident: Its id.
        target: What it was merged into; None for nothing.
        next_of: Gives of an id whether it is here, and what it was merged into.
    """
    passed = {incident: None}
    last = incident
    while target is not None and target not in passed:
        here, following = next_of(target)
        if not here:
            return last
        last, target = target, following
        passed[last] = None
    if target is None:
        return last
    ring = list(passed)
    return min(ring[ring.index(target) :])


class Merges:
    """What was merged into what, kept in memory: nothing for an incident that never was."""

    def __init__(self) -> None:
        self._target: dict[str, str] = {}
        self._sources: dict[str, set[str]] = {}

    def learn(self, incident: str, target: str | None) -> None:
        """Take in what an incident was merged into, None for nothing."""
        if (before := self._target.pop(incident, None)) is not None:
            self._sources[before].discard(incident)
        if target is not None:
            self._target[incident] = target
            self._sources.setdefault(target, set()).add(incident)

    def standing(self, incident: str) -> str:
        """Return what an incident stands for, as far as was learnt."""
        if incident not in self._target:
            return incident
        return stands_for(incident, self._target[incident], lambda each: (True, self._target.get(each)))

    def parts(self, incident: str) -> list[str]:
        """Return what was merged into an incident, also by way of others."""
        found: set[str] = set()
        waiting = [incident]
        for each in waiting:
            fresh = self._sources.get(each, set()) - found
            found |= fresh
            waiting += fresh
        return sorted(found - {incident})
