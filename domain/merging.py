"""Duplicates: one incident is another under a second name. Both keep their timelines, and people see one incident.

The entry `alias` on the duplicate says what it is, and a link on the other says what came to it. Nothing is copied:
what the duplicate has is put together with the other's own whenever it is read, so a merge is undone by one entry, and
what somebody writes on the duplicate, without having heard of the merge, is seen as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from domain import limits
from domain.entry import Draft
from domain.errors import Refused
from domain.incident import Incident, Item, Told
from domain.text import clean_input
from domain.vocabulary import PRIORITIES, SEVERITIES

Drafts = tuple[Draft, ...]
_COLLECTIONS = ("tags", "resources", "originators", "roles", "causes", "actions")


def merge(duplicate: Incident, target: Incident, note: str = "") -> Drafts:
    """Return what makes `duplicate` another name of `target`.

    Raises:
        Refused: It is the same, or merged already; a drill and a real one; it would disclose what is restricted, or
            close what is open without a word.
    """
    _mergeable(duplicate, target)
    said = clean_input(note, limits.REASON).strip()
    if target.is_closed and not duplicate.is_closed and not said:
        why = f"{target.ref} is {target.phase.lower()}, and {duplicate.ref} is open: it would be closed with it"
        raise Refused(why, "Say why it may be (--note), or reopen the other first.", "needs_note")
    body = {"of": target.id, "name": target.ref, **({"note": said} if said else {})}
    link = {"incident": duplicate.id, "name": duplicate.ref, "relation": "original", "merged": True}
    return (Draft("alias", "alias", body), Draft("add", "related", link, incident=target.id))


def _mergeable(duplicate: Incident, target: Incident) -> None:
    if duplicate.id == target.id:
        raise Refused(f"{duplicate.ref} cannot be merged into itself", "Name another incident.", "self")
    for each in (duplicate, target):
        if each.is_merged:
            remedy = "Merge what it stands for, or take it apart first: tocsin merge REF --apart."
            raise Refused(f"{each.ref} was merged already", remedy, "merged")
    if duplicate.drill != target.drill:
        drill, real = (duplicate, target) if duplicate.drill else (target, duplicate)
        remedy = "Correct the one that is not: tocsin set REF drill=yes or drill=no."
        raise Refused(f"{drill.ref} is a drill and {real.ref} is not", remedy, "drill")
    if duplicate.restricted and not target.restricted:
        remedy = (
            f"Restrict {target.ref} as well (tocsin set {target.ref} restricted=yes), or merge the other way round."
        )
        raise Refused(f"{duplicate.ref} is restricted, and would be read at {target.ref}", remedy, "restricted")


def part(duplicate: Incident, target: Incident, note: str = "") -> Drafts:
    """Return what makes a merged incident stand for itself again; refused when it was not merged."""
    if duplicate.alias_of is None:
        raise Refused(f"{duplicate.ref} was not merged into another", "Nothing to do.", "no_change")
    said = clean_input(note, limits.REASON).strip()
    links = [
        Draft("drop", "related", {"name": duplicate.ref}, over=item.made_by, incident=target.id)
        for item in target.related
        if item.incident == duplicate.id and item.relation == "original"
    ]
    return (Draft("alias", "alias", {"of": None, **({"note": said} if said else {})}), *links)


def worse(found: Iterable[Incident], target: Incident) -> list[str]:
    """Return, a line each, where a duplicate's priority or severity is worse: a merge does not carry it over."""
    lines = []
    for name, words in (("priority", PRIORITIES), ("severity", SEVERITIES)):
        mine = getattr(target, name)
        ranks = [words.index(each) for one in found if (each := getattr(one, name)) in words]
        if ranks and (mine not in words or min(ranks) < words.index(mine)):
            lines.append(
                f"{target.ref} has {f'{name} {mine}' if mine else f'no {name}'}, a duplicate has {words[min(ranks)]}"
            )
    return lines


def together(own: Incident, parts: Sequence[Incident]) -> Incident:
    """Return an incident with what belongs to those that were merged into it; of two of one name its own speaks."""
    if not parts:
        return own
    all_of = (own, *parts)
    found: dict[str, Any] = {name: _items(getattr(each, name) for each in all_of) for name in _COLLECTIONS}
    ids = {each.id for each in all_of}
    related = _items(each.related for each in all_of)
    found["related"] = tuple(item for item in related if item.incident not in ids)
    follow_ups = {each.id: each for whole in reversed(all_of) for each in whole.follow_ups}
    found["follow_ups"] = tuple(follow_ups[key] for key in sorted(follow_ups))
    for name in ("updates", "regulated"):
        found[name] = tuple(
            sorted((each for whole in all_of for each in getattr(whole, name)), key=lambda each: each.at)
        )
    found["told"] = tuple(
        sorted((*own.told, *(_said_of(each, own) for part in parts for each in part.told)), key=lambda each: each.at)
    )
    found["starred"] = frozenset().union(*(each.starred for each in all_of))
    found["notes"] = sum(each.notes for each in all_of)
    found["alerts"] = sum(each.alerts for each in all_of)
    found["updated_at"] = max(each.updated_at for each in all_of)
    states: dict[str, tuple[int, int, str, bool]] = {}
    for whole in all_of:
        for name, state in whole.alert_states.items():
            states[name] = max(states.get(name, state), state)
    return replace(own, **found, alert_states=states, firing=sum(state[3] for state in states.values()))


def _said_of(told: Told, standing: Incident) -> Told:
    """Return what was told of a part; that the part is over does not say that what stands is, if it ended later."""
    ended = standing.ended_at if standing.ended_at is not None else standing.closed_at
    over = standing.is_closed and ended is not None and ended <= told.at
    return told if over or told.wording != "resolved" else replace(told, wording=None)


def _items(groups: Iterable[tuple[Item, ...]]) -> tuple[Item, ...]:
    unique: dict[tuple[Any, ...], Item] = {}
    for item in (item for group in groups for item in group):
        key = (item.name, item.relation, item.incident)
        # Whoever drops it must name all that say so, on whichever timeline.
        unique[key] = replace(unique[key], also=(*unique[key].also, *item.made_by)) if key in unique else item
    return tuple(unique.values())


def routed(
    draft: Draft, own: str, home_of: Callable[[str], str | None], has_follow_up: Callable[[str], str | None]
) -> list[Draft]:
    """Return a draft for a merged incident as drafts for the timelines that it is about.

    Args:
        draft: Made from the incident as `together` shows it.
        own: The incident that stands.
        home_of: Gives the incident among those merged into it that holds an entry, None for its own.
        has_follow_up: Gives the one among them that holds a follow-up, None for its own.
    """
    if draft.incident is not None:
        return [draft]
    prefix, _colon, rest = draft.what.partition(":")
    if draft.kind in ("drop", "fact") and draft.over:
        # What it replaces counts on its own timeline only; a fact is one of this incident whatever it replaces.
        by_home: dict[str, list[str]] = {own: []} if draft.kind == "fact" else {}
        for entry in draft.over:
            by_home.setdefault(home_of(entry) or own, []).append(entry)
        return [replace(draft, over=tuple(over), incident=home) for home, over in by_home.items()]
    home = None
    if prefix in ("note", "star") and rest:
        home = home_of(rest)
    elif prefix == "act":
        home = has_follow_up(rest.partition(".")[0])
    return [replace(draft, incident=home)] if home else [draft]
