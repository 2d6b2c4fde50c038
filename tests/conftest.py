"""What every test of the screens sits down at: a clock that stands, a seeded store, a desk, the app, a real terminal.

Textual reads the environment when it is imported, so what would change its looks goes first.
"""

from __future__ import annotations

import os

for _name in list(os.environ):
    if _name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TMUX") or (
        _name.startswith("TEXTUAL") and not _name.startswith("TEXTUAL_SNAPSHOT")  # the picture plugin's own
    ):
        del os.environ[_name]
os.environ["TZ"] = "UTC"

import contextlib
import fcntl
import pty
import random
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from app.tocsin import Tocsin
    from domain.incident import Incident
    from screens.desk import Desk
    from storage.store import Store

time.tzset()

# Nothing here is about time: a machine that is busy fails no property. (Where CI is set, Hypothesis does so by itself.)
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
START = 1_795_000_000_000  # ms: 2026-11-18 11:06:40 UTC
DEADLINE = 20.0  # seconds before a test gives up; nothing is asserted about time itself
_STRAY = ("TOCSIN_", "XDG_", "TEXTUAL", "PYTEST", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "TMUX", "LC_", "LANG")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


class Seat:
    """Somebody in front of the app: presses keys, waits for what must come, reads the screen."""

    def __init__(self, app: Tocsin, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def desk(self) -> Desk:
        return self.app.desk

    @property
    def screen(self) -> Any:
        return self.app.screen

    @property
    def lines(self) -> list[str]:
        """What is shown, line by line, what lies behind a dialog included."""
        update: Any = self.app.screen._compositor.render_update(full=True, screen_stack=self.app._background_screens)
        return ["".join(strip.text for strip in line).rstrip() for line in update.strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def said(self) -> str:
        """What the last line of the nearest full screen says, empty when it shows the keys."""
        from screens.deskscreen import DeskScreen
        from widgets.key_line import KeyLine

        full = next(each for each in reversed(self.app.screen_stack) if isinstance(each, DeskScreen))
        return full.query_one(KeyLine).message

    async def until(self, met: Callable[[], Any], what: str = "") -> None:
        """Wait until `met`, or fail and show the screen."""
        end = time.monotonic() + DEADLINE
        while not met():
            assert time.monotonic() < end, f"waited in vain for {what or met}; the screen:\n{self.text}"
            await self.pilot.pause(0.005)
        await self.pilot.pause()

    async def see(self, *texts: str) -> None:
        """Wait until all of the texts are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts), f"{texts}")

    async def hear(self, text: str) -> None:
        """Wait until the last line says something with `text` in it."""
        await self.until(lambda: text in self.said, text)

    async def at(self, name: str) -> None:
        """Wait until a screen of this class is on top and one of its widgets has the keys, where it has one to."""
        await self.until(lambda: type(self.screen).__name__ == name and self.screen.is_running, name)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text, key by key."""
        names = {" ": "space", "\n": "enter"}
        await self.pilot.press(*(names.get(letter, letter) for letter in text))

    async def ask(self, key: str, dialog: str) -> None:
        """Press a key and wait for its dialog."""
        await self.press(key)
        await self.at(dialog)

    async def rest(self) -> None:
        """Let workers and messages come to an end."""
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def seeded_store(path: Path, author: str, clock: Callable[[], int], seed: int = 7) -> Store:
    """Open a store whose ids are the same in every run."""
    from storage.journal import Journal
    from storage.store import Store

    opened = Store(path, author, clock)
    opened._journal = Journal(path, author, clock, random.Random(seed).getrandbits)
    return opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tocsin.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[Store]:
    opened = seeded_store(path, "ana", clock)
    yield opened
    opened.close()


@pytest.fixture
def other(store: Store, path: Path, clock: Clock) -> Iterator[Store]:
    """Somebody else at work in the same file."""
    opened = seeded_store(path, "ben", clock, seed=8)
    yield opened
    opened.close()


@pytest.fixture
def raised(store: Store) -> Callable[..., Incident]:
    """Raise an incident: `raised("disk full", priority="P1")`."""
    from domain import actions

    def make(title: str = "disk full", by: Store | None = None, **values: Any) -> Incident:
        return (by or store).journal.raise_incident(actions.raise_incident(title, values))

    return make


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[..., Desk]:
    """Make a desk for a store, with the saved views that come with the program."""
    from app.settings import Settings
    from domain.query import parse
    from screens.desk import Desk, SavedView

    def make(store: Store, **options: Any) -> Desk:
        views = options.pop("views", [SavedView(view.name, parse(view.query)) for view in Settings().views])
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        return Desk(store, UTC, views, state_dir=state, **options)

    return make


@pytest.fixture
def desk(store: Store, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(store)


@pytest.fixture
def make_app() -> Callable[..., Tocsin]:
    """Make the app for a desk."""

    def make(desk: Desk, theme: str = "tocsin") -> Tocsin:
        from app.tocsin import Tocsin

        return Tocsin(desk, theme)

    return make


Sit = Callable[..., AbstractAsyncContextManager[Seat]]


@pytest.fixture
def sit(desk: Desk, make_app: Callable[..., Tocsin]) -> Sit:
    """Give a seat at the app, `async with sit() as seat`; another desk or size may be asked for."""

    @asynccontextmanager
    async def begin(at: Desk | None = None, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Seat]:
        app = make_app(at or desk)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            yield Seat(app, pilot)

    return begin


@pytest.fixture(scope="session")
def five_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 5,000 open incidents, made once; copy it before anything is written."""
    folder = tmp_path_factory.mktemp("many")
    clock = Clock()
    store = seeded_store(folder / "few.db", "ana", clock)
    from domain import actions

    with store.journal.writing() as writing:
        for number in range(50):
            clock.now = START - (50 - number) * 60_000
            drafts = actions.raise_incident(f"incident {number:05}", {"priority": f"P{1 + number % 4}"})
            writing.record(store.journal.new_id(), drafts)
    store.close()
    multiply(folder / "few.db", 100)
    return folder / "few.db"


def multiply(path: Path, by: int) -> None:
    """Make `by` queue rows of each: the list reads no more than those."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(incident)")]
        (highest,) = connection.execute("SELECT max(number) + 1 FROM incident").fetchone()
        changed = {
            "key": f"key + copy.n * {highest}",
            "number": f"number + copy.n * {highest}",
            "id": f"id || '-{by}-' || copy.n",
            "code": f"code || '{by}-' || copy.n",
            "ref": "ref || copy.n",
            "title": "title || ' copy ' || copy.n",
        }
        chosen = ", ".join(changed.get(name, name) for name in columns)
        connection.execute(
            f"INSERT INTO incident ({', '.join(columns)}) "
            f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {by} - 1) "
            f"SELECT {chosen} FROM incident, copy"
        )
        connection.execute("UPDATE counter SET n = n * ? WHERE name LIKE '%|%'", (by,))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# -- a real terminal -------------------------------------------------------------------------------------------------


class Terminal:
    """A program that leads a session on its own pseudo-terminal; `screen` is what a terminal would show of it."""

    def __init__(self, argv: Sequence[str], env: dict[str, str], size: tuple[int, int], cwd: Path) -> None:
        import pyte

        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.master, self.slave = pty.openpty()
        self.resize(*size, tell=False)
        self.before = termios.tcgetattr(self.slave)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_STRAY)}
        kept |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "TZ": "UTC"}
        self.process = subprocess.Popen(
            [sys.executable, *argv],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={**kept, **env},
            cwd=cwd,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - the child has one thread
        )

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)
        if tell:
            os.killpg(self.process.pid, signal.SIGWINCH)

    def read(self, seconds: float) -> bytes:
        """Return what comes within so many seconds, at once when something does."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            data = os.read(self.master, 65_536)
            self.output += data
            # pyte takes the private forms of `m` and `u` for colours and a restored cursor.
            self._stream.feed(re.sub(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p", b"", data))
            return data
        return b""

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, met: Callable[[], Any], what: str = "") -> None:
        end = time.monotonic() + DEADLINE
        while not met():
            assert time.monotonic() < end, f"waited in vain for {what or met}; the screen:\n{self.text}"
            self.read(0.02)

    def see(self, text: str) -> None:
        """Wait until `text` is on the screen and nothing more comes."""
        self.until(lambda: text in self.text, text)
        self.settle()

    def settle(self, quiet: float = 0.25) -> bytes:
        """Read until nothing has come for a while, and return that."""
        start = len(self.output)
        while self.read(quiet):
            pass
        return self.output[start:]

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def kill(self, signum: int) -> None:
        os.kill(self.process.pid, signum)

    def end(self) -> int:
        """Wait for the end, read what is left, and return the exit code."""
        self.until(lambda: self.process.poll() is not None, "the end")
        while self.read(0):
            pass
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fileno in (self.master, self.slave):
            os.close(fileno)


@pytest.fixture
def terminal(tmp_path: Path, path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start `tocsin ARGUMENTS` (or a script) on the test's store in a terminal of its own."""
    started: list[Terminal] = []

    def start(
        *arguments: str, size: tuple[int, int] = (80, 24), script: str = "", database: Path | None = None, **env: str
    ) -> Terminal:
        home = {"HOME": str(tmp_path), "TOCSIN_DATABASE": str(database or path), "TOCSIN_USER__NAME": "ana"}
        home["TOCSIN_REMINDERS__ENABLED"] = (
            "false"  # the tests' incidents are late by now: at any full minute it would ring
        )
        argv = ["-c", script, *arguments] if script else ["-m", "tocsin", *arguments]
        started.append(Terminal(argv, {**home, "TOCSIN_DISPLAY__ZONE": "UTC", **env}, size, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.close()
