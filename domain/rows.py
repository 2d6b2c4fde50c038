"""The queue row: the little of an incident that a list shows, cheap to read by the thousand."""

from __future__ import annotations

from typing import NamedTuple


class QueueRow(NamedTuple):
    """One line of the queue, in the order of the store's columns; times in ms since 1970 UTC.

    Attributes:
        key: The place in the queue (`domain.ordering.queue_key`).
        last: The number of the newest entry in this store; compared with what the responder has seen.
        seen: The number of the newest entry the responder has seen, 0 for none.
    """

    key: int
    id: str
    ref: str
    title: str
    phase: str
    status: str
    priority: str | None
    severity: str | None
    owner: str | None
    raised_at: int
    updated_at: int
    ended_at: int | None
    conflicts: int
    firing: int
    drill: int
    last: int
    seen: int = 0

    @property
    def is_new(self) -> bool:
        """Whether something was recorded since the responder last looked."""
        return self.last > self.seen
