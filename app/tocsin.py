"""The Textual application: it owns the desk and the screens' comings and goings, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from rich.style import Style
from textual import events, work
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from app.ascii import AsciiSigns
from app.firstframe import FirstFrame
from app.guard import SafeFilter
from app.palette import Actions
from app.shown import BareDefaults, Shown
from app.theme import OWN
from screens.desk import Desk
from screens.deskscreen import DeskScreen
from screens.keys import KEYS, UNBOUND
from screens.queue import Queue
from storage.errors import StoreError
from widgets.painting import strip
from widgets.queue_lines import ASCII
from widgets.spans import cells

if TYPE_CHECKING:
    from app.live import Live
    from app.oncall.board import Board
    from app.reminding import Reminding
    from screens.detail import Detail
    from screens.ledger import Ledger

_POLL = 0.5  # seconds between looks for other processes' changes; each costs microseconds
_MINUTE = 60
_LONGEST_HOLD = 2.0
_LONGEST_KEY = 5.0  # seconds that a key may take before the next one is handed on all the same


class KeyFollower(Message):
    """Goes the way a key went, behind it; when it has come up to the app, the key has done all it does."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()


class Trouble(Message):
    """Something went wrong behind the screen."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Ringing(Message):
    """Something became due."""

    def __init__(self, text: str, signal: str) -> None:
        super().__init__()
        self.text, self.signal = text, signal


_FRAME = 1 / 120  # seconds between two paintings at once, at the least
_REST = 0.05  # seconds after which what the first screen did not need is loaded
_AFTERWARDS = 0.3  # seconds that what a key says stays alone
_YIELD = 0.0005  # seconds that loading may keep a key waiting; Python's own are ten times as many
_TINY = 2  # an update of so many pieces, as a cursor key makes, cannot be seen half done: no need to bracket it


class Tocsin(App[None]):
    """The program on the screen."""

    TITLE = "tocsin"
    CSS_PATH = "tocsin.tcss"
    COMMANDS: ClassVar[set[Any]] = {Actions}

    def __init__(
        self,
        desk: Desk,
        theme: str,
        frame: FirstFrame | None = None,
        driver: type[Driver] | None = None,
        live: Callable[[Tocsin], Live] | None = None,
        check: Callable[[], list[str]] = list,
        on_call: Callable[[], Board] | None = None,
        reminding: Callable[[Board | None], Reminding] | None = None,
    ) -> None:
        super().__init__(driver_class=driver)
        self.desk, self._frame = desk, frame
        self._make_live, self._check_rules, self._make_on_call = live, check, on_call
        self._make_reminding = reminding
        self._reminding: Reminding | None = None
        self._live: Live | None = None
        self._present: tuple[str | None, list[str]] = None, []
        self._guard, self._bare, self._signs = SafeFilter(), BareDefaults(), AsciiSigns()
        self._shown, self._colourless = Shown(), NoColor()
        self._shown_size = self.size
        if frame is not None and not self.no_color:
            self._shown.begin(
                [strip(line, sum(cells(span.text) for span in line), Style.null()) for line in frame.lines]
            )
        self._seen_version = 0
        self._tiny = False
        self._typed: deque[events.Key | events.Paste] = deque()
        self._typing = self._holding = False
        self._answered, self._hurried = False, 0.0  # a key has done what it does; when one was last painted at once
        self._giving: asyncio.Task[None] | None = None
        self.animation_level = "none"
        for own in OWN:
            self.register_theme(own)
        self.theme = theme if theme in self.available_themes else "tocsin"
        self._wanted_theme = theme
        self.set_keymap(keymap(desk.keys))

    def get_default_screen(self) -> Screen[Any]:
        """Return the queue: home."""
        return Queue(self.desk)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters and, last, the guard between foreign text and the terminal."""
        theirs = super().get_line_filters()
        if self.native_ansi_color:
            # Textual chooses before it knows the theme: greys would be colours where none are wanted.
            theirs = [*(each for each in theirs if not isinstance(each, Monochrome)), self._bare]
            theirs += [self._colourless] if self.no_color else []
        signs = [self._signs] if self.desk.symbols is ASCII else []
        return [*theirs, *signs, self._guard]

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send an update to the terminal, less what is there already."""
        if isinstance(renderable, CompositorUpdate) and not self._batch_count and self._driver is not None:
            if self.size != self._shown_size:
                self._shown_size = self.size
                self._shown.forget()
            renderable = self._shown.reduce(renderable, self.size.width)
            self._tiny = isinstance(renderable, ChopsUpdate) and len(renderable.spans) <= _TINY
        super()._display(screen, renderable)

    def _begin_update(self) -> None:
        if not self._tiny:
            super()._begin_update()

    def _end_update(self) -> None:
        if not self._tiny:
            super()._end_update()

    def on_mount(self) -> None:
        """Begin to look for changes, and load what writes."""
        if self._frame is not None:
            self._frame.taken = True
        self.app_resume_signal.subscribe(self, self._paint_anew)
        self._seen_version = self.desk.reader.data_version()
        self.set_interval(_POLL, self._poll)
        self.set_timer(_MINUTE - self.desk.now() / 1000 % _MINUTE, self._begin_minutes)
        self.set_timer(_REST, self._at_rest)
        if self._wanted_theme != self.theme:
            self.notify(f"There is no theme “{self._wanted_theme}”", severity="warning", markup=False)

    def _paint_anew(self, _app: App[Any]) -> None:
        """Paint everything: the terminal was somebody else's meanwhile."""
        self._shown.forget()
        self.refresh(layout=True)

    def _at_rest(self) -> None:
        """Do what the first screen did not wait for."""
        if not gc.isenabled():
            gc.freeze()  # modules and widgets are no garbage: they are not looked at again
            gc.enable()
        self._load_writer()

    @work(thread=True)
    def _load_writer(self) -> None:
        """Import what writes and what opens, so that the first action need not wait for it."""
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_YIELD)
        try:
            from screens import detail, verbs  # noqa: F401

            _ = self.desk.store.journal
        finally:
            sys.setswitchinterval(usual)
        troubles = self._check_rules()
        if self._make_live is not None:
            live = self._make_live(self)
            live.start()
            self._live, self.desk.others, self.desk.under_way = live, live.others, live.under_way
        board: Board | None = None
        if self._make_on_call is not None:
            board = self._make_on_call()
            self.desk.on_call, self.desk.path = board, board.path
            troubles.append(board.trouble)
            if self.is_running:
                self.call_from_thread(self._repaint)  # an incident may be open by now
        if self._make_reminding is not None:
            self._reminding = self._make_reminding(board)
        troubles.append(self._begin_targets())
        if wrong := [each for each in troubles if each]:
            self.say(wrong[0] + (f" ({len(wrong) - 1} more: tocsin doctor)" if wrong[1:] else ""))

    def _begin_targets(self) -> str:
        """Read the targets, in the same thread; return what is wrong with them. Everything else goes on."""
        _ = self.desk.communication  # so that the first incident need not wait for its files
        policy, problem = self.desk.promised
        home = self.screen_stack[0] if self.is_running else None
        if (policy is not None or self._make_on_call is not None) and isinstance(home, Queue):
            self.call_from_thread(home.begin_targets)
        return f"No SLA clocks: {problem}" if problem else ""

    def _begin_minutes(self) -> None:
        self.set_interval(_MINUTE, self._minute)
        self._minute()

    def _minute(self) -> None:
        """Let the ages on the screen grow, and look what is due; the only clock there is."""
        self._repaint()
        if self._reminding is not None:
            self._remind(self._reminding)

    @work(thread=True, group="remind")
    def _remind(self, reminding: Reminding) -> None:
        """Look what is due, ring for what is new, then tell the hooks."""
        try:
            looked = reminding.look()
            if looked.trouble:
                self.warn(looked.trouble)
            if looked.ringing:
                self.post_message(Ringing(reminding.words(looked.ringing), reminding.signal(looked.ringing)))
            reminding.tell_hooks(looked.due)
        except StoreError:
            return  # who looks for changes says so, twice a second
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody is thrown out of the program for it
            self.warn(f"Nothing was reminded of: {type(error).__name__}: {error}")

    def on_ringing(self, message: Ringing) -> None:
        """Say what became due, and ring: in the loop, where no frame is half written."""
        top = next((each for each in reversed(self.screen_stack) if isinstance(each, DeskScreen)), None)
        if top is not None:
            top.tell(message.text, warn=True, long=True)
        if message.signal and self._driver is not None and not self.is_headless:
            self._driver.write(message.signal)

    def _repaint(self) -> None:
        for widget in self.screen.query("QueueList, Facts"):
            widget.refresh()
        if isinstance(self.screen, DeskScreen):
            self.screen.minute()

    # -- keys, one after the other -----------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes queue up, but for what moves a cursor; every other event goes its way."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if isinstance(event, events.Key) and self._moved_at_once(event.key):
                return
            self._typed.append(event)
            self._next_key()
        else:
            await super().on_event(event)

    def hurries(self) -> bool:
        """Say whether a change is painted at once: what a key has changed, unless more was typed or just painted.

        Textual lets every change wait for the next tick of its frame timer, half a frame more for a cursor key.
        """
        now = monotonic()
        if self._typed or not self._answered or now - self._hurried < _FRAME:
            return False
        self._hurried, self._answered = now, False
        return True

    def _moved_at_once(self, key: str) -> bool:
        screen = self.screen
        if self._typed or self._typing or self._holding or not self.app_focus or not isinstance(screen, DeskScreen):
            return False
        self._answered = True
        return screen.move_at_once(key)

    def _next_key(self) -> None:
        if self._typed and not self._holding and not self._typing:
            self._typing = True
            self._giving = asyncio.create_task(self._give_keys())  # a worker tells the app of itself three times a key

    async def _give_keys(self) -> None:
        """Hand on what was typed, each key once the one before has done all it does.

        Textual aims a key at what has the focus when it arrives: in `/disk` typed at once, all five would be meant for
        the list, and on a slow line everything comes at once.
        """
        try:
            while self._typed and not self._holding:
                await super().on_event(self._typed.popleft())
                await self._handled(self.focused or self.screen)
        except Exception as error:  # noqa: BLE001 - as Textual does with what a handler raises
            self._handle_exception(error)
        finally:
            self._typing = False

    async def _handled(self, target: MessagePump) -> None:
        """Wait until a message that follows the key's way has come up from `target`."""
        follower = KeyFollower()
        if target.post_message(follower):
            late = asyncio.get_running_loop().call_later(_LONGEST_KEY, follower.arrived.set)  # the target may close
            await follower.arrived.wait()
            late.cancel()

    def on_key_follower(self, message: KeyFollower) -> None:
        """Note that a key is done."""
        message.arrived.set()
        self._answered = True

    def hold_keys(self) -> None:
        """Keep what is typed from now on, for the screen that opens (or for two seconds, whatever happens)."""
        if not self._holding:
            self._holding = True
            self.set_timer(_LONGEST_HOLD, self.release_keys)

    def release_keys(self) -> None:
        """Give what was kept to the screen on top, and let keys through again."""
        self._holding = False
        self._next_key()

    async def _poll(self) -> None:
        """Show what other processes have recorded; a store that cannot be read for once is asked again."""
        try:
            version = self.desk.reader.data_version()
            if version != self._seen_version:
                self._seen_version = version
                await self._reread()
            self._meet()
        except StoreError as error:
            home = self.screen_stack[0]
            if isinstance(home, DeskScreen):
                home.tell(f"{error.message}. {error.remedy}", warn=True)

    def _meet(self) -> None:
        """Say which incident is open here, and show who else has it open."""
        if self._live is None:
            return
        top = next((each for each in reversed(self.screen_stack) if isinstance(each, DeskScreen)), None)
        shown = top.shown if top else None
        others = self._live.others(shown) if shown else []
        if (shown, others) != self._present:
            if shown != self._present[0]:
                self._live.show(shown)
            self._present = shown, others
            if top:
                top.met()

    def say(self, text: str) -> None:
        """Show a sentence on the screen on top; from any thread."""
        if self.is_running:
            self.call_from_thread(self._say, text)

    def warn(self, text: str) -> None:
        """Show what went wrong behind the screen, after what a key says at the same moment.

        From any thread, also one that holds the store's lock: it does not wait for the loop, which may want that.
        """
        self.post_message(Trouble(text))

    def on_trouble(self, message: Trouble) -> None:
        """Show it a moment later."""
        self.set_timer(_AFTERWARDS, partial(self._say, message.text, warn=True))

    def _say(self, text: str, *, warn: bool = False) -> None:
        if isinstance(self.screen, DeskScreen):
            self.screen.tell(text, warn=warn, long=True)

    def on_ledger_sync_now(self) -> None:
        """Exchange at once."""
        if self._live is not None:
            self._live.poke()

    @work(thread=True)
    def on_ledger_enrol(self, event: Ledger.Enrol) -> None:
        """Make this store a device of a hub, and begin to exchange."""
        from app.exchange import NoAnswer
        from domain.errors import Mistake

        if self._live is None:
            return
        try:
            self.say(self._live.enrol(event.url, event.code))
        except (Mistake, NoAnswer, StoreError) as error:
            self.say(f"{error.message}. {error.remedy}")

    def on_unmount(self) -> None:
        """End what goes on behind the screen."""
        if self._live is not None:
            self._live.stop()
        if self._reminding is not None:
            self._reminding.stop()

    async def _reread(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                await screen.catch_up()

    def _fatal_error(self) -> None:
        """Leave after an error nobody foresaw; Textual would print the data in every frame of the traceback."""
        self.keep_drafts()
        self._close_messages_no_wait()

    def push_screen(self, screen: Any, *more: Any, **options: Any) -> Any:
        """Open a screen; what is typed before it stands is for that one."""
        self.hold_keys()
        opened = super().push_screen(screen, *more, **options)
        if isinstance(screen, Screen):
            screen.call_after_refresh(self.release_keys)
        return opened

    # -- the screens' comings and goings ---------------------------------------------------------------------------

    def on_queue_open_incident(self, event: Queue.OpenIncident) -> None:
        """Open an incident."""
        from screens.detail import Detail

        self.push_screen(Detail(self.desk, event.incident))

    def on_detail_neighbour(self, event: Detail.Neighbour) -> None:
        """Show the queue's next or previous incident in the same screen."""
        from screens.detail import Detail

        queue, detail = self.screen_stack[0], self.screen
        if isinstance(queue, Queue) and isinstance(detail, Detail):
            other = queue.neighbour(event.incident, event.by)
            if other is None:
                detail.tell("That was the last one" if event.by > 0 else "That was the first one")
            else:
                detail.show(other)

    def on_detail_write_postmortem(self, event: Detail.WritePostmortem) -> None:
        """Open an incident's post-mortem."""
        from screens.postmortem import Postmortem

        self.push_screen(Postmortem(self.desk, event.incident))

    def keep_drafts(self) -> None:
        """Keep what is being typed, at once: the line has dropped or the machine goes down."""
        for screen in self.screen_stack:
            keep = getattr(screen, "keep_now", None)
            with suppress(StoreError):  # the store may be what went away
                if keep is not None and screen.query("TextArea, Input"):
                    keep()


def keymap(remapped: dict[str, str] | Any) -> dict[str, str]:
    """Return the user's keys for Textual; an action without a key gets one that no keyboard has."""
    known = {key.id for key in KEYS}
    return {name: ("f63" if keys == UNBOUND else keys) for name, keys in remapped.items() if name in known}
