"""The hub behind real sockets: waiting for news, events, headers, limits, the log, figures, and how it stops."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import httpx_sse
import pytest

from domain import limits
from domain.wire import to_line
from sync.client import HubClient
from sync.transport import HttpTransport
from tests.hubs import INCIDENT, JSON, LINES, Caller, Writer

if TYPE_CHECKING:
    from conftest import Served


def push(client: httpx.Client, caller: Caller, count: int = 1) -> httpx.Response:
    body = "".join(f"{to_line(entry)}\n" for entry in caller.writer.write_many(count))
    return client.post("/v1/entries", params={"epoch": caller.rig.epoch}, content=body, headers={"content-type": LINES})


def test_the_real_client_speaks_with_the_real_hub(served: Served) -> None:
    writer = Writer("ana")
    enrolling = HttpTransport(served.url)
    given = HubClient(enrolling).enrol(served.rig.code("ana"), writer.device, "laptop")
    transport = HttpTransport(served.url, given["token"])
    client = HubClient(transport)
    assert client.hello().user == "ana"
    entries = writer.write_many(300, body={"text": "x" * 500})
    pushed = client.push(given["epoch"], entries)
    assert {result for _id, result, _why in pushed.results} == {"ok"}
    assert pushed.vector == {writer.device: (300, writer.tip)}
    page = client.pull(given["epoch"], 0, "")
    assert page is not None
    assert page.entries == entries
    assert client.pull(given["epoch"], page.next, page.last) is None
    filled = client.fill(given["epoch"], writer.device, 2, 4)
    assert filled is not None
    assert filled.entries == entries[1:4]
    assert client.have([entries[0].id, "nothing"]) == {entries[0].id: (writer.device, 1)}
    assert client.presence(INCIDENT) == []
    transport.close()
    enrolling.close()


def test_answers_are_compressed_for_whoever_wants_it(served: Served, ana: Caller) -> None:
    with served.client(ana) as client:
        push(client, ana, 100)
        query = {"epoch": ana.rig.epoch}
        zipped = client.get("/v1/entries", params=query)
        plain = client.get("/v1/entries", params=query, headers={"accept-encoding": "identity"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert zipped.content == plain.content
        body = gzip.compress("".join(f"{to_line(each)}\n" for each in ana.writer.entries).encode())
        headers = {"content-type": LINES, "content-encoding": "gzip"}
        again = client.post("/v1/entries", params=query, content=body, headers=headers)
        assert {each["result"] for each in again.json()["results"]} == {"dup"}


# -- waiting for news --------------------------------------------------------------------------------------------------


def test_a_long_poll_ends_when_something_comes(served: Served, ana: Caller) -> None:
    answers: list[httpx.Response] = []

    def wait() -> None:
        with served.client(ana) as client:
            answers.append(client.get("/v1/entries", params={"epoch": ana.rig.epoch, "wait": 25}))

    waiting = threading.Thread(target=wait)
    waiting.start()
    served.until(lambda: served.waiting == 1)
    with served.client(ana) as client:
        assert push(client, ana).status_code == 200
    waiting.join()
    assert answers[0].status_code == 200
    assert json.loads(answers[0].text.splitlines()[0])["count"] == 1
    served.until(lambda: served.waiting == 0)


def test_a_long_poll_hears_of_another_processes_push(served: Served, ana: Caller) -> None:
    """The other process is another database object on the same file, which tells this hub nothing."""
    from storage.hub.engines import open_database
    from tests.hubs import Rig

    answers: list[int] = []

    def wait() -> None:
        with served.client(ana) as client:
            query: dict[str, Any] = {"epoch": ana.rig.epoch, "wait": 25}
            answers.append(client.get("/v1/entries", params=query).status_code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    served.until(lambda: served.waiting == 1)
    other = open_database(str(served.rig.database.path))
    assert Rig(other).join("ben").push([Writer("ben").write()]) == ["ok"]
    waiting.join(15)
    assert answers == [200]
    other.close()


def test_a_long_poll_that_was_given_up_waits_no_longer(served: Served, ana: Caller) -> None:
    with pytest.raises(httpx.ReadTimeout), served.client(ana) as client:
        client.get("/v1/entries", params={"epoch": ana.rig.epoch, "wait": 25}, timeout=httpx.Timeout(5, read=0.5))
    with served.client(ana) as client:
        push(client, ana)
    served.until(lambda: served.waiting == 0)


@contextlib.contextmanager
def events(served: Served, caller: Caller) -> Iterator[Iterator[httpx_sse.ServerSentEvent]]:
    with served.client(caller) as client, httpx_sse.connect_sse(client, "GET", "/v1/events") as source:
        assert source.response.status_code == 200
        assert source.response.headers["cache-control"] == "no-store"
        yield source.iter_sse()


def test_events_tell_the_newest_number_at_once_and_at_each_change(served: Served, ana: Caller) -> None:
    with events(served, ana) as stream, served.client(ana) as client:
        first = next(stream)
        assert (first.event, json.loads(first.data)) == ("seq", {"epoch": ana.rig.epoch, "seq": 0})
        following = (event for event in stream if event.event == "seq")
        for number in (1, 2, 3):
            push(client, ana)
            assert json.loads(next(following).data)["seq"] == number


def test_events_tell_who_has_what_open(served: Served, ana: Caller) -> None:
    ben = served.rig.join("ben")
    with events(served, ana) as stream, served.client(ben) as client:
        following = (json.loads(event.data)["open"] for event in stream if event.event == "presence")
        client.put("/v1/presence", json={"incident": INCIDENT})
        for found in following:
            if found:
                assert found == [{"incident": INCIDENT, "user": "ben", "device": ben.writer.device}]
                break
        client.put("/v1/presence", json={"incident": None})
        assert next(following) == []


def test_events_are_for_who_has_a_token(served: Served, ana: Caller) -> None:
    with served.client() as client:
        assert client.get("/v1/events").status_code == 401
    served.rig.revoke(person="ana")
    with served.client(ana) as client:
        assert client.get("/v1/events").json()["code"] == "revoked"


def test_the_stream_of_a_revoked_token_ends(served: Served, ana: Caller) -> None:
    ben = served.rig.join("ben")
    with events(served, ana) as stream, served.client(ben) as client:
        next(stream)
        served.rig.revoke(device=ana.writer.device)
        push(client, ben)
        assert [event.event for event in stream if event.event == "seq"] == []


def test_whoever_goes_away_is_waited_for_no_longer(served: Served, ana: Caller) -> None:
    with events(served, ana) as stream:
        next(stream)
        served.until(lambda: served.waiting == 1)
    with served.client(ana) as client:
        push(client, ana)  # the server notices when it has something to say
    served.until(lambda: served.waiting == 0)


def test_it_stops_at_once_whoever_waits(served: Served, ana: Caller) -> None:
    ended: list[object] = []

    def poll() -> None:
        with served.client(ana) as client:
            answer = client.get("/v1/entries", params={"epoch": ana.rig.epoch, "wait": 25})
            ended.append(answer.status_code)

    def listen() -> None:
        with events(served, ana) as stream:
            ended.append(len(list(stream)))

    threads = [threading.Thread(target=each) for each in (poll, listen)]
    for thread in threads:
        thread.start()
    served.until(lambda: served.waiting == 2)
    served.stop()
    for thread in threads:
        thread.join(10)
    assert len(ended) == 2
    assert 204 in ended


# -- headers and limits ------------------------------------------------------------------------------------------------

PATHS = ("/v1/hello", "/v1/entries", "/v1/nothing", "/", "/healthz", "/metrics", "/docs", "/openapi.json")


def test_every_answer_keeps_browsers_out_and_says_nothing_of_the_machine(served: Served, ana: Caller) -> None:
    with served.client(ana) as client:
        for path in PATHS:
            answer = client.get(path)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "server" not in answer.headers or "uvicorn" not in answer.headers["server"]
            assert "set-cookie" not in answer.headers
            assert "access-control-allow-origin" not in answer.headers


def test_there_are_no_pages_with_foreign_scripts(served: Served) -> None:
    with served.client() as client:
        assert {client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json", "/docs/")} == {404}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/nothing"), ("DELETE", "/v1/hello"), ("PATCH", "/v1/entries")]
)
def test_what_is_not_there_is_a_problem_too(served: Served, ana: Caller, method: str, path: str) -> None:
    with served.client(ana) as client:
        answer = client.request(method, path)
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
        assert answer.headers["tocsin-protocol"] == "1"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/v1/entries", "/v1/have", "/v1/devices", "/v1/nothing"])
def test_a_large_body_is_cut_off(served: Served, ana: Caller, path: str, chunked: bool) -> None:
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        for _each in range(200):
            sent += 1_000_000
            yield b" " * 1_000_000

    content: Any = stream() if chunked else b" " * (limits.REQUEST_BYTES + 1)
    kind = LINES if path == "/v1/entries" else JSON
    with (
        served.client(ana) as client,
        contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError),
    ):
        answer = client.post(path, params={"epoch": "x"}, content=content, headers={"content-type": kind})
        assert answer.status_code in (413, 404)
    assert sent < 50_000_000
    with served.client(ana) as client:
        assert client.get("/v1/hello").status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_bomb_over_the_wire(served: Served, ana: Caller, chunked: bool) -> None:
    bomb = gzip.compress(b"0" * 50_000_000, 9)
    content: Any = iter([bomb[:1000], bomb[1000:]]) if chunked else bomb
    headers = {"content-type": LINES, "content-encoding": "gzip"}
    with served.client(ana) as client:
        answer = client.post("/v1/entries", params={"epoch": "x"}, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def raw(served: Served, data: bytes) -> bytes:
    host, _colon, port = served.url.removeprefix("http://").partition(":")
    found = b""
    hearing_enough = contextlib.suppress(OSError)  # it may close before everything was sent
    with socket.create_connection((host, int(port)), timeout=10) as connection, hearing_enough:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            found += part
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 1000,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST /v1/have HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/have HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v1/hello HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /v1/entries?epoch=%ff%00&after=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_hardly_http_breaks_nothing(served: Served, ana: Caller, data: bytes) -> None:
    answer = raw(served, data)
    assert not answer or b" 4" in answer.split(b"\r\n")[0], answer[:200]
    assert b"Traceback" not in answer
    with served.client(ana) as client:
        assert client.get("/v1/hello").status_code == 200


def test_an_error_that_nobody_foresaw_stays_inside(
    served: Served, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("storage.hub.pulling.vector", fail)
    with served.client(ana) as client:
        answer = client.get("/v1/hello")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        monkeypatch.undo()
        assert client.get("/v1/hello").status_code == 200
    failed = [json.loads(line) for line in served.log.splitlines() if "RuntimeError" in line]
    assert failed
    assert failed[0]["level"] == "error"


# -- probes, figures, the log ------------------------------------------------------------------------------------------


def test_it_says_how_it_is(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.errors import Busy

    def fail(*_arguments: object) -> None:
        raise Busy("busy")

    with served.client() as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        monkeypatch.setattr("storage.hub.pulling.state", fail)
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_figures_are_for_this_machine_and_for_administrators(served: Served, ana: Caller) -> None:
    admin = served.rig.join("root", "admin")
    forwarded = {"x-forwarded-for": "203.0.113.7"}
    with served.client(ana) as client:
        push(client, ana, 3)
        client.get("/v1/nothing")
    with served.client() as client:
        text = client.get("/metrics").text
        assert "tocsin_hub_seq 3.0" in text
        assert 'route="/v1/entries"' in text
        assert ana.writer.device not in text
        assert client.get("/metrics", headers=forwarded).status_code == 401
    with served.client(ana) as client:
        assert client.get("/metrics", headers=forwarded).status_code == 403
    with served.client(admin) as client:
        assert client.get("/metrics", headers=forwarded).status_code == 200


def test_strange_methods_and_paths_make_no_new_figures(served: Served) -> None:
    with served.client() as client:
        client.request("ODD", "/v1/odd")
        client.get("/metrics")
        before = len(client.get("/metrics").text.splitlines())
        for number in range(20):
            client.request(f"ODD{number}", f"/v1/{number}")
        after = len(client.get("/metrics").text.splitlines())
    assert after == before


def test_the_log_tells_each_request_and_no_secret(served: Served) -> None:
    writer, code = Writer("ana"), served.rig.code("ana")
    with served.client() as client:
        body = {"code": code, "device": writer.device, "name": "n"}
        token = client.post("/v1/devices", json=body).json()["token"]
        client.get("/v1/hello", headers={"authorization": f"Bearer {token}"})
        client.get(f"/v1/hello?token={token}")
        client.get(f"/v1/{token}")
        client.post("/v1/entries", content=b"a secret note", headers={"content-type": LINES})
    found = [json.loads(line) for line in served.log.splitlines()]
    told = [(each["method"], each["route"], each["status"]) for each in found if each["event"] == "request"]
    assert told[:3] == [("POST", "/v1/devices", 201), ("GET", "/v1/hello", 200), ("GET", "/v1/hello", 401)]
    assert len(told) == 5
    for secret in (token, code, "a secret note"):
        assert secret not in served.log


def test_a_request_can_be_found_in_the_log(served: Served, ana: Caller) -> None:
    with served.client(ana) as client:
        answers = [client.get("/v1/hello", headers={"x-request-id": "mine\u0021"}), client.get("/v1/nothing")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 2
    assert [json.loads(line)["id"] for line in served.log.splitlines() if '"request"' in line] == ids


def test_a_line_in_the_log_is_one_line(served: Served) -> None:
    with served.client() as client:
        client.get("/v1/x%0a%7b%22event%22%3a%22forged%22%7d")
    raw(served, b"GET /a\x1b[31m HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    events = [json.loads(line) for line in served.log.splitlines()]
    assert {each["event"] for each in events} <= {"request", "ready"}
    assert "\x1b" not in served.log
