"""How fields, values and choices are said in words, for the timeline, the command line and the screens alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from domain.entry import Entry
from domain.ids import SHORTEST, code_of, is_uuid, ref_of
from domain.replay import Head, Replay, field_of
from domain.strictjson import dumps
from domain.times import stamp

_LONG = ("pm:", "note:")


def field_name(name: str) -> str:
    """Return what people call a field: `post-mortem: root cause`, `impact started`, `follow-up owner`."""
    prefix, _colon, rest = name.partition(":")
    words = rest.replace("_", " ")
    if prefix == "act" and rest:
        return f"follow-up {rest.rpartition('.')[2]}"
    special = {
        "pm": f"post-mortem: {words}",
        "custom": words,
        "class": f"classifier {words}",
        "note": "a note's text",
        "star": "a star",
    }
    if name == "alias_of":
        return "merged into"
    return special[prefix] if rest and prefix in special else name.removesuffix("_at").replace("_", " ")


def said(name: str, value: Any, zone: tzinfo = UTC) -> str:
    """Return a value in words, whole; a moment's stamp is in `zone`."""
    if value in (None, ""):
        return "none"
    if name == "alias_of" and isinstance(value, str) and is_uuid(value):
        return ref_of(code_of(value), SHORTEST)  # in this store it may have one more character
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("_at"):
        try:
            return stamp(value, zone)
        except (ValueError, OverflowError, OSError):  # a moment of a newer version, or of a joker
            return str(value)
    return value if isinstance(value, str) else _json(value)


def said_outside(what: str, payload: Mapping[str, Any]) -> str:
    """Return the headline of a fact about those outside: told, an update, or a regulation that applies."""
    again = f", next update {_stamped(payload)}" if _stamped(payload) else ""
    if what == "told":
        duty = f" ({payload['duty']})" if payload.get("duty") else ""
        update = f" the update ({payload.get('wording', '')})" if payload.get("update") else ""
        return f"told {payload.get('party', '')}{update}{duty}{again}"
    if what == "update":
        to = payload.get("to")
        names = ", ".join(map(str, to)) if isinstance(to, list) and to else "nobody"
        return f"update ({payload.get('wording', '')}) for {names}{again}"
    if payload.get("withdrawn"):
        return f"{payload.get('regulation', '')} does not apply"
    classified = _stamped(payload, "classified_at")
    aware = f"{payload.get('regulation', '')} applies, aware since {_stamped(payload, 'aware_at')}"
    return f"{aware}, classified {classified}" if classified else aware


def _stamped(payload: Mapping[str, Any], name: str = "next_update_at") -> str:
    at = payload.get(name)
    return said(name, at) if isinstance(at, int) and not isinstance(at, bool) else ""


def brief(value: Any) -> str:
    """Return a value in at most forty characters."""
    text = said("", value).strip()
    first = text.split("\n", 1)[0]
    return first if len(first) <= 40 and first == text else f"{first[:39]}…"


def telling_line(value: str, others: Sequence[Any]) -> str:
    """Return of a text of several lines the first that is not the same in all, and how many there are."""
    lines, rest = value.split("\n"), [other.split("\n") for other in others if isinstance(other, str)]
    place = next((n for n, line in enumerate(lines) if any(other[n : n + 1] != [line] for other in rest)), 0)
    first = lines[place].strip() or "(a blank line)"
    return f"{len(lines)} lines{', …' if place else ':'} {first}"


def is_long(name: str, values: Sequence[Any]) -> bool:
    """Say whether the values of a field are texts of several lines."""
    if not all(isinstance(value, str) for value in values):
        return False
    return name.startswith(_LONG) or name in ("description", "background") or any("\n" in value for value in values)


def chosen_words(entry: Entry, replay: Replay) -> str:
    """Return what an entry chose, for the timeline: `validated over resolved`; empty when it is no such entry."""
    name, payload = field_of(entry), entry.payload
    by_id = {head.entry.id: head for head in replay.history(name)}
    chosen, own = by_id.get(str(payload.get("chose"))), by_id.get(entry.id)
    if chosen is None or own is None:
        return ""
    others = [by_id[each] for each in entry.over if each in by_id and not same(by_id[each].value, own.value)]
    if not others:
        return ""
    written = not same(chosen.value, own.value)
    if is_long(name, [head.value for head in (own, *others)]):
        return _whose(others if written else [chosen], [] if written else others)
    over = " and ".join(dict.fromkeys(brief(said(name, head.value)) for head in others))
    return f"{brief(said(name, own.value))} {'instead of' if written else 'over'} {over}"


def _whose(taken: Sequence[Head], left: Sequence[Head]) -> str:
    names = " and ".join(dict.fromkeys(f"{head.entry.author}'s" for head in taken))
    others = " and ".join(dict.fromkeys(f"{head.entry.author}'s" for head in left))
    return f"{names} over {others}" if left else f"one text made of {names}"


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal as the fold tells them apart: True is not 1."""
    return repr(one) == repr(other)


def _json(value: Any) -> str:
    try:
        return dumps(value)
    except (ValueError, TypeError):
        return repr(value)
