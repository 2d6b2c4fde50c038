"""The hub as an ASGI application: sockets, headers, limits and streams round the service, which does the work."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from secrets import token_hex

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from domain import limits
from storage.errors import StoreError
from storage.hub import pulling
from sync.hub.answers import problem_answer
from sync.hub.api import PROBLEMS, api, headers_of, news
from sync.hub.bodies import BodyLimit
from sync.hub.changes import Changes
from sync.hub.description import describe
from sync.hub.logs import Log
from sync.hub.metrics import Metrics
from sync.hub.problems import HubProblem
from sync.hub.service import Service, of_store

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REFUSED: Mapping[int, tuple[str, str]] = {
    404: ("path", "There is nothing here"),
    405: ("method", "That cannot be done here"),
}


def create_app(service: Service, log: Log, extra: APIRouter | None = None) -> FastAPI:
    """Return the application.

    Args:
        service: Does the work.
        log: Where requests are written.
        extra: More routes, such as the page for people without a terminal.
    """

    def newest() -> int:
        with service.database.reading() as connection:
            return pulling.state(connection).seq

    changes = Changes(service.database, newest)
    service.on_change = changes.changed
    metrics = Metrics(newest, lambda: changes.waiting)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        changes.begin()
        watching = asyncio.create_task(changes.watch())
        yield
        watching.cancel()

    app = FastAPI(
        title="tocsin hub",
        version="1",
        summary="Keeps the entries of a team's stores, and gives each device what it lacks.",
        docs_url=None,  # its page would load scripts from elsewhere
        openapi_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.changes = changes
    app.include_router(api(service, changes))
    app.include_router(_probes(service, metrics))
    if extra is not None:
        app.include_router(extra)
    describe(app)
    _guard(app, metrics, log)
    return app


def _probes(service: Service, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["probes"])

    @router.get("/healthz", response_class=Response)
    async def healthz() -> Response:
        """Say that the process works."""
        return Response(b"ok\n", media_type="text/plain")

    @router.get("/readyz", response_class=Response, responses={503: {"description": "The database does not answer."}})
    async def readyz() -> Response:
        """Say whether the database answers."""
        try:
            await run_in_threadpool(news, service)
        except StoreError:
            return Response(b"the database does not answer\n", 503, media_type="text/plain")
        return Response(b"ok\n", media_type="text/plain")

    @router.get("/metrics", response_class=Response, responses={each: PROBLEMS[each] for each in (401, 403, 429)})
    async def figures(request: Request) -> Response:
        """Give figures for Prometheus: to this machine, and to an administrator's token."""
        local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        if not local or forwarded:
            headers = headers_of(request)
            try:
                who = await run_in_threadpool(service.who, headers)
                if who.role != "admin":
                    raise HubProblem(403, "role", "Figures are for administrators")
            except HubProblem as problem:
                refused = problem_answer(problem)
                return Response(refused.body, refused.status, refused.headers)
            except StoreError as error:
                refused = problem_answer(of_store(error))
                return Response(refused.body, refused.status, refused.headers)
        return Response(await run_in_threadpool(metrics.text), media_type="text/plain; version=0.0.4")

    return router


def _guard(app: FastAPI, metrics: Metrics, log: Log) -> None:
    app.add_middleware(BodyLimit, most=limits.REQUEST_BYTES)

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        code, detail = _REFUSED.get(error.status_code, ("request", "The request cannot be read"))
        answer = problem_answer(HubProblem(error.status_code, code, detail))
        return Response(answer.body, answer.status, {**answer.headers, **(error.headers or {})})

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        began, identifier = time.monotonic(), token_hex(8)
        try:
            response = await go_on(request)
        except Exception as error:  # noqa: BLE001 - the outermost place: nothing of it goes out
            log.failed(identifier, request.method, request.url.path, error)
            answer = problem_answer(HubProblem(500, "failed", "The hub failed; its log says more"))
            response = Response(answer.body, answer.status, answer.headers)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = identifier
        method = request.method if request.method in _METHODS else "other"  # anybody may invent some
        route = getattr(request.scope.get("route"), "path", "other")
        seconds = time.monotonic() - began
        metrics.requests.labels(method, route, str(response.status_code)).inc()
        metrics.seconds.labels(route).observe(seconds)
        peer = request.client.host if request.client else ""
        note = getattr(request.state, "note", {})
        log.answered(identifier, (method, route), response.status_code, seconds, peer=peer, **note)
        return response
