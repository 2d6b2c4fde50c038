"""What the hub's tests are made of: devices that write chains of entries, and a hub that answers without sockets."""

from __future__ import annotations

import gzip
import json
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from domain.entry import Entry, body_hash, chain_hash
from domain.wire import from_line, to_line
from storage.hub import people
from storage.hub.engines import Database
from sync.hub.answers import Answer
from sync.hub.service import Options, Service

START = 1_795_000_000_000  # ms
INCIDENT = "0193f0a0-0000-7000-8000-000000000001"
UNLIMITED = Options(requests=1e9, entries=10**9)
LINES, JSON = "application/x-ndjson", "application/json"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


class Writer:
    """One device: it writes a chain of entries, numbered and hashed as a store does it."""

    def __init__(self, author: str = "ana", device: str = "", seed: int = 0) -> None:
        self._random = random.Random(seed or author)
        self.author, self.device = author, device or self._uuid()
        self.entries: list[Entry] = []

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    @property
    def tip(self) -> bytes:
        return self.entries[-1].hash if self.entries else b""

    def write(self, kind: str = "note", what: str = "", body: Any = None, **fields: Any) -> Entry:
        """Append an entry; `fields` replaces any of its own."""
        text = json.dumps({"text": "x"} if body is None else body, separators=(",", ":"))
        number = len(self.entries) + 1
        entry = Entry(
            id=self._uuid(), incident=INCIDENT, device=self.device, dseq=number, hlc=(START << 16) + number, kind=kind,
            what=what or kind, author=self.author, source="human", occurred_at=START, recorded_at=START, over=(),
            body=text, bhash=body_hash(text), hash=b"",
        )  # fmt: skip
        return self.append(replace(entry, **fields))

    def append(self, entry: Entry) -> Entry:
        linked = replace(entry, hash=chain_hash(self.tip, entry))
        self.entries.append(linked)
        return linked

    def write_many(self, count: int, **fields: Any) -> list[Entry]:
        return [self.write(**fields) for _each in range(count)]

    def redact(self, target: Entry | str) -> Entry:
        identifier = target if isinstance(target, str) else target.id
        return self.write("redact", f"body:{identifier}", {"reason": "secret"})

    def copy(self) -> Writer:
        """Return the same device once more, as a copied home would have it."""
        other = Writer(self.author, self.device, seed=len(self.entries) + 77)
        other.entries = list(self.entries)
        return other


class Page(NamedTuple):
    """What a pull gave."""

    head: dict[str, Any]
    entries: list[Entry]

    @property
    def ids(self) -> list[str]:
        return [entry.id for entry in self.entries]


class Caller:
    """A device as the hub sees it: its token, and what it asks."""

    def __init__(self, rig: Rig, writer: Writer, token: str) -> None:
        self.rig, self.writer, self.token = rig, writer, token

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "",
        *,
        query: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        known = {"authorization": f"Bearer {self.token}", "tocsin-protocol": "1"}
        if kind:
            known["content-type"] = kind
        known |= {name.replace("_", "-"): value for name, value in headers.items()}
        texts = {name: str(value) for name, value in (query or {}).items()}
        return self.rig.service.answer(method, path, texts, known, body)

    def send(self, entries: Iterable[Entry], epoch: str | None = None) -> Answer:
        body = "".join(f"{to_line(entry)}\n" for entry in entries).encode()
        return self.ask("POST", "/v1/entries", body, LINES, query={"epoch": self.rig.epoch if epoch is None else epoch})

    def push(self, entries: Iterable[Entry] | None = None) -> list[str]:
        """Push entries, all of the writer's by default, and return the results."""
        answer = self.send(self.writer.entries if entries is None else entries)
        assert answer.status == 200, answer
        return [each["result"] for each in json.loads(answer.body)["results"]]

    def why(self, entries: Iterable[Entry]) -> list[tuple[str, str]]:
        found = json.loads(self.send(entries).body)["results"]
        return [(each["result"], each.get("why", "")) for each in found]

    def pull(self, after: int = 0, last: str = "", limit: int = 500) -> Page | None:
        query = {"epoch": self.rig.epoch, "after": after, "last": last, "limit": limit}
        return self.page(self.ask("GET", "/v1/entries", query=query))

    def pull_all(self) -> list[Entry]:
        """Follow the cursor to the end."""
        found: list[Entry] = []
        after, last = 0, ""
        while page := self.pull(after, last, 100):
            found += page.entries
            after, last = page.head["next"], page.head["last"]
        return found

    def page(self, answer: Answer) -> Page | None:
        if answer.status == 204:
            return None
        assert answer.status == 200, answer
        head, *lines = answer.body.splitlines()
        found = Page(json.loads(head), [from_line(line) for line in lines])
        assert found.head["count"] == len(lines)
        return found

    def hello(self) -> dict[str, Any]:
        return told(self.ask("GET", "/v1/hello"))


class Rig:
    """A hub on a database, its administrator, and the devices that enrol with it."""

    def __init__(self, database: Database, options: Options = UNLIMITED) -> None:
        self.database, self.clock, self.random = database, Clock(), random.SystemRandom()
        self.seconds = 0.0
        self.service = Service(database, self.clock, self.random.getrandbits, lambda: self.seconds, options)

    @property
    def epoch(self) -> str:
        from storage.hub import pulling

        with self.database.reading() as connection:
            return pulling.state(connection).epoch

    def mark(self, entry: Entry) -> str:
        """Return what a cursor at an entry holds, if that came now."""
        return f"{entry.id}.{self.clock()}"

    def code(self, user: str = "ana", role: str = "responder") -> str:
        with self.database.writing() as connection:
            return people.new_code(connection, user, role, self.clock(), self.random.getrandbits)

    def spend(self, code: str, device: str, name: str = "laptop", **more: str) -> Answer:
        body = json.dumps({"code": code, "device": device, "name": name}).encode()
        return self.service.answer("POST", "/v1/devices", {}, {"content-type": JSON}, body, **more)

    def join(self, user: str = "ana", role: str = "responder", writer: Writer | None = None) -> Caller:
        """Enrol a device of somebody."""
        writer = writer or Writer(user)
        answer = self.spend(self.code(user, role), writer.device)
        assert answer.status == 201, answer
        return Caller(self, writer, json.loads(answer.body)["token"])

    def role(self, user: str, role: str) -> None:
        self.code(user, role)

    def revoke(self, **which: str) -> None:
        with self.database.writing() as connection:
            assert people.revoke(connection, **which) == 1

    def held(self) -> list[str]:
        with self.database.reading() as connection:
            return [row[0] for row in people.held(connection)]

    def release(self, *ids: str) -> int:
        with self.database.writing() as connection:
            return people.release(connection, list(ids) or None)

    def new_epoch(self, epoch: str = "another") -> None:
        with self.database.writing() as connection:
            people.new_epoch(connection, epoch)

    def stranger(self) -> Caller:
        return Caller(self, Writer("nobody"), "")


def told(answer: Answer, status: int = 200) -> dict[str, Any]:
    """Return the object of an answer, which must have this status."""
    assert answer.status == status, answer
    body = gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body
    found = json.loads(body)
    assert isinstance(found, dict)
    return found


def said(answer: Answer) -> tuple[int, str]:
    """Return status and code of an answer that says no."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    found = json.loads(answer.body)
    assert found["status"] == answer.status
    return answer.status, found["code"]
