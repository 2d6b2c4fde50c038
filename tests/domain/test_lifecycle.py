"""Every cell of the table of statuses, what each step asks for, and the rules of closing."""

from __future__ import annotations

import pytest

from domain import actions, lifecycle
from domain.errors import BadValue, Refused
from domain.incident import Incident
from domain.vocabulary import STATUSES

# As it is written in the design: (a) a skip, the missing acknowledgement is implied; (b) a note; (c) a label and a
# note; (d) a reason; (e) asks first; `reopen` records that it was reopened; `relabel` asks for a label.
WRITTEN = """
          | raised | reviewed | validated | resolved | invalid | ignored | other
raised    | -      | yes      | yes a     | yes ab   | yes b   | yes b   | yes c
reviewed  | no     | -        | yes       | yes ab   | yes b   | yes b   | yes c
validated | no     | yes d    | -         | yes b    | yes b   | yes be  | yes c
resolved  | no     | no       | reopen d  | -        | yes d   | no      | yes c
invalid   | no     | reopen d | reopen d  | no       | -       | no      | yes c
ignored   | no     | reopen d | reopen d  | no       | yes d   | -       | yes c
other     | yes    | yes      | yes       | yes b    | yes b   | yes b   | relabel
"""


def _cells() -> list[tuple[str, str, str, str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in WRITTEN.strip("\n").splitlines()]
    found = []
    for row in rows:
        for wanted, cell in zip(head[1:], row[1:], strict=True):
            word, _, letters = cell.partition(" ")
            found.append((row[0], wanted, word, letters))
    return found


CELLS = _cells()
ALLOWED = [cell for cell in CELLS if cell[2] not in ("-", "no")]
REFUSED = [cell for cell in CELLS if cell[2] in ("-", "no")]
SKIPS = [cell for cell in ALLOWED if "a" in cell[3]]
EVERYTHING = {"note": "seen", "reason": "because", "label": "parked"}


def incident(status: str, **more: object) -> Incident:
    return Incident("i", ref="INC-TEST1", status=status, **more)  # type: ignore[arg-type]


def asked(word: str, letters: str) -> set[str]:
    needs = {"note"} if set(letters) & {"b", "c"} else set()
    needs |= {"label"} if "c" in letters or word == "relabel" else set()
    return needs | ({"reason"} if "d" in letters else set())


def test_the_table_has_all_49_cells() -> None:
    assert len(CELLS) == 49
    assert {(old, new) for old, new, _word, _letters in CELLS} == {(old, new) for old in STATUSES for new in STATUSES}


@pytest.mark.parametrize(("old", "new", "word", "letters"), ALLOWED)
def test_allowed_cell_asks_for_what_is_written(old: str, new: str, word: str, letters: str) -> None:
    step = lifecycle.verdict(incident(old), new).step
    assert step is not None
    assert {name for name in ("note", "label", "reason") if getattr(step, name)} == asked(word, letters)
    assert (step.skips, step.reopens, step.asks) == ("a" in letters, word == "reopen", "e" in letters)


@pytest.mark.parametrize(("old", "new", "word", "letters"), ALLOWED)
def test_allowed_cell_is_refused_while_something_it_asks_for_is_missing(
    old: str, new: str, word: str, letters: str
) -> None:
    needs = asked(word, letters)
    for missing in needs:
        given = {name: EVERYTHING[name] for name in needs - {missing}}
        with pytest.raises(Refused) as caught:
            actions.move(incident(old), new, text={**given, missing: "  \n"})
        assert caught.value.code == f"needs_{missing}"
        assert caught.value.remedy
    moved = actions.move(incident(old), new, text={name: EVERYTHING[name] for name in needs})
    status = next(draft for draft in moved if draft.what == "status")
    assert status.body == {"value": new, **{name: EVERYTHING[name] for name in needs}}


@pytest.mark.parametrize(("old", "new", "word", "letters"), ALLOWED)
def test_allowed_cell_records_implied_acknowledgement_and_reopening(
    old: str, new: str, word: str, letters: str
) -> None:
    moved = [(draft.what, draft.source) for draft in actions.move(incident(old), new, text=EVERYTHING)]
    implied = [("acknowledged", "implied")] if "a" in letters else []
    assert moved == [*implied, ("status", None), *([("reopened", None)] if word == "reopen" else [])]
    acknowledged = actions.move(incident(old, acknowledged_at=5), new, text=EVERYTHING)
    assert "acknowledged" not in [draft.what for draft in acknowledged]


@pytest.mark.parametrize(("old", "new", "word", "letters"), REFUSED)
def test_empty_cell_says_why_and_what_to_do(old: str, new: str, word: str, letters: str) -> None:
    verdict = lifecycle.verdict(incident(old), new)
    assert verdict.step is None
    assert verdict.why
    assert verdict.remedy
    with pytest.raises(Refused) as caught:
        actions.move(incident(old), new, text=EVERYTHING)
    assert "INC-TEST1" in caught.value.message
    assert verdict.why in caught.value.message
    assert caught.value.remedy == verdict.remedy
    assert ("already" in verdict.why) == (word == "-")


@pytest.mark.parametrize(("old", "new", "word", "letters"), ALLOWED)
def test_strict_forbids_the_skips_and_nothing_else(old: str, new: str, word: str, letters: str) -> None:
    strict = lifecycle.verdict(incident(old), new, strict=True)
    assert (strict.step is None) == ("a" in letters)
    if "a" not in letters:
        return
    assert strict.why
    assert strict.remedy
    with pytest.raises(Refused):
        actions.move(incident(old), new, text=EVERYTHING, strict=True)


def test_there_are_skips_to_forbid() -> None:
    assert {(old, new) for old, new, *_rest in SKIPS} == {
        ("raised", "validated"),
        ("raised", "resolved"),
        ("reviewed", "resolved"),
    }


@pytest.mark.parametrize("status", ["raised", "reviewed", "validated", "other"])
def test_open_incidents_cannot_be_closed(status: str) -> None:
    with pytest.raises(Refused) as caught:
        actions.move(incident(status, priority="P4"), "closed")
    assert status in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("status", ["resolved", "invalid", "ignored"])
@pytest.mark.parametrize("priority", ["P3", "P4", None])
def test_finished_ones_of_low_priority_close(status: str, priority: str | None) -> None:
    drafts = actions.move(incident(status, priority=priority), "closed")
    assert [(draft.kind, draft.what) for draft in drafts] == [("fact", "closed")]


@pytest.mark.parametrize("priority", ["P1", "P2"])
def test_resolved_p1_and_p2_close_only_with_a_post_mortem_or_a_waiver(priority: str) -> None:
    resolved = incident("resolved", priority=priority)
    with pytest.raises(Refused) as caught:
        actions.move(resolved, "closed")
    assert priority in caught.value.message
    assert "--waive" in caught.value.remedy
    assert lifecycle.verdict(incident("resolved", priority=priority, published_at=5), "closed").step
    assert lifecycle.verdict(incident("resolved", priority=priority, waived=True), "closed").step
    waived = actions.move(resolved, "closed", text={"waive": "rehearsed last week"})
    assert [draft.what for draft in waived] == ["postmortem_waived", "closed"]
    assert waived[0].body == {"reason": "rehearsed last week"}


def test_a_waiver_opens_no_other_door() -> None:
    for still in (incident("validated", priority="P1"), incident("resolved", closed_at=5)):
        with pytest.raises(Refused):
            actions.move(still, "closed", text={"waive": "please"})


def test_closed_twice_is_refused() -> None:
    assert "already" in lifecycle.verdict(incident("resolved", closed_at=5), "closed").why


def test_leaving_a_closed_incident_records_that_it_was_reopened() -> None:
    drafts = actions.move(incident("resolved", closed_at=5), "other", text=EVERYTHING)
    assert [draft.what for draft in drafts] == ["status", "reopened"]


@pytest.mark.parametrize("status", STATUSES)
def test_choices_have_a_verdict_for_every_button(status: str) -> None:
    found = lifecycle.choices(incident(status))
    others = [each for each in STATUSES if each != status or each == "other"]
    assert [verdict.target for verdict in found] == [*others, "closed"]
    assert all(verdict.step or (verdict.why and verdict.remedy) for verdict in found)


def test_target_and_meaning_know_every_status() -> None:
    assert [lifecycle.target(word.upper()) for word in [*STATUSES, "closed"]] == [*STATUSES, "closed"]
    assert all(lifecycle.meaning(word) for word in [*STATUSES, "closed"])
    assert lifecycle.meaning("paused") == ""
    with pytest.raises(BadValue, match="resolvd"):
        lifecycle.target("resolvd")


@pytest.mark.parametrize(
    ("stands", "phase"),
    [
        (incident("raised"), "New"),
        (incident("raised", acknowledged_at=1), "Acknowledged"),
        (incident("reviewed"), "Triaged"),
        (incident("validated"), "Working"),
        (incident("validated", mitigated_at=1), "Mitigated"),
        (incident("resolved"), "Resolved"),
        (incident("resolved", closed_at=1), "Closed"),
        (incident("invalid"), "Invalid"),
        (incident("ignored"), "Ignored"),
        (incident("other", status_label="Parked"), "Parked"),
        (incident("other"), "Other"),
    ],
)
def test_phase(stands: Incident, phase: str) -> None:
    assert stands.phase == phase
