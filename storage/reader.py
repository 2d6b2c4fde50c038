"""The read side, on the standard library's sqlite3 alone: windows of the queue, timelines, counts, refs.

The queue is read in windows along its key, never by offset, and never counted on the way to a key press.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from domain import ids
from domain.ordering import LAST
from domain.query import EVERYTHING, Query
from domain.rows import QueueRow
from storage import merged
from storage.connection import connect
from storage.errors import NotFound, translated
from storage.filters import Asker, compile_query
from storage.home import COUNTS, JOIN_SEEN, ROW_COLUMNS, Counts, counts_of

if TYPE_CHECKING:
    from domain.entry import Entry
    from domain.grants import Login
    from domain.incident import Incident
    from domain.moments import Strand
    from domain.replay import Replay
    from domain.standing import Standing
    from storage.handing import Handing
    from storage.remotes import Remote, Vector
    from storage.rights import Caller
    from storage.similar import Similar
    from storage.waiting import Waiting


_GIVEN = "SELECT coalesce(max(id), 0), count(revoked_at) FROM rights"
"""What changes with every right that is given or taken: none is ever deleted."""


class Cancelled(Exception):
    """A read was given up because a newer one has replaced it."""


class Sight:
    """What all readers of one store share: whose eyes they are, and how often the rights were seen to change."""

    def __init__(self, who: Callable[[], Login] | None = None) -> None:
        self.who, self.changes = who, 0
        self._given: tuple[int, int] | None = None

    def notice(self, given: tuple[int, int]) -> None:
        """Have every reader look again at its next read, if the rights are not what they were."""
        if given != self._given:
            self._given = given
            self.changes += 1


class Reader:
    """Reads one store through one connection of its own; use one a thread.

    On a store with rights it shows what the person who runs this may see; `storage.sight` says how.

    Args:
        path: The store's file, already migrated.
        me: Whose unread marks and `owner:me` are meant; on a store with rights the login's, whoever is named here.
        connection: To the store, when it is not opened from `path`: kept in memory, for one.
        sight: Shared by the readers of one store.

    Attributes:
        followed: Told, once each, which ref led to another incident than its own: `INC-7K3FQ is INC-9XTRM`.
        caller: Where the person stands, None on a store without rights.
    """

    def __init__(
        self, path: Path, me: str, *, connection: sqlite3.Connection | None = None, sight: Sight | None = None
    ) -> None:
        self.path, self.me = path, me
        self.caller: Caller | None = None
        self._connection = connection or connect(path)
        self._followed: set[str] = set()
        self.followed: Callable[[str], None] = lambda _line: None
        self._sight = sight or Sight()
        self._looked, self._version = 0, -1
        with translated(path):
            self._look()

    def _look(self) -> None:
        """Show what may be seen by the rights that stand now; without any, that is one look at an empty table."""
        given = self._connection.execute(_GIVEN).fetchone()
        self._sight.notice(given)
        self._looked = self._sight.changes
        if given[0] == 0 and self.caller is None:
            return
        from storage.rights import caller_of, login
        from storage.sight import narrow

        self.caller = caller_of(self._connection, self._sight.who or login)
        narrow(self._connection, self.caller)
        if self.caller:
            self.me = self.caller.who.name

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def cancel(self) -> None:
        """Give up the read that another thread has under way; it raises `Cancelled` there."""
        self._connection.interrupt()

    def data_version(self) -> int:
        """Return a number that changes when another connection has written; costs microseconds."""
        (version,) = self._one("PRAGMA data_version")
        if version != self._version:
            self._version = version
            self._sight.notice(self._one(_GIVEN))
        return int(version)

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
        """Return the id of what an incident stands for: itself, or what it was merged into."""
        with self._asking():
            return merged.standing(self._connection, incident)

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
            found = replace(found, merged_into=self.refs([stands])[stands])
        if not (parts := self.parts(incident.id)) or incident.is_merged:
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
        """Return open incidents, the most urgent first, each with the number of its newest entry."""
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

    # -- remotes ---------------------------------------------------------------------------------------------------

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

    def conflicts(self) -> int:
        """Return how many fields of all incidents have values that a person must choose from."""
        sql = "SELECT coalesce(sum(conflicts), 0) FROM incident WHERE conflicts > 0"
        (count,) = self._one(sql)
        return int(count)

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

    # -- plumbing --------------------------------------------------------------------------------------------------

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._asking():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[object] = ()) -> tuple:  # type: ignore[type-arg]
        return self._all(sql, values)[0]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with translated(self.path):
            if self._looked != self._sight.changes:
                self._look()
            try:
                yield
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                    raise Cancelled from error
                raise
