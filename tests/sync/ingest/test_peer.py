"""With a real Alertmanager, where one is installed: what it posts and what its API lists, fired, resolved, re-fired."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, TypeVar

import pytest

from domain.alerts import Rules
from tests.sync.ingest.bodies import Desk

PROGRAM = shutil.which("prometheus-alertmanager")
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="prometheus-alertmanager is not installed"),
    pytest.mark.timeout(300),
]
PATIENCE = 120  # seconds; only ever waited for when something is broken
LABELS = [{"alertname": "DiskFull", "instance": name, "severity": "critical", "team": "dba"} for name in ("db1", "db2")]
Value = TypeVar("Value")


class Receiver(BaseHTTPRequestHandler):
    """Keeps the bodies that are posted to it."""

    bodies: Queue[bytes]

    def do_POST(self) -> None:
        self.bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Be quiet."""


class Peer:
    """A running Alertmanager on the loopback, and what it has posted."""

    def __init__(self, url: str, bodies: Queue[bytes]) -> None:
        self.url, self.bodies = url, bodies

    def post(self, ends: str | None = None) -> None:
        """Tell it that both disks are full, or no longer."""
        alerts = [{"labels": each, "annotations": {"summary": f"{each['instance']} is full"}} for each in LABELS]
        data = json.dumps([{**each, "endsAt": ends} if ends else each for each in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", data, headers)
        urllib.request.urlopen(request, timeout=10).close()

    def get(self) -> bytes:
        """Return its list of alerts."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            return bytes(answer.read())

    def posted(self, wanted: Callable[[dict[str, Any]], bool]) -> bytes:
        """Return the next body that is wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.bodies.get(timeout=max(0.1, deadline - time.monotonic()))
            if wanted(json.loads(found)):
                return found


def until(what: Callable[[], Value | None]) -> Value:
    """Return the first answer that is one, asking again for as long as patience lasts."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


@contextmanager
def receiving() -> Iterator[tuple[int, Queue[bytes]]]:
    bodies: Queue[bytes] = Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Kept", (Receiver,), {"bodies": bodies}))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with receiving() as (port, bodies):
        config = tmp_path / "am.yml"
        config.write_text(
            "route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}\n"
            "receivers: [{name: hook, webhook_configs: "
            f"[{{url: 'http://127.0.0.1:{port}/', send_resolved: true}}]}}]\n"
        )
        url = f"http://127.0.0.1:{free_port()}"
        listen = url.removeprefix("http://")
        flags = [f"--config.file={config}", f"--storage.path={tmp_path / 'data'}", f"--web.listen-address={listen}"]
        command = [str(PROGRAM), *flags, "--cluster.listen-address=", "--log.level=error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: ready(url))
                yield Peer(url, bodies)
            finally:
                process.kill()


def test_a_real_alertmanager_from_firing_to_firing_again(peer: Peer, tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    def read(data: bytes) -> Any:
        desk.now = time.time_ns() // 1_000_000
        return desk.read(data, Rules())

    peer.post()
    first = read(peer.posted(lambda body: len(body["alerts"]) == 2))
    assert (len(first.opened), first.alerts_new) == (1, 2)
    assert desk.one().title in ("db1 is full", "db2 is full")
    listed = read(until(lambda: data if len(json.loads(data := peer.get())) == 2 else None))
    assert (listed.alerts_known, listed.alerts_new, desk.incidents()) == (2, 0, 1)

    peer.post(ends=datetime.now(UTC).isoformat())
    over = read(peer.posted(lambda body: body["status"] == "resolved"))
    assert (over.resolved, over.alerts_new) == (first.opened, 2)

    until(lambda: json.loads(peer.get()) == [])
    peer.post()
    again = read(peer.posted(lambda body: body["status"] == "firing"))
    assert (len(again.opened), again.alerts_new) == (1, 2)
    new = desk.store.reader.incident(again.opened[0])
    assert [(item.relation, item.incident) for item in new.related] == [("prior", first.opened[0])]
    assert (desk.incidents(), desk.alerts()) == (2, 6)
