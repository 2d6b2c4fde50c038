"""One story that a hub lives through, the same on every database: what it answers, step by step."""

from __future__ import annotations

import json
import random
from typing import Any

from sqlalchemy import update

from storage.hub import people
from storage.hub.engines import Database
from storage.hub.tables import HUB
from sync.hub.answers import Answer
from sync.hub.service import Service
from tests.hubs import INCIDENT, JSON, UNLIMITED, Caller, Rig, Writer

Step = tuple[str, int, dict[str, str], object]
_STRANGE = "«ü» 漢字 🔥 \u202e\u0301 \x7f\x9b \x1b[31m 'quoted' \"twice\" \\ % $1 :name \r\n\t"
_MINUTE = 60_000


class Story:
    """A rig of which every token, code and time is the same in every run, and what it answered."""

    def __init__(self, database: Database) -> None:
        with database.writing() as connection:
            connection.execute(update(HUB).values(id="hub", epoch="first"))
        bits = random.Random(7).getrandbits
        self.rig = Rig(database, UNLIMITED)
        self.rig.random = random.Random(8)  # type: ignore[assignment]
        self.rig.service = Service(database, self.rig.clock, bits, lambda: self.rig.seconds, UNLIMITED)
        self.steps: list[Step] = []

    def note(self, what: str, answer: Answer) -> Answer:
        """Put an answer down: lines as they are, objects as what they say, because theirs has no order."""
        body: object = answer.body
        if "json" in answer.headers.get("Content-Type", "") and "ndjson" not in answer.headers["Content-Type"]:
            body = _sorted(json.loads(answer.body))
        self.steps.append((what, answer.status, answer.headers, body))
        self.rig.clock.now += _MINUTE // 10
        return answer

    def ask(self, caller: Caller, method: str, path: str, given: Any = None, **query: object) -> Answer:
        """Ask, and put the answer down."""
        body = b"" if given is None else json.dumps(given).encode()
        answer = caller.ask(method, path, body, JSON if body else "", query=query)
        return self.note(f"{method} {path} {query}", answer)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict) and "have" in value:
        return {**value, "have": sorted(value["have"], key=str)}
    return value


def live(database: Database) -> list[Step]:
    """Let a hub live through the story and return its answers."""
    story = Story(database)
    ana, ben, eve = _enrol(story)
    _push(story, ana, ben, eve)
    _keep_back_and_let_go(story, ana, eve)
    _redact(story, ana, ben)
    _be_present(story, ana, ben)
    _read(story, ana)
    _end(story, ana, ben)
    return story.steps


def _enrol(story: Story) -> list[Caller]:
    rig, callers = story.rig, []
    for user, role in (("ana", "commander"), ("ben «ü» 漢", "responder"), ("eve", "viewer")):
        writer, code = Writer(user), rig.code(user, role)
        answer = story.note("enrol", rig.spend(code, writer.device, f"laptop of {user} 🔥"))
        callers.append(Caller(rig, writer, json.loads(answer.body)["token"]))
        story.note("the same code again", rig.spend(code, writer.device))
    story.note("a code that nobody gave", rig.spend("00000-00000", Writer("x").device))
    story.note("somebody else's device", rig.spend(rig.code("eve", "viewer"), callers[0].writer.device))
    story.note("a device that is none", rig.spend(rig.code("eve", "viewer"), "laptop"))
    story.note("a name with a NUL", rig.spend(rig.code("eve", "viewer"), Writer("y").device, "lap\0top"))
    story.note("a name with half a character", rig.spend(rig.code("eve", "viewer"), Writer("y").device, "lap\ud800"))
    story.ask(rig.stranger(), "GET", "/v1/hello")
    return callers


def _push(story: Story, ana: Caller, ben: Caller, eve: Caller) -> None:
    first = ana.writer.write("raise", "raise", {"title": _STRANGE})
    many = ana.writer.write_many(30)
    story.note("push", ana.send([first, *many]))
    story.note("push again", ana.send([first, *many]))
    story.note("a gap", ben.send([ben.writer.write_many(3)[-1]]))
    story.note("two devices in one push", ben.send([*ben.writer.entries, *ana.writer.write_many(2)]))
    story.note("a fork", ana.send([ana.writer.copy().write(what="another")]))
    other = ana.writer.copy()
    other.entries.pop()
    story.note("another in a used place", ana.send([other.write(body={"text": "another"})]))
    story.note("strange texts", ana.send([ana.writer.write(body={"text": _STRANGE}, author=_STRANGE, source=_STRANGE)]))
    story.note("a NUL in a body, escaped", ana.send([ana.writer.write(body={"text": "a\0b"})]))
    story.note("a NUL in a name", ana.send([ana.writer.copy().write(author="a\0b")]))
    story.note("as large as may be", ana.send([ana.writer.write(body={"text": "x" * 60_000})]))
    story.note("another epoch", ana.send([first], "another"))
    story.note("no entry", ana.ask("POST", "/v1/entries", b"{}\n", "application/x-ndjson", query={"epoch": "first"}))
    story.note("a stranger's entries by ben", ben.send(Writer("zoe").write_many(2)))
    story.note("a viewer writes", eve.send(eve.writer.write_many(2)))


def _keep_back_and_let_go(story: Story, ana: Caller, eve: Caller) -> None:
    story.steps.append(("held", 0, {}, story.rig.held()))
    story.ask(ana, "GET", "/v1/entries", epoch="first", after=0, limit=500)
    story.steps.append(("released", 0, {}, story.rig.release(*story.rig.held()[:1])))
    story.note("once more", eve.send(eve.writer.entries))


def _redact(story: Story, ana: Caller, ben: Caller) -> None:
    target, later = ben.writer.write(body={"text": "secret"}), ben.writer.write(body={"text": "secret too"})
    story.note("what will be redacted", ben.send([target]))
    story.note("redact, one of them in advance", ana.send([ana.writer.redact(target), ana.writer.redact(later)]))
    story.note("what was redacted before it came", ben.send([later]))
    story.note("and again", ben.send([target, later]))


def _be_present(story: Story, ana: Caller, ben: Caller) -> None:
    story.ask(ana, "PUT", "/v1/presence", {"incident": INCIDENT})
    story.ask(ben, "PUT", "/v1/presence", {"incident": INCIDENT})
    story.ask(ana, "PUT", "/v1/presence", {"incident": INCIDENT})
    story.ask(ana, "PUT", "/v1/presence", {"incident": "none"})
    story.rig.clock.now += 2 * _MINUTE
    story.ask(ana, "PUT", "/v1/presence", {"incident": None})


def _read(story: Story, ana: Caller) -> None:
    story.ask(ana, "GET", "/v1/hello")
    after, last = 0, ""
    while (page := story.ask(ana, "GET", "/v1/entries", epoch="first", after=after, last=last, limit=7)).status == 200:
        head = json.loads(page.body.splitlines()[0])
        after, last = head["next"], head["last"]
    for place in ({"after": 3, "last": "x"}, {"after": 10**6, "last": last}, {"after": "x"}):
        story.ask(ana, "GET", "/v1/entries", epoch="first", **place)
    for first, to in ((2, 5), (30, 10**6), (10**6, 10**7), (0, 0)):
        story.ask(ana, "GET", "/v1/entries", epoch="first", device=ana.writer.device, **{"from": first, "to": to})
    story.ask(ana, "POST", "/v1/have", {"ids": [*[e.id for e in ana.writer.entries[:5]], "x", _STRANGE]})
    story.ask(ana, "POST", "/v1/have", {"ids": ["a\0b"]})


def _end(story: Story, ana: Caller, ben: Caller) -> None:
    story.rig.revoke(device=ben.writer.device)
    story.ask(ben, "GET", "/v1/hello")
    story.note("a revoked device's entries by ana", ana.send([ben.writer.write()]))
    with story.rig.database.writing() as connection:
        people.new_epoch(connection, "second")
    story.ask(ana, "GET", "/v1/entries", epoch="first", after=1)
    story.ask(ana, "GET", "/v1/hello")
    with story.rig.database.reading() as connection:
        story.steps.append(("persons", 0, {}, people.persons(connection)))
        story.steps.append(("devices", 0, {}, people.devices(connection)))
        story.steps.append(("held", 0, {}, people.held(connection)))
