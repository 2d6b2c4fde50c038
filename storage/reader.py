"""The read side, on the standard library's sqlite3 alone: windows of the queue, timelines, counts, refs.

The queue is read in windows along its key, never by offset, and never counted on the way to a key press.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from domain import ids
from domain.ordering import LAST
from domain.query import EVERYTHING, Query
from domain.rows import QueueRow
from storage import merged
from storage.asking import Sight
from storage.errors import NotFound
from storage.filters import Asker, compile_query
from storage.home import COUNTS, JOIN_SEEN, ROW_COLUMNS, Counts, counts_of
from storage.remote_reads import RemoteReads

if TYPE_CHECKING:
    from domain.entry import Entry
    from domain.incident import Incident
    from domain.moments import Strand
    from domain.replay import Replay
    from storage.handing import Handing
    from storage.similar import Similar


class Reader(RemoteReads):
    """Reads one store: its queue, its incidents and their timelines; see `Asking`.

    Attributes:
        followed: Told, once each, which ref led to another incident than its own: `INC-7K3FQ is INC-9XTRM`.
    """

    def __init__(
        self, path: Path, me: str, *, connection: sqlite3.Connection | None = None, sight: Sight | None = None
    ) -> None:
        super().__init__(path, me, connection=connection, sight=sight)
        self._followed: set[str] = set()
        self.followed: Callable[[str], None] = lambda _line: None

    # -- the queue -------------------------------------------------------------------------------------------------

    def after(self, key: int, limit: int, query: Query = EVERYTHING, now: int = 0) -> list[QueueRow]:
        """Return up to `limit` rows that follow `key` in the queue (-1 for the beginning)."""
        return self._window(query, now, "> ?", "ASC", key, limit)

    def before(self, key: int, limit: int, query: Query = EVERYTHING, now: int = 0) -> list[QueueRow]:
        """Return up to `limit` rows that come before `key` (`LAST`, which none has, for the end), in queue order."""
        return self._window(query, now, "< ?", "DESC", key, limit)[::-1]

    def last(self, limit: int, query: Query = EVERYTHING, now: int = 0) -> list[QueueRow]:
        """Return the last `limit` rows of the queue."""
        return self.before(LAST, limit, query, now)

    def _window(self, query: Query, now: int, bound: str, direction: str, key: int, limit: int) -> list[QueueRow]:
        found = compile_query(query, Asker(self.me, now))
        if found.match:
            # The index's rowid is the queue key, so hits come in queue order and stop at the limit.
            source, column = ("search JOIN incident ON incident.key = search.rowid", "search.rowid")
            where, values = "search MATCH ? AND ", [found.match]
        else:
            source, column, where, values = "incident", "incident.key", "", []
        sql = (
            f"SELECT {ROW_COLUMNS} FROM {source} {JOIN_SEEN} WHERE {where}{column} {bound} AND {found.where} "
            f"ORDER BY {column} {direction} LIMIT ?"
        )
        return [QueueRow(*row) for row in self._all(sql, (self.me, *values, key, *found.values, limit))]

    def count(self, query: Query = EVERYTHING, now: int = 0) -> int:
        """Return how many incidents match; from the counters when everything does."""
        if not query.terms:
            return sum(self.counts().values())
        found = compile_query(query, Asker(self.me, now))
        source = "search JOIN incident ON incident.key = search.rowid" if found.match else "incident"
        where, values = ("search MATCH ? AND ", [found.match]) if found.match else ("", [])
        (count,) = self._one(f"SELECT count(*) FROM {source} WHERE {where}{found.where}", (*values, *found.values))
        return int(count)

    def counts(self) -> Counts:
        """Return the number of incidents by (status, priority), priority empty for none."""
        return counts_of(self._all(COUNTS))

    def row(self, incident: str) -> QueueRow | None:
        """Return one incident's row, or None."""
        found = self._all(f"SELECT {ROW_COLUMNS} FROM incident {JOIN_SEEN} WHERE incident.id = ?", (self.me, incident))
        return QueueRow(*found[0]) if found else None

    # -- one incident ----------------------------------------------------------------------------------------------

    def resolve(self, ref: str) -> str:
        """Return the id of the incident that a ref, any unique beginning of one, or an id means.

        One that was merged means the one that it was merged into, and `followed` is told so, once.

        Raises:
            NotFound: None does, or several do; names them.
        """
        found = self.resolve_itself(ref)
        stands = self.standing(found)
        if stands != found:
            refs = self.refs((found, stands))
            line = f"{refs[found]} is {refs[stands]}"
            if line not in self._followed:
                self._followed.add(line)
                self.followed(line)
        return stands

    def resolve_itself(self, ref: str) -> str:
        """Return the id of the incident that has a ref, be it merged into another or not; as `resolve` else."""
        if ids.is_uuid(ref) and self._all("SELECT 1 FROM incident WHERE id = ?", (ref.lower(),)):
            return ref.lower()
        if ids.is_uuid(ref):
            self._object("id = ?", ref.lower())
        prefix = ids.parse_ref(ref)
        if prefix is None:
            raise NotFound(f"“{ref}” is not a ref", "A ref looks like INC-7K3FQ; see: tocsin list.")
        rows = self._all(
            "SELECT id, ref, title FROM incident WHERE code >= ? AND code < ? ORDER BY length(ref), code LIMIT 6",
            (prefix, prefix + "~"),
        )
        exact = [row for row in rows if row[1] == ids.PREFIX + prefix]
        if exact or len(rows) == 1:
            return str((exact or rows)[0][0])
        if not rows:
            self._object("code >= ? AND code < ?", prefix, prefix + "~")
            raise NotFound(f"There is no incident {ids.PREFIX}{prefix}", "See: tocsin list.")
        stand = {self.standing(row[0]) for row in rows}
        if len(rows) < 6 and len(stand) == 1:  # one incident and its duplicates
            return str(stand.pop())
        names = ", ".join(row[1] for row in rows[:5])
        raise NotFound(f"{ids.PREFIX}{prefix} fits several: {names}", "Write one more character.", "ambiguous")

    def standing(self, incident: str) -> str:
        """Return the id of what an incident stands for: itself, or what it was merged into, if that is shown."""
        with self._asking():
            found = merged.standing(self._connection, incident)
        return found if found == incident or self.refs([found]) else incident

    def parts(self, incident: str) -> list[str]:
        """Return the ids of what was merged into an incident, also by way of others."""
        with self._asking():
            return merged.parts(self._connection, incident)

    def strands(self, incident: str) -> list[Strand]:
        """Return the timelines that make an incident: its own, then of each that was merged into it."""
        from domain.moments import Strand

        found = [self._strand(incident)]
        parts = self.parts(incident)
        refs = self.refs(parts) if parts else {}
        return found + [Strand(*self._strand(each)[:2], refs[each]) for each in parts]

    def _strand(self, incident: str) -> Strand:
        from domain.moments import Strand

        entries = self.entries(incident)
        return Strand(entries, self._fold(incident, entries))

    def _object(self, condition: str, *values: str) -> None:
        """Refuse what is here and not shown, with who may see it; nothing without rights."""
        if self.caller is None or self.caller.sees_all:
            return
        from storage.sight import refusal

        for (incident,) in self._all(f"SELECT id FROM main.incident WHERE {condition} LIMIT 2", values):
            if error := refusal(self._connection, self.caller, incident):
                raise error

    def entries(self, incident: str) -> list[Entry]:
        """Return an incident's entries in the order they came to this store."""
        from storage.rows import ENTRY_COLUMNS, entry_of  # a list needs no fold

        sql = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE incident = ? ORDER BY pk"
        return [entry_of(row) for row in self._all(sql, (incident,))]

    def replay(self, incident: str) -> Replay:
        """Return the fold of an incident's own entries."""
        return self._fold(incident, self.entries(incident))

    def _fold(self, incident: str, entries: Iterable[Entry]) -> Replay:
        from domain.replay import Replay

        found = Replay(incident).extend(entries)
        with self._asking():
            merged.settle(self._connection, found)
        return found

    def newest(self) -> str | None:
        """Return the incident that something was recorded on last, None when there is none."""
        sql = """
            SELECT incident FROM entry WHERE EXISTS (SELECT 1 FROM incident WHERE incident.id = entry.incident)
            ORDER BY pk DESC LIMIT 1
        """
        rows = self._all(sql)
        return rows[0][0] if rows else None

    def incident(self, incident: str) -> Incident:
        """Return an incident as it stands, with its ref.

        Raises:
            NotFound: There is none of that id.
        """
        return self.named(self.replay(incident).result())

    def incidents(self, found: Sequence[str]) -> list[Incident]:
        """Return several incidents, in the order asked for."""
        return [self.incident(each) for each in found]

    def named(self, incident: Incident) -> Incident:
        """Return an incident as it was folded with what the store knows of it besides.

        That is the ref it has here, the present refs of those it relates to, and what belongs to its duplicates.
        """
        found = self._named(incident)
        if incident.is_merged:
            stands = self.standing(incident.id)
            return replace(found, merged_into=self.refs([stands])[stands]) if stands != incident.id else found
        if incident.duplicates or not (parts := self.parts(incident.id)):  # it may have been named before
            return found
        from domain.merging import together

        others = [self._named(self.replay(each).result()) for each in parts]
        return replace(together(found, others), duplicates=tuple(each.ref for each in others))

    def _named(self, incident: Incident) -> Incident:
        wanted = [incident.id, *(item.incident for item in incident.related if item.incident)]
        refs = self.refs(wanted)
        if incident.id not in refs:
            self._object("id = ?", incident.id)
            raise NotFound(f"There is no incident {incident.id}", "See: tocsin list.")
        related = tuple(replace(item, name=refs.get(item.incident or "", item.name)) for item in incident.related)
        return replace(incident, ref=refs[incident.id], related=related)

    def similar(
        self, words: Sequence[str], resources: Sequence[str] = (), *, exclude: str = "", limit: int = 20
    ) -> list[Similar]:
        """Return incidents like one, those that share most first; see `storage.similar`."""
        from storage import similar

        with self._asking():
            return similar.similar(self._connection, words, resources, exclude, limit)

    def handing(self, limit: int) -> Handing:
        """Return what a hand-over is made of; see `storage.handing`."""
        from storage import handing

        with self._asking():
            return handing.handing(self._connection, self.me, limit)

    def watched(self, limit: int) -> list[tuple[str, int]]:
        """Return open incidents, the most urgent first, each with a number that changes with what is recorded on it."""
        from storage import handing

        with self._asking():
            return handing.watched(self._connection, limit)

    def ended_with_words(self, since: int) -> list[str]:
        """Return the ids of incidents that ended since a moment, ms, and of which anything was said outside."""
        from storage import handing

        with self._asking():
            return handing.ended_with_words(self._connection, since)

    def refs(self, incidents: Iterable[str]) -> dict[str, str]:
        """Return the refs of incidents by id; those that are not here are left out."""
        wanted = list(incidents)
        marks = ", ".join("?" * len(wanted))
        return dict(self._all(f"SELECT id, ref FROM incident WHERE id IN ({marks})", tuple(wanted)))

    def conflicts(self) -> int:
        """Return how many fields of all incidents have values that a person must choose from."""
        sql = "SELECT coalesce(sum(conflicts), 0) FROM incident WHERE conflicts > 0"
        (count,) = self._one(sql)
        return int(count)
