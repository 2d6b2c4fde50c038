"""A long text written in place of those that differ; what is typed is kept as a draft until it is recorded."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from domain.conflicts import read_value
from domain.durations import age
from domain.errors import Mistake
from domain.merge import has_marks
from screens.desk import Desk
from screens.dialogs.question import Question
from widgets.note_area import PAUSE
from widgets.safe import ui_text

_HINT = "ctrl+s records it · esc keeps it and goes back"


class Editing(Question[str | None]):
    """Asks for a text of several lines; ctrl+s answers, esc keeps the draft and goes back.

    Args:
        desk: Keeps the draft.
        question: What is asked.
        field: The field, which says what it can hold.
        incident: The incident, for the draft.
        text: What stands there at first.
        disputed: Whether places to decide stand in it, between marks.
    """

    BINDINGS = [Binding("escape", "leave", "leave"), Binding("ctrl+s", "send", "record", priority=True)]
    DEFAULT_CSS = "Editing TextArea { height: 1fr; }"

    def __init__(self, desk: Desk, question: str, *, field: str, incident: str, text: str, disputed: bool) -> None:
        super().__init__()
        self._desk, self._question, self._field, self._incident = desk, question, field, incident
        self._text, self._disputed = text, disputed
        self._kind = draft_kind(field)
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the editor out."""
        with Vertical(classes="dialog tall"):
            yield Static(ui_text(self._question), classes="question")
            area = TextArea(self._text, soft_wrap=True, compact=True, highlight_cursor_line=False)
            area.cursor_blink = False
            yield area
            places = "decide each place between <<<<<<< and >>>>>>> · " if self._disputed else ""
            yield Static(ui_text(f"{places}{_HINT}", "dim"), classes="hint")

    def on_mount(self) -> None:
        """Go on with what was typed before an esc, a crash or a dropped line."""
        draft = self._desk.drafts.get(self._kind, self._incident)
        if draft is not None and draft.base == self._text and draft.text != self._text:
            self._area.text = draft.text
            self._say(f"Kept from {age(self._desk.now() - draft.saved_at)} ago · {_HINT}")

    @property
    def _area(self) -> TextArea:
        return self.query_one(TextArea)

    def _say(self, text: str) -> None:
        self.query_one(".hint", Static).update(ui_text(text, "yellow"))

    def on_text_area_changed(self) -> None:
        """Keep a draft at the next pause."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._keep)

    async def _keep(self) -> None:
        if self._area.text != self._text:
            await self._desk.keep_draft(self._kind, self._incident, self._area.text, self._text)

    def action_send(self) -> None:
        """Answer with the text, or say why it cannot be recorded."""
        text = self._area.text
        if self._disputed and has_marks(text):
            self._say("A place is not decided yet: take the lines with <<<<<<<, ======= and >>>>>>> out. esc keeps it")
            return
        try:
            read_value(self._field, text, self._desk.now(), self._desk.zone)
        except Mistake as mistake:
            self._say(f"{mistake.message}. {mistake.remedy}")
            return
        self.dismiss(text)

    def action_leave(self) -> None:
        """Go back, and keep the draft."""
        text = self._area.text
        self.dismiss(None)
        if text != self._text:
            keep = self._desk.keep_draft(self._kind, self._incident, text, self._text)
            self.app.run_worker(keep, group="drafts")

    def keep_now(self) -> None:
        """Keep what was typed at once: the line has dropped."""
        if self._area.text != self._text:
            self._desk.drafts.save(self._kind, self._incident, self._area.text, self._text)


def draft_kind(field: str) -> str:
    """Return the kind under which a draft that settles a field is kept."""
    return f"settle:{field}"
