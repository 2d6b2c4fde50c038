"""The wire: what may be asked, and that nothing but a whole answer is one."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import httpx
import pytest

from domain.errors import BadValue
from sync.transport import HttpTransport, Unreachable, check_url

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.mark.parametrize(
    "url",
    ["https://hub.example.org", "https://hub.example.org:8443/below", "http://127.0.0.1:7337", "http://localhost", "http://[::1]:1"],
)  # fmt: skip
def test_an_address_may_be(url: str) -> None:
    assert check_url(f" {url}/ ") == url


@pytest.mark.parametrize(
    "url",
    ["", "hub", "ftp://hub", "https://", "http://hub.example.org", "http://10.0.0.1", "http://127.0.0.1.evil.org",
     "https://me:secret@hub", "https://hub?x=1", "https://hub#x", "https://[::1", "https://hub:0", "https://hub:99999",
     "http://localhost.evil.org", "file:///etc/passwd", "http://169.254.169.254", "http://0.0.0.0"],
)  # fmt: skip
def test_an_address_may_not_be(url: str) -> None:
    with pytest.raises(BadValue) as error:
        check_url(url)
    assert error.value.remedy


def transport(handler: Handler) -> HttpTransport:
    return HttpTransport("https://hub.example.org", "tcs_secret", httpx.MockTransport(handler))


def test_the_token_goes_in_a_header_and_large_bodies_are_compressed() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"{}")

    assert transport(answer).request("POST", "/v1/entries", {"epoch": "e"}, b"x" * 5000, "text/plain").body == b"{}"
    (request,) = asked
    assert request.headers["authorization"] == "Bearer tcs_secret"
    assert request.headers["tocsin-protocol"] == "1"
    assert gzip.decompress(request.content) == b"x" * 5000
    assert request.url.params["epoch"] == "e"


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://evil.example.org/"})

    assert transport(answer).request("GET", "/v1/hello", {}).status == 302
    assert asked == ["https://hub.example.org/v1/hello"]


def test_a_bomb_is_not_inflated_whole() -> None:
    bomb = gzip.compress(b"0" * 200_000_000, 9)
    with pytest.raises(Unreachable, match="larger than"):
        transport(lambda _r: httpx.Response(200, content=bomb, headers={"Content-Encoding": "gzip"})).request(
            "GET", "/", {}
        )


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("half"), httpx.ReadError("gone")],
)  # fmt: skip
def test_no_whole_answer_is_none(error: Exception) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unreachable):
        transport(fail).request("GET", "/", {})


def test_certificates_are_checked() -> None:
    """There is no switch: a server nobody vouches for is refused (the peer test starts a real one)."""
    import inspect

    from sync import transport as module

    assert "verify" not in inspect.getsource(module)
