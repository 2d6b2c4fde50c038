"""Export and import: an equal store, once, in any order, in bounded memory, and every flaw named with its line."""

from __future__ import annotations

import gc
import io
import json
import random
import sqlite3
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain import actions, ids, limits, wire
from domain.entry import Draft, Entry, body_hash, chain_hash
from domain.incident import Incident
from domain.strictjson import dumps
from domain.wire import from_line, to_line
from storage.backup import verify
from storage.receiving import Tampered
from storage.store import Store
from storage.transfer import BadExport, export_lines, import_lines

Raised = Callable[..., Incident]


@pytest.fixture
def full(store: Store, raised: Raised) -> Store:
    """A store with every kind of entry, on a few incidents."""
    found = [raised(f"disk {n} “full” \x1b[31m", priority=f"P{n % 4 + 1}", drill=n == 3) for n in range(8)]
    record, one = store.journal.record, found[0]
    record(one.id, lambda i: actions.take(i, "bo"))
    record(one.id, lambda _: actions.note('line\nline \\ " \t ☃ 😀', occurred_at=1_700_000_000_123))
    record(one.id, lambda i: actions.add_item(i, "tag", "db"))
    record(one.id, lambda i: actions.drop_item(i, "tag", "db"))
    record(one.id, lambda i: actions.relate(i, found[1], "cause", "why"))
    record(one.id, lambda i: actions.move(i, "resolved", text={"note": "done"}))
    record(found[2].id, lambda _: [Draft("fact", "alert", {"fingerprint": "f", "status": "firing"}, src="am:f:1")])
    record(found[3].id, lambda _: [Draft("future", "thing", {"x": [1, None, 1.5]})])
    store.journal.undo(one.id)
    store.journal.record_all([each.id for each in found[4:]], lambda i: actions.assign(i, "cy"))
    return store


@pytest.fixture
def other(tmp_path: Path, clock: Any) -> Iterator[Store]:
    opened = Store(tmp_path / "other" / "t.db", "zoe", clock)
    yield opened
    opened.close()


def lines(store: Store) -> list[str]:
    return list(export_lines(store.path))


def read(store: Store, text: list[str] | str | bytes, **more: Any) -> tuple[int, int]:
    data = "\n".join(text) if isinstance(text, list) else text
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    journal = store.journal_as("sync")
    try:
        return import_lines(journal, stream, **more)
    finally:
        journal.close()


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    found = {
        table: rows(store, f"SELECT * FROM {table} ORDER BY 1") for table in ("entry", "incident", "search_content")
    }
    return {**found, "counter": rows(store, "SELECT name, n FROM counter WHERE n > 0 ORDER BY 1")}


def shown(store: Store) -> list[Incident]:
    """Every incident; the refs are the store's own."""
    return [replace(store.reader.incident(each), ref="") for (each,) in rows(store, "SELECT id FROM incident")]


def by_id(found: list[Incident]) -> list[Incident]:
    bare = [replace(each, related=tuple(replace(item, name="") for item in each.related)) for each in found]
    return sorted(bare, key=lambda each: each.id)


def test_an_import_gives_an_equal_store(full: Store, other: Store) -> None:
    exported = lines(full)
    count = len(exported) - 1
    assert read(other, exported) == (count, count)
    assert content(other) == content(full)
    assert lines(other) == exported
    found = verify(other.path)
    assert (found.problems, found.entries) == ([], count)
    assert all(row.is_new for row in other.reader.after(-1, 100))


def test_twice_changes_nothing(full: Store, other: Store) -> None:
    exported = lines(full)
    read(other, exported)
    before = content(other)
    assert read(other, exported) == (len(exported) - 1, 0)
    assert content(other) == before
    assert read(full, exported) == (len(exported) - 1, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_lines_does_not_matter(full: Store, other: Store, seed: int, monkeypatch: Any) -> None:
    monkeypatch.setattr("storage.transfer._BATCH", 5)
    header, *entries = lines(full)
    random.Random(seed).shuffle(entries)
    read(other, [header, *entries, *entries[:7]])
    assert by_id(shown(other)) == by_id(shown(full))
    assert sorted(lines(other)) == sorted(lines(full))
    assert verify(other.path).problems == []


def test_some_incidents_only(full: Store, other: Store) -> None:
    wanted = [row.id for row in full.reader.after(-1, 2)]
    read(other, list(export_lines(full.path, wanted)))
    assert sorted(each.id for each in shown(other)) == sorted(wanted)
    assert verify(other.path).problems == []
    assert read(other, lines(full))[1] == len(lines(full)) - 1 - sum(len(full.reader.entries(i)) for i in wanted)
    assert by_id(shown(other)) == by_id(shown(full))


def test_both_go_on_after_an_exchange(full: Store, other: Store) -> None:
    read(other, lines(full))
    incident = full.reader.after(-1, 1)[0].id
    other.journal.record(incident, lambda _: actions.note("from zoe"))
    full.journal.record(incident, lambda _: actions.note("from ana"))
    for one, two in ((full, other), (other, full)):
        read(one, lines(two))
    assert by_id(shown(full)) == by_id(shown(other))
    assert [verify(each.path).problems for each in (full, other)] == [[], []]


def test_an_export_is_one_moment_of_the_store(full: Store, raised: Raised) -> None:
    count = len(lines(full))
    running = export_lines(full.path)
    next(running)
    raised("later")
    assert len(list(running)) == count - 1


def test_an_export_of_nothing_is_its_header(store: Store, other: Store) -> None:
    assert [json.loads(line) for line in lines(store)] == [{"format": "tocsin-export", "version": 1}]
    assert read(other, lines(store)) == (0, 0)


# -- flaws


def changed(line: str, **fields: Any) -> str:
    value = {**json.loads(line), **fields}
    return json.dumps({name: each for name, each in value.items() if each is not ...})


BROKEN = {
    "no json": lambda line: line[:-5],
    "an array": lambda line: "[1]",
    "a number": lambda line: "7",
    "NaN": lambda line: '{"id": NaN}',
    "a key twice": lambda line: '{"id": "a", "id": "b"}',
    "no id": lambda line: changed(line, id=...),
    "a number as id": lambda line: changed(line, id=7),
    "a boolean as number": lambda line: changed(line, dseq=True),
    "a number of nought": lambda line: changed(line, dseq=0),
    "a number too large": lambda line: changed(line, dseq=1 << 63),
    "a stamp too large": lambda line: changed(line, hlc=1 << 63),
    "a negative stamp": lambda line: changed(line, hlc=-1),
    "no incident": lambda line: changed(line, incident="disk"),
    "no time": lambda line: changed(line, occurred_at="yesterday"),
    "a time too late": lambda line: changed(line, recorded_at="99999-01-01T00:00:00Z"),
    "no hash": lambda line: changed(line, hash="xyz"),
    "a number as body": lambda line: changed(line, body=7),
    "another body": lambda line: changed(line, body='{"title":"other"}'),
    "another hash of the body": lambda line: changed(line, bhash="00" * 32),
    "a number as source key": lambda line: changed(line, src=7),
    "a text as list": lambda line: changed(line, over="x"),
    "another chain": lambda line: changed(line, kind=["raise"]),
}  # fmt: skip


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_broken_line_is_named_with_its_number(full: Store, other: Store, flaw: str) -> None:
    exported = lines(full)
    exported[4] = BROKEN[flaw](exported[4])
    exported.insert(2, "")  # a blank line counts, and is skipped
    with pytest.raises(BadExport, match=r"^Line 6\b") as error:
        read(other, exported)
    assert error.value.remedy
    assert rows(other, "SELECT * FROM entry") == []  # its batch was not taken


def test_bytes_that_are_no_text_are_named(full: Store, other: Store) -> None:
    header, first, *_rest = lines(full)
    with pytest.raises(BadExport, match=r"^Line 3 .*UTF-8"):
        read(other, f"{header}\n{first}\n".encode() + b"\xff\xfe{}\n")


@pytest.mark.parametrize("header", ["", "{}", "[]", '{"format":"other"}', "not json", "\0"])
def test_a_wrong_header_is_refused(full: Store, other: Store, header: str) -> None:
    with pytest.raises(BadExport, match="Line 1"):
        read(other, [header, *lines(full)[1:]] if header else "")
    assert other.reader.count() == 0


def test_an_export_of_a_newer_version_is_refused(other: Store) -> None:
    with pytest.raises(BadExport, match="version 2") as error:
        read(other, ['{"format":"tocsin-export","version":2}'])
    assert "Upgrade" in error.value.remedy


def test_batches_before_a_broken_one_are_kept(full: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.transfer._BATCH", 3)
    exported = lines(full)
    told: list[int] = []
    with pytest.raises(BadExport, match="Line 9"):
        read(other, [*exported[:8], "broken"], progress=lambda done, _all: told.append(done))
    assert told == [3, 6]
    assert rows(other, "SELECT count(*) FROM entry") == [(6,)]
    assert verify(other.path).problems == []
    assert read(other, exported)[1] == len(exported) - 1 - 6


def test_a_line_without_end_is_not_read_whole(full: Store, other: Store) -> None:
    class Endless(io.RawIOBase):
        """A stream of one line that never ends, after the header."""

        asked = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.asked += 1
            assert size is not None
            assert 0 < size < 2 * wire.LONGEST_LINE
            return b'{"format":"tocsin-export","version":1}\n' if self.asked == 1 else b"x" * size

    journal = other.journal_as("sync")
    with pytest.raises(BadExport, match="Line 2 is longer than"):
        import_lines(journal, Endless())  # type: ignore[arg-type]
    journal.close()


def test_the_largest_entry_can_be_read_back(store: Store, raised: Raised, other: Store) -> None:
    """A quotation mark is two bytes in a body and four in its line."""
    incident = raised()
    largest = '"' * ((limits.BODY - 200) // 2)
    store.journal.record(incident.id, lambda _: [Draft("set", "custom:x", {"value": largest})])
    exported = lines(store)
    assert len(exported[-1]) > 1024 * 1024 - 1000
    read(other, exported)
    assert other.reader.incident(incident.id).custom == {"x": largest}


def test_a_changed_envelope_is_found_by_verify(full: Store, other: Store) -> None:
    exported = lines(full)
    exported[3] = changed(exported[3], author="mallory")
    read(other, exported)
    assert any("was changed after it was written" in problem for problem in verify(other.path).problems)


HOSTILE_BODIES = (
    "[" * 100_000, '{"title":"\\ud800"}', '{"title":NaN}', '{"title":1e999}', '{"title":' + "9" * 5000 + "}", "7",
    "not json", "", '{"value":"resolved","since":' + "9" * 30 + "}", '{"value":"resolved","since":-5}',
    '{"value":{"a":[]}}', '{"value":true,"title":[1],"name":{},"undoes":7,"text":null}', '{"title":"a\\u0000b"}',
    '{"a":1,"a":2}', '{"fingerprint":{},"status":[]}', '{"value":"a|b"}',
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=range(len(HOSTILE_BODIES)))
def test_a_hostile_body_stops_nobody(full: Store, other: Store, body: str) -> None:
    """What another program made is kept as it is, shown as well as can be, and never fails a reader."""
    sample = full.reader.entries(full.reader.after(-1, 1)[0].id)[0]
    kinds = [
        ("raise", "raise"), ("set", "status"), ("set", "title"), ("set", "priority"), ("set", "impact_started_at"),
        ("set", "act:a.title"), ("set", "pm:x"), ("note", "note"), ("amend", "note:a"), ("fact", "alert"),
        ("fact", "command"), ("fact", "mitigated"), ("add", "tag"), ("add", "related"), ("drop", "tag"),
        ("alias", "alias"), ("redact", "x"), ("device", "device"), ("new", "kind"),
    ]  # fmt: skip
    made: list[Entry] = []
    previous = b""
    for number, (kind, what) in enumerate(kinds, 1):
        entry = replace(
            sample, id=ids.imported_id("t", "t", str(number)), device="d9", dseq=number, kind=kind, what=what,
            body=body, bhash=body_hash(body), hash=b"", over=(),
        )  # fmt: skip
        made.append(replace(entry, hash=chain_hash(previous, entry)))
        previous = made[-1].hash
    journal = full.journal_as("sync")
    assert journal.receive(made) == len(made)
    journal.close()
    exported = lines(full)
    read(other, exported)
    assert [json.loads(line)["body"] for line in lines(other)[1:]][-len(made) :] == [body] * len(made)
    for store in (full, other):
        assert store.reader.incident(sample.incident).entries >= len(made)
        assert store.reader.after(-1, 100)
        store.journal.record(sample.incident, lambda _: actions.note("people go on"))
        assert verify(store.path).problems == []


def test_another_history_under_the_same_numbers_moves_what_is_here(full: Store, other: Store) -> None:
    """Two copies of one store went different ways: each keeps the other's entries, and its own elsewhere."""
    exported = lines(full)
    read(other, exported[:5])
    came = from_line(exported[2])
    fork = sealed(replace(came, id="01a1f0a0-0000-7000-8000-0000000000aa"), from_line(exported[1]).hash)
    read(other, [exported[0], to_line(fork)])
    kept = [from_line(line) for line in lines(other)[1:]]
    assert {entry.id for entry in kept} == {fork.id, *(from_line(line).id for line in exported[1:5])}
    assert [entry.dseq for entry in kept if entry.device == came.device] == [1, 2]
    assert verify(other.path).problems == []


def test_the_same_id_with_other_content_is_refused(full: Store, other: Store) -> None:
    exported = lines(full)
    read(other, exported[:4])
    with pytest.raises(Tampered, match="other content") as error:
        read(other, [exported[0], to_line(replace(from_line(exported[2]), author="mallory"))])
    assert error.value.remedy
    assert lines(other) == exported[:4]


def sealed(entry: Entry, previous: bytes) -> Entry:
    return replace(entry, hash=chain_hash(previous, entry))


# -- size


def many(count: int) -> Iterator[bytes]:
    yield dumps({"format": "tocsin-export", "version": 1}).encode() + b"\n"
    bits, previous = random.Random(3).getrandbits, b""
    for number in range(1, count + 1):
        incident = ids.uuid7(1_795_000_000_000 + number, bits)
        body = dumps({"title": f"disk {number} of {number % 97} is full", "priority": f"P{number % 4 + 1}"})
        entry = Entry(
            ids.uuid7(1_795_000_000_000 + number, bits), incident, "d9", number, number << 16, "raise", "raise", "ana",
            "human", 1_795_000_000_000, 1_795_000_000_000, (), body, body_hash(body), b"",
        )  # fmt: skip
        previous = chain_hash(previous, entry)
        value = {name: getattr(entry, name) for name in ("id", "incident", "device", "dseq", "hlc", "kind", "what")}
        times = dict.fromkeys(("occurred_at", "recorded_at"), "2026-11-18T12:26:40.000Z")
        more = {"author": "ana", "source": "human", "over": [], "body": body, "src": None, **times}
        yield dumps({**value, **more, "bhash": entry.bhash.hex(), "hash": previous.hex()}).encode() + b"\n"


class Stream(io.RawIOBase):
    """Lines that are made as they are asked for, and counted."""

    def __init__(self, source: Iterator[bytes]) -> None:
        super().__init__()
        self._source, self.taken = source, 0

    def readline(self, _size: int | None = -1, /) -> bytes:
        self.taken += 1
        return next(self._source, b"")


def test_memory_does_not_grow_with_the_number_of_incidents(other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.transfer._BATCH", 1000)
    journal, stream = other.journal_as("sync"), Stream(many(20_000))
    ahead: list[int] = []
    blocks: list[int] = []

    def watch(done: int, _total: int) -> None:
        ahead.append(stream.taken - 1 - done)
        gc.collect()
        blocks.append(sys.getallocatedblocks())  # what Python holds, in objects

    assert import_lines(journal, stream, watch) == (20_000, 20_000)  # type: ignore[arg-type]
    journal.close()
    assert ahead == [0] * 20  # never more than one batch is read before it is written
    assert max(blocks[2:]) - blocks[1] < 5000  # one object kept of each incident would be 18,000
    tracemalloc.start()
    assert sum(1 for _line in export_lines(other.path)) == 20_001
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
