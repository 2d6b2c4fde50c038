"""Runs schedules: one seed, one schedule, and what came of it."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from tests.simulation.checks import check
from tests.simulation.hub import Room, room
from tests.simulation.stores import Disks
from tests.simulation.world import Violation, World


@dataclass(slots=True)
class Tally:
    """What many schedules came to.

    Attributes:
        schedules: How many ran.
        count: How often each thing happened.
        failures: Seeds that broke a promise, each with what was said.
        seconds: How long it took.
    """

    schedules: int = 0
    count: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        """Add what another part of the schedules came to."""
        self.schedules += other.schedules
        self.count += other.count
        self.failures |= other.failures
        self.seconds = max(self.seconds, other.seconds)


class Stage:
    """The memory in which schedules run one after the other."""

    def __init__(self) -> None:
        self.disks: Disks = Disks()
        self.room: Room = room()

    def world(self, random: Random, trace: list[str] | None = None) -> World:
        """Return a fresh world; the one before is no more."""
        self.disks.give_back()
        return World(random, self.disks, self.room, trace=trace)

    def run(self, seed: int, trace: list[str] | None = None) -> Counter[str]:
        """Run one schedule and return how often each thing happened.

        Raises:
            Violation: A promise was broken.
        """
        world = self.world(Random(seed), trace)
        world.run()
        check(world)
        return world.count


def failure(error: BaseException) -> str:
    """Return in words what a schedule failed with."""
    if isinstance(error, Violation):
        return str(error)
    return "".join(traceback.format_exception(error))


def run(seeds: Iterable[int], most: int = 20) -> Tally:
    """Run the schedules of some seeds; give up after `most` failures."""
    stage, tally, began = Stage(), Tally(), time.perf_counter()
    for seed in seeds:
        try:
            tally.count += stage.run(seed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed is what is wanted
            tally.failures[seed] = failure(error)
        tally.schedules += 1
        if len(tally.failures) >= most:
            break
    tally.seconds = time.perf_counter() - began
    return tally


def trace(seed: int) -> tuple[list[str], str]:
    """Run one schedule and return what happened, in words, and what it failed with; empty for nothing."""
    told: list[str] = []
    try:
        Stage().run(seed, told)
    except Exception as error:  # noqa: BLE001 - it is told
        return told, failure(error)
    return told, ""
