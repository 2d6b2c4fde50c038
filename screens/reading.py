"""One moment read whole: a note as Markdown, a command with its output."""

from __future__ import annotations

from datetime import tzinfo

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from domain.moments import Moment
from domain.text import safe_text, wrap_long_lines
from domain.times import stamp
from widgets.safe import ui_text


class Reading(ModalScreen[None]):
    """Shows a moment's whole text."""

    BINDINGS = [
        Binding("escape,q,enter", "dismiss", "close"),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("ctrl+d,pagedown,space", "scroll(10)", show=False),
        Binding("ctrl+u,pageup", "scroll(-10)", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(self, moment: Moment, zone: tzinfo) -> None:
        super().__init__()
        self._moment, self._zone = moment, zone

    def compose(self) -> ComposeResult:
        """Lay the moment out."""
        entry, of = self._moment.entry, f"{self._moment.ref}  " if self._moment.ref else ""
        with VerticalScroll(classes="dialog tall"):
            yield Static(
                ui_text(f"{stamp(entry.occurred_at, self._zone)}  {entry.author}  {of}{self._moment.headline}"),
                classes="question",
            )
            text = wrap_long_lines(safe_text(self._moment.text, keep_newlines=True))
            # Long texts go past Markdown: a fenced block of one long line would hold the screen up.
            if entry.kind == "note" and len(text) < 20_000:
                yield Markdown(text, open_links=False)
            else:
                yield Static(ui_text(text, keep_newlines=True))
            yield Static(ui_text("j k scroll · esc closes", "dim"), classes="hint")

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
