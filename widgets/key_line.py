"""The last line: the keys that matter here, or for a while what the program has to say."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from domain.text import safe_text
from widgets.painting import Held, strip
from widgets.queue_lines import key_line
from widgets.spans import Span, Spans

_MOST_LINES = 4


class KeyLine(Widget):
    """Shows (key, word) pairs; `tell` puts a sentence in their place, on as many lines as it needs."""

    DEFAULT_CSS = "KeyLine { height: 1; dock: bottom; }"

    def __init__(self, keys: list[tuple[str, str]]) -> None:
        super().__init__(id="keys")
        self._keys, self._held = keys, Held()
        self._message: list[str] = []
        self._role = ""
        self._timer: Timer | None = None

    def tell(self, text: str, *, warn: bool, seconds: float) -> None:
        """Show a sentence for so many seconds."""
        from widgets.timeline import fold  # with all that a timeline needs

        if self._timer is not None:
            self._timer.stop()
        self._message = fold(safe_text(text), max(20, (self.size.width or self.app.size.width) - 2))[:_MOST_LINES]
        self._role = "warn" if warn else "good"
        self.styles.height = len(self._message)
        self._timer = self.set_timer(seconds, self.quiet)
        self.refresh()

    def quiet(self) -> None:
        """Show the keys again."""
        self._message = []
        self.styles.height = 1
        self.refresh()

    @property
    def message(self) -> str:
        """What is being said, empty when the keys are shown."""
        return " ".join(self._message)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines, those that have not changed as they were."""
        return self._held.lines(self, crop, super().render_lines)

    def render_line(self, y: int) -> Strip:
        """Return the line of keys, or a line of the message."""
        width = self.size.width
        return strip(self._message_line(y) if self._message else key_line(self._keys, width), width, self.rich_style)

    def _message_line(self, y: int) -> Spans:
        return [Span(f" {self._message[y]}", self._role)] if y < len(self._message) else []
