"""The wire: the one module that touches httpx. One client, kept; nothing is asked that was not meant.

Certificates are always checked (`SSL_CERT_FILE` names an authority of one's own), redirects are not followed, and plain
HTTP goes to this machine only: a token must not cross a network in the open.
"""

from __future__ import annotations

import gzip
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx
import httpx_sse

from domain.errors import BadValue

_CAP = 16 * 1024 * 1024  # bytes of an answer, after inflating it
_CONNECT, _READ = 5.0, 40.0  # seconds; a long poll waits 25
_COMPRESS = 1024  # bytes from which on a body is worth compressing


Query = Mapping[str, str | int]


class Answer(NamedTuple):
    """What came back: status, headers in lower case, and the body as it was before compression."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreachable(Exception):
    """Nothing usable came back, so nothing may be assumed of what was sent; `str()` says why in few words."""


class Transport(Protocol):
    """Sends one request and returns its answer."""

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        """Send a request.

        Args:
            method: `GET`, `POST` or `PUT`.
            path: Below the remote's address, beginning with a slash.
            query: Its parameters.
            body: What is sent.
            kind: The media type of `body`.

        Raises:
            Unreachable: No whole answer came.
        """
        ...


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: str


def check_url(url: str) -> str:
    """Return a remote's address without a slash at its end.

    Raises:
        BadValue: It is no address, or a plain one that leaves this machine.
    """
    try:
        parts = urlsplit(url.strip())
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise BadValue(
            f"“{url}” is not an address: {error}", "Write it as https://hub.example.org.", "bad_url"
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise BadValue(f"“{url}” is not an address", "Write it as https://hub.example.org.", "bad_url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadValue(f"“{url}” holds more than an address", "Give the address alone.", "bad_url")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadValue(
            f"“{url}” would carry the token in the open", "Use https, or a tunnel to this machine.", "plain_http"
        )
    return url.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HttpTransport:
    """Speaks to one remote over HTTP.

    Args:
        url: Its address, checked.
        token: What it is given as `Authorization: Bearer`; empty for none.
        transport: Another httpx transport, for tests.
    """

    def __init__(self, url: str, token: str = "", transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Tocsin-Protocol": "1", "User-Agent": "tocsin"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            base_url=url,
            headers=headers,
            follow_redirects=False,
            timeout=httpx.Timeout(_READ, connect=_CONNECT),
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections; a request under way in another thread fails."""
        self._client.close()

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        """Send a request; see `Transport`."""
        headers = {"Content-Type": kind} if kind else {}
        if len(body) > _COMPRESS:
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        with (
            _as_unreachable(),
            self._client.stream(method, path, params=dict(query), content=body or None, headers=headers) as answer,
        ):
            return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, _capped(answer))

    def events(self, path: str) -> Iterator[Event]:
        """Yield server-sent events until the connection ends.

        Raises:
            Unreachable: It failed, or something else came than events.
        """
        with _as_unreachable(), httpx_sse.connect_sse(self._client, "GET", path) as source:
            if source.response.status_code != httpx.codes.OK:
                raise Unreachable(f"the hub answered {source.response.status_code} instead of events")
            for event in source.iter_sse():
                yield Event(event.event, event.data)


def _capped(answer: httpx.Response) -> bytes:
    found = bytearray()
    for part in answer.iter_bytes():
        found += part
        if len(found) > _CAP:
            raise Unreachable(f"the answer is larger than {_CAP:,} bytes")
    return bytes(found)


@contextmanager
def _as_unreachable() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise Unreachable("no answer in time") from error
    except httpx.ConnectError as error:
        raise Unreachable(f"no connection ({error})") from error
    except (httpx.HTTPError, httpx.StreamError, httpx_sse.SSEError, httpx.InvalidURL) as error:
        raise Unreachable(f"the connection failed ({str(error) or type(error).__name__})") from error
    except RuntimeError as error:  # httpx: the client was closed meanwhile
        raise Unreachable("the connection was closed") from error
