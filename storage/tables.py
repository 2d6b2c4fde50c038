"""Every table of the store, as data. The rules live in `domain`; nothing here validates.

The first nine are migrated (`storage.migrations`); `incident`, `seer` and `counter` are projections, dropped and
rebuilt from the entries whenever their version changes, and so is the full-text index `search`, which SQLModel cannot
say.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class EntryRow(SQLModel, table=True):
    """One line of a timeline; see `domain.entry.Entry`. `over` is a JSON array of ids."""

    __tablename__ = "entry"
    __table__: ClassVar[Table]
    __table_args__ = (
        UniqueConstraint("device", "dseq"),
        Index("entry_incident", "incident", "pk"),
        Index("entry_src", "src", sqlite_where=text("src IS NOT NULL")),
        Index("entry_redact", "what", sqlite_where=text("kind = 'redact'")),
    )
    pk: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    incident: str
    device: str
    dseq: int
    hlc: int
    kind: str
    what: str
    author: str
    source: str
    occurred_at: int
    recorded_at: int
    over: str
    body: str | None = None
    bhash: bytes
    hash: bytes
    src: str | None = None
    held: str | None = None


class DeviceRow(SQLModel, table=True):
    """A device that wrote entries: its highest contiguous number and the hash of that entry; `me` for this one."""

    __tablename__ = "device"
    __table__: ClassVar[Table]
    id: str = Field(primary_key=True)
    name: str
    owner: str
    dseq: int
    hash: bytes
    me: bool


class OutboxRow(SQLModel, table=True):
    """An entry that waits for a remote, by its pk; `state` is `waiting`, or `body` when only its text is offered."""

    __tablename__ = "outbox"
    __table__: ClassVar[Table]
    entry: int = Field(primary_key=True)
    state: str


class RemoteRow(SQLModel, table=True):
    """A system that this store exchanges entries with; see `storage.remotes.Remote`."""

    __tablename__ = "remote"
    __table__: ClassVar[Table]
    name: str = Field(primary_key=True)
    kind: str
    url: str
    user: str
    role: str
    hub: str
    epoch: str
    cursor: int
    last: str
    ahead: int | None = None
    state: str
    error: str
    since: int


class ReachedRow(SQLModel, table=True):
    """How far a remote has a device, as it said last."""

    __tablename__ = "reached"
    __table__: ClassVar[Table]
    remote: str = Field(primary_key=True)
    device: str = Field(primary_key=True)
    dseq: int


class DraftRow(SQLModel, table=True):
    """What somebody was typing: saved at every pause, offered again after a crash."""

    __tablename__ = "draft"
    __table__: ClassVar[Table]
    author: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    incident: str = Field(primary_key=True)
    text: str
    base: str
    saved_at: int


class RightRow(SQLModel, table=True):
    """A role of a login or a group of this machine; see `storage.rights.Given`. What is revoked stays."""

    __tablename__ = "rights"
    __table__: ClassVar[Table]
    __table_args__ = (
        Index("rights_standing", "subject", "name", unique=True, sqlite_where=text("revoked_at IS NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    subject: str
    name: str
    role: str
    granted_by: str
    granted_at: int
    revoked_by: str | None = None
    revoked_at: int | None = None


class SeenRow(SQLModel, table=True):
    """How far a responder has read an incident: the pk of the newest entry they saw."""

    __tablename__ = "seen"
    __table__: ClassVar[Table]
    author: str = Field(primary_key=True)
    incident: str = Field(primary_key=True)
    pk: int


class MetaRow(SQLModel, table=True):
    """A named value of the store itself, e.g. the version of its projections."""

    __tablename__ = "meta"
    __table__: ClassVar[Table]
    name: str = Field(primary_key=True)
    value: str


class IncidentRow(SQLModel, table=True):
    """The queue row: what a list shows or filters by. `key` is its place in the queue (`domain.ordering`)."""

    __tablename__ = "incident"
    __table__: ClassVar[Table]
    __table_args__ = (
        Index("incident_code", "code"),
        Index("incident_status", "status"),
        Index("incident_owner", "owner"),
        Index("incident_conflicts", "key", sqlite_where=text("conflicts > 0")),
        Index("incident_to_do", "key", sqlite_where=text("to_do > 0")),
        Index("incident_alias", "alias_of", sqlite_where=text("alias_of IS NOT NULL")),
        Index("incident_restricted", "id", "status", "priority", sqlite_where=text("restricted")),
    )
    key: int = Field(primary_key=True)
    number: int
    id: str = Field(unique=True)
    code: str
    ref: str
    title: str
    phase: str
    status: str
    severity: str | None = None
    priority: str | None = None
    impact: str | None = None
    urgency: str | None = None
    type: str | None = None
    technical_category: str | None = None
    service_category: str | None = None
    owner: str | None = None
    tags: str
    resources: str
    raised_at: int
    acknowledged_at: int | None = None
    mitigated_at: int | None = None
    ended_at: int | None = None
    updated_at: int
    conflicts: int
    firing: int
    drill: bool
    to_do: int
    silenced_until: int | None = None
    alias_of: str | None = None
    merged: str | None = None
    escalation: int
    restricted: bool
    last: int


class SeerRow(SQLModel, table=True):
    """Who may see a restricted incident whatever their role; `name` is `user:NAME` or `group:NAME`."""

    __tablename__ = "seer"
    __table__: ClassVar[Table]
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}
    incident: str = Field(primary_key=True)
    name: str = Field(primary_key=True)


class CounterRow(SQLModel, table=True):
    """How many incidents are in a state, kept by the write's own transaction; `name` is `STATUS|PRIORITY`."""

    __tablename__ = "counter"
    __table__: ClassVar[Table]
    name: str = Field(primary_key=True)
    n: int
