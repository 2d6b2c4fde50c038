"""What is read of the remotes: how a store stands with them, what waits for them, and the chains they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.asking import Asking

if TYPE_CHECKING:
    from domain.entry import Entry
    from domain.standing import Standing
    from storage.remotes import Remote, Vector
    from storage.waiting import Waiting


class RemoteReads(Asking):
    """The reads of an exchange; those of whole chains see past what is restricted, which is not shown to anybody."""

    def remotes(self) -> list[Remote]:
        """Return the systems that this store exchanges entries with, by name."""
        if not self._all("SELECT 1 FROM remote LIMIT 1"):
            return []  # most often, and then the first screen loads nothing for it
        from storage import remotes

        with self._asking():
            return remotes.remotes(self._connection)

    def standings(self) -> list[Standing]:
        """Return how this store stands with each of its remotes, as it was last known, by name."""
        if not (found := self.remotes()):
            return []
        from domain.standing import Standing

        return [Standing(r.name, r.state, r.since, self.waiting(r.name), r.ahead, r.error) for r in found]

    def device(self) -> str:
        """Return the id under which this store writes; empty before its first entry."""
        rows = self._all("SELECT id FROM device WHERE me")
        return str(rows[0][0]) if rows else ""

    def vector(self) -> Vector:
        """Return how far every device is here."""
        from storage import remotes

        with self._asking():
            return remotes.vector(self._connection)

    def reached(self, remote: str) -> dict[str, int]:
        """Return how far a remote has every device, as it said last."""
        from storage import remotes

        with self._asking():
            return remotes.reached(self._connection, remote)

    def waiting(self, remote: str) -> int:
        """Return how many entries a remote is not known to have."""
        from storage import remotes

        with self._asking():
            return remotes.waiting(self._connection, remote)

    def waits(self, remote: str, limit: int) -> list[Waiting]:
        """Return the newest entries that a remote is not known to have, at most `limit`."""
        from storage import waiting

        with self._asking():
            return waiting.waits(self._connection, remote, limit)

    def offers(self, limit: int) -> list[Entry]:
        """Return entries whose bodies are here and not on the hub, by device and number."""
        from storage import remotes

        with self._asking():
            return remotes.offers(self._connection, limit)

    def bodiless(self) -> list[tuple[str, int]]:
        """Return the places of entries that were redacted here by what the hub then kept back."""
        from storage import remotes

        with self._asking():
            return remotes.bodiless(self._connection)

    def hash_at(self, device: str, dseq: int) -> bytes | None:
        """Return the hash of an entry by its place, None when it is not here."""
        rows = self._all("SELECT hash FROM main.entry WHERE device = ? AND dseq = ?", (device, dseq))
        return bytes(rows[0][0]) if rows else None

    def chain(self, device: str, first: int, limit: int) -> list[Entry]:
        """Return a device's entries from a number on, as many as follow without a gap and up to `limit`."""
        from storage.rows import ENTRY_COLUMNS, entry_of

        sql = f"""
            SELECT {ENTRY_COLUMNS} FROM main.entry WHERE device = ?1 AND dseq >= ?2
            AND dseq <= (SELECT dseq FROM device WHERE id = ?1) ORDER BY dseq LIMIT ?3
        """
        return [entry_of(row) for row in self._all(sql, (device, first, limit))]
