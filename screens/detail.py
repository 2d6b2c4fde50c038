"""One incident: its facts, what may happen next, and its timeline."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer

from domain import actions, lifecycle
from domain.clocks import LAST_MINUTES, Clocks
from domain.escalation import Path
from domain.incident import Incident
from domain.moments import woven
from domain.outbox import brief, outside
from screens import verbs
from screens.desk import Desk
from screens.deskscreen import DeskScreen, bindings
from screens.reading import Reading
from widgets.facts import Facts
from widgets.status_bar import StatusBar
from widgets.timeline import Timeline

_SECOND = 1000


class Detail(DeskScreen):
    """The screen of one incident."""

    WHERE = "detail"
    BINDINGS = bindings("detail")
    DEFAULT_CSS = "Detail { layout: vertical; }"

    class Neighbour(Message):
        """The incident `by` rows further in the queue is wanted."""

        def __init__(self, incident: str, by: int) -> None:
            super().__init__()
            self.incident, self.by = incident, by

    class WritePostmortem(Message):
        """The post-mortem of an incident is to be opened."""

        def __init__(self, incident: str) -> None:
            super().__init__()
            self.incident = incident

    def __init__(self, desk: Desk, incident: str) -> None:
        super().__init__(desk)
        self._shown = self._asked = incident  # what was asked for may have been merged into what is shown
        self._incident: Incident = Incident(id=incident)
        self._clocks = Clocks()
        self._tick: Timer | None = None
        self._last = -1

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Facts(self.desk.symbols, lambda: self.desk.zone, self.desk.now, self._on_call, self._path, self._telling)
        yield StatusBar(self.desk.symbols)
        yield Timeline(self.desk.symbols, lambda: self.desk.zone)
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Show the incident; it counts as seen."""
        self.query_one(Timeline).focus()
        await self.reread()
        self._offer_draft()

    def _offer_draft(self) -> None:
        draft = self.desk.drafts.get("note", self._shown)
        if draft is not None:
            self.tell("You had begun a note here: c goes on with it")

    async def reread(self) -> None:
        """Read the incident again if anything was added to it; one that was merged leads to the one that it is."""
        self._follow()
        row = self.desk.reader.row(self._shown)
        if row is None:
            self._incident, self._clocks = Incident(id=self._shown), Clocks()  # what was on the screen goes, too
            self.query_one(Timeline).show([])
            self._show_facts()
            self.tell("This incident is no longer shown here: it is gone, or restricted", warn=True)
            return
        strands = self.desk.reader.strands(self._shown)
        replay = strands[0].replay
        self._incident = self.desk.reader.named(replay.result())
        self._clocks = self.desk.clocks(replay, self._incident)
        self._show_facts()
        self.query_one(StatusBar).show(self.desk.permitted(lifecycle.choices(self._incident, strict=self.desk.strict)))
        self.query_one(Timeline).show(woven(strands))
        if row.is_new and row.last != self._last:
            self._last = row.last
            await self.desk.mark_seen(self._shown)

    def _follow(self) -> None:
        reader = self.desk.reader
        stands = reader.standing(self._shown)
        if stands != self._shown:
            refs = reader.refs([self._shown, stands])
            self.tell(f"{refs[self._shown]} is {refs[stands]}")
            self._shown, self._last = stands, -1

    def _on_call(self, incident: Incident) -> str | None:
        return self.desk.on_call(incident)  # which the desk is given only a while after the start

    def _path(self, incident: Incident) -> Path | None:
        return self.desk.path(incident)

    def _telling(self, incident: Incident) -> list[tuple[str, str]]:
        now = self.desk.now()
        return brief(outside(incident, self.desk.communication, now), now)

    def _show_facts(self) -> None:
        self.query_one(Facts).show(self._incident, self.desk.others(self._shown), self._clocks)
        self._wind()

    def _wind(self) -> None:
        """Have the clocks painted when the last five minutes of one begin, and each second within them."""
        if self._tick is not None:
            self._tick.stop()
        now = self.desk.now()
        left = [each.left(now) for each in self._clocks.open(now) if each.state(now) == "running"]
        waits = [max(_SECOND, ms - LAST_MINUTES) for ms in left if ms is not None and ms >= 0]
        self._tick = self.set_timer(min(waits) / 1000, self._paint_clocks) if waits else None

    def _paint_clocks(self) -> None:
        if self.ready:
            self.query_one(Facts).tick()
            self._wind()

    def met(self) -> None:
        """Show who has it open now."""
        if self.ready and self._incident.entries:
            self._show_facts()

    @property
    def shown(self) -> str | None:
        """The incident that is open here."""
        return self._shown

    def show(self, incident: str) -> None:
        """Show another incident."""
        self._shown = self._asked = incident
        self._last = -1
        self.query_one(Timeline).show([])
        self.run_worker(self.reread(), group="reread", exclusive=True)

    # -- moving ----------------------------------------------------------------------------------------------------

    def action_down(self) -> None:
        """Go to the next moment."""
        self.query_one(Timeline).move(1)

    def action_up(self) -> None:
        """Go to the moment before."""
        self.query_one(Timeline).move(-1)

    def action_page_down(self) -> None:
        """Go down a page."""
        self.query_one(Timeline).page(1)

    def action_page_up(self) -> None:
        """Go up a page."""
        self.query_one(Timeline).page(-1)

    def action_first(self) -> None:
        """Go to the first moment."""
        self.query_one(Timeline).to_first()

    def action_last(self) -> None:
        """Go to the newest moment."""
        self.query_one(Timeline).to_last()

    def action_next(self) -> None:
        """Show the next incident of the queue."""
        self.post_message(self.Neighbour(self._asked, 1))

    def action_previous(self) -> None:
        """Show the incident before in the queue."""
        self.post_message(self.Neighbour(self._asked, -1))

    def action_open(self) -> None:
        """Read the selected moment whole."""
        if moment := self.query_one(Timeline).current:
            self.app.push_screen(Reading(moment, self.desk.zone))

    def on_timeline_chosen(self, event: Timeline.Chosen) -> None:
        """Read the clicked moment whole."""
        self.app.push_screen(Reading(event.moment, self.desk.zone))

    def action_clock(self) -> None:
        """Show times in UTC, or in the local zone."""
        super().action_clock()
        self.query_one(Timeline).retime()

    # -- verbs -----------------------------------------------------------------------------------------------------

    def _verb(
        self, verb: Callable[[DeskScreen, list[Incident]], Coroutine[Any, Any, None]], *, asks: bool = True
    ) -> None:
        self.do(verb(self, [self._incident]), asks=asks)

    def action_acknowledge(self) -> None:
        """Acknowledge."""
        self._verb(verbs.acknowledge, asks=False)

    def action_take(self) -> None:
        """Take it."""
        self._verb(verbs.take, asks=False)

    def action_mitigate(self) -> None:
        """Record that the impact has stopped."""
        self._verb(verbs.mitigate, asks=False)

    def action_note(self) -> None:
        """Write a note."""
        self._verb(verbs.write_note)

    def action_status(self) -> None:
        """Change the status."""
        self._verb(verbs.change_status)

    def on_status_bar_pressed(self, event: StatusBar.Pressed) -> None:
        """Move to the status of a button."""
        self.do(verbs.change_status(self, [self._incident], event.status), asks=True)

    def action_priority(self) -> None:
        """Change the priority."""
        self._verb(verbs.change_priority)

    def action_edit(self) -> None:
        """Say what it is: on the triage card."""
        self._verb(verbs.triage)

    def action_merge(self) -> None:
        """Say which incident this is a duplicate of."""
        from screens.merging import merge_into_another

        self.do(merge_into_another(self, self._incident), asks=True)

    def action_silence(self) -> None:
        """Hush it until a time, or let it ring again."""
        self._verb(verbs.silence)

    def action_set(self) -> None:
        """Set a field by its name."""
        self._verb(verbs.set_field)

    def action_owner(self) -> None:
        """Give it to somebody."""
        self._verb(verbs.change_owner)

    def action_command(self) -> None:
        """Take command."""
        from screens.roles import take_command

        self.do(take_command(self, self._incident))

    def action_roles(self) -> None:
        """Give somebody a role."""
        from screens.roles import give_role

        self.do(give_role(self, self._incident), asks=True)

    def action_escalate(self) -> None:
        """Escalate it."""
        from screens.escalate import escalate

        self.do(escalate(self, self._incident), asks=True)

    def action_link(self) -> None:
        """Link something."""
        self.do(verbs.link(self, self._incident), asks=True)

    def action_follow_up(self) -> None:
        """Add a follow-up."""
        self.do(verbs.add_follow_up(self, self._incident), asks=True)

    def action_star(self) -> None:
        """Star the selected moment, or take its star away."""
        if moment := self.query_one(Timeline).current:
            self.do(self._star(moment.entry.id))

    async def _star(self, entry: str) -> None:
        await self.desk.act([self._shown], lambda incident: actions.star(incident, entry))

    def action_undo(self) -> None:
        """Undo the responder's last action on this incident."""
        self.do(verbs.undo(self, self._shown))

    def action_sync(self) -> None:
        """Show how this store stands with its hub, and what waits."""
        from screens.ledger import Ledger

        self.app.push_screen(Ledger(self.desk))

    def action_updates(self) -> None:
        """Show what is said outside of it, and who waits."""
        from screens.updates import UpdatesScreen

        self.app.push_screen(UpdatesScreen(self.desk, self._shown))

    def action_conflicts(self) -> None:
        """Show what people wrote here without seeing each other."""
        from screens.conflicts.screen import Conflicts

        self.app.push_screen(Conflicts(self.desk, self._shown))

    def action_postmortem(self) -> None:
        """Open the post-mortem."""
        self.hold_keys()
        self.post_message(self.WritePostmortem(self._shown))

    def action_back(self) -> None:
        """Go from the buttons to the timeline, else back to the queue."""
        if self.query_one(StatusBar).has_focus:
            self.query_one(Timeline).focus()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy the ref."""
        verbs.copy_ref(self, [self._incident])

    def action_write_ref(self) -> None:
        """Write the ref to a file."""
        verbs.write_ref(self, [self._incident])
