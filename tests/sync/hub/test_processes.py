"""Hubs as processes: killed, restarted, several on one database, and stopped in order."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from domain.entry import Entry
from domain.wire import from_line, to_line
from storage.hub.engines import Database, open_database
from sync.client import HubClient
from sync.transport import HttpTransport, Unreachable
from tests.hubs import LINES, Caller, Rig
from tests.postgres import cluster

ROOT = Path(__file__).parents[3]
DEADLINE = 60.0  # seconds before a test gives up; nothing is asserted about time itself
DEVICES, BATCH, KILLS = 8, 5, 4
BETWEEN = 120  # acknowledged entries between two kills


class Hub:
    """`tocsin hub serve`, as a process."""

    def __init__(self, home: Path, url: str, *options: str) -> None:
        self._command = [sys.executable, "-m", "tocsin", "hub", "serve", "--database", url, "--listen", "127.0.0.1:0"]
        self._command += options
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "XDG_"))}
        self._env = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}
        self.lines: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, env=self._env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        assert first.startswith("hub ready on "), first + self.process.stderr.read()
        self.url = first.split()[-1]
        threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True).start()

    def _drain(self, stream: IO[str]) -> None:
        self.lines.extend(stream)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(20)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    started: list[Hub] = []

    def begin(url: str, *options: str) -> Hub:
        started.append(Hub(tmp_path, url, *options))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with cluster() as server:
        yield server.fresh()


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return str(tmp_path / "hub.db")


class Pushing:
    """A device that pushes until it is told to stop, whatever becomes of the hubs."""

    def __init__(self, caller: Caller, hubs: list[Hub], epoch: str) -> None:
        self.caller, self.hubs, self.epoch = caller, hubs, epoch
        self.acknowledged: list[Entry] = []
        self.again = 0
        self.enough = threading.Event()
        self._client = httpx.Client(timeout=20, headers={"authorization": f"Bearer {caller.token}"})

    def run(self) -> None:
        while not self.enough.is_set():
            batch = self.caller.writer.write_many(BATCH)
            while not self._pushed(batch):
                self.again += 1
                time.sleep(0.05)
            self.acknowledged += batch

    def _pushed(self, batch: list[Entry]) -> bool:
        hub = self.hubs[(len(self.acknowledged) // BATCH + self.again) % len(self.hubs)]
        headers = {"content-type": LINES}
        body = "".join(f"{to_line(entry)}\n" for entry in batch)
        try:
            answer = self._client.post(
                f"{hub.url}/v1/entries", params={"epoch": self.epoch}, content=body, headers=headers
            )
        except httpx.HTTPError:
            return False
        if answer.status_code >= 500:
            return False
        assert answer.status_code == 200, answer.text
        results = {each["result"] for each in answer.json()["results"]}
        assert results <= {"ok", "dup"}, results
        return True


class Following:
    """A device that follows the cursor and never looks back."""

    def __init__(self, caller: Caller, hubs: list[Hub], epoch: str) -> None:
        self.caller, self.hubs, self.epoch = caller, hubs, epoch
        self.seen: list[str] = []
        self.last_round = threading.Event()
        self._after, self._last = 0, ""
        self._client = httpx.Client(timeout=20, headers={"authorization": f"Bearer {caller.token}"})

    def run(self) -> None:
        turn = 0
        while True:
            over = self.last_round.is_set()
            turn += 1
            try:
                more = self._page(self.hubs[turn % len(self.hubs)], wait=0 if over else 1)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            if over and not more:
                return

    def _page(self, hub: Hub, wait: int) -> bool:
        query: dict[str, str | int] = {"epoch": self.epoch, "after": self._after, "last": self._last, "wait": wait}
        answer = self._client.get(f"{hub.url}/v1/entries", params=query)
        if answer.status_code != 200:
            assert answer.status_code in (204, 503), answer.text
            return answer.status_code == 503
        head, *lines = answer.text.splitlines()
        found = json.loads(head)
        self._after, self._last = found["next"], found["last"]
        self.seen += [from_line(line).id for line in lines]
        return True


def all_of_it(url: str, hubs: list[Hub], database: Database) -> None:
    """Let devices push and a reader follow while hubs are killed in turn; hold what was read to what was said."""
    rig = Rig(database)
    rig.service.clock = rig.clock
    pushing = [Pushing(rig.join(f"user{number}"), hubs, rig.epoch) for number in range(DEVICES)]
    following = Following(rig.join("reader"), hubs, rig.epoch)
    threads = [threading.Thread(target=each.run) for each in pushing]
    reading = threading.Thread(target=following.run)
    for thread in (reading, *threads):
        thread.start()
    so_far = lambda: sum(len(each.acknowledged) for each in pushing)  # noqa: E731
    for number in range(KILLS + 1):
        wanted, end = so_far() + BETWEEN, time.monotonic() + DEADLINE
        while so_far() < wanted:
            assert time.monotonic() < end, f"only {so_far()} of {wanted} acknowledged"
            time.sleep(0.01)
        if number < KILLS:
            hubs[number % len(hubs)].kill()
            hubs[number % len(hubs)].start()
    for each in pushing:
        each.enough.set()
    for thread in threads:
        thread.join(DEADLINE)
    following.last_round.set()
    reading.join(DEADLINE)
    acknowledged = {entry.id for each in pushing for entry in each.acknowledged}
    assert len(acknowledged) == so_far() >= (KILLS + 1) * BETWEEN
    missed = acknowledged - set(following.seen)
    assert len(missed) == 0, f"{len(missed)} of {len(acknowledged)} acknowledged entries were never read"
    assert len(following.seen) == len(set(following.seen)) == len(acknowledged)
    stored = rig.join("late").pull_all()
    assert sorted(entry.id for entry in stored) == sorted(acknowledged)
    assert sum(each.again for each in pushing) > 0, "nobody noticed that a hub was killed"


def test_two_hubs_on_one_postgresql_lose_nothing_when_they_are_killed(
    postgres_url: str, serve: Callable[..., Hub]
) -> None:
    hubs = [serve(postgres_url), serve(postgres_url)]
    database = open_database(postgres_url)
    all_of_it(postgres_url, hubs, database)
    database.close()


def test_two_hubs_on_one_file_lose_nothing_when_they_are_killed(file_url: str, serve: Callable[..., Hub]) -> None:
    hubs = [serve(file_url), serve(file_url)]
    database = open_database(file_url)
    all_of_it(file_url, hubs, database)
    from sqlalchemy import text

    with database.reading() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()


@pytest.mark.parametrize("which", ["file_url", "postgres_url"])
def test_who_waits_at_one_hub_hears_of_a_push_at_the_other(
    which: str, request: pytest.FixtureRequest, serve: Callable[..., Hub]
) -> None:
    url = request.getfixturevalue(which)
    one, other = serve(url), serve(url)
    database = open_database(url)
    rig = Rig(database)
    ana, epoch = rig.join(f"ana-{which}"), rig.epoch
    seq = ana.hello()["seq"]
    after, last = 0, ""
    while after < seq and (page := ana.pull(after, last)):
        after, last = page.head["next"], page.head["last"]
    heard: list[int] = []

    def wait() -> None:
        query: dict[str, str | int] = {"epoch": epoch, "after": after, "last": last, "wait": 25}
        headers = {"authorization": f"Bearer {ana.token}"}
        heard.append(httpx.get(f"{one.url}/v1/entries", params=query, headers=headers, timeout=40).status_code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    figures = lambda: httpx.get(f"{one.url}/metrics").text  # noqa: E731
    end = time.monotonic() + DEADLINE
    while "tocsin_hub_waiting 1.0" not in figures():
        assert time.monotonic() < end
        time.sleep(0.02)
    pushing = Pushing(ana, [other], epoch)
    assert pushing._pushed(ana.writer.write_many(1))
    waiting.join(20)
    assert heard == [200]
    database.close()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_while_somebody_waits(file_url: str, serve: Callable[..., Hub], signum: int) -> None:
    hub = serve(file_url)
    database = open_database(file_url)
    rig = Rig(database)
    ana = rig.join("ana")
    got: list[int] = []

    def wait() -> None:
        query: dict[str, str | int] = {"epoch": rig.epoch, "wait": 25}
        headers = {"authorization": f"Bearer {ana.token}"}
        got.append(httpx.get(f"{hub.url}/v1/entries", params=query, headers=headers, timeout=40).status_code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    end = time.monotonic() + DEADLINE
    while "tocsin_hub_waiting 1.0" not in httpx.get(f"{hub.url}/metrics").text:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert hub.stop(signum) == 0
    waiting.join(10)
    assert got == [204]
    assert json.loads(hub.lines[-1])["event"] == "ended"
    assert not any("Traceback" in line for line in hub.lines)
    database.close()


def test_after_the_line_that_says_ready_every_line_is_json(file_url: str, serve: Callable[..., Hub]) -> None:
    hub = serve(file_url)
    for path in ("/healthz", "/v1/hello", "/nothing", "/metrics"):
        httpx.get(hub.url + path)
    with httpx.Client() as client:
        client.request("GET", hub.url + "/v1/entries?wait=x", headers={"tocsin-protocol": "9"})
    assert hub.stop() == 0
    events = [json.loads(line) for line in hub.lines]
    assert [each["event"] for each in events] == ["ready", *["request"] * 5, "ended"]


def test_postgresql_may_go_and_come_back_under_a_running_hub(serve: Callable[..., Hub]) -> None:
    with cluster() as server:
        url = server.fresh()
        hub = serve(url)
        database = open_database(url)
        rig = Rig(database)
        ana, epoch = rig.join("ana"), rig.epoch
        pushing = Pushing(ana, [hub], epoch)
        assert pushing._pushed(ana.writer.write_many(2))
        server.stop()
        batch = ana.writer.write_many(2)
        assert not pushing._pushed(batch)
        assert httpx.get(f"{hub.url}/healthz").status_code == 200
        assert httpx.get(f"{hub.url}/readyz", timeout=20).status_code == 503
        server.start()
        assert pushing._pushed(batch)
        assert httpx.get(f"{hub.url}/readyz").status_code == 200
        assert hub.stop() == 0
        assert not any("hunter2" in line for line in hub.lines)
        database.close()


def test_it_speaks_tls_and_nothing_else_then(
    tmp_path: Path, file_url: str, serve: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *more], check=True, capture_output=True)
    hub = serve(file_url, "--tls-cert", str(certificate), "--tls-key", str(key))
    assert hub.url.startswith("https://127.0.0.1:")
    with pytest.raises(Unreachable):
        HubClient(HttpTransport(hub.url, "x")).hello()  # nobody vouches for it
    with pytest.raises(httpx.HTTPError):
        httpx.get(hub.url.replace("https", "http") + "/healthz")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    database = open_database(file_url)
    ana = Rig(database).join("ana")
    assert HubClient(HttpTransport(hub.url, ana.token)).hello().user == "ana"
    database.close()
