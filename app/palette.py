"""The palette: every action of the present screen by name, from the key table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from screens.deskscreen import DeskScreen
from screens.keys import Key, keys_of


class Actions(Provider):
    """Offers the actions of the screen the palette was opened on."""

    def _keys(self) -> Iterator[Key]:
        if isinstance(self.screen, DeskScreen):
            yield from (key for key in keys_of(self.screen.WHERE) if key.action != "view")

    async def _run(self, key: Key) -> None:
        await self.screen.run_action(key.action)

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        """Yield every action."""
        for key in self._keys():
            yield DiscoveryHit(f"{key.what}  ({key.shown})", partial(self._run, key))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match what was typed."""
        matcher = self.matcher(query)
        for key in self._keys():
            if score := matcher.match(key.what):
                yield Hit(score, matcher.highlight(key.what), partial(self._run, key), help=key.shown)
