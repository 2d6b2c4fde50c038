"""Identifiers: UUIDv7 for what is made here, UUIDv5 for what is imported, and the short codes people say aloud."""

from __future__ import annotations

import re
from collections.abc import Callable

# Crockford's base 32: no I, L, O or U, so a code survives being read over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "INC-"
SHORTEST = 5
CODE_LENGTH = 13
_NAMESPACE = "6f1d5d4e-3f0a-5c61-9d0f-2f8f6d0c7a11"
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MISREAD = str.maketrans("ILO", "110")

Random = Callable[[int], int]
"""Gives an integer of that many random bits, e.g. `random.SystemRandom().getrandbits`."""


def uuid7(at_ms: int, random_bits: Random) -> str:
    """Return a version 7 UUID (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    value = (at_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | random_bits(12) << 64
    value |= 0b10 << 62 | random_bits(62)
    hexed = f"{value:032x}"
    return f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"


def imported_id(source: str, account: str, remote_id: str) -> str:
    """Return the id of a thing of another system: the same on every device that imports it."""
    import uuid  # a list needs none

    return str(uuid.uuid5(uuid.UUID(_NAMESPACE), f"{source}:{account}:{remote_id}"))


def code_of(identifier: str) -> str:
    """Return the 13 characters whose shortest unique prefix is the ref; the low 62 bits, so never the clock."""
    value = int(identifier.replace("-", ""), 16) & ((1 << 62) - 1)
    shifts = range(57, -8, -5)
    return "".join(ALPHABET[(value >> s if s >= 0 else value << -s) & 31] for s in shifts)


def ref_of(code: str, length: int) -> str:
    """Return the ref people see, e.g. `INC-7K3FQ`."""
    return PREFIX + code[:length]


def parse_ref(text: str) -> str | None:
    """Return the code prefix meant by `text` (any case, with or without `INC-`), or None when it is none."""
    bare = text.strip().upper()
    bare = bare.removeprefix(PREFIX).removeprefix("#").translate(_MISREAD)
    return bare if bare and len(bare) <= CODE_LENGTH and all(c in ALPHABET for c in bare) else None


def is_uuid(text: str) -> bool:
    """Say whether `text` is a UUID in its usual form."""
    return _UUID.fullmatch(text.lower()) is not None
