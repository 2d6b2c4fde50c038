"""What is done to each program, and what is written down: one function a scenario, each yields (metric, value).

Times are in milliseconds, memory in bytes. A scenario that fails keeps what it had yielded before.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from benchmarks.incidents import RARE
from benchmarks.programs import PAGE_DOWN, Program, rows_with_refs
from benchmarks.rig import Leaving, NotSeen, Session, now
from benchmarks.terminal import Terminal, shows

Metrics = Iterator[tuple[str, float]]
Scenario = Callable[["Setup", Program], Metrics]

_KEYS = 40  # a screen and a half, so that the list has to move
_PAGES = 2
_COMMANDS = 3
_WORKERS_DONE = 1.5  # seconds of silence after which nothing loads in the background any more


@dataclass(frozen=True)
class Setup:
    """What all scenarios share: the children's environment, (columns, rows), and seconds of idling."""

    environment: Mapping[str, str]
    size: tuple[int, int]
    idle: float


@dataclass
class Samples:
    """Everything measured so far, by (program, metric), and what went wrong."""

    values: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def take(self, scenario: Scenario, setup: Setup, program: Program) -> bool:
        """Run a scenario and keep what it yields; return whether it went through."""
        where = f"{program.name}, {scenario.__name__.strip('_').replace('_', ' ')}"
        try:
            for metric, value in scenario(setup, program):
                self.values.setdefault((program.name, metric), []).append(value)
        except (NotSeen, OSError, CommandFailed) as error:
            self.problems.setdefault(where, str(error))
            return False
        return True


class CommandFailed(Exception):
    """A plain command cannot be started, or ended with another exit code than 0."""


def warm_up(setup: Setup, program: Program) -> Metrics:
    """Start it once, unmeasured: byte-code gets written, files get cached."""
    with _ready(setup, program) as session:
        session.settle(_WORKERS_DONE, limit=10)
        session.quit(b"q")
    yield from ()


def start(setup: Setup, program: Program) -> Metrics:
    """From the start to the first rows, and to the effect of a key typed at the instant when they came."""
    with program.open(setup.environment, setup.size, probe=True) as session:
        first = session.wait_for(shows(program.ready), "the first rows")
        yield "first_rows", (first - session.started) * 1000
        usable = session.wait_for(program.usable, "the effect of the first key")
        yield "usable", (usable - session.started) * 1000


def rest(setup: Setup, program: Program) -> Metrics:
    """The first screen's bytes; then nothing is typed; then `q`."""
    with _ready(setup, program) as session:
        session.settle(0.2)
        yield "first_bytes", session.bytes
        session.settle(_WORKERS_DONE)
        idle = session.idle(setup.idle)
        yield "idle_bytes", idle.bytes_per_second
        yield "idle_cpu", idle.cpu_percent
        yield "idle_wakeups", idle.wakeups_per_second
        yield from _left("quit", session.quit(b"q"))


def typing(setup: Setup, program: Program) -> Metrics:
    """Cursor keys, page keys, and what memory all of it took."""
    with _ready(setup, program) as session:
        session.settle(0.5)
        for _ in range(_KEYS):
            cost = session.key(b"j")
            yield "key", cost.seconds * 1000
            yield "key_bytes", cost.bytes
        session.type(b"g")  # back to the beginning, so that there are pages to go down
        session.settle(0.3)
        for _ in range(_PAGES):
            yield "page_bytes", session.key(PAGE_DOWN).bytes
        yield "memory", session.peak_memory()


def hang_up(setup: Setup, program: Program) -> Metrics:
    """The line drops."""
    with _ready(setup, program) as session:
        session.settle(0.5)
        yield from _left("hang_up", session.hang_up())


def terminate(setup: Setup, program: Program) -> Metrics:
    """Somebody sends SIGTERM."""
    with _ready(setup, program) as session:
        session.settle(0.5)
        yield from _left("terminate", session.terminate())


def search(setup: Setup, program: Program) -> Metrics:
    """From the second letter of a search to a list that shows hits and nothing else."""

    def only_hits(terminal: Terminal) -> bool:
        rows = rows_with_refs(terminal)
        return bool(rows) and all(RARE in terminal.lines[row] for row in rows)

    with _ready(setup, program) as session:
        session.settle(_WORKERS_DONE)
        session.key(b"/")
        session.key(RARE[0].lower().encode())
        cost = session.key(RARE[1].lower().encode(), only_hits)
        yield "search", cost.seconds * 1000


def commands(setup: Setup, program: Program) -> Metrics:
    """Plain commands to their exit, and the barest Python beside them."""
    run = partial(_run, setup.environment)
    listed = json.loads(run(*program.argv, "list", "--json")[1])
    refs = [each["ref"] for each in listed["incidents"]]
    for _ in range(_COMMANDS):
        ref = random.choice(refs)  # the store is kept: one incident must not gather the notes of all runs
        yield "python", run(sys.executable, "-c", "pass")[0]
        yield "version", run(program.argv[0], "--version")[0]
        yield "list", run(*program.argv, "list")[0]
        yield "note", run(*program.argv, "note", ref, "Measured.")[0]


def check(setup: Setup, command: str) -> None:
    """Find out, before a large store is made for it, whether a command starts at all.

    Raises:
        CommandFailed: it does not.
    """
    try:
        _run(setup.environment, command, "--version")
    except OSError as error:
        raise CommandFailed(f"{command} cannot be started: {error.strerror}") from error


def _run(environment: Mapping[str, str], *argv: str) -> tuple[float, str]:
    """Run a command to its exit; return milliseconds and its output."""
    start = now()
    done = subprocess.run(
        argv, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    spent = (now() - start) * 1000
    if done.returncode:
        raise CommandFailed(f"`{' '.join(argv)}` ended with exit code {done.returncode}: {done.stderr.strip()}")
    return spent, done.stdout


def _ready(setup: Setup, program: Program) -> Session:
    session = program.open(setup.environment, setup.size)
    try:
        session.wait_for(shows(program.ready), "the first rows")
    except BaseException:
        session.close()
        raise
    return session


def _left(name: str, end: Leaving) -> Metrics:
    yield name, end.seconds * 1000
    yield f"{name}_left", len(end.left)


def machine() -> dict[str, object]:
    """Return what the figures were taken on: to be kept with them, since milliseconds mean little elsewhere."""
    system = os.uname()
    return {
        "python": sys.version.split()[0],
        "system": f"{system.sysname} {system.release} {system.machine}",
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
    }
