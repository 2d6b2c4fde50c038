"""People with real stores that exchange entries with a hub in memory, through the client and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain import actions
from domain.incident import Incident
from storage.remotes import Remote
from storage.store import Store
from storage.transfer import export_lines
from sync.client import HubClient
from sync.engine import Engine, Outcome
from sync.hub.service import Service
from sync.transport import Answer, Query, Transport, Unreachable
from tests.hubs import Rig

HUB = "hub"


@dataclass
class Wire:
    """A transport that asks a service directly, and can lose what is said.

    Attributes:
        asked: Every request that arrived.
        away: Nothing arrives.
        deaf: How many answers are lost; the requests arrive.
    """

    service: Service
    token: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False
    deaf: int = 0

    def request(self, method: str, path: str, query: Query, body: bytes = b"", kind: str = "") -> Answer:
        if self.away:
            raise Unreachable("no connection")
        self.asked.append((method, path))
        headers = {"tocsin-protocol": "1"} | ({"content-type": kind} if kind else {})
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        texts = {name: str(value) for name, value in query.items()}
        found = self.service.answer(method, path, texts, headers, body, "10.0.0.1")
        if self.deaf:
            self.deaf -= 1
            raise Unreachable("no answer in time")
        return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)


class Person:
    """Somebody with a store of their own.

    Args:
        path: The store's file.
        name: Who it is.
        rig: The hub.
        role: What they may do there.
        page: The most entries of one request.
    """

    def __init__(self, path: Path, name: str, rig: Rig, role: str = "responder", page: int = 500) -> None:
        self.rig, self.name, self.page = rig, name, page
        self.store = Store(path, name, rig.clock)
        self.journal = self.store.journal_as("sync")
        self.wire = Wire(rig.service)
        self.enrol(role)

    def enrol(self, role: str = "responder") -> None:
        """Become a device of the hub, or become it once more."""
        with self.journal.writing() as writing:
            given = HubClient(Wire(self.rig.service)).enrol(self.rig.code(self.name, role), writing.device, self.name)
            known = next((each for each in self.store.reader.remotes() if each.name == HUB), None)
            writing.save_remote(known or Remote(HUB, HUB, "http://127.0.0.1", user=given["user"], role=given["role"]))
        self.wire.token = given["token"]

    def sync(self, wire: Transport | None = None) -> Outcome:
        """Exchange with the hub once."""
        client = HubClient(wire or self.wire)
        return Engine(self.journal, self.store.reader, client, HUB, page=self.page).run()

    def in_sync(self) -> Outcome:
        """Exchange, which must succeed."""
        found = self.sync()
        assert found.state == "in_sync", found
        return found

    def raise_incident(self, title: str = "Disk full", **values: object) -> str:
        """Raise an incident and return its id."""
        return self.store.journal.raise_incident(actions.raise_incident(title, values)).id

    def note(self, incident: str, text: str = "x") -> None:
        """Write a note."""
        self.store.journal.record(incident, lambda _: actions.note(text))

    def set(self, incident: str, **values: object) -> None:
        """Set fields."""
        self.store.journal.record(incident, lambda found: actions.set_fields(found, values))

    def show(self, incident: str) -> Incident:
        """Return an incident as it stands here."""
        return self.store.reader.incident(incident)

    def redact(self, incident: str, entry: str) -> None:
        """Take a text out of the record."""
        timeline = self.store.reader.entries(incident)
        self.store.journal.record(incident, lambda _: actions.redact(timeline, entry, "secret"))

    def bodies(self, incident: str) -> Mapping[str, str | None]:
        """Return the bodies by id of what is here of an incident."""
        return {entry.id: entry.body for entry in self.store.reader.entries(incident)}

    def exported(self) -> list[str]:
        """Return everything that is here, sorted."""
        return sorted(export_lines(self.store.path))

    @property
    def remote(self) -> Remote:
        """What is known of the hub here."""
        (found,) = self.store.reader.remotes()
        return found

    @property
    def waiting(self) -> int:
        """How many entries the hub is not known to have."""
        return self.store.reader.waiting(HUB)

    def close(self) -> None:
        """Close the store."""
        self.journal.close()
        self.store.close()


def all_equal(*people: Person) -> bool:
    """Say whether all have the same."""
    return all(each.exported() == people[0].exported() for each in people)
