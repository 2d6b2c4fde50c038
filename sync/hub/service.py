"""What a hub does for each request, apart from HTTP: from a method, a path and a body to an answer.

The server puts it behind sockets; a simulation calls it directly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from domain import ids, limits
from domain.times import MINUTE, Clock
from storage.errors import Busy, StoreError
from storage.hub import people, pulling, pushing
from storage.hub.engines import Database
from storage.hub.people import Who
from storage.hub.pushing import Pusher
from sync.hub.answers import LINES, PROTOCOL, Answer, epoch_headers, json_answer, problem_answer, vector_object
from sync.hub.limiter import Limiter
from sync.hub.problems import HubProblem, of_code, other_epoch
from sync.hub.reading import check_protocol, entry_of_line, number_of, read_lines, read_object, text_of

_NAME = 200
_SEEN_EVERY = 10 * MINUTE
LONGEST_WAIT = 25
"""Seconds that a pull may wait for news."""


@dataclass(frozen=True, slots=True)
class Options:
    """How strict a hub is.

    Attributes:
        strict_authors: Keep back what is not signed with the name of its device's owner.
        requests: A second that one token may make, lastingly; ten seconds' worth at once.
        entries: An hour that one token may push.
    """

    strict_authors: bool = False
    requests: float = 50.0
    entries: int = 200_000


class Service:
    """Answers requests.

    Args:
        database: Where everything is kept.
        clock: The present, ms.
        random_bits: Source of tokens and codes.
        monotonic: Seconds that never go back, for limits.
        options: How strict it is.
        on_change: Told the hub's newest number after each change.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random_bits: ids.Random,
        monotonic: Callable[[], float],
        options: Options | None = None,
        on_change: Callable[[int], None] = lambda _seq: None,
    ) -> None:
        self.database, self.clock, self._random_bits = database, clock, random_bits
        self.options = options or Options()
        self.on_change = on_change
        self._requests = Limiter(self.options.requests, self.options.requests * 10, monotonic)
        self._entries = Limiter(self.options.entries / 3600, self.options.entries, monotonic)
        self._guesses = Limiter(1 / 6, 20, monotonic)

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes = b"",
        peer: str = "",
    ) -> Answer:
        """Answer one request; never raises.

        Args:
            method: As in HTTP.
            path: From the root.
            query: Its parameters.
            headers: In lower case.
            body: As it came, perhaps compressed.
            peer: Whose address it came from, for the limit of guesses.
        """
        try:
            check_protocol(headers)
            return self._routed(method, path, query, headers, body, peer)
        except HubProblem as problem:
            return problem_answer(problem)
        except StoreError as error:
            return problem_answer(of_store(error))

    def _routed(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes, peer: str
    ) -> Answer:
        if (method, path) == ("POST", "/v1/devices"):
            return self.enrol(read_object(headers, body), peer)
        routes: dict[tuple[str, str], Callable[[Who], Answer]] = {
            ("GET", "/v1/hello"): self.hello,
            ("POST", "/v1/entries"): lambda who: self.push(who, query, read_lines(headers, body)),
            ("GET", "/v1/entries"): lambda who: self.pull(who, query),
            ("POST", "/v1/have"): lambda who: self.have(who, read_object(headers, body)),
            ("PUT", "/v1/presence"): lambda who: self.presence(who, read_object(headers, body)),
        }
        route = routes.get((method, path))
        if route is None:
            raise HubProblem(404, "path", "There is nothing here")
        who = self.who(headers)
        try:
            answer = route(who)
        except HubProblem as problem:
            answer = problem_answer(problem)
        return answer._replace(note={**who.whose, **answer.note})

    # -- who comes -------------------------------------------------------------------------------------------------

    def who(self, headers: Mapping[str, str]) -> Who:
        """Return whose token a request carries.

        Raises:
            HubProblem: 401 for none or an unknown one, 403 for one that was revoked, 429 for too many requests.
        """
        scheme, _space, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HubProblem(401, "token", "A token is needed", "Enrol: tocsin remote add.")
        with self.database.reading() as connection:
            found = people.who_has(connection, token.strip())
        if found is None:
            raise HubProblem(401, "token", "This token is not known here", "Enrol again: tocsin remote add.")
        try:
            self._admit(found)
        except HubProblem as problem:
            problem.whose = found.whose
            raise
        self._note_seen(found)
        return found

    def _admit(self, who: Who) -> None:
        if who.revoked:
            raise HubProblem(403, "revoked", "This token was revoked", "Ask the hub's administrator; nothing is lost.")
        self._limit(self._requests, who.device, 1, "requests")

    def _note_seen(self, who: Who) -> None:
        # Not at every request: each is a write. If it cannot be written, the request itself may still be answered.
        now = self.clock()
        if now - who.seen_at > _SEEN_EVERY:
            with suppress(StoreError), self.database.writing() as connection:
                people.seen(connection, who.device, now)

    def still(self, headers: Mapping[str, str]) -> None:
        """Hold a stream's token against the rules once more; a revoked one ends it.

        Raises:
            HubProblem: It is good no more.
        """
        token = headers.get("authorization", "").partition(" ")[2]
        with self.database.reading() as connection:
            found = people.who_has(connection, token.strip())
        if found is None or found.revoked:
            raise HubProblem(403, "revoked", "This token was revoked")

    def _limit(self, limiter: Limiter, key: str, cost: float, what: str) -> None:
        if seconds := limiter.wait(key, cost):
            raise HubProblem(429, "too_many", f"Too many {what}", wait=int(seconds) + 1)

    def enrol(self, asked: Mapping[str, Any], peer: str = "") -> Answer:
        """Give a device its token for a one-time code."""
        self._limit(self._guesses, peer, 1, "attempts")
        code, device, name = (text_of(asked, key, _NAME) for key in ("code", "device", "name"))
        if not ids.is_uuid(device):
            raise HubProblem(400, "bad_request", "“device” is not a UUID")
        try:
            with self.database.writing() as connection:
                token, who = people.enrol(connection, code, device.lower(), name, self.clock(), self._random_bits)
                state = pulling.state(connection)
        except people.NoCode as error:
            raise of_code(str(error)) from error
        except people.DeviceTaken as error:
            raise HubProblem(403, "device_taken", "This device belongs to somebody else") from error
        given = {"token": token, "user": who.person, "role": who.role, "hub": state.hub, "epoch": state.epoch}
        return json_answer(given, state.epoch, status=201)._replace(note={"user": who.person, "device": who.device})

    # -- entries ---------------------------------------------------------------------------------------------------

    def hello(self, who: Who) -> Answer:
        """Say who the hub is and how far it is."""
        with self.database.reading() as connection:
            state, vector = pulling.state(connection), pulling.vector(connection)
        return json_answer(
            {
                "hub": state.hub,
                "epoch": state.epoch,
                "now": self.clock(),
                "protocol": [PROTOCOL, PROTOCOL],
                "user": who.person,
                "role": who.role,
                "device": who.device,
                "seq": state.seq,
                "limits": {"page_entries": limits.PAGE_ENTRIES, "page_bytes": limits.PAGE_BYTES},
                "vector": vector_object(vector),
            },
            state.epoch,
        )

    def push(self, who: Who, query: Mapping[str, str], lines: Sequence[bytes]) -> Answer:
        """Take entries in."""
        epoch = text_of(query, "epoch", _NAME)
        if len(lines) > limits.PAGE_ENTRIES:
            raise HubProblem(413, "too_many", f"A push holds at most {limits.PAGE_ENTRIES} entries")
        entries = [entry_of_line(number, line) for number, line in enumerate(lines, 1)]
        self._limit(self._entries, who.device, len(entries), "entries")
        pusher = Pusher(who.person, who.device, self.options.strict_authors)
        try:
            with self.database.writing() as connection:
                results, tips, seq = pushing.push(connection, epoch, entries, pusher, self.clock())
        except pushing.WrongEpoch as error:
            raise other_epoch(error.epoch) from error
        self.on_change(seq)
        told = {
            "epoch": epoch,
            "now": self.clock(),
            "seq": seq,
            "vector": vector_object({device: tip for device, tip in tips.items() if tip[0]}),
            "results": [_result(each) for each in results],
        }
        return json_answer(told, epoch)._replace(note=Counter(each.result for each in results))

    def pull(self, _who: Who, query: Mapping[str, str]) -> Answer:
        """Give entries out: what follows a cursor, or a part of one device's chain."""
        epoch = text_of(query, "epoch", _NAME)
        with self.database.reading() as connection:
            state = pulling.state(connection)
            if state.epoch != epoch:
                raise other_epoch(state.epoch)
            try:
                part = self._part(connection, query)
            except pulling.Diverged as error:
                raise HubProblem(409, "diverged", "The cursor stands in another history", epoch=state.epoch) from error
        if not part.lines:
            if "device" in query:
                raise HubProblem(404, "no_entries", "There are no such entries here")
            return Answer(204, epoch_headers(epoch) | {"Tocsin-Now": str(self.clock())})
        head = {"epoch": epoch, "now": self.clock(), "next": part.next, "last": part.last, "count": len(part.lines)}
        head["more"] = part.more
        body = "\n".join([json.dumps(head), *part.lines, ""])
        return Answer(200, epoch_headers(epoch) | {"Content-Type": LINES}, body.encode())

    def _part(self, connection: Any, query: Mapping[str, str]) -> pulling.Part:
        if "device" in query:
            device = text_of(query, "device", limits.ENVELOPE)
            return pulling.fill(connection, device, number_of(query, "from"), number_of(query, "to"))
        limit = number_of(query, "limit", limits.PAGE_ENTRIES, least=1, most=limits.PAGE_ENTRIES)
        number_of(query, "wait", 0, most=LONGEST_WAIT)  # it is the server that waits
        return pulling.pull(connection, number_of(query, "after", 0), query.get("last", ""), limit)

    def have(self, _who: Who, asked: Mapping[str, Any]) -> Answer:
        """Say which entries are here, and where."""
        wanted = asked.get("ids")
        if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
            raise HubProblem(400, "bad_request", "“ids” is not a list of ids")
        if len(wanted) > limits.PAGE_ENTRIES:
            raise HubProblem(400, "too_many", f"At most {limits.PAGE_ENTRIES} ids at once")
        with self.database.reading() as connection:
            epoch = pulling.state(connection).epoch
            found = pulling.have(connection, [each for each in wanted if "\0" not in each])
        rows = [{"id": id_, "device": device, "dseq": dseq, "hash": tip.hex()} for id_, device, dseq, tip in found]
        return json_answer({"have": rows}, epoch)

    def presence(self, who: Who, asked: Mapping[str, Any]) -> Answer:
        """Remember what a device has open, and say what others have."""
        incident = asked.get("incident")
        if incident is not None and not (isinstance(incident, str) and ids.is_uuid(incident)):
            raise HubProblem(400, "bad_request", "“incident” is neither a UUID nor null")
        now = self.clock()
        with self.database.writing() as connection:
            people.present(connection, who, incident, now)
            found, state = people.opened(connection, now), pulling.state(connection)
        self.on_change(state.seq)
        return json_answer({"open": [each for each in found if each["device"] != who.device]}, state.epoch)


def _result(found: pushing.Result) -> dict[str, str]:
    why = {"why": found.why} if found.why else {}
    return {"id": found.id, "result": found.result, **why}


def of_store(error: StoreError) -> HubProblem:
    """Return what a database that fails means for whoever asked; its own words are for the log."""
    if isinstance(error, Busy):
        return HubProblem(503, "busy", "The hub's database is busy", wait=2)
    full = "full" in error.message
    return HubProblem(507 if full else 503, "disk" if full else "database", "The hub cannot write now", wait=10)
