"""Where notes are typed: enter sends, ctrl+j breaks the line, a paste keeps its lines, a pause saves a draft."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea

PAUSE = 0.4  # seconds without a key after which the draft is saved


class NoteArea(TextArea):
    """A text area for something short that is sent whole.

    Posts `Sent` with the text, `Paused` when the typing pauses.
    """

    class Sent(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Paused(Message):
        """Nothing was typed for a moment; `text` is what stands there."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            text, soft_wrap=True, placeholder=placeholder, id=id, compact=True, highlight_cursor_line=False
        )
        self.cursor_blink = False
        self._pause: Timer | None = None

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Sent(self.text))
            return
        if event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
            return
        await super()._on_key(event)

    def on_text_area_changed(self) -> None:
        """Wait for a pause."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, lambda: self.post_message(self.Paused(self.text)))
