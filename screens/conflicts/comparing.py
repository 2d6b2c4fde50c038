"""Two texts side by side with what they merge to: a clean merge is one key, what is disputed is decided by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from domain.errors import Refused
from domain.merge import Merge, merge, merge_all
from domain.wording import field_name
from screens.conflicts.deciding import choose, take_text, write
from screens.conflicts.items import Item, day, numbered
from screens.conflicts.panes import Sides, pane_lines
from screens.desk import Desk
from screens.deskscreen import DeskScreen
from widgets.painting import Line, strip
from widgets.spans import Span, Spans, clip, plain

Done = Callable[[Item, str], None]
"""Is told what was settled, and to what, in words."""


class Panes(Widget, can_focus=True):
    """Rows that scroll under a heading that stays."""

    DEFAULT_CSS = "Panes { height: 1fr; }"
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(id="panes")
        self._merge: Merge | None = None
        self._sides = Sides("", "", 0, 0)
        self._rows: list[Spans] = []
        self._top = 0

    def show(self, found: Merge, sides: Sides) -> None:
        """Show a merge from its beginning."""
        self._merge, self._sides, self._top = found, sides, 0
        self.lay()

    def lay(self) -> None:
        """Fold the texts for the present width."""
        if self._merge is not None and self.size.width:
            self._rows = pane_lines(self._merge, self._sides, self.size.width)
            self.scroll_lines(0)

    def on_resize(self) -> None:
        """Fold for the new width."""
        self.lay()

    @property
    def page(self) -> int:
        """The lines of a page."""
        return max(1, self.size.height - 2)

    def scroll_lines(self, by: int) -> None:
        """Scroll by so many lines."""
        self._top = max(0, min(self._top + by, len(self._rows) - self.size.height))
        self.refresh(Region(0, 0, *self.size))

    def render_line(self, y: int) -> Strip:
        """Return one line of the view; the first is the heading."""
        width, base = self.size.width, self.rich_style
        place = y if y == 0 else self._top + y
        row = self._rows[place] if place < len(self._rows) else []
        return strip(clip(row, width), width, base)


class Comparing(DeskScreen):
    """Compares two of a conflict's texts; `settled` is told what came of it."""

    WHERE = "compare"
    BINDINGS = numbered("compare")
    AUTO_FOCUS: ClassVar[str | None] = "Panes"
    DEFAULT_CSS = "Comparing { layout: vertical; }"

    def __init__(self, desk: Desk, item: Item, settled: Done, *, edit: bool = False) -> None:
        super().__init__(desk)
        self._item, self._settled, self._edit = item, settled, edit
        self._merge: Merge | None = None
        self._all: str | None = None
        options = item.conflict.options
        self._mine = next((n for n, option in enumerate(options) if option.author == desk.me), len(options) - 1)
        self._other = next(n for n in range(len(options)) if n != self._mine)

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Line(self._title, id="top")
        yield Line(self._state, id="state")
        yield Panes()
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Merge, off the event loop, and show it."""
        await self._compare()
        if self._edit and self.ready:
            self.action_edit()

    async def _compare(self) -> None:
        base, texts = self._base, [str(option.value) for option in self._item.conflict.options]
        self._merge = await asyncio.to_thread(merge, base, texts[self._mine], texts[self._other])
        self._all = await asyncio.to_thread(merge_all, base, texts)
        if not self.ready:
            return
        self.query_one(Panes).show(self._merge, self._sides)
        for line in ("#top", "#state"):
            self.query_one(line, Line).repaint()

    @property
    def _base(self) -> str:
        base = self._item.conflict.base
        return base if isinstance(base, str) else ""

    @property
    def _sides(self) -> Sides:
        left, right = (self._words(n) for n in (self._other, self._mine))
        return Sides(left, right, self._other + 1, self._mine + 1)

    def _words(self, number: int) -> str:
        option = self._item.conflict.options[number]
        who = "you" if option.author == self.desk.me else option.author
        return f"{who} {day(option.at, self.desk.zone)}{' shown' if option.safe else ''}"

    def _title(self, width: int) -> Spans:
        name = field_name(self._item.conflict.field)
        return clip(
            [Span(f" {self._item.ref} ", "key"), plain(name, "strong"), plain(f"  {self._item.title}", "muted")], width
        )

    def _state(self, width: int) -> Spans:
        if self._merge is None:
            return clip([], width)
        count, places = len(self._item.conflict.options), self._merge.disputed
        if self._all is not None:
            said, role = f"{'all of them' if count > 2 else 'they'} merge cleanly: m takes the merged text", "good"
        else:
            found = f"{places} place{'' if places == 1 else 's'} to decide" if places else "a third one disagrees"
            said, role = f"{found}: e merges by hand, a digit takes one", "warn"
        more = f"  tab: another of {count}" if count > 2 else ""
        return clip([Span(f" {said}", role), Span(more, "muted")], width)

    # -- moving ----------------------------------------------------------------------------------------------------

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(Panes).scroll_lines(1)

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(Panes).scroll_lines(-1)

    def action_page_down(self) -> None:
        """Scroll down a page."""
        panes = self.query_one(Panes)
        panes.scroll_lines(panes.page)

    def action_page_up(self) -> None:
        """Scroll up a page."""
        panes = self.query_one(Panes)
        panes.scroll_lines(-panes.page)

    def action_first(self) -> None:
        """Go to the beginning."""
        self.query_one(Panes).scroll_lines(-(10**9))

    def action_last(self) -> None:
        """Go to the end."""
        self.query_one(Panes).scroll_lines(10**9)

    async def action_other(self) -> None:
        """Compare with the next of three texts or more."""
        count = len(self._item.conflict.options)
        others = [n % count for n in range(self._other + 1, self._other + count) if n % count != self._mine]
        if others and others[0] != self._other:
            self._other = others[0]
            await self._compare()

    def action_clock(self) -> None:
        """Show times in UTC, or in the local zone."""
        super().action_clock()
        if self._merge is not None:
            self.query_one(Panes).show(self._merge, self._sides)

    # -- deciding --------------------------------------------------------------------------------------------------

    async def _finish(self, work: Coroutine[Any, Any, str]) -> None:
        if words := await work:
            self._settled(self._item, words)
            self.dismiss()

    def action_pick(self, number: int = 0) -> None:
        """Take one text as it is."""
        self.do(self._finish(choose(self, self._item, number)))

    def action_merge(self) -> None:
        """Take the merged text, when nothing is disputed."""
        self.do(self._finish(self._take_merged()))

    async def _take_merged(self) -> str:
        if self._all is None:
            remedy = "e opens the merged text with both sides of each, or a digit takes one text whole."
            raise Refused("The texts do not merge cleanly", remedy, "disputed")
        return await take_text(self, self._item, self._item.conflict.options[self._mine], self._all)

    def action_edit(self) -> None:
        """Decide by hand, from the merged text."""
        if self._merge is None:
            return
        item, text = self._item, self._all
        if text is None:
            # Only these two are in the editor, so only they are replaced: a third text stays a choice.
            pair = [item.conflict.options[n].entry for n in (self._mine, self._other)]
            item = replace(item, conflict=item.conflict.seen(pair))
            text = self._merge.to_edit(self._words(self._mine), self._words(self._other))
        self.do(self._finish(write(self, item, text)), asks=True)
