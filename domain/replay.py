"""From entries to an incident: order-free, and frozen for ever.

The value of a field is what nobody has replaced: heads = entries − ⋃ over. Lifecycle rules are checked when a
person acts, never here, so every version of the program folds the same entries to the same incident. Two
current values that differ are a conflict: both are kept, and a safe one is shown until a person chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from domain.entry import Entry
from domain.incident import Choice, Escalated, FollowUp, Incident, Item
from domain.limits import LEVEL
from domain.saying import SAID
from domain.silences import standing
from domain.vocabulary import CLOSED_STATUSES, FINISHED, IMPACT_MEANING, PRIORITIES, SEVERITIES

_RAISED = (
    "title", "description", "background", "status", "severity", "priority", "impact", "urgency", "type",
    "technical_category", "service_category", "owner", "drill", "restricted", "impact_started_at", "detected_at",
)  # fmt: skip
_MOMENTS = ("impact_started_at", "detected_at")
_LEVELS = tuple(IMPACT_MEANING)
_SAFEST_FIRST: Mapping[str, tuple[str, ...]] = {
    "status": FINISHED, "severity": SEVERITIES, "priority": PRIORITIES, "impact": _LEVELS, "urgency": _LEVELS,
}  # fmt: skip
_LATEST = 253_402_300_800_000  # ms; the year 10000, which no calendar here can show
# Where a kind's value stands in its body; None takes the whole body.
_VALUE_KEY: Mapping[str, str | None] = {
    "set": "value", "note": None, "fact": None, "amend": "text", "add": None, "alias": "of",
}  # fmt: skip
# The collection an add belongs to, and the incident's attribute that shows it.
_COLLECTIONS: Mapping[str, str] = {
    "tag": "tags", "resource": "resources", "originator": "originators", "related": "related", "role": "roles",
    "cause": "causes", "action": "actions", "allowed": "allowed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """One contribution to a field: the entry that made it and its value."""

    entry: Entry
    value: Any

    @property
    def order(self) -> tuple[int, str]:
        """The tie-break: (hlc, id)."""
        return self.entry.hlc, self.entry.id


class Replay:
    """Folds one incident's entries, in any order, in as many portions as they come.

    `add` twice with the same entry changes nothing. Entries with an equal `src` are one: the lowest (hlc, id)
    speaks for all, so two devices that import the same alert offline count it once.

    Attributes:
        stands: Said by whoever knows the other incidents: though it was merged into another, it stands for itself,
            because that one is not here, or because each of them was merged into the next.
    """

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self._seen: set[str] = set()
        self._fields: dict[str, dict[str, Head]] = {}
        self._replaced: dict[str, set[str]] = {}
        self._aliases: dict[str, set[str]] = {}  # src -> ids of the entries that share it
        self._undone_by: dict[str, list[str]] = {}
        self._updated = 0
        self._unknown = False
        self.stands = False

    @property
    def shown(self) -> bool:
        """Whether there is anything to show: an entry of an unknown kind is, a device's own is not."""
        return bool(self._fields) or self._unknown

    def add(self, entry: Entry) -> None:
        """Fold one entry in; one that the hub keeps back counts for nothing."""
        if entry.id in self._seen or entry.held is not None:
            return
        self._seen.add(entry.id)
        self._updated = max(self._updated, entry.occurred_at)
        if entry.src:
            self._aliases.setdefault(entry.src, set()).add(entry.id)
        payload = entry.payload
        if entry.over:
            self._replaced.setdefault(field_of(entry), set()).update(entry.over)
        if isinstance(undoes := payload.get("undoes"), str):
            self._undone_by.setdefault(undoes, []).append(entry.id)
        self._contribute(entry, payload)

    def extend(self, entries: Iterable[Entry]) -> Replay:
        """Fold several entries in and return self."""
        for entry in entries:
            self.add(entry)
        return self

    def heads(self, name: str) -> tuple[Head, ...]:
        """Return the current contributions to a field, in tie-break order.

        Facts are the field `fact:NAME`, notes `note`, a note's newer texts `note:ID`, collections their plural.
        """
        found = self._fields.get(name)
        if not found:
            return ()
        if (replaced := self._replaced.get(name)) is None:
            current = list(found.values())
        else:
            current = [head for key, head in found.items() if replaced.isdisjoint(self._ids(key))]
        if len(current) > 1:
            current.sort(key=lambda head: head.order)
        return tuple(current)

    def undone(self, entry: str) -> bool:
        """Say whether an entry was undone (and its undoing was not undone in turn)."""
        below = [entry]  # a tree, for an entry undoes one other; only the first may come again, in a hostile ring
        for each in below:
            below.extend(other for other in self._undone_by.get(each, ()) if other != entry)
        undone: set[str] = set()
        for each in reversed(below):
            if any(other not in undone for other in self._undone_by.get(each, ()) if other != entry):
                undone.add(each)
        return entry in undone

    def current(self, entry: Entry) -> bool:
        """Say whether an entry still counts: nobody has replaced it or taken it back."""
        return any(head.entry.id == entry.id for head in self.heads(field_of(entry)))

    def notes(self) -> list[tuple[Entry, str]]:
        """Return the notes that stand, oldest first, each with its newest text."""
        return [(entry, self.note_text(entry)) for entry in self._in_time("note")]

    def note_text(self, entry: Entry) -> str:
        """Return a note's text as last amended."""
        amended = self.heads(f"note:{entry.id}")
        return str(amended[-1].value if amended else entry.payload.get("text", ""))

    def facts(self, name: str) -> list[Entry]:
        """Return the facts of a name that stand, oldest first."""
        return self._in_time(f"fact:{name}")

    def history(self, name: str) -> tuple[Head, ...]:
        """Return every contribution to a field, replaced ones too, in tie-break order."""
        return tuple(sorted(self._fields.get(name, {}).values(), key=lambda head: head.order))

    def value(self, name: str) -> Any:
        """Return the value shown for a field: the only head's, or the safe one of several."""
        heads = self.heads(name)
        return _safe(name, heads).value if heads else None

    def result(self, ref: str = "") -> Incident:
        """Return the incident that the entries so far add up to, under the ref that a store gives it."""
        found: dict[str, Any] = {
            "id": self.incident,
            "ref": ref,
            "entries": len(self._seen),
            "updated_at": self._updated,
        }
        prefixed: dict[str, dict[str, Any]] = {}
        for name in self._fields:
            prefix, colon, rest = name.partition(":")
            if colon:
                prefixed.setdefault(prefix, {})[rest] = None
            elif name in _COLLECTIONS:
                found[_COLLECTIONS[name]] = self._items(name)
            elif name in _READ:
                found[name] = _READ[name](self.value(name))
        found["notes"] = len(self.heads("note"))
        found["conflicts"] = self._conflicts()
        self._read_status(found)
        self._read_alias(found)
        found["priority_reason"] = self._priority_reason()
        self._read_prefixed(prefixed, found)
        self._read_facts(prefixed.get("fact", {}), found)
        return Incident(**found)

    # -- folding in --------------------------------------------------------------------------------------------

    def _contribute(self, entry: Entry, payload: dict[str, Any]) -> None:
        if entry.kind == "raise":
            self._hold("fact:raised", entry, payload)
            for name in _RAISED:
                if name in payload:
                    self._hold(name, entry, payload[name])
        elif entry.kind in _VALUE_KEY:
            key = _VALUE_KEY[entry.kind]
            self._hold(field_of(entry), entry, payload.get(key) if key else payload)
        else:
            self._unknown = self._unknown or not entry.known

    def _hold(self, name: str, entry: Entry, value: Any) -> None:
        key, held = entry.src or entry.id, self._fields.setdefault(name, {})
        head = Head(entry, value)
        if key not in held or head.order < held[key].order:
            held[key] = head

    def _ids(self, key: str) -> Iterable[str]:
        return self._aliases.get(key) or (key,)

    def _in_time(self, name: str) -> list[Entry]:
        return sorted((head.entry for head in self.heads(name)), key=lambda e: (e.occurred_at, e.hlc, e.id))

    # -- reading out -------------------------------------------------------------------------------------------

    def _items(self, name: str) -> tuple[Item, ...]:
        unique: dict[tuple[Any, ...], Item] = {}
        for head in self.heads(name):
            item = _item(head)
            key = (item.name, item.relation, item.incident)
            same = unique[key].made_by if key in unique else ()
            unique[key] = replace(item, also=same) if same else item  # the newest of equal ones speaks
        return tuple(unique.values())

    def _conflicts(self) -> Mapping[str, tuple[Choice, ...]]:
        found = {}
        for name, held in self._fields.items():
            if len(held) < 2 or name in _COLLECTIONS or name == "note" or name.startswith("fact:"):
                continue
            heads = self.heads(name)
            if any(head.entry.kind == "add" for head in heads):
                continue  # a collection of a newer version: its members stand side by side
            if len({repr(head.value) for head in heads}) > 1:
                found[name] = tuple(Choice(h.entry.id, h.value, h.entry.author, h.entry.occurred_at) for h in heads)
        return MappingProxyType(dict(sorted(found.items())))

    def _read_status(self, found: dict[str, Any]) -> None:
        heads = self.heads("status")
        if not heads:
            return
        shown = _safe("status", heads)
        found["status"] = _text(shown.value) or "raised"
        if found["status"] == "other":
            found["status_label"] = _text(shown.entry.payload.get("label"))
        if found["status"] in CLOSED_STATUSES:
            since = _moment(shown.entry.payload.get("since"))  # an undo restores a status with its age
            found["ended_at"] = shown.entry.occurred_at if since is None else since
            found["resolved_at"] = found["ended_at"] if found["status"] == "resolved" else None

    def _read_alias(self, found: dict[str, Any]) -> None:
        """A duplicate is ignored while it is one; what its own status was stays beneath."""
        if found.get("alias_of") in (None, self.incident):
            found["alias_of"] = None
            return
        found["stands"] = self.stands
        since = _safe("alias_of", self.heads("alias_of")).entry.occurred_at
        if not self.stands and found.get("status", "raised") not in CLOSED_STATUSES:
            found.update(status="ignored", status_label=None, ended_at=since)

    def _priority_reason(self) -> str | None:
        heads = self.heads("priority")
        shown = _safe("priority", heads).entry if heads else None
        return _text(shown.payload.get("reason")) if shown and shown.kind == "set" else None

    def _read_prefixed(self, names: dict[str, dict[str, Any]], found: dict[str, Any]) -> None:
        for prefix, name in (("pm", "sections"), ("custom", "custom")):
            values = {rest: self.value(f"{prefix}:{rest}") for rest in sorted(names.get(prefix, ()))}
            kept = {rest: value for rest, value in values.items() if isinstance(value, str) or name == "custom"}
            found[name] = MappingProxyType({rest: value for rest, value in kept.items() if value is not None})
        levels = {rest: self.value(f"class:{rest}") for rest in sorted(names.get("class", ()))}
        found["classifiers"] = MappingProxyType({k: v for k, v in levels.items() if _is_level(v)})
        found["starred"] = frozenset(rest for rest in names.get("star", ()) if self.value(f"star:{rest}") is True)
        found["follow_ups"] = self._follow_ups(sorted({rest.partition(".")[0] for rest in names.get("act", ())}))

    def _follow_ups(self, ids: list[str]) -> tuple[FollowUp, ...]:
        made = []
        for each in ids:
            title, owner, due = (_text(self.value(f"act:{each}.{part}")) for part in ("title", "owner", "due"))
            if title:
                made.append(FollowUp(each, title, owner, due, self.value(f"act:{each}.done") is True))
        return tuple(made)

    def _read_facts(self, names: Iterable[str], found: dict[str, Any]) -> None:
        reopened = max((head.order for head in self.heads("fact:reopened")), default=None)
        found["raised_at"] = min((head.entry.occurred_at for head in self.heads("fact:raised")), default=0)
        found["reopened_at"] = self._last("reopened", None)
        if "acknowledged" in names:
            found["acknowledged_at"], found["acknowledged_by"] = self._acknowledged()
            found["answered_at"] = min((e.occurred_at for e in self._since("acknowledged", reopened)), default=None)
        # What was true before a reopening is true no longer: only a fact recorded later counts. Not one that happened
        # later: a closing by a clock that runs ahead, or a reopening dated back, would leave the incident closed.
        found["mitigated_at"] = self._last("mitigated", reopened)
        found["closed_at"] = self._last("closed", reopened)
        found["published_at"] = self._last("postmortem_published", None)
        found["waived"] = bool(self.heads("fact:postmortem_waived"))
        for name in SAID.keys() & set(names):
            attribute, read = SAID[name]
            found[attribute] = tuple(map(read, self.facts(name)))
        if "silenced" in names:
            found["silences"] = standing(self, found.get("severity"), found.get("priority"))
        if "escalated" in names:
            escalated = (_escalated(entry) for entry in self._since("escalated", reopened))
            found["escalations"] = tuple(each for each in escalated if each is not None)
        if "alert" in names:
            states = self._alert_states()
            found["alert_states"] = MappingProxyType(states)
            found["alerts"], found["firing"] = len(self.heads("fact:alert")), sum(each[3] for each in states.values())

    def _last(self, fact: str, after: tuple[int, str] | None) -> int | None:
        heads = self.heads(f"fact:{fact}")
        return max((h.entry.occurred_at for h in heads if after is None or h.order > after), default=None)

    def _since(self, fact: str, after: tuple[int, str] | None) -> list[Entry]:
        """Return the facts of a name that were recorded after a place in the order, oldest first."""
        return [entry for entry in self.facts(fact) if after is None or (entry.hlc, entry.id) > after]

    def _acknowledged(self) -> tuple[int | None, str | None]:
        facts = self.facts("acknowledged")
        if people := [entry for entry in facts if entry.source != "implied"]:
            return people[0].occurred_at, people[0].author
        return (facts[0].occurred_at, None) if facts else (None, None)

    def _alert_states(self) -> dict[str, tuple[int, int, str, bool]]:
        newest: dict[str, tuple[int, int, str, bool]] = {}
        for head in self.heads("fact:alert"):
            payload = head.value if isinstance(head.value, dict) else {}
            key = str(payload.get("fingerprint", head.entry.id))
            order = (head.entry.occurred_at, *head.order, payload.get("status") == "firing")
            newest[key] = max(newest.get(key, order), order)
        return newest


def field_of(entry: Entry) -> str:
    """Return the name of what an entry contributes to, and within which its `over` counts.

    A set's `what` is its field, an amend's `note:ID`, an add's the collection; a drop names its target so.
    """
    if entry.kind == "fact":
        return f"fact:{entry.what}"
    return "alias_of" if entry.kind == "alias" else entry.what


def replay(incident: str, entries: Iterable[Entry]) -> Incident:
    """Return the incident that these entries add up to, in whatever order they are given."""
    return Replay(incident).extend(entries).result()


def restricts(value: Any) -> bool:
    """Say whether a value of `restricted` restricts: in doubt, what some other program wrote does."""
    return value is not None and value is not False


def _safe(name: str, heads: tuple[Head, ...]) -> Head:
    """Return the head to show while several disagree: the one that hides no danger."""
    if name in _SAFEST_FIRST:
        return min(reversed(heads), key=lambda h: _rank(h.value, _SAFEST_FIRST[name]))  # of equals the newest
    if name == "restricted":
        return max(heads, key=lambda h: (restricts(h.value), h.order))
    if name == "alias_of":
        return max(heads, key=lambda h: (_text(h.value) is None, h.order))  # rather two open ones than none
    if name in _MOMENTS:
        return min(heads, key=lambda h: (_LATEST if (at := _moment(h.value)) is None else at, h.order))
    return heads[-1]


def _rank(value: Any, words: tuple[str, ...]) -> int:
    return words.index(value) if value in words else len(words)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST
    return value if sound else None


def _is_level(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LEVEL


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and _is_level(value) and value > 0 else None


def _escalated(entry: Entry) -> Escalated | None:
    """Return what a fact says of an escalation, None when it names no level."""
    value = entry.payload
    level = _count(value.get("level"))
    if level is None:
        return None
    return Escalated(
        entry=entry.id,
        level=level,
        to=_text(value.get("to")) or "",
        at=entry.occurred_at,
        by=entry.author,
        reason=_text(value.get("reason")) or "",
        round=_count(value.get("round")) or 1,
        rota=_text(value.get("rota")) or "",
        automatic=entry.source == "implied",
    )


def _item(head: Head) -> Item:
    value = head.value if isinstance(head.value, dict) else {}
    return Item(
        entry=head.entry.id,
        name=_text(value.get("name")) or "",
        severity=_text(value.get("severity")),
        relation=_text(value.get("relation")),
        description=_text(value.get("description")) or "",
        incident=_text(value.get("incident")),
    )


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("title", "description", "background"), lambda value: _text(value) or ""),
    **dict.fromkeys(
        (
            "severity",
            "priority",
            "impact",
            "urgency",
            "type",
            "technical_category",
            "service_category",
            "owner",
            "alias_of",
        ),
        _text,
    ),
    **dict.fromkeys(_MOMENTS, _moment),
    "drill": lambda value: value is True,
    "restricted": restricts,
}
