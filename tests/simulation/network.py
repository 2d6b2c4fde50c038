"""The network between devices and hub: what goes wrong with one request, drawn from the schedule's random numbers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from random import Random
from typing import NamedTuple

from sync.transport import Answer, Query, Unreachable
from tests.simulation.stores import Crash


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each fault is, for one request; 0 to 1.

    Attributes:
        lost: It never arrives.
        unanswered: It is carried out, and its answer is lost.
        late: It is carried out now and once more, much later.
        truncated: The answer is cut.
        refused: Something in between answers 429, 500, 502, 503 or 507.
        crash: The device's process dies while it waits.
        meanwhile: Something else happens before it arrives.
    """

    lost: float = 0.0
    unanswered: float = 0.0
    late: float = 0.0
    truncated: float = 0.0
    refused: float = 0.0
    crash: float = 0.0
    meanwhile: float = 0.0

    @classmethod
    def drawn(cls, random: Random) -> Faults:
        """Draw rates: about half of the kinds are absent, so that each also comes without the others."""
        return cls(**{each.name: random.choice((0.0, 0.0, 0.03, 0.1, 0.3)) for each in fields(cls)})


NONE = Faults()


class Request(NamedTuple):
    """One request as the hub gets it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Answering = Callable[[Request], Answer]


class Network:
    """Carries requests to a hub, with faults.

    Attributes:
        faults: How likely they are now.
        late: Requests that will arrive a second time.
    """

    def __init__(
        self, random: Random, hub: Answering, count: Callable[[str], None], meanwhile: Callable[[], None]
    ) -> None:
        self.faults, self.late = NONE, list[Request]()
        self._random, self._hub, self._count, self._meanwhile = random, hub, count, meanwhile

    def carry(self, request: Request) -> Answer:
        """Carry a request and its answer, or lose one of them."""
        if self._happens("meanwhile", self.faults.meanwhile, counted=False):
            self._meanwhile()
        if self._happens("crash in a request", self.faults.crash):
            raise Crash
        if self._happens("request lost", self.faults.lost):
            raise Unreachable("the request was lost")
        if self._happens("refused on the way", self.faults.refused):
            return _refusal(self._random)
        if self._happens("sent twice, late", self.faults.late):
            self.late.append(request)
        answer = self._hub(request)
        if self._happens("answer lost", self.faults.unanswered):
            raise Unreachable("the answer was lost")
        if len(answer.body) > 1 and self._happens("answer truncated", self.faults.truncated):
            return answer._replace(body=self._cut(answer.body))
        return answer

    def deliver_late(self, *, everything: bool = False) -> None:
        """Let one of the late requests arrive, or all of them, in whatever order."""
        while self.late:
            self._count("delivered late")
            self._hub(self.late.pop(self._random.randrange(len(self.late))))
            if not everything:
                return

    def _happens(self, what: str, rate: float, *, counted: bool = True) -> bool:
        happens = rate > 0 and self._random.random() < rate
        if happens and counted:
            self._count(what)
        return happens

    def _cut(self, body: bytes) -> bytes:
        ends = [at + 1 for at, byte in enumerate(body[:-1]) if byte == 10]
        if ends and self._random.random() < 0.7:  # at the end of a line nothing looks broken
            return body[: self._random.choice(ends)]
        return body[: self._random.randrange(1, len(body))]


class Line:
    """The transport of one device."""

    def __init__(self, network: Network, random: Random, token: str) -> None:
        self.token = token
        self._network, self._random = network, random

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        """Send a request; see `sync.transport.Transport`."""
        headers = {"authorization": f"Bearer {self.token}", "tocsin-protocol": "1"}
        if kind:
            headers["content-type"] = kind
        if len(body) > 1024 and self._random.random() < 0.1:
            body, headers["content-encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
        texts = {name: str(value) for name, value in query.items()}
        return self._network.carry(Request(method, path, texts, headers, body))


def _refusal(random: Random) -> Answer:
    status = random.choice((429, 500, 502, 503, 507))
    if random.random() < 0.5:
        return Answer(status, {}, b"<html>Bad Gateway</html>")
    body = json.dumps({"status": status, "code": "disk" if status == 507 else "busy", "title": "no"}).encode()
    return Answer(status, {"retry-after": "3"}, body)
