"""Processes that are killed in the middle of their work: writers, a pull, an import."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

from domain import actions
from storage.backup import verify
from storage.reader import Reader
from storage.store import Store, prepare
from storage.transfer import export_lines
from tests.durability.children import BATCH, DONE, PAGE, now
from tests.storage.test_processes import FORKER, answers_in

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "import storage.connection\nstorage.connection.is_network = lambda path: True\n"
"""Put before a writer's code, its folder passes for a network home."""
_HEAD = "import sys; from pathlib import Path; path, arguments = Path(sys.argv[1]), sys.argv[2:]\n"
_DEADLINE, _ONE_WRITE = 60, 0.008  # seconds: before a hanging process is killed; what a write takes about
_SAME_STORE = 25  # rounds on one store; each new one is made under the writers' hands


@dataclass
class Kills:
    """What became of processes that were killed.

    Attributes:
        rounds: How many times they were started and killed.
        processes: How many were killed.
        acknowledged: Entries that they had answered for.
        missing: Of those, how many were not there afterwards.
        unfinished: Entries that were there although nobody had answered for them yet.
        failures: What was wrong.
    """

    rounds: int = 0
    processes: int = 0
    acknowledged: int = 0
    missing: int = 0
    unfinished: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Kills) -> None:
        """Take in the figures of another part."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python with these arguments in the checkout; it is ended with the block."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.stdin:
            process.stdin.close()
        process.kill()
        process.wait()


def writers(folder: Path, rounds: int, *, network: bool = False) -> Kills:
    """Kill two writers on one store, so many times, after another number of answers each time."""
    found = Kills()
    for start in range(0, rounds, _SAME_STORE):
        path = folder / str(start) / "t.db"
        path.parent.mkdir(parents=True)
        code = _HEAD + NETWORK * network + FORKER
        with started("-c", code, str(path)) as one, started("-c", code, str(path)) as two:
            for number in range(start, min(start + _SAME_STORE, rounds)):
                _kill([one, two], path, number)
                found.rounds, found.processes = found.rounds + 1, found.processes + 2
                if number % 5 == 4 or number == rounds - 1:
                    found.failures += verify(path).problems[:1]
        _compare(path, range(start, min(start + _SAME_STORE, rounds)), found)
    return found


def _kill(processes: Sequence[Any], path: Path, number: int) -> None:
    threads = [
        threading.Thread(target=kill_one, args=(each, path, f"{number}-{n}", 2 + (29 * number + 17 * n) % 97))
        for n, each in enumerate(processes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _compare(path: Path, rounds: range, found: Kills) -> None:
    with closing(Reader(path, "ana")) as reader:
        for number, n in product(rounds, range(2)):
            incident, *wanted = answers_in(path.with_name(f"{number}-{n}"))
            held = [entry.id for entry in reader.entries(incident)][1:]
            missing = len(set(wanted) - set(held))
            found.acknowledged += len(wanted) + 1
            found.missing += missing
            found.unfinished += len(held) - len(wanted) + missing
            if missing or held[: len(wanted)] != wanted or len(held) > len(wanted) + 1:
                found.failures.append(f"round {number}: answered {len(wanted)} times, {len(held)} are there")


def kill_one(forker: Any, path: Path, name: str, answers: int) -> None:
    """Let a process work until it has answered so often and some milliseconds more, and kill it."""
    forker.stdin.write(name + "\n")
    forker.stdin.flush()
    pid = int(forker.stdout.readline())
    deadline = time.monotonic() + _DEADLINE
    while len(answers_in(path.with_name(name))) < answers and time.monotonic() < deadline:
        pass
    time.sleep(random.Random(name).uniform(0, _ONE_WRITE))  # else it would always come soon after an answer
    os.kill(pid, signal.SIGKILL)
    forker.stdout.readline()


def source(folder: Path, count: int) -> Path:
    """Make an export with so many entries of another device."""
    path = folder / "source.db"
    with closing(Store(path, "bo", now)) as store, store.journal.writing() as writing:
        for n in range(count // 10):
            incident = store.journal.new_id()
            writing.record(incident, actions.raise_incident(f"there {n}", {}))
            for number in range(9):
                writing.record(incident, actions.note(f"note {number} of {n}"))
    export = folder / "export.jsonl"
    export.write_text("\n".join(export_lines(path)))
    return export


def pulls(folder: Path, rounds: int) -> Kills:
    """Kill a pull in the middle, so many times; it goes on where the cursor says, and both must agree."""
    return _takeovers(folder, rounds, "pull", [3 + 5 * number % 11 for number in range(_SAME_STORE)])


def imports(folder: Path, rounds: int) -> Kills:
    """Kill an import in the middle, so many times; each begins anew and comes further."""
    return _takeovers(folder, rounds, "import", [1 + 2 * number for number in range(_SAME_STORE)])


def _takeovers(folder: Path, rounds: int, role: str, answers: Sequence[int]) -> Kills:
    found = Kills()
    folder.mkdir(parents=True, exist_ok=True)
    export = source(folder, 1500)
    wanted = [line.split('"id":"')[1][:36] for line in export.read_text().splitlines()[1:]]
    for start in range(0, rounds, _SAME_STORE):
        path = folder / str(start) / "t.db"
        prepare(path)
        before = 0
        with started("-m", "tests.durability.children", role, str(path), str(export)) as forker:
            for number in range(start, min(start + _SAME_STORE, rounds)):
                kill_one(forker, path, str(number), answers[number - start])
                before = _look(path, answers_in(path.with_name(str(number))), wanted, role, before, found)
        found.failures += verify(path).problems[:1]
    return found


def _look(path: Path, answers: Sequence[str], wanted: Sequence[str], role: str, before: int, found: Kills) -> int:
    """Hold what a killed process had answered against what is there, entries and cursor; return how much is there."""
    with closing(Reader(path, "ana")) as reader:
        held = [row[0] for row in reader._connection.execute("SELECT id FROM entry ORDER BY pk")]
        cursor = next((remote.cursor for remote in reader.remotes()), 0) if role == "pull" else len(held)
    done = DONE in answers
    said = len(wanted) if done else max(map(int, answers), default=0)
    found.rounds, found.processes = found.rounds + 1, found.processes + 1
    found.acknowledged += said
    found.missing += max(0, max(said, before) - len(held))
    found.unfinished += max(0, len(held) - max(said, before))
    whole = done or len(held) % (PAGE if role == "pull" else BATCH) == 0
    if held != wanted[: len(held)] or cursor != len(held) or not whole or len(held) < max(said, before):
        found.failures.append(f"{role}: answered for {said}, {len(held)} entries are there, the cursor is {cursor}")
    return len(held)
