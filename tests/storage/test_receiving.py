"""What comes from elsewhere: clones, holes, what the hub keeps back, and what was redacted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain import actions
from domain.entry import REDACTS, Draft, Entry, body_hash, chain_hash
from domain.incident import Incident
from storage.backup import backup, verify
from storage.receiving import Tampered
from storage.store import Store, rebuild
from storage.transfer import export_lines

Raised = Callable[..., Incident]


@pytest.fixture
def clone(store: Store, raised: Raised, tmp_path: Path, clock: Any) -> Iterator[Store]:
    """A copy of the store, with everything in it, that goes on by itself."""
    raised("before the copy")
    target = tmp_path / "clone" / "tocsin.db"
    backup(store.path, target)
    made = Store(target, "bo", clock)
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: Path, clock: Any) -> Iterator[Store]:
    """Somebody else's store, empty."""
    made = Store(tmp_path / "other" / "tocsin.db", "zoe", clock)
    yield made
    made.close()


def everything(store: Store) -> list[Entry]:
    devices = store.reader.vector()
    return [entry for device in devices for entry in store.reader.chain(device, 1, 10_000)]


def send(source: Store, target: Store) -> int:
    return target.journal_as("sync").receive(everything(source))


def sound(*stores: Store) -> None:
    assert [verify(store.path).problems for store in stores] == [[] for _ in stores]


def note(store: Store, text: str) -> None:
    store.journal.record(store.reader.after(-1, 1)[0].id, lambda _: actions.note(text))


def texts(store: Store) -> set[str]:
    return {entry.payload["text"] for entry in everything(store) if entry.kind == "note"}


# -- two copies of one store


def test_a_clone_takes_a_new_device_and_nothing_is_lost(store: Store, clone: Store) -> None:
    note(store, "here")
    note(clone, "there")
    note(clone, "there too")
    before = {entry.id for entry in everything(clone)}
    send(store, clone)
    assert texts(clone) == {"here", "there", "there too"}
    assert before <= {entry.id for entry in everything(clone)}
    assert len(clone.reader.vector()) == 2
    for entry in everything(store):
        assert clone.reader.hash_at(entry.device, entry.dseq) == entry.hash
    send(clone, store)
    send(store, clone)
    sound(store, clone)
    assert clone.reader.vector() == store.reader.vector()
    assert sorted(export_lines(store.path)) == sorted(export_lines(clone.path))


def test_two_clones_that_hear_of_one_another_at_once_agree_in_the_end(store: Store, clone: Store) -> None:
    note(store, "here")
    note(clone, "there")
    mine, theirs = everything(store), everything(clone)
    clone.journal_as("sync").receive(mine)
    store.journal_as("sync").receive(theirs)
    for _round in range(4):
        send(store, clone)
        send(clone, store)
    sound(store, clone)
    assert texts(store) == texts(clone) == {"here", "there"}


def test_who_goes_on_is_said_in_an_entry_that_is_no_incident(store: Store, clone: Store) -> None:
    note(store, "here")
    old = next(iter(clone.reader.vector()))
    send(store, clone)
    (told,) = [entry for entry in everything(clone) if entry.kind == "device"]
    assert (told.what, told.payload["from"]) == ("continues", old)
    assert clone.reader.count() == 1
    assert clone.reader.row(told.incident) is None


def test_an_older_copy_of_this_device_goes_on_as_another(store: Store, clone: Store) -> None:
    note(clone, "the copy went on")
    send(clone, store)
    note(store, "and so did this one")
    assert len({entry.device for entry in everything(store)}) == 2
    sound(store)


# -- chains


def test_a_hole_is_not_counted_until_it_is_filled(store: Store, raised: Raised, other: Store) -> None:
    raised()
    for n in range(4):
        note(store, f"note {n}")
    sent = everything(store)
    journal = other.journal_as("sync")
    journal.receive([sent[0], *sent[3:]])
    assert [dseq for dseq, _tip in other.reader.vector().values()] == [1]
    listed = {line.entry.id for line in other.reader.waits("hub", 200)}
    assert listed == {entry.id for entry in (sent[0], *sent[3:])}  # what is behind it waits, too, and is listed
    assert other.reader.waiting("hub") == len(listed)
    journal.receive(sent[1:3])
    assert other.reader.vector() == store.reader.vector()
    sound(other)


def test_a_broken_chain_is_not_counted(store: Store, raised: Raised, other: Store) -> None:
    raised()
    for n in range(3):
        note(store, f"note {n}")
    sent = everything(store)
    sent[2] = replace(sent[2], hash=chain_hash(b"x" * 32, sent[2]))
    other.journal_as("sync").receive(sent)
    assert [dseq for dseq, _tip in other.reader.vector().values()] == [2]


@pytest.mark.parametrize("field", ["author", "what", "hlc"])
def test_other_content_under_an_id_is_refused(store: Store, raised: Raised, other: Store, field: str) -> None:
    raised()
    send(store, other)
    before = everything(other)
    changed = replace(before[0], **{field: 7 if field == "hlc" else "mallory"})
    with pytest.raises(Tampered):
        other.journal_as("sync").receive([changed])
    assert everything(other) == before


# -- what the hub keeps back


def held_copy(store: Store, other: Store) -> Entry:
    """The newest entry of `store`, as the hub sends it to others while it keeps it back."""
    newest = everything(store)[-1]
    other.journal_as("sync").receive([*everything(store)[:-1], replace(newest, body=None, held="needs commander")])
    return newest


def hub_says(store: Store, entry: Entry) -> None:
    with store.journal_as("sync").writing() as writing:
        writing.receive([entry], from_hub=True)


def test_what_is_held_counts_for_nothing_until_it_is_let_go(store: Store, raised: Raised, other: Store) -> None:
    incident = raised()
    store.journal.record(incident.id, lambda _: [Draft("set", "owner", {"value": "zoe"})])
    newest = held_copy(store, other)
    assert other.reader.incident(incident.id).owner is None
    assert other.reader.vector() == store.reader.vector()  # it keeps its place
    other.journal.record(incident.id, lambda _: actions.note("work goes on"))
    hub_says(other, newest)
    assert other.reader.incident(incident.id).owner == "zoe"
    sound(other)


def test_only_the_hub_lets_go(store: Store, raised: Raised, other: Store) -> None:
    incident = raised()
    store.journal.record(incident.id, lambda _: [Draft("set", "owner", {"value": "zoe"})])
    newest = held_copy(store, other)
    other.journal_as("sync").receive([newest])  # by hand, in an export
    assert other.reader.incident(incident.id).owner is None


def test_ones_own_entry_is_taken_back_when_the_hub_keeps_it(store: Store, raised: Raised) -> None:
    incident = raised()
    store.journal.record(incident.id, lambda _: [Draft("set", "owner", {"value": "zoe"})])
    newest = everything(store)[-1]
    with store.journal_as("sync").writing() as writing:
        writing.hold({newest.id: "needs commander"})
    assert store.reader.incident(incident.id).owner is None
    store.journal.record(incident.id, lambda _: actions.note("the other journal folds anew"))
    assert store.reader.incident(incident.id).owner is None
    sound(store)


def test_a_held_incident_is_not_shown_and_comes_when_let_go(store: Store, raised: Raised, other: Store) -> None:
    incident = raised()
    (only,) = everything(store)
    hub_says(other, replace(only, body=None, held="needs responder"))
    assert other.reader.row(incident.id) is None
    hub_says(other, only)
    assert other.reader.incident(incident.id).title == incident.title
    with other.journal_as("sync").writing() as writing:
        writing.hold({only.id: "kept back again"})
    assert other.reader.row(incident.id) is None
    sound(other)


# -- redaction


def secret(store: Store, incident: Incident) -> Entry:
    store.journal.record(incident.id, lambda _: actions.note("the password is hunter2"))
    return everything(store)[-1]


def redact(store: Store, entry: Entry) -> None:
    store.journal.record(
        entry.incident, lambda _: [Draft("redact", f"{REDACTS}{entry.id}", {"reason": "a password"}, over=())]
    )


def bytes_of(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*"))


@pytest.mark.parametrize("first", ["entry", "redaction"])
def test_a_redacted_body_is_gone_everywhere_whatever_comes_first(
    store: Store, raised: Raised, other: Store, first: str
) -> None:
    incident = raised()
    whole = secret(store, incident)
    send(store, other) if first == "entry" else other.journal_as("sync").receive(everything(store)[:-1])
    redact(store, whole)
    if first == "redaction":
        other.journal_as("sync").receive([everything(store)[-1]])
        other.journal_as("sync").receive([whole])  # somebody who has not heard of it sends it once more
    send(store, other)
    for each in (store, other):
        (found,) = [entry for entry in everything(each) if entry.id == whole.id]
        assert (found.body, found.hash, found.bhash) == (None, whole.hash, body_hash(str(whole.body)))
        assert each.reader.vector() == store.reader.vector()
    assert store.reader.incident(incident.id) == other.reader.incident(incident.id)
    sound(store, other)


def test_a_redacted_text_is_found_no_more(store: Store, raised: Raised) -> None:
    from domain.query import parse

    whole = secret(store, raised())
    assert store.reader.count(parse("hunter2")) == 1
    redact(store, whole)
    assert store.reader.count(parse("hunter2")) == 0
    rebuild(store.path)  # words stay in the index of words until then
    store.close()
    assert b"hunter2" not in bytes_of(store)


def test_a_body_that_comes_by_hand_is_offered_to_a_hub_that_lacks_it(
    store: Store, raised: Raised, other: Store
) -> None:
    raised()
    (whole,) = everything(store)
    with other.journal_as("sync").writing() as writing:
        writing.receive([replace(whole, body=None)], from_hub=True)
    assert other.reader.offers(10) == []
    other.journal_as("sync").receive([whole])
    assert [entry.id for entry in other.reader.offers(10)] == [whole.id]
    assert everything(other)[0].body == whole.body
