"""What people do to an incident: each action checks the rules and returns the drafts to record.

An action is pure: it reads the incident as it stands and either refuses or says what is to be written. Keys,
commands, workflows and remotes all come through here, then through the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from domain import lifecycle, limits, vocabulary
from domain.entry import REDACTS, Draft, Entry
from domain.errors import BadValue, Refused
from domain.incident import Incident, Item
from domain.text import clean_input
from domain.times import stamp

Drafts = tuple[Draft, ...]


def required(text: str, limit: int, what: str) -> str:
    """Return cleaned text, or say that it is blank or too long.

    Raises:
        BadValue: Nothing is left of it, or it has more than `limit` characters.
    """
    cleaned = clean_input(text, limit + 1).strip("\n").rstrip()
    if not cleaned.strip():
        raise BadValue(f"The {what} must not be blank", f"Give the {what}.", "blank")
    if len(cleaned) > limit:
        raise BadValue(f"The {what} has more than {limit:,} characters", "Shorten it.", "too_long")
    return cleaned


def raise_incident(title: str, values: Mapping[str, Any], *, occurred_at: int | None = None) -> Drafts:
    """Return the draft that raises an incident; `values` are registers with already read values."""
    body = {"title": required(title, limits.TITLE, "title").strip(), **values}
    return (Draft("raise", "raise", {k: v for k, v in body.items() if v is not None}, occurred_at=occurred_at),)


def note(text: str, *, occurred_at: int | None = None) -> Drafts:
    """Return a note, Markdown, that happened at `occurred_at`."""
    return (Draft("note", "note", {"text": required(text, limits.NOTE, "note")}, occurred_at=occurred_at),)


def told(
    party: str, text: str, *, now: int, next_update_at: int | None = None, occurred_at: int | None = None
) -> Drafts:
    """Return the fact that a party was told something, and by when it was promised to hear again.

    Raises:
        BadValue: The party or the text is blank or too long.
        Refused: The next update would be in the past.
    """
    at = now if occurred_at is None else occurred_at
    if next_update_at is not None and next_update_at <= at:
        late = f"The next update cannot be at {_at(next_update_at)}, before this one"
        raise Refused(late, "Give a later time.", "order")
    body: dict[str, Any] = {
        "party": required(party, limits.NAME, "party").strip(),
        "note": required(text, limits.REASON, "note").strip(),
    }
    if next_update_at is not None:
        body["next_update_at"] = next_update_at
    return (Draft("fact", "told", body, occurred_at=occurred_at),)


def redact(timeline: Iterable[Entry], beginning: str, reason: str) -> Drafts:
    """Return what takes the text of one entry out of the record; that there was one stays.

    Args:
        timeline: The incident's entries.
        beginning: The entry's id, or a beginning that no other one has.
        reason: Why; it stays in the record.

    Raises:
        BadValue: No entry begins so, or several do.
        Refused: Its text is gone already, or it is a redaction itself.
    """
    found = [entry for entry in timeline if beginning and entry.id.startswith(beginning)]
    if len(found) != 1:
        several = f"“{beginning}” fits {len(found)} entries" if found else f"There is no entry “{beginning}”"
        raise BadValue(several, "See the ids in: tocsin log REF --json.", "no_entry")
    if found[0].kind == "redact" or found[0].body is None:
        raise Refused("There is no text left in this entry", "Nothing to do.", "no_change")
    body = {"reason": required(reason, limits.REASON, "reason")}
    return (Draft("redact", f"{REDACTS}{found[0].id}", body, over=()),)


def amend(entry: str, text: str) -> Drafts:
    """Return the new text of a note; the old one stays in the record."""
    return (Draft("amend", f"note:{entry}", {"text": required(text, limits.NOTE, "note")}),)


def acknowledge(incident: Incident, *, occurred_at: int | None = None) -> Drafts:
    """Return an acknowledgement by the actor; refused when the incident is over or a person has done so.

    After a reopening it is asked for again: who acknowledged before may be asleep by now.
    """
    must_be_open(incident, "acknowledged")
    anew = incident.reopened_at is not None and incident.answered_at is None  # nobody has since it was reopened
    if incident.acknowledged_at is not None and incident.acknowledged_by is not None and not anew:
        at = _at(incident.acknowledged_at)
        raise Refused(
            f"{incident.ref} was acknowledged by {incident.acknowledged_by} at {at}",
            "Take it to own it, or add a note.",
            "already_acknowledged",
        )
    return (Draft("fact", "acknowledged", occurred_at=occurred_at),)


def take(incident: Incident, actor: str) -> Drafts:
    """Return what makes the actor the owner, acknowledging when nobody has."""
    drafts = assign(incident, actor)
    if incident.acknowledged_at is None and not incident.is_closed:
        drafts = (Draft("fact", "acknowledged"), *drafts)
    return drafts


def assign(incident: Incident, owner: str) -> Drafts:
    """Return a new owner; an empty name leaves it without one."""
    name = clean_input(owner, limits.NAME).strip() or None
    if name == incident.owner and "owner" not in incident.conflicts:
        whose = f"{name} already" if name else "nobody already"
        raise Refused(f"{incident.ref} belongs to {whose}", "Nothing to do.", "no_change")
    return (Draft("set", "owner", {"value": name}),)


def assign_role(incident: Incident, who: str, role: str) -> Drafts:
    """Return a role given to a person; the one who had it is relieved in the same record.

    Raises:
        Refused: They have it already.
    """
    name, word = required(who, limits.NAME, "name").strip(), vocabulary.choose(role, vocabulary.ROLES, "role")
    holders = holders_of(incident, word)
    if name in holders and (word == "expert" or len(holders) == 1):
        raise Refused(f"{name} is {word} of {incident.ref} already", "Nothing to do.", "no_change")
    relieved = () if word == "expert" else _relieved(incident, word)
    return (*relieved, Draft("add", "role", {"name": name, "relation": word}))


def relieve(incident: Incident, role: str) -> Drafts:
    """Return what takes a role from everybody who has it; refused when nobody does."""
    word = vocabulary.choose(role, vocabulary.ROLES, "role")
    if not (relieved := _relieved(incident, word)):
        raise Refused(f"Nobody is {word} of {incident.ref}", "Nothing to do.", "no_change")
    return relieved


def holders_of(incident: Incident, role: str) -> list[str]:
    """Return who has a role; several only where people gave it without seeing each other, or of experts."""
    return [item.name for item in incident.roles if item.relation == role]


def _relieved(incident: Incident, role: str) -> Drafts:
    held = [item for item in incident.roles if item.relation == role]
    return tuple(Draft("drop", "role", {"name": item.name, "relation": role}, over=item.made_by) for item in held)


def move(
    incident: Incident,
    wanted: str,
    *,
    text: Mapping[str, str] | None = None,
    strict: bool = False,
    occurred_at: int | None = None,
) -> Drafts:
    """Return the drafts of a change of status.

    Args:
        incident: As it stands.
        wanted: A status, or `closed`.
        text: Any of `note`, `reason`, `label` and `waive` (a reason to close without a post-mortem).
        strict: Forbids skipping a status.
        occurred_at: When it happened, ms; None means now.

    Raises:
        Refused: The lifecycle forbids it, or something it asks for is missing.
    """
    given = {key: clean_input(value, limits.REASON).strip() for key, value in (text or {}).items() if value}
    if wanted == "closed":
        return _close(incident, given, occurred_at)
    step = lifecycle.check(
        incident,
        wanted,
        note=given.get("note", ""),
        reason=given.get("reason", ""),
        label=given.get("label", ""),
        strict=strict,
    )
    begun = incident.impact_started_at
    if wanted == "resolved" and None not in (occurred_at, begun) and (occurred_at or 0) < (begun or 0):
        remedy = "Correct impact_started, or give a later time (--at)."
        raise Refused(
            f"{incident.ref} cannot be resolved before its impact began at {_at(begun or 0)}", remedy, "order"
        )
    drafts: list[Draft] = []
    if step.skips and incident.acknowledged_at is None:
        drafts.append(Draft("fact", "acknowledged", source="implied", occurred_at=occurred_at))
    kept = {key: value for key, value in given.items() if key in ("note", "reason", "label")}
    drafts.append(Draft("set", "status", {"value": wanted, **kept}, occurred_at=occurred_at))
    if step.reopens or incident.closed_at is not None:
        drafts.append(Draft("fact", "reopened", {"reason": given.get("reason", "")}, occurred_at=occurred_at))
    return tuple(drafts)


def _close(incident: Incident, given: Mapping[str, str], occurred_at: int | None) -> Drafts:
    waiver: Drafts = ()
    if reason := given.get("waive"):
        waiver = (Draft("fact", "postmortem_waived", {"reason": reason}),)
    found = lifecycle.verdict(incident, "closed")
    needs_only_waiver = incident.is_closed and incident.closed_at is None and waiver
    if found.step is None and not needs_only_waiver:
        raise Refused(f"{incident.ref} cannot become closed: {found.why}", found.remedy, "transition")
    kept = {key: value for key, value in given.items() if key in ("note", "reason")}
    return (*waiver, Draft("fact", "closed", kept, occurred_at=occurred_at))


def mitigate(incident: Incident, *, now: int, note: str = "", occurred_at: int | None = None) -> Drafts:
    """Return the fact that the impact has stopped; refused when the incident is over or it had not begun."""
    must_be_open(incident, "mitigated")
    at = now if occurred_at is None else occurred_at
    if incident.mitigated_at is not None:
        remedy = "Undo that one, or add a note."
        raise Refused(f"{incident.ref} was mitigated at {_at(incident.mitigated_at)}", remedy, "already_mitigated")
    begun = incident.impact_started_at
    if begun is not None and at < begun:
        remedy = "Correct impact_started, or give a later time (--at)."
        raise Refused(f"{incident.ref} cannot be mitigated before its impact began at {_at(begun)}", remedy, "order")
    body = {"note": clean_input(note, limits.REASON).strip()} if note.strip() else {}
    return (Draft("fact", "mitigated", body, occurred_at=occurred_at),)


def set_fields(incident: Incident, values: Mapping[str, Any]) -> Drafts:
    """Return one set a field whose value differs, or is one of several that do; refused when none does."""
    conflicts = incident.conflicts
    changed = {name: v for name, v in values.items() if name in conflicts or current_value(incident, name) != v}
    if not changed:
        raise Refused(f"{incident.ref} has these values already", "Nothing to do.", "no_change")
    began = changed.get("impact_started_at")
    if began is not None and incident.mitigated_at is not None and began > incident.mitigated_at:
        remedy = f"Give a time before {_at(incident.mitigated_at)}, when it was mitigated."
        raise Refused(f"The impact on {incident.ref} cannot begin after it was mitigated", remedy, "order")
    return tuple(Draft("set", name, {"value": value}) for name, value in changed.items())


def current_value(incident: Incident, register: str) -> Any:
    """Return what a register holds now, None when nothing."""
    prefix, colon, name = register.partition(":")
    if colon:
        held: Mapping[str, Any] = incident.custom if prefix == "custom" else incident.classifiers
        return held.get(name)
    return getattr(incident, register) or (False if register in ("drill", "restricted") else None)


def star(incident: Incident, entry: str) -> Drafts:
    """Return the mark that takes a moment into the post-mortem, or takes it out again."""
    return (Draft("set", f"star:{entry}", {"value": entry not in incident.starred}),)


def add_item(incident: Incident, collection: str, name: str, **more: str | None) -> Drafts:
    """Return one member added to a collection (`tag`, `resource`, `originator`, `cause`, `action`)."""
    held: tuple[Item, ...] = getattr(incident, f"{collection}s")
    label = required(name, limits.NAME if collection not in ("cause", "action") else limits.REASON, collection).strip()
    if len(held) >= limits.TAGS:
        raise Refused(f"{incident.ref} has {limits.TAGS} {collection}s already", "Remove one first.", "too_many")
    body = {"name": label, **{key: value for key, value in more.items() if value}}
    same = [item for item in held if item.name == label]
    if same and all(getattr(same[0], key, None) == value for key, value in body.items()):
        raise Refused(f"{incident.ref} has the {collection} “{label}” already", "Nothing to do.", "no_change")
    return (Draft("add", collection, body, over=_made_by(same)),)


def resource(text: str) -> Draft:
    """Return an impacted resource from `NAME` or `NAME:SEVERITY`; a colon before no severity belongs to the name."""
    name, colon, word = text.strip().rpartition(":")
    if not colon or not name:
        return Draft("add", "resource", {"name": required(text, limits.NAME, "resource").strip()}, over=())
    try:
        more = {"severity": vocabulary.severity(word)}
    except BadValue:
        if word.isalpha() and vocabulary.nearest(word.lower(), vocabulary.SEVERITIES):
            raise  # critcal is no part of a name
        name, more = text.strip(), {}
    return Draft("add", "resource", {"name": required(name, limits.NAME, "resource").strip(), **more}, over=())


def drop_item(incident: Incident, collection: str, name: str) -> Drafts:
    """Return the removal of a collection's member by name; refused when it has none of that name."""
    attribute = "related" if collection == "related" else f"{collection}s"
    held: tuple[Item, ...] = getattr(incident, attribute)
    same = _made_by(item for item in held if name in (item.name, item.incident))
    if not same:
        near = vocabulary.nearest(name, [item.name for item in held])
        remedy = f"Did you mean {near}?" if near else "See what it has with: tocsin show."
        raise Refused(f"{incident.ref} has no {collection} “{name}”", remedy, "no_such_item")
    return (Draft("drop", collection, {"name": name}, over=same),)


def _made_by(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(entry for item in items for entry in item.made_by)


def relate(incident: Incident, other: Incident, relation: str, description: str = "") -> Drafts:
    """Return the relation `incident --relation--> other` on both timelines.

    Raises:
        Refused: It relates to itself, or says so already.
    """
    word = vocabulary.choose(relation, list(vocabulary.RELATIONS), "relation")
    if incident.id == other.id:
        raise Refused(f"{incident.ref} cannot be related to itself", "Name another incident.", "self")
    if any(item.incident == other.id and item.relation == word for item in incident.related):
        raise Refused(f"{incident.ref} has that relation to {other.ref} already", "Nothing to do.", "no_change")
    text = clean_input(description, limits.REASON).strip()
    return (
        Draft("add", "related", _related(other, word, text)),
        Draft("add", "related", _related(incident, vocabulary.RELATIONS[word], text), incident=other.id),
    )


def _related(other: Incident, relation: str, description: str) -> dict[str, str]:
    body = {"incident": other.id, "name": other.ref, "relation": relation}
    return {**body, "description": description} if description else body


def follow_up(identifier: str, title: str, owner: str = "", due: str = "") -> Drafts:
    """Return a new follow-up under a fresh id: title, who, until when (ISO date)."""
    values = {"title": required(title, limits.TITLE, "follow-up").strip(), "owner": owner.strip(), "due": due}
    return tuple(Draft("set", f"act:{identifier}.{key}", {"value": v}) for key, v in values.items() if v)


def finish_follow_up(incident: Incident, identifier: str, done: bool = True) -> Drafts:
    """Return a follow-up marked as done, or as open again."""
    if not any(each.id == identifier for each in incident.follow_ups):
        raise Refused(f"{incident.ref} has no follow-up “{identifier}”", "See: tocsin show.", "no_such_item")
    return (Draft("set", f"act:{identifier}.done", {"value": done}),)


def write_sections(incident: Incident, texts: Mapping[str, str]) -> Drafts:
    """Return the post-mortem sections whose text differs from what is recorded."""
    drafts = []
    for name, text in texts.items():
        cleaned = clean_input(text, limits.SECTION + 1)
        if len(cleaned) > limits.SECTION:
            remedy = f"A section holds {limits.SECTION:,} characters; move the rest to an attachment."
            raise BadValue(f"The section “{name}” is too long", remedy, "too_long")
        if incident.sections.get(name) != cleaned:
            drafts.append(Draft("set", f"pm:{name}", {"value": cleaned}))
    return tuple(drafts)


def publish(incident: Incident) -> Drafts:
    """Return the fact that the post-mortem is published; refused before the incident is over, or twice."""
    if not incident.is_closed:
        raise Refused(f"{incident.ref} is still {incident.status}", "Resolve it first.", "transition")
    if incident.published_at is not None:
        raise Refused(f"The post-mortem was published at {_at(incident.published_at)}", "Nothing to do.", "no_change")
    return (Draft("fact", "postmortem_published"),)


def must_be_open(incident: Incident, what: str) -> None:
    """Refuse what needs an incident that is not over; `what` follows “it cannot be”.

    Raises:
        Refused: It is over.
    """
    if incident.is_closed:
        remedy = "Reopen it first: move it to validated with a reason."
        raise Refused(f"{incident.ref} is {incident.phase.lower()}, so it cannot be {what}", remedy, "closed")


def _at(ms: int) -> str:
    return stamp(ms, UTC)
