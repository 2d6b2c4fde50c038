"""What is one incident is restricted as one, whatever was merged, restricted or received first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import actions, merging, restriction
from domain.entry import Draft
from domain.errors import NoRight, Refused
from domain.incident import Incident
from domain.query import parse
from storage.backup import verify
from storage.sealing import OPEN, OWN, WITH_ANOTHER
from storage.store import Store, rebuild
from storage.transfer import export_lines
from tests.storage.conftest import Clock
from tests.storage.test_sight import give, who

CANARY = "zanzibar"
As = Callable[[str], Store]


@pytest.fixture
def as_(path: Path, clock: Clock, store: Store) -> Iterator[As]:
    """Open the store as somebody: dora is its admin, carl a commander, rita and otto are responders, vic looks."""
    give(path, "carl", "commander")
    for name in ("rita", "otto"):
        give(path, name, "responder")
    opened: list[Store] = []

    def open_(name: str) -> Store:
        opened.append(Store(path, name, clock, who=who(name)))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def raise_(store: Store, title: str) -> Incident:
    return store.journal.raise_incident(actions.raise_incident(title, {}))


def merge(store: Store, duplicate: str, target: str) -> None:
    with store.journal.writing() as writing:
        writing.record(duplicate, merging.merge(writing.alone(duplicate), writing.alone(target)))


def apart(store: Store, duplicate: str, target: str) -> None:
    with store.journal.writing() as writing:
        writing.record(duplicate, merging.part(writing.alone(duplicate), writing.alone(target)))


def canaries(store: Store) -> str:
    """Return all that somebody is shown of whatever bears the canary."""
    reader = store.reader
    found = [reader.after(-1, 99, parse(text), 0) for text in ("", CANARY, "is:duplicate")]
    told = [reader.entries(row.id) for row in found[0]]
    return "".join(map(repr, (found, told, reader.newest(), *export_lines(store.path, who=store._sight.who))))


def rows_of(path: Path) -> dict[str, tuple[int, frozenset[str], str | None]]:
    """Return of each incident how it is restricted, who sees it, and the ref of what it is."""
    with closing(sqlite3.connect(path)) as connection:
        seers: dict[str, set[str]] = {}
        for incident, name in connection.execute("SELECT incident, name FROM seer"):
            seers.setdefault(incident, set()).add(name)
        rows = connection.execute("SELECT id, restricted, merged FROM incident").fetchall()
    return {each: (how, frozenset(seers.pop(each, ())), merged) for each, how, merged in rows} | {
        each: (-1, frozenset(names), None) for each, names in seers.items()
    }


@pytest.fixture
def pair(as_: As) -> tuple[Incident, Incident]:
    """What rita raised, into which what carl raised, with the canary, is merged; then it is restricted."""
    carl = as_("carl")
    stands, duplicate = raise_(as_("rita"), "alpha"), raise_(carl, f"{CANARY} too")
    carl.journal.record(duplicate.id, lambda _i: actions.note(f"{CANARY} note"))
    merge(carl, duplicate.id, stands.id)
    assert CANARY in canaries(as_("vic"))
    carl.journal.record(stands.id, restriction.restrict)
    return stands, duplicate


def test_a_duplicate_is_restricted_with_what_it_is(as_: As, pair: tuple[Incident, Incident], path: Path) -> None:
    for name in ("vic", "otto"):
        assert CANARY not in canaries(as_(name))
        for each in pair:
            with pytest.raises(NoRight, match="is restricted"):
                as_(name).reader.resolve(each.ref)
    for name in ("rita", "carl", "dora"):
        assert CANARY in canaries(as_(name))
    assert rows_of(path)[pair[1].id] == (WITH_ANOTHER, {"user:rita", "user:carl"}, pair[0].ref)
    assert verify(path).problems == []


def test_it_follows_who_may_see_that_one(as_: As, pair: tuple[Incident, Incident], path: Path) -> None:
    stands, duplicate = pair
    carl = as_("carl").journal
    for begin, end in (
        (lambda i: restriction.restrict(i, ["otto"]), lambda i: restriction.restrict(i, remove=["otto"])),
        (lambda i: actions.assign(i, "otto"), lambda i: actions.assign(i, "carl")),
        (lambda i: actions.assign_role(i, "otto", "scribe"), lambda _i: ()),
    ):
        assert CANARY not in canaries(as_("otto"))
        carl.record(stands.id, begin)
        assert CANARY in canaries(as_("otto"))
        assert verify(path).problems == []
        carl.record(stands.id, end)
    assert CANARY in canaries(as_("otto"))
    carl.undo(stands.id)
    carl.record(stands.id, restriction.lift)
    assert CANARY in canaries(as_("vic"))
    assert rows_of(path)[duplicate.id][:2] == (OPEN, frozenset())


def test_taken_apart_it_is_what_it_was(as_: As, pair: tuple[Incident, Incident]) -> None:
    apart(as_("carl"), pair[1].id, pair[0].id)
    assert CANARY in canaries(as_("vic"))
    assert "alpha" not in repr(as_("vic").reader.after(-1, 99))


def test_a_chain_is_restricted_to_its_beginning(as_: As, pair: tuple[Incident, Incident], path: Path) -> None:
    stands, duplicate = pair
    carl = as_("carl")
    end = raise_(carl, "the end")
    carl.journal.record(end.id, restriction.restrict)
    merge(carl, stands.id, end.id)
    # rita raised the middle, which names its own people; the one at the beginning needs what both of them ask.
    assert rows_of(path)[duplicate.id] == (WITH_ANOTHER, {"user:carl"}, end.ref)
    assert rows_of(path)[stands.id] == (OWN, {"user:rita"}, end.ref)
    with carl.journal.writing() as writing:
        writing.record(stands.id, (Draft("set", "restricted", {"value": False}),))
    assert rows_of(path)[stands.id] == (WITH_ANOTHER, {"user:rita", "user:carl"}, end.ref)
    carl.journal.record(end.id, restriction.lift)
    assert CANARY in canaries(as_("vic"))
    assert verify(path).problems == []


def test_one_that_is_restricted_itself_is_shown_to_its_own_people_alone(as_: As, path: Path) -> None:
    carl = as_("carl")
    stands, duplicate = raise_(as_("rita"), "alpha"), raise_(carl, CANARY)
    for each in (stands, duplicate):
        carl.journal.record(each.id, restriction.restrict)
    merge(carl, duplicate.id, stands.id)
    assert CANARY not in canaries(as_("rita"))
    assert rows_of(path)[duplicate.id] == (OWN, {"user:carl"}, stands.ref)


def test_a_note_on_a_restricted_one_with_many_duplicates_writes_none_of_their_rows(
    as_: As, pair: tuple[Incident, Incident]
) -> None:
    written: list[str] = []
    with as_("carl").journal.writing() as writing:
        writing._raw.set_trace_callback(written.append)
        writing.record(pair[0].id, actions.note("x"))
    assert sum(sql.startswith("INSERT INTO incident") for sql in written) == 1


@pytest.mark.parametrize("value", [1, "yes", "x", "no", 0, [], True])
def test_whatever_a_foreign_program_restricts_by_restricts(as_: As, value: Any) -> None:
    carl = as_("carl")
    found = raise_(carl, CANARY)
    carl.journal.record(found.id, lambda _i: (Draft("set", "restricted", {"value": value}),))
    assert CANARY not in canaries(as_("vic"))
    assert carl.reader.incident(found.id).restricted is True
    carl.journal.record(found.id, restriction.lift)
    assert CANARY in canaries(as_("vic"))


# Those that make the difference come more often.
_ACTS = ("merge", "force", "force", "restrict", "restrict", "allow", "own", "lift", "apart", "undo")
_STEP = st.tuples(st.sampled_from(_ACTS), st.integers(0, 2), st.integers(0, 2), st.booleans())


def _act(store: Store, what: str, one: str, other: str) -> None:
    journal = store.journal
    if what == "merge":
        merge(store, one, other)
    elif what == "force":  # as another device writes it that knows less
        journal.record(one, lambda _i: (Draft("alias", "alias", {"of": other, "name": "x"}),))
    elif what == "apart":
        apart(store, one, other)
    elif what == "undo":
        journal.undo()
    else:
        acts: dict[str, Callable[[Incident], Any]] = {
            "restrict": restriction.restrict, "lift": restriction.lift,
            "allow": lambda i: restriction.restrict(i, ["otto"]), "own": lambda i: actions.assign(i, "rita"),
        }  # fmt: skip
        journal.record(one, acts[what])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(_STEP, min_size=5, max_size=12), data=st.data())
def test_whatever_comes_first_the_rows_are_the_same(
    tmp_path_factory: Any, steps: list[tuple[str, int, int, bool]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    now = iter(range(1_795_000_000_000, 1_796_000_000_000, 1000))
    ana, bo, cleo = (Store(folder / name / "t.db", name, lambda: next(now)) for name in ("ana", "bo", "cleo"))
    with closing(ana), closing(bo), closing(cleo):
        made = [raise_(ana, f"number {n}").id for n in range(3)]
        bo.journal.receive([entry for each in made for entry in ana.reader.entries(each)])
        for what, one, other, mine in steps:
            with suppress(Refused):
                _act(ana if mine else bo, what, made[one], made[other])
        entries = {e.id: e for store in (ana, bo) for each in made for e in store.reader.entries(each)}
        for store in (ana, bo):
            store.journal.receive(list(entries.values()))
        order = data.draw(st.permutations(list(entries.values())))
        while order:
            portion = data.draw(st.integers(1, len(order)))
            cleo.journal.receive(order[:portion])
            order = order[portion:]
        expected = rows_of(ana.path)
        for store in (ana, bo, cleo):
            assert rows_of(store.path) == expected
            assert verify(store.path).problems == []
            rebuild(store.path)
            assert rows_of(store.path) == expected
