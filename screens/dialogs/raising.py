"""The form that raises an incident: a title is enough."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from domain import actions, fields
from domain.entry import Draft
from domain.errors import Mistake
from domain.suggest import words_of
from domain.text import one_line
from screens.desk import Desk
from screens.dialogs.question import Question
from widgets.note_area import PAUSE
from widgets.safe import ui_text

_FIELDS = (
    ("title", "Title: what is broken, for whom"),
    ("priority", "Priority: P1 to P4, or blank"),
    ("severity", "Severity: critical, high, medium, low, or blank"),
    ("resources", "Resources: what is hit, a comma between: db1:critical, api"),
    ("description", "Description: what you know so far"),
)
_ALIKE, _ALIKE_CELLS = 3, 52


class Raising(Question[list[Draft] | None]):
    """Asks for an incident's first facts; enter goes on and in the last field raises, ctrl+s raises at once."""

    BINDINGS = [Binding("escape", "leave", "leave"), Binding("ctrl+s", "send", "raise", priority=True)]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the fields out."""
        draft = self._desk.drafts.get("raise", "")
        with Vertical(classes="dialog"):
            yield Static(ui_text("Raise an incident"), classes="question")
            for name, label in _FIELDS:
                yield Static(ui_text(label, "dim"), classes="label")
                text = draft.text if draft and name == "title" else ""
                line = Input(text, id=name, compact=True, select_on_focus=False)
                line.cursor_blink = False
                yield line
            others = Static(id="alike")
            others.display = False
            yield others
            yield Static(ui_text("enter next field · ctrl+s raises · esc keeps the title", "dim"), classes="hint")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep the title at the next pause."""
        if event.input.id in ("title", "resources"):
            if self._pause is not None:
                self._pause.stop()
            self._pause = self.set_timer(PAUSE, self._keep)

    async def _keep(self) -> None:
        self._look_for_others(self._value("title"), self._value("resources"))
        await self._desk.keep_draft("raise", "", self._value("title"))

    @work(thread=True, exclusive=True, group="alike")
    def _look_for_others(self, title: str, resources: str) -> None:
        """Look for incidents like the one that is being typed; the newest words win."""
        found = alike(self._desk, title, resources)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_others, found)

    def _show_others(self, found: list[str]) -> None:
        if self.is_mounted:
            shown = self.query_one("#alike", Static)
            shown.update(ui_text("\n".join(found), "yellow", keep_newlines=True))
            shown.display = bool(found)

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field; in the last one, raise."""
        event.stop()
        if event.input.id == _FIELDS[-1][0]:
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """Answer with the drafts, or say what is wrong and go there."""
        drafts: list[Draft] = []
        for name, _label in _FIELDS:
            try:
                drafts = self._with(drafts, name)
            except Mistake as mistake:
                self.query_one(f"#{name}", Input).focus()
                self.query_one(".hint", Static).update(ui_text(f"{mistake.message}. {mistake.remedy}", "yellow"))
                return
        self.dismiss(drafts)

    def _with(self, drafts: list[Draft], name: str) -> list[Draft]:
        """Return the drafts with what one field says."""
        text = self._value(name)
        if name == "title":
            return list(actions.raise_incident(text, {}))
        if name == "resources":
            return [*drafts, *(actions.resource(part) for part in text.split(",") if part.strip())]
        register, value = fields.parse_setting(f"{name}={text}", self._desk.now(), self._desk.zone)
        first = drafts[0]
        body = {**first.body, register: value} if value is not None else first.body
        return [replace(first, body=body), *drafts[1:]]

    def action_leave(self) -> None:
        """Go back, and keep the title."""
        title = self._value("title")
        self.dismiss(None)
        self.app.run_worker(self._desk.keep_draft("raise", "", title), group="drafts")

    def keep_now(self) -> None:
        """Keep the title at once: the line has dropped."""
        self._desk.drafts.save("raise", "", self._value("title"))


def alike(desk: Desk, title: str, resources: str) -> list[str]:
    """Return earlier incidents like one that is being typed, a line each, with what is left to do after them.

    Args:
        desk: The desk; the store is read through a connection of its own, from any thread.
        title: As typed so far.
        resources: As typed so far, a comma between.
    """
    names = [part.strip().partition(":")[0] for part in resources.split(",") if part.strip()]
    found = []
    with closing(desk.store.another_reader()) as reader:
        for each in reader.similar(words_of(title), names, limit=_ALIKE):
            left = sum(not follow_up.done for follow_up in reader.incident(each.id).follow_ups)
            todo = f" ({left} follow-up{'' if left == 1 else 's'} open)" if left else ""
            found.append(one_line(f"like {each.ref} {each.phase}: {each.title}", _ALIKE_CELLS) + todo)
    return found
