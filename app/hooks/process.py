"""One run of a hook: no shell, a session of its own, a time limit, and output that never grows without end."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, NamedTuple

KEPT = 65_536
"""Bytes kept of each of stdout and stderr; what comes after is read and thrown away."""
_LOOK = 0.02  # seconds between looks whether it has ended: a child of it may hold its output open
_GRACE = 0.2  # seconds that such a child has, once the hook itself has ended
_PORTION = 65_536
_LAST_READS = 3  # enough for what a pipe holds, and its end

How = Literal["ended", "over", "stopped", "not_started"]


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        how: By itself, over its time, stopped because tocsin leaves, or it never began.
        code: The exit code when it ended by itself, negative for a signal; else None.
        out: The beginning of its stdout.
        err: The beginning of its stderr; why it could not be started, when it was not.
        lost: How many bytes of either were thrown away.
        held: It left a process that held its output open, which was ended.
        took_ms: How long it ran.
    """

    how: How
    code: int | None
    out: bytes = b""
    err: bytes = b""
    lost: int = 0
    held: bool = False
    took_ms: int = 0


def run(
    path: Path,
    document: bytes,
    *,
    name: Path,
    env: Mapping[str, str],
    cwd: Path,
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a program and return how it ended; it and whatever is in its process group is killed when it takes longer.

    Args:
        path: The file that is executed.
        document: What it reads on stdin; it need not.
        name: What it is called (its own first argument), such as the link that leads to the file.
        env: Its whole environment.
        cwd: Where it begins.
        seconds: Its time.
        stopped: Asked all the while; true ends it before its time.
    """
    began = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own file, whose owner and rights were checked
            [str(name)],
            executable=str(path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        return Ended("not_started", None, err=(getattr(error, "strerror", None) or str(error)).encode())
    talk = _Talk(process, document)
    try:
        how = talk.follow(began + seconds, stopped)
    finally:
        talk.end()
    code = process.returncode if how == "ended" else None
    took = round((time.monotonic() - began) * 1000)
    return Ended(how, code, talk.kept("stdout"), talk.kept("stderr"), talk.lost, talk.held, took)


class _Talk:
    """Gives a process its stdin and takes its output, waiting for neither."""

    def __init__(self, process: subprocess.Popen[bytes], document: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process, self._rest = process, memoryview(document)
        self._pipes: tuple[IO[bytes], ...] = (process.stdin, process.stdout, process.stderr)
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._ended_at: float | None = None
        self.lost, self.held = 0, False
        self._selector = selectors.DefaultSelector()
        for pipe, name in zip(self._pipes, ("stdin", "stdout", "stderr"), strict=True):
            os.set_blocking(pipe.fileno(), False)
            wanted = selectors.EVENT_WRITE if name == "stdin" else selectors.EVENT_READ
            self._selector.register(pipe, wanted, name)

    def kept(self, name: str) -> bytes:
        """Return the beginning of its `stdout` or `stderr`."""
        return bytes(self._kept[name])

    def follow(self, deadline: float, stopped: Callable[[], bool]) -> How:
        """Go on until it has ended, its time is over, or it is stopped."""
        while True:
            now = time.monotonic()
            if self._has_ended(now):
                return "ended"
            if now >= deadline:
                return self._cut("over")
            if stopped():
                return self._cut("stopped")
            self._serve(min(_LOOK, deadline - now))

    def _cut(self, how: How) -> How:
        """Return how it ended now that nothing is waited for: it may just have done so by itself."""
        if self._process.poll() is None:
            return how
        for _ in range(_LAST_READS):
            self._serve(0)
        self.held = self._speaks()
        return "ended"

    def _has_ended(self, now: float) -> bool:
        if self._process.poll() is None:
            return False
        if not self._speaks():
            return True
        self._ended_at = now if self._ended_at is None else self._ended_at
        self.held = now - self._ended_at >= _GRACE
        return self.held

    def _speaks(self) -> bool:
        """Say whether somebody still holds its output."""
        return any(key.data != "stdin" for key in self._selector.get_map().values())

    def _serve(self, seconds: float) -> None:
        if not self._selector.get_map():  # it has closed everything, and still runs
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return
        for key, _events in self._selector.select(seconds):
            done = self._write(key.fd) if key.data == "stdin" else self._read(key.fd, key.data)
            if done:
                self._selector.unregister(key.fileobj)
                next(pipe for pipe in self._pipes if pipe is key.fileobj).close()

    def _write(self, handle: int) -> bool:
        try:
            self._rest = self._rest[os.write(handle, self._rest[:_PORTION]) :]
        except BlockingIOError:
            return False
        except OSError:
            return True  # it has closed its stdin: it need not read
        return not self._rest

    def _read(self, handle: int, name: str) -> bool:
        try:
            data = os.read(handle, _PORTION)
        except BlockingIOError:
            return False
        kept = self._kept[name]
        room = KEPT - len(kept)
        kept += data[:room]
        self.lost += max(0, len(data) - room)
        return not data

    def end(self) -> None:
        """Kill what still runs of its process group, and let go of everything."""
        if self._process.poll() is None or self.held:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()
