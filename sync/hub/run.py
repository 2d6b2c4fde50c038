"""Runs a hub until it is told to stop, and stops in order: nothing half written, nobody left hanging."""

from __future__ import annotations

import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from domain.errors import BadValue

if TYPE_CHECKING:
    from fastapi import FastAPI

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; what uvicorn takes by itself depends on its version
_GRACE = 10  # seconds for requests under way when it stops


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a hub listens.

    Attributes:
        host: An address of this machine.
        port: 0 takes a free one.
        certificate: PEM file, empty for plain HTTP.
        key: PEM file.
    """

    host: str
    port: int
    certificate: str = ""
    key: str = ""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.certificate else "http"


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`.

    Raises:
        BadValue: It is no such text.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise BadValue(f"“{text}” is not HOST:PORT", "Write it as 127.0.0.1:7337.", "bad_listen")
    return host.strip("[]"), int(port)


class _Server(uvicorn.Server):
    """A server that lets those go who wait for news, once it is told to stop."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; uvicorn's own way would die of them after it has stopped."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop: on SIGINT and SIGTERM."""
        self._on_stop()
        super().handle_exit(sig, frame)


def serve(app: FastAPI, listen: Listen, on_ready: Callable[[str], None], *, behind_proxy: bool = False) -> None:
    """Serve until a signal comes.

    Raises:
        BadValue: The address or the certificate cannot be used.
    """
    bound = _bind(listen)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=behind_proxy,
        forwarded_allow_ips="127.0.0.1,::1" if behind_proxy else None,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=75,
        limit_concurrency=2000,
        h11_max_incomplete_event_size=65_536,
        ssl_certfile=listen.certificate or None,
        ssl_keyfile=listen.key or None,
        ssl_ciphers=_CIPHERS,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise BadValue(f"The certificate cannot be used: {error}", "Check --tls-cert and --tls-key.", "tls") from error
    port = bound.getsockname()[1]
    shown = f"[{listen.host}]" if ":" in listen.host else listen.host
    server = _Server(config, app.state.changes.end)
    on_ready(f"{listen.scheme}://{shown}:{port}")
    server.run(sockets=[bound])


def _bind(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((listen.host, listen.port))
        bound.listen(2048)
    except OSError as error:
        bound.close()
        where = f"{listen.host}:{listen.port}"
        raise BadValue(
            f"The hub cannot listen on {where}: {error.strerror}", "Choose another with --listen.", "listen"
        ) from error
    return bound
