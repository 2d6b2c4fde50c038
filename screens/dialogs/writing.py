"""A text asked for: a note, a reason, a label. What is typed is kept as a draft until it is sent."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from domain.durations import age
from screens.desk import Desk
from screens.dialogs.question import Question
from widgets.note_area import NoteArea
from widgets.safe import ui_text


class Writing(Question[str | None]):
    """Asks for a text; enter sends it, esc keeps the draft and goes back.

    Args:
        desk: Keeps the draft.
        question: What is asked.
        kind: The draft's kind, e.g. `note`.
        incident: The draft's incident, empty for several.
        hint: How to write it.
        required: Whether a blank text is not sent.
    """

    BINDINGS = [Binding("escape", "leave", "leave"), Binding("ctrl+l", "clear", "clear", show=False)]

    def __init__(
        self,
        desk: Desk,
        question: str,
        *,
        kind: str,
        incident: str,
        hint: str = "",
        required: bool = True,
        text: str = "",
    ) -> None:
        super().__init__()
        self._desk, self._question, self._kind, self._incident = desk, question, kind, incident
        self._hint, self._required, self._text = hint, required, text

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(classes="dialog"):
            yield Static(ui_text(self._question), classes="question")
            yield NoteArea(self._text)
            hint = f"{self._hint} · " if self._hint else ""
            yield Static(ui_text(f"{hint}enter sends · ctrl+j new line · esc keeps it", "dim"), classes="hint")

    def on_mount(self) -> None:
        """Offer what was typed before a crash, a dropped line or an esc."""
        draft = self._desk.drafts.get(self._kind, self._incident)
        if draft is not None and not self._text:
            area = self.query_one(NoteArea)
            area.text = draft.text
            area.move_cursor(area.document.end)
            old = age(self._desk.now() - draft.saved_at)
            self._say(f"Kept from {old} ago · enter sends · ctrl+l clears · esc keeps it")

    def _say(self, text: str) -> None:
        self.query_one(".hint", Static).update(ui_text(text, "yellow"))

    async def on_note_area_paused(self, event: NoteArea.Paused) -> None:
        """Keep the draft."""
        await self._desk.keep_draft(self._kind, self._incident, event.text)

    def on_note_area_sent(self, event: NoteArea.Sent) -> None:
        """Answer with the text, at once: the next key is not meant for this dialog any more."""
        if self._required and not event.text.strip():
            self._say("Write something, or esc to leave.")
            return
        self.dismiss(event.text)

    def action_clear(self) -> None:
        """Begin anew."""
        self.query_one(NoteArea).text = ""

    def action_leave(self) -> None:
        """Go back, and keep the draft."""
        text = self.query_one(NoteArea).text
        self.dismiss(None)
        self.app.run_worker(self._desk.keep_draft(self._kind, self._incident, text), group="drafts")

    def keep_now(self) -> None:
        """Keep what was typed at once: the line has dropped."""
        self._desk.drafts.save(self._kind, self._incident, self.query_one(NoteArea).text)
