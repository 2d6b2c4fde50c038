"""Which rows of the queue have a level to escalate, or a target that has passed or comes soon: a sign says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.rows import QueueRow

ESCALATE, LATE, NEAR, NONE = "^", "!", "~", " "
_KEPT = 5_000  # incidents whose moments are remembered

Moments = tuple[int, int, int, int]
"""Of one incident: the number of its newest entry when it was looked at, from when on it is near and late, and from
when on a level of its escalation path is due, ms."""


class QueueWarnings:
    """The moments that are known, by incident. What a row itself holds is not enough: it knows no pauses."""

    def __init__(self) -> None:
        self._known: dict[str, Moments] = {}

    def sign(self, row: QueueRow, now: int) -> str:
        """Return the sign of a row: `^` a level is due, `!` late, `~` near, a blank else."""
        if row.ended_at is not None or row.is_silenced(now) or (known := self._known.get(row.id)) is None:
            return NONE
        _last, near, late, escalate = known
        if now >= escalate:
            return ESCALATE
        return LATE if now > late else NEAR if now >= near else NONE

    def missing(self, rows: Iterable[QueueRow]) -> list[QueueRow]:
        """Return the open rows that nobody has looked at since their newest entry."""
        return [row for row in rows if _may_warn(row) and self._known.get(row.id, (-1,))[0] != row.last]

    def learn(self, found: Mapping[str, Moments]) -> None:
        """Remember the moments of some incidents."""
        if len(self._known) > _KEPT:
            self._known.clear()
        self._known.update(found)


def _may_warn(row: QueueRow) -> bool:
    return row.ended_at is None and not row.drill
