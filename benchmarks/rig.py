"""Runs a program in a pseudo-terminal, types keys and measures what comes back (Linux).

A thread stamps every chunk of output with CLOCK_MONOTONIC when it arrives; the screen is interpreted behind it,
so that the slow interpreter is no part of a latency. All times are seconds unless a name says otherwise.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from benchmarks import processes
from benchmarks.reader import Reader, Tripwire
from benchmarks.terminal import Predicate, Terminal

_QUIET = 0.04  # this much silence ends a burst of output
_LOOK = 0.25  # how often a wait looks whether the program still runs
_RESET = (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGTERM)  # even under nohup: as in a login shell

now = time.monotonic


class NotSeen(Exception):
    """What was waited for did not come; the text says what, and ends with the screen as it stood."""


@dataclass(frozen=True)
class KeyCost:
    """One key: from writing it to the first chunk that shows its effect, and the bytes of the whole burst."""

    seconds: float
    bytes: int


@dataclass(frozen=True)
class Idle:
    """A while without input: output, CPU time and wake-ups."""

    bytes_per_second: float
    cpu_percent: float
    wakeups_per_second: float


@dataclass(frozen=True)
class Leaving:
    """The end of a program: time to exit with everything written, its exit code, and what it left behind.

    `left` names the terminal modes not restored; a negative code is a signal's number.
    """

    seconds: float
    code: int
    left: tuple[str, ...]


class Session:
    """A program in a terminal of its own; use it as a context manager, which ends whatever still runs.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], size: tuple[int, int], wire: Tripwire | None = None
    ) -> None:
        self.terminal = Terminal(*size)
        self.bytes = 0
        self._last = 0.0
        self._code: int | None = None
        self._master, self._slave = os.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("4H", size[1], size[0], 0, 0))
        self._line_before = termios.tcgetattr(self._slave)
        self.started = now()
        try:
            self.pid = self._spawn(argv, environment)
        except OSError:
            os.close(self._master)
            os.close(self._slave)
            raise
        self._exit = os.pidfd_open(self.pid)
        self._reader = Reader(self._master, wire)

    def _spawn(self, argv: Sequence[str], environment: Mapping[str, str]) -> int:
        # In a new session the first terminal that is opened becomes the controlling one.
        opened = (os.POSIX_SPAWN_OPEN, 0, os.ttyname(self._slave), os.O_RDWR, 0)
        copies = [(os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
        return os.posix_spawnp(
            argv[0], argv, environment, file_actions=[opened, *copies], setsid=True, setsigdef=_RESET
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- looking

    def wait_for(self, seen: Predicate, what: str, timeout: float = 20) -> float:
        """Return the stamp of the chunk after which `seen` holds.

        Raises:
            NotSeen: it did not come in `timeout` seconds, or the program ended.
        """
        end = now() + timeout
        while not seen(self.terminal):
            if not self._take(min(_LOOK, end - now())) and (now() >= end or self._over()):
                raise NotSeen(f"{what}: not seen. The screen:\n{self.terminal.text.rstrip()}")
        return self._last

    def settle(self, quiet: float = _QUIET, limit: float = 3) -> None:
        """Read until nothing has come for `quiet` seconds, at most `limit` seconds long."""
        end = now() + limit
        while now() < end and self._take(quiet):
            pass

    def _take(self, timeout: float) -> bool:
        chunk = self._reader.next(timeout)
        if chunk is None:
            return False
        self._last = chunk[0]
        self.bytes += len(chunk[1])
        if answers := self.terminal.feed(chunk[1]):
            self.type(answers)
        return True

    def _over(self) -> bool:
        """Say whether the program has gone and its last words have been read."""
        return self._wait_exit(0) is not None and not self._take(_QUIET)

    # -- typing

    def type(self, keys: bytes) -> float:
        """Write keys; return the stamp from just before."""
        stamp = now()
        with contextlib.suppress(OSError):  # the program has gone: whoever waits for an effect says so
            os.write(self._master, keys)
        return stamp

    def key(self, keys: bytes, seen: Predicate | None = None, timeout: float = 10) -> KeyCost:
        """Type keys and wait for their effect, by default any change of the picture, and for the end of the burst.

        Raises:
            NotSeen: there was no effect.
        """
        bytes_before, changes = self.bytes, self.terminal.changes
        pressed = self.type(keys)
        effect = self.wait_for(seen or (lambda terminal: terminal.changes > changes), f"an effect of {keys!r}", timeout)
        self.settle()
        return KeyCost(effect - pressed, self.bytes - bytes_before)

    def idle(self, seconds: float) -> Idle:
        """Leave the program alone for `seconds` and see what it does."""
        before = self._counts()
        start = now()
        while (left := start + seconds - now()) > 0:
            self._take(left)
        spent = now() - start
        written, cpu, switches = (b - a for a, b in zip(before, self._counts(), strict=True))
        return Idle(written / spent, cpu / spent * 100, switches / spent)

    def _counts(self) -> tuple[float, float, float]:
        return self.bytes, processes.cpu_seconds(self.pid), processes.voluntary_switches(self.pid)

    def peak_memory(self) -> int:
        """Return the peak resident memory of the program and its children, in bytes."""
        return processes.peak_memory(self.pid)

    # -- ending

    def quit(self, keys: bytes, timeout: float = 5) -> Leaving:
        """Type the keys that end the program and wait until it has gone."""
        return self._leave(lambda: self.type(keys), f"the exit after {keys!r}", timeout)

    def terminate(self, timeout: float = 5) -> Leaving:
        """Send SIGTERM and wait until the program has gone."""
        return self._leave(lambda: os.kill(self.pid, signal.SIGTERM), "the exit after SIGTERM", timeout)

    def hang_up(self, timeout: float = 5) -> Leaving:
        """Drop the line, as a lost SSH connection does, and wait until the program has gone."""
        self._reader.stop()
        start = now()
        for descriptor in self._ends():
            os.close(descriptor)
        return Leaving(self._exited(timeout, "the exit after the hang-up") - start, self._code or 0, ())

    def _leave(self, ask: Callable[[], object], what: str, timeout: float) -> Leaving:
        start = now()
        ask()
        gone = self._exited(timeout, what)
        self.settle()
        left = self.terminal.not_restored()
        if termios.tcgetattr(self._slave) != self._line_before:
            left.append("line discipline (stty)")
        return Leaving(max(gone, self._last) - start, self._code or 0, tuple(left))

    def _exited(self, timeout: float, what: str) -> float:
        stamp = self._wait_exit(timeout)
        if stamp is None:
            raise NotSeen(f"{what}: still running after {timeout:g} s")
        return stamp

    def _wait_exit(self, timeout: float) -> float | None:
        """Return when the program was seen to have ended, or None."""
        if self._code is None:
            poll = select.poll()
            poll.register(self._exit, select.POLLIN)
            if not poll.poll(timeout * 1000):
                return None
            stamp = now()
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return stamp
        return now()

    def _ends(self) -> Iterator[int]:
        ends, self._master, self._slave = (self._master, self._slave), -1, -1
        return (end for end in ends if end >= 0)

    def close(self) -> None:
        """Kill what still runs of the program's session and release the terminal."""
        for pid in processes.in_session(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait_exit(5)
        self._reader.stop()
        for descriptor in (*self._ends(), self._exit):
            os.close(descriptor)
