"""The keys of a screen, from the key table."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.keys import Key, keys_of
from widgets.safe import ui_text
from widgets.spans import fit

_TWO_COLUMNS = 76

_NOTES = (
    "Every change is on your disk when the screen says so; u takes it back.",
    "A note that begins with @14:05 or -12m happened then.",
    "In a filter: words, status:open priority:<=P2 owner:me tag:db age:>2h is:new, - negates.",
)


class Help(ModalScreen[None]):
    """Help for one screen; any of its keys closes it."""

    BINDINGS = [Binding("escape,q,question_mark,enter,f1", "dismiss", "close")]

    def __init__(self, where: str, remapped: Mapping[str, str], role: str = "") -> None:
        super().__init__()
        self._where, self._remapped, self._role = where, remapped, role

    def compose(self) -> ComposeResult:
        """Lay the keys out."""
        with VerticalScroll(classes="dialog tall"):
            yield Static(Text(f"Keys: {self._where}   (esc closes)", "bold"), classes="question")
            yield Static(self._keys(self.app.size.width))
            notes = (*([self._role] if self._role else []), *_NOTES)
            yield Static(ui_text("\n".join(notes), "dim", keep_newlines=True), classes="hint")

    def _keys(self, width: int) -> Text:
        """Return the keys, in two columns where they fit."""
        keys = keys_of(self._where)
        rows = -(-len(keys) // 2) if width >= _TWO_COLUMNS else len(keys)
        size = min(width, 100) // 2 - 3
        text = Text()
        for left, right in zip_longest(keys[:rows], keys[rows:]):
            text.append(self._shown(left).ljust(10), "bold cyan").append(
                f" {fit(left.what, size - 11) if right else left.what}"
            )
            if right:
                text.append(f" {self._shown(right).ljust(10)}", "bold cyan").append(
                    f" {fit(right.what, size - 11).rstrip()}"
                )
            text.append("\n")
        return text

    def _shown(self, key: Key) -> str:
        return self._remapped.get(key.id, key.shown)
