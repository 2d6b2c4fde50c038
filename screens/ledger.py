"""The sync ledger: how this store stands with each remote, and what waits to reach it."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from domain.moments import describe
from domain.replay import Replay
from domain.standing import Standing, alarming, words
from domain.times import stamp
from screens.deskscreen import DeskScreen, bindings
from storage.waiting import Waiting
from widgets.safe import ui_text

_MOST = 200  # lines of what waits; more would not be read
_PROMISE = "Everything here is on your disk. What waits goes out by itself when the hub answers; nothing is lost."


class Ledger(DeskScreen):
    """What waits, for whom, and why."""

    WHERE = "ledger"
    BINDINGS = bindings("ledger")
    DEFAULT_CSS = "Ledger #ledger { height: 1fr; padding: 0 1; }"

    class SyncNow(Message):
        """Every remote is to be exchanged with at once."""

    class Enrol(Message):
        """The store is to become a device of a hub."""

        def __init__(self, url: str, code: str) -> None:
            super().__init__()
            self.url, self.code = url, code

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with VerticalScroll(id="ledger"):
            yield Static(id="remotes")
            yield Static(id="waiting")
        yield self.keys_line()

    async def on_mount(self) -> None:
        """Show what is known, and exchange at once: whoever looks wants to know."""
        self.query_one(VerticalScroll).focus()
        await self.reread()
        if self.desk.standings():
            self.post_message(self.SyncNow())

    async def reread(self) -> None:
        """Read the remotes and what waits again."""
        standings = self.desk.standings()
        self.query_one("#remotes", Static).update(self._remotes(standings))
        waiting = [line for each in standings for line in self.desk.reader.waits(each.name, _MOST)]
        self.query_one("#waiting", Static).update(self._waiting(waiting))

    def _remotes(self, standings: list[Standing]) -> Text:
        text = Text("Sync\n\n", "bold")
        if not standings:
            text.append("No hub yet: this store works by itself.\n\n")
            text.append("  e", "bold cyan").append("  enrols it with a hub, whose administrator gives you a code\n")
            return text
        for each in standings:
            text.append_text(ui_text(f"{each.name}  ", "bold"))
            text.append_text(ui_text(words(each, self.desk.now()), "bold yellow" if alarming(each) else "green"))
            text.append("\n")
            if each.error:
                text.append_text(ui_text(f"  {each.error}", "yellow")).append("\n")
        return text.append(f"\n{_PROMISE}\n", "dim")

    def _waiting(self, waiting: list[Waiting]) -> Text:
        text = Text()
        if waiting:
            text.append(f"\nWaiting ({len(waiting):,}{' or more' if len(waiting) >= _MOST else ''})\n", "bold")
        for each in waiting:
            headline, said = describe(each.entry, Replay(each.entry.incident).extend([each.entry]))
            when = stamp(each.entry.occurred_at, self.desk.zone)
            line = f"{when}  {each.ref:<10} {each.entry.author}: {headline or said}"
            text.append_text(ui_text(line.replace("\n", " ")[:300])).append("\n")
        return text

    def action_now(self) -> None:
        """Exchange at once."""
        if self.desk.standings():
            self.post_message(self.SyncNow())
            self.tell("Exchanging…")
        else:
            self.tell("There is no hub to exchange with: e enrols with one", warn=True)

    def action_enrol(self) -> None:
        """Ask for a hub's address and a code."""
        self.do(self._ask_for_hub(), asks=True)

    async def _ask_for_hub(self) -> None:
        from screens.dialogs.line import OneLine

        url = await self.ask(OneLine("The hub's address", hint="As in https://hub.example.org"))
        if not url:
            return
        hint = "Its administrator prints it: tocsin hub code --user NAME --role ROLE"
        code = await self.ask(OneLine("The one-time code", hint=hint))
        if code:
            self.post_message(self.Enrol(url.strip(), code.strip()))
            self.tell("Enrolling…", long=True)

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_relative(y=-1, animate=False)
