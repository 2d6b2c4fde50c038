"""What is said outside of one incident: who has heard what, who waits, deadlines, and the newest update's text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from domain import parties, regulations
from domain.durations import short
from domain.incident import Incident
from domain.outbox import Outside, outside, update_words
from domain.parties import Notice
from domain.regulations import NO_ADVICE, DutyClock
from domain.telling import meant_for, text_for
from domain.text import one_line
from domain.times import stamp
from screens import telling, verbs
from screens.desk import Desk
from screens.deskscreen import bindings
from screens.rowscreen import RowScreen
from widgets.row_list import Row, RowList
from widgets.safe import cell_fit, ui_text
from widgets.spans import Span, plain

_NAME, _DUTY = 18, 28
_PARTY, _CLOCK = "party ", "duty "


class UpdatesScreen(RowScreen):
    """The communication of one incident."""

    WHERE = "updates"
    BINDINGS = bindings("updates")
    DEFAULT_CSS = """
    UpdatesScreen { layout: vertical; }
    UpdatesScreen #head { height: auto; max-height: 3; padding: 0 1; }
    UpdatesScreen RowList { height: auto; min-height: 3; max-height: 60%; }
    UpdatesScreen VerticalScroll { height: 1fr; padding: 0 1; margin-top: 1; }
    """

    def __init__(self, desk: Desk, incident: str) -> None:
        super().__init__(desk)
        self._shown = incident
        self._state = Outside(Incident(id=incident))

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(id="head")
        yield RowList(self.desk.symbols)
        with VerticalScroll():
            yield Static(id="text")
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Show how it stands."""
        await self.reread()
        if self.desk.drafts.get("update", self._shown):
            self.tell("You had begun an update here: n goes on with it")

    @property
    def shown(self) -> str | None:
        """The incident that is open here."""
        return self._shown

    async def reread(self) -> None:
        """Read again how it stands."""
        reader = self.desk.reader
        incident = reader.named(reader.incident(self._shown))
        self._state = outside(incident, self.desk.communication, self.desk.now())
        self.query_one("#head", Static).update(ui_text(self._head(), "bold", keep_newlines=True))
        rows = self._rows()
        listed = self.query_one(RowList)
        listed.styles.height = len(rows)
        listed.show(rows)
        self._show_text()

    def minute(self) -> None:
        """Let the words grow."""
        self.run_worker(self.catch_up(), group="reread", exclusive=True)

    def _head(self) -> str:
        incident, waiting = self._state.incident, self._state.waiting
        if why := self._state.none:
            said = why
        elif waiting:
            said = f"{len(waiting)} to tell"
        else:
            said = "nobody waits to be told anything"
        due = incident.next_update_at
        again = f" · next update promised {_when(due, self.desk.now())}" if due is not None else ""
        what = f"{incident.ref} {incident.severity or 'no severity'} · {incident.phase} · {incident.title}"
        room = max(20, self.size.width - 2)
        return f"{one_line(what, room)}\n{one_line(said + again, room)}"

    def _rows(self) -> list[Row]:
        now = self.desk.now()
        rows = [Row(_PARTY + each.party.name, _party(each, now)) for each in self._state.notices]
        if clocks := self._state.duties:
            rows.append(Row("", [Span(f"Deadlines. {NO_ADVICE}", "muted")]))
            rows += [Row(_CLOCK + each.name, self._clock(each, now)) for each in clocks]
        lost = "there is no data of it here (tocsin regulate --list)"
        return [*rows, *(Row("", [plain(f"{name} applies, and {lost}", "warn")]) for name in self._state.unknown)]

    def _clock(self, clock: DutyClock, now: int) -> list[Span]:
        state = clock.state(now)
        role = "bad" if state in ("late", "done_late") else "muted" if state == "done" else ""
        due = (
            f" (by {stamp(clock.due_at, self.desk.zone)})" if clock.due_at is not None and clock.done_at is None else ""
        )
        name = plain(cell_fit(plain(clock.name).text, _DUTY))
        return [name, plain(f" {regulations.in_words(clock, now)}{due}", role)]

    # -- what is meant ---------------------------------------------------------------------------------------------

    @property
    def _current(self) -> Notice | DutyClock | None:
        key = self.query_one(RowList).current
        named = {_PARTY + each.party.name: each for each in self._state.notices}
        return named.get(key) or {_CLOCK + each.name: each for each in self._state.duties}.get(key)

    def _meant(self) -> list[str]:
        """Return the marked parties, else the one under the cursor."""
        marked = self.query_one(RowList).marked
        chosen = [each.party.name for each in self._state.notices if _PARTY + each.party.name in marked]
        current = self._current
        return chosen or ([current.party.name] if isinstance(current, Notice) else [])

    def _show_text(self) -> None:
        updates, current = self._state.incident.updates, self._current
        text = "No update yet: n writes one."
        if isinstance(current, DutyClock):
            duty = current.duty
            text = f"{current.name}, to the {duty.to}\n{duty.article}\n{duty.about}\n{NO_ADVICE}"
        elif isinstance(current, Notice) and updates:
            update = meant_for(self._state.incident, current.party.name)
            text = f"No update is meant for {current.party.name}: n writes one."
            if update is not None:
                text = f"{update_words(update, self.desk.now())}\n\n{text_for(update, current.party)}"
        self.query_one("#text", Static).update(ui_text(text, keep_newlines=True))

    def on_row_list_moved(self) -> None:
        """Show the text of whoever is under the cursor."""
        self._show_text()

    # -- keys ------------------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        """Write an update."""
        self.do(telling.write_update(self, self._state.incident), asks=True)

    def action_told(self) -> None:
        """Record that whoever is meant heard the newest update, or that a duty is fulfilled."""
        incident, current = self._state.incident, self._current
        listed = self.query_one(RowList)
        if names := self._meant():
            listed.marked.clear()
            asks = not incident.updates or telling.asks_first(self, names)
            self.do(telling.tell(self, incident, names), asks=asks)
        elif isinstance(current, DutyClock):
            self.do(telling.fulfil(self, incident, current), asks=True)

    def action_note(self) -> None:
        """Record that whoever is meant was told something of its own."""
        if names := self._meant():
            self.query_one(RowList).marked.clear()
            self.do(telling.tell_own(self, self._state.incident, names), asks=True)

    def action_regulate(self) -> None:
        """Start the clocks of a regulation."""
        self.do(telling.start_clocks(self, self._state.incident), asks=True)

    def action_mark(self) -> None:
        """Mark a party, or unmark it."""
        if isinstance(self._current, Notice):
            self.query_one(RowList).toggle()

    def action_mark_all(self) -> None:
        """Mark everybody who is to be told, or unmark."""
        listed = self.query_one(RowList)
        waiting = {_PARTY + each.party.name for each in self._state.waiting}
        listed.marked = set() if listed.marked else waiting
        listed.refresh()
        if not waiting:
            self.tell("Nobody waits to be told anything")

    def action_copy(self) -> None:
        """Copy the ready text for the party under the cursor."""
        incident, current = self._state.incident, self._current
        if not incident.updates:
            self.tell("There is no update yet: n writes one", warn=True)
        elif not isinstance(current, Notice):
            self.tell("Go to a party: its text is copied", warn=True)
        elif update := meant_for(incident, current.party.name):
            telling.copy_text(self, current.party.name, text_for(update, current.party))
        else:
            self.tell(f"No update is meant for {current.party.name}: n writes one", warn=True)

    def action_undo(self) -> None:
        """Undo the responder's last action on this incident."""
        self.do(verbs.undo(self, self._shown))

    def action_clock(self) -> None:
        """Show times in UTC, or in the local zone."""
        super().action_clock()
        self.run_worker(self.catch_up(), group="reread", exclusive=True)

    def action_page_down(self) -> None:
        """Read on in the text."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """Go back in the text."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)


def _when(at: int, now: int) -> str:
    return f"in {short(at - now)}" if at > now else f"{short(now - at)} ago"


def _party(notice: Notice, now: int) -> list[Span]:
    role = "warn" if notice.waits else "muted" if notice.state in ("not", "over") else ""
    name = plain(cell_fit(plain(notice.party.name).text, _NAME), "strong" if notice.waits else "")
    channel = f" · {notice.party.channel}" if notice.party.channel else ""
    words = f" {parties.in_words(notice, now)}{channel}"
    return [name, Span(f" {notice.party.kind:<9}", "muted"), plain(words, role)]
