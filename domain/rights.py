"""Who may write what: the roles of a hub and of a shared store, held against each entry's kind and field.

A hub keeps back what its writer has no right to; a store that several logins share refuses it before it is written.
A store without rights, which is every store until somebody sets some, asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.entry import Entry

ROLES = ("viewer", "responder", "commander", "admin")
"""From the least to the most; each may do all that the ones before may."""

KINDS: Mapping[str, str] = {"redact": "commander", "device:revoked": "admin"}
"""What asks for more than a responder by its kind, or its kind and what."""
FIELDS: Mapping[str, str] = {
    "restricted": "commander",
    "allowed": "commander",  # who may see a restricted one besides those who work on it
    "fact:postmortem_waived": "commander",
}
"""What does by its field, whatever the kind: an amend or a drop replaces what a set has written."""


def rank(role: str) -> int:
    """Return a role's place among `ROLES`; -1 for one that is unknown."""
    return ROLES.index(role) if role in ROLES else -1


def needed(kind: str, what: str, payload: Mapping[str, Any] | None = None) -> str:
    """Return the least role that may write an entry of such a kind, and what, with that in its body."""
    field = f"fact:{what}" if kind == "fact" else what  # as `field_of` has it
    least = KINDS.get(f"{kind}:{what}") or KINDS.get(kind) or FIELDS.get(field) or "responder"
    if kind == "raise" and payload and payload.get("restricted", True) is not True:
        return max(least, FIELDS["restricted"], key=rank)  # raised once more, it would open what is restricted
    return least


def named(kind: str, what: str) -> str:
    """Return what is written, for a refusal: `note`, `set restricted`."""
    return kind if kind in (what, "redact") else f"{kind} {what}"


def objection(role: str, entry: Entry) -> str | None:
    """Return why a person of `role` may not write an entry, in words; None when they may."""
    least = needed(entry.kind, entry.what, entry.payload if entry.kind == "raise" else None)
    if rank(role) >= rank(least):
        return None
    return f"“{named(entry.kind, entry.what)}” needs the role {least}, its writer has {role}"
