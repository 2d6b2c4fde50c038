"""What a device asks a hub: each request as a method, each answer checked before anything is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain import limits
from domain.entry import Entry
from domain.strictjson import JsonError, dumps, loads
from domain.wire import BadEntry, from_line, to_line
from sync.transport import Answer, Transport, Unreachable

_JSON, _LINES = "application/json", "application/x-ndjson"
_ANSWER = 8 * 1024 * 1024
_OK, _CREATED, _NOTHING = 200, 201, 204

HubVector = dict[str, tuple[int, bytes]]
"""Of each device, how far the hub has it, and the hash of that entry."""


class Busy(Unreachable):
    """The hub has no time now: 429 or 5xx.

    Attributes:
        seconds: How long it wants to be left alone; 0 when it does not say.
    """

    def __init__(self, message: str, seconds: float = 0) -> None:
        super().__init__(message)
        self.seconds = seconds


class Denied(Exception):
    """The hub said no, and would say so again.

    Attributes:
        code: Its stable word, e.g. `token` or `revoked`.
        remedy: What to do.
    """

    def __init__(self, message: str, code: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.remedy = message, code, remedy


class Diverged(Exception):
    """The cursor belongs to another history than the hub's; nothing is lost by beginning again."""


class Hello(NamedTuple):
    """Who the hub is, who we are there, and how far it is."""

    hub: str
    epoch: str
    now: int
    user: str
    role: str
    seq: int
    vector: HubVector


class Page(NamedTuple):
    """Some entries in the hub's order; `next` and `last` are the cursor after them."""

    epoch: str
    next: int
    last: str
    more: bool
    entries: list[Entry]


class Pushed(NamedTuple):
    """What the hub made of a push: a result for each entry (id, result, why), and how far it is now."""

    results: list[tuple[str, str, str]]
    vector: HubVector


class HubClient:
    """Asks one hub through a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def hello(self) -> Hello:
        """Ask who the hub is.

        Raises:
            Unreachable: It is away, busy, or answers nonsense.
            Denied: It does not want us.
        """
        found = _object(self._ask("GET", "/v1/hello", {}))
        names = ("hub", "epoch", "user", "role")
        hub, epoch, user, role = (_typed(found, name, str) for name in names)
        return Hello(hub, epoch, _typed(found, "now", int), user, role, _typed(found, "seq", int), _vector(found))

    def enrol(self, code: str, device: str, name: str) -> dict[str, str]:
        """Spend a one-time code; return `token`, `user`, `role`, `hub` and `epoch`."""
        body = dumps({"code": code, "device": device, "name": name}).encode()
        found = _object(self._ask("POST", "/v1/devices", {}, body, _JSON))
        return {key: _typed(found, key, str) for key in ("token", "user", "role", "hub", "epoch")}

    def pull(self, epoch: str, after: int, last: str, limit: int = limits.PAGE_ENTRIES) -> Page | None:
        """Return what follows the cursor, None when there is nothing.

        Raises:
            Diverged: The cursor belongs to another history.
        """
        return self._page({"epoch": epoch, "after": after, "last": last, "limit": limit}, epoch)

    def fill(self, epoch: str, device: str, first: int, last: int) -> Page | None:
        """Return entries of one device, by their numbers; None when there are none."""
        return self._page({"epoch": epoch, "device": device, "from": first, "to": last}, epoch)

    def push(self, epoch: str, entries: Sequence[Entry]) -> Pushed:
        """Send entries, sorted by device and number."""
        body = "".join(f"{to_line(entry)}\n" for entry in entries).encode()
        found = _object(self._ask("POST", "/v1/entries", {"epoch": epoch}, body, _LINES))
        _check_epoch(found, epoch)
        results = found.get("results")
        if not isinstance(results, list) or len(results) != len(entries):
            raise Unreachable("the hub answered for other entries than were sent")
        told = [_result(entry.id, each) for entry, each in zip(entries, results, strict=True)]
        return Pushed(told, _vector(found))

    def have(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Return, of these ids, those that the hub has, each with its device and number there."""
        found = _object(self._ask("POST", "/v1/have", {}, dumps({"ids": list(ids)}).encode(), _JSON))
        rows = found.get("have")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unreachable("the hub answered something else than asked")
        return {_typed(row, "id", str): (_typed(row, "device", str), _typed(row, "dseq", int)) for row in rows}

    def presence(self, incident: str | None) -> list[dict[str, str]]:
        """Say which incident is open here, None for none; return what others have open."""
        return people(self._ask("PUT", "/v1/presence", {}, dumps({"incident": incident}).encode(), _JSON).body)

    def _page(self, query: Mapping[str, str | int], epoch: str) -> Page | None:
        answer = self._ask("GET", "/v1/entries", query, allow=(_NOTHING, 404))
        if answer.status != _OK:
            return None
        head, *lines = answer.body.splitlines() or [b""]
        found = _parsed(head)
        _check_epoch(found, epoch)
        if _typed(found, "count", int) != len(lines):
            raise Unreachable("the answer was cut short")
        try:
            entries = [from_line(line) for line in lines]
        except BadEntry as error:
            raise Unreachable(f"the hub sent something that is no entry: {error}") from error
        return Page(epoch, _typed(found, "next", int), _typed(found, "last", str), found.get("more") is True, entries)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        body: bytes = b"",
        kind: str = "",
        allow: Sequence[int] = (),
    ) -> Answer:
        answer = self._transport.request(method, path, query, body, kind)
        if answer.status in (_OK, _CREATED) or answer.status in allow:
            return answer
        raise _trouble(answer)


def people(data: bytes) -> list[dict[str, str]]:
    """Return who has what open, from an answer or an event: `incident`, `user`, `device`.

    Raises:
        Unreachable: It is no such answer.
    """
    rows = _parsed(data).get("open")
    if not isinstance(rows, list):
        return []
    wanted = ("incident", "user", "device")
    return [{k: str(row.get(k, "")) for k in wanted} for row in rows if isinstance(row, dict)]


def _trouble(answer: Answer) -> Exception:
    try:
        found = _parsed(answer.body)
    except Unreachable:
        found = {}
    code, detail = str(found.get("code", "")), str(found.get("detail") or found.get("title") or "")
    said = f"the hub answered {answer.status}" + (f": {detail}" if detail else "")
    if answer.status == 409 and code in ("epoch", "diverged"):
        return Diverged(said)
    if answer.status == 429 or answer.status >= 500:
        return Busy(said, _seconds(answer.headers.get("retry-after", "")))
    if 400 <= answer.status < 500:
        return Denied(said, code or str(answer.status), str(found.get("remedy", "")))
    return Unreachable(said)


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        value = loads(data, max_bytes=_ANSWER)
    except JsonError as error:
        raise Unreachable(f"the answer is no JSON: {error.message}") from error
    if not isinstance(value, dict):
        raise Unreachable("the answer is not an object")
    return value


def _object(answer: Answer) -> dict[str, Any]:
    return _parsed(answer.body)


def _typed(found: Mapping[str, Any], name: str, kind: type) -> Any:
    value = found.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Unreachable(f"the answer has no “{name}”")
    return value


def _vector(found: Mapping[str, Any]) -> HubVector:
    rows = _typed(found, "vector", dict)
    try:
        return {str(device): (int(dseq), bytes.fromhex(digest)) for device, (dseq, digest) in rows.items()}
    except (TypeError, ValueError) as error:
        raise Unreachable("the answer's vector cannot be read") from error


def _check_epoch(found: Mapping[str, Any], epoch: str) -> None:
    if found.get("epoch") != epoch:
        raise Diverged("the hub was restored meanwhile")


def _result(identifier: str, found: object) -> tuple[str, str, str]:
    if not isinstance(found, dict) or found.get("id") != identifier:
        raise Unreachable("the hub answered for other entries than were sent")
    return identifier, _typed(found, "result", str), str(found.get("why") or "")
