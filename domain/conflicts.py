"""What a person does about a conflict: sees what each wrote, chooses, and what they chose is an ordinary entry.

A conflict is what somebody saw of it: an entry that settles it replaces exactly those choices. A value that comes
from elsewhere meanwhile is not silently replaced; it stands beside the chosen one, as a new conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from domain import fields, limits
from domain.actions import Drafts, required
from domain.entry import Draft
from domain.errors import BadValue, Refused
from domain.incident import Incident
from domain.replay import Head, Replay
from domain.text import clean_input
from domain.vocabulary import CLOSED_STATUSES, STATUSES, choose
from domain.wording import brief, is_long, same

SHORTEST_ID = 8  # characters of an entry's id that people are shown at least
KEEP: Any = object()
"""Stands for the chosen entry's own value."""
_FLAGS = ("drill", "restricted")
_FIRST = {name: place for place, name in enumerate(("status", "severity", "priority", "owner", "title"))}
_REGISTERS = frozenset({"raise", "set", "amend", "alias"})  # kinds whose entries replace one another
_LATEST = 253_402_300_800_000  # ms; what the fold does not take for a moment, neither do we
_BY_REGISTER = {field.register: field for field in fields.SETTABLE.values()}


@dataclass(frozen=True, slots=True)
class Option:
    """One of a conflict's values, and who wrote it when.

    Attributes:
        entry: Id of the entry that holds it.
        at: When it became so, ms; of a status that was restored, when it first did.
        label: What a status `other` is called.
        reason: Why a priority was set by hand.
        safe: Whether it is the value shown until somebody chooses.
    """

    entry: str
    value: Any
    author: str
    at: int
    label: str | None = None
    safe: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field with several values that differ, as somebody saw it.

    Attributes:
        options: In the order of their clocks.
        base: The newest value that all of them replaced; an amended note's is its first text; None without one.
    """

    incident: str
    field: str
    options: tuple[Option, ...]
    base: Any = None

    @property
    def is_text(self) -> bool:
        """Whether it holds texts of several lines that can be compared and merged."""
        return is_long(self.field, [option.value for option in self.options])

    def short_id(self, entry: str) -> str:
        """Return the beginning of an option's id, as long as it needs to be to mean no other."""
        others = [option.entry for option in self.options if option.entry != entry]
        size = min(SHORTEST_ID, len(entry))
        while size < len(entry) and any(other.startswith(entry[:size]) for other in others):
            size += 1
        return entry[:size]

    def option(self, entry: str) -> Option:
        """Return the option that an entry's id, or any unique beginning of one, means.

        Raises:
            BadValue: None is, or several are.
        """
        wanted = entry.strip().lower()
        found = [each for each in self.options if each.entry == wanted]
        found = found or [each for each in self.options if wanted and each.entry.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"{self.short_id(each.entry)} ({each.author}: {brief(each.value)})" for each in self.options)
        why = "fits several choices" if found else "is none of the choices"
        raise BadValue(f"“{entry}” {why} of {self.field}", f"Choose one of: {known}.", "no_such_choice")

    def seen(self, entries: Iterable[str]) -> Conflict:
        """Return the conflict with these options only: those that were shown when somebody decided."""
        kept = {self.option(entry).entry for entry in entries}
        return replace(self, options=tuple(option for option in self.options if option.entry in kept))


def conflicts_of(replay: Replay) -> tuple[Conflict, ...]:
    """Return what is to be decided on an incident: what decides who hurries first, the rest by name."""
    found = by_urgency(replay.result().conflicts)
    return tuple(_conflict(replay, name) for name in found if _is_register(replay.heads(name)))


def by_urgency(names: Iterable[str]) -> list[str]:
    """Return fields that want to be decided: first what decides who hurries, the rest by name."""
    return sorted(names, key=lambda name: (_FIRST.get(name, len(_FIRST)), name))


def _is_register(heads: Sequence[Head]) -> bool:
    """Say whether one value can replace the others: the members of a newer version's collection stand side by side."""
    return all(head.entry.kind in _REGISTERS for head in heads)


def named_conflict(found: Sequence[Conflict], name: str, ref: str) -> Conflict:
    """Return the conflict of a field, by its name here or in `tocsin set`.

    Raises:
        Refused: That field holds one value.
    """
    wanted = register_of(name)
    for conflict in found:
        if conflict.field == wanted:
            return conflict
    others = ", ".join(conflict.field for conflict in found)
    remedy = f"To settle on {ref}: {others}." if others else "Nothing to do; see: tocsin conflicts."
    raise Refused(f"{ref} has no conflict in “{name}”", remedy, "no_conflict")


def register_of(name: str) -> str:
    """Return the register that a field's name means: `impact_started` is `impact_started_at`."""
    prefix, dot, rest = name.partition(".")
    if dot and prefix in ("custom", "class"):
        return f"{prefix}:{rest}"
    known = fields.SETTABLE.get(name)
    return known.register if known else name


def settle(incident: Incident, seen: Conflict, entry: str, value: Any = KEEP) -> Drafts:
    """Return the drafts that settle a conflict in favour of an entry.

    Args:
        incident: As it stands now.
        seen: What was shown to the person; exactly its options are replaced.
        entry: Id of the chosen entry, or any unique beginning of it.
        value: Another value than the entry's, already read (`read_value`).

    Raises:
        Refused: It was settled meanwhile, or the value is none that may be written by hand.
        BadValue: The entry is none of the options.
    """
    chosen = seen.option(entry)
    standing = {choice.entry for choice in incident.conflicts.get(seen.field, ())}
    if not standing:
        raise Refused(f"{seen.field} of {incident.ref} was settled meanwhile", "See: tocsin log.", "no_conflict")
    if chosen.entry not in standing:
        remedy = "Look at what is there now, and choose again."
        raise Refused(f"“{brief(chosen.value)}” was replaced meanwhile by somebody", remedy, "changed")
    if value is not KEEP:
        chosen = _edited(seen, chosen, value)
    # The chosen one first: no more than `OVER` may be named, and it must be among them.
    over = (chosen.entry, *(option.entry for option in seen.options if option.entry != chosen.entry))
    draft = replace(_draft(seen.field, chosen), over=over[: limits.OVER])
    return (draft, *_reopened(incident, seen, chosen))


def _edited(seen: Conflict, chosen: Option, value: Any) -> Option:
    equal = [option for option in seen.options if same(option.value, value)]
    if equal:
        return chosen if chosen in equal else equal[0]
    if seen.field == "status":
        remedy = "Choose one of the values; then: tocsin move."
        raise Refused("A status is not written, it is moved to", remedy, "use_move")
    return replace(chosen, value=value)


def _draft(name: str, chosen: Option) -> Draft:
    if name.startswith("note:"):
        return Draft("amend", name, {"text": chosen.value, "chose": chosen.entry})
    if name == "alias_of":
        return Draft("alias", "alias", {"of": chosen.value, "chose": chosen.entry})
    body = {"value": chosen.value, "chose": chosen.entry}
    if name == "status":
        body["since"] = chosen.at  # it is no new status: it is as old as it was
        body.update({"label": chosen.label} if chosen.label else {})
    if name == "priority" and chosen.reason:
        body["reason"] = chosen.reason
    return Draft("set", name, body)


def _reopened(incident: Incident, seen: Conflict, chosen: Option) -> Drafts:
    """Return what opens an incident again that somebody closed on the strength of the status not chosen."""
    if seen.field != "status" or incident.closed_at is None or chosen.value in CLOSED_STATUSES:
        return ()
    others = " and ".join(dict.fromkeys(brief(o.value) for o in seen.options if not same(o.value, chosen.value)))
    return (Draft("fact", "reopened", {"reason": f"chose {brief(chosen.value)} over {others}"}),)


# -- what somebody sees ------------------------------------------------------------------------------------------------


def _conflict(replay: Replay, name: str) -> Conflict:
    heads, shown = replay.heads(name), replay.value(name)
    by_id = {head.entry.id: head for head in replay.history(name)}
    options = tuple(_option(name, head, by_id, safe=same(head.value, shown)) for head in heads)
    return Conflict(replay.incident, name, options, _base(replay, name, heads, by_id))


def _option(name: str, head: Head, by_id: dict[str, Head], *, safe: bool) -> Option:
    origin = _origin(head, by_id).entry
    payload, at = head.entry.payload, origin.occurred_at
    label = payload.get("label")
    since = payload.get("since") if name == "status" else None
    if isinstance(since, int) and not isinstance(since, bool) and 0 <= since < _LATEST:
        at = since
    label = label if isinstance(label, str) and name == "status" else None
    reason = payload.get("reason")
    reason = reason if isinstance(reason, str) and name == "priority" else None
    return Option(head.entry.id, head.value, origin.author, at, label, safe, reason)


def _origin(head: Head, by_id: dict[str, Head]) -> Head:
    """Return who said so first, where an undo has only put back what a settlement had replaced."""
    seen = {head.entry.id}
    while isinstance(undone := head.entry.payload.get("undoes"), str) and undone in by_id and undone not in seen:
        seen.add(undone)
        before = [by_id[each] for each in by_id[undone].entry.over if each in by_id]
        equal = [each for each in before if same(each.value, head.value) and each.entry.id not in seen]
        if not equal:
            break
        head = equal[0]
        seen.add(head.entry.id)
    return head


def _base(replay: Replay, name: str, heads: Sequence[Head], by_id: dict[str, Head]) -> Any:
    behind = [_behind(head, by_id) for head in heads]
    common = set.intersection(*behind) if behind else set()
    if common:
        return max((by_id[each] for each in common), key=lambda head: head.order).value
    if name.startswith("note:"):
        notes = [head.entry for head in replay.history("note") if head.entry.id == name[5:]]
        return notes[0].payload.get("text") if notes else None
    return None


def _behind(head: Head, by_id: dict[str, Head]) -> set[str]:
    """Return the ids of every entry of the field that led to one."""
    found: set[str] = set()
    waiting = list(head.entry.over)
    while waiting:
        each = waiting.pop()
        if each in by_id and each not in found:
            found.add(each)
            waiting += by_id[each].entry.over
    return found - {head.entry.id}


# -- words -------------------------------------------------------------------------------------------------------------


def read_value(name: str, text: str, now: int, zone: tzinfo = UTC) -> Any:
    """Return the value that a text means for a field.

    Raises:
        BadValue: The field cannot hold it.
        Refused: It is a field whose values this version cannot write, or one that is not written by hand.
    """
    prefix, _colon, rest = name.partition(":")
    if name in _BY_REGISTER:
        return _BY_REGISTER[name].read(text, now, zone)
    if name == "status":
        return choose(text, list(STATUSES), "status")
    if prefix == "pm":
        return _long(text, limits.SECTION, "section")
    if prefix == "note":
        return required(text, limits.NOTE, "note")
    if prefix in ("custom", "class"):
        return fields.parse_setting(f"{prefix}.field={text}", now, zone)[1]
    if name in _FLAGS or prefix == "star" or rest.endswith(".done"):
        return fields.SETTABLE["drill"].read(text, now, zone)
    if prefix == "act":
        return required(text, limits.TITLE, "follow-up").strip()
    remedy = "Choose one of its values as it stands."
    raise Refused(f"“{name}” is not a field that this version can write", remedy, "no_field")


def _long(text: str, limit: int, what: str) -> str:
    cleaned = clean_input(text, limit + 1)
    if len(cleaned) > limit:
        raise BadValue(f"The {what} has more than {limit:,} characters", "Shorten it.", "too_long")
    return cleaned


def can_be_written(name: str) -> bool:
    """Say whether a person may give a field another value than those it has."""
    prefix = name.partition(":")[0]
    return name in _BY_REGISTER or name in _FLAGS or prefix in ("pm", "note", "custom", "class", "star", "act")
