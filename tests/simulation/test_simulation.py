"""The simulation in small: some seeds, every defect found by itself, and the same world shrunk by Hypothesis.

The large run is `python -m scripts.simulate`; see docs/simulation.md.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from domain.entry import Draft
from scripts.simulate import life
from tests.simulation.checks import check
from tests.simulation.device import Device
from tests.simulation.mutants import MUTANTS, broken
from tests.simulation.network import NONE, Faults
from tests.simulation.schedules import Stage, run
from tests.simulation.world import TROUBLES, Manner, World


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


def test_every_promise_is_kept() -> None:
    tally = run(range(120))
    assert tally.failures == {}
    assert tally.count["conflicts"] > 20
    for fault in ("answer lost", "request lost", "delivered late", "clone", "hub restored", "hub copied back"):
        assert tally.count[fault], f"there was no {fault}"


# -- defects that the simulation found, each by itself


def quiet(stage: Stage, *, releases: bool) -> World:
    """Three devices with one incident that all know, and a network that works."""
    stage.disks.give_back()
    world = World(Random(5), stage.disks, stage.room, Manner(3, 0, NONE, 0, False, (), releases))
    for device, role in zip(world.devices, ("viewer", "commander", "responder"), strict=True):
        world.hub.role(device.user, role)
    world.hub.role(world.devices[0].user, "admin")
    for device in (*world.devices, *world.devices):
        world.exchange(device)
    world.hub.role(world.devices[0].user, "viewer")
    return world


def records(world: World, device: Device, incident: str, draft: Draft) -> None:
    """Let somebody record something, and tell the oracle."""
    before, seen = device.newest(), world.oracle.bits(device.counted_ids())
    device.human.record(incident, lambda _: [draft])
    for entry in device.entries(before):
        world.oracle.record(entry, seen)


def lost_and_returned(stage: Stage) -> None:
    """A hub is restored to before an entry that it kept back, and gets it again from somebody who has no body of it."""
    world = quiet(stage, releases=True)
    viewer, commander, _responder = world.devices
    before = world.hub.save()
    records(world, viewer, viewer.incidents()[0], Draft("note", "note", {"text": "what a viewer wrote"}))
    for device in (viewer, commander):
        world.exchange(device)
    world.hub.load(before, new_epoch=True)
    for device in (commander, viewer):
        world.exchange(device)
    world.heal()
    check(world)
    assert "what a viewer wrote" in str(commander.entries())


def redacted_without_right(stage: Stage) -> None:
    """Somebody redacts who may not: the hub keeps that back, and the text is everywhere again."""
    world = quiet(stage, releases=False)
    responder = world.devices[2]
    first = responder.entries()[0]
    records(world, responder, first.incident, Draft("redact", f"body:{first.id}", {"reason": "secret"}))
    assert responder.entries()[0].body is None
    world.heal()
    check(world)
    assert responder.entries()[0].body == first.body


FOUND = {"lost bodies not offered": lost_and_returned, "removed bodies not asked for": redacted_without_right}
"""What was found, by the mutant that takes the remedy away again."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once_stays_away(stage: Stage, name: str) -> None:
    FOUND[name](stage)
    with broken(name), pytest.raises(AssertionError):
        FOUND[name](stage)


# -- the simulator itself


def test_one_seed_is_one_schedule(stage: Stage) -> None:
    first, second = list[str](), list[str]()
    assert stage.run(77, first) == stage.run(77, second)
    assert first == second


@pytest.mark.parametrize(
    "name", ["fold by clock", "no over", "page off by one", "clone keeps its id", "old folds kept", "clock refuses"]
)
def test_a_product_that_is_broken_is_noticed(name: str) -> None:
    _name, number, why = life(name, 0, 60)
    assert number, f"nobody noticed: {MUTANTS[name][0]}"
    assert why


class Machine(RuleBasedStateMachine):
    """The same world, whose steps Hypothesis chooses and shrinks."""

    @initialize(seed=st.integers(0, 2**32), devices=st.integers(2, 4), faulty=st.booleans(), releases=st.booleans())
    def begin(self, seed: int, devices: int, faulty: bool, releases: bool) -> None:
        random = Random(seed)
        faults = Faults(lost=0.1, unanswered=0.1, late=0.1, truncated=0.1, meanwhile=0.1) if faulty else NONE
        manner = Manner(devices, 0, faults, 0.05 if faulty else 0, faulty, (), releases)
        stage = Stage()
        self.world = World(random, stage.disks, stage.room, manner)
        self.world.network.faults = faults

    @rule(who=st.integers(0, 6))
    def act(self, who: int) -> None:
        self.world.act(self.world.devices[who % len(self.world.devices)])

    @rule(who=st.integers(0, 6))
    def exchange(self, who: int) -> None:
        self.world.exchange(self.world.devices[who % len(self.world.devices)])

    @rule(trouble=st.sampled_from(sorted(set(TROUBLES) - {"carry"})))
    def trouble(self, trouble: str) -> None:
        TROUBLES[trouble](self.world)

    @rule(ms=st.integers(1, 10**8))
    def wait(self, ms: int) -> None:
        self.world.now += ms

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.heal()
            check(self.world)


Machine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestMachine = Machine.TestCase
