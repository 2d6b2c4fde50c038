"""What is done to hubs while a fleet works: `kill -9` of one, of the other, of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.fleet import Fleet, Found
from tests.peers.hubs import HubProcess


@dataclass(frozen=True)
class Load:
    """How much is done.

    Attributes:
        devices: How many push.
        readers: How many follow the cursor.
        kills: How often a hub is killed; each third time all of them.
        between: Entries that must be acknowledged before and after each kill.
        pause: Seconds that a device rests between two exchanges.
    """

    devices: int = 8
    readers: int = 2
    kills: int = 3
    between: int = 60
    pause: float = 0.02


@contextmanager
def hubs_on(database: str, folder: Path, count: int) -> Iterator[list[HubProcess]]:
    """Start several hubs on one database at once, and end them."""
    hubs = [HubProcess(database, folder, f"hub{number}") for number in range(count)]
    try:
        for hub in hubs:
            hub.begin()
        for hub in hubs:
            hub.ready()
        yield hubs
    finally:
        for hub in hubs:
            hub.kill()


def two_hubs(database: str, folder: Path, load: Load) -> Found:
    """Kill hubs and start them again while devices push through both, and hold everything against what is there."""
    with (
        hubs_on(database, folder, 2) as hubs,
        closing(Fleet(hubs, database, folder, load.devices, load.readers)) as fleet,
    ):
        with fleet.running(load.pause):
            for turn in range(load.kills):
                fleet.progress(load.between)
                _kill(fleet, hubs if turn % 3 == 2 else [hubs[turn % 2]], load.between)
            fleet.progress(load.between)
        return fleet.judged(ids_in(database))


def _kill(fleet: Fleet, killed: Sequence[HubProcess], between: int) -> None:
    for hub in killed:
        hub.kill()
    if len(killed) < len(fleet.hubs):
        fleet.progress(between)  # through the one that is left
    for hub in killed:
        hub.begin()
    for hub in killed:
        hub.ready()


def ids_in(database: str) -> set[str]:
    """Return the ids of the entries in a hub's database."""
    from sqlalchemy import select

    from storage.hub.engines import open_database
    from storage.hub.tables import ENTRY

    opened = open_database(database)
    try:
        with opened.reading() as connection:
            return set(connection.execute(select(ENTRY.c.id)).scalars())
    finally:
        opened.close()
