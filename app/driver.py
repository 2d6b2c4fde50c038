"""Textual's terminal driver for a tool that is used over SSH: silent when idle, quick to leave, never left behind.

What differs from Textual 8.2.8's `LinuxDriver`:

* The input thread sleeps until a key or a wake-up comes (Textual's wakes ten times a second, and leaving waits for
  two of its 0.1 s rounds).
* SIGHUP, SIGTERM and a terminal that is gone (end of file, EIO) make the app leave with 128 + the signal's number.
  The terminal is restored on the way; when the app does not leave by itself within `GRACE` seconds, it is made to.
* A terminal that takes no more output never blocks the way out, and its errors end no thread with a traceback.
* SIGCONT to a program that was not stopped by its own hand paints again instead of starting a second set of threads.
* The modes go out as one write each way, without Textual's duplicates, the urxvt mouse mode, the query for in-band
  resizing (SIGWINCH says it) and the pointer shape that is already there.

Only POSIX has `termios`: elsewhere give the app no driver class, and Textual picks its own::

    driver = None if sys.platform == "win32" else driver_class(on_leave=keep_drafts)
    Tocsin(driver_class=driver).run(mouse=settings.mouse)
"""

from __future__ import annotations

import _thread
import contextlib
import os
import select
import signal
import termios
import time
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Any, ClassVar

from textual import constants, events
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from app import terminal

OnLeave = Callable[[App[Any], int], None]
"""Called in the event loop with the app and the signal's number before the app is asked to exit; it must be quick."""

GRACE = 2.0  # seconds from a signal to leaving by force
_READ = 4096  # bytes


class TocsinDriver(LinuxDriver):
    """The driver; make the class an app is given with `driver_class`."""

    already_in_alternate_screen: ClassVar[bool] = False
    first_attributes: ClassVar[list[Any] | None] = None

    @staticmethod
    def on_leave(app: App[Any], signum: int) -> None:
        """Do what must be done before the app is asked to exit; `driver_class` puts the caller's function here."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._in_alternate_screen = self.already_in_alternate_screen
        self._first_attributes = self.first_attributes
        self._wake: tuple[int, int] | None = None  # the wake-up pipe's ends, while the input thread runs
        self._output: terminal.Output | None = None
        self._before: dict[int, Any] = {}  # the handlers that signals had
        self._leaving: int | None = None  # the signal that ends the app
        self._pointer = terminal.DEFAULT_POINTER

    # --- the way in

    def start_application_mode(self) -> None:
        """Take the terminal over; called again while it is taken, set it up again and paint."""
        if self._leaving or not self._app.is_running:
            return  # a SIGCONT on the way out, or after it
        if not self._in_foreground():
            # Resumed by `bg`: to touch the terminal now would garble the shell's line. `fg` brings us here again.
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        again = self._wake is not None or self._must_signal_resume
        if self._output is None:
            self._start_output()
        self._enter_raw_mode(keep=self._wake is not None)
        self._write_modes()
        if self._wake is None:
            self._start_input()
        self._send_size()
        if again:
            self._paint_again()

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) in (0, os.getpgrp())  # 0: the group is outside this container
        except OSError:
            return True  # not our controlling terminal, so nobody stops us

    def _start_output(self) -> None:
        assert self._file is not None  # Textual paints on standard error
        self._output = self._writer_thread = terminal.Output(self._file)
        self._output.start()
        # A handler of the loop's own makes every signal wake the loop. Python runs the others in between two of its
        # steps: one that came just before the loop goes to sleep would wait for whatever wakes it next.
        self._loop.add_signal_handler(signal.SIGWINCH, self._send_size)
        for signum in (signal.SIGHUP, signal.SIGTERM):
            if signal.getsignal(signum) is not signal.SIG_IGN:  # as `nohup` asks
                self._handle(signum, self._on_signal)

    def _handle(self, signum: int, handler: Callable[[int, FrameType | None], None]) -> None:
        self._before.setdefault(signum, signal.getsignal(signum))
        signal.signal(signum, handler)

    def _enter_raw_mode(self, *, keep: bool) -> None:
        """Let keys come one by one and unechoed; `keep`: what was remembered for the way out stays."""
        try:
            found = termios.tcgetattr(self.fileno)
        except termios.error:
            return  # not a terminal
        if not keep:
            first, self._first_attributes = self._first_attributes, None
            self.attrs_before = first or [*found[: tty.CC], list(found[tty.CC])]
        found[tty.LFLAG] = self._patch_lflag(found[tty.LFLAG])
        found[tty.IFLAG] = self._patch_iflag(found[tty.IFLAG])
        found[tty.CC][termios.VMIN], found[tty.CC][termios.VTIME] = 1, 0
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self.fileno, termios.TCSANOW, found)

    def _write_modes(self) -> None:
        kitty = not constants.DISABLE_KITTY_KEY
        self.write(terminal.modes_on(alternate=not self._in_alternate_screen, kitty=kitty, mouse=self._mouse))
        self._in_alternate_screen = True
        self._request_terminal_sync_mode_support()

    def _start_input(self) -> None:
        self._wake = os.pipe()
        self._key_thread = Thread(target=self._run_input_thread, name="tocsin-input", daemon=True)
        self._key_thread.start()

    def _send_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self.send_message(events.Resize(size, size))

    def _paint_again(self) -> None:
        self._must_signal_resume = False
        self.send_message(self.SignalResume())
        self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))

    def _sigcont_application(self, *_: object) -> None:
        # The kernel sends SIGCONT after the SIGHUP of a lost line: that is no reason to start again.
        if self._auto_restart and not self._leaving:
            self.resume_application_mode()

    # --- while it runs

    def write(self, data: str) -> None:
        """Queue `data` for the terminal; outside application mode, or when the terminal is gone, drop it."""
        if data.startswith(terminal.POINTER):
            if not self._mouse or data == self._pointer:
                return
            self._pointer = data
        if self._output is not None:
            self._output.write(data)

    def send_message(self, message: Message) -> None:
        """Give a message to the app from any thread, without a coroutine and a future for each."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._app.post_message(message)

    def run_input_thread(self) -> None:
        """Read keys and send them to the app until woken through the pipe or the terminal is gone."""
        assert self._wake is not None
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while (data := self._next_input(self._wake[0], _patience(parser))) is not None:
            # An empty text would tell the parser that the input has ended.
            for message in parser.feed(text) if (text := decode(data)) else parser.tick():
                self.process_message(message)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def _next_input(self, wake: int, patience: float | None) -> bytes | None:
        """Return what was typed, nothing when only time has passed, None when reading is over."""
        try:
            ready, _, _ = select.select([self.fileno, wake], [], [], patience)
            if wake in ready:
                return None
            if data := os.read(self.fileno, _READ) if ready else b"":
                return data
            if not ready:
                return b""
        except BlockingIOError:
            return b""
        except (OSError, ValueError):
            pass  # EIO or closed: the line has dropped, or we are an orphan in the background
        self.leave(signal.SIGHUP)
        return None

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        self.leave(signum)

    def leave(self, signum: int) -> None:
        """Make the app exit with 128 + `signum`; from any thread or signal handler, the first call counts."""
        if self._leaving is not None:
            return
        self._leaving = signum
        # Not `threading.Timer`: a signal handler must not wait for a lock that the code under it may hold.
        _thread.start_new_thread(self._leave_by_force, ())
        with contextlib.suppress(RuntimeError):  # the loop has ended: the app is leaving already
            self._loop.call_soon_threadsafe(self._ask_app, signum)

    def _ask_app(self, signum: int) -> None:
        try:
            self.on_leave(self._app, signum)
        finally:
            self._app.exit(return_code=128 + signum)

    def _leave_by_force(self) -> None:
        """End a process that still runs after `GRACE`: its event loop, a worker or the terminal hangs."""
        time.sleep(GRACE)
        assert self._leaving is not None
        if self._output is not None:
            last = Thread(target=self._write_at_once, args=(self._modes_off(),), daemon=True)
            last.start()
            last.join(terminal.STALL)
            self._restore_attributes()
        os._exit(128 + self._leaving)

    def _write_at_once(self, text: str) -> None:
        assert self._file is not None
        terminal.write_all(self._file.fileno(), text.encode())

    # --- the way out

    def disable_input(self) -> None:
        """Stop reading; what was typed and not read is dropped, so that no mouse report lands in the shell."""
        if self._wake is None or self._key_thread is None:
            return
        (reader, writer), self._wake = self._wake, None
        os.write(writer, b"\0")
        self._key_thread.join()
        self._key_thread = None
        os.close(reader)
        os.close(writer)
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self._restore_attributes()
        if self._in_alternate_screen:
            self.write(self._modes_off())
            self._in_alternate_screen = False

    def close(self) -> None:
        """Wait until everything is written, then let signals do what they did before."""
        if self._output is not None:
            self._output.stop()
            self._output = self._writer_thread = None
            self._loop.remove_signal_handler(signal.SIGWINCH)
        if self._leaving is not None:
            # Another signal of those that come with a lost line would end what is left to do; and where Python ends it
            # gives its handlers back to the system, whose own would kill.
            for signum in self._before.keys() & {signal.SIGHUP, signal.SIGTERM}:
                signal.signal(signum, signal.SIG_IGN)
            return
        while self._before:
            signal.signal(*self._before.popitem())

    def _restore_attributes(self) -> None:
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def _modes_off(self) -> str:
        pointer = "" if self._pointer == terminal.DEFAULT_POINTER else terminal.DEFAULT_POINTER
        self._pointer = terminal.DEFAULT_POINTER
        return pointer + terminal.modes_off(kitty=not constants.DISABLE_KITTY_KEY, mouse=self._mouse)


def driver_class(
    *,
    already_in_alternate_screen: bool = False,
    first_attributes: list[Any] | None = None,
    on_leave: OnLeave | None = None,
) -> type[TocsinDriver]:
    """Return a driver class for `App(driver_class=...)`, which builds the driver itself.

    Args:
        already_in_alternate_screen: A first frame has switched to the alternate screen; a second switch would clear it.
        first_attributes: The terminal's attributes (`termios.tcgetattr`) from before the first frame changed them.
        on_leave: What to do before a signal or a lost terminal ends the app, such as keeping drafts.
    """
    members = {
        "already_in_alternate_screen": already_in_alternate_screen,
        "first_attributes": first_attributes,
        **({"on_leave": staticmethod(on_leave)} if on_leave else {}),
    }
    return type("TocsinDriver", (TocsinDriver,), members)


def _patience(parser: XTermParser) -> float | None:
    """Return how many seconds the parser waits for the rest of a sequence that began with ESC, None for no wait."""
    until = parser._timeout_time
    return None if until is None else max(0.0, until - time.monotonic())
