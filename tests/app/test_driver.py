"""The driver against a real pseudo-terminal: what a user, a dropped line or a signal leaves behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import terminal

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 20.0  # seconds before a test gives up on a process; nothing is asserted about time itself

PROGRAM = """
import fcntl, os, signal, sys, termios, threading, time, tty
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
if "ignore-hangup" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
from textual.app import App
from textual.widgets import Static
from app.driver import driver_class

class Hello(App):
    ENABLE_COMMAND_PALETTE = False
    CSS = "Static { width: 40; }"
    def compose(self):
        yield Static("READY")
    def on_key(self, event):
        if event.key == "q":
            self.exit()
        elif event.key == "h":
            self.query_one(Static).update("HANGING")
            self.set_timer(0.2, lambda: time.sleep(600))
        elif event.key == "t":  # some other thread gets the signal, while the loop sleeps
            signal_me = lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            threading.Timer(0.5, signal_me).start()
        elif event.key == "f":
            self.set_interval(0.001, lambda: self.screen.refresh())
        else:
            self.query_one(Static).update("KEY=" + event.key)

def keep(app, signum):
    with open(os.environ["KEPT"], "a") as file:
        file.write(f"{type(app).__name__} {signum}\\n")

options = {"on_leave": keep}
if "first-frame" in sys.argv:
    options |= {"already_in_alternate_screen": True, "first_attributes": termios.tcgetattr(0)}
    tty.setcbreak(0)
    os.write(2, b"\\x1b[?1049hFIRST FRAME")
app = Hello(driver_class=driver_class(**options))
app.run(mouse="no-mouse" not in sys.argv)
sys.exit(app.return_code)
"""


class Session:
    """A program that is the leader of a session on its own pseudo-terminal."""

    def __init__(self, folder: Path, *arguments: str, stdin: int | None = None) -> None:
        script = folder / "program.py"
        script.write_text(PROGRAM)
        self.kept = folder / "kept"
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        unwanted = ("TEXTUAL", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdin=self.slave if stdin is None else stdin,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={**environment, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "KEPT": str(self.kept)},
        )

    def read(self, seconds: float) -> bytes:
        """Return what comes within so many seconds, at once when something does."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            data = os.read(self.master, 65_536)
            self.output += data
            return data
        return b""

    def until(self, met: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not met():
            assert time.monotonic() < end, f"waited in vain; the last output was {self.output[-500:]!r}"
            self.read(0.02)

    def see(self, text: bytes) -> None:
        """Wait until `text` has been painted since the last call."""
        self.until(lambda: text in self.output)
        while self.read(0.2):
            pass
        self.seen, self.output = self.output, b""

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def kill(self, signum: int) -> None:
        os.kill(self.process.pid, signum)

    def end(self) -> int:
        """Wait for the end, then read what is left; returns the exit code."""
        self.until(lambda: self.process.poll() is not None)
        while self.read(0):
            pass
        return self.process.returncode

    def state(self) -> str:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def waiting(self) -> int:
        """Return how many bytes nobody has read yet."""
        return int(struct.unpack("i", fcntl.ioctl(self.master, termios.FIONREAD, b"\0\0\0\0"))[0])

    def threads(self) -> list[Path]:
        return sorted(Path(f"/proc/{self.process.pid}/task").iterdir())

    def switches(self) -> int:
        found = [
            re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (t / "status").read_text(), re.M) for t in self.threads()
        ]
        return sum(int(match[1]) for match in found if match)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def begin(*arguments: str, **options: object) -> Session:
        sessions.append(Session(tmp_path, *arguments, **options))  # type: ignore[arg-type]
        return sessions[-1]

    yield begin
    for session in sessions:
        if session.process.poll() is None:
            session.process.kill()
            session.process.wait()
        for fileno in (session.master, session.slave):
            with contextlib.suppress(OSError):
                os.close(fileno)


def modes(output: bytes) -> dict[str, list[bool]]:
    """Return, mode by mode, the switches in the order they were written; `kitty` stands for its stack."""
    found: dict[str, list[bool]] = {}
    for mode, switch in re.findall(rb"\x1b\[\?(\d+)([hl])", output):
        found.setdefault(mode.decode(), []).append(switch == b"h")
    for kind in re.findall(rb"\x1b\[([<>])\d*u", output):
        found.setdefault("kitty", []).append(kind == b">")
    return found


DEFAULTS = {"7": True, "25": True}


def assert_restored(session: Session, output: bytes) -> None:
    left = {mode: switches[-1] for mode, switches in modes(output).items()}
    assert left == {mode: DEFAULTS.get(mode, False) for mode in left}
    assert left["1049"] is False
    assert termios.tcgetattr(session.slave) == session.before


@pytest.mark.parametrize("mouse", ["mouse", "no-mouse"])
def test_quit_gives_the_terminal_back_with_each_mode_switched_once_each_way(
    start: Callable[..., Session], mouse: str
) -> None:
    session = start(mouse)
    session.see(b"READY")
    assert termios.tcgetattr(session.slave) != session.before
    session.type(b"q")
    assert session.end() == 0
    output = session.seen + session.output
    assert_restored(session, output)
    assert {mode: len(switches) for mode, switches in modes(output).items()} == dict.fromkeys(modes(output), 2)
    assert ("1003" in modes(output)) is (mouse == "mouse")
    assert not session.kept.exists()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_must_be_kept_restores_and_leaves(start: Callable[..., Session], signum: int) -> None:
    session = start()
    session.see(b"READY")
    session.kill(signum)
    session.kill(signum)
    assert session.end() == 128 + signum
    assert session.kept.read_text() == f"Hello {signum}\n"
    assert_restored(session, session.seen + session.output)


def test_a_signal_that_interrupts_no_sleep_of_the_loop_ends_the_program_too(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    session.type(b"t")  # as for one that comes in the instant before the loop goes to sleep
    assert session.end() == 128 + signal.SIGTERM
    assert session.kept.read_text() == f"Hello {int(signal.SIGTERM)}\n"


@pytest.mark.parametrize("hangup", ["obey-hangup", "ignore-hangup"])
def test_a_lost_terminal_ends_the_program_without_spinning(start: Callable[..., Session], hangup: str) -> None:
    session = start(hangup)
    session.see(b"READY")
    used = session.cpu_seconds()
    os.close(session.slave)
    os.close(session.master)
    end = time.monotonic() + DEADLINE
    while session.process.returncode is None:
        assert time.monotonic() < end, "still there without a terminal"
        pid, status, usage = os.wait4(session.process.pid, os.WNOHANG)
        if pid:
            session.process.returncode = os.waitstatus_to_exitcode(status)
            assert usage.ru_utime + usage.ru_stime - used < 0.5
        select.select([], [], [], 0.02)
    assert session.process.returncode == 128 + signal.SIGHUP
    assert session.kept.read_text() == f"Hello {int(signal.SIGHUP)}\n"


def test_an_input_that_ends_ends_the_program(start: Callable[..., Session]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    session = start(stdin=nothing)
    os.close(nothing)
    assert session.end() == 128 + signal.SIGHUP
    assert modes(session.output)["1049"] == [True, False]


def test_nothing_wakes_it_and_nothing_is_written_while_it_is_idle(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    counted = session.switches()
    assert session.read(2.0) == b""
    # Textual's own input thread alone makes 20 in this time.
    assert session.switches() - counted <= 2


def test_a_loop_that_hangs_is_left_by_force_with_the_terminal_restored(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    seen = session.seen
    session.type(b"h")
    session.see(b"HANGING")
    session.kill(signal.SIGTERM)
    assert session.end() == 128 + signal.SIGTERM
    assert_restored(session, seen + session.seen + session.output)


def test_a_terminal_that_takes_nothing_does_not_hold_a_signal_up(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    session.type(b"f")
    before = -1
    while before != (before := session.waiting()) or not before:  # until every buffer on the way is full
        select.select([], [], [], 0.5)
    session.kill(signal.SIGTERM)
    end = time.monotonic() + DEADLINE
    while session.process.poll() is None:
        assert time.monotonic() < end, "held up by the terminal"
        select.select([], [], [], 0.02)
    assert session.process.returncode == 128 + signal.SIGTERM
    assert termios.tcgetattr(session.slave) == session.before


def test_escape_comes_without_another_key(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    session.type(b"\x1b")
    session.see(b"KEY=escape")
    session.type(b"\x1b[B")
    session.see(b"KEY=down")


def test_bytes_that_are_not_utf8_are_no_crash(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    session.type(b"\xff\xc3")
    session.type(b"x")
    session.see(b"KEY=x")
    session.type(b"q")
    assert session.end() == 0


def test_a_first_frame_is_taken_over_without_a_second_switch_and_undone(start: Callable[..., Session]) -> None:
    session = start("first-frame")
    session.see(b"READY")
    assert modes(session.seen)["1049"] == [True]
    assert session.seen.startswith(b"\x1b[?1049hFIRST FRAME")
    session.type(b"q")
    assert session.end() == 0
    assert_restored(session, session.seen + session.output)


def test_stopped_by_hand_it_gives_the_terminal_back_and_paints_again(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    seen = session.seen
    session.kill(signal.SIGTSTP)
    session.until(lambda: session.state() == "T")
    while session.read(0.1):
        pass
    assert_restored(session, seen + session.output)
    session.output = b""
    session.kill(signal.SIGCONT)
    session.see(b"READY")
    assert modes(session.seen)["1049"] == [True]
    session.type(b"q")
    assert session.end() == 0
    assert_restored(session, session.seen + session.output)


def test_continued_without_having_been_stopped_it_starts_no_second_reader(start: Callable[..., Session]) -> None:
    session = start()
    session.see(b"READY")
    seen, threads = session.seen, session.threads()
    session.kill(signal.SIGCONT)
    session.see(b"READY")
    assert session.threads() == threads
    session.type(b"q")
    assert session.end() == 0
    assert_restored(session, seen + session.seen + session.output)


# --- the writer and the modes by themselves


@pytest.mark.parametrize("kitty", [False, True])
@pytest.mark.parametrize("mouse", [False, True])
def test_every_mode_switched_on_is_switched_off(kitty: bool, mouse: bool) -> None:
    on = modes(terminal.modes_on(alternate=True, kitty=kitty, mouse=mouse).encode())
    off = modes(terminal.modes_off(kitty=kitty, mouse=mouse).encode())
    assert on.keys() == off.keys()
    assert all(on[mode] == [not off[mode][0]] for mode in on)


def test_the_writer_drops_what_a_lost_terminal_does_not_take() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        output = terminal.Output(file)
        output.start()
        output.write("kept ")
        assert os.read(reader, 100) == b"kept "
        os.close(reader)
        for _ in range(200):  # far more than the queue holds
            output.write("x")
        assert output.gone.wait(DEADLINE)
        output.stop()
        assert not output.is_alive()


def test_a_little_is_written_at_once_and_never_before_what_was_queued() -> None:
    reader, writer = os.pipe()
    got: list[bytes] = []
    expected = ""
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        output = terminal.Output(file)
        output.write("at once")  # the thread does not run yet
        assert os.read(reader, 100) == b"at once"
        output.start()
        taking = threading.Thread(target=lambda: got.extend(iter(lambda: os.read(reader, 65_536), b"")))
        taking.start()
        for n in range(300):
            text = f"{n} " * (1 if n % 3 else 500)
            expected += text
            output.write(text)
        output.stop()
    taking.join(DEADLINE)
    os.close(reader)
    assert b"".join(got).decode() == expected


def test_the_writer_waits_for_a_slow_reader_and_loses_nothing() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    sent = "é" * 300_000
    got = b""
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        output = terminal.Output(file)
        output.start()
        output.write(sent)
        while len(got) < len(sent.encode()):
            got += os.read(reader, 65_536)
        output.stop()
    os.close(reader)
    assert got.decode() == sent
