"""The statuses in one line: those allowed now can be chosen, the others say why not."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from domain.lifecycle import Verdict, meaning
from widgets.painting import strip
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, clip, fit


class StatusBar(Widget, can_focus=True):
    """Buttons of the lifecycle: tab goes to them, left and right choose, enter presses; or a click."""

    DEFAULT_CSS = "StatusBar { height: 2; }"
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS = [
        Binding("left,h", "step(-1)", show=False),
        Binding("right,l", "step(1)", show=False),
        Binding("enter", "press", show=False),
    ]

    class Pressed(Message):
        """A status that is allowed was chosen."""

        def __init__(self, status: str) -> None:
            super().__init__()
            self.status = status

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(id="statuses")
        self._symbols = symbols
        self._verdicts: tuple[Verdict, ...] = ()
        self._at = 0

    def show(self, verdicts: tuple[Verdict, ...]) -> None:
        """Show what is allowed now."""
        self._verdicts = verdicts
        allowed = [index for index, verdict in enumerate(verdicts) if verdict.step]
        self._at = min(self._at, len(verdicts) - 1) if self.has_focus else (allowed[0] if allowed else 0)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return the line of buttons, or the line that explains the chosen one."""
        width = self.size.width
        line = self._buttons() if y == 0 else self._explanation(width)
        return strip(clip(line, width), width, self.rich_style)

    def _buttons(self) -> Spans:
        spans = [Span(" s ", "key")]
        for index, verdict in enumerate(self._verdicts):
            name = verdict.target.capitalize()
            chosen = index == self._at and self.has_focus
            left, right = ("[", "]") if verdict.step else (" ", " ")
            role = "key" if chosen else ("" if verdict.step else "muted")
            spans.append(Span(f"{self._symbols.cursor if chosen else left}{name}{right}", role))
        return spans

    def _explanation(self, width: int) -> Spans:
        if not self.has_focus or not self._verdicts:
            return [Span(self._symbols.rule * width, "muted")]
        verdict = self._verdicts[self._at]
        if verdict.step is None:
            return [Span(fit(f"   {verdict.target.capitalize()}: {verdict.why}. {verdict.remedy}", width), "warn")]
        return [Span(fit(f"   {verdict.target.capitalize()}: {meaning(verdict.target)}", width), "muted")]

    def action_step(self, by: int) -> None:
        """Choose the next or the previous one."""
        self._at = (self._at + by) % max(1, len(self._verdicts))
        self.refresh()

    def action_press(self) -> None:
        """Press the chosen one, when it is allowed."""
        if self._verdicts and self._verdicts[self._at].step:
            self.post_message(self.Pressed(self._verdicts[self._at].target))

    def on_focus(self) -> None:
        """Show which one is chosen."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the rule again."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Press the button that was clicked, or say why it cannot be."""
        column = 3
        for index, verdict in enumerate(self._verdicts):
            size = len(verdict.target) + 2
            if column <= event.x < column + size and event.y == 0:
                self._at = index
                self.action_press()
                self.refresh()
            column += size
