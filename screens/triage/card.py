"""The card: a row a field, j and k between them, h and l through what each may hold; nothing is written before `s`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from domain.incident import Incident
from domain.suggest import Suggestions
from domain.text import one_line
from domain.triage import derived
from screens.desk import Desk
from screens.dialogs.choice import Choice, Offer
from screens.dialogs.line import OneLine
from screens.dialogs.question import Question
from screens.dialogs.writing import Writing
from screens.triage.rows import TAGS, Row, read, registers, rows_of, value_of, words
from widgets.safe import ui_text
from widgets.spans import fit

_LABEL, _VALUE, _TEXT, _PROPOSAL = 13, 30, 58, 28  # cells
_HINT = "j k row · l h value · d list or text · a f take ? or all · s save · esc"


@dataclass(frozen=True, slots=True)
class Triaged:
    """What a card changes: values by register, and the tags that are wanted (None for as they are)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None


class TriageCard(Question[Triaged | None]):
    """Asks what an incident is, with what may be proposed for it.

    Args:
        desk: The rules, the zone and the clock.
        title: What stands above it.
        incident: What is shown at first; for several incidents a blank one, of which only what is changed counts.
        proposed: By register.
    """

    BINDINGS = [
        Binding("j,down", "move(1)", show=False),
        Binding("k,up", "move(-1)", show=False),
        Binding("l,right", "turn(1)", show=False),
        Binding("h,left", "turn(-1)", show=False),
        Binding("d,enter", "details", show=False),
        Binding("a", "accept", show=False),
        Binding("f", "accept_all", show=False),
        Binding("s,ctrl+s", "save", show=False),
        Binding("escape,q", "leave", show=False),
    ]

    def __init__(self, desk: Desk, title: str, incident: Incident, proposed: Suggestions) -> None:
        super().__init__()
        self._desk, self._title, self._incident, self._proposed = desk, title, incident, proposed
        self._rows = rows_of(desk.rules.fields)
        self._before = {row.register: value_of(incident, row) for row in self._rows}
        self._values = dict(self._before)
        self._place = [row.register for row in self._rows].index("impact")
        self._warned = False

    def compose(self) -> ComposeResult:
        """Lay the rows out."""
        with Vertical(classes="dialog"):
            yield Static(ui_text(self._title), classes="question")
            yield Static(id="rows")
            yield Static(id="meaning", classes="hint")
            yield Static(Text(_HINT, "dim"), id="hint")

    def on_mount(self) -> None:
        """Show the values."""
        self._paint()

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def _row(self) -> Row:
        return self._rows[self._place]

    def _follows(self) -> str | None:
        """Return the priority that impact and urgency give while nobody has set another one."""
        if self._incident.priority_overridden or self._values["priority"] != self._before["priority"]:
            return None
        return derived(self._desk.rules.matrix, self._values["impact"], self._values["urgency"])

    def _shown(self, row: Row) -> str:
        if row.register == "priority" and (follows := self._follows()):
            return f"{follows} (follows)"
        return words(row, self._values[row.register], self._desk.zone)

    def _paint(self) -> None:
        lines = [self._line(row, at_cursor=row is self._row) for row in self._rows]
        self.query_one("#rows", Static).update(Text("\n").join(lines))
        self.query_one("#meaning", Static).update(self._meaning())

    def _line(self, row: Row, *, at_cursor: bool) -> Text:
        cursor = self._desk.symbols.cursor if at_cursor else " "
        changed = self._values[row.register] != self._before[row.register]
        value = one_line(self._shown(row), _TEXT * 2) or "-"
        line = Text.assemble((cursor, "bold cyan"), (row.label.ljust(_LABEL), "dim"))
        width = _VALUE if row.options else _TEXT
        line.append(fit(value, width), "bold" if changed else "").append("*" if changed else " ")
        if proposed := self._open_proposal(row):
            line.append(fit(f" ? {row.names.get(proposed, proposed)}", _PROPOSAL), "yellow")
        return line

    def _open_proposal(self, row: Row) -> str | None:
        found = self._proposed.get(row.register)
        return found.value if found and not self._values[row.register] else None  # what a person has said stands

    def _meaning(self) -> Text:
        row, value = self._row, self._values[self._row.register]
        if row.register == "priority" and (follows := self._follows()):
            return ui_text(f"{follows}: {row.options[follows]}. It follows from impact and urgency.", "dim")
        if proposed := self._open_proposal(row):
            name, why = row.names.get(proposed, proposed), self._proposed[row.register].why
            return ui_text(f"? {name} (a takes it): {why}. {row.options[proposed].capitalize()}", "yellow")
        if row.options and value in row.options:
            return ui_text(f"{row.names.get(value, value)}: {row.options[value]}", "dim")
        return ui_text(row.about or "If unsure, take the higher.", "dim")

    # -- keys ------------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Go to another row."""
        self._place = min(max(self._place + by, 0), len(self._rows) - 1)
        self._paint()

    def action_turn(self, by: int) -> None:
        """Take the next or the previous value; a text is opened instead."""
        row = self._row
        if not row.options:
            self.action_details()
            return
        ring, value = row.ring, self._values[row.register]
        if row.register == "priority":
            value = self._follows() or value
        here = ring.index(value) if value in ring else 0
        self._put(row, ring[(here + by) % len(ring)])

    def action_accept(self) -> None:
        """Take what is proposed for this row, and go on."""
        if proposed := self._open_proposal(self._row):
            self._put(self._row, proposed)
        self.action_move(1)

    def action_accept_all(self) -> None:
        """Take everything that is proposed."""
        for row in self._rows:
            if proposed := self._open_proposal(row):
                self._put(row, proposed)

    def _put(self, row: Row, value: Any) -> None:
        self._values[row.register], self._warned = value, False
        self._say(_HINT, "dim")
        self._paint()

    def _say(self, text: str, style: str) -> None:
        self.query_one("#hint", Static).update(ui_text(text, style))

    def action_details(self) -> None:
        """Choose from a list with the meanings, or write a text."""
        row = self._row
        self.run_worker(self._choose(row) if row.options else self._write(row), exclusive=True)

    async def _choose(self, row: Row) -> None:
        offers = [Offer(str(n), str(row.names.get(v, v)), why) for n, (v, why) in enumerate(row.options.items())]
        values = list(row.options)
        now = self._values[row.register]
        current = str(values.index(now)) if now in values else None
        chosen = await self.app.push_screen_wait(Choice(f"{row.label} (if unsure, the higher)", offers, current))
        if chosen is not None:
            self._put(row, values[int(chosen)])

    async def _write(self, row: Row) -> None:
        now, zone, own = self._desk.now(), self._desk.zone, self._desk.rules.fields
        text = words(row, self._values[row.register], zone)
        check: Callable[[str], Any] = lambda line: read(row, line, now, zone, own)  # noqa: E731
        dialog: Question[str | None] = OneLine(row.label, hint=row.about, check=check, value=text)
        if row.long:
            key = self._incident.id
            dialog = Writing(self._desk, row.label, kind="description", incident=key, required=False, text=text)
        typed = await self.app.push_screen_wait(dialog)
        if typed is not None:
            self._put(row, check(typed))

    def action_save(self) -> None:
        """Answer with what has changed."""
        changed = [row for row in self._rows if self._values[row.register] != self._before[row.register]]
        if not changed:
            self.dismiss(None)
            return
        values: dict[str, Any] = {}
        for row in changed:
            values |= registers(row, self._before[row.register], self._values[row.register])
        tags = self._values[TAGS] if any(row.register == TAGS for row in changed) else None
        self.dismiss(Triaged(values, tags))

    def action_leave(self) -> None:
        """Leave; what was changed is thrown away only when asked for twice."""
        if self._values == self._before or self._warned:
            self.dismiss(None)
            return
        self._warned = True
        self._say("Not saved: s saves · esc once more throws it away", "yellow")


def first_of(incidents: Sequence[Incident]) -> Incident:
    """Return what a card shows at first: the incident, or a blank one for several."""
    return incidents[0] if len(incidents) == 1 else Incident(id="")
