"""Calls of the system that fail: each write, sync, truncation and deletion in turn, once or until there is room again.

What the product refused must not be there, what it had done before must be, and it must go on when the disk does.
The same holds when the power goes at some point of that.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from storage.backup import verify
from storage.errors import StoreError
from tests.durability.disk import ANSWER, Event
from tests.durability.power import Run, cut, manner_of
from tests.durability.vfs import Layer, Watch
from tests.durability.work import Work, elsewhere, held, in_the_manner

CALLS = 12
_PATIENCE = 3  # calls that are refused before there is room again


@dataclass
class Faults:
    """What became of calls of the system that failed.

    Attributes:
        faults: How many runs there were with one, or with a full disk.
        reached: Runs in which it came to that.
        refused: Calls of the product that were refused because of it.
        acknowledged: Calls of the product that returned.
        cuts: Power cuts on such runs.
        failures: What was wrong and how to see it again.
    """

    faults: int = 0
    reached: int = 0
    refused: int = 0
    acknowledged: int = 0
    cuts: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Faults) -> None:
        """Take in the figures of another part."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def fail(layer: Layer, folder: Path, seed: int, count: int, cuts: int = 2) -> Faults:
    """Do a seed's run so many times, each with another call of the system that fails."""
    found, rng = Faults(), random.Random(seed * 7_919)
    calls = _attempt(layer, folder, seed, None, False, Faults(), 0)
    for number in range(count):
        found.faults += 1
        _attempt(layer, folder, seed, rng.randrange(calls), number % 2 == 1, found, cuts)
    return found


def _attempt(layer: Layer, folder: Path, seed: int, at: int | None, lasting: bool, found: Faults, cuts: int) -> int:
    """Do a run in which a call fails; return how many calls of the system it made."""
    live, manner = folder / "live", manner_of(seed)
    live.mkdir(parents=True)
    other = elsewhere(folder / "elsewhere" / "t.db", seed, 20)
    name = f"seed {seed}, {manner}, call {at} {'and all that need room' if lasting else ''} failed"
    with in_the_manner(manner), layer.watching(live) as watch:
        watch.fail_at, watch.lasting = at, lasting
        work = Work(live / "t.db", seed, manner, other, lambda _number: watch.events.append(Event(ANSWER)))
        problem = _persist(work, watch, found)
    problem = problem or next(iter(verify(live / "t.db").problems), "")
    shutil.rmtree(folder)
    found.reached += watch.failed > 0
    found.acknowledged += len(work.states)
    if problem:
        found.failures.append(f"{name}: {problem}")
    elif cuts:
        left = cut(Run(seed, manner, watch.events, work.states), folder / "image", cuts)
        found.cuts += left.cuts
        found.failures += [f"{name}: {failure}" for failure in left.failures]
    return watch.calls


def _persist(work: Work, watch: Watch, found: Faults) -> str:
    """Do the run's calls whatever happens; return what was wrong."""
    before = found.refused
    try:
        _reopen(work, watch, found, before)
        work.put_down()
        for call in work.calls(CALLS):
            states = len(work.states)
            if not _refuses(call, watch, found, before):
                work.put_down()
                continue
            _reopen(work, watch, found, before)
            if len(work.states) == states and held(work.store.reader._connection) != work.states[-1]:
                return f"{call.__name__} was refused, but something of it is there"
        watch.fail_at = None
    finally:
        work.close()
    return ""


def _reopen(work: Work, watch: Watch, found: Faults, before: int) -> None:
    while work.closed:
        _refuses(work.open, watch, found, before)


def _refuses(call: Callable[[], object], watch: Watch, found: Faults, before: int) -> bool:
    """Do a call and say whether it was refused; after some refusals there is room again."""
    if found.refused - before >= _PATIENCE:
        watch.fail_at = None
    try:
        call()
    except StoreError:
        found.refused += 1
        return True
    return False
