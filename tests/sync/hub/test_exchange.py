"""Stores exchange entries with a hub through the client and the engine: what comes of every answer of the protocol."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.errors import Busy, NotWritable
from storage.hub import pulling
from storage.hub.engines import Database, memory_engine, prepare
from sync.hub.service import Options, Service
from tests.hubs import Rig
from tests.teams import Person, all_equal

Join = Callable[..., Person]


@pytest.fixture
def join(rig: Rig, tmp_path: Path) -> Iterator[Join]:
    """Give people with stores of their own."""
    found: list[Person] = []

    def make(name: str, role: str = "responder", page: int = 500) -> Person:
        found.append(Person(tmp_path / f"{name}.db", name, rig, role, page))
        return found[-1]

    yield make
    for person in found:
        person.close()


@pytest.fixture
def other_rig() -> Iterator[Rig]:
    """Give another hub, which has nothing."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection:
        database = Database(memory_engine(connection))
        prepare(database, "other", "other")
        yield Rig(database)


def test_what_one_writes_the_other_has(join: Join) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.note(incident)
    assert ana.waiting == 2
    assert ana.in_sync().pushed == 2
    assert ana.waiting == 0
    assert ben.in_sync().pulled == 2
    assert ben.show(incident).title == "Disk full"
    ben.set(incident, severity="high")
    ben.in_sync()
    ana.in_sync()
    assert ana.show(incident) == ben.show(incident)
    assert all_equal(ana, ben)


def test_when_nothing_is_new_it_asks_once(join: Join) -> None:
    ana = join("ana")
    ana.note(ana.raise_incident())
    ana.in_sync()
    ana.wire.asked.clear()
    found = ana.in_sync()
    assert (found.pushed, found.pulled) == (0, 0)
    assert ana.wire.asked == [("GET", "/v1/hello")]


@pytest.mark.parametrize("page", [1, 2, 3, 6, 7, 8, 500])
def test_pages_of_any_size_come_to_the_same(join: Join, page: int) -> None:
    """Seven entries, so that a page is one more than there are, as many, one less, and so on."""
    ana, ben = join("ana", page=page), join("ben", page=page)
    incident = ana.raise_incident()
    for number in range(6):
        ana.note(incident, f"note {number}")
    assert ana.in_sync().pushed == 7
    assert ben.in_sync().pulled == 7
    assert all_equal(ana, ben)


def test_large_entries_go_in_pages_by_their_bytes(join: Join) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    for number in range(40):
        ana.note(incident, f"{number} " + "x" * 60_000)
    assert ana.in_sync().pushed == 41
    assert ana.wire.asked.count(("POST", "/v1/entries")) >= 3
    assert ben.in_sync().pulled == 41
    assert all_equal(ana, ben)


@pytest.mark.parametrize("lost", range(1, 6))
def test_an_answer_that_is_lost_proves_nothing_and_costs_nothing(join: Join, rig: Rig, lost: int) -> None:
    ana, ben = join("ana", page=2), join("ben", page=2)
    incident = ana.raise_incident()
    for _each in range(5):
        ana.note(incident)
    for number in range(lost):
        ana.wire.deaf = 0
        requests = len(ana.wire.asked)
        ana.wire.deaf = 1 if number % 2 else 0
        found = ana.sync()
        assert found.state in ("offline", "in_sync")
        assert len(ana.wire.asked) > requests
    ana.wire.deaf = 0
    ana.in_sync()
    ben.in_sync()
    assert all_equal(ana, ben)
    with rig.database.reading() as connection:
        assert pulling.state(connection).seq == 6


def test_while_the_hub_is_away_work_goes_on(join: Join, rig: Rig) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.in_sync()
    ana.wire.away = True
    rig.clock.now += 60_000
    ana.note(incident)
    found = ana.sync()
    assert (found.state, found.waiting, found.error) == ("offline", 1, "no connection")
    assert (ana.remote.state, ana.remote.since) == ("offline", rig.clock.now)
    rig.clock.now += 60_000
    ana.sync()
    assert ana.remote.since == rig.clock.now - 60_000
    ana.wire.away = False
    assert ana.in_sync().pushed == 1
    ben.in_sync()
    assert all_equal(ana, ben)


def test_two_changes_that_did_not_see_each_other_are_a_conflict_everywhere(join: Join) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.in_sync()
    ben.in_sync()
    ana.set(incident, severity="low")
    ben.set(incident, severity="high")
    for person in (ana, ben, ana):
        person.in_sync()
    assert ana.show(incident) == ben.show(incident)
    assert ana.show(incident).severity == "high"
    assert set(ana.show(incident).conflicts) == {"severity"}


# -- rights ------------------------------------------------------------------------------------------------------------


def test_what_is_kept_back_counts_nowhere_until_it_is_let_go(join: Join, rig: Rig) -> None:
    ana, vic = join("ana"), join("vic", "viewer")
    incident = ana.raise_incident()
    ana.in_sync()
    vic.in_sync()
    vic.set(incident, severity="critical")
    assert vic.show(incident).severity == "critical"
    found = vic.in_sync()
    assert (found.held, found.waiting) == (1, 0)
    assert vic.show(incident).severity is None
    ana.in_sync()
    assert ana.show(incident).severity is None
    assert None in ana.bodies(incident).values()
    assert rig.release() == 1
    ana.in_sync()
    vic.in_sync()
    assert ana.show(incident).severity == vic.show(incident).severity == "critical"
    assert None not in ana.bodies(incident).values()
    assert all_equal(ana, vic)


@pytest.mark.parametrize("which", ["person", "device"])
def test_the_revoked_are_refused_and_keep_what_they_wrote(join: Join, rig: Rig, which: str) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.in_sync()
    rig.revoke(**{which: "ana" if which == "person" else ana.store.reader.device()})
    ana.note(incident)
    found = ana.sync()
    assert (found.state, found.waiting) == ("refused", 1)
    assert "revoked" in found.error
    assert ana.show(incident).notes == 1
    assert ben.in_sync().pulled == 1
    ana.enrol()  # by a new code
    assert ana.in_sync().pushed == 1
    ben.in_sync()
    assert all_equal(ana, ben)


def test_another_token_for_the_same_device_ends_the_one_before(join: Join) -> None:
    ana = join("ana")
    ana.in_sync()
    before = ana.wire.token
    ana.enrol()
    assert before != ana.wire.token
    ana.in_sync()
    ana.wire.token = before
    assert ana.sync().state == "refused"


# -- redaction ---------------------------------------------------------------------------------------------------------


def taken_out(join: Join) -> tuple[Person, Person, str, str]:
    """Let ana write a secret and cam take it out; return both, the incident and the note."""
    ana, cam = join("ana"), join("cam", "commander")
    incident = ana.raise_incident()
    ana.note(incident, "password hunter2")
    (note,) = (entry for entry in ana.store.reader.entries(incident) if entry.kind == "note")
    ana.in_sync()
    cam.in_sync()
    cam.redact(incident, note.id)
    return ana, cam, incident, note.id


def test_a_text_taken_out_is_out_everywhere(join: Join) -> None:
    ana, cam, incident, note = taken_out(join)
    late = join("late")
    for person in (cam, ana, late):
        person.in_sync()
        assert person.bodies(incident)[note] is None
        assert "hunter2" not in "".join(person.exported())
    assert all_equal(ana, cam, late)


@pytest.mark.parametrize("first", ["who took it out", "who has it still"])
def test_a_text_taken_out_stays_out_of_a_hub_that_begins_anew(
    join: Join, other_rig: Rig, tmp_path: Path, first: str
) -> None:
    ana, cam, incident, note = taken_out(join)
    cam.in_sync()  # and is lost with the old hub before ana hears of it
    for person, role in ((ana, "responder"), (cam, "commander")):
        person.rig = other_rig
        person.wire.service = other_rig.service
        person.enrol(role)
    for person in (cam, ana, cam) if first == "who took it out" else (ana, cam, ana):
        person.in_sync()
    late = Person(tmp_path / "late.db", "late", other_rig)
    late.in_sync()
    for person in (ana, cam, late):
        assert person.bodies(incident)[note] is None
    assert all_equal(ana, cam, late)
    late.close()


def test_a_redaction_without_the_right_takes_nothing_away(join: Join, rig: Rig) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.note(incident, "stays")
    ana.in_sync()
    ben.in_sync()
    (note,) = (entry for entry in ana.store.reader.entries(incident) if entry.kind == "note")
    ben.redact(incident, note.id)
    assert ben.in_sync().held == 1
    ana.in_sync()
    assert ana.bodies(incident)[note.id] is not None
    ben.in_sync()
    assert ben.bodies(incident)[note.id] == ana.bodies(incident)[note.id]  # fetched back from the hub
    assert rig.release() == 1
    for person in (ana, ben):
        person.in_sync()
        assert person.bodies(incident)[note.id] is None


# -- other histories ---------------------------------------------------------------------------------------------------


def test_after_a_new_epoch_everything_is_offered_again(join: Join, rig: Rig) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.in_sync()
    ben.in_sync()
    assert ben.remote.cursor == 1
    rig.new_epoch("second")
    ana.note(incident)
    ana.in_sync()
    ben.in_sync()
    assert ben.remote.epoch == ana.remote.epoch == "second"
    assert all_equal(ana, ben)


def test_a_copy_of_a_store_goes_on_under_a_device_of_its_own(join: Join, rig: Rig, tmp_path: Path) -> None:
    ana, ben = join("ana"), join("ben")
    incident = ana.raise_incident()
    ana.in_sync()
    ana.close()
    shutil.copy(tmp_path / "ana.db", tmp_path / "copy.db")
    ana = Person(tmp_path / "ana.db", "ana", rig)
    copy = Person(tmp_path / "copy.db", "ana", rig)
    copy.wire.token = ana.wire.token = copy.wire.token  # they have the same token as well
    ana.note(incident, "by the one")
    copy.note(incident, "by the other")
    for person in (ana, copy, ana, copy, ben):
        person.in_sync()
    assert ana.store.reader.device() != copy.store.reader.device()
    assert ana.show(incident).notes == 2
    assert all_equal(ana, copy, ben)
    ana.close()
    copy.close()


# -- a hub that cannot -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [(Busy("busy"), 503, "2"), (NotWritable("the disk is full"), 507, "10"), (NotWritable("I/O error"), 503, "10")],
)
def test_a_hub_whose_database_fails_says_so_and_nothing_is_lost(
    join: Join, rig: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, wait: str
) -> None:
    ana = join("ana")
    incident = ana.raise_incident()
    ana.in_sync()
    ana.note(incident)

    def fail(*_arguments: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("storage.hub.pushing.push", fail)
        found = ana.sync()
        assert (found.state, found.waiting, found.seconds) == ("offline", 1, float(wait))
        assert str(status) in found.error
    assert ana.in_sync().pushed == 1


def test_a_hub_that_has_enough_of_it_is_left_alone(join: Join, rig: Rig) -> None:
    ana = join("ana")
    ana.in_sync()
    ana.wire.service = Service(
        rig.database, rig.clock, rig.random.getrandbits, lambda: rig.seconds, Options(requests=0.1, entries=10)
    )
    ana.in_sync()
    found = ana.sync()
    assert found.state == "offline"
    assert "429" in found.error
    assert found.seconds > 0
    rig.seconds += found.seconds
    ana.in_sync()
