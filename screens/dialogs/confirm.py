"""A question with yes and no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from screens.dialogs.question import Question
from widgets.safe import ui_text


class Confirm(Question[bool]):
    """Asks before something that deserves it; `y` or enter (not with `y_only`) is yes, anything else no."""

    BINDINGS = [Binding("y", "yes", "yes"), Binding("enter", "enter", "yes"), Binding("n,escape,q", "no", "no")]
    AUTO_FOCUS = ""

    def __init__(self, question: str, details: str = "", *, y_only: bool = False) -> None:
        super().__init__()
        self._question, self._details, self._y_only = question, details, y_only

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical(classes="dialog"):
            yield Static(ui_text(self._question), classes="question")
            if self._details:
                yield Static(ui_text(self._details, "dim", keep_newlines=True))
            with Horizontal(classes="buttons"):
                yield Button("y yes", id="yes", variant="primary", compact=True)
                yield Button("n no", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button's key does."""
        self.dismiss(event.button.id == "yes")

    def action_enter(self) -> None:
        """Answer yes, unless it wants a key that is not pressed in passing."""
        if not self._y_only:
            self.dismiss(True)

    def action_yes(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Answer no."""
        self.dismiss(False)
