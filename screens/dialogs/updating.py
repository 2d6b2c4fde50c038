"""The form that writes an update: its wording, what we know, what we do, when the next one comes, who it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from domain import limits, vocabulary
from domain.errors import Mistake
from domain.incident import Incident
from domain.parties import audience
from domain.strictjson import loads
from domain.times import parse_later
from domain.updates import WORDINGS, party_named, proposed_wording, write_update
from screens.desk import Desk
from screens.dialogs.question import Question
from widgets.note_area import NoteArea
from widgets.safe import ui_text

KIND = "update"
"""The kind of its draft."""
_ORDER = ("wording", "know", "do", "next", "to")
_HINT = "enter next field · ctrl+j new line · ctrl+s writes it · esc keeps it"


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote; `next_update_at` in ms, None for when the first party wants to hear again."""

    wording: str
    know: str
    do: str
    next_update_at: int | None
    to: tuple[str, ...]


class Updating(Question[Written | None]):
    """Asks for an update; enter goes on and in the last field sends, ctrl+s sends at once, esc keeps what was typed.

    Args:
        desk: Keeps the draft, and knows the parties.
        incident: What it is about.
    """

    BINDINGS = [Binding("escape", "leave", "leave"), Binding("ctrl+s", "send", "write it", priority=True)]
    DEFAULT_CSS = (
        "Updating .dialog NoteArea { min-height: 2; max-height: 4; } Updating .dialog .hint { margin-top: 0; }"
    )

    def __init__(self, desk: Desk, incident: Incident) -> None:
        super().__init__()
        self._desk, self._incident = desk, incident

    def compose(self) -> ComposeResult:
        """Lay the fields out, with what was typed before."""
        kept = self._kept()
        to = ", ".join(audience(self._incident, self._desk.communication.parties))
        with Vertical(classes="dialog"):
            yield Static(ui_text(f"An update on {self._incident.ref}"), classes="question")
            yield Static(id="meaning", classes="label")
            yield self._line("wording", kept.get("wording") or proposed_wording(self._incident))
            yield Static(ui_text("What we know", "dim"), classes="label")
            yield NoteArea(kept.get("know", ""), id="know")
            yield Static(ui_text("What we do", "dim"), classes="label")
            yield NoteArea(kept.get("do", ""), id="do")
            yield Static(
                ui_text("Next update: 30m, 15:30; blank: when the first wants to hear", "dim"), classes="label"
            )
            yield self._line("next", kept.get("next", ""))
            yield Static(ui_text("For whom, a comma between", "dim"), classes="label")
            yield self._line("to", kept.get("to") or to)
            yield Static(ui_text("a drill: nobody is told" if self._incident.drill else _HINT, "dim"), classes="hint")

    def _line(self, name: str, text: str) -> Input:
        line = Input(text, id=name, compact=True, select_on_focus=False)
        line.cursor_blink = False
        return line

    def _kept(self) -> dict[str, str]:
        draft = self._desk.drafts.get(KIND, self._incident.id)
        try:
            value: Any = loads(draft.text, max_bytes=limits.BODY) if draft else {}
        except ValueError:
            value = {}
        return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}

    def on_mount(self) -> None:
        """Begin with what we know: the wording is proposed."""
        self.query_one("#know").focus()
        self._explain()

    def _explain(self) -> None:
        typed = self._value("wording")
        found = [f"{word}: {meaning}" for word, meaning in WORDINGS.items() if typed.strip() and word.startswith(typed)]
        said = found[0] if len(found) == 1 else ", ".join(WORDINGS)
        self.query_one("#meaning", Static).update(ui_text(f"Wording: {said}", "dim"))

    def _value(self, name: str) -> str:
        field = self.query_one(f"#{name}")
        return field.text if isinstance(field, NoteArea) else field.value if isinstance(field, Input) else ""

    def _typed(self) -> str:
        """Return what is kept as a draft; nothing while neither text has been begun."""
        values = {name: self._value(name) for name in _ORDER}
        return json.dumps(values, ensure_ascii=False) if (values["know"] + values["do"]).strip() else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what the wording means."""
        if event.input.id == "wording":
            self._explain()

    async def on_note_area_paused(self) -> None:
        """Keep the draft."""
        await self._desk.keep_draft(KIND, self._incident.id, self._typed())

    def on_note_area_sent(self) -> None:
        """Go on to the next field."""
        self.focus_next()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field; in the last one, send."""
        event.stop()
        if event.input.id == _ORDER[-1]:
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """Answer with what was written, or say what is wrong and go there."""
        name = "know"
        try:
            name = "wording"
            wording = vocabulary.choose(self._value("wording"), WORDINGS, "wording")
            name = "next"
            text = self._value("next").strip()
            again = parse_later(text, self._desk.now(), self._desk.zone) if text else None
            name = "to"
            parties = self._desk.communication.parties
            to = tuple(party_named(each, parties) for each in self._value("to").split(",") if each.strip())
            name = "know"
            written = Written(wording, self._value("know"), self._value("do"), again, to)
            made(self._desk, self._incident, written)
        except Mistake as mistake:
            self._go_to(self.query_one(f"#{name}"), f"{mistake.message}. {mistake.remedy}")
        else:
            self.dismiss(written)

    def _go_to(self, field: Widget, why: str) -> None:
        field.focus()
        self.query_one(".hint", Static).update(ui_text(why, "yellow"))

    def action_leave(self) -> None:
        """Go back, and keep what was typed."""
        text = self._typed()
        self.dismiss(None)
        self.app.run_worker(self._desk.keep_draft(KIND, self._incident.id, text), group="drafts")

    def keep_now(self) -> None:
        """Keep what was typed at once: the line has dropped."""
        self._desk.drafts.save(KIND, self._incident.id, self._typed())


def made(desk: Desk, incident: Incident, written: Written) -> Any:
    """Return the drafts of an update; refused, with the reason, as `domain.updates.write_update` says."""
    words = desk.communication
    return write_update(
        incident,
        now=desk.now(),
        wording=written.wording,
        know=written.know,
        do=written.do,
        to=written.to,
        parties=words.parties,
        templates=words.templates,
        next_update_at=written.next_update_at,
        zone=desk.zone,
    )
