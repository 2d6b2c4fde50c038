"""Who may come: persons with roles, one-time codes, and tokens of which only the hash is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from domain.ids import ALPHABET, Random
from domain.times import DAY
from storage.hub.pushing import apply_redactions, entry_of, number, renew, tell
from storage.hub.tables import CODE, DEVICE, ENTRY, HUB, PERSON, PRESENCE, TOKEN

CODE_LENGTH = 10  # Crockford characters: 50 bits, for a day, once
TOKEN_PREFIX = "tcs_"  # noqa: S105 - what every token begins with, so that one that leaked is recognised
_CHECK = 6  # characters of a checksum, so that a mistyped token is no question for the database
_PRESENT = 90_000  # ms after which what was open is open no more
# Asked at every request: made once, because putting a statement together takes longer than answering it.
_WHOSE = (
    select(
        TOKEN.c.person,
        TOKEN.c.device,
        PERSON.c.role,
        PERSON.c.revoked,
        DEVICE.c.seen_at,
        DEVICE.c.revoked.label("device_revoked"),
    )
    .join(PERSON, PERSON.c.name == TOKEN.c.person)
    .join(DEVICE, DEVICE.c.id == TOKEN.c.device)
    .where(TOKEN.c.hash == bindparam("hash"))
)


class Who(NamedTuple):
    """Whose token it is."""

    person: str
    role: str
    device: str
    revoked: bool
    seen_at: int

    @property
    def whose(self) -> dict[str, object]:
        """What a log says of whose request it was."""
        return {"user": self.person, "device": self.device}


class NoCode(Exception):
    """There is no such code, or it is spent; `str()` is `unknown` or `used`."""


class DeviceTaken(Exception):
    """The device belongs to somebody else."""


def new_code(connection: Connection, person: str, role: str, now: int, random_bits: Random) -> str:
    """Return a one-time code for a person, who has that role from now on.

    Somebody who was revoked comes back by it, and by nothing that they had before.
    """
    known = connection.execute(select(PERSON.c.revoked).where(PERSON.c.name == person)).first()
    if known:
        if known.revoked:
            connection.execute(delete(TOKEN).where(TOKEN.c.person == person))
            connection.execute(update(CODE).where(CODE.c.person == person).values(used=True))
        connection.execute(update(PERSON).where(PERSON.c.name == person).values(role=role, revoked=False))
    else:
        connection.execute(insert(PERSON).values(name=person, role=role, revoked=False))
    code = "".join(ALPHABET[random_bits(5)] for _each in range(CODE_LENGTH))
    connection.execute(insert(CODE).values(hash=_hash_code(code), person=person, expires_at=now + DAY, used=False))
    return f"{code[:5]}-{code[5:]}"


def enrol(connection: Connection, code: str, device: str, name: str, now: int, random_bits: Random) -> tuple[str, Who]:
    """Spend a code: give a device its token, shown this once; one that it had is good no more.

    Raises:
        NoCode: It is unknown, spent or too old.
        DeviceTaken: The device is somebody else's.
    """
    plain = code.upper().replace("-", "").replace(" ", "").translate(str.maketrans("ILO", "110"))
    row = connection.execute(select(CODE).where(CODE.c.hash == _hash_code(plain)).with_for_update()).first()
    if row is None:
        raise NoCode("unknown")
    if row.used or row.expires_at < now:
        raise NoCode("used")
    connection.execute(update(CODE).where(CODE.c.hash == row.hash).values(used=True))
    _own(connection, device, row.person, name, now)
    token = new_token(random_bits)
    connection.execute(delete(TOKEN).where(TOKEN.c.device == device))
    connection.execute(insert(TOKEN).values(hash=_hash(token), person=row.person, device=device, made_at=now))
    role = connection.execute(select(PERSON.c.role).where(PERSON.c.name == row.person)).scalar_one()
    return token, Who(row.person, role, device, revoked=False, seen_at=now)


def _own(connection: Connection, device: str, person: str, name: str, now: int) -> None:
    known = connection.execute(select(DEVICE).where(DEVICE.c.id == device)).first()
    if known is None:
        connection.execute(
            insert(DEVICE).values(
                id=device, owner=person, name=name, dseq=0, hash=b"", relayed=False, revoked=False, seen_at=now
            )
        )
    elif known.owner != person and not known.relayed:
        raise DeviceTaken
    else:
        values = {"owner": person, "name": name, "relayed": False, "revoked": False, "seen_at": now}
        connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(**values))


def who_has(connection: Connection, token: str) -> Who | None:
    """Return whose token it is, None for one that is unknown."""
    if not well_formed(token):
        return None
    row = connection.execute(_WHOSE, {"hash": _hash(token)}).first()
    if row is None:
        return None
    return Who(row.person, row.role, row.device, bool(row.revoked or row.device_revoked), row.seen_at)


def seen(connection: Connection, device: str, now: int) -> None:
    """Remember when a device came last."""
    connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(seen_at=now))


def new_token(random_bits: Random) -> str:
    """Return a fresh token of 256 bits with its checksum."""
    text = "".join(ALPHABET[random_bits(5)] for _each in range(52))
    return f"{TOKEN_PREFIX}{text}{_checksum(text)}"


def well_formed(token: str) -> bool:
    """Say whether a text can be a token."""
    text = token.removeprefix(TOKEN_PREFIX)
    return token.startswith(TOKEN_PREFIX) and len(text) == 52 + _CHECK and _checksum(text[:52]) == text[52:]


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_CHECK].upper()


def _hash_code(code: str) -> bytes:
    # 50 bits could be tried out within the day that a stolen database's codes are good for; a thousand times slower,
    # they cannot.
    return hashlib.pbkdf2_hmac("sha256", code.encode(), b"tocsin hub code", 1_000)


def _hash(secret: str) -> bytes:
    # Random secrets of this size need no slow hash; looking one up by its hash compares nothing byte by byte.
    return hashlib.sha256(secret.encode()).digest()


def persons(connection: Connection) -> list[tuple[str, str, bool]]:
    """Return name, role and whether revoked, by name."""
    return [
        (row.name, row.role, bool(row.revoked)) for row in connection.execute(select(PERSON).order_by(PERSON.c.name))
    ]


def devices(connection: Connection) -> list[tuple[str, str, str, int, bool, int]]:
    """Return id, owner, name, newest number, whether revoked and when last seen, by owner."""
    rows = connection.execute(select(DEVICE).order_by(DEVICE.c.owner, DEVICE.c.id))
    return [(row.id, row.owner, row.name, row.dseq, bool(row.revoked), row.seen_at) for row in rows]


def revoke(connection: Connection, *, person: str | None = None, device: str | None = None) -> int:
    """Let a person's or a device's tokens be good no more; return how many there were of them."""
    if person is not None:
        return connection.execute(update(PERSON).where(PERSON.c.name == person).values(revoked=True)).rowcount
    return connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(revoked=True)).rowcount


# -- what is kept back


def held(connection: Connection, limit: int = 1000) -> list[tuple[str, str, str, str, str, str]]:
    """Return id, device, author, kind, what and reason of what is kept back, oldest first."""
    rows = connection.execute(select(ENTRY).where(ENTRY.c.held.is_not(None)).order_by(ENTRY.c.seq).limit(limit))
    return [(row.id, row.device, row.author, row.kind, row.what, row.held) for row in rows]


def not_held(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return those of some entries that are not kept back."""
    query = select(ENTRY.c.id).where(ENTRY.c.held.is_not(None), ENTRY.c.id.in_(list(ids)))
    held_ids = set(connection.execute(query).scalars())
    return [each for each in ids if each not in held_ids]


def release(connection: Connection, ids: Sequence[str] | None = None, device: str | None = None) -> int:
    """Let entries go, with their redactions: these, a device's, or all; return how many."""
    wanted = select(ENTRY).where(ENTRY.c.held.is_not(None)).order_by(ENTRY.c.seq)
    if ids is not None:
        wanted = wanted.where(ENTRY.c.id.in_(list(ids)))
    if device is not None:
        wanted = wanted.where(ENTRY.c.device == device)
    seq = connection.execute(select(HUB.c.seq).with_for_update()).scalar_one()
    found = [replace(entry_of(row), held=None) for row in connection.execute(wanted).all()]
    seq = renew(connection, found, seq)
    redactions = [target for entry in found if (target := entry.redacts)]
    seq = apply_redactions(connection, redactions, seq)
    number(connection, seq)
    return len(found)


def new_epoch(connection: Connection, epoch: str) -> None:
    """Begin another history: every device will offer everything it has."""
    connection.execute(update(HUB).values(epoch=epoch))


# -- who has what open


def present(connection: Connection, who: Who, incident: str | None, now: int) -> None:
    """Remember what a device has open, None for nothing."""
    connection.execute(delete(PRESENCE).where((PRESENCE.c.device == who.device) | (PRESENCE.c.at < now - _PRESENT)))
    if incident:
        connection.execute(insert(PRESENCE).values(device=who.device, person=who.person, incident=incident, at=now))
    tell(connection, 0)


def opened(connection: Connection, now: int) -> list[dict[str, str]]:
    """Return who has what open: incident, user and device."""
    rows = connection.execute(select(PRESENCE).where(PRESENCE.c.at >= now - _PRESENT).order_by(PRESENCE.c.at))
    return [{"incident": row.incident, "user": row.person, "device": row.device} for row in rows]
