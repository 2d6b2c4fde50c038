"""The world of one schedule: devices, a hub, the network between them and what goes wrong, all from one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from domain.entry import Entry
from domain.errors import BadValue, Refused
from domain.wire import from_line, to_line
from storage.errors import NotFound
from sync.engine import Outcome
from tests.simulation import deeds
from tests.simulation.device import Device, Saved
from tests.simulation.hub import Hub, Room
from tests.simulation.network import NONE, Faults, Line, Network
from tests.simulation.oracle import Oracle
from tests.simulation.stores import Crash, Disks

START = 1_795_000_000_000  # ms
HOUR = 3_600_000
_PAGES = (1, 2, 3, 5, 50, 500)
_ROLES = ("responder", "responder", "commander", "commander", "admin", "viewer")
MOST_ROUNDS = 12
"""Of everybody exchanging in turn, once the network works; more is a failure of liveness."""


class Violation(AssertionError):
    """The product broke a promise; says which, and where."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What kind of schedule it is: which faults there are at all, so that each also comes without the others.

    Attributes:
        devices: How many there are at the beginning.
        steps: How many things happen before the network is healed.
        faults: Of the network.
        crashes: How likely a process dies in what it does.
        troubles: What happens to hub and devices, each with how often; an exchange or a deed has 100.
        releases: Whether all that the hub keeps back is let go in the end.
    """

    devices: int
    steps: int
    faults: Faults
    crashes: float
    skewed: bool
    troubles: tuple[tuple[str, int], ...]
    releases: bool

    @classmethod
    def drawn(cls, random: Random) -> Manner:
        """Draw one."""
        return cls(
            devices=random.choice((2, 2, 2, 3, 3, 4, 5, 7)),
            steps=random.randrange(8, 40),
            faults=Faults.drawn(random),
            crashes=random.choice((0, 0, 0.1)),
            skewed=random.random() < 0.7,
            troubles=tuple((name, random.choice((0, 0, 8, 25))) for name in TROUBLES),
            releases=random.random() < 0.6,
        )


class World:
    """Everything of one schedule.

    Args:
        random: Where every number comes from.
        disks: Stores to be had.
        room: Where the hub lives.
        manner: What kind of schedule; drawn when it is not given.

    Attributes:
        count: How often each thing happened.
        trace: What happened, in words; None when nobody wants to know.
        withheld: The entries that the hub kept back when it was restored.
    """

    def __init__(
        self, random: Random, disks: Disks, room: Room, manner: Manner | None = None, trace: list[str] | None = None
    ) -> None:
        self.random, self.disks = random, disks
        self.now, self.count, self.trace = START, Counter[str](), trace
        self.oracle = Oracle()
        self.hub = Hub(room, lambda: self.now, random)
        self.network = Network(
            random,
            lambda r: self.hub.answer(r.method, r.path, r.query, r.headers, r.body),
            self.happened,
            self._meanwhile,
        )
        self.manner = manner or Manner.drawn(random)
        self.devices: list[Device] = []
        self.withheld: set[str] = set()
        self._saved_hub: bytes | None = None
        self._doing = False
        self._troubles = [name for name, often in self.manner.troubles for _ in range(often)]
        for _ in range(self.manner.devices):
            self.join()
        self._begin()

    # -- what happens ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Let everything happen, then heal the network and let everybody exchange until nothing changes."""
        self.network.faults = self.manner.faults
        for _ in range(self.manner.steps):
            self.step()
        self.heal()

    def step(self) -> None:
        """Let one thing happen."""
        self.now += self.random.choice((10, 1000, 60_000, HOUR, 9 * HOUR))
        kind = self.random.randrange(200 + len(self._troubles))
        if kind < 140:
            device = self.random.choice(self.devices)
            for _ in range(self.random.choice((1, 1, 1, 2, 4))):
                self.act(device)
        elif kind < 200:
            self.exchange(self.random.choice(self.devices))
        else:
            TROUBLES[self._troubles[kind - 200]](self)

    def _begin(self) -> None:
        """Raise an incident that everybody knows, so that there is something to disagree about."""
        first = self.devices[0]
        deeds.raise_one(first, self.random, "")
        for entry in first.entries():
            self._wrote(first, entry, 0)
        for device in self.devices:
            if self.random.random() < 0.8:
                device.sync.receive(first.entries())
            self.look(device)

    def join(self, user: str = "") -> Device:
        """Let another device enrol, of a user of its own unless one is given."""
        name = f"d{len(self.devices)}"
        device = self._device(name, user or f"user{len(self.devices)}", Line(self.network, self.random, ""))
        if self.manner.skewed:
            device.skew = self._skew()
        with device.sync.writing() as writing:
            identifier = writing.device
        device.line.token = self.hub.enrol(device.user, self.random.choice(_ROLES), identifier)
        self.devices.append(device)
        return device

    def _device(self, name: str, user: str, line: Line, image: bytes | None = None) -> Device:
        page = self.random.choice(_PAGES)
        return Device(name, user, self.disks.take(image), line, lambda: self.now, self.random.getrandbits, page)

    def act(self, device: Device) -> None:
        """Let somebody do something on a device; the oracle is told of what they had seen."""
        incidents = device.incidents()
        deed = self.random.choices(list(deeds.DEEDS), list(deeds.DEEDS.values()))[0]
        if not incidents or (deed is deeds.raise_one and len(incidents) > 2):
            deed = deeds.note if incidents else deeds.raise_one
        incident = self.random.choice(incidents) if incidents else ""
        before, seen = device.newest(), self.oracle.bits(device.counted_ids())
        self.tell(device, deed.__name__)
        self._maybe_die(device)
        device.disk.fuse = 0
        try:
            deed(device, self.random, incident)
        except (Refused, BadValue, NotFound) as refusal:
            self.happened("refused to a person")
            self.tell(device, f"  refused: {refusal}")
        except Crash:
            self.happened("crash in a deed")
            device.start()
        device.disk.dies = ""
        for entry in device.entries(before):
            self._wrote(device, entry, seen)
        self.look(device)

    def _wrote(self, device: Device, entry: Entry, seen: int) -> None:
        self.happened("entries")
        self.tell(device, f"  wrote {short(entry)}")
        self.oracle.record(entry, seen)
        for over in entry.over:
            if over not in self.oracle.written:
                raise Violation(f"{device.name}: {short(entry)} replaces {over}, which nobody wrote")

    def exchange(self, device: Device) -> Outcome | None:
        """Let a device exchange with the hub; None when its process died."""
        if device.busy:
            return None
        device.busy = True
        self.tell(device, "exchanges")
        self._maybe_die(device)
        try:
            outcome = device.exchange()
            self.happened("exchanges")
            self.tell(device, f"  {outcome.state} +{outcome.pulled} -{outcome.pushed} {outcome.error}")
        except Crash:
            self.happened("crash in an exchange")
            device.start()
            outcome = None
        finally:
            device.busy = False
        device.disk.dies = ""
        self.look(device)
        return outcome

    def _maybe_die(self, device: Device) -> None:
        if self.random.random() < self.manner.crashes:
            device.disk.dies = self.random.choice(("before", "after"))
            device.disk.fuse = self.random.randrange(5)

    def _meanwhile(self) -> None:
        if self._doing:
            return
        self._doing = True
        try:
            device = self.random.choice(self.devices)
            if device.busy or self.random.random() < 0.5:
                self.act(device)
            else:
                self.exchange(device)
        finally:
            self._doing = False

    def look(self, device: Device) -> None:
        """Hold what a device has against what it had: nothing goes.

        Raises:
            Violation: Something is gone.
        """
        now = device.held_ids()
        if lost := device.ids - now:
            raise Violation(f"I1: {device.name} has lost {sorted(lost)}")
        device.ids = now

    # -- the end ---------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Make the network work, and let everybody exchange until nothing changes.

        Raises:
            Violation: It takes too long, or never ends.
        """
        self.tell(None, "the network is healed")
        self.network.faults = NONE
        self.manner = Manner(**{**_values(self.manner), "crashes": 0})
        self._forgive()
        for round_ in range(MOST_ROUNDS):
            self.now += 1000
            if self.manner.releases:
                self._release_all()
            outcomes = [self.exchange(device) for device in self.random.sample(self.devices, len(self.devices))]
            if all(o and o.state == "in_sync" for o in outcomes) and self._is_quiet():
                self.count[f"healed in {round_ + 1} rounds"] += 1
                return
        states = {d.name: (o.state, o.error) if o else None for d, o in zip(self.devices, outcomes, strict=True)}
        raise Violation(f"I15: after {MOST_ROUNDS} rounds it is not quiet: {states}")

    def _is_quiet(self) -> bool:
        """Say whether everybody has come to where the hub is, and nothing is kept back that is to be let go."""
        epoch, seq = self.hub.place()
        cursors = [(remote.epoch, remote.cursor) for device in self.devices for remote in device.reader.remotes()]
        return cursors == [(epoch, seq)] * len(self.devices) and not (self.manner.releases and self.hub.held())

    def _forgive(self) -> None:
        """Take the revoked devices out; what is on them comes by hand, for a part of it may have come so before."""
        revoked = [device for device in self.devices if device.revoked]
        self.devices = [device for device in self.devices if not device.revoked]
        for device in revoked:
            self._carry(device, self.random.choice(self.devices), device.entries())

    def _release_all(self) -> None:
        for identifier in self.hub.held():
            self.hub.release(identifier)

    # -- troubles --------------------------------------------------------------------------------------------------

    def late_arrives(self) -> None:
        """Let a request arrive that was sent long ago."""
        self.network.deliver_late()

    def back_up_hub(self) -> None:
        """Back up the hub."""
        self._saved_hub = self.hub.save()

    def restore_hub(self) -> None:
        """Restore the hub as it should be done: it gets a new epoch."""
        self._restore("hub restored", new_epoch=True)

    def copy_hub(self) -> None:
        """Restore the hub by copying its file: nobody is told."""
        self._restore("hub copied back", new_epoch=False)

    def _restore(self, what: str, *, new_epoch: bool) -> None:
        if self._saved_hub is None:  # it comes to what there was a backup of, or there is one from now on
            self.back_up_hub()
            return
        self.withheld.update(self.hub.held())
        self.happened(what)
        self.tell(None, what)
        self.hub.load(self._saved_hub, new_epoch=new_epoch)

    def clone(self) -> None:
        """Copy a device with everything on it, its token too; both go on."""
        device = self.random.choice(self.devices)
        if len(self.devices) < 7 and not device.busy:
            self.happened("clone")
            name = f"{device.name}c{len(self.devices)}"
            self.tell(device, f"is cloned as {name}")
            twin = self._device(name, device.user, device.line, device.disk.image())
            twin.skew, twin.ids, twin.revoked = device.skew, device.ids, device.revoked
            self.devices.append(twin)

    def back_up_device(self) -> None:
        """Back up a device."""
        device = self.random.choice(self.devices)
        if not device.busy:
            device.backup = Saved(device.disk.image(), device.ids)

    def restore_device(self) -> None:
        """Restore a device, by the tool (it then writes as another) or by a copy of the disk (it does not know)."""
        device = self.random.choice(self.devices)
        if device.busy:
            return
        if device.backup is None:
            device.backup = Saved(device.disk.image(), device.ids)
            return
        self.happened("device restored")
        self.tell(device, "is restored from its backup")
        device.disk.load(device.backup.image)
        if self.random.random() < 0.5:
            device.disk.connection.execute("UPDATE device SET me = 0")  # what `tocsin restore` does
        device.ids = device.backup.ids
        device.start()

    def turn_clock(self) -> None:
        """Step a clock: a little, by hours or by years."""
        device = self.random.choice(self.devices)
        self.happened("clock stepped")
        device.skew = self._skew()
        self.tell(device, f"has its clock {device.skew / HOUR:+.1f} h off")

    def _skew(self) -> int:
        most = self.random.choice((0, 1000, HOUR // 6, 6 * HOUR, 6 * HOUR, 400 * 24 * HOUR))
        return self.random.randint(-most, most)

    def carry(self) -> None:
        """Carry an export from one device to another by hand: all of it, one incident or some lines."""
        source, target = self.random.choice(self.devices), self.random.choice(self.devices)
        if source is target or target.busy or target.revoked:
            return
        entries = source.entries()
        # A part of a chain stays where it is until the rest comes; who may forget what they wrote gives all of it.
        how = 0 if "restore_device" in self._troubles else self.random.randrange(3)
        if how == 1 and entries:
            wanted = self.random.choice(entries).incident
            entries = [entry for entry in entries if entry.incident == wanted]
        elif how == 2:
            entries = self.random.sample(entries, len(entries) // 2)
        self._carry(source, target, entries)

    def _carry(self, source: Device, target: Device, entries: list[Entry]) -> None:
        self.happened("export carried")
        self.tell(target, f"imports {len(entries)} entries of {source.name}")
        target.sync.receive([from_line(to_line(entry)) for entry in entries])
        self.look(target)

    def release(self) -> None:
        """Let an entry go that the hub keeps back."""
        if held := self.hub.held():
            self.happened("released")
            self.hub.release(self.random.choice(held))

    def change_role(self) -> None:
        """Give somebody another role."""
        self.happened("role changed")
        device = self.random.choice(self.devices)
        self.hub.role(device.user, self.random.choice(_ROLES))

    def revoke(self) -> None:
        """Let the hub want a device no more; its entries may still come by others."""
        device = self.random.choice(self.devices)
        others = [each for each in self.devices if not each.revoked and each.line.token != device.line.token]
        if others and not device.busy:
            self.happened("device revoked")
            self.tell(device, "is revoked")
            for each in self.devices:
                each.revoked = each.revoked or each.line.token == device.line.token
            self.hub.revoke(device.line.token)

    # -- words -----------------------------------------------------------------------------------------------------

    def happened(self, what: str) -> None:
        """Count something."""
        self.count[what] += 1

    def tell(self, device: Device | None, what: str) -> None:
        """Put something into the trace."""
        if self.trace is not None:
            self.trace.append(f"{device.name if device else '-':6} {what}")


def short(entry: Entry) -> str:
    """Return an entry in a few words."""
    return f"{entry.id[-6:]} {entry.device[-4:]}:{entry.dseq} {entry.kind} {entry.what[:40]} {(entry.body or '')[:60]}"


def _values(manner: Manner) -> dict[str, object]:
    return {name: getattr(manner, name) for name in Manner.__slots__}  # type: ignore[attr-defined]


TROUBLES: dict[str, Callable[[World], None]] = {
    each.__name__: each
    for each in (
        World.late_arrives, World.back_up_hub, World.restore_hub, World.copy_hub, World.clone, World.back_up_device,
        World.restore_device, World.turn_clock, World.carry, World.release, World.change_role, World.revoke,
    )
}  # fmt: skip
"""What may happen to hub and devices, by name."""
