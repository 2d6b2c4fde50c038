"""What a hub makes of requests: limits, bombs, wrong types, other protocols, and whatever else anybody sends."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from domain.wire import to_line, to_object
from sync.hub.service import Options
from tests.hubs import INCIDENT, JSON, LINES, Caller, Rig, Writer, said, told

ASKED = (
    ("GET", "/v1/hello"), ("POST", "/v1/devices"), ("POST", "/v1/entries"), ("GET", "/v1/entries"),
    ("POST", "/v1/have"), ("PUT", "/v1/presence"),
)  # fmt: skip


@pytest.fixture
def ana(rig: Rig) -> Caller:
    return rig.join("ana")


def lines(*entries: Any) -> bytes:
    return "".join(f"{to_line(entry)}\n" for entry in entries).encode()


def test_who_the_hub_is(rig: Rig, ana: Caller) -> None:
    ana.push([ana.writer.write()])
    rig.clock.now += 5
    found = ana.hello()
    assert found == {
        "hub": "hub", "epoch": "first", "now": rig.clock.now, "protocol": [1, 1], "user": "ana", "role": "responder",
        "device": ana.writer.device, "seq": 1, "limits": {"page_entries": 500, "page_bytes": 1_048_576},
        "vector": {ana.writer.device: [1, ana.writer.tip.hex()]},
    }  # fmt: skip


def test_every_answer_says_which_hub_it_is_of_and_is_never_kept(ana: Caller) -> None:
    ana.push([ana.writer.write()])
    body, mark = json.dumps({"ids": []}).encode(), ana.rig.mark(ana.writer.entries[0])
    answers = [
        ana.ask("GET", "/v1/hello"), ana.send(ana.writer.entries), ana.ask("POST", "/v1/have", body, JSON),
        ana.ask("GET", "/v1/entries", query={"epoch": "first"}),
        ana.ask("GET", "/v1/entries", query={"epoch": "first", "after": 1, "last": mark}),
        ana.ask("PUT", "/v1/presence", b'{"incident":null}', JSON),
    ]  # fmt: skip
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 204, 200]
    for answer in answers:
        assert (answer.headers["Tocsin-Protocol"], answer.headers["Tocsin-Epoch"]) == ("1", "first")
        assert answer.headers["Cache-Control"] == "no-store"
    assert answers[4].headers["Tocsin-Now"] == str(ana.rig.clock.now)
    refused = ana.ask("GET", "/v1/nothing")
    assert (refused.headers["Tocsin-Protocol"], refused.headers["Cache-Control"]) == ("1", "no-store")


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_another_protocol_is_told_which_one_is_spoken(ana: Caller, method: str, path: str) -> None:
    for other in ("2", "0", "1.0", "", "x" * 9_000):
        answer = ana.ask(method, path, tocsin_protocol=other)
        assert said(answer) == (426, "protocol")
        assert json.loads(answer.body)["supported"] == [1, 1]


def test_without_a_protocol_it_is_the_first(rig: Rig, ana: Caller) -> None:
    answer = rig.service.answer("GET", "/v1/hello", {}, {"authorization": f"Bearer {ana.token}"})
    assert answer.status == 200


@pytest.mark.parametrize(("method", "path"), [each for each in ASKED if each[1] != "/v1/devices"])
def test_nothing_is_told_to_strangers(rig: Rig, ana: Caller, method: str, path: str) -> None:
    for header in ("", "Bearer", "Bearer ", "Bearer x", f"Basic {ana.token}", ana.token, "Bearer tcs_" + "0" * 58):
        answer = rig.service.answer(method, path, {}, {"authorization": header})
        assert said(answer) == (401, "token"), header
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert said(rig.service.answer(method, path, {}, {})) == (401, "token")


def test_there_is_nothing_elsewhere(ana: Caller) -> None:
    for path in ("/", "/v1", "/v1/", "/v2/hello", "/v1/hello/", "/v1/hello\0", "//v1/hello", "/v1/../v1/hello"):
        assert said(ana.ask("GET", path))[0] == 404


# -- sizes -----------------------------------------------------------------------------------------------------------


def test_five_hundred_entries_are_one_push_and_one_more_is_not(ana: Caller) -> None:
    entries = ana.writer.write_many(501)
    assert said(ana.send(entries)) == (413, "too_many")
    assert ana.pull() is None
    assert ana.push(entries[:500]) == ["ok"] * 500


def test_a_body_at_its_limit_is_taken_and_one_byte_more_is_not(ana: Caller) -> None:
    text = "x" * (limits.BODY - len('{"text":""}'))
    assert ana.push([ana.writer.write(body={"text": text})]) == ["ok"]
    twin = ana.writer.copy()
    assert said(ana.send([twin.write(body={"text": text + "x"})])) == (400, "bad_entry")


def test_the_largest_entry_that_a_store_takes_fits_a_push(ana: Caller) -> None:
    """Everything at its limit at once, in characters that JSON has to escape."""
    text = '"' * ((limits.BODY - len('{"text":""}')) // 2)
    over = tuple(Writer(str(n)).device for n in range(limits.OVER))
    entry = ana.writer.write(body={"text": text}, over=over, author="\\" * limits.ENVELOPE, src='"' * limits.ENVELOPE)
    assert len(to_line(entry)) > limits.PAGE_BYTES
    assert ana.push([entry]) == ["ok"]
    assert ana.pull_all() == [entry]


def test_a_large_body_is_refused_before_it_is_read(ana: Caller) -> None:
    blank = b" " * (limits.REQUEST_BYTES + 1)
    assert said(ana.ask("POST", "/v1/entries", blank, LINES, query={"epoch": "first"})) == (413, "too_large")
    assert said(ana.ask("POST", "/v1/have", blank, JSON)) == (413, "too_large")


@pytest.mark.parametrize("path", ["/v1/entries", "/v1/have", "/v1/devices", "/v1/presence"])
def test_a_bomb_is_not_inflated(ana: Caller, path: str) -> None:
    bomb = gzip.compress(b"0" * 100_000_000, 9)
    assert len(bomb) < 200_000
    method, kind = ("PUT" if path == "/v1/presence" else "POST"), (LINES if path == "/v1/entries" else JSON)
    tracemalloc.start()
    try:
        answer = ana.ask(method, path, bomb, kind, query={"epoch": "first"}, content_encoding="gzip")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said(answer) == (413, "too_large")
    assert peak < 12 * limits.REQUEST_BYTES


def test_a_bomb_of_several_members_is_not_inflated(ana: Caller) -> None:
    member = gzip.compress(b" " * 1_000_000, 9)
    answer = ana.ask("POST", "/v1/entries", member * 50, LINES, query={"epoch": "first"}, content_encoding="gzip")
    assert said(answer)[0] in (400, 413)


def test_what_is_compressed_is_read(ana: Caller) -> None:
    body = gzip.compress(lines(*ana.writer.write_many(3)))
    for encoding in ("gzip", "GZIP", " gzip "):
        answer = ana.ask("POST", "/v1/entries", body, LINES, query={"epoch": "first"}, content_encoding=encoding)
        assert answer.status == 200, encoding
    assert len(ana.pull_all()) == 3


@pytest.mark.parametrize("spoil", ["cut", "flip", "plain", "zlib", "tail"])
def test_what_is_not_quite_compressed_is_refused(ana: Caller, spoil: str) -> None:
    body = gzip.compress(lines(*ana.writer.write_many(3)))
    spoiled = {
        "cut": body[:-5], "flip": body[:20] + bytes([body[20] ^ 255]) + body[21:], "plain": lines(*ana.writer.entries),
        "zlib": zlib.compress(lines(*ana.writer.entries)), "tail": body + b"more",
    }[spoil]  # fmt: skip
    answer = ana.ask("POST", "/v1/entries", spoiled, LINES, query={"epoch": "first"}, content_encoding="gzip")
    assert said(answer)[0] == 400
    assert ana.pull() is None


def test_an_unknown_encoding_or_type_is_refused(ana: Caller) -> None:
    body, query = lines(ana.writer.write()), {"epoch": "first"}
    for encoding in ("br", "deflate", "gzip, gzip", "zstd", "x" * 5000):
        answer = ana.ask("POST", "/v1/entries", body, LINES, query=query, content_encoding=encoding)
        assert answer.status == 415, encoding
    for kind in ("", JSON, "text/plain", "application/x-www-form-urlencoded", "x" * 5000):
        assert ana.ask("POST", "/v1/entries", body, kind, query=query).status == 415
        assert ana.ask("POST", "/v1/have", b'{"ids":[]}', "" if kind == JSON else kind).status == 415
    kind = "Application/X-NDJSON; charset=utf-8"
    assert ana.ask("POST", "/v1/entries", body, kind, query=query).status == 200


# -- rates -----------------------------------------------------------------------------------------------------------


def test_whoever_asks_too_often_is_told_when_to_come_again(rig: Rig) -> None:
    rig.service.__init__(  # type: ignore[misc]
        rig.database, rig.clock, rig.random.getrandbits, lambda: rig.seconds, Options(requests=2, entries=10**9)
    )
    ana, ben = rig.join("ana"), rig.join("ben")
    statuses = [ana.ask("GET", "/v1/hello").status for _each in range(30)]
    assert statuses == [200] * 20 + [429] * 10
    answer = ana.ask("GET", "/v1/hello")
    assert answer.headers["Retry-After"] == "1"
    assert ben.hello()["user"] == "ben"
    rig.seconds += float(answer.headers["Retry-After"])
    assert ana.ask("GET", "/v1/hello").status == 200


def test_a_flood_of_entries_is_held_up_and_nothing_of_it_is_lost(rig: Rig) -> None:
    rig.service.__init__(  # type: ignore[misc]
        rig.database, rig.clock, rig.random.getrandbits, lambda: rig.seconds, Options(requests=1e9, entries=100)
    )
    ana = rig.join("ana")
    written, waits = ana.writer.write_many(250), 0
    while len(ana.pull_all()) < 250:
        first = len(ana.pull_all())
        answer = ana.send(written[first : first + 50])
        if answer.status == 429:
            waits += 1
            rig.seconds += float(answer.headers["Retry-After"])
    assert waits > 0
    assert ana.pull_all() == written
    assert rig.seconds >= 3600


def test_codes_cannot_be_guessed_at_leisure(rig: Rig) -> None:
    code = rig.code()
    answers = [rig.spend(f"AAAAA-{number:05}", Writer("x").device, peer="10.0.0.1") for number in range(50)]
    statuses = [answer.status for answer in answers]
    assert statuses == sorted(statuses)
    assert set(statuses) == {404, 429}
    assert statuses.count(404) <= 20
    assert answers[-1].headers["Retry-After"]
    assert rig.spend(code, Writer("x").device, peer="10.0.0.1").status == 429
    assert rig.spend(code, Writer("x").device, peer="10.0.0.2").status == 201


# -- what anybody may send -------------------------------------------------------------------------------------------

BAD_LINES = (
    b"x", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b"\x00", b'{"id":1}', b'{"a":1,"a":2}', b"NaN",
    b"[" * 10_000, b'{"x":1e999}', b"{" + b'"a":{' * 100,
)  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_is_no_entry_is_named_and_nothing_is_written(ana: Caller, line: bytes) -> None:
    good = lines(*ana.writer.write_many(2))
    answer = ana.ask("POST", "/v1/entries", good + line + b"\n", LINES, query={"epoch": "first"})
    assert said(answer) == (400, "bad_entry")
    assert json.loads(answer.body)["line"] == 3
    assert "Line 3" in json.loads(answer.body)["detail"]
    assert ana.pull() is None
    assert ana.hello()["seq"] == 0


FIELDS = sorted(to_object(Writer("x").write()))
ODD = st.sampled_from(
    [None, True, 0, -1, 1 << 70, 1.5, "", "x", "\0", "\ud800", [], {}, ["x"], [[[]]], "zz", "9" * 5_000]
)


@given(field=st.sampled_from(FIELDS), value=ODD)
def test_a_field_of_any_other_kind_is_refused_or_taken_but_never_breaks_the_hub(field: str, value: Any) -> None:
    import sqlite3

    from storage.hub.engines import Database, memory_engine, prepare

    connection = sqlite3.connect(":memory:", isolation_level=None)
    database = Database(memory_engine(connection))
    prepare(database, "hub", "first")
    rig = Rig(database)
    caller = rig.join("ana")
    found = {**to_object(caller.writer.write()), field: value}
    line = json.dumps(found).encode() + b"\n"
    answer = caller.ask("POST", "/v1/entries", line, LINES, query={"epoch": "first"})
    assert answer.status in (200, 400)
    assert answer.status == 200 or said(answer)[1] == "bad_entry"
    if answer.status == 200:
        assert caller.ask("GET", "/v1/entries", query={"epoch": "first"}).status in (200, 204)
    connection.close()


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
BODIES = st.binary(max_size=200) | JSONS.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-encoding", "tocsin-protocol", "accept-encoding"]),
    st.sampled_from([JSON, LINES, "gzip", "1", "2", "", "x", "\x7f", "é"]),
)


@given(
    asked=st.sampled_from(ASKED), body=BODIES, headers=HEADERS,
    query=st.dictionaries(
        st.sampled_from(["epoch", "after", "last", "limit", "wait", "device", "from", "to"]),
        st.sampled_from(["first", "1", "0", "-1", "", "x", "\0", "9" * 30, "1e3", "²", "\ud800", "1.5", " 1"]),
    ),
)  # fmt: skip
def test_nothing_that_anybody_sends_breaks_the_hub(
    asked: tuple[str, str], body: bytes, headers: dict[str, str], query: dict[str, str]
) -> None:
    import sqlite3

    from storage.hub.engines import Database, memory_engine, prepare

    connection = sqlite3.connect(":memory:", isolation_level=None)
    database = Database(memory_engine(connection))
    prepare(database, "hub", "first")
    caller = Rig(database).join("ana")
    caller.push([caller.writer.write()])
    kind = {"POST": JSON, "PUT": JSON}.get(asked[0], "") if asked != ("POST", "/v1/entries") else LINES
    known = {"authorization": f"Bearer {caller.token}", "content-type": kind} | headers
    answer = caller.rig.service.answer(*asked, query, known, body)
    assert answer.status < 500, answer
    assert answer.status in (200, 201, 204) or said(answer)[1]
    assert caller.hello()["seq"] == 1
    connection.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"ids":1}', b'{"ids":[1]}', b'{"ids":[null]}', b"\xff"])
def test_have_wants_a_list_of_ids(ana: Caller, body: bytes) -> None:
    assert said(ana.ask("POST", "/v1/have", body, JSON))[0] == 400


def test_have_tells_where_entries_are(ana: Caller) -> None:
    first, second = ana.writer.write_many(2)
    ana.push([first])
    body = json.dumps({"ids": [second.id, first.id, "nothing"]}).encode()
    assert told(ana.ask("POST", "/v1/have", body, JSON)) == {
        "have": [{"id": first.id, "device": first.device, "dseq": 1, "hash": first.hash.hex()}]
    }
    many = json.dumps({"ids": ["x"] * 501}).encode()
    assert said(ana.ask("POST", "/v1/have", many, JSON)) == (400, "too_many")


@pytest.mark.parametrize("incident", ["x", 1, [], "", INCIDENT + "\0", True])
def test_presence_wants_an_incident_or_none(ana: Caller, incident: object) -> None:
    body = json.dumps({"incident": incident}).encode()
    assert said(ana.ask("PUT", "/v1/presence", body, JSON))[0] == 400


@pytest.mark.parametrize("missing", ["code", "device", "name"])
def test_enrolling_wants_three_texts(rig: Rig, missing: str) -> None:
    whole = {"code": rig.code(), "device": Writer("x").device, "name": "n"}
    for value in (None, 1, "", [], "\0", "x" * 201):
        body = json.dumps({**whole, missing: value}).encode()
        answer = rig.service.answer("POST", "/v1/devices", {}, {"content-type": JSON}, body)
        assert answer.status in (400, 404, 429)
    assert rig.service.answer("POST", "/v1/devices", {}, {"content-type": JSON}, json.dumps(whole).encode()).status in (
        201, 429,
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        {}, {"after": "x"}, {"after": "-1"}, {"after": "9" * 19}, {"limit": "0"}, {"limit": "501"}, {"limit": "x"},
        {"wait": "26"}, {"wait": "x"}, {"wait": "-1"}, {"device": "x"}, {"device": "x", "from": "1"},
        {"device": "x", "from": "x", "to": "1"}, {"device": "\0", "from": "1", "to": "1"},
        {"device": "", "from": "1", "to": "1"},
    ],
)  # fmt: skip
def test_a_pull_wants_numbers_within_their_limits(ana: Caller, query: dict[str, str]) -> None:
    asked = query and {"epoch": "first", **query}
    assert said(ana.ask("GET", "/v1/entries", query=asked))[0] == 400


def test_a_push_wants_an_epoch(ana: Caller) -> None:
    body = lines(ana.writer.write())
    assert said(ana.ask("POST", "/v1/entries", body, LINES))[0] == 400


def test_blank_lines_are_no_entries(ana: Caller) -> None:
    body = b"\n" + lines(*ana.writer.write_many(2)).replace(b"\n", b"\r\n\n") + b" \n"
    answer = ana.ask("POST", "/v1/entries", body, LINES, query={"epoch": "first"})
    assert len(told(answer)["results"]) == 2
    assert told(ana.ask("POST", "/v1/entries", b"", LINES, query={"epoch": "first"}))["results"] == []
