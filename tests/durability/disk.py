"""A disk on paper: what SQLite did to its files, and what is left of that when the power goes at some point.

A file that was synced is there as it was at that moment. Whatever came after may be there, be gone, or be there in
parts of 512 bytes; space that a lost write had taken at the end of a file may hold zeros or old rubbish. A new file is
in its folder once it was synced, and a removed one is gone once the folder was: SQLite syncs the folder together with
the first sync of a journal or WAL that it has opened.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

SECTOR = 512
WRITE, TRUNCATE, SYNC, DELETE, CREATE = "write", "truncate", "sync", "delete", "create"
FAILED_SYNC, ANSWER = "failed sync", "answer"
Files = dict[str, bytearray]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: to a file, or (`ANSWER`) that a call of the product has returned.

    Attributes:
        name: The file's name within its folder.
        at: The offset of a write, the size of a truncation, bytes; of a sync and a deletion 1 when the folder is
            synced as well.
        data: What was written.
    """

    kind: str
    name: str = ""
    at: int = 0
    data: bytes = b""


class Disk:
    """Plays events back, keeping apart what is durable and what the system may still hold in memory."""

    def __init__(self) -> None:
        self._durable: Files = {}
        self._waiting: list[Event] = []

    def play(self, events: Iterable[Event]) -> None:
        """Take in what happened next."""
        for event in events:
            if event.kind == FAILED_SYNC:  # Linux says so once, and never writes those pages again
                self._waiting = [each for each in self._waiting if (each.name, each.kind) != (event.name, WRITE)]
            elif event.kind not in (SYNC, ANSWER):
                self._waiting.append(event)
            if event.kind in (SYNC, DELETE) and event.at:
                self._sync_folder()
            if event.kind == SYNC:
                self._sync(event.name)

    def _sync(self, name: str) -> None:
        self._settle([event for event in self._waiting if event.name == name])

    def _sync_folder(self) -> None:
        gone = {event.name: n for n, event in enumerate(self._waiting) if event.kind == DELETE}
        self._settle([event for n, event in enumerate(self._waiting) if n <= gone.get(event.name, -1)])
        self._settle([event for event in self._waiting if event.kind == CREATE])

    def _settle(self, events: Sequence[Event]) -> None:
        for event in events:
            apply(self._durable, event)
        settled = set(map(id, events))
        self._waiting = [event for event in self._waiting if id(event) not in settled]

    def after_cut(self, rng: random.Random) -> Files:
        """Return the files as they may be found after the power has gone at this moment."""
        files = {name: bytearray(data) for name, data in self._durable.items()}
        kept = rng.choice((_nothing, _everything, _in_order, _in_any_order, _in_any_order))
        kept(files, self._waiting, rng)
        return files


def apply(files: Files, event: Event) -> None:
    """Do to files what an event says."""
    if event.kind == DELETE:
        files.pop(event.name, None)
        return
    data = files.setdefault(event.name, bytearray())
    if event.kind == TRUNCATE:
        if event.at < len(data):
            del data[event.at :]
        else:
            data.extend(bytes(event.at - len(data)))
    elif event.kind == WRITE:
        _reach(data, event.at)
        data[event.at : event.at + len(event.data)] = event.data


def _reach(data: bytearray, size: int) -> None:
    if len(data) < size:
        data.extend(bytes(size - len(data)))


def _nothing(_files: Files, _waiting: Sequence[Event], _rng: random.Random) -> None:
    pass


def _everything(files: Files, waiting: Sequence[Event], _rng: random.Random) -> None:
    for event in waiting:
        apply(files, event)


def _in_order(files: Files, waiting: Sequence[Event], rng: random.Random) -> None:
    """Everything up to some write, which is torn."""
    stop = rng.randrange(len(waiting) + 1)
    _everything(files, waiting[:stop], rng)
    if stop < len(waiting):
        _tear(files, waiting[stop], rng)


def _in_any_order(files: Files, waiting: Sequence[Event], rng: random.Random) -> None:
    """Each write kept, lost or torn by itself, some more likely than others; what follows a lost deletion is lost."""
    share = rng.choice((0.1, 0.5, 0.9))
    back: set[str] = set()
    for event in waiting:
        if event.name in back:
            continue
        if rng.random() < share:
            apply(files, event)
        elif event.kind == DELETE:
            back.add(event.name)
        else:
            _tear(files, event, rng)


def _tear(files: Files, event: Event, rng: random.Random) -> None:
    """Keep nothing of a write, its first sectors, or any of them; the file may have grown nevertheless."""
    if event.kind != WRITE:
        return
    sectors = list(_sectors(event))
    how = rng.randrange(4)
    if how == 0:
        return
    if how == 1:
        sectors = sectors[: rng.randrange(len(sectors) + 1)]
    else:
        sectors = [each for each in sectors if rng.random() < 0.5]
    if how == 3:
        _grow(files.setdefault(event.name, bytearray()), event.at + len(event.data), rng)
    for each in sectors:
        apply(files, each)


def _sectors(event: Event) -> Iterator[Event]:
    places = range(event.at, event.at + len(event.data))
    for _sector, inside in groupby(places, lambda place: place // SECTOR):
        part = list(inside)
        yield Event(WRITE, event.name, part[0], event.data[part[0] - event.at : part[-1] + 1 - event.at])


def _grow(data: bytearray, size: int, rng: random.Random) -> None:
    if size > len(data):
        missing = size - len(data)
        data.extend(rng.randbytes(missing) if rng.random() < 0.5 else bytes(missing))
