"""Who is told which update: each party hears the newest that is meant for it, and nothing that is meant for others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain import limits, vocabulary
from domain.actions import Drafts
from domain.actions import told as told_fact
from domain.durations import short
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.incident import Incident, Update
from domain.parties import Notice, Party
from domain.text import clean_input, one_line

_BEGINNING = 60  # characters of a note where it is said in passing


def text_for(update: Update, party: Party) -> str:
    """Return an update's ready text for a party: of its template, else the one for laymen."""
    return update.texts.get(party.template, update.text)


def meant_for(incident: Incident, name: str) -> Update | None:
    """Return the newest update that is meant for a party; one of a drill is for nobody, so anybody may practise it."""
    key = vocabulary.slug(name)
    found = (each for each in reversed(incident.updates) if _is_for(each, key, drill=incident.drill))
    return next(found, None)


def _is_for(update: Update, key: str, *, drill: bool) -> bool:
    return key in map(vocabulary.slug, update.to) or (drill and not update.to)


def update_for(incident: Incident, name: str, parties: Sequence[Party] = ()) -> Update:
    """Return the newest update that is meant for a party.

    Raises:
        BadValue: There is no update at all.
        Refused: None is meant for this party: what is written for some may not be for others.
    """
    update_named(incident)
    found = meant_for(incident, name)
    if found is None:
        near = probably(name, parties)
        meant = f"Did you mean {near}? " if near else ""
        remedy = f"{meant}Write one: tocsin update REF --to PARTY --know TEXT. Or say what they heard: --note TEXT."
        raise Refused(f"No update of {incident.ref} is meant for {name}", remedy, "not_meant")
    return found


def probably(name: str, parties: Sequence[Party]) -> str:
    """Return the party of the list that a name which is not in it was probably meant to be; empty for none."""
    listed = {vocabulary.slug(each.name): each.name for each in parties}
    key = vocabulary.slug(name)
    near = None if key in listed else vocabulary.nearest(key, listed)
    return listed[near] if near else ""


def who_waits(
    incident: Incident, waiting: Iterable[Notice], *, update: str = "", everybody: bool = False
) -> tuple[str, ...]:
    """Return the parties that wait for an update, the newest when none is named; never one that it is not meant for.

    Args:
        incident: As it stands.
        waiting: Who is to be told now.
        update: The beginning of an update's id.
        everybody: Whether it is no update that they are told, but words or a duty of their own.

    Raises:
        Refused: Nobody waits for it; the remedy names those who wait for another one.
    """
    names = [each.party.name for each in waiting]
    if everybody:
        found = names
    else:
        said = update_named(incident, update)
        found = [name for name in names if _is_for(said, vocabulary.slug(name), drill=incident.drill)]
    if not found:
        others = f"These wait, and it is not meant for them: {', '.join(names)}." if names else ""
        what = "to be told anything" if everybody or not names else "for this update"
        raise Refused(f"Nobody waits {what} of {incident.ref}", others or "Nothing to do.", "nobody_waits")
    return tuple(found)


def tell(
    incident: Incident,
    names: Sequence[str],
    *,
    now: int,
    parties: Sequence[Party] = (),
    note: str = "",
    update: str = "",
    duty: str = "",
    next_update_at: int | None = None,
    occurred_at: int | None = None,
) -> Drafts:
    """Return the facts that parties were told something: a note of its own, or an update's text for each.

    Args:
        incident: As it stands.
        names: Who; any name will do.
        now: The present, ms.
        parties: The team's, for their templates.
        note: What they were told; empty for the update's text, for a duty its name.
        update: The beginning of an update's id; empty for the newest that is meant for each, when there is no note.
        duty: The regulation's duty that it fulfils.
        next_update_at: When they hear again; None for what the update promises.
        occurred_at: When they were told, ms; None means now.

    Raises:
        BadValue: There is no such update, or nothing that they could have been told.
        Refused: The next update would be in the past, or no update is meant for one of them.
    """
    own_words = bool(note.strip() or duty)
    named = update_named(incident, update) if update else None
    by_name = {vocabulary.slug(party.name): party for party in parties}
    at, drafts = now if occurred_at is None else occurred_at, []
    for name in {vocabulary.slug(each): each for each in names}.values():
        said = named if named or own_words else update_for(incident, name, parties)
        text, again, more = note, next_update_at, {"duty": duty} if duty else {}
        if said is not None:
            text = note or text_for(said, by_name.get(vocabulary.slug(name), Party(name)))
            promised = said.next_update_at
            again = promised if again is None and promised is not None and promised > at else again
            more |= {"update": said.entry, "wording": said.wording}
        (made,) = told_fact(name, text or duty, now=now, next_update_at=again, occurred_at=occurred_at)
        drafts.append(Draft("fact", "told", {**made.body, **more}, occurred_at=occurred_at))
    return tuple(drafts)


def recorded(incident: Incident, drafts: Iterable[Draft], now: int) -> list[str]:
    """Return who was told what, a line for each thing that was told: `IT, legal: the update “identified”, 3m ago`."""
    by_text: dict[str, list[str]] = {}
    updates = {each.entry: each for each in incident.updates}
    for draft in drafts:
        update, duty = updates.get(str(draft.body.get("update"))), draft.body.get("duty")
        what = f"“{one_line(str(draft.body['note']), _BEGINNING)}”"
        if update is not None:
            what = f"the update “{update.wording}”, written {short(now - update.at)} ago"
        elif duty:
            what = f"{duty}" if duty == draft.body["note"] else f"{duty}, {what}"
        by_text.setdefault(what, []).append(str(draft.body["party"]))
    return [f"{', '.join(names)}: {what}" for what, names in by_text.items()]


def update_named(incident: Incident, beginning: str = "") -> Update:
    """Return the update whose id begins so, the newest for nothing.

    Raises:
        BadValue: There is none, or several.
    """
    found = [each for each in incident.updates if each.entry.startswith(clean_input(beginning, limits.KEY).lower())]
    if not incident.updates:
        remedy = "Write what they were told: --note TEXT. Or an update first: tocsin update REF --know TEXT."
        raise BadValue(f"There is no update of {incident.ref} yet", remedy, "no_update")
    if not found or (beginning and len(found) > 1):
        several = f"“{beginning}” fits {len(found)} updates" if found else f"There is no update “{beginning}”"
        raise BadValue(several, "See their ids in: tocsin outbox REF --json.", "no_update")
    return found[-1]
