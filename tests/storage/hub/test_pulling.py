"""What a hub gives out: pages by its own numbers, parts of a chain, and the proof that a cursor is of this history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain import limits
from domain.wire import to_line
from storage.hub.engines import Database
from tests.hubs import Caller, Rig, Writer, said


@pytest.fixture
def ana(rig: Rig) -> Caller:
    return rig.join("ana")


@pytest.mark.parametrize("size", [1, 2, 3, 499, 500])
def test_pages_of_every_size_give_everything_once_in_order(ana: Caller, size: int) -> None:
    written = ana.writer.write_many(7 if size < 10 else 501)
    ana.push(written[:500])
    ana.push(written[500:])
    found, after, last, more = [], 0, "", True
    while more:
        page = ana.pull(after, last, size)
        assert page
        assert len(page.entries) <= size
        found += page.entries
        after, last, more = page.head["next"], page.head["last"], page.head["more"]
        assert last.startswith(f"{page.entries[-1].id}.")
    assert found == written
    assert ana.pull(after, last) is None


def test_a_page_ends_at_about_a_megabyte_and_holds_one_entry_at_least(ana: Caller) -> None:
    large = "x" * (limits.BODY - 100)
    for _each in range(5):
        ana.push([ana.writer.write(body={"text": large})])
    after, last, sizes = 0, "", []
    while page := ana.pull(after, last):
        sizes.append(len(page.entries))
        assert sum(len(to_line(entry)) for entry in page.entries) <= limits.PAGE_BYTES or len(page.entries) == 1
        after, last = page.head["next"], page.head["last"]
        assert page.head["more"] == (sum(sizes) < 5)
    assert sizes == [1, 1, 1, 1, 1] or sizes == [2, 2, 1]


def test_a_cursor_of_another_history_is_told(rig: Rig, ana: Caller) -> None:
    ana.writer.write_many(3)
    ana.push()
    ids = [rig.mark(entry) for entry in ana.writer.entries]
    get = lambda after, last: ana.ask(  # noqa: E731
        "GET", "/v1/entries", query={"epoch": rig.epoch, "after": after, "last": last}
    )
    assert get(3, ids[2]).status == 204
    assert get(2, ids[1]).status == 200
    for after, last in ((4, ids[2]), (999, "x"), (3, ids[1]), (2, ids[2]), (1, ""), (2, "x")):
        assert said(get(after, last)) == (409, "diverged"), (after, last)
    assert get(0, "anything").status == 200


def test_a_cursor_at_a_number_that_was_renewed_still_stands(rig: Rig) -> None:
    ana, vic = rig.join("ana"), rig.join("vic", "viewer")
    vic.writer.write_many(2)
    vic.push()
    first, second = vic.writer.entries
    rig.release(second.id)
    page = ana.pull(2, rig.mark(second))
    assert page
    assert page.ids == [second.id]
    page = ana.pull(1, rig.mark(first))
    assert page
    assert page.ids == [second.id]
    rig.release()
    assert [entry.id for entry in ana.pull_all()] == [second.id, first.id]
    assert ana.pull(4, rig.mark(first)) is None
    query = {"epoch": rig.epoch, "after": 2, "last": rig.mark(first)}
    assert said(ana.ask("GET", "/v1/entries", query=query)) == (409, "diverged")


def test_another_epoch_is_told_on_every_way_of_asking(rig: Rig, ana: Caller) -> None:
    ana.push([ana.writer.write()])
    for query in ({"after": 0}, {"after": 1, "last": "x"}, {"device": ana.writer.device, "from": 1, "to": 1}):
        answer = ana.ask("GET", "/v1/entries", query={"epoch": "old", **query})
        assert said(answer) == (409, "epoch")


def test_a_part_of_a_chain_is_given_in_its_own_order(rig: Rig, ana: Caller) -> None:
    ben = Writer("ben")
    ana.push([*ben.write_many(2)])
    written = ana.writer.write_many(501)
    ana.push(written[:500])
    ana.push(written[500:])
    ask = lambda first, last, device=ana.writer.device: ana.page(  # noqa: E731
        ana.ask("GET", "/v1/entries", query={"epoch": rig.epoch, "device": device, "from": first, "to": last})
    )
    page = ask(2, 4)
    assert page
    assert page.entries == written[1:4]
    assert not page.head["more"]
    page = ask(1, 10_000)
    assert page
    assert page.entries == written[:500]
    assert page.head["more"]
    query = {"epoch": rig.epoch, "device": ana.writer.device, "from": 502, "to": 900}
    assert ana.ask("GET", "/v1/entries", query=query).status == 404
    assert ana.ask("GET", "/v1/entries", query={**query, "device": "nobody", "from": 1}).status == 404


def test_what_is_kept_back_is_given_without_its_body(rig: Rig) -> None:
    ana, vic = rig.join("ana"), rig.join("vic", "viewer")
    vic.writer.write(body={"text": "secret"})
    vic.push()
    query = {"epoch": rig.epoch, "device": vic.writer.device, "from": 1, "to": 1}
    for page in (ana.pull(), ana.page(ana.ask("GET", "/v1/entries", query=query))):
        assert page
        (entry,) = page.entries
        assert (entry.body, bool(entry.held)) == (None, True)
        assert replace(entry, body='{"text":"secret"}', held=None) == vic.writer.entries[0]


def test_a_read_runs_a_few_statements_whatever_there_is(ana: Caller, counted: Callable[[], list[str]]) -> None:
    numbers = []
    for size in (1, 400):
        ana.push(ana.writer.write_many(size))
        counted()
        page = ana.pull()
        assert page
        assert len(page.entries) == len(ana.writer.entries)
        numbers.append(len([each for each in counted() if not each.startswith("BEGIN")]))
    assert numbers[0] == numbers[1] <= 4


def test_a_reader_does_not_keep_a_writer_waiting(database: Database, rig: Rig, ana: Caller) -> None:
    ana.push([ana.writer.write()])
    done: list[list[str]] = []
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM entry").fetchall()
        pushing = threading.Thread(target=lambda: done.append(ana.push([ana.writer.write()])))
        pushing.start()
        pushing.join(timeout=8)
        assert done == [["ok"]], "a push waited for somebody who only read"
    pushing.join()


def test_a_reader_sees_one_moment(database: Database, rig: Rig, ana: Caller) -> None:
    """What a pull reads in several statements belongs together."""
    from storage.hub import pulling

    ana.push([ana.writer.write()])
    with database.reading() as connection:
        before = pulling.state(connection), pulling.vector(connection)
        ana.push([ana.writer.write()])
        assert (pulling.state(connection), pulling.vector(connection)) == before
