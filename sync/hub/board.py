"""Which incidents the page shows, kept up to date by what is new on each request, in bounded memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from threading import Lock, Thread

from domain.aliases import Merges
from domain.entry import Entry
from domain.times import SECOND, Clock
from domain.vocabulary import slug
from storage.errors import StoreError
from storage.hub import current, pulling
from storage.hub.engines import Database
from sync.hub.card import KEPT, Card, alias_of, card_of

CARDS = 100  # that are shown at once; current incidents come first
FRESH = 5 * SECOND
"""How long what was found last is shown without asking the database again, ms."""
_INCIDENTS = 100  # folded at once
_CHANGES = 500  # looked at at once
_PATIENCE = 0.3  # seconds that the first request waits for the first build, which is enough for most hubs
Place = tuple[int, int, int]
Starter = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: moments in ms.

    Attributes:
        made_at: When it was so.
        current: Cards of current incidents, the worst first.
        resolved: Cards of those resolved within a day, the newest first.
        more: How many more there are of each, for which there is no room.
        newest_at: When an entry reached the hub last, None for an empty one.
    """

    made_at: int
    current: tuple[Card, ...] = ()
    resolved: tuple[Card, ...] = ()
    more: tuple[int, int] = (0, 0)
    newest_at: int | None = None


def in_a_thread(work: Callable[[], None]) -> None:
    """Begin work in a thread of its own, and wait a moment in case that is all it takes."""
    thread = Thread(target=work, name="page", daemon=True)
    thread.start()
    thread.join(_PATIENCE)


class Board:
    """The incidents on the page.

    Held are a place (three numbers) for each incident that could be shown, what merged ones were merged into, and cards
    for those that are shown; entries are folded in portions and let go. Whoever holds the lock brings it up to date;
    everybody else gets what was found last.

    Args:
        database: The hub's.
        clock: The present, ms.
        parties: Whose updates are shown; matched without case.
        start: Begins the first build.
    """

    def __init__(
        self, database: Database, clock: Clock, parties: Collection[str], start: Starter = in_a_thread
    ) -> None:
        self._database, self._clock, self._start = database, clock, start
        self._parties = frozenset(slug(each) for each in parties) - {""}
        self._lock = Lock()
        self._epoch, self._seq = "", 0
        self._newest: int | None = None
        self._places: dict[str, Place] = {}
        self._cards: dict[str, Card] = {}
        self._merges = Merges()
        self.shown: Shown | None = None

    def look(self) -> Shown | None:
        """Return what is to be shown now; None while it is being prepared.

        Raises:
            StoreError: The database does not answer; `shown` still has what was found last.
        """
        if self._is_fresh() or not self._lock.acquire(blocking=False):
            return self.shown
        handed_over = False
        try:
            with self._database.reading() as connection:
                state = pulling.state(connection)
            if self.shown is not None and state.epoch == self._epoch and state.seq >= self._seq:
                self._catch_up(state.seq)
            else:
                self.shown = None
                self._start(lambda: self._build(state))
                handed_over = True
        finally:
            if not handed_over:
                self._lock.release()
        return self.shown

    def _is_fresh(self) -> bool:
        return self.shown is not None and 0 <= self._clock() - self.shown.made_at < FRESH

    def _build(self, state: pulling.State) -> None:
        """Find everything anew, and give the lock back; if the database fails, the next request begins again."""
        try:
            self._places, self._cards, self._merges = {}, {}, Merges()
            with self._database.reading() as connection:
                self._newest = current.newest_arrival(connection)
            after = ""
            while after := self._portion(after):
                self._trim()
            self._epoch, self._seq = state.epoch, state.seq
            self._catch_up(-1)  # what came since it began
        except StoreError:
            return
        finally:
            self._lock.release()

    def _portion(self, after: str) -> str:
        """Fold the incidents that follow one; return the last of them, an empty text at the end."""
        with self._database.reading() as connection:
            wanted = current.incidents(connection, after, _INCIDENTS)
            found = current.entries(connection, wanted) if wanted else {}
        self._fold(found)
        return wanted[-1] if wanted else ""

    def _catch_up(self, seq: int) -> None:
        """Fold again what has changed, up to where the hub is by now, unless that is `seq` already."""
        while self._seq != seq:
            with self._database.reading() as connection:
                seq = pulling.state(connection).seq
                news = current.changes(connection, self._seq, _CHANGES)
                changed = dict.fromkeys(each.incident for each in news)
                found = current.entries(connection, list(changed)) if changed else {}
            self._fold(found)
            self._trim()
            self._newest = max((each.received_at for each in news), default=self._newest)
            self._seq = news[-1].seq if len(news) == _CHANGES else seq
        self.shown = self._made()

    def _fold(self, found: dict[str, list[Entry]]) -> None:
        now = self._clock()
        stand = self._standing(found)
        parts = {incident: self._merges.parts(incident) for incident in stand}
        wanted = [*stand, *(part for each in parts.values() for part in each)]
        if missing := [each for each in dict.fromkeys(wanted) if each not in found]:
            with self._database.reading() as connection:
                found = found | current.entries(connection, missing)
        self._forget(*found)
        for incident in stand:
            own = {part: found[part] for part in parts[incident]}
            card = card_of(incident, found[incident], self._parties, now, own)
            if card is not None:
                self._places[incident], self._cards[incident] = card.order, card

    def _standing(self, found: dict[str, list[Entry]]) -> list[str]:
        """Take in what incidents were merged into; return those that stand for them, before and now."""
        before = [self._merges.standing(incident) for incident in found]
        for incident, entries in found.items():
            self._merges.learn(incident, alias_of(incident, entries))
        asked = dict.fromkeys([*before, *found])
        return list(dict.fromkeys(self._merges.standing(incident) for incident in asked))

    def _forget(self, *incidents: str) -> None:
        for incident in incidents:
            self._places.pop(incident, None)
            self._cards.pop(incident, None)

    def _first(self) -> list[str]:
        return heapq.nsmallest(CARDS, self._places, key=lambda incident: (self._places[incident], incident))

    def _trim(self) -> None:
        if len(self._cards) > 10 * CARDS:
            self._cards = {incident: self._cards[incident] for incident in self._first() if incident in self._cards}

    def _made(self) -> Shown:
        """Return what is to be shown, once what is too old has gone and what moved up has its card."""
        now = self._clock()
        self._forget(*[incident for incident, place in self._places.items() if place[0] and -place[1] < now - KEPT])
        self._fetch(incident for incident in self._first() if incident not in self._cards)
        first = self._first()
        cards = [self._cards[incident] for incident in first if incident in self._cards]
        unfinished = sum(place[0] == 0 for place in self._places.values())
        going = tuple(card for card in cards if card.ended_at is None)
        ended = tuple(card for card in cards if card.ended_at is not None)
        more = (unfinished - len(going), len(self._places) - unfinished - len(ended))
        return Shown(now, going, ended, more, self._newest)

    def _fetch(self, wanted: Iterable[str]) -> None:
        if missing := list(wanted):
            with self._database.reading() as connection:
                found = current.entries(connection, missing)
            self._fold(found)
