"""What goes back: status, headers, and a body of JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sync.hub.problems import HubProblem

PROTOCOL = 1
JSON, LINES, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"


class Answer(NamedTuple):
    """What goes back; `note` is what the log says of it besides, such as whose it is."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    note: Mapping[str, object] = MappingProxyType({})


def epoch_headers(epoch: str) -> dict[str, str]:
    """Return the headers of every answer that belongs to one of the hub's histories."""
    return {"Tocsin-Protocol": str(PROTOCOL), "Tocsin-Epoch": epoch, "Cache-Control": "no-store"}


def json_answer(value: Mapping[str, Any], epoch: str, status: int = 200) -> Answer:
    """Return an answer of one JSON object."""
    return Answer(status, epoch_headers(epoch) | {"Content-Type": JSON}, json.dumps(value).encode())


def problem_answer(problem: HubProblem) -> Answer:
    """Return the answer that says no."""
    headers = {"Tocsin-Protocol": str(PROTOCOL), "Cache-Control": "no-store", "Content-Type": PROBLEM}
    if problem.wait:
        headers["Retry-After"] = str(problem.wait)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(problem.status, headers, json.dumps(problem.body()).encode(), {"code": problem.code, **problem.whose})


def compressed(answer: Answer, accepted: str) -> Answer:
    """Return an answer as gzip, where that is accepted and worth it."""
    if len(answer.body) < 1024 or "gzip" not in accepted.lower():
        return answer
    headers = answer.headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return answer._replace(headers=headers, body=gzip.compress(answer.body, 5))


def vector_object(vector: Mapping[str, tuple[int, bytes]]) -> dict[str, list[Any]]:
    """Return a vector as JSON has it."""
    return {device: [dseq, tip.hex()] for device, (dseq, tip) in vector.items()}
