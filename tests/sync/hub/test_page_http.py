"""The page as it is asked for: switched off, headers, what a reload costs, and what is not answered."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from storage.errors import Busy
from storage.hub.engines import open_database
from sync.hub import markup
from sync.hub.board import FRESH
from sync.hub.logs import Log
from sync.hub.page import page_router
from sync.hub.server import create_app
from tests.hubs import Rig


class Client:
    """A browser that asks an application without a socket; bodies come as they are sent."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def ask(self, method: str, path: str = "/", **headers: str) -> httpx.Response:
        headers = {"accept_encoding": "identity", **headers}
        return asyncio.run(self._ask(method, path, {name.replace("_", "-"): text for name, text in headers.items()}))

    def get(self, path: str = "/", **headers: str) -> httpx.Response:
        return self.ask("GET", path, **headers)

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://hub") as client,
            client.stream(method, path, headers=headers) as answer,
        ):
            raw = b"".join([part async for part in answer.aiter_raw()])
        known = [(name, text) for name, text in answer.headers.multi_items() if name != "content-encoding"]
        found = httpx.Response(answer.status_code, headers=known, content=raw)
        found.extensions["encoding"] = answer.headers.get("content-encoding", "")
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Rig]:
    database = open_database(str(tmp_path / "hub.db"))
    yield Rig(database)
    database.close()


def application(hub: Rig, *, page: bool = True) -> FastAPI:
    extra = page_router(hub.service, ["customers"]) if page else None
    return create_app(hub.service, Log(StringIO(), hub.clock), extra)


@pytest.fixture
def client(hub: Rig) -> Client:
    """A browser, once the first build is through."""
    found = Client(application(hub))
    for _each in range(100):
        if found.get().status_code == 200:
            return found
    pytest.fail("it is never prepared")


def raised(hub: Rig, title: str = "Search is slow") -> None:
    ana = hub.join()
    ana.writer.write("raise", "raise", {"title": title})
    ana.push()
    hub.clock.now += FRESH


def test_it_is_off_unless_it_is_wanted(hub: Rig) -> None:
    answer = Client(application(hub, page=False)).get()
    assert answer.status_code == 404


def test_it_shows_what_has_come(hub: Rig, client: Client) -> None:
    assert "<h1>No current incidents</h1>" in client.get().text
    raised(hub)
    assert ">Search is slow</h3>" in client.get().text


def test_nobody_needs_a_token_and_nothing_can_be_written(client: Client) -> None:
    assert client.get(authorization="Bearer wrong").status_code == 200
    assert client.ask("POST").status_code == 405
    assert client.get("/v1/hello").status_code == 401


def test_only_the_one_style_is_allowed(client: Client) -> None:
    answer = client.get()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; "
        r"frame-ancestors 'none'",
        policy,
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex"


def test_a_reload_of_the_same_is_not_sent_again(hub: Rig, client: Client) -> None:
    first = client.get()
    assert first.headers["cache-control"] == "max-age=5"
    same = client.get(if_none_match=f'"other", {first.headers["etag"]}')
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert "content-security-policy" in same.headers
    hub.clock.now += FRESH
    assert client.get(if_none_match=first.headers["etag"]).status_code == 304
    raised(hub)
    changed = client.get(if_none_match=first.headers["etag"])
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_a_minute_later_it_says_so(hub: Rig, client: Client) -> None:
    first = client.get()
    hub.clock.now += 60_000
    assert client.get(if_none_match=first.headers["etag"]).status_code == 200


def test_a_storm_of_reloads_is_rendered_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get()

    def fails(*_arguments: Any, **_named: Any) -> str:
        raise AssertionError("it was rendered already")

    monkeypatch.setattr(markup, "page", fails)
    assert {client.get().text for _each in range(20)} == {first.text}


def said(answer: httpx.Response) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name != "x-request-id"}


def test_head_is_get_without_the_body(client: Client) -> None:
    got, headed = client.get(), client.ask("HEAD")
    assert headed.content == b""
    assert said(headed) == said(got)
    assert int(headed.headers["content-length"]) == len(got.content)


def test_it_is_compressed_for_whoever_can_read_that(client: Client) -> None:
    plain = client.get()
    answer = client.get(accept_encoding="br, GZIP")
    assert (plain.extensions["encoding"], answer.extensions["encoding"]) == ("", "gzip")
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.content) == plain.content
    assert answer.headers["etag"] == plain.headers["etag"]


def test_it_can_stand_still(client: Client) -> None:
    renewing, still = client.get(), client.get("/?still")
    assert ("refresh" in renewing.text, "refresh" in still.text) == (True, False)
    assert renewing.headers["etag"] != still.headers["etag"]


def test_while_it_is_prepared_it_says_so(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hub.board.Board.look", lambda _board: None)
    answer = Client(application(hub)).get()
    assert answer.status_code == 503
    assert (answer.headers["retry-after"], answer.headers["cache-control"]) == ("3", "no-store")
    assert "Being prepared" in answer.text
    assert "content-security-policy" in answer.headers


def test_a_database_that_does_not_answer(hub: Rig, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Any:
        raise Busy("The database is busy", "Try again.")

    hub.clock.now += FRESH
    monkeypatch.setattr(hub.database, "reading", fails)
    known = client.get()
    assert known.status_code == 200
    assert "The hub cannot read its database now." in known.text
    unknown = Client(application(hub)).get()
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "60")
    assert "Incidents cannot be shown" in unknown.text


def test_it_is_not_in_the_description_of_the_protocol(hub: Rig) -> None:
    assert "/" not in application(hub).openapi()["paths"]
