"""Several processes on one file: nothing is lost, nobody fails, and everybody sees the others."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.incident import Incident
from storage.backup import verify
from storage.store import Store, prepare

Child = Callable[..., Any]

WRITER = """
import time
from domain import actions
from storage.store import Store
store = Store(path, "p" + arguments[0], lambda: int(time.time() * 1000))
journal = store.journal
print("ready", flush=True)
incident = sys.stdin.readline().strip()
for n in range(int(arguments[1])):
    if incident:
        journal.record(incident, lambda _: actions.note(f"{arguments[0]} {n}"))
    else:
        incident = journal.raise_incident(actions.raise_incident("own " + arguments[0], {})).id
    print(store.reader.entries(incident)[-1].id if len(arguments) > 2 else n, flush=True)
store.close()
"""


FLEET = """
import os, time
import sqlalchemy.dialects.sqlite.pysqlite
from domain import actions
from storage import journal
from storage.store import Store

def write(name, incident, count):
    store = Store(path, name, lambda: int(time.time() * 1000))
    for n in range(count):
        if incident:
            store.journal.record(incident, lambda _: actions.note(f"{name} {n}"))
        else:
            store.journal.raise_incident(actions.raise_incident(f"{name} {n}", {}))
    store.close()

incident, processes, count = arguments[0], int(arguments[1]), int(arguments[2])
hold, start = os.pipe()
pids = []
for number in range(processes):  # imported once, forked before anything of the store is open
    pid = os.fork()
    if pid == 0:
        os.close(start)
        os.read(hold, 1)
        write(f"p{number}", incident, count)
        os._exit(0)
    pids.append(pid)
os.close(start)  # all begin at once
print([os.waitpid(pid, 0)[1] for pid in pids])
"""


def test_eight_writers_on_one_file(store: Store, raised: Callable[..., Incident], child: Child) -> None:
    incident = raised()
    out, err = child(FLEET, incident.id, 8, 50).communicate(timeout=100)
    assert (err, out) == ("", f"{[0] * 8}\n")
    texts = Counter(entry.payload.get("text") for entry in store.reader.entries(incident.id)[1:])
    assert texts == Counter(f"p{writer} {n}" for writer in range(8) for n in range(50))
    assert [entry.dseq for entry in store.reader.entries(incident.id)] == list(range(1, 402))
    found = verify(store.path)
    assert (found.problems, found.entries, found.devices) == ([], 401, 1)
    # What this process had kept of the incident is brought up to date.
    assert store.journal.record(incident.id, actions.acknowledge).notes == 400


def test_several_processes_make_one_store(path: Path, child: Child) -> None:
    out, err = child(FLEET, "", 8, 2).communicate(timeout=100)
    assert (err, out) == ("", f"{[0] * 8}\n")
    found = verify(path)
    assert (found.problems, found.incidents, found.devices) == ([], 16, 1)


FORKER = """
import os, time
import sqlalchemy.dialects.sqlite.pysqlite
from domain import actions
from storage import journal
from storage.store import Store

def write(name):
    store = Store(path, name, lambda: int(time.time() * 1000))
    incident = store.journal.raise_incident(actions.raise_incident("round " + name, {})).id
    answers = os.open(path.with_name(name), os.O_WRONLY | os.O_CREAT)
    os.write(answers, (incident + "\\n").encode())
    for n in range(100_000):
        act = (lambda i: actions.assign(i, "o" + str(n))) if n % 5 == 4 else (lambda i: actions.note(f"note {n}"))
        store.journal.record(incident, act)
        os.write(answers, (store.reader.entries(incident)[-1].id + "\\n").encode())

for line in sys.stdin:  # imported once, forked for each round: nothing of the store is open yet
    pid = os.fork()
    if pid == 0:
        write(line.strip())
        os._exit(1)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""


@pytest.mark.timeout(110)
def test_what_was_acknowledged_survives_kill_9(store: Store, child: Child) -> None:
    """Twenty rounds of two writers, each killed in the middle of its writing after another number of answers."""
    forkers = [child(FORKER), child(FORKER)]
    for number in range(20):
        threads = [
            threading.Thread(target=kill_one, args=(forker, store.path, f"{number}-{n}", 3 + (7 * number + 5 * n) % 13))
            for n, forker in enumerate(forkers)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert verify(store.path).problems == []
    for number, n in product(range(20), range(2)):
        incident, *wanted = answers_in(store.path.with_name(f"{number}-{n}"))
        held = [entry.id for entry in store.reader.entries(incident)][1:]
        assert held[: len(wanted)] == wanted
        assert len(wanted) >= 2
        assert len(held) <= len(wanted) + 1  # one may be written but not yet answered
    assert store.reader.count() == 40
    assert store.journal.raise_incident(actions.raise_incident("goes on", {})).title == "goes on"


def kill_one(forker: Any, path: Path, name: str, answers: int) -> None:
    """Let a process write until it has answered so often, and kill it; a deadline makes a hanging one fail."""
    forker.stdin.write(name + "\n")
    forker.stdin.flush()
    pid = int(forker.stdout.readline())
    deadline = time.monotonic() + 60
    while len(answers_in(path.with_name(name))) < answers and time.monotonic() < deadline:
        pass
    os.kill(pid, signal.SIGKILL)
    forker.stdout.readline()


def answers_in(file: Path) -> list[str]:
    return file.read_text().split("\n")[:-1] if file.exists() else []


def test_a_change_of_another_process_is_seen(store: Store, raised: Callable[..., Incident], child: Child) -> None:
    incident = raised()
    before = store.reader.data_version()
    writer = child(WRITER, 1, 1)
    assert writer.stdout.readline() == "ready\n"
    opened = store.reader.data_version()
    assert opened == before  # who only opens the store changes nothing
    _out, err = writer.communicate(incident.id + "\n", timeout=60)
    assert err == ""
    assert store.reader.data_version() != before
    assert store.reader.incident(incident.id).notes == 1
    row = store.reader.row(incident.id)
    assert row is not None
    assert row.is_new


def test_opening_a_store_twice_in_one_process_drops_no_lock(
    store: Store, raised: Callable[..., Incident], child: Child, clock: Any
) -> None:
    """A second opening that touched the file itself would release this process's locks, and the file would break."""
    incident = raised()
    prepare(store.path)
    Store(store.path, "bo", clock).close()
    before = store.reader.data_version()
    _out, err = child(WRITER, 1, 3).communicate(incident.id + "\n", timeout=60)
    assert err == ""
    assert store.path.with_name("tocsin.db-wal").exists()  # the writer knew that it was not the last
    assert store.reader.data_version() != before
    assert store.reader.incident(incident.id).notes == 3
    assert store.journal.record(incident.id, lambda _: actions.note("mine")).notes == 4
    assert verify(store.path).problems == []
