"""What goes on behind the screen: the exchange with the hub, and who else has which incident open.

Nothing of the network is imported as long as the store has no remote.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from domain.errors import BadValue
from storage.errors import StoreError
from storage.presence import Presence
from storage.store import Store

if TYPE_CHECKING:
    from sync.engine import Outcome
    from sync.watch import Watch

_LONG = 2_000  # entries that are still to come, from which on it is said how many
_MANY = 20
"""So many entries at once are worth a line of their own; fewer are seen where they belong."""


class Live:
    """What goes on behind the screen: the exchange with the hub, and who else has which incident open.

    Args:
        store: The open store.
        commands: From the settings `token_commands`.
        tell: Shows a sentence to the person; called in other threads.
    """

    def __init__(self, store: Store, commands: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._store, self._commands, self._tell = store, commands, tell
        self._here = Presence(store.path, store.author)
        self._away: dict[str, list[str]] = {}
        self._watches: dict[str, Watch] = {}
        self._was = ""
        self._left: tuple[int, int] = 0, 0

    def start(self) -> None:
        """Begin with every remote that is not watched yet; what cannot be begun is told."""
        try:
            with closing(self._store.another_reader()) as reader:
                wanted = [remote.name for remote in reader.remotes() if remote.name not in self._watches]
            for name in wanted:
                self._begin(name)
        except (BadValue, StoreError) as error:
            self._tell(f"{error.message}. {error.remedy}")

    def _begin(self, name: str) -> None:
        from app.watching import watch_of

        watch = self._watches[name] = watch_of(self._store, name, self._commands, self._ended, self._met, self._took)
        threading.Thread(target=watch.run, name=f"sync-{name}", daemon=True).start()

    def enrol(self, url: str, code: str) -> str:
        """Make this store a device of a hub and begin to exchange; return who we are there. May take seconds.

        Raises:
            Mistake: The address cannot be used.
            NoAnswer: The hub refused or did not answer.
        """
        from app.exchange import enrol

        remote = enrol(self._store, "hub", url, code)
        self.start()
        self.poke()
        return f"You are {remote.user} ({remote.role}) on {remote.url}"

    def poke(self) -> None:
        """Exchange now."""
        for watch in self._watches.values():
            watch.poke()

    def show(self, incident: str | None) -> None:
        """Say which incident is open here, None for none."""
        self._here.show(incident)
        for watch in self._watches.values():
            watch.show(incident)

    def others(self, incident: str) -> list[str]:
        """Return who else has an incident open, on this machine or any other."""
        return list(dict.fromkeys([*self._here.others().get(incident, ()), *self._away.get(incident, ())]))

    def under_way(self) -> str:
        """Return how far a long exchange is, in words; empty while there is none worth a word."""
        done, total = self._left
        return f"taking over {done:,} of {total:,}" if total - done > _LONG else ""

    def stop(self) -> None:
        """End soon; nothing is waited for."""
        self._here.close()
        for watch in self._watches.values():
            watch.stop()

    def _took(self, done: int, total: int) -> None:
        self._left = done, total

    def _ended(self, outcome: Outcome) -> None:
        self._left = 0, 0
        came_back = self._was in ("offline", "behind") and outcome.state == "in_sync"
        self._was = outcome.state
        if outcome.pulled + outcome.pushed >= (1 if came_back else _MANY):
            conflicts = self._conflicts()
            decide = f", {conflicts:,} to decide (C)" if conflicts else ""
            self._tell(f"{outcome.pulled:,} entries in, {outcome.pushed:,} out{decide}")
        elif outcome.held:
            self._tell(f"{outcome.held:,} of your entries are kept back by {outcome.name}; see R")

    def _conflicts(self) -> int:
        with closing(self._store.another_reader()) as reader:
            return reader.conflicts()

    def _met(self, found: Sequence[Mapping[str, str]]) -> None:
        with closing(self._store.another_reader()) as reader:
            mine = reader.device()
        away: dict[str, list[str]] = {}
        for each in found:
            if each["device"] != mine and each["incident"]:
                away.setdefault(each["incident"], []).append(each["user"])
        self._away = away
