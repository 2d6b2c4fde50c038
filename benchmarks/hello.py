"""The measure of all starts: a bare Textual app that shows one word and counts the keys typed at it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static


class Hello(App[None]):
    """Shows `ready`, then `key 1`, `key 2`, ...; `q` leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Quit")]

    def __init__(self) -> None:
        super().__init__()
        self._keys = 0

    def compose(self) -> ComposeResult:
        yield Static("ready")

    def on_key(self, event: events.Key) -> None:
        self._keys += 1
        self.query_one(Static).update(f"key {self._keys} ({event.key})")


if __name__ == "__main__":
    Hello().run()
