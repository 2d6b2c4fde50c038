"""What an exchange makes of a hub that hangs, breaks off, answers nonsense or refuses: it says so and loses nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import actions
from storage.remotes import Remote
from storage.store import Store
from storage.transfer import export_lines
from sync.client import HubClient
from sync.engine import Engine, Outcome
from sync.transport import Answer, HttpTransport, Query

NOW = 1_795_000_000_000
HELLO = {
    "hub": "h", "epoch": "e", "now": NOW, "protocol": [1, 1], "user": "ana", "role": "responder", "device": "d",
    "seq": 0, "limits": {}, "vector": {},
}  # fmt: skip


class Desk:
    """A store with one incident that waits to be sent."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path, "ana", lambda: NOW)
        self.journal = self.store.journal_as("sync")
        self.incident = self.store.journal.raise_incident(actions.raise_incident("Disk full", {})).id
        with self.journal.writing() as writing:
            writing.save_remote(Remote("hub", "hub", "https://hub.example.org"))
        self.before = self.exported()

    def exported(self) -> list[str]:
        return list(export_lines(self.store.path))

    def exchange(self, transport: Any) -> Outcome:
        return Engine(self.journal, self.store.reader, HubClient(transport), "hub").run()

    def check(self, found: Outcome, *states: str) -> None:
        """Hold what every such exchange leaves: what was written, waiting, and a state with its reason."""
        assert found.state in states, found
        assert found.error
        assert self.exported() == self.before
        assert found.waiting == self.store.reader.waiting("hub") == 1
        (remote,) = self.store.reader.remotes()
        assert (remote.state, remote.error) == (found.state, found.error)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path / "tocsin.db")
    yield found
    found.journal.close()
    found.store.close()


# -- on the wire -------------------------------------------------------------------------------------------------------


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server whose every connection is handled by `talk`; it is closed when that returns."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _peer = server.accept()
                with connection, suppress(OSError):
                    connection.recv(65_536)
                    talk(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = json.dumps(HELLO).encode()
TALK = {
    "nothing": b"",
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a head": HEAD[:20],
    "half a body": HEAD + b"Content-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE[:-10],
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(WHOLE) + WHOLE[:-10],
    "no gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "no json": HEAD + b"Content-Length: 4\r\n\r\n<htm",
    "no utf-8": HEAD + b"Content-Length: 2\r\n\r\n\xff\xfe",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "a page of a proxy": b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "not for us": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "a status of its own": b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", TALK)
def test_a_hub_that_breaks_off_or_answers_nonsense(desk: Desk, name: str) -> None:
    with listening(lambda connection: connection.sendall(TALK[name])) as url:
        transport = HttpTransport(url, "tcs_x")
        desk.check(desk.exchange(transport), "offline")
        transport.close()


def test_a_hub_that_hangs_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.transport._READ", 0.3)
    ended = threading.Event()
    with listening(lambda _connection: ended.wait(60) and None) as url:
        transport = HttpTransport(url, "tcs_x")
        found = desk.exchange(transport)
        ended.set()
        transport.close()
    desk.check(found, "offline")
    assert found.error == "no answer in time"


def test_an_answer_that_never_ends_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.transport._CAP", 200_000)

    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")

    with listening(talk) as url:
        transport = HttpTransport(url, "tcs_x")
        found = desk.exchange(transport)
        transport.close()
    desk.check(found, "offline")
    assert "larger than" in found.error


def test_a_name_that_is_nobodys(desk: Desk) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    transport = HttpTransport("https://hub.invalid", "tcs_x", httpx.MockTransport(fail))
    desk.check(desk.exchange(transport), "offline")


# -- in the answers ----------------------------------------------------------------------------------------------------


class Told:
    """A hub that gives prepared answers, by method and path."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        name = {"/v1/hello": "hello", "/v1/have": "have"}.get(path, "push" if method == "POST" else "pull")
        found = self.answers.get(name, (200, HELLO))
        status, value = found(body) if callable(found) else found
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return Answer(status, {}, data)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (400, "bad_request", "refused"), (401, "token", "refused"), (403, "revoked", "refused"),
        (404, "path", "refused"), (413, "too_large", "refused"), (415, "type", "refused"), (418, "", "refused"),
        (426, "protocol", "refused"), (429, "too_many", "offline"), (500, "failed", "offline"),
        (503, "busy", "offline"), (507, "disk", "offline"), (301, "", "offline"), (100, "", "offline"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", ["hello", "push"])
def test_every_status_is_understood(desk: Desk, at: str, status: int, code: str, state: str) -> None:
    problem = {"status": status, "code": code, "detail": "because of it", "title": "No"}
    found = desk.exchange(Told(**{at: (status, problem)}))
    desk.check(found, state)
    assert "because of it" in found.error
    assert str(status) in found.error


def pushed(body: bytes, result: str, **more: Any) -> tuple[int, dict[str, Any]]:
    ids = [json.loads(line)["id"] for line in body.splitlines()]
    results = [{"id": each, "result": result} for each in ids]
    return 200, {"epoch": "e", "now": NOW, "seq": 1, "vector": {}, "results": results} | more


@pytest.mark.parametrize("result", ["gap", "fork", "bad_hash", "ok", "dup", "never heard of"])
def test_a_hub_that_takes_nothing_whatever_it_says(desk: Desk, result: str) -> None:
    """Its vector says that it has nothing, so nothing may be believed to be there."""
    told = Told(push=lambda body: pushed(body, result), have=(200, {"have": []}), pull=(404, {"code": "no_entries"}))
    desk.check(desk.exchange(told), "refused", "behind", "offline")


@pytest.mark.parametrize(
    "answer",
    [
        {"results": []}, {"results": None}, {"results": [{"id": "other", "result": "ok"}]}, {"results": [1]},
        {"vector": []}, {"vector": {"d": 1}}, {"vector": {"d": [1, "zz"]}}, {"vector": {"d": ["x", "00"]}},
        {"epoch": "another"}, {"epoch": None},
    ],
)  # fmt: skip
def test_an_answer_to_a_push_that_makes_no_sense(desk: Desk, answer: dict[str, Any]) -> None:
    found = desk.exchange(Told(push=lambda body: pushed(body, "ok", **answer)))
    assert found.state in ("offline", "behind"), found
    assert desk.exported() == desk.before
    assert desk.store.reader.waiting("hub") == 1


@pytest.mark.parametrize("name", sorted(HELLO.keys() - {"protocol", "limits", "device"}))
@pytest.mark.parametrize("value", [None, True, [], {"x": 1}, "", -1.5])
def test_a_greeting_that_makes_no_sense(desk: Desk, name: str, value: object) -> None:
    told = Told(hello=(200, {**HELLO, name: value}), push=lambda body: pushed(body, "ok"))
    found = desk.exchange(told)
    assert found.state != "in_sync"
    assert desk.exported() == desk.before


def test_entries_that_are_none_are_not_taken(desk: Desk) -> None:
    head = {"epoch": "e", "now": NOW, "next": 1, "last": "x", "count": 1, "more": False}
    for line in (b"{}", b"x", b"", b'{"id":1}'):
        told = Told(hello=(200, {**HELLO, "seq": 1}), pull=(200, json.dumps(head).encode() + b"\n" + line))
        desk.check(desk.exchange(told), "offline")
        (remote,) = desk.store.reader.remotes()
        assert remote.cursor == 0


def test_a_hub_that_always_says_diverged_is_given_up(desk: Desk) -> None:
    asked = 0

    def diverged(_body: bytes) -> tuple[int, dict[str, Any]]:
        nonlocal asked
        asked += 1
        return 409, {"code": "diverged", "detail": "no"}

    found = desk.exchange(Told(hello=(200, {**HELLO, "seq": 5}), pull=diverged))
    assert found.state == "behind"
    assert asked < 20
    assert desk.exported() == desk.before


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*HELLO, "results", "id"]), inner),
    max_leaves=8,
)
BODIES = st.binary(max_size=40) | JSONS.map(lambda value: json.dumps(value).encode())
ANSWERS = st.tuples(st.sampled_from([200, 201, 204, 301, 400, 404, 409, 429, 503]), BODIES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(hello=st.just((200, {**HELLO, "seq": 3})) | ANSWERS, push=ANSWERS, pull=ANSWERS, have=ANSWERS)
def test_no_answer_whatever_breaks_an_exchange_or_loses_anything(
    desk: Desk, hello: Any, push: Any, pull: Any, have: Any
) -> None:
    found = desk.exchange(Told(hello=hello, push=push, pull=pull, have=have))
    assert found.state in ("offline", "refused", "behind")
    assert desk.exported() == desk.before
    assert desk.store.reader.waiting("hub") == 1
