"""The hub's tables, on SQLite and PostgreSQL alike; they are data, and the rules live above."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, Table, Text, UniqueConstraint, text

METADATA = MetaData()

HUB = Table(
    "hub",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    comment="One row: who this hub is, which of its histories this is, and the number given last.",
)
ENTRY = Table(
    "entry",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("incident", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("dseq", BigInteger, nullable=False),
    Column("hlc", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("over", Text, nullable=False),
    Column("body", Text),
    Column("bhash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("src", Text),
    Column("held", Text),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("received_at", BigInteger, nullable=False),
    Column("pushed_by", Text, nullable=False),
    UniqueConstraint("device", "dseq"),
    Index("entry_incident", "incident"),
    Index("entry_redact", "what", sqlite_where=text("kind = 'redact'"), postgresql_where=text("kind = 'redact'")),
    Index("entry_held", "seq", sqlite_where=text("held IS NOT NULL"), postgresql_where=text("held IS NOT NULL")),
)
DEVICE = Table(
    "device",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("dseq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("relayed", Boolean, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
PERSON = Table(
    "person",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
)
TOKEN = Table(
    "token",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("device", Text, nullable=False, unique=True),
    Column("made_at", BigInteger, nullable=False),
)
CODE = Table(
    "code",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False),
)
PASSED = Table(
    "passed",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    comment="Numbers that an entry had before it got a new one, so that a cursor standing there is still known.",
)
PRESENCE = Table(
    "presence",
    METADATA,
    Column("device", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
