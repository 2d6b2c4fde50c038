"""Puts a hub together from its database, its settings and the system: clock, random source, sockets."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.errors import BadValue
from domain.times import Clock
from storage.hub.engines import Database
from storage.journal import system_random_bits
from sync.hub.logs import Log
from sync.hub.run import Listen, parse_listen, serve
from sync.hub.server import create_app
from sync.hub.service import Options, Service
from sync.transport import is_loopback


@dataclass(frozen=True, slots=True)
class Settings:
    """How a hub is to be served; see `tocsin hub serve --help`."""

    listen: str
    certificate: str = ""
    key: str = ""
    behind_proxy: bool = False
    page: bool = False
    page_parties: tuple[str, ...] = ()
    strict_authors: bool = False


def serve_hub(database: Database, settings: Settings, clock: Clock, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal comes.

    Raises:
        BadValue: The address or the certificate cannot be used.
    """
    listen = _listen(settings)
    log = Log(sys.stderr, clock)
    options = Options(strict_authors=settings.strict_authors)
    service = Service(database, clock, system_random_bits, time.monotonic, options)
    extra = None
    if settings.page:
        from sync.hub.page import page_router

        extra = page_router(service, settings.page_parties)
    app = create_app(service, log, extra)

    def ready(url: str) -> None:
        on_ready(url)
        log.told("ready", url=url)

    serve(app, listen, ready, behind_proxy=settings.behind_proxy)
    log.told("ended")


def _listen(settings: Settings) -> Listen:
    host, port = parse_listen(settings.listen)
    if bool(settings.certificate) != bool(settings.key):
        raise BadValue("TLS needs a certificate and its key", "Give both --tls-cert and --tls-key.", "tls")
    if not is_loopback(host) and not settings.certificate and not settings.behind_proxy:
        raise BadValue(
            f"Without TLS a hub listens to this machine only, not on {host}",
            "Give --tls-cert and --tls-key, or --behind-proxy when a proxy in front of it speaks TLS.",
            "plain_http",
        )
    return Listen(host, port, settings.certificate, settings.key)
