"""What runs in a process that is killed: `python -m tests.durability.children ROLE STORE SOURCE`.

For each line of its input it forks a process that works until somebody ends it, and says its number, then that it is
gone; the process answers into the file of that name beside the store. (The writers are tests/storage's own.)
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from domain.entry import Entry
from domain.wire import from_line
from storage import transfer
from storage.store import Store
from sync.client import Hello, HubClient, Page
from sync.engine import Engine

PAGE, BATCH = 3, 20
"""Entries that are pulled at once, and imported at once."""
DONE = "done"
Answer = Callable[[int], None]


class Hub(HubClient):
    """A hub that has the entries of one device and never fails; what is asked of it never leaves the process."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def hello(self) -> Hello:
        last = self._entries[-1]
        return Hello("h", "e", now(), "ana", "admin", len(self._entries), {last.device: (last.dseq, last.hash)})

    def pull(self, epoch: str, after: int, last: str, limit: int = PAGE) -> Page | None:
        part = self._entries[after : after + limit]
        end = after + len(part)
        return Page(epoch, end, part[-1].id, end < len(self._entries), part) if part else None


def now() -> int:
    """Return the present, ms."""
    return time.time_ns() // 1_000_000


def pull(path: Path, source: Path, answer: Answer) -> None:
    """Pull what a hub has, answering with the cursor after each page."""
    entries = [from_line(line) for line in source.read_bytes().splitlines()[1:]]
    store = Store(path, "ana", now)
    engine = Engine(
        store.journal_as("sync"), store.reader, Hub(entries), "hub", page=PAGE, progress=lambda done, _all: answer(done)
    )
    engine.run()


def bring_in(path: Path, source: Path, answer: Answer) -> None:
    """Import an export, answering with the number of entries after each batch."""
    transfer._BATCH = BATCH
    with source.open("rb") as file:
        transfer.import_lines(Store(path, "ana", now).journal, file, lambda read, _all: answer(read))


ROLES: Mapping[str, Callable[[Path, Path, Answer], None]] = {"pull": pull, "import": bring_in}


def work(role: str, path: Path, source: Path, name: str) -> None:
    """Do one role, then say again and again that it is done, and wait for the end."""
    answers = os.open(path.with_name(name), os.O_WRONLY | os.O_CREAT)
    ROLES[role](path, source, lambda number: os.write(answers, f"{number}\n".encode()) and None)
    os.write(answers, f"{DONE}\n".encode() * 1000)
    signal.pause()


def main(role: str, path: Path, source: Path) -> None:
    """Fork a process for each line of the input."""
    import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401 - imported once, before anything of the store is open

    import storage.journal  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            work(role, path, source, line.strip())
            os._exit(1)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
