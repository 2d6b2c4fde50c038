"""The lifecycle: which status may follow which, what each step asks for, and why a step is refused.

One table, the seven statuses of Egeria's IncidentReportStatus. Acknowledged, mitigated, reopened and closed are
facts on the timeline, not statuses; `closed` is accepted here as a target because people ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import Refused
from domain.incident import Incident
from domain.vocabulary import STATUS_MEANING, STATUSES, choose


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed cell of the table: what the step asks for.

    Attributes:
        skips: It passes over a status; allowed in an outage, a missing acknowledgement is then implied.
        note: A note is required.
        label: A label is required besides the note (Other).
        reason: A reason is required.
        reopens: It leaves a closed status, so `reopened` is recorded.
        asks: It asks first.
    """

    skips: bool = False
    note: bool = False
    label: bool = False
    reason: bool = False
    reopens: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a move is allowed now: `step` when it is, else why not and what to do instead."""

    target: str
    step: Step | None
    why: str = ""
    remedy: str = ""


_GO = Step()
_SKIP = Step(skips=True)
_NOTE = Step(note=True)
_SKIP_NOTE = Step(skips=True, note=True)
_LABEL = Step(note=True, label=True)
_REASON = Step(reason=True)
_REOPEN = Step(reason=True, reopens=True)
_ASK = Step(note=True, asks=True)

TABLE: Mapping[tuple[str, str], Step] = {
    ("raised", "reviewed"): _GO,
    ("raised", "validated"): _SKIP,
    ("raised", "resolved"): _SKIP_NOTE,
    ("raised", "invalid"): _NOTE,
    ("raised", "ignored"): _NOTE,
    ("raised", "other"): _LABEL,
    ("reviewed", "validated"): _GO,
    ("reviewed", "resolved"): _SKIP_NOTE,
    ("reviewed", "invalid"): _NOTE,
    ("reviewed", "ignored"): _NOTE,
    ("reviewed", "other"): _LABEL,
    ("validated", "reviewed"): _REASON,
    ("validated", "resolved"): _NOTE,
    ("validated", "invalid"): _NOTE,
    ("validated", "ignored"): _ASK,
    ("validated", "other"): _LABEL,
    ("resolved", "validated"): _REOPEN,
    ("resolved", "invalid"): _REASON,
    ("resolved", "other"): _LABEL,
    ("invalid", "reviewed"): _REOPEN,
    ("invalid", "validated"): _REOPEN,
    ("invalid", "other"): _LABEL,
    ("ignored", "reviewed"): _REOPEN,
    ("ignored", "validated"): _REOPEN,
    ("ignored", "invalid"): _REASON,
    ("ignored", "other"): _LABEL,
    ("other", "raised"): _GO,
    ("other", "reviewed"): _GO,
    ("other", "validated"): _GO,
    ("other", "resolved"): _NOTE,
    ("other", "invalid"): _NOTE,
    ("other", "ignored"): _NOTE,
    ("other", "other"): Step(label=True),
}

# Why a cell is empty, and the way round, by (from, to).
_WHY: Mapping[tuple[str, str], tuple[str, str]] = {
    ("reviewed", "raised"): ("it has been looked at, and that cannot be taken back", "Undo the review instead."),
    ("validated", "raised"): ("work is under way", "Move it back to reviewed with a reason, or undo."),
    ("resolved", "raised"): ("it was resolved", "Reopen it: move it to validated with a reason."),
    ("resolved", "reviewed"): ("a resolved incident reopens into work", "Move it to validated with a reason."),
    ("resolved", "ignored"): ("it was worked on, so it was not ignored", "Move it to invalid with a reason."),
    ("invalid", "raised"): ("it was closed as invalid", "Reopen it: move it to reviewed with a reason."),
    ("invalid", "resolved"): ("what was no incident cannot be resolved", "Reopen it into validated first."),
    ("invalid", "ignored"): ("invalid says it was not real, ignored that it was", "Reopen it into reviewed first."),
    ("ignored", "raised"): ("it was closed as ignored", "Reopen it: move it to reviewed with a reason."),
    ("ignored", "resolved"): ("nobody worked on it", "Reopen it into validated first."),
}


def target(word: str) -> str:
    """Return the status (or `closed`) that a person's word names.

    Raises:
        BadValue: It names none.
    """
    return choose(word, [*STATUSES, "closed"], "status")


def verdict(incident: Incident, wanted: str, *, strict: bool = False) -> Verdict:
    """Say whether `incident` may move to `wanted` now, and if not, why and what to do.

    Args:
        incident: As it stands.
        wanted: One of the seven statuses, or `closed`.
        strict: Forbids steps that skip a status.
    """
    if wanted == "closed":
        return _closing(incident)
    step = TABLE.get((incident.status, wanted))
    if step is None:
        why, remedy = _WHY.get((incident.status, wanted), (f"it is {wanted} already", "Nothing to do."))
        return Verdict(wanted, None, why, remedy)
    if strict and step.skips:
        remedy = "Go through reviewed and validated; the setting lifecycle.strict forbids skipping."
        return Verdict(wanted, None, f"it would skip a step from {incident.status}", remedy)
    return Verdict(wanted, step)


def _closing(incident: Incident) -> Verdict:
    if incident.closed_at is not None:
        return Verdict("closed", None, "it is closed already", "Nothing to do.")
    if not incident.is_closed:
        remedy = "Resolve it, or move it to invalid or ignored, first."
        return Verdict("closed", None, f"it is still {incident.status}", remedy)
    needs_review = incident.priority in ("P1", "P2")
    if needs_review and incident.published_at is None and not incident.waived:
        remedy = "Publish the post-mortem, or waive it with a reason (--waive)."
        return Verdict("closed", None, f"a {incident.priority} needs a published post-mortem", remedy)
    return Verdict("closed", _GO)


def check(
    incident: Incident, wanted: str, *, note: str = "", reason: str = "", label: str = "", strict: bool = False
) -> Step:
    """Return the step to `wanted`, or refuse with the reason and the remedy.

    Raises:
        Refused: The table forbids the step, or something it asks for is missing.
    """
    found = verdict(incident, wanted, strict=strict)
    name = incident.ref or "The incident"
    if found.step is None:
        raise Refused(f"{name} cannot become {wanted}: {found.why}", found.remedy, "transition")
    missing = missing_for(found.step, note=note, reason=reason, label=label)
    if missing:
        what, remedy = _ASKED[missing]
        raise Refused(f"{name} needs {what} to become {wanted}", remedy, f"needs_{missing}")
    return found.step


_ASKED: Mapping[str, tuple[str, str]] = {
    "label": ("a label", "Say what the status is called (--label)."),
    "note": ("a note", "Say what was found or done (--note)."),
    "reason": ("a reason", "Say why (--reason)."),
}


def missing_for(step: Step, *, note: str = "", reason: str = "", label: str = "") -> str:
    """Return which of `label`, `note` or `reason` a step still asks for, or an empty string."""
    given = {"label": label, "note": note, "reason": reason}
    asked = {"label": step.label, "note": step.note, "reason": step.reason}
    return next((name for name in given if asked[name] and not given[name].strip()), "")


def choices(incident: Incident, *, strict: bool = False) -> tuple[Verdict, ...]:
    """Return a verdict for every status and for `closed`, in the table's order: what a screen's buttons need."""
    wanted = [status for status in STATUSES if status != incident.status or status == "other"]
    return tuple(verdict(incident, each, strict=strict) for each in [*wanted, "closed"])


def meaning(status: str) -> str:
    """Return what a status means, in a few words."""
    return STATUS_MEANING.get(status, "work is over and the record is complete" if status == "closed" else "")
