"""Who may do what on this store: who you are here, what that lets you do, and who has which role."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from domain.times import stamp
from screens.desk import Desk
from storage.granting import Given, Granting
from widgets.safe import ui_text

_UNSET = "No rights are set: whoever can open the file may do everything.\nThe first: tocsin rights grant NAME ROLE"
_DOES = (
    ("viewer", "look at what is not restricted"),
    ("responder", "raise, note, acknowledge, move, set, link, undo"),
    ("commander", "restrict, see what is restricted, redact, back up"),
    ("admin", "give rights, add remotes, import, restore"),
)
_HINT = "Changed with tocsin rights grant, revoke and default. What holds, and what it is worth: docs/rights.md"


class RightsList(ModalScreen[None]):
    """The rights of the store; any of its keys closes it."""

    BINDINGS = [Binding("escape,q,enter,f2", "dismiss", "close")]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(classes="dialog tall"):
            yield Static(Text("Rights on this store   (esc closes)", "bold"), classes="question")
            yield Static(self._text())
            yield Static(Text(_HINT, "dim"), classes="hint")

    def _text(self) -> Text:
        desk, text = self._desk, Text()
        caller = desk.reader.caller
        if caller is None:
            return text.append(_UNSET)
        text.append("You are ").append_text(ui_text(caller.who.name, "bold")).append(f": {caller.role}\n\n")
        for role, does in _DOES:
            text.append(f"{role:<10}", "bold" if role == caller.role else "").append(f"{does}\n", "dim")
        text.append("\n")
        granting = Granting(desk.store.path, desk.now())
        for given in granting.listed():
            text.append_text(self._line(given))
        return text

    def _line(self, given: Given) -> Text:
        line = Text(f"{given.role:<10}").append_text(ui_text(f"{given.whose:<24}", "cyan"))
        said = f"by {given.granted_by}, {stamp(given.granted_at, self._desk.zone)}"
        return line.append_text(ui_text(said, "dim")).append("\n")
