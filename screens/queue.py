"""The queue, home of the program: every incident in the order in which it wants somebody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from domain.durations import age
from domain.errors import BadValue
from domain.query import EVERYTHING, Query, parse
from domain.rows import QueueRow
from screens.desk import Desk, SavedView, ViewSource
from screens.deskscreen import DeskScreen, bindings
from storage.asking import Cancelled
from storage.drafts import Draft
from storage.filters import is_quick
from widgets.painting import Line
from widgets.queue_lines import heading, top_line
from widgets.queue_list import QueueList
from widgets.queue_warnings import Moments
from widgets.spans import Span, Spans, plain

if TYPE_CHECKING:
    from widgets.preview import Preview

_MARK_LIMIT = 500
_REST = 0.12  # seconds the list rests before its targets are worked out: holding a key down waits for nothing
_FOLDS = 5  # timelines that are read in one go: nobody who leaves, or pages on, waits for more
_EXAMPLE = 'words, status:open priority:<=P2 owner:me "disk full"'


class Queue(DeskScreen):
    """The queue screen."""

    WHERE = "queue"
    QUICK = frozenset({"down", "up", "page_down", "page_up"})
    MOVING = QueueList
    BINDINGS = bindings("queue")
    DEFAULT_CSS = """
    Queue { layout: vertical; }
    Queue .filter { display: none; }
    Queue.filtering .filter { display: block; }
    Queue.filtering #top { display: none; }
    """

    class OpenIncident(Message):
        """An incident is to be opened."""

        def __init__(self, incident: str) -> None:
            super().__init__()
            self.incident = incident

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._view: SavedView = desk.views[0] if desk.views else SavedView("all", EVERYTHING)
        self._query = self._view.query
        self._found = ""
        self._roomy = False  # whether there is a preview
        self._targets = False  # whether rows are marked whose targets pass
        self._beside = desk.store.another_reader()

    # -- layout ----------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Line(self._top, id="top")
        yield Line(heading, id="heading")
        listed = QueueList(self._source(self._query), self.desk.now, self.desk.symbols, id="list")
        listed.empty = self._empty_lines()
        listed.put(self._source(self._query).after(-1, max(60, self.app.size.height * 2)), 0)
        yield listed
        yield self.keys_line()

    def on_mount(self) -> None:
        """Let the list take the keys, and offer what was being typed before a crash."""
        self.set_focus(self._list)
        if kept := self.desk.drafts.all():
            self.call_after_refresh(self._offer, kept[0])

    def _offer(self, kept: Draft) -> None:
        known = {"raise": "an incident (n)", "postmortem": "a post-mortem (P)", "settle": "to settle a conflict (C)"}
        what = known.get(kept.kind.partition(":")[0], "a note (c or s)")
        names = self.desk.reader.refs([kept.incident]) if kept.incident else {}
        where = f" on {names[kept.incident]}" if kept.incident in names else ""
        self.tell(f"You had begun {what}{where} {age(self.desk.now() - kept.saved_at)} ago; the key goes on with it")

    def on_resize(self, event: events.Resize) -> None:
        """Show a preview where there is room for one."""
        self._roomy = event.size.height >= 34
        shown = self.query("Preview")
        if self._roomy and not shown:
            from widgets.preview import Preview  # with an incident and all its parts

            self.mount(Preview(self.desk.symbols, lambda: self.desk.zone), before="#keys")
            self.call_after_refresh(lambda: self._preview(self._list.current))  # it may have moved by then
        elif not self._roomy and shown:
            shown.remove()

    @property
    def _list(self) -> QueueList:
        return self.query_one(QueueList)

    def _source(self, query: Query) -> ViewSource:
        return ViewSource(self.desk.reader, query, self.desk.now)

    def _top(self, width: int) -> Spans:
        name = self._view.name if self._query == self._view.query else f"/{self._query.text}{self._found}"
        marks = len(self._list.marked)
        right = f"{marks} marked" if marks else self.desk.banner()
        return top_line(name, self.desk.reader.counts(), right, self.desk.symbols, width)

    def _empty_lines(self) -> list[Spans]:
        key = "key"
        nothing = not any(self.desk.reader.counts().values())
        if shut_out := self.desk.shut_out():  # which is known once something was asked
            return [[plain(f"  {shut_out}", "warn")]]
        if nothing:
            return [
                [plain("  No incidents yet.")],
                [],
                [Span("  n", key), plain("  raises one")],
                [Span("  tocsin ingest alertmanager FILE", key), plain("  reads alerts")],
                [Span("  tocsin demo", key), plain("  shows a sample to try the keys on")],
            ]
        return [
            [plain(f"  Nothing here: {self._query.text or 'this view is empty'}.")],
            [],
            [Span("  /", key), plain("  filters anew    "), *self._view_keys()],
        ]

    def _view_keys(self) -> Spans:
        """Return the keys of the home view and of the one that shows all, as the settings have them."""
        views = self.desk.views[:9]
        wanted = [0, *(n for n, view in enumerate(views) if not view.query.terms)][:2] if views else []
        return [span for n in wanted for span in (Span(str(n + 1), "key"), plain(f"  {views[n].name}    "))]

    # -- reading ---------------------------------------------------------------------------------------------------

    async def reread(self) -> None:
        """Read the windows again; selection and scroll stay."""
        self._list.empty = self._empty_lines()
        self._read(self._list.current)
        self.query_one("#top", Line).repaint()

    def show_query(self, query: Query, view: SavedView | None = None) -> None:
        """Show what matches a query, from the beginning."""
        self._query, self._view, self._found = query, view or self._view, ""
        self._list.empty = self._empty_lines()
        self._list.use(self._source(query))
        self._read(None)
        self.query_one("#top", Line).repaint()

    def _read(self, current: QueueRow | None) -> None:
        """Show the rows round a selected one: at once where an index finds them, else when they have come."""
        self._beside.cancel()
        if is_quick(self._query):
            self._list.put(*QueueList.read(self._source(self._query), current, self._list.page))
            if not self._query.words:
                return
        self._read_beside(self._query, current)

    @work(thread=True, exclusive=True, group="rows")
    def _read_beside(self, query: Query, current: QueueRow | None) -> None:
        """Read what takes its time beside the loop: a filter without an index, and the count."""
        source = ViewSource(self._beside, query, self.desk.now)
        try:
            if not is_quick(query):
                rows, cursor = QueueList.read(source, current, self._list.page)
                self.app.call_from_thread(self._show_rows, query, rows, cursor)
            found = self._beside.count(query, self.desk.now())
        except Cancelled:
            return
        self.app.call_from_thread(self._show_count, query, found)

    def _show_rows(self, query: Query, rows: list[QueueRow], cursor: int) -> None:
        if query == self._query and self.ready:
            self._list.put(rows, cursor)

    def _show_count(self, query: Query, found: int) -> None:
        if query == self._query and self.ready:
            self._found = f" {found:,} found"
            self.query_one("#top", Line).repaint()

    # -- the filter ------------------------------------------------------------------------------------------------

    async def action_filter(self) -> None:
        """Filter as you type, beginning with what the list shows.

        The action waits for the field, and the next key waits for the action: no letter of a filter is ever a verb.
        """
        await self.query(".filter").remove()
        text = f"{self._query.text} " if self._query.text else ""
        line = Input(text, placeholder=_EXAMPLE, compact=True, select_on_focus=False, classes="filter")
        line.cursor_blink = False
        await self.mount(line, before="#top")
        self.add_class("filtering")
        self.set_focus(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches so far; a term that cannot be read yet waits for its end."""
        if not self.has_class("filtering") or len(event.value.rpartition(" ")[2]) == 1:
            return  # one letter is no beginning of a word yet: the list would be empty for a moment
        try:
            query = parse(event.value)
        except BadValue:
            return
        if query != self._query:
            self.show_query(query)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, or say which term is wrong."""
        try:
            query = parse(event.value)
        except BadValue as mistake:
            self.tell(f"{mistake.message}. {mistake.remedy}", warn=True)
            return
        if query != self._query:
            self.show_query(query)
        self._leave_filter()

    def _leave_filter(self) -> None:
        self.remove_class("filtering")
        self.set_focus(self._list)

    # -- moving ----------------------------------------------------------------------------------------------------

    def on_queue_list_moved(self, event: QueueList.Moved) -> None:
        """Show the selected one in the preview, once the cursor rests."""
        event.stop()
        if self._roomy:
            self._preview(event.row)
        self._look_at_targets()

    def begin_targets(self) -> None:
        """Mark rows whose targets pass from now on: what that needs is loaded."""
        self._targets = True
        self._look_at_targets()

    def _look_at_targets(self) -> None:
        if self._targets and self._list.unwarned():
            self._warn()

    @work(exclusive=True, group="targets")
    async def _warn(self) -> None:
        """Work out when the targets of the rows in view come, once the list rests."""
        await asyncio.sleep(_REST)
        wanted = [(row.id, row.last) for row in self._list.unwarned()]
        found: dict[str, Moments] = {}
        for start in range(0, len(wanted), _FOLDS):
            found |= await asyncio.to_thread(self.desk.warnings, wanted[start : start + _FOLDS])
        if self.ready:
            self._list.warn(found)

    @work(exclusive=True, group="preview")
    async def _preview(self, row: QueueRow | None) -> None:
        preview: Preview = self.query_one("Preview")  # type: ignore[assignment]
        await preview.rest()
        if row is None:
            preview.clear()
        else:
            replay = self.desk.reader.replay(row.id)
            preview.show(self.desk.reader.named(replay.result()), [text for _entry, text in replay.notes()])

    def on_queue_list_opened(self, event: QueueList.Opened) -> None:
        """Open what was clicked."""
        self.post_message(self.OpenIncident(event.row.id))

    def action_down(self) -> None:
        """Go down one row."""
        self._list.move(1)

    def action_up(self) -> None:
        """Go up one row."""
        self._list.move(-1)

    def action_page_down(self) -> None:
        """Go down a page."""
        self._list.move(self._list.page)

    def action_page_up(self) -> None:
        """Go up a page."""
        self._list.move(-self._list.page)

    def action_first(self) -> None:
        """Go to the first row."""
        self._list.to_first()

    def action_last(self) -> None:
        """Go to the last row."""
        self._list.to_last()

    def action_open(self) -> None:
        """Open the selected incident."""
        if row := self._list.current:
            self.hold_keys()
            self.post_message(self.OpenIncident(row.id))

    def action_back(self) -> None:
        """Leave the filter, else the marks, else the filtered view."""
        if self.has_class("filtering"):
            self._leave_filter()
        elif self._list.marked:
            self._list.mark_all(0)
            self.query_one("#top", Line).repaint()
        elif self._query != self._view.query:
            self.show_query(self._view.query)
        else:
            self.tell("This is the queue; q leaves")

    def action_leave(self) -> None:
        """Leave the program."""
        self.app.exit()

    def action_view(self, number: int) -> None:
        """Show a saved view."""
        if number <= len(self.desk.views):
            view = self.desk.views[number - 1]
            self.show_query(view.query, view)
        else:
            self.tell(f"There is no view {number}")

    def neighbour(self, incident: str, by: int) -> str | None:
        """Return the incident `by` rows from another in this view, for the detail's next and previous."""
        if self._list.select(incident):
            self._list.move(by)
        row = self._list.current
        return row.id if row and row.id != incident else None

    # -- verbs -----------------------------------------------------------------------------------------------------

    def _verb(self, name: str, *, asks: bool) -> None:
        from screens import verbs  # with every dialog; the queue is on the screen before they are loaded

        chosen = self._list.chosen
        if not chosen:
            self.tell("Nothing is selected", warn=True)
            return
        self._list.marked.clear()
        self._list.refresh()
        if any(row.merged for row in chosen):
            from screens.merging import standing

            chosen = standing(self, chosen)
        self.do(getattr(verbs, name)(self, chosen), asks=asks or len(chosen) > 1)

    def action_acknowledge(self) -> None:
        """Acknowledge the chosen."""
        self._verb("acknowledge", asks=False)

    def action_take(self) -> None:
        """Take the chosen."""
        self._verb("take", asks=False)

    def action_status(self) -> None:
        """Change the status of the chosen."""
        self._verb("change_status", asks=True)

    def action_note(self) -> None:
        """Write a note on the chosen."""
        self._verb("write_note", asks=True)

    def action_priority(self) -> None:
        """Change the priority of the chosen."""
        self._verb("change_priority", asks=True)

    def action_edit(self) -> None:
        """Say what the chosen are: on the triage card."""
        self._verb("triage", asks=True)

    def action_set(self) -> None:
        """Set a field of the chosen by its name."""
        self._verb("set_field", asks=True)

    def action_merge(self) -> None:
        """Merge the marked ones into the selected one."""
        from screens.merging import merge

        target = self._list.current
        marked = [incident for incident in self._list.marked if target and incident != target.id]
        if target is None or not marked:
            self.tell("Mark the duplicates (space); M then merges them into the selected one", warn=True)
            return
        self._list.marked.clear()
        self._list.refresh()
        self.do(merge(self, marked, self.desk.reader.standing(target.id)), asks=True)

    def action_silence(self) -> None:
        """Hush the chosen until a time."""
        self._verb("silence", asks=True)

    def action_raise(self) -> None:
        """Raise an incident and put the cursor on it."""
        self.do(self._raise(), asks=True)

    async def _raise(self) -> None:
        from screens import verbs

        incident = await verbs.raise_incident(self)
        if incident is not None:
            self._list.select(incident.id)

    def action_sync(self) -> None:
        """Show how this store stands with its hub, and what waits."""
        from screens.ledger import Ledger

        self.app.push_screen(Ledger(self.desk))

    def action_handover(self) -> None:
        """Show what there is to hand over."""
        from screens.handover import HandoverScreen

        self.app.push_screen(HandoverScreen(self.desk))

    def action_outbox(self) -> None:
        """Show who still has to be told what."""
        from screens.outbox import OutboxScreen

        self.app.push_screen(OutboxScreen(self.desk))

    def action_conflicts(self) -> None:
        """Show what people wrote without seeing each other."""
        from screens.conflicts.screen import Conflicts

        self.app.push_screen(Conflicts(self.desk))

    def action_undo(self) -> None:
        """Undo the responder's last action."""
        from screens import verbs

        self.do(verbs.undo(self))

    def action_mark(self) -> None:
        """Mark or unmark the selected one."""
        self._list.toggle_mark()
        self.query_one("#top", Line).repaint()

    def action_mark_all(self) -> None:
        """Mark all of the view, or unmark."""
        marked = self._list.mark_all(_MARK_LIMIT)
        self.query_one("#top", Line).repaint()
        if marked == _MARK_LIMIT:
            self.tell(f"The first {_MARK_LIMIT} are marked; a bulk action takes no more", warn=True)

    def action_seen(self) -> None:
        """Mark everything as seen."""
        self.do(self._seen())

    async def _seen(self) -> None:
        problem = await self.desk.mark_seen(None)
        self.tell(problem or "Everything is marked as seen", warn=bool(problem))

    def action_copy(self) -> None:
        """Copy the refs of the chosen."""
        from screens import verbs

        if chosen := self._list.chosen:
            verbs.copy_ref(self, chosen)

    def action_write_ref(self) -> None:
        """Write the refs of the chosen to a file."""
        from screens import verbs

        if chosen := self._list.chosen:
            verbs.write_ref(self, chosen)
