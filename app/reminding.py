"""Looks what is due in a store, records what is to be escalated by itself, and says what rings.

Nothing here touches a screen: the application looks once a minute in a thread, `tocsin remind` once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from app.loading import BadSettings
from app.parties import communication_and_problems
from app.rules import rings_again, stale_after
from app.rung import Rung
from app.settings import Reminders
from app.targets import promised_by
from domain.clocks import Clocks, clocks
from domain.entry import Draft
from domain.errors import Mistake
from domain.escalation import Path, automatic
from domain.incident import Incident
from domain.reminders import Key, Reminder, Watched, due, fresh, left_out
from domain.text import one_line
from domain.times import parse_duration
from storage.errors import StoreError

if TYPE_CHECKING:
    from app.session import Session
    from storage.reader import Reader

MOST = 500
"""Open incidents that are watched, the most urgent ones."""
BELL = "\a"
_NOTIFICATION = 160  # characters of a desktop notification
PathOf = Callable[[Incident], Path | None]
"""Gives the escalation path of an incident as it is now."""


class Looked(NamedTuple):
    """What a look found: all that is due, what of it rings now, what was escalated, and what went wrong."""

    due: list[Reminder]
    ringing: list[Reminder]
    escalated: list[Incident]
    trouble: str = ""


class Reminding:
    """Looks again and again; remembers what it has read and what rang.

    Args:
        session: The store and the settings.
        path: Gives the escalation path of an incident as it is now.
    """

    def __init__(self, session: Session, path: PathOf) -> None:
        self._session, self._path = session, path
        self._policy = promised_by(session.loaded)[0]
        self._stale, self._again = _times(session)
        self._communication = communication_and_problems(session.loaded)[0]
        self._known: dict[str, tuple[int, Incident, Clocks]] = {}
        self._rung: dict[Key, int] = {}
        self._said = ""
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()

    def look(self, *, escalate: bool | None = None) -> Looked:
        """Return what is due now; reads through a connection of its own, from any thread.

        Args:
            escalate: Whether levels that are due are recorded; None does as the settings say.

        Raises:
            StoreError: The store cannot be read.
        """
        if not self._one_at_a_time.acquire(blocking=False):
            return Looked([], [], [])  # the look before still goes on
        try:
            return self._look(self._session.settings.escalation.automatic if escalate is None else escalate)
        finally:
            self._one_at_a_time.release()

    def stop(self) -> None:
        """End soon: hooks that still run are stopped."""
        self._stopped.set()

    def _look(self, escalate: bool) -> Looked:
        now = self._session.clock()
        with closing(self._session.store.another_reader()) as reader:
            watched = self._watched(reader)
            escalated, trouble = self._escalate(watched, now) if escalate else ([], "")
            watched = self._watched(reader) if escalated else watched
        found = due(watched, now, stale_after=self._stale)
        ringing, self._rung = fresh(found, self._rung, now, self._again)
        news, self._said = ("" if trouble == self._said else trouble), trouble
        return Looked(found, ringing, escalated, news)

    def _watched(self, reader: Reader) -> list[Watched]:
        """Return the open incidents; one is only folded again when something was recorded on it."""
        listed = reader.watched(MOST)
        known = self._known
        self._known = {}
        for identifier, last in listed:
            held = known.get(identifier)
            self._known[identifier] = held if held and held[0] == last else self._fold(reader, identifier, last)
        duties = self._communication.pressing
        return [
            Watched(incident, running, self._path(incident), duties(incident))
            for _last, incident, running in self._known.values()
        ]

    def _fold(self, reader: Reader, identifier: str, last: int) -> tuple[int, Incident, Clocks]:
        replay = reader.replay(identifier)
        incident = reader.named(replay.result())
        return last, incident, clocks(replay, incident, self._policy) if self._policy else Clocks()

    # -- escalating by itself ----------------------------------------------------------------------------------------

    def _escalate(self, watched: Sequence[Watched], now: int) -> tuple[list[Incident], str]:
        """Record the levels that are due; return the incidents, and what went wrong with one."""
        done: list[Incident] = []
        trouble = ""
        for each in watched:
            try:
                if _is_due(each, now) and (recorded := self._record(each.incident.id, now)):
                    done.append(recorded)
            except (Mistake, StoreError) as error:
                trouble = f"{each.incident.ref} was not escalated: {error.message}. {error.remedy}"
        return done, trouble

    def _record(self, identifier: str, now: int) -> Incident | None:
        """Record what is due for an incident as it stands now; None when somebody was quicker, or took it back."""
        drafts: tuple[Draft, ...] = ()
        with closing(self._session.store.journal_as("implied")) as journal, journal.writing() as writing:
            incident = writing.incident(identifier)
            path = self._path(incident)
            if path is not None and not left_out(incident, now):
                drafts = automatic(incident, path.service, path.steps, now)
            if not drafts or writing.with_src([draft.src for draft in drafts if draft.src]):
                return None
            writing.record(identifier, drafts)
        return writing.results[identifier]

    # -- ringing -----------------------------------------------------------------------------------------------------

    def words(self, ringing: Sequence[Reminder]) -> str:
        """Return what rings on one line: the most urgent, and how many there are besides."""
        more = len(ringing) - 1
        return f"{ringing[0].line}{f' · and {more} more due' if more else ''}"

    def signal(self, ringing: Sequence[Reminder]) -> str:
        """Return what the terminal is sent for some reminders: a notification, the bell; nothing for none."""
        given = self._session.settings.reminders
        if not ringing:
            return ""
        said = notification(self.words(ringing), tmux="TMUX" in os.environ) if given.osc9 else ""
        return f"{said}{BELL if given.bell else ''}"

    def tell_hooks(self, found: Sequence[Reminder]) -> None:
        """Tell the user's hooks of what no program of theirs has told them yet; waits for them."""
        if self._has_hooks():
            self.run_hooks(self.unheard(found))

    def unheard(self, found: Sequence[Reminder]) -> list[Reminder]:
        """Return what of that which is due no program of this user has told yet, or long enough ago: it is now."""
        session = self._session
        memory = Rung(session.state_dir(), session.loaded.database.absolute())
        return memory.fresh(found, session.clock(), self._again)

    def run_hooks(self, new: Sequence[Reminder]) -> None:
        """Tell the user's hooks of reminders; waits for them."""
        if new and self._has_hooks():
            from app.hooks.reminding import remind

            remind(self._session.hooks, new, self._stopped.is_set)

    def _has_hooks(self) -> bool:
        from app.hooks.finding import REMINDER, hooks_of

        return self._session.runs_hooks() and bool(hooks_of(self._session.hook_folder(), REMINDER))


def _is_due(watched: Watched, now: int) -> bool:
    path = watched.path
    if path is None or path.trouble or left_out(watched.incident, now):
        return False
    found = path.standing(watched.incident, now)
    return found is not None and bool(found.due)


def _times(session: Session) -> tuple[int, int | None]:
    """Return how long something may be left, and when it rings again; the defaults where the settings make no sense."""
    usual = Reminders()
    try:
        stale = stale_after(session.loaded)
    except BadSettings:  # said when the queue opened
        stale = parse_duration(usual.stale_acknowledged)
    try:
        return stale, rings_again(session.loaded)
    except BadSettings:
        return stale, parse_duration(usual.again)


def notification(text: str, *, tmux: bool) -> str:
    """Return the sequence that asks the terminal for a notification (OSC 9, from iTerm2); through tmux, wrapped.

    The text is one safe line: no control character is left that could end the sequence, and it begins with a letter,
    for `9;4` is another command to some terminals.
    """
    sequence = f"\x1b]9;{one_line(f'tocsin: {text}', _NOTIFICATION)}{BELL}"
    inner = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{inner}\x1b\\" if tmux else sequence
