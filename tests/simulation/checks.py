"""The promises, held against a world whose network works again and where everybody has exchanged.

The numbers are those of the design's invariants: what is acknowledged is everywhere (I1), all projections are equal
and are what the entries say (I2, I6), no value loses to one that its author had seen (I3), a conflict is shown where
two wrote without seeing each other and nowhere else (I4), what comes twice changes nothing (I5), chains hold (I7), a
restored hub has everything again (I8), unknown kinds pass bit for bit (I9), what one side accepts the other does
(I12), redacted bodies are gone (I14).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from domain.entry import REDACTS, Entry, body_hash, chain_hash
from domain.replay import Replay
from domain.wire import from_line, to_line
from storage import backup
from storage.backup import Findings
from tests.simulation.device import Device
from tests.simulation.oracle import Value, shown
from tests.simulation.world import Violation, World, short

_ROW = (
    "id, code, title, phase, status, severity, priority, owner, tags, resources, raised_at, acknowledged_at, "
    "mitigated_at, ended_at, updated_at, conflicts, firing, drill, silenced_until, alias_of"
)
"""What a queue row says, without what is each store's own (its number, its ref, its pk)."""


def check(world: World) -> None:
    """Hold every promise against a world at rest.

    Raises:
        Violation: One is broken; says which.
    """
    union = frozenset().union(*(device.ids for device in world.devices))
    for device in world.devices:
        _everywhere(world, device, union)
        _sound(device)
    _same(world)
    _as_written(world)
    _redacted(world)
    _true(world, world.devices[0])
    _reachable(world)
    _again(world)
    if world.random.random() < 0.3:
        _newcomer(world)


def _everywhere(world: World, device: Device, union: frozenset[str]) -> None:
    if missing := union - device.ids:
        raise Violation(f"I1: {device.name} lacks {sorted(missing)}")
    if missing := union - {entry.id for entry in world.hub.entries()}:
        raise Violation(f"I1, I8: the hub lacks {sorted(missing)}")


def _sound(device: Device) -> None:
    """I6, I7: what `verify` looks at, and that no chain has a hole."""
    found = Findings()
    connection = device.disk.connection
    backup._check_chains(connection, found)
    backup._check_devices(connection, found)
    backup._check_incidents(connection, found, None)
    if found.problems:
        raise Violation(f"I6, I7: {device.name}: {found.problems[0]}")
    (count,) = connection.execute("SELECT count(*) FROM entry").fetchone()
    if count != (reached := sum(dseq for dseq, _tip in device.reader.vector().values())):
        raise Violation(f"I7: {device.name} has {count} entries, {reached} of them without a gap before")


def lines(entries: Iterable[Entry]) -> list[str]:
    """Return entries as lines, sorted; of those kept back without the body, which only their writer has."""
    return sorted(to_line(replace(each, body=None) if each.held is not None else each) for each in entries)


def _same(world: World) -> None:
    """I2: every store says the same, and exports the same lines; the hub holds them too."""
    first, *others = world.devices
    ours, rows, vector = lines(first.entries()), _rows(first), first.reader.vector()
    for device in others:
        _equal(f"I2: {first.name} and {device.name} hold other lines", ours, lines(device.entries()))
        _equal(f"I2: {first.name} and {device.name} show other incidents", rows, _rows(device))
        if device.reader.vector() != vector:
            raise Violation(f"I7: {first.name} and {device.name} have other chains")
    _equal(f"I2: {first.name} and the hub hold other lines", ours, lines(world.hub.entries()))
    if world.hub.vector() != vector:
        raise Violation(f"I7: {first.name} and the hub have other chains")


def _rows(device: Device) -> list[Any]:
    return sorted(map(repr, device.disk.connection.execute(f"SELECT {_ROW} FROM incident")))


def _equal(what: str, ours: list[str], theirs: list[str]) -> None:
    if ours != theirs:
        here, there = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
        raise Violation(f"{what}: {_apart((here or [''])[0], (there or [''])[0])}")


def _apart(one: str, other: str) -> str:
    """Return what two lines do not share, in words."""
    if not (one.startswith("{") and other.startswith("{")):
        return f"{one or 'nothing'} | {other or 'nothing'}"
    ours, theirs = json.loads(one), json.loads(other)
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return f"{ours['kind']} {ours['id']}: " + "; ".join(f"{n}: {ours.get(n)!r} | {theirs.get(n)!r}" for n in names)


def _as_written(world: World) -> None:
    """I9 and what nothing else says: every body is to the byte what its author wrote, or was redacted."""
    gone = {entry.what for entry in world.devices[0].entries() if entry.kind == "redact"} | _forgotten(world)
    for entry in world.devices[0].entries():
        written = world.oracle.written.get(entry.id)
        if written is None:
            if entry.kind != "device":
                raise Violation(f"{short(entry)} was written by nobody")
            continue
        missing = entry.body is None and (REDACTS + entry.id in gone or entry.held is not None)
        if entry.body != written.entry.body and not missing:
            raise Violation(f"I9: {short(entry)} was written as {written.entry.body!r}")
        same = replace(written.entry, device=entry.device, dseq=entry.dseq, hash=entry.hash, body=entry.body)
        if replace(same, pk=entry.pk, held=entry.held) != entry:
            raise Violation(f"I9: the envelope of {short(entry)} was written otherwise")


def _forgotten(world: World) -> set[str]:
    """Return, as redactions name them, entries whose body may be gone although no redaction of it counts.

    Of some a redaction was written that a restore of its device took back, or that the hub keeps back: the body went
    with the writing of it, wherever there was no other copy. Others were kept back when the hub was restored to before
    it had them: then nobody but their writer has the body, and nobody at all once that one was restored, too.
    Wherever a body is left it comes back to everybody: all are equal in the end, which is checked.
    """
    counts = {entry.id for entry in world.hub.entries() if entry.held is None}
    written = [each.entry for each in world.oracle.written.values()]
    taken_back = {entry.what for entry in written if entry.kind == "redact" and entry.id not in counts}
    return taken_back | {REDACTS + identifier for identifier in world.withheld}


def _redacted(world: World) -> None:
    """I14: where a redaction counts, the body is nowhere."""
    holders = [(device.name, device.entries()) for device in world.devices] + [("the hub", world.hub.entries())]
    for name, entries in holders:
        gone = {entry.what for entry in entries if entry.kind == "redact" and entry.held is None}
        for entry in entries:
            if entry.body is not None and entry.kind != "redact" and REDACTS + entry.id in gone:
                raise Violation(f"I14: {name} still has the body of {short(entry)}")
    for name, entries in holders:
        reached: dict[str, bytes] = {}
        for entry in sorted(entries, key=lambda each: (each.device, each.dseq)):
            if chain_hash(reached.get(entry.device, b""), entry) != entry.hash:
                raise Violation(f"I7: {name}: the chain breaks at {short(entry)}")
            if entry.body is not None and body_hash(entry.body) != entry.bhash:
                raise Violation(f"I7: {name}: {short(entry)} has another body than was hashed")
            reached[entry.device] = entry.hash


def _true(world: World, device: Device) -> None:
    """I3, I4: what is shown against what the oracle knows."""
    for incident in device.incidents():
        entries = device.reader.entries(incident)
        counted = [entry for entry in entries if entry.held is None]
        # A field that somebody wrote to who is kept back: others may have seen what does not count (yet).
        unsure = {entry.what for entry in entries if entry.held is not None}
        replay = device.reader.replay(incident)
        conflicts = replay.result().conflicts
        for name, values in world.oracle.fields(counted).items():
            if name not in unsure and not any(entry.kind == "raise" and entry.held for entry in entries):
                _check_field(world, replay, name, values, conflicts)


def _reachable(world: World) -> None:
    """Every incident leads to one that stands for itself, the same on every device, and is part of that one."""
    stands = [{each: device.reader.standing(each) for each in device.incidents()} for device in world.devices]
    if any(each != stands[0] for each in stands):
        raise Violation(f"I2: merged incidents lead elsewhere: {stands}")
    reader = world.devices[0].reader
    for incident, target in stands[0].items():
        if reader.standing(target) != target or reader.incident(target).is_merged:
            raise Violation(f"{incident} leads to {target}, which does not stand")
        if incident != target and incident not in reader.parts(target):
            raise Violation(f"{incident} leads to {target} and is not seen there")
        if incident != target:
            world.happened("merges")


def _check_field(world: World, replay: Replay, name: str, values: list[Value], conflicts: Any) -> None:
    expected = [value.written.entry.id for value in values]
    found = [head.entry.id for head in replay.heads(name)]
    if expected != found:
        raise Violation(f"I3: {replay.incident} {name}: {found} stand, it should be {expected}")
    if not values or any(value.written.entry.kind == "add" for value in values):
        return
    if (len({repr(value.value) for value in values}) > 1) != (name in conflicts):
        raise Violation(f"I4: {replay.incident} {name}: shown as {name in conflicts}, {values}")
    if name in conflicts:
        world.happened("conflicts")
    if replay.value(name) != (safe := shown(name, values)):
        raise Violation(f"I4: {replay.incident} {name}: shows {replay.value(name)!r}, it should be {safe!r}")


def _again(world: World) -> None:
    """I5: everything that was sent comes once more, to the hub and by hand; nothing changes."""
    before, standing = [lines(device.entries()) for device in world.devices], world.hub.place()
    if _came_back(world):
        return
    filled = world.hub.place() != standing  # only a body that it lacked, of what it keeps back
    everything = [from_line(to_line(entry)) for entry in world.devices[-1].entries()]
    device = world.devices[0]
    if new := device.sync.receive(world.random.sample(everything, len(everything))):
        raise Violation(f"I5: {device.name} took {new} entries for new that it had")
    for each in (world.devices[0], world.devices[-1]):
        outcome = world.exchange(each)
        exchanged = outcome is None or (outcome.state, outcome.pulled, outcome.pushed) != ("in_sync", 0, 0)
        if exchanged and not filled:
            raise Violation(f"I5: {each.name} exchanged something after everybody was in step: {outcome}")
    if before != [lines(device.entries()) for device in world.devices]:
        raise Violation("I5: what came twice changed something")


def _came_back(world: World) -> bool:
    """I5: what was sent and comes hours late changes nothing at the hub, unless it was lost everywhere else.

    Then everybody has it again; return whether that was so.
    """
    forgotten, before = _forgotten(world), world.hub.entries()
    world.network.deliver_late(everything=True)
    known, after = {entry.id for entry in before}, world.hub.entries()

    def certain(entries: list[Entry]) -> list[str]:
        return lines(
            replace(each, body=None) if REDACTS + each.id in forgotten else each for each in entries if each.id in known
        )

    _equal("I5: the hub changed by what came twice", certain(before), certain(after))
    if lines(before) == lines(after):
        return False
    world.happened("came back late")
    world.heal()
    _same(world)
    return True


def _newcomer(world: World) -> None:
    """I2 in another order: a device that begins now comes to the same."""
    device = world.join()
    for _round in range(3):
        outcome = world.exchange(device)
    if outcome is None or outcome.state != "in_sync":
        raise Violation(f"I15: a device that joins does not come into step: {outcome}")
    _sound(device)
    _same(world)
