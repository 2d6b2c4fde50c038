"""Triage: the priority that follows from impact and urgency, and what a person sets instead, with a reason.

The matrix of impact × urgency is ITIL's usual one; a team's own comes from the settings. A priority is worked out when
somebody acts and written down with that act: every device reads the same one, whatever its settings say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from domain import actions, limits
from domain.actions import Drafts
from domain.entry import Draft
from domain.errors import Refused
from domain.fields import CustomField
from domain.incident import Incident
from domain.text import clean_input
from domain.vocabulary import IMPACT_MEANING, MATRIX, PRIORITIES, URGENCY_MEANING, nearest

Matrix = Mapping[str, Mapping[str, str]]
"""Of each impact, of each urgency, the priority."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A team's rules for triage.

    Attributes:
        matrix: The priority of each impact and urgency.
        fields: The team's own fields, by name.
    """

    matrix: Matrix = field(default_factory=lambda: MATRIX)
    fields: Mapping[str, CustomField] = field(default_factory=lambda: MappingProxyType({}))


def matrix_problems(matrix: Matrix) -> list[tuple[str, str]]:
    """Return what is wrong with a matrix, each as the place in it (`high.low`) and what is wrong there."""
    found = []
    for impact, row in matrix.items():
        if impact not in IMPACT_MEANING:
            found.append((impact, _unknown(impact, "impact", IMPACT_MEANING)))
        for urgency, priority in row.items():
            if urgency not in URGENCY_MEANING:
                found.append((f"{impact}.{urgency}", _unknown(urgency, "urgency", URGENCY_MEANING)))
            elif priority not in PRIORITIES:
                found.append((f"{impact}.{urgency}", f"“{priority}” is none of {', '.join(PRIORITIES)}"))
    holes = [(i, u) for i in IMPACT_MEANING for u in URGENCY_MEANING if u not in matrix.get(i, {})]
    return found + [(f"{i}.{u}", f"there is no priority for impact {i} and urgency {u}") for i, u in holes]


def _unknown(word: str, what: str, known: Mapping[str, str]) -> str:
    near = nearest(word, known)
    return f"“{word}” is no {what}; " + (f"did you mean {near}?" if near else f"known: {', '.join(known)}")


def derived(matrix: Matrix, impact: str | None, urgency: str | None) -> str | None:
    """Return the priority that follows from both, None while one of them is not known."""
    return matrix.get(impact or "", {}).get(urgency or "")


def raised(values: Mapping[str, Any], matrix: Matrix = MATRIX) -> dict[str, Any]:
    """Return the values of a new incident, with the priority that follows from them.

    Raises:
        Refused: Another priority was given; that needs a reason, which a new incident has no place for.
    """
    follows = derived(matrix, values.get("impact"), values.get("urgency"))
    given = values.get("priority")
    if follows and given not in (None, follows):
        raise Refused(
            f"Impact and urgency make it {follows}, not {given}",
            f"Raise it without a priority, then: tocsin set REF priority={given} --reason TEXT.",
            "needs_reason",
        )
    return {**values, "priority": follows} if follows else dict(values)


def set_fields(incident: Incident, values: Mapping[str, Any], *, matrix: Matrix = MATRIX, reason: str = "") -> Drafts:
    """Return what sets fields, with the priority that follows from impact and urgency.

    A priority that a person has set with a reason stays until it is cleared (an empty value), which gives the matrix
    its say again.

    Args:
        incident: As it stands.
        values: By register, already read.
        matrix: Of the settings.
        reason: Why the priority is set by hand.

    Raises:
        Refused: Nothing differs; or the priority is another than follows, and no reason is given.
    """
    why = clean_input(reason, limits.REASON).strip()
    impact, urgency = values.get("impact", incident.impact), values.get("urgency", incident.urgency)
    follows = derived(matrix, impact, urgency)
    wanted = dict(values)
    if "priority" in values:
        wanted["priority"] = values["priority"] or follows
        _require_reason(incident, wanted["priority"], follows, why)
    elif follows and ("impact" in values or "urgency" in values) and not incident.priority_overridden:
        wanted["priority"] = follows
    by_hand = why if wanted.get("priority") != follows else ""
    if by_hand and incident.priority == wanted["priority"] and incident.priority_reason != by_hand:
        others = {name: value for name, value in wanted.items() if name != "priority"}
        rest = actions.set_fields(incident, others) if others else ()
        return (*rest, Draft("set", "priority", {"value": wanted["priority"], "reason": by_hand}))
    drafts = actions.set_fields(incident, wanted)
    return tuple(
        replace(d, body={**d.body, "reason": by_hand}) if by_hand and d.what == "priority" else d for d in drafts
    )


def card(
    incident: Incident,
    values: Mapping[str, Any],
    tags: Sequence[str] | None = None,
    *,
    matrix: Matrix = MATRIX,
    reason: str = "",
) -> Drafts:
    """Return what a triage card changes: fields, and which tags there are (None leaves them).

    Raises:
        Refused: Nothing differs, or the priority needs a reason.
        BadValue: A tag cannot be one.
    """
    drafts = _tags(incident, tags) if tags is not None else ()
    if values:
        try:
            return (*set_fields(incident, values, matrix=matrix, reason=reason), *drafts)
        except Refused as refused:
            if refused.code != "no_change" or not drafts:
                raise
    if not drafts:
        raise Refused(f"{incident.ref} has these values already", "Nothing to do.", "no_change")
    return drafts


def _tags(incident: Incident, wanted: Sequence[str]) -> Drafts:
    held = [item.name for item in incident.tags]
    dropped = [actions.drop_item(incident, "tag", name) for name in held if name not in wanted]
    added = [actions.add_item(incident, "tag", name) for name in dict.fromkeys(wanted) if name not in held]
    return tuple(draft for drafts in (*dropped, *added) for draft in drafts)


def _require_reason(incident: Incident, wanted: str | None, follows: str | None, why: str) -> None:
    if follows is None or wanted == follows or why:
        return
    same = wanted == incident.priority and incident.priority_overridden
    if not same:
        raise Refused(
            f"The priority of {incident.ref} follows from impact and urgency: {follows}",
            f"To make it {wanted} all the same, give a reason (--reason TEXT).",
            "needs_reason",
        )
