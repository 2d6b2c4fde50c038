"""Restricted incidents: whether one is, who may see it, and how that is changed.

On a store with rights these see it: commanders and administrators, whoever raised it, owns it or holds a role in it,
and the logins and groups that it names.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain import limits
from domain.actions import Drafts, required
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.grants import GROUP, USER, called, listed, subject_key
from domain.incident import Incident, Item
from domain.replay import Replay, restricts
from domain.vocabulary import nearest

_GROUP = "group:"


def sealed(replay: Replay) -> bool:
    """Say whether an incident is to be kept from those who are not named: when in doubt, it is.

    Whatever restricts it is enough, be it disputed, or a set whose body was removed; and so is a raising whose body is
    gone, which may have restricted it, until somebody who sees it has given it a title again.
    """
    if any(restricts(head.value) or head.entry.body is None for head in replay.heads("restricted")):
        return True
    return any(head.entry.body is None for head in replay.heads("fact:raised")) and not replay.value("title")


def seen_by(replay: Replay) -> frozenset[str]:
    """Return who may see it whatever their role, as `user:NAME` and `group:NAME`."""
    people = {head.entry.author for head in replay.heads("fact:raised")}
    people |= {head.value for head in replay.heads("owner") if isinstance(head.value, str)}
    found = {subject_key(USER, name) for name in people}
    incident = replay.result()
    found |= {subject_key(USER, item.name) for item in incident.roles}
    return frozenset(found | {subject_key(*subject(item)) for item in incident.allowed})


def subject(item: Item) -> tuple[str, str]:
    """Return the kind (`user` or `group`) and the name of who an incident names."""
    return (GROUP if item.relation == GROUP else USER), item.name


def allowed_words(incident: Incident) -> str:
    """Return whom an incident names, in words: `bo and the group legal`; empty for nobody."""
    return listed([called(*subject(item)) for item in incident.allowed])


def restrict(incident: Incident, allow: Iterable[str] = (), remove: Iterable[str] = ()) -> Drafts:
    """Return what restricts an incident, if it is not yet, and names who may see it.

    Args:
        incident: As it stands.
        allow: Logins, and groups as `group:NAME`.
        remove: Those of them that are to be named no longer.

    Raises:
        BadValue: A name is blank or too long.
        Refused: Nothing would change, or one that is to be removed is not named.
    """
    given, taken = list(dict.fromkeys(allow)), list(dict.fromkeys(remove))
    drafts = () if incident.restricted and "restricted" not in incident.conflicts else _set(value=True)
    drafts += tuple(draft for who in given for draft in _allow(incident, who))
    drafts += tuple(_remove(incident, who) for who in taken)
    if not drafts:
        who = f", and {', '.join(given)} may see it" if given else ""
        raise Refused(f"{incident.ref} is restricted already{who}", "Nothing to do.", "no_change")
    return drafts


def lift(incident: Incident) -> Drafts:
    """Return what shows an incident to everybody again; whom it names stays on it, should it be restricted anew."""
    if not incident.restricted and "restricted" not in incident.conflicts:
        raise Refused(f"{incident.ref} is not restricted", "Nothing to do.", "no_change")
    return _set(value=False)


def _set(*, value: bool) -> Drafts:
    return (Draft("set", "restricted", {"value": value}),)


def _split(who: str) -> tuple[str, str]:
    is_group = who.strip().startswith(_GROUP)
    name = required(who.strip().removeprefix(_GROUP), limits.NAME, "name").strip()
    return (GROUP if is_group else USER), name


def _allow(incident: Incident, who: str) -> Drafts:
    wanted = _split(who)
    if any(subject(item) == wanted for item in incident.allowed):
        return ()
    if len(incident.allowed) >= limits.TAGS:
        raise BadValue(f"{incident.ref} names {limits.TAGS} already", "Name a group instead.", "too_many")
    return (Draft("add", "allowed", _named(*wanted), over=()),)


def _named(kind: str, name: str) -> dict[str, str]:
    return {"name": name, "relation": GROUP} if kind == GROUP else {"name": name}


def _remove(incident: Incident, who: str) -> Draft:
    wanted = _split(who)
    made_by = tuple(e for item in incident.allowed if subject(item) == wanted for e in item.made_by)
    if not made_by:
        near = nearest(wanted[1], [item.name for item in incident.allowed])
        remedy = f"Did you mean {near}?" if near else "See whom it names: tocsin show."
        raise Refused(f"{incident.ref} does not name {called(*wanted)}", remedy, "no_such_item")
    return Draft("drop", "allowed", _named(*wanted), over=made_by)
