"""One write transaction: actions on any incidents, seen by one another, committed together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, select

from domain import hlc, ids
from domain.entry import Draft, Entry, body_hash
from domain.errors import BadValue, Refused
from domain.grants import OWNER
from domain.incident import Incident
from domain.merging import routed, together
from domain.replay import Replay, field_of
from domain.strictjson import dumps
from domain.wire import BadEntry, check_sizes
from storage import merged, projection, receiving, remotes, sealing
from storage.chain import Chain
from storage.errors import NotFound
from storage.names import ENTRY
from storage.receiving import INSERT
from storage.remotes import Remote
from storage.rights import Door
from storage.rows import entry_of, row_of, rows_among
from storage.witness import Act, act_of

if TYPE_CHECKING:
    from storage.journal import Journal

_KNOWN = "SELECT DISTINCT incident FROM entry WHERE incident IN"


class Home(NamedTuple):
    """An incident that holds entries of an import: its id, the pk of the newest, and whether it was open before."""

    incident: str
    pk: int
    is_open: bool


class Writing:
    """One write transaction: actions on any incidents, seen by one another, committed together.

    Attributes:
        results: The incidents touched, as they stand, once the transaction is finished.
        recorded: The entries made so far; what came from elsewhere is not among them.
        door: Judges what the person may do, None on a store without rights.
    """

    def __init__(self, journal: Journal, connection: Connection) -> None:
        self._journal, self._connection = journal, connection
        self._raw = _raw(connection)
        self._now = journal.clock()
        where = journal.caller(self._raw)
        self.door = Door(self._raw, where, blind=journal.source == "alert") if where else None
        self._author = where.who.name if where else journal.author
        self._chain = Chain(self._raw, self._author, self._new_id)
        meta = dict(self._raw.execute("SELECT name, value FROM meta WHERE name IN ('hlc', 'rewritten')"))
        self._hlc = self._hlc_before = int(meta.get("hlc", 0))
        self._rewritten = int(meta.get("rewritten", 0))
        journal.trust_folds(self._rewritten)
        self._action = self._new_id()
        self._touched: dict[str, None] = {}
        self._came: list[str] = []  # incidents that began with what was received
        self.results: dict[str, Incident] = {}
        self.recorded: list[Entry] = []

    @property
    def now(self) -> int:
        """The moment of this transaction, ms."""
        return self._now

    @property
    def device(self) -> str:
        """The id under which this store writes."""
        return self._chain.device

    def incident(self, incident: str) -> Incident:
        """Return an incident as it stands, with its duplicates and what this transaction has recorded so far.

        Raises:
            NotFound: There is none.
        """
        own = self.alone(incident)
        return together(own, [self.alone(each) for each in self.parts(incident)])

    def alone(self, incident: str) -> Incident:
        """Return an incident without what was merged into it.

        Raises:
            NotFound: There is none.
            NoRight: It is restricted, and the person does not see it.
        """
        if self.door:
            self.door.show(incident)
        place = projection.place_of(self._raw, incident)
        result = self.replay(incident).result(place.ref if place else "")
        if not result.entries:
            raise NotFound(f"There is no incident {incident}", "See: tocsin list.")
        return result

    def parts(self, incident: str) -> list[str]:
        """Return the ids of what was merged into an incident before this transaction, as far as the person sees it."""
        found = merged.parts(self._raw, incident)
        return [each for each in found if self.door is None or self.door.shows(each)]

    def replay(self, incident: str) -> Replay:
        """Return the fold of an incident's own entries."""
        found = self._journal.fold(self._connection, incident)[0]
        merged.settle(self._raw, found)
        return found

    def timeline(self, incident: str) -> list[Entry]:
        """Return an incident's entries in the order they came."""
        rows = self._connection.execute(select(ENTRY).where(ENTRY.c.incident == incident).order_by(ENTRY.c.pk))
        return [entry_of(row) for row in rows]

    def with_src(self, keys: Sequence[str]) -> dict[str, str]:
        """Return, of these import keys, those already recorded, each with its incident."""
        return dict(rows_among(self._raw, "SELECT src, incident FROM entry WHERE src IN", keys))

    def has(self, incident: str) -> bool:
        """Say whether there is any entry of an incident."""
        return self._raw.execute("SELECT 1 FROM entry WHERE incident = ? LIMIT 1", (incident,)).fetchone() is not None

    def sources(self, incident: str) -> set[str]:
        """Return who the entries of an incident come from: `human`, `alert` and so on."""
        rows = self._raw.execute("SELECT DISTINCT source FROM entry WHERE incident = ?", (incident,))
        return {source for (source,) in rows}

    def homes(self, prefixes: Iterable[str]) -> dict[str, list[Home]]:
        """Return, of each prefix of import keys, the incidents that have such an entry, the newest entry's first."""
        sql = """
            SELECT entry.incident, max(entry.pk), incident.ended_at IS NULL
            FROM entry INDEXED BY entry_src LEFT JOIN incident ON incident.id = entry.incident
            WHERE entry.src >= ? AND entry.src < ? GROUP BY entry.incident ORDER BY 2 DESC
        """
        found: dict[str, list[Home]] = {}
        for prefix in prefixes:
            rows = self._raw.execute(sql, (prefix, prefix + "\U0010ffff"))
            found[prefix] = [Home(incident, pk, bool(is_open)) for incident, pk, is_open in rows]
        return found

    def record(self, incident: str, drafts: Iterable[Draft]) -> list[Entry]:
        """Append drafts as entries of this device and return them.

        What they say of an entry or a follow-up of a merged incident goes to that one's timeline.

        Raises:
            NoRight: The person may not write one of them; then none is appended.
        """
        made, drafts = [], tuple(drafts)
        if self.door:
            self.door.admit(incident, drafts)
        parts = self.parts(incident)
        for draft in self._routed(incident, parts, drafts) if parts else drafts:
            made.append(self._append(draft.incident or incident, draft))
            self._touched[made[-1].incident] = None
        self.recorded += made
        if incident not in self._touched:  # the action had nothing to record here
            self.results[incident] = self.alone(incident)
        return made

    def _routed(self, incident: str, parts: Sequence[str], drafts: Iterable[Draft]) -> Iterator[Draft]:
        def home_of(entry: str) -> str | None:
            row = self._raw.execute("SELECT incident FROM entry WHERE id = ?", (entry,)).fetchone()
            return row[0] if row and row[0] in parts else None

        def has_follow_up(identifier: str) -> str | None:
            name = f"act:{identifier}.title"
            if self.replay(incident).heads(name):
                return None
            return next((each for each in parts if self.replay(each).heads(name)), None)

        for draft in drafts:
            yield from routed(draft, incident, home_of, has_follow_up)

    def last_action(self, incident: str | None) -> list[Entry]:
        """Return the entries of this author's last action that is not undone.

        Raises:
            Refused: There is none.
        """
        mine = select(ENTRY).where(ENTRY.c.device == self._chain.device, ENTRY.c.author == self._author)
        mine = mine.where(ENTRY.c.source.in_(("human", "implied")), ENTRY.c.kind.not_in(("raise", "redact", "device")))
        mine = mine.where(ENTRY.c.src.is_(None))  # what a program recorded by itself is nobody's action
        if incident is not None:
            mine = mine.where(ENTRY.c.incident.in_([incident, *self.parts(incident)]))
        for row in self._connection.execute(mine.order_by(ENTRY.c.dseq.desc()).limit(1000)):
            entry = entry_of(row)
            if "undoes" not in entry.payload and not self.replay(entry.incident).undone(entry.id):
                return self._same_action(entry)
        raise Refused("There is nothing of yours to undo here", "See: tocsin log.", "nothing_to_undo")

    def receive(self, entries: Sequence[Entry], *, from_hub: bool = False) -> int:
        """Store entries made elsewhere as they are, skipping those that are here; return how many were new.

        Raises:
            Tampered: One of them has the id of another with other content.
            NoRight: No hub has judged them, and the person is no administrator.
        """
        if self.door and not from_hub:
            self.door.import_(entries)
        named = list(dict.fromkeys(entry.incident for entry in entries))
        known = {incident for (incident,) in rows_among(self._raw, _KNOWN, named)}
        found = receiving.receive(self._raw, self._chain, entries, from_hub=from_hub)
        if found.changed or found.moved:
            self._rewrite()
        for _pk, entry in found.fresh:
            self._hlc = hlc.receive(self._hlc, entry.hlc, self._now)
        self._project_new(found.fresh, known)
        self._touched.update(dict.fromkeys(e.incident for _pk, e in found.fresh if e.incident in known))
        self._touched.update(found.changed)
        return len(found.fresh)

    def hold(self, reasons: Mapping[str, str]) -> None:
        """Take entries out of what counts because the hub keeps them back, each with why."""
        self._touched.update(dict.fromkeys(receiving.hold(self._raw, reasons)))
        self._rewrite()

    def save_remote(self, remote: Remote) -> None:
        """Write what is known of a remote, together with what came from it.

        Raises:
            NoRight: It is a new one, and the person is no administrator.
        """
        if self.door and not self._raw.execute("SELECT 1 FROM remote WHERE name = ?", (remote.name,)).fetchone():
            self.require_owner("remote add")
        remotes.save(self._raw, remote)

    def forget_remote(self, name: str) -> None:
        """Remove a remote; what came from it stays."""
        self.require_owner("remote remove")
        remotes.forget(self._raw, name)

    def require_owner(self, what: str) -> None:
        """Refuse what belongs to the whole store unless the person is its administrator, or there are no rights.

        Raises:
            NoRight: They are not.
        """
        if self.door:
            self.door.where.require(OWNER, what)

    def reach(self, remote: str, vector: Mapping[str, int], *, whole: bool) -> None:
        """Write how far a remote says it has devices; `whole` when it has no others."""
        remotes.reach(self._raw, remote, vector, whole=whole)

    def offered(self, ids: Iterable[str]) -> None:
        """Write that a remote was given the bodies of entries."""
        remotes.offered(self._raw, ids)

    def _project_new(self, entries: Sequence[tuple[int, Entry]], known: set[str]) -> None:
        # Incidents that begin in this portion are folded from it, without reading back what was just written.
        folds: dict[str, projection.Fold] = {}
        redacted = any(entry.kind == "redact" for _pk, entry in entries)
        for pk, entry in entries:
            if redacted:
                self._touched[entry.incident] = None
            elif entry.incident not in known:
                replay, _last = folds.get(entry.incident) or (Replay(entry.incident), 0)
                replay.add(entry)
                folds[entry.incident] = replay, pk
        self._came += folds
        self.results.update(projection.project(self._raw, folds.values()))

    def finish(self) -> None:
        """Write the projections of what was touched, and this device's new state."""
        if self._chain.continues:
            self._append(self._chain.device, Draft("device", "continues", {"from": self._chain.continues}))
        folds = (self._journal.fold(self._connection, incident) for incident in self._touched)
        self.results.update(projection.project(self._raw, folds))
        self._project_merged()
        self._mark_seen()
        self._chain.save()
        if self._hlc != self._hlc_before:
            self._set_meta("hlc", str(self._hlc))

    def _project_merged(self) -> None:
        """Write again what was merged into something that has come or changed: what it is may be another now."""
        led = merged.led_to(self._raw, [*self._touched, *self._came])
        stale = dict.fromkeys((*merged.stale(self._raw, led), *(each for each in led if self._sealed_anew(each))))
        folds = (self._journal.fold(self._connection, incident) for incident in stale)
        found = projection.project(self._raw, folds)
        self.results.update((each, incident) for each, incident in found.items() if each in self.results)

    def _sealed_anew(self, part: str) -> bool:
        if not sealing.may_differ(self._raw, part):  # as nearly always; then nothing is folded
            return False
        seal = sealing.seal_of(self._raw, self.replay(part), merged.standing(self._raw, part))
        return seal != sealing.held(self._raw, part)

    def act(self) -> Act:
        """Return what was recorded and what came of it, once the transaction is finished.

        Incidents that the person does not see (an alert reached them) are not in it: a witness is a program of theirs.
        """
        return act_of(self._raw, [each for each in self.recorded if not self._hides(each.incident)], self.results)

    def _hides(self, incident: str) -> bool:
        if self.door is None:
            return False
        from storage.sight import refusal

        return refusal(self._raw, self.door.where, incident) is not None

    def _rewrite(self) -> None:
        # What was folded before holds no longer, here and in other processes: bodies went, entries moved or were held.
        self._rewritten += 1
        self._set_meta("rewritten", str(self._rewritten))
        self._journal.trust_folds(self._rewritten)

    def _append(self, incident: str, draft: Draft) -> Entry:
        journal = self._journal
        body = dumps({**draft.body, "action": self._action})
        self._hlc = hlc.tick(self._hlc, self._now)
        entry = Entry(
            id=self._new_id(),
            incident=incident,
            device="",
            dseq=0,
            hlc=self._hlc,
            kind=draft.kind,
            what=draft.what,
            author=self._author,
            source=draft.source or journal.source,
            occurred_at=self._now if draft.occurred_at is None else draft.occurred_at,
            recorded_at=self._now,
            over=(),
            body=body,
            bhash=_hashed(body),
            hash=bytes(32),
            src=draft.src,
        )
        entry = replace(entry, over=self._over(entry) if draft.over is None else draft.over)
        _require_fit(entry)
        entry = self._chain.extend(entry)
        (pk,) = self._raw.execute(f"{INSERT} RETURNING pk", row_of(entry, None)).fetchone()
        self._raw.execute("INSERT INTO outbox (entry, state) VALUES (?, 'waiting')", (pk,))
        if target := entry.redacts:
            changed = receiving.redact(self._raw, [target])
            self._touched.update(dict.fromkeys(changed))  # its text may stand in another incident than the redaction
            if changed:
                self._rewrite()
        return replace(entry, pk=pk)

    def _new_id(self) -> str:
        return ids.uuid7(self._now, self._journal.random_bits)

    def _over(self, entry: Entry) -> tuple[str, ...]:
        if entry.kind not in ("set", "amend", "alias"):
            return ()
        return tuple(head.entry.id for head in self.replay(entry.incident).heads(field_of(entry)))

    def _same_action(self, entry: Entry) -> list[Entry]:
        action = entry.payload.get("action")
        mine = select(ENTRY).where(ENTRY.c.device == self._chain.device, ENTRY.c.dseq <= entry.dseq)
        with self._connection.execute(mine.order_by(ENTRY.c.dseq.desc())) as rows:
            found = list(takewhile(lambda each: each.payload.get("action") == action, map(entry_of, rows)))
        return found[::-1]

    def _mark_seen(self) -> None:
        # Who records something has seen the incident; an import or an alert has not been seen by anybody.
        if self._journal.source == "human":
            seen = "INSERT OR REPLACE INTO seen SELECT ?, id, last FROM incident WHERE id = ?"
            self._raw.executemany(seen, [(self._author, incident) for incident in self._touched])

    def _set_meta(self, name: str, value: str) -> None:
        self._raw.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def _hashed(body: str) -> bytes:
    try:
        return body_hash(body)
    except UnicodeEncodeError as error:
        raise BadValue("The text holds half of a surrogate pair", "Leave that character out.", "bad_text") from error


def _require_fit(entry: Entry) -> None:
    # What is accepted here must be accepted everywhere it goes.
    try:
        check_sizes(entry)
    except BadEntry as error:
        raise BadValue(f"The {entry.what[:40]} does not fit: {error}", "Shorten it.", "too_long") from error


def _raw(connection: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection beneath, in the same transaction."""
    inner = connection.connection.dbapi_connection
    if not isinstance(inner, sqlite3.Connection):
        raise TypeError("the projections are SQLite's")
    return inner
