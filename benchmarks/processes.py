"""What Linux knows about a process tree: its members, CPU time, wake-ups and peak memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def in_session(session: int) -> list[int]:
    """Return the process ids of a session, the leader's children and theirs included."""
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                # the name, in brackets, may hold anything; session is the fourth field after it
                after_name = (folder / "stat").read_text().rpartition(")")[2]
                if int(after_name.split()[3]) == session:
                    found.append(int(folder.name))
    return found


def cpu_seconds(session: int) -> float:
    """Return the CPU time that the session's living threads have used, with nanosecond resolution."""
    return sum(int(text.split()[0]) for text in _of_threads(session, "schedstat")) / 1e9


def voluntary_switches(session: int) -> int:
    """Return how often the session's threads went to sleep: each is a wake-up."""
    return sum(_field(text, "voluntary_ctxt_switches") for text in _of_threads(session, "status"))


def peak_memory(session: int) -> int:
    """Return the bytes of the largest resident sets (VmHWM), summed over the session's processes."""
    total = 0
    for pid in in_session(session):
        with contextlib.suppress(OSError):
            total += _field((_PROC / str(pid) / "status").read_text(), "VmHWM") * 1024
    return total


def _of_threads(session: int, file: str) -> Iterator[str]:
    for pid in in_session(session):
        for thread in (_PROC / str(pid) / "task").glob("*"):
            with contextlib.suppress(OSError):
                yield (thread / file).read_text()


def _field(status: str, name: str) -> int:
    for line in status.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    return 0
