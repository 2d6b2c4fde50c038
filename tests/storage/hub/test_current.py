"""What the hub's page reads, on both databases."""

from __future__ import annotations

from dataclasses import replace

from storage.hub import current
from storage.hub.engines import Database
from tests.hubs import INCIDENT, Rig, Writer

OTHER = INCIDENT.replace("0001", "0002")


def test_changes_follow_a_number_in_portions(rig: Rig, database: Database) -> None:
    device = rig.join()
    device.writer.write("raise", "raise", {"title": "a"})
    rig.clock.now += 5
    device.writer.write("raise", "raise", {"title": "b"}, incident=OTHER)
    device.push()
    with database.reading() as connection:
        first = current.changes(connection, 0, 1)
        rest = current.changes(connection, first[-1].seq, 10)
        assert [(each.seq, each.incident) for each in first + rest] == [(1, INCIDENT), (2, OTHER)]
        assert {each.received_at for each in first + rest} == {rig.clock.now}
        assert current.changes(connection, 2, 10) == []


def test_incidents_come_once_each_in_portions(rig: Rig, database: Database) -> None:
    device = rig.join()
    device.writer.write_many(3)
    device.writer.write_many(2, incident=OTHER)
    device.push()
    with database.reading() as connection:
        assert current.incidents(connection, "", 1) == [INCIDENT]
        assert current.incidents(connection, INCIDENT, 5) == [OTHER]
        assert current.incidents(connection, OTHER, 5) == []


def test_only_what_is_needed_is_read_and_nothing_that_is_kept_back(rig: Rig, database: Database) -> None:
    device, viewer = rig.join(), rig.join("vi", "viewer")
    needed = [
        device.writer.write("raise", "raise", {"title": "a"}),
        device.writer.write("set", "status", {"value": "validated"}),
        device.writer.write("fact", "told", {"party": "customers", "note": "x"}),
        device.writer.write("drop", "fact:told", {"undoes": "x"}),
        device.writer.write("add", "related", {"name": "x"}),
        device.writer.write("alias", "alias", {"of": "x"}),
    ]
    device.writer.write("note")
    device.writer.write("set", "owner", {"value": "ana"})
    device.writer.write("fact", "alert", {"status": "firing"})
    device.writer.write("add", "tag", {"name": "x"})
    viewer.writer.write("set", "title", {"value": "not theirs to say"})
    assert set(device.push()) == {"ok"}
    assert viewer.push() == ["quarantined"]
    with database.reading() as connection:
        found = current.entries(connection, [INCIDENT, OTHER])
    assert found[OTHER] == []
    assert sorted(replace(each, pk=0).id for each in found[INCIDENT]) == sorted(each.id for each in needed)


def test_a_renewed_entry_does_not_make_the_hub_look_older(rig: Rig, database: Database) -> None:
    commander = rig.join("co", "commander")
    first = commander.writer.write("raise", "raise", {"title": "a"})
    with database.reading() as connection:
        assert current.newest_arrival(connection) is None
    commander.push()
    rig.clock.now += 1000
    commander.writer.redact(first)
    commander.push()
    with database.reading() as connection:
        assert (
            current.changes(connection, 0, 10)[-1].received_at < rig.clock.now
        )  # the redacted one has the last number
        assert current.newest_arrival(connection) == rig.clock.now


def test_a_writer_may_be_unknown_here(database: Database) -> None:
    with database.reading() as connection:
        assert current.entries(connection, [Writer().device]) == {Writer().device: []}
