"""The one write door: all or nothing, the chain, the clock, and a projection that always equals the replay."""

from __future__ import annotations

import dataclasses
import random
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from domain import actions, hlc
from domain.entry import Draft, body_hash, chain_hash
from domain.errors import BadValue, Mistake, Refused
from domain.incident import Incident
from domain.ordering import queue_key
from domain.replay import replay
from domain.rows import QueueRow
from storage import projection
from storage.backup import verify
from storage.errors import NotFound, StoreError
from storage.store import Store, rebuild

TABLES = ("entry", "outbox", "device", "incident", "counter", "search", "seen", "meta")
Raised = Callable[..., Incident]


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    connection = sqlite3.connect(path)
    rows = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
    connection.close()
    return rows


def test_one_action_writes_entry_projection_and_outbox(store: Store, raised: Raised) -> None:
    incident = raised("disk full", priority="P1")
    noted = store.journal.record(incident.id, lambda _: actions.note("looking"))
    written = everything(store.path)
    assert [row[6] for row in written["entry"]] == ["raise", "note"]
    assert written["outbox"] == [(1, "waiting"), (2, "waiting")]
    assert dict(written["counter"])["raised|P1"] == 1
    assert noted == store.reader.incident(incident.id)
    assert noted.notes == 1
    assert [row.id for row in store.reader.after(-1, 10)] == [incident.id]


@pytest.mark.parametrize("table", ["incident", "search", "outbox", "counter", "seen", "device", "meta"])
def test_when_any_table_fails_nothing_is_written(store: Store, raised: Raised, path: Path, table: str) -> None:
    incident = raised()
    before = everything(path)
    connection = sqlite3.connect(path)
    # FTS5 keeps its text in a table of its own.
    target = "search_content" if table == "search" else table
    event = "UPDATE" if table in ("counter", "device") else "INSERT"
    body = "BEGIN SELECT RAISE(ABORT, 'no'); END"
    connection.execute(f"CREATE TRIGGER stop BEFORE {event} ON {target} {body}")
    connection.commit()
    with pytest.raises(StoreError):
        store.journal.record(incident.id, lambda _: actions.note("looking"))
    connection.execute("DROP TRIGGER stop")
    connection.commit()
    connection.close()
    assert everything(path) == before
    assert store.journal.record(incident.id, lambda _: actions.note("again")).notes == 1
    assert verify(path).problems == []


def test_a_refusal_writes_nothing(store: Store, raised: Raised, path: Path) -> None:
    incident = raised()
    before = everything(path)
    with pytest.raises(Refused):
        store.journal.record(incident.id, lambda i: actions.move(i, "resolved"))
    with pytest.raises(NotFound):
        store.journal.record("01a1f0a0-0000-7000-8000-00000000ffff", lambda _: actions.note("x"))
    assert everything(path) == before


def test_an_action_that_has_nothing_to_record_gives_the_incident(store: Store, raised: Raised, path: Path) -> None:
    incident = raised()
    entries = everything(path)["entry"]
    assert store.journal.record(incident.id, lambda i: actions.write_sections(i, {})) == incident
    assert everything(path)["entry"] == entries


def test_a_body_that_is_too_large_is_refused_whole(store: Store, raised: Raised, path: Path) -> None:
    incident = raised()
    before = everything(path)
    huge = [*actions.note("small"), Draft("note", "note", {"text": "x" * (512 * 1024)})]
    with pytest.raises(BadValue, match="larger than"):
        store.journal.record(incident.id, lambda _: huge)
    assert everything(path) == before


def test_several_incidents_are_all_or_none(store: Store, raised: Raised, path: Path) -> None:
    found = [raised(f"disk {n}") for n in range(3)]
    store.journal.record(found[2].id, actions.acknowledge)
    before = everything(path)
    with pytest.raises(Refused, match=found[2].ref):
        store.journal.record_all([each.id for each in found], actions.acknowledge)
    assert everything(path) == before


def test_several_incidents_are_undone_as_one(store: Store, raised: Raised, clock: Any) -> None:
    found = [raised(f"disk {n}").id for n in range(40)]  # more than the folds that are kept
    clock.now += 1000
    assert {i.owner for i in store.journal.record_all(found, lambda i: actions.take(i, "bo"))} == {"bo"}
    undone, what = store.journal.undo()
    assert sorted(each.id for each in undone) == sorted(found)
    assert {(each.owner, each.acknowledged_at) for each in undone} == {(None, None)}
    assert what.endswith("owner") or "acknowledged" in what
    with pytest.raises(Refused, match="nothing of yours"):
        store.journal.undo()
    assert verify(store.path).problems == []


def test_a_relation_is_written_to_both_or_none(store: Store, raised: Raised) -> None:
    one, other = raised("one"), raised("other")
    store.journal.record(one.id, lambda i: actions.relate(i, other, "cause"))
    assert [item.incident for item in store.reader.incident(other.id).related] == [one.id]
    undone, _what = store.journal.undo()
    assert sorted(each.id for each in undone) == sorted([one.id, other.id])
    assert store.reader.incident(other.id).related == ()


def test_the_chain_holds_entry_over_entry(store: Store, raised: Raised) -> None:
    incident = raised()
    for n in range(5):
        store.journal.record(incident.id, lambda _, n=n: actions.note(f"note {n}"))
    previous = b""
    entries = store.reader.entries(incident.id)
    for number, entry in enumerate(entries, 1):
        assert entry.dseq == number
        assert entry.bhash == body_hash(entry.body or "")
        assert entry.hash == chain_hash(previous, entry)
        previous = entry.hash


def test_stamps_rise_though_the_clock_goes_back(store: Store, raised: Raised, clock: Any) -> None:
    incident = raised()
    for step in (0, -3_600_000, 5, -86_400_000, 1, 86_400_000, -1):
        clock.now += step
        store.journal.record(incident.id, lambda _: actions.note("tick"))
    stamps = [entry.hlc for entry in store.reader.entries(incident.id)]
    assert stamps == sorted(set(stamps))


def test_a_stamp_from_the_far_future_does_not_move_the_clock(store: Store, raised: Raised, clock: Any) -> None:
    incident = raised()
    far = (clock.now + 48 * 3_600_000) << 16
    mine = store.reader.entries(incident.id)[0]
    foreign = dataclasses.replace(mine, id="01a1f0a0-0000-7000-8000-0000000000aa", device="d2", hlc=far)
    store.journal.receive([foreign])
    store.journal.record(incident.id, lambda _: actions.note("after"))
    assert hlc.millis(store.reader.entries(incident.id)[-1].hlc) == clock.now


def test_received_entries_are_kept_as_they_are_and_once(store: Store, raised: Raised, tmp_path: Path) -> None:
    incident = raised()
    store.journal.record(incident.id, actions.acknowledge)
    entries = store.reader.entries(incident.id)
    other = Store(tmp_path / "other.db", "bo", lambda: 1)
    assert [other.journal_as("sync").receive(entries) for _ in range(2)] == [2, 0]
    assert other.reader.entries(incident.id) == entries
    assert other.reader.incident(incident.id) == store.reader.incident(incident.id)
    assert verify(other.path).problems == []
    other.close()


def test_every_device_keeps_its_own_owner(store: Store, raised: Raised, tmp_path: Path) -> None:
    raised()
    mine = store.reader.entries(store.reader.after(-1, 1)[0].id)[0]
    foreign = [
        dataclasses.replace(mine, id=f"01a1f0a0-0000-7000-8000-0000000000a{n}", device=f"d{n}", author=f"person{n}")
        for n in range(3)
    ]
    store.journal.receive(foreign)
    owners = {row[0]: row[2] for row in everything(store.path)["device"]}
    assert {key: owners[key] for key in ("d0", "d1", "d2")} == {f"d{n}": f"person{n}" for n in range(3)}


def test_a_store_set_back_by_hand_goes_on_under_a_new_device(store: Store, raised: Raised, clock: Any) -> None:
    """Somebody copied an old file over the store, then imported what came later, with a gap."""
    incident = raised()
    mine = store.reader.entries(incident.id)[0]
    later = dataclasses.replace(mine, id="01a1f0a0-0000-7000-8000-0000000000aa", dseq=3, kind="note", what="note")
    store.journal_as("sync").receive([later])
    for n in range(3):
        store.journal.record(incident.id, lambda _, n=n: actions.note(f"note {n}"))
    entries = store.reader.entries(incident.id)
    assert {entry.device for entry in entries[:2]} == {mine.device}
    assert len({entry.device for entry in entries[2:]} - {mine.device}) == 1
    assert verify(store.path).problems == []


def test_another_writer_in_the_same_process_is_seen(store: Store, raised: Raised) -> None:
    incident = raised()
    alerts = store.journal_as("alert")
    for n in range(3):
        alerts.record(incident.id, lambda _, n=n: actions.note(f"machine {n}"))
        seen = store.journal.record(incident.id, lambda _, n=n: actions.note(f"person {n}"))
        assert seen.notes == 2 * (n + 1)
    alerts.close()
    assert verify(store.path).problems == []


def test_a_rebuild_gives_the_same_projections(store: Store, raised: Raised, path: Path) -> None:
    for n in range(60):
        incident = raised(f"disk {n} full", priority=f"P{n % 4 + 1}")
        if n % 3 == 0:
            store.journal.record(incident.id, lambda i: actions.move(i, "resolved", text={"note": "done"}))
    before = everything(path)
    assert rebuild(path) == 60
    assert everything(path) == before
    assert verify(path).problems == []


def test_refs_stay_apart_when_codes_begin_alike(store: Store) -> None:
    found = [f"01a1f0a0-0000-7000-8000-{n:012x}" for n in range(4)]  # the codes differ in their last character only
    with store.journal.writing() as writing:
        for incident in found:
            writing.record(incident, actions.raise_incident("x", {}))
    refs = store.reader.refs(found)
    assert len(set(refs.values())) == 4
    rebuild(store.path)
    assert store.reader.refs(found) == refs
    assert {store.reader.resolve(ref) for ref in refs.values()} == set(found)


def test_the_index_is_written_in_portions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_HELD_ROWS", 3)
    monkeypatch.setattr(projection, "_HELD_CHARACTERS", 50)
    monkeypatch.setattr(projection, "_PORTION_INCIDENTS", 4)
    for n in range(11):
        store.journal.raise_incident(
            actions.raise_incident(f"disk {n} " + "x" * (n * 9), {"priority": f"P{n % 4 + 1}"})
        )
    assert rebuild(store.path) == 11
    assert verify(store.path).problems == []


WORDS = st.sampled_from(["disk full", "latency", "db down", "Ünïcode ☃", "a\tb", "x"])
PEOPLE = st.sampled_from(["ana", "bo", "Cy"])


class Actions(RuleBasedStateMachine):
    """Random actions of people on a few incidents of one real store; refusals are part of it."""

    incidents = Bundle("incidents")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1_795_000_000_000
        self.random = random.Random(7)
        self.store = Store(Path(self.folder.name) / "t.db", "ana", lambda: self.now)
        self.found: list[str] = []

    def act(self, incident: str, action: Callable[[Incident], Any]) -> None:
        before = self.store.reader.entries(incident)
        try:
            result = self.store.journal.record(incident, action)
        except Mistake:
            assert self.store.reader.entries(incident) == before
            return
        assert result == dataclasses.replace(replay(incident, self.store.reader.entries(incident)), ref=result.ref)

    @initialize(target=incidents, title=WORDS)
    def first(self, title: str) -> str:
        return self.raise_one(title, None)

    @rule(target=incidents, title=WORDS, priority=st.sampled_from([None, "P1", "P4"]))
    def raise_one(self, title: str, priority: str | None) -> str:
        made = self.store.journal.raise_incident(actions.raise_incident(title, {"priority": priority}))
        self.found.append(made.id)
        return made.id

    @rule(step=st.sampled_from([-3_600_000, -1, 0, 1, 60_000, 86_400_000]))
    def wait(self, step: int) -> None:
        self.now += step

    @rule(incident=incidents, text=WORDS, ago=st.integers(0, 9_000_000))
    def note(self, incident: str, text: str, ago: int) -> None:
        self.act(incident, lambda _: actions.note(text, occurred_at=self.now - ago))

    @rule(incident=incidents, status=st.sampled_from(["reviewed", "validated", "resolved", "invalid", "ignored"]))
    def move(self, incident: str, status: str) -> None:
        self.act(incident, lambda i: actions.move(i, status, text={"note": "n", "reason": "r"}))

    @rule(incident=incidents, label=WORDS)
    def other(self, incident: str, label: str) -> None:
        self.act(incident, lambda i: actions.move(i, "other", text={"note": "n", "label": label}))

    @rule(incident=incidents)
    def close(self, incident: str) -> None:
        self.act(incident, lambda i: actions.move(i, "closed", text={"waive": "small"}))

    @rule(incident=incidents, who=PEOPLE)
    def take(self, incident: str, who: str) -> None:
        self.act(incident, lambda i: actions.take(i, who))

    @rule(incident=incidents)
    def mitigate(self, incident: str) -> None:
        self.act(incident, lambda i: actions.mitigate(i, note="rolled back", now=self.now))

    @rule(
        incident=incidents,
        values=st.fixed_dictionaries(
            {},
            optional={
                "title": WORDS,
                "priority": st.sampled_from(["P1", "P2", None]),
                "severity": st.sampled_from(["critical", "low", None]),
                "drill": st.booleans(),
                "custom:region": WORDS,
            },
        ),
    )
    def set(self, incident: str, values: dict[str, Any]) -> None:
        self.act(incident, lambda i: actions.set_fields(i, values))

    @rule(incident=incidents, name=WORDS, kind=st.sampled_from(["tag", "resource", "cause"]))
    def add(self, incident: str, name: str, kind: str) -> None:
        self.act(incident, lambda i: actions.add_item(i, kind, name))

    @rule(incident=incidents, name=WORDS, kind=st.sampled_from(["tag", "resource", "cause"]))
    def drop(self, incident: str, name: str, kind: str) -> None:
        self.act(incident, lambda i: actions.drop_item(i, kind, name))

    @rule(one=incidents, other=incidents, relation=st.sampled_from(["cause", "duplicate", "prior"]))
    def relate(self, one: str, other: str, relation: str) -> None:
        self.act(one, lambda i: actions.relate(i, self.store.reader.incident(other), relation))

    @rule(incident=incidents, text=WORDS)
    def write(self, incident: str, text: str) -> None:
        self.act(incident, lambda i: actions.write_sections(i, {"summary": text}))

    @rule(everywhere=st.booleans(), incident=incidents)
    def undo(self, everywhere: bool, incident: str) -> None:
        try:
            undone, _what = self.store.journal.undo(None if everywhere else incident)
        except Mistake:
            return
        for each in undone:
            entries = self.store.reader.entries(each.id)
            assert each == dataclasses.replace(replay(each.id, entries), ref=each.ref)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.store.path, "ana", lambda: self.now)

    @invariant()
    def windows_are_the_sorted_replays(self) -> None:
        reader = self.store.reader
        shown = {row.id: row for row in reader.after(-1, 1000)}
        assert sorted(shown) == sorted(self.found)
        numbers = dict(reader._all("SELECT id, number FROM incident"))
        expected = []
        for incident in self.found:
            entries = reader.entries(incident)
            whole = dataclasses.replace(replay(incident, reversed(entries)), ref=shown[incident].ref)
            ended, last = whole.closed_at or whole.ended_at, entries[-1].pk
            same = {name: getattr(whole, name) for name in QueueRow.__slots__ if hasattr(whole, name)}
            own = {"ended_at": ended, "conflicts": len(whole.conflicts), "last": last, "seen": last}
            expected.append(QueueRow(**{**same, **own, "key": queue_key(whole, numbers[incident])}))
        expected.sort(key=lambda row: row.key)
        assert list(shown.values()) == expected
        assert reader.last(2) == expected[-2:]
        assert reader.count() == len(expected)

    def teardown(self) -> None:
        assert verify(self.store.path).problems == []
        self.store.close()
        self.folder.cleanup()


TestActions = Actions.TestCase
TestActions.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
