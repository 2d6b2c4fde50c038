"""Three PostgreSQL nodes under Patroni, with etcd, on this machine: made, broken and switched over."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg

from tests.peers.failures import Load, hubs_on, ids_in
from tests.peers.fleet import Fleet, Found
from tests.peers.hubs import until
from tests.postgres import is_root, programs

_NODES = 3
_DATABASE = "tocsin"
_CONFIGURATION = """\
scope: tocsin
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{host: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 3
    synchronous_mode: true
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 100, shared_buffers: 32MB, wal_keep_size: 64MB}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
  pg_hba: ["host replication all 127.0.0.1/32 trust", "host all all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/data
  bin_dir: {programs}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: x}}
    replication: {{username: replicator, password: x}}
    rewind: {{username: rewinder, password: x}}
  parameters: {{unix_socket_directories: "{folder}"}}
"""


def missing() -> str:
    """Return what is not installed here, empty when everything is."""
    wanted = [name for name in ("etcd", "patroni", "patronictl") if not shutil.which(name)]
    return ", ".join([*wanted, *([] if programs() else ["PostgreSQL"])])


def server_version() -> str:
    """Return PostgreSQL's version."""
    said = _said([f"{programs()}/postgres", "--version"])  # postgres (PostgreSQL) 15.18 (Debian ...)
    return f"PostgreSQL {said.split()[2]}"


def versions() -> str:
    """Return the versions of what takes part."""
    etcd = _said(["etcd", "--version"]).splitlines()[0].replace("Version: ", "")
    return ", ".join([server_version(), _said(["patroni", "--version"]).capitalize(), etcd])


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Node:
    """One PostgreSQL and the Patroni that keeps it."""

    def __init__(self, name: str, cluster: Trio) -> None:
        self.name, self._cluster = name, cluster
        self.folder = cluster.folder / name
        self.folder.mkdir(mode=0o700)
        self.port, self.rest = free_port(), free_port()
        self.file = cluster.folder / f"{name}.yml"
        self.file.write_text(
            _CONFIGURATION.format(
                name=name, rest=self.rest, etcd=cluster.etcd, port=self.port, folder=self.folder, programs=programs()
            )
        )
        if is_root():
            shutil.chown(self.folder, "nobody")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        self._process = self._cluster.spawn(["patroni", str(self.file)], self.name)

    def kill(self) -> None:
        """Kill Patroni and then PostgreSQL with SIGKILL, as a machine dies."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        with suppress(OSError, ValueError, IndexError):
            main = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(main, signal.SIGKILL)


class Trio:
    """Three nodes with a synchronous standby among them.

    Args:
        folder: Theirs, which everybody may enter.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.etcd, peer = free_port(), free_port()
        (folder / "etcd").mkdir(mode=0o700)
        if is_root():
            shutil.chown(folder / "etcd", "nobody")
        client, own = f"http://127.0.0.1:{self.etcd}", f"http://127.0.0.1:{peer}"
        self._etcd = self.spawn(
            ["etcd", "--name", "e1", "--data-dir", f"{folder}/etcd", "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", own, "--initial-advertise-peer-urls", own,
             "--initial-cluster", f"e1={own}"],
            "etcd",
        )  # fmt: skip
        self.nodes = [Node(f"n{number}", self) for number in range(1, _NODES + 1)]

    @property
    def url(self) -> str:
        """The address of the hub's database: every node, of which the one is taken that takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres@{hosts}/{_DATABASE}?target_session_attrs=read-write&connect_timeout=2"

    def spawn(self, command: Sequence[str], name: str) -> subprocess.Popen[bytes]:
        """Start a process as an unprivileged user; what it says goes into a file."""
        as_root: dict[str, Any] = (
            {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if is_root() else {}
        )
        environment = {"HOME": str(self.folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_root
            )

    def begin(self) -> None:
        """Start all nodes and make the database."""
        self.nodes[0].start()
        until(lambda: self.leader() is not None, "a leader", self.members, 120)
        for node in self.nodes[1:]:
            node.start()
        self.whole()
        leader = self.leader()
        assert leader is not None
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{leader.port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE} TEMPLATE template0")

    def members(self) -> list[dict[str, Any]]:
        """Return what Patroni says of its members."""
        for node in self.nodes:
            with suppress(OSError, ValueError), urlopen(f"http://127.0.0.1:{node.rest}/cluster", timeout=2) as answer:
                members: list[dict[str, Any]] = json.load(answer)["members"]
                return members
        return []

    def leader(self) -> Node | None:
        """Return the node that takes writes."""
        for member in self.members():
            if member["role"] == "leader" and member["state"] == "running":
                return next(node for node in self.nodes if node.name == member["name"])
        return None

    def whole(self) -> None:
        """Wait until every node runs, and one of them is a synchronous standby."""

        def met() -> bool:
            members = self.members()
            running = [each for each in members if each["state"] in ("running", "streaming")]
            return len(running) == _NODES and any(each["role"] == "sync_standby" for each in members)

        until(met, "three nodes", self.members, 180)

    def switch_over(self) -> None:
        """Let the synchronous standby take over from a leader that is well."""
        command = ["patronictl", "-c", str(self.nodes[0].file), "switchover", "--force", "tocsin"]
        done = self.spawn(command, "switchover").wait(timeout=120)
        assert done == 0, (self.folder / "switchover.log").read_text()

    def end(self) -> None:
        """Kill everything."""
        for node in self.nodes:
            with suppress(AssertionError):
                node.kill()
        self._etcd.kill()
        self._etcd.wait()


@contextmanager
def trio() -> Iterator[Trio]:
    """Start the nodes, and end them."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-ha-"))
    try:
        folder.chmod(0o755)
        nodes = Trio(folder)
        try:
            nodes.begin()
            yield nodes
        finally:
            nodes.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port that is free now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port


def failover(folder: Path, load: Load) -> Found:
    """Kill the leader, and later let it hand over, while devices push; hold everything against what is there."""
    with (
        trio() as nodes,
        hubs_on(nodes.url, folder, 1) as hubs,
        closing(Fleet(hubs, nodes.url, folder, load.devices, load.readers)) as fleet,
    ):
        with fleet.running(load.pause):
            for _turn in range(load.kills):
                killed = _leader(nodes)
                _measured(fleet, load, "kill -9 of the leader", killed.kill)
                killed.start()
                nodes.whole()
            _measured(fleet, load, "switchover", nodes.switch_over)
            nodes.whole()
            fleet.progress(load.between)
        return fleet.judged(ids_in(nodes.url))


def _leader(nodes: Trio) -> Node:
    found = nodes.leader()
    assert found is not None, nodes.members()
    return found


def _measured(fleet: Fleet, load: Load, what: str, do: Callable[[], None]) -> None:
    fleet.progress(load.between)
    at = time.monotonic()
    do()
    fleet.progress(load.between, 180)
    fleet.found.gaps.append((what, fleet.ledger.longest(at)))
