"""One line asked for, checked before it is accepted."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from domain.errors import Mistake
from screens.dialogs.question import Question
from widgets.safe import ui_text


class OneLine(Question[str | None]):
    """Asks for one line; enter accepts it when `check` has nothing against it, esc leaves.

    Args:
        question: What is asked.
        hint: How to write it.
        check: Raises `Mistake` for a line that cannot be used; the dialog stays and says why.
        value: What stands there at first.
    """

    BINDINGS = [Binding("escape", "leave", "leave")]

    def __init__(
        self, question: str, *, hint: str = "", check: Callable[[str], object] | None = None, value: str = ""
    ) -> None:
        super().__init__()
        self._question, self._hint, self._check, self._value = question, hint, check, value

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(classes="dialog"):
            yield Static(ui_text(self._question), classes="question")
            line = Input(self._value, compact=True, select_on_focus=False)
            line.cursor_blink = False
            yield line
            yield Static(ui_text(self._hint, "dim", keep_newlines=True), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the line, or say what is wrong with it."""
        try:
            if self._check is not None:
                self._check(event.value)
        except Mistake as mistake:
            self.query_one(".hint", Static).update(ui_text(f"{mistake.message}. {mistake.remedy}", "yellow"))
        else:
            self.dismiss(event.value)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
