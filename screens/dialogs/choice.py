"""One of several, each with its meaning; what cannot be chosen says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.dialogs.question import Question
from widgets.safe import ui_text


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to choose: value, name, meaning; why it cannot be chosen (empty when it can), and what to do then."""

    value: str
    name: str
    meaning: str = ""
    why_not: str = ""
    remedy: str = ""


class Choice(Question[str | None]):
    """Shows offers; a digit or the first letter's place and enter choose; esc chooses nothing."""

    BINDINGS = [
        Binding("escape,q", "nothing", "nothing"),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
        *[Binding(str(n), f"pick({n})", show=False) for n in range(1, 10)],
    ]

    def __init__(self, question: str, offers: Sequence[Offer], current: str | None = None) -> None:
        super().__init__()
        self._question, self._offers, self._current = question, tuple(offers), current

    def compose(self) -> ComposeResult:
        """Lay the offers out."""
        options = [
            Option(self._line(n, offer), disabled=bool(offer.why_not)) for n, offer in enumerate(self._offers, 1)
        ]
        with Vertical(classes="dialog"):
            yield Static(ui_text(self._question), classes="question")
            yield OptionList(*options, compact=True, markup=False)
            yield Static(Text("enter or its number chooses · esc leaves it", "dim"), classes="hint")

    def on_mount(self) -> None:
        """Put the cursor on the present value."""
        values = [offer.value for offer in self._offers]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def _line(self, number: int, offer: Offer) -> Text:
        width = max(len(each.name) for each in self._offers)
        if offer.why_not:
            return ui_text(f"{number} {offer.name.ljust(width)}  no: {offer.why_not}", "dim")
        return Text.assemble(
            (f"{number} ", "bold"), ui_text(offer.name.ljust(width), "bold"), "  ", ui_text(offer.meaning)
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the chosen one."""
        self.dismiss(self._offers[event.option_index].value)

    def action_pick(self, number: int) -> None:
        """Choose by number; one that cannot be chosen says why."""
        if number > len(self._offers):
            return
        offer = self._offers[number - 1]
        if offer.why_not:
            self.query_one(".hint", Static).update(ui_text(f"{offer.name}: {offer.why_not}. {offer.remedy}", "yellow"))
        else:
            self.dismiss(offer.value)

    def action_down(self) -> None:
        """Go down."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go up."""
        self.query_one(OptionList).action_cursor_up()

    def action_nothing(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
