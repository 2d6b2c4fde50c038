"""Power cuts: a run of the product is written down, and its disk is looked at as a cut at some point would leave it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from domain import actions
from storage.backup import verify
from storage.errors import StoreError
from storage.store import Store
from tests.durability.disk import ANSWER, SYNC, Disk, Event, Files
from tests.durability.vfs import Layer
from tests.durability.work import Clock, Manner, Work, elsewhere, held_at, in_the_manner

CALLS, CUTS = 40, 50
"""Calls of one run, and cuts of it."""
MANNERS = (
    Manner(checkpoint=20),
    Manner(),
    Manner(checkpoint=4),
    Manner(network=True),
    Manner(checkpoint=100),
    Manner(wal=False),
)
"""What the product does, with the checkpoints of a long life squeezed into a short run; chosen by the seed."""


@dataclass
class Cuts:
    """What became of power cuts.

    Attributes:
        cuts: How many there were.
        acknowledged: Calls that had returned before each cut, together.
        lost: Cuts after which something was gone for which a call had returned.
        most: The most calls that one cut took back.
        unfinished: Cuts after which a call was found whole although it had not returned.
        damaged: Cuts after which the store could not be opened, was not sound, or held half of a call.
        failures: What was wrong and how to see it again; the first of each run.
    """

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    most: int = 0
    unfinished: int = 0
    damaged: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Cuts) -> None:
        """Take in the figures of another part."""
        for each in fields(self):
            here, there = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, max(here, there) if each.name == "most" else here + there)

    @property
    def intact(self) -> int:
        """Cuts after which the store was sound."""
        return self.cuts - self.damaged


@dataclass
class Run:
    """A run that was written down: the events, and what was held after each call."""

    seed: int
    manner: Manner
    events: list[Event]
    states: list[str]


def manner_of(seed: int) -> Manner:
    """Return the manner in which a seed's run writes."""
    return MANNERS[seed % len(MANNERS)]


def record(layer: Layer, folder: Path, seed: int, manner: Manner, calls: int = CALLS) -> Run:
    """Do a run in an empty folder and write down what it does to its files."""
    live = folder / "live"
    live.mkdir(parents=True)
    other = elsewhere(folder / "elsewhere" / "t.db", seed)
    with in_the_manner(manner), layer.watching(live) as watch:
        work = Work(live / "t.db", seed, manner, other, lambda _number: watch.events.append(Event(ANSWER)))
        work.run(calls)
    shutil.rmtree(folder)
    return Run(seed, manner, watch.events, work.states)


def places(run: Run, rng: random.Random, cuts: int) -> list[int]:
    """Return where to cut, ascending: anywhere, right after an answer, right before a sync, in equal parts."""
    answers = [n + 1 for n, event in enumerate(run.events) if event.kind == ANSWER]
    syncs = [n for n, event in enumerate(run.events) if event.kind == SYNC] or answers
    anywhere = range(len(run.events) + 1)
    return sorted(rng.choice((anywhere, answers, syncs)[n % 3]) for n in range(cuts))


def images(run: Run, rng: random.Random, cuts: int) -> Iterator[tuple[int, int, Files]]:
    """Yield, for each cut, its place, how many calls had returned, and the files as they may be found."""
    disk, played, answered = Disk(), 0, 0
    for place in places(run, rng, cuts):
        part = run.events[played:place]
        disk.play(part)
        answered += sum(event.kind == ANSWER for event in part)
        played = place
        yield place, answered, disk.after_cut(rng)


def cut(run: Run, folder: Path, cuts: int = CUTS) -> Cuts:
    """Cut the power at so many places of a run and look at what each leaves."""
    found = Cuts()
    rng = random.Random(run.seed * 1_000_003 + len(run.events))
    with in_the_manner(replace(run.manner, synchronous="", checkpoint=Manner.checkpoint)):
        for place, answered, files in images(run, rng, cuts):
            put(folder, files, rng)
            found.cuts += 1
            found.acknowledged += answered
            if problem := look(run, folder / "t.db", answered, found, thorough=found.cuts % 10 == 0):
                found.failures.append(f"seed {run.seed}, {run.manner}, cut at event {place}: {problem}")
            shutil.rmtree(folder)
    found.failures[1:] = []
    return found


def put(folder: Path, files: Files, rng: random.Random) -> None:
    """Lay files out; the index of a WAL is in memory, and what is found of it after a cut is rubbish."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    if rng.random() < 0.3:
        (folder / "t.db-shm").write_bytes(rng.randbytes(32768))


def look(run: Run, path: Path, answered: int, found: Cuts, *, thorough: bool = False) -> str:
    """Open what a cut has left as the product does, count what became of it, and say what is wrong."""
    try:
        Store(path, "ana", Clock(random.Random(run.seed))).close()
        after, problems = held_at(path), verify(path).problems
    except (StoreError, sqlite3.Error, TypeError, ValueError) as error:  # the last two: rows of a file that is damaged
        found.lost += answered > 0
        return _damage(found, str(error))
    if problems:
        return _damage(found, problems[0])
    return _whole(run, after, answered, found) or _goes_on(path, found, thorough=thorough)


def _whole(run: Run, after: str, answered: int, found: Cuts) -> str:
    """Hold what is there against what was there after each call."""
    if answered == 0:  # the store was being made: it is whole or not yet there, and both open as an empty one
        return "" if after == run.states[0] else _damage(found, "a new store is not empty")
    last = answered - 1  # the state after the last call that returned
    if after == run.states[last]:
        return ""
    if after in run.states[answered : answered + 1]:
        found.unfinished += 1
        return ""
    if after not in run.states[:last]:
        return _damage(found, "what is held is of no moment between two calls")
    gone = last - max(n for n, state in enumerate(run.states[:last]) if state == after)
    found.lost, found.most = found.lost + 1, max(found.most, gone)
    return f"{gone} calls that had returned are gone"


def _damage(found: Cuts, what: str) -> str:
    found.damaged += 1
    return what


def _goes_on(path: Path, found: Cuts, *, thorough: bool) -> str:
    """Write to what a cut has left."""
    try:
        with closing(Store(path, "ana", Clock(random.Random(0)))) as store:
            store.journal.raise_incident(actions.raise_incident("goes on", {}))
        problems = verify(path).problems if thorough else []
    except StoreError as error:
        problems = [error.message]
    return _damage(found, problems[0]) if problems else ""


def round_of(layer: Layer, folder: Path, seed: int, manner: Manner | None = None, cuts: int = CUTS) -> Cuts:
    """Do a seed's run and cut it."""
    return cut(record(layer, folder / "run", seed, manner or manner_of(seed)), folder / "image", cuts)
