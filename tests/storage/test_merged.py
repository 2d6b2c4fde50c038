"""Merges in the store: old refs lead on, chains and rings end, and two stores come to the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import actions, merging
from domain.errors import Refused
from domain.incident import Incident
from domain.query import parse
from domain.regulations import Duty, Regulation, Span, duty_clocks, regulate
from storage.backup import verify
from storage.store import Store, rebuild
from storage.transfer import export_lines, import_lines

Raise = Callable[..., Incident]
NOW = 1_795_000_000_000  # ms, as the clock of these tests stands


def merge(store: Store, duplicate: Incident, target: Incident, note: str = "") -> None:
    with store.journal.writing() as writing:
        one, other = writing.alone(duplicate.id), writing.alone(target.id)
        writing.record(duplicate.id, merging.merge(one, other, note))


def open_ones(store: Store) -> list[str]:
    return [row.ref for row in store.reader.after(-1, 100, parse("status:open"))]


def sound(store: Store) -> None:
    assert verify(store.path).problems == []


class TestOneStore:
    def test_every_ref_leads_to_what_stands_and_it_is_said_once(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        merge(store, one, other)
        told: list[str] = []
        store.reader.followed = told.append
        for asked in (one.ref, one.ref.lower(), one.ref[4:], one.id, other.ref):
            assert store.reader.resolve(asked) == other.id
        assert told == [f"{one.ref} is {other.ref}"]
        assert store.reader.resolve_itself(one.ref) == one.id
        assert open_ones(store) == [other.ref]
        (row,) = store.reader.after(-1, 9, parse("is:duplicate"))
        assert (row.ref, row.merged) == (one.ref, other.ref)
        sound(store)

    def test_a_beginning_of_an_incident_and_its_duplicate_is_not_ambiguous(self, store: Store) -> None:
        made = []
        for end in ("1", "2"):
            identifier = f"01a1f0a0-0000-7000-8000-00000000000{end}"
            made.append(store.journal.raise_incident(actions.raise_incident(end, {}), identifier))
        beginning = made[0].ref[:-1] if made[0].ref[:-1] == made[1].ref[: len(made[0].ref) - 1] else made[0].ref[:6]
        merge(store, made[0], made[1])
        assert store.reader.resolve(beginning) == made[1].id

    def test_what_it_has_is_seen_at_the_other_and_can_be_changed_there(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        journal = store.journal
        journal.record(one.id, lambda it: actions.add_item(it, "tag", "disk"))
        journal.record(other.id, lambda it: actions.add_item(it, "tag", "disk"))
        journal.record(one.id, lambda _it: actions.follow_up("F1", "bigger disk"))
        journal.record(one.id, lambda _it: actions.told("customers", "we look", now=1))
        journal.record(one.id, lambda _it: actions.note("df says 100%"))
        merge(store, one, other)
        found = store.reader.incident(other.id)
        assert [tag.name for tag in found.tags] == ["disk"]
        assert [each.title for each in found.follow_ups] == ["bigger disk"]
        assert [each.party for each in found.told] == ["customers"]
        assert (found.notes, found.duplicates, found.related) == (1, (one.ref,), ())
        journal.record(other.id, lambda it: actions.drop_item(it, "tag", "disk"))
        journal.record(other.id, lambda it: actions.finish_follow_up(it, "F1"))
        found = store.reader.incident(other.id)
        assert (found.tags, found.follow_ups[0].done) == ((), True)
        journal.undo(other.id)
        assert not store.reader.incident(other.id).follow_ups[0].done
        journal.undo(other.id)
        assert [tag.name for tag in store.reader.incident(other.id).tags] == ["disk"]
        sound(store)

    def test_a_star_goes_to_the_moment_that_it_is_on(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        store.journal.record(one.id, lambda _it: actions.note("here it began"))
        merge(store, one, other)
        (note,) = [each for each in store.reader.entries(one.id) if each.kind == "note"]
        store.journal.record(other.id, lambda it: actions.star(it, note.id))
        assert note.id in store.reader.incident(other.id).starred
        store.journal.record(other.id, lambda it: actions.star(it, note.id))
        assert note.id not in store.reader.incident(other.id).starred

    def test_undo_brings_everything_back(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        before = [store.reader.incident(each.id) for each in (one, other)]
        merge(store, one, other)
        _undone, what = store.journal.undo(other.id)
        assert what == "alias:alias"
        after = [store.reader.incident(each.id) for each in (one, other)]
        same = ("status", "related", "duplicates", "alias_of", "tags", "ended_at")
        assert [[getattr(i, n) for n in same] for i in before] == [[getattr(i, n) for n in same] for i in after]
        assert store.reader.resolve(one.ref) == one.id
        assert sorted(open_ones(store)) == sorted([one.ref, other.ref])
        sound(store)

    def test_chains_lead_to_their_end_and_a_rebuild_gives_the_same(self, store: Store, raised: Raise) -> None:
        a, b, c = raised("a"), raised("b"), raised("c")
        merge(store, a, b)
        merge(store, b, c)
        assert store.reader.resolve(a.ref) == store.reader.resolve(b.ref) == c.id
        assert set(store.reader.incident(c.id).duplicates) == {a.ref, b.ref}
        rows = store.reader.after(-1, 9)
        assert {row.ref: row.merged for row in rows} == {a.ref: c.ref, b.ref: c.ref, c.ref: None}
        sound(store)
        rebuild(store.path)
        assert store.reader.after(-1, 9) == rows
        store.journal.undo(c.id)
        assert store.reader.resolve(a.ref) == b.id
        assert {row.ref: row.merged for row in store.reader.after(-1, 9)} == {a.ref: b.ref, b.ref: None, c.ref: None}
        sound(store)

    def test_a_note_on_one_with_many_duplicates_writes_none_of_their_rows(self, store: Store, raised: Raise) -> None:
        target, *others = (raised(f"number {n}") for n in range(5))
        for each in others:
            merge(store, each, target)
        written: list[str] = []
        with store.journal.writing() as writing:
            writing._raw.set_trace_callback(written.append)
            writing.record(target.id, actions.note("x"))
        assert sum(sql.startswith("INSERT INTO incident") for sql in written) == 1

    def test_why_it_was_merged_is_found(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        merge(store, one, other, "same zebra")
        assert [row.ref for row in store.reader.after(-1, 9, parse("zebra"))] == [one.ref]

    def test_the_other_way_round_is_refused(self, store: Store, raised: Raise) -> None:
        one, other = raised("one"), raised("other")
        merge(store, one, other)
        with pytest.raises(Refused):
            merge(store, other, one)

    def test_an_ordinary_ref_costs_one_more_look_along_an_index(self, store: Store, raised: Raise) -> None:
        incident = raised("one")
        asked: list[str] = []
        store.reader._connection.set_trace_callback(asked.append)
        store.reader.resolve(incident.ref)
        assert len(asked) == 2
        asked.clear()
        store.reader.parts(incident.id)
        store.reader._connection.set_trace_callback(None)
        (sql,) = asked
        plan = store.reader._all(f"EXPLAIN QUERY PLAN {sql}")
        assert "incident_alias" in plan[0][3]


class TestTwoStores:
    """They exchange by export and import, in one direction and then in the other."""

    @pytest.fixture
    def pair(self, tmp_path: Path, clock: Any) -> Any:
        ana, bo = (Store(tmp_path / name / "t.db", name, clock) for name in ("ana", "bo"))
        with closing(ana), closing(bo):
            yield ana, bo

    def test_a_note_on_the_duplicate_written_meanwhile_is_seen_at_the_other(self, pair: Any) -> None:
        ana, bo = pair
        one, other = begin(ana, bo, 2)
        merge(ana, one, other)
        bo.journal.record(one.id, lambda _it: actions.note("the fan is broken"))
        bo.journal.record(one.id, lambda it: actions.move(it, "validated"))
        exchange(ana, bo)
        for store in pair:
            found = store.reader.incident(store.reader.resolve(one.ref))
            assert (found.id, found.notes) == (other.id, 1)
            strands = store.reader.strands(other.id)
            assert any(each.payload.get("text") == "the fan is broken" for each in strands[1].entries)
            assert open_ones(store) == [other.ref]
            sound(store)

    def test_two_who_merge_in_both_directions_leave_one_open(self, pair: Any) -> None:
        ana, bo = pair
        one, other = begin(ana, bo, 2)
        merge(ana, one, other)
        merge(bo, other, one)
        exchange(ana, bo)
        stands = min(one, other, key=lambda each: each.id)
        for store in pair:
            assert open_ones(store) == [stands.ref]
            assert {store.reader.resolve(each.ref) for each in (one, other)} == {stands.id}
            found = store.reader.incident(stands.id)
            assert (found.is_closed, found.is_duplicate, found.related) == (False, False, ())
            assert len(found.duplicates) == 1
            sound(store)
        ana.journal.undo()  # ana takes hers back: bo's holds
        exchange(ana, bo)
        for store in pair:
            assert open_ones(store) == [one.ref]
            sound(store)

    def test_what_came_before_its_target_stands_until_that_is_here(self, pair: Any) -> None:
        ana, bo = pair
        one = ana.journal.raise_incident(actions.raise_incident("one", {}))
        other = ana.journal.raise_incident(actions.raise_incident("other", {}))
        merge(ana, one, other)
        entries = [*ana.reader.entries(one.id), *ana.reader.entries(other.id)]
        bo.journal.receive([each for each in entries if each.incident == one.id])
        assert open_ones(bo) == [one.ref]
        assert bo.reader.resolve(one.ref) == one.id
        sound(bo)
        bo.journal.receive([each for each in entries if each.incident == other.id])
        assert open_ones(bo) == [other.ref]
        assert bo.reader.resolve(one.ref) == other.id
        sound(bo)

    def test_two_targets_at_once_are_a_conflict_and_one_holds_on_both(self, pair: Any) -> None:
        ana, bo = pair
        one, two, three = begin(ana, bo, 3)
        merge(ana, one, two)
        merge(bo, one, three)
        exchange(ana, bo)
        assert ana.reader.resolve(one.ref) == bo.reader.resolve(one.ref)
        assert ana.reader.conflicts() == bo.reader.conflicts() == 1

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=10))
    def test_whatever_is_merged_where_every_ref_leads_to_one_that_is_open(
        self, tmp_path_factory: Any, steps: list[tuple[bool, int, int, bool]]
    ) -> None:
        folder = tmp_path_factory.mktemp("pair")
        now = iter(range(1_795_000_000_000, 1_796_000_000_000, 1000))
        ana, bo = (Store(folder / name / "t.db", name, lambda: next(now)) for name in ("ana", "bo"))
        with closing(ana), closing(bo):
            found = begin(ana, bo, 5)
            for mine, one, other, undo in steps:
                store = ana if mine else bo
                try:
                    if undo:
                        store.journal.undo()
                    else:
                        merge(store, found[one], found[other])
                except Refused:
                    continue
            exchange(ana, bo)
            for store in (ana, bo):
                sound(store)
                stands = {each.id: store.reader.resolve(each.ref) for each in found}
                left = open_ones(store)
                assert left
                assert {store.reader.refs([each])[each] for each in stands.values()} == set(left)
                in_parts = [part for each in set(stands.values()) for part in (each, *store.reader.parts(each))]
                assert sorted(in_parts) == sorted(each.id for each in found)
            assert open_ones(ana) == open_ones(bo)


def begin(ana: Store, bo: Store, count: int) -> list[Incident]:
    made = [ana.journal.raise_incident(actions.raise_incident(f"number {n}", {})) for n in range(count)]
    send(ana, bo)
    return made


def exchange(ana: Store, bo: Store) -> None:
    send(ana, bo)
    send(bo, ana)


def send(source: Store, target: Store) -> None:
    lines = "\n".join(export_lines(source.path))
    with closing(target.journal_as("sync")) as journal:
        import_lines(journal, io.BytesIO(lines.encode()))


def test_a_regulation_that_was_said_to_apply_to_a_duplicate_is_corrected_and_withdrawn(
    store: Store, raised: Raise
) -> None:
    one, other = raised("one"), raised("other")
    law = {"law": Regulation("LAW", "A law", (Duty("report", "them", within=Span(3_600_000)),))}
    store.journal.record(one.id, lambda it: regulate(it, "law", law, now=NOW, aware_at=NOW - 9_000_000))
    merge(store, one, other)
    store.journal.record(other.id, lambda it: regulate(it, "law", law, now=NOW, aware_at=NOW - 60_000))
    (clock,) = duty_clocks(store.reader.incident(other.id), law)
    assert clock.due_at == NOW - 60_000 + 3_600_000
    store.journal.record(other.id, lambda it: regulate(it, "law", law, now=NOW, withdrawn="not essential"))
    assert duty_clocks(store.reader.incident(other.id), law) == ()
    store.journal.undo()
    assert [each.due_at for each in duty_clocks(store.reader.incident(other.id), law)] == [clock.due_at]
    sound(store)


def test_what_is_recorded_on_a_duplicate_is_noticed_at_the_other(store: Store, raised: Raise) -> None:
    one, other, third = raised("one"), raised("other"), raised("third")
    merge(store, one, other)
    merge(store, other, third)
    before = dict(store.reader.watched(9))
    assert list(before) == [third.id]
    store.journal.record(one.id, lambda _it: actions.note("still full"))
    assert dict(store.reader.watched(9)) != before


def test_what_is_named_twice_is_put_together_once(store: Store, raised: Raise) -> None:
    one, other = raised("one"), raised("other")
    store.journal.record(one.id, lambda _it: actions.told("customers", "we look", now=1))
    store.journal.record(one.id, lambda _it: actions.note("df says 100%"))
    merge(store, one, other)
    once = store.reader.incident(other.id)
    assert store.reader.named(once) == once
