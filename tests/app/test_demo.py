from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from app.demo import make
from app.demo.scenarios import STORIES
from domain.entry import Entry
from domain.errors import BadValue
from domain.incident import Incident
from domain.postmortem import TITLES, build, parse, render
from domain.silences import silenced
from domain.times import DAY, from_iso
from domain.vocabulary import STATUSES
from storage.backup import verify
from storage.reader import Reader

NOW = from_iso("2026-11-21T10:00:00Z")
PEOPLE = {"ana", "tomasz", "priya", "jonas", "mei"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "tocsin.db"
    make(path, NOW, me="sam")
    return path


@pytest.fixture
def reader(store: Path) -> Iterator[Reader]:
    found = Reader(store, "sam")
    yield found
    found.close()


def incidents(reader: Reader) -> list[Incident]:
    return reader.incidents([row.id for row in reader.after(-1, 100)])


def entries(path: Path) -> list[Entry]:
    found = Reader(path, "sam")
    try:
        return [entry for row in found.after(-1, 100) for entry in found.entries(row.id)]
    finally:
        found.close()


def test_verify_finds_nothing_wrong(store: Path) -> None:
    found = verify(store)
    assert found.problems == []
    assert found.incidents == len(STORIES)


def test_every_status_and_every_phase_is_there(reader: Reader) -> None:
    found = incidents(reader)
    assert {each.status for each in found} == set(STATUSES)
    spoken = {"New", "Acknowledged", "Triaged", "Working", "Mitigated", "Resolved", "Closed", "Invalid", "Ignored"}
    assert {each.phase for each in found if each.status != "other"} == spoken
    assert all(each.status_label for each in found if each.status == "other")


def test_a_dozen_are_open_and_two_of_them_are_the_readers(reader: Reader) -> None:
    still = [each for each in incidents(reader) if not each.is_closed]
    assert 12 <= len(still) <= 14
    assert sum(each.owner == "sam" for each in still) == 2
    assert sum(each.owner is None for each in still) >= 3
    assert {each.owner for each in still} - {None, "sam"} <= PEOPLE


def test_all_kinds_of_stories_are_told(reader: Reader) -> None:
    found = incidents(reader)
    assert 38 <= len(found) <= 45
    assert sum(each.drill for each in found) == 1
    # A duplicate's twin is related as its original, so it is one of two.
    assert [each.status for each in found if each.is_duplicate] == ["ignored"]
    assert any(each.reopened_at is not None and not each.is_closed for each in found)
    assert any(each.firing for each in found)
    assert any(each.alerts and not each.firing for each in found)
    assert [each.silence.reason for each in found if each.silence and silenced(each, NOW)]
    assert {told.party for each in found if each.updates for told in each.told} == {"customers", "IT"}
    assert any(each.starred for each in found)
    assert any(each.roles for each in found)
    assert len({each.type for each in found}) == 10
    assert {each.priority for each in found} == {"P1", "P2", "P3", "P4"}
    assert any(each.closed_at and each.published_at and len(each.sections) >= 8 for each in found)


def test_entries_are_backdated_and_undone_and_come_from_alerts(store: Path, reader: Reader) -> None:
    made = entries(store)
    assert any(each.occurred_at < each.recorded_at for each in made)
    assert any("undoes" in each.payload for each in made)
    assert {each.source for each in made} == {"human", "alert", "implied"}
    assert {each.author for each in made} >= {*PEOPLE, "sam", "alertmanager", "ldap-verifier"}


def test_everything_lies_in_the_quarter_before_now(store: Path) -> None:
    made = entries(store)
    assert all(NOW - 92 * DAY <= each.occurred_at <= each.recorded_at <= NOW for each in made)
    assert max(each.recorded_at for each in made) > NOW - 30 * 60_000


def test_the_unexpected_member_of_the_founders_is_among_them(reader: Reader) -> None:
    (found,) = (each for each in incidents(reader) if "matt-darker" in each.title)
    assert found.type == "security_breach"
    assert not found.is_closed
    assert "LDAP Verifier Governance Action Service" in [item.name for item in found.originators]
    assert any("founders" in item.name for item in found.resources)
    assert found.related


def test_the_same_seed_and_present_give_the_same_entries(store: Path, tmp_path: Path) -> None:
    make(tmp_path / "again.db", NOW, me="sam")
    make(tmp_path / "other.db", NOW, seed=8, me="sam")
    assert [e.hash for e in entries(tmp_path / "again.db")] == [e.hash for e in entries(store)]
    assert {e.id for e in entries(tmp_path / "other.db")}.isdisjoint(e.id for e in entries(store))


@pytest.mark.parametrize("me", ["ana", "mei", "alertmanager"])
def test_the_reader_may_be_anybody(tmp_path: Path, me: str) -> None:
    make(tmp_path / "demo.db", NOW, me=me)
    assert verify(tmp_path / "demo.db").problems == []


@pytest.mark.parametrize("moment", ["2024-02-29T00:00:30Z", "2026-03-29T23:59:59Z"])
def test_any_present_will_do(tmp_path: Path, moment: str) -> None:
    now = from_iso(moment)
    make(tmp_path / "demo.db", now, me="sam")
    assert all(e.recorded_at <= now for e in entries(tmp_path / "demo.db"))


def test_a_store_that_is_there_is_left_alone(store: Path) -> None:
    before = store.read_bytes()
    with pytest.raises(BadValue, match="There is a file already"):
        make(store, NOW)
    assert store.read_bytes() == before


def test_every_story_has_a_post_mortem_that_comes_back(reader: Reader) -> None:
    from markdown_it import MarkdownIt

    for incident in incidents(reader):
        document = build(incident, reader.replay(incident.id), UTC)
        markdown = render(document)
        assert parse(markdown, document) == {}
        tokens = MarkdownIt("commonmark", {"html": True}).parse(markdown)
        headings = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open" and t.tag == "h2"]
        assert headings == list(TITLES.values())[1:]
