"""The keys of a screen, from the key table."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.keys import keys_of

_NOTES = (
    "Every change is on your disk when the screen says so; u takes it back.",
    "A note that begins with @14:05 or -12m happened then.",
    "In a filter: words, status:open priority:<=P2 owner:me tag:db age:>2h is:new, - negates.",
)


class Help(ModalScreen[None]):
    """Help for one screen; any of its keys closes it."""

    BINDINGS = [Binding("escape,q,question_mark,enter,f1", "dismiss", "close")]

    def __init__(self, where: str, remapped: Mapping[str, str]) -> None:
        super().__init__()
        self._where, self._remapped = where, remapped

    def compose(self) -> ComposeResult:
        """Lay the keys out."""
        with VerticalScroll(classes="dialog tall"):
            yield Static(Text(f"Keys: {self._where}", "bold"), classes="question")
            yield Static(self._keys())
            yield Static(Text("\n".join(_NOTES), "dim"), classes="hint")

    def _keys(self) -> Text:
        text = Text()
        for key in keys_of(self._where):
            shown = self._remapped.get(key.id, key.shown)
            text.append(shown.ljust(10), "bold cyan").append(f" {key.what}\n")
        return text
