"""Every open choice: two values, who wrote them when, and which is shown meanwhile; a digit chooses."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import replace
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.worker import get_current_worker

from domain.query import parse
from screens import verbs
from screens.conflicts.comparing import Comparing
from screens.conflicts.deciding import choose, write
from screens.conflicts.items import Item, items_of, numbered, top_line
from screens.conflicts.listing import ChoiceList
from screens.desk import Desk
from screens.deskscreen import DeskScreen
from storage.errors import StoreError
from widgets.painting import Line
from widgets.spans import Spans

_MOST = 200  # incidents; nobody decides more in one sitting


class Conflicts(DeskScreen):
    """The conflicts of one incident, or of all of them in the order of the queue."""

    WHERE = "conflicts"
    BINDINGS = numbered("conflicts")
    AUTO_FOCUS: ClassVar[str | None] = "ChoiceList"
    DEFAULT_CSS = "Conflicts { layout: vertical; }"

    def __init__(self, desk: Desk, incident: str | None = None) -> None:
        super().__init__(desk)
        self._of = incident
        self._more = False
        self._chosen: dict[tuple[str, str], Item] = {}  # in this visit; they stay in the list until it is left

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Line(self._top, id="top")
        yield ChoiceList(self.desk.symbols, lambda: self.desk.zone)
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Read what there is to decide."""
        await self.reread()

    async def on_screen_resume(self) -> None:
        """Read again: texts were compared, or the incident was looked at."""
        await self.catch_up()

    @property
    def _list(self) -> ChoiceList:
        return self.query_one(ChoiceList)

    def _top(self, width: int) -> Spans:
        return top_line(self._list.items, self._more, width)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def reread(self) -> None:
        """Read the conflicts again; what was settled in this visit keeps its place."""
        if self._of is None:
            self._read_all()
        elif self.desk.reader.row(self._of) is None:
            self.tell("This incident is no longer in the store", warn=True)
        else:
            self._show(items_of(self.desk.reader, self._of), more=False)

    @work(thread=True, exclusive=True, group="rows")
    def _read_all(self) -> None:
        """Read the incidents that have conflicts, beside the loop: no index leads to them."""
        worker, found = get_current_worker(), []
        try:
            with closing(self.desk.store.another_reader()) as reader:
                rows = reader.after(-1, _MOST + 1, parse("is:conflict"), self.desk.now())
                for row in rows[:_MOST]:
                    if worker.is_cancelled:
                        return
                    found += items_of(reader, row.id)
        except StoreError as error:
            self.app.call_from_thread(self.tell, f"{error.message}. {error.remedy}", warn=True)
            return
        self.app.call_from_thread(self._show, found, more=len(rows) > _MOST)

    def _show(self, found: list[Item], *, more: bool) -> None:
        if not self.ready:
            return
        fresh = {item.key: item for item in found}
        self._chosen = {key: item for key, item in self._chosen.items() if key not in fresh}
        kept = [fresh.pop(item.key, self._chosen.get(item.key)) for item in self._list.items]
        self._more = more
        self._list.show([item for item in kept if item is not None] + list(fresh.values()))
        self.query_one("#top", Line).repaint()

    # -- moving ----------------------------------------------------------------------------------------------------

    def action_down(self) -> None:
        """Go to the next conflict."""
        self._list.move(1)

    def action_up(self) -> None:
        """Go to the conflict before."""
        self._list.move(-1)

    def action_first(self) -> None:
        """Go to the first conflict."""
        self._list.move(-len(self._list.items))

    def action_last(self) -> None:
        """Go to the last conflict."""
        self._list.move(len(self._list.items))

    def action_page_down(self) -> None:
        """Go down a page."""
        self._list.page(1)

    def action_page_up(self) -> None:
        """Go up a page."""
        self._list.page(-1)

    def action_clock(self) -> None:
        """Show times in UTC, or in the local zone."""
        super().action_clock()
        self._list.lay()

    def action_open(self) -> None:
        """Open the incident; from its own screen, go back there."""
        if self._of is not None:
            self.dismiss()
        elif item := self._list.current:
            from screens.detail import Detail

            self.app.push_screen(Detail(self.desk, item.id))

    def on_choice_list_opened(self) -> None:
        """Open what was clicked."""
        self.action_open()

    # -- deciding --------------------------------------------------------------------------------------------------

    def _decide(self, verb: Callable[[Item], Coroutine[Any, Any, str]], *, asks: bool = False) -> None:
        item = self._list.current
        if item is None:
            self.tell("There is nothing to decide here")
            return
        self.do(self._settle(item, verb), asks=asks)

    async def _settle(self, item: Item, verb: Callable[[Item], Coroutine[Any, Any, str]]) -> None:
        if words := await verb(item):
            self.settled(item, words)

    def settled(self, item: Item, words: str) -> None:
        """Remember that an item was settled here: it keeps its place, so that the next key means no other."""
        self._chosen[item.key] = replace(item, chosen=words)

    def action_pick(self, number: int = 0) -> None:
        """Choose a value by its number."""
        self._decide(lambda item: choose(self, item, number))

    def action_edit(self) -> None:
        """Write another value."""
        item = self._list.current
        if item is not None and item.conflict.is_text and not item.chosen and len(item.conflict.options) > 1:
            self._compare(item, edit=True)
        else:
            self._decide(lambda each: write(self, each), asks=True)

    def action_merge(self) -> None:
        """Compare texts line by line."""
        item = self._list.current
        if item is None or item.chosen:
            self.tell("There is nothing to decide here")
        elif not item.conflict.is_text:
            self.tell("Only texts are compared; a digit chooses a value, e writes another")
        else:
            self._compare(item, edit=False)

    def _compare(self, item: Item, *, edit: bool) -> None:
        self.app.push_screen(Comparing(self.desk, item, self.settled, edit=edit))

    def action_undo(self) -> None:
        """Undo the responder's last action, on this incident or anywhere."""
        self.do(verbs.undo(self, self._of))
