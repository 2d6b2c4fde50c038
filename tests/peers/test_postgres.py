"""The hub on a real PostgreSQL: the same answers as on SQLite, and what only a server can do to it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from domain.entry import Entry
from storage.errors import Busy, Unusable
from storage.hub import people, postgres, pulling, pushing
from storage.hub.copies import begin_epoch
from storage.hub.engines import Database, open_database, path_of
from storage.hub.postgres import parameters
from storage.hub.tables import HUB
from tests.hubs import LINES, Caller, Rig, Writer, said
from tests.peers.hubs import until
from tests.peers.scenario import live
from tests.peers.standby import Pair
from tests.postgres import Cluster

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=80)
SEEDS = itertools.count(1)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with closing(open_database(address)) as opened:
        yield opened


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


@pytest.fixture
def relay(rig: Rig) -> Caller:
    """Who brings other devices' entries."""
    return rig.join("ana", "admin")


# -- the same as on SQLite -------------------------------------------------------------------------------------------


def test_every_answer_is_the_one_that_sqlite_gives(both: dict[str, str]) -> None:
    answers = []
    for address in both.values():
        with closing(open_database(address)) as database:
            answers.append(live(database))
    assert len(answers[0]) > 60
    for on_sqlite, on_postgres in zip(*answers, strict=True):
        assert on_postgres == on_sqlite


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, TEXTS, st.text(max_size=80)), min_size=1, max_size=10))
def test_entries_come_back_as_they_went_in(relay: Caller, written: list[tuple[str, str, str]]) -> None:
    ana, writer = relay, Writer("ana", seed=next(SEEDS))
    went = [writer.write(what=what, author=author, body={"text": body}) for what, author, body in written]
    assert ana.push(went) == ["ok"] * len(went)
    came = ana.page(
        ana.ask("GET", "/v1/entries", query={"epoch": ana.rig.epoch, "device": writer.device, "from": 1, "to": 99})
    )
    assert came is not None
    assert came.entries == went


# -- the address -----------------------------------------------------------------------------------------------------


def test_an_address_is_read_as_libpq_reads_it() -> None:
    found = parameters(
        "postgresql://ana:s%40cret@h1:5501,h2:5502/hub?target_session_attrs=read-write&connect_timeout=2"
        "&sslmode=verify-full&options=-c%20statement_timeout%3D9s"
    )
    wanted = {
        "user": "ana", "password": "s@cret", "host": "h1,h2", "port": "5501,5502", "dbname": "hub",
        "target_session_attrs": "read-write", "connect_timeout": "2", "sslmode": "verify-full",
        "options": "-c statement_timeout=9s",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert found["tcp_user_timeout"]  # what the address does not say is ours


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_each_of_its_schemes_is_postgresql(scheme: str) -> None:
    assert path_of(f"{scheme}://u@h1:1,h2:2/db") is None


def test_an_address_that_cannot_be_read_is_told_without_its_password() -> None:
    with pytest.raises(Unusable) as caught:
        parameters("postgresql://ana:hunter2@h:5432/db?colour=hunter2")
    assert "hunter2" not in f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.__cause__ is None


def test_a_server_of_several_that_is_not_there_is_passed_over(address: str, tmp_path: Path, postgres: Cluster) -> None:
    several = address.replace(f"host={postgres.folder}", f"host={tmp_path},{postgres.folder}")
    with closing(open_database(f"{several}&target_session_attrs=read-write")) as database:
        assert Rig(database).join("ana").push([]) == []


@pytest.mark.parametrize(
    ("asked", "has"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")]
)
def test_what_is_acknowledged_is_on_the_disk_whatever_the_server_is_set_to(address: str, asked: str, has: str) -> None:
    with (
        closing(open_database(f"{address}&options=-c%20synchronous_commit%3D{asked}")) as database,
        database.writing() as connection,
    ):
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == has


# -- numbers ---------------------------------------------------------------------------------------------------------


def _both_at_once(database: Database) -> tuple[list[Entry], list[Entry]]:
    """Push by two transactions, the first of which commits last, while a reader follows; return what it should get
    and what it got."""
    rig = Rig(database)
    first, second, reader = rig.join("ana"), rig.join("ben"), rig.join("reader")
    went = [*first.writer.write_many(3), *second.writer.write_many(3)]
    came: list[Entry] = []
    after, last = 0, ""

    def follow() -> None:
        nonlocal after, last
        while page := reader.pull(after, last, 2):
            came.extend(page.entries)
            after, last = page.head["next"], page.head["last"]

    pushing_second = threading.Thread(target=second.push)
    with database.writing() as connection:
        who = pushing.Pusher("ana", first.writer.device)
        pushing.push(connection, rig.epoch, first.writer.entries, who, rig.clock())
        pushing_second.start()
        until(lambda: not pushing_second.is_alive() or _waits(database), "the second push to wait, or to be done")
        follow()
    pushing_second.join()
    follow()
    return went, came


def _waits(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())


def test_a_push_waits_for_the_one_before_so_that_a_reader_passes_over_nothing(database: Database) -> None:
    went, came = _both_at_once(database)
    assert came == went


def test_without_the_lock_a_reader_would_pass_over_what_is_numbered_first_and_committed_last(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter-proof: the same with numbers of a sequence, as most would give them."""
    with database.writing() as connection:
        connection.execute(text("CREATE SEQUENCE numbers INCREMENT 1000"))
    monkeypatch.setattr(pushing, "_HUB", select(HUB.c.epoch, func.nextval("numbers").label("seq")))
    monkeypatch.setattr(pushing, "number", lambda _connection, _seq: None)
    went, came = _both_at_once(database)
    assert came == went[3:]  # the first three are in the hub, and the reader was not and will not be given them


def test_many_push_at_once_and_readers_miss_nothing(address: str) -> None:
    with ExitStack() as stack:
        rigs = [Rig(stack.enter_context(closing(open_database(address)))) for _each in range(2)]
        callers = [rigs[n % 2].join(f"user{n}", writer=Writer(f"user{n}")) for n in range(8)]
        readers = [rigs[n % 2].join(f"reader{n}") for n in range(3)]
        done, seen = threading.Event(), [list[str]() for _each in readers]

        def follow(number: int) -> None:
            after, last, over = 0, "", False
            while not over:
                over = done.is_set()
                while page := readers[number].pull(after, last, 1 + 6 * number):
                    seen[number] += page.ids
                    after, last = page.head["next"], page.head["last"]

        def write(number: int) -> None:
            for turn in range(25):
                caller = callers[number]
                caller.push(caller.writer.write_many(1 + turn % 4))

        pushing_threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        reading_threads = [threading.Thread(target=follow, args=(n,)) for n in range(3)]
        for thread in (*reading_threads, *pushing_threads):
            thread.start()
        for thread in pushing_threads:
            thread.join()
        done.set()
        for thread in reading_threads:
            thread.join()
    acknowledged = {entry.id for caller in callers for entry in caller.writer.entries}
    assert len(acknowledged) == 8 * 61
    assert [len(acknowledged - set(each)) for each in seen] == [0, 0, 0]
    assert [len(each) for each in seen] == [8 * 61] * 3


# -- the server goes away --------------------------------------------------------------------------------------------


def _everything(rig: Rig, caller: Caller) -> list[int]:
    """Ask for everything once and return the answers' statuses."""
    ask, epoch = caller.ask, {"epoch": "e"}
    answers = [
        ask("GET", "/v1/hello"),
        ask("GET", "/v1/entries", query=epoch),
        ask("POST", "/v1/entries", b"", LINES, query=epoch),
        ask("POST", "/v1/have", b'{"ids": []}', "application/json"),
        ask("PUT", "/v1/presence", b'{"incident": null}', "application/json"),
        rig.spend("AAAAA-AAAAA", caller.writer.device),
    ]
    assert all(answer.headers.get("Retry-After") for answer in answers if answer.status == 503)
    return [answer.status for answer in answers]


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_it_says_come_again_while_the_server_is_away_and_goes_on_when_it_is_back(
    postgres: Cluster, rig: Rig, mode: str
) -> None:
    ana = rig.join("ana")
    assert ana.push([ana.writer.write()]) == ["ok"]
    healthy = _everything(rig, ana)
    assert 503 not in healthy
    postgres.stop(mode)
    try:
        for _each in range(3):
            assert _everything(rig, ana) == [503] * 6
    finally:
        postgres.start()
    assert _everything(rig, ana) == healthy  # at once: no connection from before is given out
    assert ana.push() == ["dup"]
    assert ana.push([ana.writer.write()]) == ["ok"]


def test_connections_from_before_a_restart_are_not_given_out(postgres: Cluster, rig: Rig) -> None:
    ana = rig.join("ana")
    with ExitStack() as stack:
        for _each in range(5):
            stack.enter_context(rig.database.engine.connect()).execute(text("SELECT 1"))
    postgres.stop()
    postgres.start()
    for _each in range(5):
        assert ana.push([ana.writer.write()]) == ["ok"]


def _push_in_vain(postgres: Cluster, rig: Rig, ana: Caller) -> None:
    with rig.database.writing() as connection:
        who = pushing.Pusher("ana", ana.writer.device)
        pushing.push(connection, rig.epoch, ana.writer.write_many(5), who, rig.clock())
        postgres.stop()
        postgres.start()


def test_what_was_not_answered_for_is_whole_or_not_there(postgres: Cluster, rig: Rig) -> None:
    ana = rig.join("ana")
    ana.push(ana.writer.write_many(2))
    with pytest.raises(Busy, match="PostgreSQL does not answer"):
        _push_in_vain(postgres, rig, ana)
    assert ana.hello()["seq"] == 2
    assert ana.push() == ["dup"] * 2 + ["ok"] * 5


def test_what_has_only_a_standby_left_says_come_again_and_finds_the_way_back(standby: Pair) -> None:
    """Connections to a standby work, and refuse every write: none of them may be kept."""
    with closing(open_database(standby.url())) as database:
        rig = Rig(database)
        ana = rig.join("ana")
        assert ana.push([ana.writer.write()]) == ["ok"]
        epoch = rig.epoch
        standby.stop()
        for _each in range(3):
            assert said(ana.send(ana.writer.entries, epoch)) == (503, "busy")
        standby.start()
        assert ana.push(ana.writer.entries) == ["dup"]


def test_a_standby_that_is_promoted_takes_over_with_everything_that_was_acknowledged(standby: Pair) -> None:
    with closing(open_database(f"{standby.url()}&target_session_attrs=read-write")) as database:
        rig = Rig(database)
        ana = rig.join("ana")
        assert ana.push(ana.writer.write_many(20)) == ["ok"] * 20
        epoch = rig.epoch
        standby.stop()
        assert said(ana.send(ana.writer.write_many(2), epoch)) == (503, "busy")
        standby.promote()
        assert ana.push() == ["dup"] * 20 + ["ok"] * 2
        assert ana.pull_all() == ana.writer.entries


def test_a_push_that_cannot_have_the_lock_says_come_again(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SESSION", "SET lock_timeout = '50ms'")
    with closing(open_database(address)) as database:
        rig = Rig(database)
        ana = rig.join("ana")
        with database.writing() as connection:
            connection.execute(select(HUB).with_for_update())
            assert said(ana.send([ana.writer.write()])) == (503, "busy")
        assert ana.push() == ["ok"]


def test_a_hub_that_vanished_keeps_nobody_waiting_for_ever(database: Database) -> None:
    with database.reading() as connection:
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            assert connection.execute(text(f"SHOW {name}")).scalar() not in ("0", None), name


def test_more_requests_than_connections_are_told_to_come_again(
    database: Database, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = rig.join("ana")
    pool = database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    with ExitStack() as stack:
        for _each in range(10):
            stack.enter_context(database.engine.connect())
        assert said(ana.ask("GET", "/v1/hello")) == (503, "busy")
    assert ana.hello()["user"] == "ana"


# -- backup ----------------------------------------------------------------------------------------------------------


def test_after_a_restore_by_postgresqls_own_tools_devices_bring_back_what_is_lacking(
    address: str, postgres: Cluster, rig: Rig
) -> None:
    ana = rig.join("ana")
    ana.push(ana.writer.write_many(5))
    before, dump, restored = rig.epoch, f"{postgres.folder}/dump", postgres.fresh()
    postgres.run("pg_dump", "--format=custom", f"--file={dump}", address)
    ana.push(ana.writer.write_many(4))
    postgres.run("pg_restore", "--exit-on-error", f"--dbname={restored}", dump)
    with closing(open_database(restored)) as database:
        after = begin_epoch(database)
        assert after != before
        ana.rig = Rig(database)
        assert said(ana.send(ana.writer.entries, before)) == (409, "epoch")
        assert ana.hello()["vector"][ana.writer.device][0] == 5
        assert ana.push() == ["dup"] * 5 + ["ok"] * 4
        assert [entry.id for entry in ana.pull_all()] == [entry.id for entry in ana.writer.entries]
        with database.reading() as connection:
            assert pulling.state(connection).epoch == after
            assert [name for name, _role, _gone in people.persons(connection)] == ["ana"]
