"""What every full screen shares: the desk, the keys from the table, and how refusals and errors are shown."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from domain.errors import Mistake
from screens.desk import Desk
from screens.keys import keys_of, line_of
from storage.errors import StoreError
from widgets.key_line import KeyLine
from widgets.painting import Held

if TYPE_CHECKING:
    from screens.dialogs.question import Answer, Question


class Target(Protocol):
    """What a verb acts on: a queue row or an incident."""

    @property
    def id(self) -> str:
        """The incident's id."""

    @property
    def ref(self) -> str:
        """The incident's ref."""

    @property
    def title(self) -> str:
        """The incident's title."""


def bindings(where: str) -> list[BindingType]:
    """Return the bindings of a screen, from the key table."""
    found: list[BindingType] = []
    for key in keys_of(where):
        if key.action == "view":
            found += [Binding(n, f"view({n})", key.what, show=False, id=f"{key.id}.{n}") for n in key.keys.split(",")]
        else:
            # An editor has keys of its own, ctrl+e and ctrl+x among them: ours come first there.
            first = where == "postmortem"
            found.append(Binding(key.keys, key.action, key.what, show=False, id=key.id, priority=first))
    return found


class DeskScreen(Screen[None]):
    """A screen at the desk; a subclass names its place in the key table with `WHERE`."""

    WHERE: ClassVar[str] = "everywhere"
    QUICK: ClassVar[frozenset[str]] = frozenset()
    """Actions that only move a cursor, while a widget has the focus that takes no key itself: `MOVING`."""
    MOVING: ClassVar[type[Widget] | None] = None
    AUTO_FOCUS: ClassVar[str | None] = ""
    TITLE = "tocsin"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._held = Held()
        self._quick: dict[str, str] = {}  # what a key does here, once it was looked up

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines, those that have not changed as they were."""
        return self._held.lines(self, crop, super().render_lines)

    async def _on_idle(self, event: events.Idle) -> None:  # noqa: ARG002 - Textual's signature
        """Paint at once what a key has changed; in Textual's own handler, which follows, the rest waits for a frame."""
        changed = self._dirty_widgets or self._layout_required or self._repaint_required
        if changed and getattr(self.app, "hurries", bool)():
            self._on_timer_update()

    def move_at_once(self, key: str) -> bool:
        """Do what a key does here when it only moves a cursor, and paint it; say whether it was such a key.

        Textual takes a key through four queues to its action, and what that changes through three more to the
        terminal, which is half of the time that a key takes.
        """
        focused = self.focused
        if self.MOVING is None or not isinstance(focused, self.MOVING):
            return False
        if key not in self._quick:
            self._quick[key] = self._quick_action(key)
        if not (action := self._quick[key]):
            return False
        with self._context():
            getattr(self, f"action_{action}")()
            if getattr(self.app, "hurries", bool)():
                focused._repaint_required = False
                self._dirty_widgets.add(focused)
                self._on_timer_update()
        return True

    def _quick_action(self, key: str) -> str:
        """Return the name of this screen's action when that is what a key stands for and it is a quick one."""
        for node, bindings in self._modal_binding_chain:
            for binding in bindings.key_to_bindings.get(key, ()):
                mine = node is self and not binding.priority and binding.action in self.QUICK
                return binding.action if mine else ""
        return ""

    @property
    def ready(self) -> bool:
        """Whether its widgets are there: not before it is composed, and not when it is on its way out."""
        return bool(self.query(KeyLine))

    @property
    def shown(self) -> str | None:
        """The incident that is open here, None when it is none."""
        return None

    def minute(self) -> None:
        """Show what has changed because time has passed; nothing, where widgets are painted again by themselves."""

    def met(self) -> None:
        """Show who else has open what is open here; nothing, on most screens."""

    def keys_line(self) -> KeyLine:
        """Return the line of keys at the bottom, where messages stand in for a while."""
        return KeyLine(line_of(self.WHERE, self.desk.keys))

    def do(self, work: Coroutine[Any, Any, None], *, asks: bool = False) -> None:
        """Run a verb beside the screen; what it refuses is shown, with the remedy.

        Args:
            work: The verb.
            asks: It opens a dialog: what is typed before that stands belongs to the dialog.
        """
        if asks:
            self.hold_keys()
        self.run_worker(self._guarded(work), group="verbs", exit_on_error=True)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Mistake as mistake:
            self.tell(f"{mistake.message}. {mistake.remedy}".strip(), warn=True)
        except StoreError as error:
            self.tell(f"Not recorded. {error.message}. {error.remedy}", warn=True, long=True)
        finally:
            self.release_keys()
        await self.catch_up()

    async def ask(self, question: Question[Answer], *, followed: bool = False) -> Answer | None:
        """Put a question and return its answer, None when the person left it; only from a verb."""
        question.followed = followed
        self.hold_keys()
        return await self.app.push_screen_wait(question)

    def hold_keys(self) -> None:
        """Keep what is typed from now on for the screen that opens."""
        from screens.dialogs.question import KeyHolder

        if isinstance(holder := self.app, KeyHolder):
            holder.hold_keys()

    def release_keys(self) -> None:
        """Let keys through again: no question follows."""
        from screens.dialogs.question import KeyHolder

        if isinstance(holder := self.app, KeyHolder):
            holder.release_keys()

    def tell(self, text: str, *, warn: bool = False, long: bool = False) -> None:
        """Show a sentence in place of the keys, for a moment."""
        if self.ready:
            self.query_one(KeyLine).tell(text, warn=warn, seconds=20 if long else 4 + 4 * warn)

    async def catch_up(self) -> None:
        """Read again, if the widgets are there to show it."""
        if self.ready:
            with suppress(NoMatches):  # on the way out they go one by one
                await self.reread()

    async def reread(self) -> None:
        """Read again what the screen shows; called when something was recorded, here or elsewhere."""

    def action_help(self) -> None:
        """Show the keys of this screen."""
        from screens.help import Help

        self.app.push_screen(Help(self.WHERE, self.desk.keys, self.desk.standing_words()))

    def action_rights(self) -> None:
        """Show who may do what on this store."""
        from screens.rights import RightsList

        self.app.push_screen(RightsList(self.desk))

    def action_palette(self) -> None:
        """Open the palette of every action."""
        self.app.action_command_palette()

    def action_clock(self) -> None:
        """Show times in UTC, or in the local zone."""
        self.desk.utc = not self.desk.utc
        self.tell(f"Times in {'UTC' if self.desk.utc else 'the local zone'}")
        self.refresh(recompose=False, layout=False)
        for widget in self.query("*"):
            widget.refresh()

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()
