"""Who may write what: a hub's roles, held against each entry's kind and field.

A right that is missing never loses an entry: the hub keeps it back until somebody lets it go. On a device by itself
there are no rights but those of its file system.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.entry import Entry

ROLES = ("viewer", "responder", "commander", "admin")
"""From the least to the most; each may do all that the ones before may."""

KINDS: Mapping[str, str] = {"redact": "commander", "device:revoked": "admin"}
"""What asks for more than a responder by its kind, or its kind and what."""
FIELDS: Mapping[str, str] = {"restricted": "commander", "fact:postmortem_waived": "commander"}
"""What does by its field, whatever the kind: an amend or a drop replaces what a set has written."""


def rank(role: str) -> int:
    """Return a role's place among `ROLES`; -1 for one that is unknown."""
    return ROLES.index(role) if role in ROLES else -1


def needed(kind: str, what: str) -> str:
    """Return the least role that may write such an entry."""
    field = f"fact:{what}" if kind == "fact" else what  # as `field_of` has it
    return KINDS.get(f"{kind}:{what}") or KINDS.get(kind) or FIELDS.get(field) or "responder"


def objection(role: str, entry: Entry) -> str | None:
    """Return why a person of `role` may not write an entry, in words; None when they may."""
    least = needed(entry.kind, entry.what)
    if entry.kind == "raise" and entry.payload.get("restricted", True) is not True:
        least = max(least, FIELDS["restricted"], key=rank)  # raised once more, it would open what is restricted
    if rank(role) >= rank(least):
        return None
    what = entry.kind if entry.kind in (entry.what, "redact") else f"{entry.kind} {entry.what}"
    return f"“{what}” needs the role {least}, its writer has {role}"
