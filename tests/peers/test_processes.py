"""Two hub processes on one PostgreSQL: one hub, which hears at once what comes in through the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from sync.client import HubClient
from sync.transport import HttpTransport
from tests.hubs import Writer
from tests.peers.failures import hubs_on, ids_in
from tests.peers.hubs import HubProcess, codes, until
from tests.postgres import Cluster


class Visitor:
    """A device of two hubs."""

    def __init__(self, database: str, hubs: list[HubProcess]) -> None:
        self.writer = Writer("ana")
        (code,) = codes(database, [("ana", "responder")])
        self.token = HubClient(HttpTransport(hubs[0].url)).enrol(code, self.writer.device, "laptop")["token"]
        self.clients = [HubClient(HttpTransport(hub.url, self.token)) for hub in hubs]
        self.hubs = hubs

    def push(self, at: int) -> None:
        client = self.clients[at]
        assert client.push(client.hello().epoch, [self.writer.write()]).results[0][1] == "ok"

    def stream(self, at: int) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.hubs[at].url, headers=headers, timeout=60)


def _event(lines: Iterator[str]) -> tuple[str, str]:
    """Return the next event; a heartbeat is one too."""
    for line in lines:
        if line.startswith(":"):
            return "heartbeat", ""
        if line.startswith("event: "):
            return line.removeprefix("event: "), next(lines).removeprefix("data: ")
    raise AssertionError("the stream ended")


def test_two_processes_that_start_at_once_are_one_hub_and_hear_of_each_other(
    address: str, tmp_path: Path, postgres: Cluster
) -> None:
    with hubs_on(address, tmp_path, 2) as hubs:
        visitor = Visitor(address, hubs)
        hellos = [client.hello() for client in visitor.clients]
        assert hellos[0][:2] == hellos[1][:2]
        _hear(visitor)
        _wait_long(visitor)
        postgres.stop()
        assert [httpx.get(f"{hub.url}/readyz").status_code for hub in hubs] == [503, 503]
        assert [httpx.get(f"{hub.url}/healthz").status_code for hub in hubs] == [200, 200]
        postgres.start()
        assert [httpx.get(f"{hub.url}/readyz").status_code for hub in hubs] == [200, 200]
        _hear(visitor)  # they listen again, and what was pushed is there
        assert len(ids_in(address)) == len(visitor.writer.entries)


def _hear(visitor: Visitor) -> None:
    """What goes in through one hub is told by the other, without waiting for the next look."""
    with visitor.stream(1) as client, client.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        assert [_event(lines)[0], _event(lines)[0]] == ["seq", "presence"]
        told = []
        for _each in range(5):
            visitor.push(0)
            told.append(_event(lines))
        assert [name for name, _data in told[1:]] == ["seq"] * 4  # the first may come before it listens
        assert json.loads(told[-1][1])["seq"] == len(visitor.writer.entries)


def _wait_long(visitor: Visitor) -> None:
    """A long poll at one hub is answered by what comes in through the other."""
    hello = visitor.clients[1].hello()
    after, last = 0, ""
    while page := visitor.clients[1].pull(hello.epoch, after, last):
        after, last = page.next, page.last
    query = {"epoch": hello.epoch, "after": after, "last": last, "wait": 25}
    answers: list[int] = []
    with visitor.stream(1) as client:
        asking = threading.Thread(
            target=lambda: answers.append(client.get("/v1/entries", params=query).status_code)  # type: ignore[arg-type]
        )
        asking.start()
        until(lambda: "tocsin_hub_waiting 1.0" in httpx.get(f"{visitor.hubs[1].url}/metrics").text, "it to wait")
        visitor.push(0)
        asking.join()
    assert answers == [200]
