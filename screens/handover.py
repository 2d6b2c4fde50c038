"""The hand-over on a screen: what there is and what is due, to be read and scrolled."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from domain.handover_words import Line
from screens.deskscreen import DeskScreen, bindings
from widgets.safe import ui_text

_STYLES = {"head": "bold", "warn": "yellow", "ref": "cyan", "dim": "dim"}


class HandoverScreen(DeskScreen):
    """What the next one on duty has to know, as the desk gives it."""

    WHERE = "handover"
    BINDINGS = bindings("handover")
    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    DEFAULT_CSS = "HandoverScreen { layout: vertical; } HandoverScreen VerticalScroll { height: 1fr; padding: 0 1; }"

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with VerticalScroll():
            yield Static(id="handover")
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Read what there is."""
        await self.reread()

    async def reread(self) -> None:
        """Read what there is again, beside the loop."""
        self.run_worker(self._read, thread=True, group="handover", exclusive=True)

    def _read(self) -> None:
        self.app.call_from_thread(self._show, self.desk.handover())

    def _show(self, lines: list[Line]) -> None:
        if self.ready:
            made = [ui_text(line.text, _STYLES.get(line.role, "")) for line in lines]
            self.query_one("#handover", Static).update(Text("\n").join(made))

    def action_down(self) -> None:
        """Go down a line."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        """Go up a line."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_page_down(self) -> None:
        """Go down a page."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """Go up a page."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)
