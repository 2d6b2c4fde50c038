"""How foreign text becomes what a widget shows: literal, harmless and as wide as asked.

Textual reads square brackets in a plain string as markup: `[@click=...]` becomes a button and `[/var/log/x.log]` an
exception. A `rich.text.Text` is literal in every widget, so it is the only form in which data reaches one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from domain.text import ELLIPSIS, safe_text

if TYPE_CHECKING:
    from rich.style import Style

Severity = Literal["information", "warning", "error"]
"""Textual's words for how a toast looks."""


class Notifier(Protocol):
    """An app or a widget: whatever can show a toast."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast."""


def ui_text(text: str, style: str | Style = "", *, keep_newlines: bool = False) -> Text:
    """Return `text` as a widget may show it: no markup, no controls, nothing invisible.

    Args:
        text: Any string.
        style: The style of the whole text; never taken from data.
        keep_newlines: Show line ends as line ends, as a note does and a cell of a list does not.
    """
    return Text(safe_text(text, keep_newlines=keep_newlines), style=style, end="")


def notify_text(
    target: Notifier, message: str, *, severity: Severity = "information", timeout: float | None = None, title: str = ""
) -> None:
    """Show a toast whose words are shown as they are; `timeout` in seconds, None for the app's own."""
    shown = safe_text(message, keep_newlines=True)
    target.notify(shown, title=safe_text(title), severity=severity, timeout=timeout, markup=False)


def cell_fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` terminal cells: padded with blanks, or cut and ended with `…`.

    Args:
        text: One line, already safe (`safe_text`): cells are not counted right for controls.
        width: In cells; none or fewer give the empty string.
    """
    if width <= 0:
        return ""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + ELLIPSIS
    # No cell of honest text holds more than a few code points, so what lies far behind the cut is never measured.
    near = text[: 8 * width].rstrip("\u200d")
    if len(near) == len(text) and cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(near, width - 1) + ELLIPSIS
