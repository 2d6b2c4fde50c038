"""The outbox on a screen: of every incident, who still has to be told what, and by when."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.widgets import Static

from domain.outbox import Outside, words
from domain.text import safe_text
from screens.deskscreen import bindings
from screens.rowscreen import RowScreen
from screens.updates import UpdatesScreen
from widgets.row_list import Row, RowList
from widgets.safe import ui_text
from widgets.spans import plain

_EMPTY = ("Nobody waits to be told anything.", "", "U on an incident shows who was told what.", "esc goes back.")
_ROLES = {"warn": "warn", "dim": "muted"}


class OutboxScreen(RowScreen):
    """What is left to say outside, as the desk gives it."""

    WHERE = "outbox"
    BINDINGS = bindings("outbox")
    DEFAULT_CSS = """
    OutboxScreen { layout: vertical; }
    OutboxScreen #head { height: 1; padding: 0 1; }
    OutboxScreen RowList { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(id="head")
        yield RowList(self.desk.symbols, _EMPTY)
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Read what is left."""
        await self.reread()

    async def reread(self) -> None:
        """Read what is left again, beside the loop."""
        self.run_worker(self._read, thread=True, group="outbox", exclusive=True)

    def _read(self) -> None:
        found, more = self.desk.outbox()
        self.app.call_from_thread(self._show, found, more)

    def _show(self, found: list[Outside], more: int) -> None:
        if not self.ready:
            return
        beyond = f"; {more} open ones further down were not looked at" if more else ""
        said = f"{len(found)} incident{'' if len(found) == 1 else 's'} with something left to say{beyond}"
        self.query_one("#head", Static).update(ui_text(said, "bold"))
        self.query_one(RowList).show([row for each in found for row in self._rows(each)])

    def _rows(self, each: Outside) -> list[Row]:
        incident = each.incident
        title = plain(f" {incident.priority or '--'}  {incident.phase}  {incident.title}", "strong")
        rows = [Row(incident.id, [plain(incident.ref, "key"), title])]
        room = max(20, self.size.width - 6)
        for text, role in words(each, self.desk.now(), self.desk.zone):
            first, *rest = wrap(safe_text(text), room)
            lines = [f"  {first}", *(f"    {line}" for line in rest)]
            rows += [Row("", [plain(line, _ROLES.get(role, ""))]) for line in lines]
        return rows

    def on_resize(self) -> None:
        """Wrap for the new width."""
        if self.ready:
            self.minute()

    def minute(self) -> None:
        """Read what is left again: something may have become due."""
        self.run_worker(self._read, thread=True, group="outbox", exclusive=True)

    def action_open(self) -> None:
        """Open what is said outside of the incident under the cursor."""
        if incident := self.query_one(RowList).current:
            self.app.push_screen(UpdatesScreen(self.desk, incident))

    def on_row_list_opened(self) -> None:
        """Open it."""
        self.action_open()

    def on_screen_resume(self) -> None:
        """Read what is left again: something may have been said meanwhile."""
        if self.ready:
            self.minute()

    def action_page_down(self) -> None:
        """Go down a page."""
        self.query_one(RowList).move(self.size.height // 2)

    def action_page_up(self) -> None:
        """Go up a page."""
        self.query_one(RowList).move(-(self.size.height // 2))
