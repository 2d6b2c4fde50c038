"""`hub serve`: it serves only as it safely can, is administered meanwhile, and stops in order."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from domain.wire import to_line
from tests.hubs import Caller, Rig, Writer

if TYPE_CHECKING:
    from conftest import Cli

CODE_FOR_ANA = ("hub", "code", "--user", "ana", "--role", "responder")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--listen", "0.0.0.0:0"), "plain_http"),
        (("--listen", "10.1.2.3:7337"), "plain_http"),
        (("--listen", "[::]:0"), "plain_http"),
        (("--listen", "hub.example.org:443"), "plain_http"),
        (("--listen", "7337"), "bad_listen"),
        (("--listen", "127.0.0.1"), "bad_listen"),
        (("--listen", "127.0.0.1:x"), "bad_listen"),
        (("--listen", "127.0.0.1:70000"), "bad_listen"),
        (("--listen", ":7337"), "bad_listen"),
        (("--listen", "127.0.0.1:0", "--tls-cert", "missing.pem"), "tls"),
        (("--listen", "127.0.0.1:0", "--tls-key", "missing.pem"), "tls"),
        (("--listen", "127.0.0.1:0", "--tls-cert", "missing.pem", "--tls-key", "missing.pem"), "tls"),
        (("--listen", "127.1.2.3.4:0",), "plain_http"),
    ],
)  # fmt: skip
def test_it_does_not_serve_where_it_should_not_or_cannot(cli: Cli, args: tuple[str, ...], code: str) -> None:
    ran = cli("hub", "serve", *args, "--json", code=2)
    assert ran.error["code"] == code
    assert ran.error["remedy"]


def test_a_port_that_is_taken_is_told(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = cli("hub", "serve", "--listen", f"127.0.0.1:{port}", "--json", code=2)
    assert (ran.error["code"], str(port) in ran.error["message"]) == ("listen", True)


class Serving:
    """A hub as a process."""

    def __init__(self, cli: Cli, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "hub", "serve", "--listen", "127.0.0.1:0", *args],
            env=cli.real_env(), cwd=cli.home, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr
        first = self.process.stderr.readline()
        assert first.startswith("hub ready on "), first + self.process.stderr.read()
        self.url = first.split()[-1]

    def end(self) -> tuple[int, list[str]]:
        """Stop it; return its exit code and what it has logged."""
        assert self.process.stderr
        self.process.send_signal(signal.SIGTERM)
        said = self.process.stderr.read()  # not `communicate`, which loses what came in one piece with the first line
        return self.process.wait(30), said.splitlines()


@contextmanager
def serving(cli: Cli, *args: str) -> Iterator[Serving]:
    found = Serving(cli, *args)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


def test_a_hub_serves_is_administered_meanwhile_and_stops_in_order(cli: Cli) -> None:
    with serving(cli) as hub, httpx.Client(base_url=hub.url, timeout=30) as client:
        assert client.get("/readyz").status_code == 200
        code = cli("hub", "code", "--user", "ana", "--role", "responder").out.strip()
        body = {"code": code, "device": Writer("ana").device, "name": "laptop"}
        token = client.post("/v1/devices", json=body).json()["token"]
        authorized = {"authorization": f"Bearer {token}"}
        assert client.get("/v1/hello", headers=authorized).json()["user"] == "ana"
        assert Path(cli("hub", "backup", str(cli.home / "b.db"), "--json").json["path"]).exists()
        cli("hub", "revoke", "--user", "ana")
        assert client.get("/v1/hello", headers=authorized).status_code == 403
        assert client.get("/").status_code == 404  # without --page there is none
        exit_code, said = hub.end()
    assert exit_code == 0
    events = [json.loads(line) for line in said]
    assert [events[0]["event"], events[-1]["event"]] == ["ready", "ended"]
    for secret in (token, code):
        assert secret not in "\n".join(said)
        for each in (cli.home / "data" / "tocsin").iterdir():
            assert secret.encode() not in each.read_bytes(), each


def test_a_secure_hub_is_believed_only_when_its_authority_is_known(cli: Cli, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    with serving(cli, "--tls-cert", str(cert), "--tls-key", str(key)) as hub:
        assert hub.url.startswith("https://127.0.0.1:")
        code = cli("hub", "code", "--user", "ana", "--role", "responder").out.strip()
        add = ("remote", "add", "team", "--url", hub.url, "--code", code, "--json")
        ran = cli.real(*add)
        assert ran.code == 5
        assert "certificate" in ran.error["message"].lower()
        ran = cli.real(*add, SSL_CERT_FILE=str(cert))
        assert ran.code == 0, ran
        assert cli.real("sync", SSL_CERT_FILE=str(cert)).code == 0
        assert cli.real("sync").code == 5


def test_only_a_current_tls_with_good_suites_is_spoken(cli: Cli, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    cli(*CODE_FOR_ANA)
    with serving(cli, "--tls-cert", str(cert), "--tls-key", str(key)) as hub:
        address = ("127.0.0.1", int(hub.url.rpartition(":")[2]))

        def spoken(version: ssl.TLSVersion, suites: str = "ALL") -> tuple[str, str]:
            context = ssl.create_default_context(cafile=str(cert))
            with warnings.catch_warnings(action="ignore"):
                context.minimum_version = context.maximum_version = version
            context.set_ciphers(f"{suites}:@SECLEVEL=0")  # so that it is the hub which refuses
            with (
                socket.create_connection(address, 10) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
            ):
                name, protocol, _bits = secure.cipher() or ("", "", 0)
                return protocol, name

        assert spoken(ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
        protocol, name = spoken(ssl.TLSVersion.TLSv1_2)
        assert protocol == "TLSv1.2"
        assert re.fullmatch("ECDHE-.*(GCM-SHA(256|384)|POLY1305)", name), name
        with pytest.raises(ssl.SSLError, match=r"(?i)EOF|alert protocol version"):
            spoken(ssl.TLSVersion.TLSv1_1)
        with pytest.raises(ssl.SSLError, match=r"(?i)EOF|alert handshake failure"):
            spoken(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256")


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1 and its key; skips where there is no openssl."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        pytest.skip("openssl is not installed")
    if done.returncode:
        pytest.skip("this openssl makes no certificate")
    return cert, key


def test_strict_authors_are_set_by_flag(cli: Cli, rig: Rig) -> None:
    code = cli(*CODE_FOR_ANA).out.strip()
    writer = Writer("ana")
    entry = writer.write(author="ben")
    with serving(cli, "--strict-authors") as hub:
        token = httpx.post(
            f"{hub.url}/v1/devices", json={"code": code, "device": writer.device, "name": "n"}, timeout=30
        ).json()["token"]
        answer = httpx.post(
            f"{hub.url}/v1/entries", params={"epoch": rig.epoch}, content=to_line(entry).encode() + b"\n", timeout=30,
            headers={"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"},
        )  # fmt: skip
    assert [each["result"] for each in answer.json()["results"]] == ["quarantined"]
    assert Caller(rig, writer, token).pull() is not None


def test_a_damaged_database_is_told(cli: Cli, file: Path) -> None:
    cli(*CODE_FOR_ANA)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(file.read_bytes())
    data[4096 : 4096 * 4] = b"\xff" * 4096 * 3
    file.write_bytes(bytes(data))
    ran = cli("hub", "users", "--json", code=None)
    assert ran.code in (1, 7)
    assert "Traceback" not in ran.err
    assert ran.error["remedy"]
