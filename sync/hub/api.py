"""The requests of devices as routes: each goes to the service; only waiting for news happens here."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from domain import limits
from storage.errors import StoreError
from storage.hub import people, pulling
from sync.hub import models
from sync.hub.answers import Answer, compressed, problem_answer
from sync.hub.changes import Changes
from sync.hub.description import TOKEN
from sync.hub.problems import HubProblem
from sync.hub.service import LONGEST_WAIT, Service, of_store

Endpoint = Callable[[Request], Awaitable[Response]]
_HEARTBEAT = 15.0  # seconds
_PROBLEM_CODES = (400, 401, 403, 404, 409, 413, 415, 426, 429, 503, 507)
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"content": {"application/problem+json": {"schema": models.named(models.Problem)}}}
    for status in _PROBLEM_CODES
}
_LINES = {"application/x-ndjson": {"schema": {"type": "string", "description": "One entry a line; see hub.md."}}}


def api(service: Service, changes: Changes) -> APIRouter:
    """Return the routes below `/v1`."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)

    async def respond(request: Request) -> Response:
        return _response(request, await _asked(service, request, await _body(request)))

    async def pull(request: Request) -> Response:
        return _response(request, await _patiently(service, changes, request))

    async def events(request: Request) -> Response:
        return await _stream(service, changes, request)

    def add(method: str, path: str, endpoint: Endpoint, says: str, answers: dict[int | str, Any], **extra: Any) -> None:
        name = f"{method.lower()}_{path.strip('/')}"
        if path != "/devices":
            extra["security"] = [{TOKEN: []}]
        router.add_api_route(
            path, endpoint, methods=[method], name=name, operation_id=name, description=says, responses=answers,
            response_class=Response, status_code=next(iter(answers)), openapi_extra=extra,
        )  # fmt: skip

    add("GET", "/hello", respond, "Who the hub is, and how far it has every device.", _gives(200, models.Hello))
    add("POST", "/devices", respond, "Enrol a device by a one-time code; the token is shown this once.",
        {**_gives(201, models.Enrolled), 410: PROBLEMS[400]}, **_takes(models.Enrolment))  # fmt: skip
    add("POST", "/entries", respond, "Take entries in, in the order of device and number.",
        _gives(200, models.Pushed), parameters=[_EPOCH],
        requestBody={"required": True, "content": _LINES})  # fmt: skip
    add("GET", "/entries", pull, "What follows a cursor, waited for if wished, or a part of one device's chain.",
        {200: {"content": _LINES}, 204: {"description": "Nothing new."}}, parameters=_PULL)  # fmt: skip
    add("POST", "/have", respond, "Which of some entries are here, and where.",
        _gives(200, models.Have), **_takes(models.Wanted))  # fmt: skip
    add("PUT", "/presence", respond, "Which incident is open; the answer is what others have open.",
        _gives(200, models.Open), **_takes(models.Presence))  # fmt: skip
    add("GET", "/events", events, "Events `seq` (the hub's newest number) and `presence` (who has what open).",
        {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})  # fmt: skip
    return router


def _query(name: str, kind: str = "string", *, required: bool = False, **bounds: int | str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind, **bounds}}


_EPOCH = _query("epoch", required=True, minLength=1, maxLength=200, pattern=models.TEXT)
_PULL = [
    _EPOCH,
    _query("after", "integer", minimum=0),
    _query("last"),
    _query("limit", "integer", minimum=1, maximum=limits.PAGE_ENTRIES),
    _query("wait", "integer", minimum=0, maximum=LONGEST_WAIT),
    _query("device", minLength=1, maxLength=limits.ENVELOPE, pattern=models.TEXT),
    _query("from", "integer", minimum=1),
    _query("to", "integer", minimum=1),
]


def _gives(status: int, model: type[models.Model]) -> dict[int | str, Any]:
    return {status: {"content": {"application/json": {"schema": models.named(model)}}}}


def _takes(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": models.named(model)}}}}


async def _asked(service: Service, request: Request, body: bytes = b"") -> Answer:
    peer = request.client.host if request.client else ""
    return await run_in_threadpool(
        service.answer, request.method, request.url.path, dict(request.query_params), headers_of(request), body, peer
    )


def _response(request: Request, answer: Answer) -> Response:
    request.state.note = answer.note
    answer = compressed(answer, request.headers.get("accept-encoding", ""))
    return Response(answer.body, answer.status, answer.headers)


def headers_of(request: Request) -> dict[str, str]:
    """Return a request's headers, their names in lower case."""
    return {key.lower(): value for key, value in request.headers.items()}


async def _patiently(service: Service, changes: Changes, request: Request) -> Answer:
    text = request.query_params.get("wait", "0")
    until = time.monotonic() + (min(int(text), LONGEST_WAIT) if text.isascii() and text.isdecimal() else 0)
    while True:
        tick = changes.tick
        answer = await _asked(service, request)
        left = until - time.monotonic()
        if answer.status != 204 or left <= 0 or changes.ended or not await changes.wait(tick, left):
            return answer


async def _stream(service: Service, changes: Changes, request: Request) -> Response:
    headers = headers_of(request)
    try:
        who = await run_in_threadpool(service.who, headers)
    except HubProblem as problem:
        return _response(request, problem_answer(problem))
    except StoreError as error:
        return _response(request, problem_answer(of_store(error)))
    request.state.note = who.whose
    stream = _events(service, changes, headers)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _events(service: Service, changes: Changes, headers: dict[str, str]) -> AsyncIterator[str]:
    told: tuple[int, str] | None = None
    while not changes.ended:
        tick = changes.tick
        try:
            await run_in_threadpool(service.still, headers)
            epoch, seq, opened = await run_in_threadpool(news, service)
        except (HubProblem, StoreError):
            return
        present = json.dumps({"open": opened})
        if told is None or told[0] != seq:
            yield f"event: seq\ndata: {json.dumps({'epoch': epoch, 'seq': seq})}\n\n"
        if told is None or told[1] != present:
            yield f"event: presence\ndata: {present}\n\n"
        told = seq, present
        if not await changes.wait(tick, _HEARTBEAT):
            yield ": still here\n\n"


def news(service: Service) -> tuple[str, int, list[dict[str, str]]]:
    """Return the epoch, the newest number, and who has what open."""
    with service.database.reading() as connection:
        state = pulling.state(connection)
        return state.epoch, state.seq, people.opened(connection, service.clock())


async def _body(request: Request) -> bytes:
    """Return a request's body, read no further than the limit."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > limits.REQUEST_BYTES:
            break
    return bytes(found)
