"""The order of the queue as one integer, so that a window of it is one range of one index.

Open first, then priority, then age (the oldest first); closed ones follow, the last closed first. From the
highest bit: closed 1, rank 3, moment 32 (seconds), number 27. Always positive and below 2**63.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from domain.incident import Incident

_NUMBER_BITS = 27
_MOMENT_BITS = 32
_RANK_BITS = 3
_MOMENTS = (1 << _MOMENT_BITS) - 1
NUMBERS = 1 << _NUMBER_BITS
FIRST_CLOSED = 1 << (_NUMBER_BITS + _MOMENT_BITS + _RANK_BITS)
"""Keys below are of open incidents, the others of closed ones."""
LAST = (FIRST_CLOSED << 1) - 1
PRIORITIES = ("P1", "P2", "P3", "P4")  # those of `domain.vocabulary`, which takes its time
UNRANKED = len(PRIORITIES) + 1


def queue_key(incident: Incident, number: int) -> int:
    """Return the place of an incident in the queue; `number` (0 <= number < 2**27) makes it unique."""
    if incident.is_closed:
        ended = incident.closed_at or incident.ended_at or incident.updated_at
        return FIRST_CLOSED | (_MOMENTS - _seconds(ended)) << _NUMBER_BITS | number
    return (
        rank(incident.priority) << (_NUMBER_BITS + _MOMENT_BITS) | _seconds(incident.raised_at) << _NUMBER_BITS | number
    )


def rank(priority: str | None) -> int:
    """Return 1 for P1 up to 4 for P4, and 5 for none: what nobody has ranked comes after what somebody has."""
    return PRIORITIES.index(priority) + 1 if priority in PRIORITIES else UNRANKED


def priority_range(priority: str | None) -> tuple[int, int]:
    """Return the first key of a priority's open incidents and the first after them."""
    step = _NUMBER_BITS + _MOMENT_BITS
    return rank(priority) << step, (rank(priority) + 1) << step


def _seconds(ms: int) -> int:
    return min(max(ms // 1000, 0), _MOMENTS)
