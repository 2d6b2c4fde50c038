"""What a screen works with: the store, the responder, the clock and the zone, handed down by the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cached_property, partial
from pathlib import Path as File
from typing import TYPE_CHECKING

from domain.errors import Mistake, NoRight
from domain.query import Query
from domain.rows import QueueRow
from storage.connection import is_network
from storage.drafts import Drafts
from storage.errors import StoreError
from storage.reader import Reader
from storage.rescue import rescue
from storage.seen import mark_all_seen, mark_seen
from storage.store import Store
from widgets.queue_lines import UNICODE, Symbols

if TYPE_CHECKING:  # the queue is on the screen before an incident is folded
    from domain.clocks import Clocks, Policy
    from domain.communication import Communication
    from domain.entry import Draft
    from domain.escalation import Path
    from domain.handover_words import Line
    from domain.incident import Incident
    from domain.lifecycle import Verdict
    from domain.outbox import Outside
    from domain.replay import Replay
    from domain.standing import Standing
    from domain.triage import Rules

Action = Callable[["Incident"], "Iterable[Draft]"]
Promised = Callable[[], "tuple[Policy | None, str]"]
"""Gives the policy that the clocks go by, or why there is none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action on several incidents came to: those done, and why the others were refused."""

    done: list[Incident]
    refused: list[Mistake] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view of the queue: its name and its query."""

    name: str
    query: Query


class Desk:
    """Everything the screens share.

    Args:
        store: The open store.
        zone: The zone times are shown in until `z` is pressed.
        views: The saved views; the first is the home view.
        symbols: The signs lists draw with.
        strict: Whether steps that skip a status are forbidden.
        state_dir: Where refs and rescued texts are written.
        keys: The user's keys, by action.
        sections: Titles of the post-mortem's sections, empty for the built-in ones.
        rules: Gives the team's own for triage.
        promised: Reads the targets, which takes imports that the first screen does not wait for; None for none.

    Attributes:
        others: Gives who else has an incident open; nobody, until something in the background knows.
        handover: Gives a hand-over's lines as they are now, from any thread.
        under_way: Gives how far a long exchange is, in words; empty while there is none.
        on_call: Gives who is on call for an incident's service: empty when nobody is, None when that is not known.
        path: Gives the escalation path of an incident's service as it is now; None when none is known.
        read_communication: Reads what the team says outside; None for no parties.
        outbox: Gives what is left to say outside, and how many incidents were not looked at, from any thread.
    """

    def __init__(
        self,
        store: Store,
        zone: tzinfo,
        views: Sequence[SavedView],
        *,
        symbols: Symbols = UNICODE,
        strict: bool = False,
        state_dir: File | None = None,
        keys: Mapping[str, str] | None = None,
        sections: tuple[str, ...] = (),
        rules: Callable[[], Rules] | None = None,
        promised: Promised | None = None,
    ) -> None:
        self._promised = promised
        self.store, self.views, self.symbols, self.strict = store, tuple(views), symbols, strict
        self.state_dir = state_dir or store.path.parent
        self.keys = keys or {}
        self.sections = sections
        self._rules = rules
        self._disk = "network disk: slower, one writer at a time" if is_network(store.path) else ""
        self.others: Callable[[str], list[str]] = lambda _incident: []
        self.handover: Callable[[], list[Line]] = list
        self.under_way: Callable[[], str] = lambda: ""
        self.on_call: Callable[[Incident], str | None] = lambda _incident: None
        self.path: Callable[[Incident], Path | None] = lambda _incident: None
        self.read_communication: Callable[[], Communication] | None = None
        self.outbox: Callable[[], tuple[list[Outside], int]] = lambda: ([], 0)
        self._zone, self.utc = zone, False
        self.drafts = Drafts(store.path, store.author, store.clock)

    @cached_property
    def rules(self) -> Rules:
        """The rules for triage; loaded when a card needs them."""
        from domain.triage import Rules

        return self._rules() if self._rules else Rules()

    @cached_property
    def communication(self) -> Communication:
        """What the team says outside, and by when; read when an incident is opened."""
        from domain.communication import Communication

        return self.read_communication() if self.read_communication else Communication(())

    @cached_property
    def promised(self) -> tuple[Policy | None, str]:
        """The policy that the clocks go by, and what is wrong when there should be one."""
        return self._promised() if self._promised else (None, "")

    def clocks(self, replay: Replay, incident: Incident) -> Clocks:
        """Return an incident's clocks; none without targets."""
        from domain.clocks import Clocks, clocks

        policy = self.promised[0]
        return clocks(replay, incident, policy) if policy else Clocks()

    def warnings(self, wanted: Sequence[tuple[str, int]]) -> dict[str, tuple[int, int, int, int]]:
        """Return of incidents, each with the number of its newest entry, from when on they are near, late, to escalate.

        It folds each, so it is called in a thread; a store that cannot be read just now gives those it has read.
        """
        found: dict[str, tuple[int, int, int, int]] = {}
        with suppress(StoreError), closing(self.store.another_reader()) as reader:
            for incident, last in wanted:
                replay = reader.replay(incident)
                shown = replay.result()
                found[incident] = (last, *self.clocks(replay, shown).warns(), self._escalates(shown))
        return found

    def _escalates(self, incident: Incident) -> int:
        """Return from when on a level of an incident's path is due, ms; the end of time for never."""
        from domain.times import LATEST

        path = self.path(incident)
        found = path.standing(incident, self.now()) if path else None
        coming = (found.due[0] if found.due else found.next) if found else None
        return coming.at if coming else LATEST

    @property
    def me(self) -> str:
        """The responder's name."""
        return self.store.author

    @property
    def zone(self) -> tzinfo:
        """The zone times are shown in now."""
        return UTC if self.utc else self._zone

    def standing_words(self) -> str:
        """Return who the responder is on a store with rights, for help; empty where nobody asks."""
        caller = self.reader.caller
        return f"You are {caller.who.name} here: {caller.role} (f2: who may do what)." if caller else ""

    def shut_out(self) -> str:
        """Return that the responder may look no more, in a sentence; empty while they may."""
        caller = self.reader.caller
        if caller is None or caller.role != "none":
            return ""
        may = caller.rights.who_may("admin")
        return f"{caller.who.name} may not look at this store any more. {may} may change that."

    def permitted(self, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        """Return what the lifecycle allows as it is for the responder: all forbidden for one who may only look."""
        if (caller := self.reader.caller) is None:
            return verdicts
        from domain.permits import permitted

        return permitted(verdicts, caller.rights, caller.who)

    def now(self) -> int:
        """The present, ms."""
        return self.store.clock()

    def standings(self) -> list[Standing]:
        """Return how the store stands with each of its remotes, as it was last known."""
        return self.reader.standings()

    def banner(self) -> str:
        """Return what the top line says of the store: how it stands with its hub, and whether its disk is slow."""
        if under_way := self.under_way():
            return under_way
        if not (standings := self.standings()):
            return self._disk
        from domain.standing import words

        plain = self.symbols.cursor.isascii()
        said = [words(each, self.now(), ascii_only=plain) for each in standings]
        return "  ".join([*said, *([self._disk] if self._disk else [])])

    @property
    def reader(self) -> Reader:
        """The read side for the event loop's thread: only what answers in a millisecond."""
        return self.store.reader

    async def act(self, incidents: Sequence[str], action: Action) -> Outcome:
        """Do one action on several incidents, in one transaction, off the event loop.

        Raises:
            NoRight: The person may not do it to one of them; nothing was written.
            Mistake: All of them refused; the first reason.
            StoreError: The disk said no; nothing was written.
        """
        return await asyncio.to_thread(self._act, list(incidents), action)

    def _act(self, incidents: list[str], action: Action) -> Outcome:
        refused: list[Mistake] = []
        journal = self.store.journal
        with journal.writing() as writing:
            for incident in incidents:
                try:
                    writing.record(incident, action(writing.incident(incident)))
                except NoRight:
                    raise  # of what somebody may not do nothing is done, here as on the command line
                except Mistake as mistake:
                    refused.append(mistake)
            if len(refused) == len(incidents):
                raise refused[0]
        return Outcome(list(writing.results.values()), refused)

    async def raise_incident(self, drafts: Iterable[Draft]) -> Incident:
        """Record a new incident, off the event loop."""
        return await asyncio.to_thread(lambda: self.store.journal.raise_incident(list(drafts)))

    async def undo(self, incident: str | None = None) -> tuple[list[Incident], str]:
        """Take back this responder's last action, off the event loop."""
        return await asyncio.to_thread(lambda: self.store.journal.undo(incident))

    async def keep_draft(self, kind: str, incident: str, text: str, base: str = "") -> str:
        """Keep what is being typed, off the event loop; return what went wrong, or an empty string."""
        return await asyncio.to_thread(_said, partial(self.drafts.save, kind, incident, text, base))

    async def forget_draft(self, kind: str, incident: str) -> str:
        """Forget a draft that was recorded or thrown away; return what went wrong, or an empty string."""
        return await asyncio.to_thread(_said, partial(self.drafts.forget, kind, incident))

    async def mark_seen(self, incident: str | None) -> str:
        """Record that the responder has seen an incident, or everything; return what went wrong."""
        path, me = self.store.path, self.me
        mark = partial(mark_all_seen, path, me) if incident is None else partial(mark_seen, path, me, incident)
        return await asyncio.to_thread(_said, mark)

    def rescue(self, text: str) -> str:
        """Write a text that the store did not take to a file and say where it is."""
        path = rescue(text, [self.state_dir])
        return f"Your text is in {path}" if path else "Your text could not be kept anywhere: copy it from the screen"


def _said(action: Callable[[], None]) -> str:
    try:
        action()
    except StoreError as error:
        return f"{error.message}. {error.remedy}"
    return ""


@dataclass(frozen=True, slots=True)
class ViewSource:
    """The rows of one view, for the queue list."""

    reader: Reader
    query: Query
    now: Callable[[], int]

    def after(self, key: int, limit: int) -> list[QueueRow]:
        """Return up to `limit` rows that follow `key`."""
        return self.reader.after(key, limit, self.query, self.now())

    def before(self, key: int, limit: int) -> list[QueueRow]:
        """Return up to `limit` rows that come before `key`."""
        return self.reader.before(key, limit, self.query, self.now())

    def last(self, limit: int) -> list[QueueRow]:
        """Return the last `limit` rows."""
        return self.reader.last(limit, self.query, self.now())

    def row(self, incident: str) -> QueueRow | None:
        """Return one incident's row."""
        return self.reader.row(incident)
