"""The queue row: the little of an incident that a list shows, cheap to read by the thousand."""

from __future__ import annotations


class QueueRow:
    """One line of the queue, in the order of the store's columns; times in ms since 1970 UTC. Nobody changes it.

    A plain class: importing what a `NamedTuple` or a dataclass needs would hold the first rows back.

    Attributes:
        key: The place in the queue (`domain.ordering.queue_key`).
        last: The number of the newest entry in this store; compared with what the responder has seen.
        seen: The number of the newest entry the responder has seen, 0 for none.
        silenced_until: Until when nothing rings for it, None without a silence; it may be past.
        merged: The ref of the incident that it was merged into, None for nearly all.
    """

    __slots__ = (
        "conflicts",
        "drill",
        "ended_at",
        "firing",
        "id",
        "key",
        "last",
        "merged",
        "owner",
        "phase",
        "priority",
        "raised_at",
        "ref",
        "seen",
        "severity",
        "silenced_until",
        "status",
        "title",
        "updated_at",
    )

    def __init__(
        self,
        key: int,
        id: str,  # noqa: A002
        ref: str,
        title: str,
        phase: str,
        status: str,
        priority: str | None,
        severity: str | None,
        owner: str | None,
        raised_at: int,
        updated_at: int,
        ended_at: int | None,
        conflicts: int,
        firing: int,
        drill: int,
        last: int,
        seen: int = 0,
        silenced_until: int | None = None,
        merged: str | None = None,
    ) -> None:
        self.key = key
        self.id = id
        self.ref = ref
        self.title = title
        self.phase = phase
        self.status = status
        self.priority = priority
        self.severity = severity
        self.owner = owner
        self.raised_at = raised_at
        self.updated_at = updated_at
        self.ended_at = ended_at
        self.conflicts = conflicts
        self.firing = firing
        self.drill = drill
        self.last = last
        self.seen = seen
        self.silenced_until = silenced_until
        self.merged = merged

    def _all(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QueueRow) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash((self.key, self.id, self.last))

    def __repr__(self) -> str:
        return f"QueueRow{self._all()}"

    def is_silenced(self, now: int) -> bool:
        """Say whether nothing rings for it at a moment, ms."""
        return self.silenced_until is not None and now < self.silenced_until

    @property
    def is_new(self) -> bool:
        """Whether something was recorded since the responder last looked."""
        return self.last > self.seen
