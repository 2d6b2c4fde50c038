"""From a row of the table `entry` to an entry."""

from __future__ import annotations

import json
from typing import Any

from domain.entry import Entry

ENTRY_COLUMNS = (
    "pk, id, incident, device, dseq, hlc, kind, what, author, source, occurred_at, recorded_at, over, body, bhash, "
    "hash, src"
)
"""In the order that `entry_of` takes them."""


def entry_of(row: Any) -> Entry:
    """Return the entry of a row of the table `entry`, its columns in their order."""
    (
        pk,
        id_,
        incident,
        device,
        dseq,
        hlc,
        kind,
        what,
        author,
        source,
        occurred,
        recorded,
        over,
        body,
        bhash,
        hash_,
        src,
    ) = row
    return Entry(
        id_, incident, device, dseq, hlc, kind, what, author, source, occurred, recorded,
        tuple(json.loads(over)) if over != "[]" else (), body, bhash, hash_, src, pk,
    )  # fmt: skip
