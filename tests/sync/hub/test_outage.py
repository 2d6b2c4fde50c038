"""The database goes away: every route says so in its own words, none of them 500."""

from __future__ import annotations

import io
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from storage.errors import Busy
from storage.hub.engines import Database, memory_engine, prepare
from sync.hub.logs import Log
from sync.hub.server import create_app
from sync.hub.service import Service


@pytest.fixture
def client() -> httpx.AsyncClient:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database = Database(memory_engine(connection))
    prepare(database, "hub", "epoch")

    @contextmanager
    def gone() -> Iterator[Any]:
        raise Busy("the server closed the connection", "Try again.")
        yield

    database.reading = database.writing = gone  # type: ignore[method-assign]
    service = Service(database, lambda: 1_795_000_000_000, random.Random(1).getrandbits, lambda: 0.0)
    app = create_app(service, Log(io.StringIO(), lambda: 0))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://hub", headers={"Authorization": "Bearer tcs_x"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/hello", 503),
        ("GET", "/v1/entries?epoch=epoch", 503),
        ("GET", "/v1/events", 503),
        ("GET", "/readyz", 503),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
    ],
)
async def test_no_route_fails_in_a_way_nobody_foresaw(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    async with client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert "closed the connection" not in answer.text


async def test_a_figure_that_cannot_be_had_is_no_number(client: httpx.AsyncClient) -> None:
    async with client:
        text = (await client.get("/metrics")).text
    assert "tocsin_hub_seq NaN" in text


async def test_from_elsewhere_figures_ask_for_a_token_and_so_for_the_database(client: httpx.AsyncClient) -> None:
    async with client:
        answer = await client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
