"""What people do on a device, through the product's own actions; and what a newer version of the product writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from domain import actions, ids, merging, silences
from domain.entry import REDACTS, Draft, Entry, body_hash
from domain.incident import Incident
from domain.vocabulary import PRIORITIES, SEVERITIES, STATUSES
from storage.receiving import INSERT
from storage.rows import row_of

if TYPE_CHECKING:
    from storage.journal import Journal
    from tests.simulation.device import Device

_WORDS = ("disk", "pool", "queue", "cert", "dns", "cache")
_TAGS = ("net", "db", "eu", "us")
_PEOPLE = ("ana", "bo", "cy", None)
_SECTIONS = ("summary", "root_cause", "what_went_well")
_ODD_BODIES = (
    '{"value": 1.0E5, "action":"x",  "nested":{"b":2,"a":[1,2.50,null]}}', '{"a":1,"a":2}', "[1, 2,\t3]",
    '"ä\\u00e4\\ud83d\\ude00"',
    "not json at all", "", '{"undoes":"nothing","value":-0.0}', '{"value":12345678901234567890123}',
)  # fmt: skip
Deed = Callable[["Device", Random, str], None]


def text(random: Random) -> str:
    """Return a short text; now and then the same as somebody else's."""
    return f"{random.choice(_WORDS)} {random.choice(_WORDS)} {random.randrange(9)}"


def raise_one(device: Device, random: Random, _incident: str) -> None:
    """Raise an incident; one in five is an import, which another device may import as well."""
    values = {"severity": random.choice(SEVERITIES), "owner": random.choice(_PEOPLE)}
    (draft,) = actions.raise_incident(text(random), values)
    if random.random() < 0.8:
        device.human.raise_incident([draft])
        return
    remote = random.randrange(2)
    incident = ids.imported_id("pager", "acc", str(remote))
    body = {"title": f"alert {remote}", "severity": "high", "owner": "bo"}  # what is imported twice says the same
    imported = Draft("raise", "raise", body, src=f"pager:acc:{remote}")
    with device.human.writing() as writing:
        if not writing.with_src([f"pager:acc:{remote}"]):
            writing.record(incident, [imported])


def note(device: Device, random: Random, incident: str) -> None:
    """Write a note; now and then one as large as half a page."""
    size = 60_000 if random.random() < 0.002 else 0
    device.human.record(incident, lambda _: actions.note(text(random) + "x" * size))


def amend(device: Device, random: Random, incident: str) -> None:
    """Write a note anew."""
    if notes := device.reader.replay(incident).notes():
        chosen, _text = random.choice(notes)
        device.human.record(incident, lambda _: actions.amend(chosen.id, text(random)))


def move(device: Device, random: Random, incident: str) -> None:
    """Change the status as the lifecycle allows."""
    wanted = random.choice([*STATUSES, "closed"])
    words = {"note": "n", "reason": "r", "label": random.choice("ab"), "waive": "w"}
    device.human.record(incident, lambda now: actions.move(now, wanted, text=words))


def change(device: Device, random: Random, incident: str) -> None:
    """Set one or two fields, on one incident or several at once."""
    values = {
        "severity": random.choice(SEVERITIES), "title": text(random), "owner": random.choice(_PEOPLE),
        "priority": random.choice(PRIORITIES), "custom:team": random.choice("abc"), "custom:n": random.randrange(3),
        "mood": random.choice(("calm", {"of": [1]})),
    }  # fmt: skip
    names = random.sample(sorted(values), random.choice((1, 1, 2)))
    chosen = {name: values[name] for name in names}
    every = device.incidents() if random.random() < 0.1 else [incident]
    device.human.record_all(every, lambda now: _set(now, chosen))


def _set(now: Incident, chosen: dict[str, object]) -> Iterable[Draft]:
    if "mood" in chosen:  # a field of a newer version
        return [Draft("set", name, {"value": value}) for name, value in chosen.items()]
    return actions.set_fields(now, chosen)


def write(device: Device, random: Random, incident: str) -> None:
    """Write a section of the post-mortem."""
    sections = {random.choice(_SECTIONS): text(random)}
    device.human.record(incident, lambda now: actions.write_sections(now, sections))


def tag(device: Device, random: Random, incident: str) -> None:
    """Add a tag, or take one away."""
    name = random.choice(_TAGS)
    does = actions.add_item if random.random() < 0.6 else actions.drop_item
    device.human.record(incident, lambda now: does(now, "tag", name))


def acknowledge(device: Device, random: Random, incident: str) -> None:
    """Acknowledge it, take it, mitigate it or follow it up."""
    does: Callable[[Incident], Iterable[Draft]] = random.choice(
        (
            actions.acknowledge,
            lambda now: actions.take(now, device.user),
            lambda now: actions.mitigate(now, now=device.clock()),
            lambda now: actions.follow_up(device.human.new_id(), "do it", "bo"),
            lambda now: actions.assign_role(now, random.choice("xyz"), "commander"),
        )
    )
    device.human.record(incident, does)


def relate(device: Device, random: Random, incident: str) -> None:
    """Relate two incidents, which is written on both."""
    other = random.choice(device.incidents())
    with device.human.writing() as writing:
        ours, theirs = writing.incident(incident), writing.incident(other)
        writing.record(incident, actions.relate(ours, theirs, random.choice(("cause", "duplicate"))))


def merge(device: Device, random: Random, incident: str) -> None:
    """Merge an incident into another, or take it apart again."""
    other = random.choice(device.incidents())
    with device.human.writing() as writing:
        ours, theirs = writing.alone(incident), writing.alone(other)
        if ours.is_merged:
            target = ours.alias_of or other
            known = writing.alone(target) if writing.has(target) else theirs
            writing.record(incident, merging.part(ours, known))
        else:
            writing.record(incident, merging.merge(ours, theirs, "the same"))


def hush(device: Device, random: Random, incident: str) -> None:
    """Silence an incident for a while, or end its silence."""
    now = device.clock()
    if random.random() < 0.7:
        until = now + random.randrange(1, 100_000_000)
        device.human.record(incident, lambda it: silences.silence(it, until, "known", now=now))
    else:
        device.human.record(incident, lambda it: silences.end_silence(it, now=now))


def undo(device: Device, random: Random, incident: str) -> None:
    """Take back the last action, here or anywhere."""
    device.human.undo(incident if random.random() < 0.5 else None)


def redact(device: Device, random: Random, incident: str) -> None:
    """Remove the text of an entry."""
    kept = ("redact", "device", "add")
    found = [entry for entry in device.reader.entries(incident) if entry.kind not in kept and not entry.src]
    if found:
        what = REDACTS + random.choice(found).id
        device.human.record(incident, lambda _: [Draft("redact", what, {"reason": "secret"})])


def newer(device: Device, random: Random, incident: str) -> None:
    """Write what a newer version writes: an unknown kind, with a body that this one would write otherwise."""
    body = random.choice(_ODD_BODIES)
    with device.human.writing() as writing:
        now = device.clock()
        entry = Entry(
            device.human.new_id(), incident, "", 0, now << 16, random.choice(("gauge", "vote")), "x:y", device.user,
            "human", now, now, (), body, body_hash(body), bytes(32),
        )  # fmt: skip
        writing._raw.execute(INSERT, row_of(writing._chain.extend(entry), None))
        writing._touched[incident] = None


def device_entry(device: Device, random: Random, _incident: str) -> None:
    """Write what is about a device and no incident."""
    with device.human.writing() as writing:
        writing.record(writing.device, [Draft("device", random.choice(("named", "revoked")), {"of": text(random)})])


def fresh_incident(journal: Journal) -> str:
    """Raise a plain incident and return its id."""
    return journal.raise_incident(actions.raise_incident("first", {"severity": "low"})).id


DEEDS: dict[Deed, int] = {
    raise_one: 4, note: 10, amend: 6, move: 14, change: 24, write: 8, tag: 12, acknowledge: 6, relate: 2,
    merge: 3, hush: 3, undo: 10, redact: 7, newer: 5, device_entry: 1,
}  # fmt: skip
"""What people do, each with how often."""
