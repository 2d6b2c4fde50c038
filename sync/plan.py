"""What two sides lack of one another, from how far each has every device: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

Vector = Mapping[str, tuple[int, bytes]]
"""Of each device, the highest number without a gap, and the hash of that entry."""


class Plan(NamedTuple):
    """What is to be done before both sides are equal, by device: the first number that is wanted.

    Attributes:
        push: Entries that the hub lacks.
        fill: Entries that are missing here.
        mend: Devices whose chains differ; all of the hub's is to be looked at.
    """

    push: dict[str, int]
    fill: dict[str, int]
    mend: list[str]

    @property
    def done(self) -> bool:
        """Whether both sides are equal: every number and every hash."""
        return not (self.push or self.fill or self.mend)


def plan(mine: Vector, hub: Vector, hash_at: Callable[[str, int], bytes | None]) -> Plan:
    """Compare two vectors.

    Args:
        mine: How far every device is here.
        hub: How far the hub has every device.
        hash_at: Gives the hash of an entry that is here, by device and number; None when it is not.
    """
    found = Plan({}, {}, [])
    for device, (reached, tip) in sorted(hub.items()):
        here = mine.get(device, (0, b""))[0]
        if here < reached:
            found.fill[device] = here + 1
        elif reached and hash_at(device, reached) != tip:
            found.mend.append(device)
        elif here > reached:
            found.push[device] = reached + 1
    found.push.update({device: 1 for device, (here, _tip) in sorted(mine.items()) if here and device not in hub})
    return found
