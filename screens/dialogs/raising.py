"""The form that raises an incident: a title is enough."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from domain import actions, fields
from domain.entry import Draft
from domain.errors import Mistake
from screens.desk import Desk
from widgets.note_area import PAUSE
from widgets.safe import ui_text

_FIELDS = (
    ("title", "Title", "what is broken, for whom"),
    ("priority", "Priority", "P1 to P4, or blank"),
    ("severity", "Severity", "critical, high, medium, low, or blank"),
    ("resources", "Resources", "what is hit, comma between: db1:critical, api"),
    ("description", "Description", "what you know so far"),
)


class Raising(ModalScreen[list[Draft] | None]):
    """Asks for an incident's first facts; enter in any field raises it, tab goes on, esc keeps the title for later."""

    BINDINGS = [Binding("escape", "leave", "leave")]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        draft = self._desk.drafts.get("raise", "")
        with Vertical(classes="dialog"):
            yield Static(ui_text("Raise an incident"), classes="question")
            for name, label, hint in _FIELDS:
                yield Static(ui_text(label), classes="label")
                text = draft.text if draft and name == "title" else ""
                line = Input(text, placeholder=hint, id=name, compact=True, select_on_focus=False)
                line.cursor_blink = False
                yield line
            yield Static(ui_text("enter raises it · tab next field · esc keeps the title", "dim"), classes="hint")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep the title at the next pause."""
        if event.input.id == "title":
            if self._pause is not None:
                self._pause.stop()
            self._pause = self.set_timer(PAUSE, self._keep)

    async def _keep(self) -> None:
        await self._desk.keep_draft("raise", "", self._value("title"))

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the drafts, or say what is wrong and where."""
        event.stop()
        try:
            self.dismiss(self._drafts())
        except Mistake as mistake:
            self.query_one(".hint", Static).update(ui_text(f"{mistake.message}. {mistake.remedy}", "yellow"))

    def _drafts(self) -> list[Draft]:
        now, zone = self._desk.now(), self._desk.zone
        values = {}
        for name in ("priority", "severity", "description"):
            register, value = fields.parse_setting(f"{name}={self._value(name)}", now, zone)
            values[register] = value
        drafts = list(actions.raise_incident(self._value("title"), values))
        for part in filter(str.strip, self._value("resources").split(",")):
            drafts.append(actions.resource(part))
        return drafts

    async def action_leave(self) -> None:
        """Keep the title and go back."""
        await self._keep()
        self.dismiss(None)

    def keep_now(self) -> None:
        """Keep the title at once: the line has dropped."""
        self._desk.drafts.save("raise", "", self._value("title"))
