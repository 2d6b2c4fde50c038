"""The line of what two people disagree on, and the sign of it in the queue."""

from __future__ import annotations

from datetime import UTC

from domain.incident import Choice
from domain.rows import QueueRow
from widgets.disputed import disputed
from widgets.queue_lines import ASCII, UNICODE, row_line

AT = 1_795_356_120_000  # 2026-11-22 14:02 UTC
DAY = 86_400_000
ANA = Choice("e1", "validated", "ana", AT)
BEN = Choice("e2", "resolved", "ben", AT - 240_000)


def said(**conflicts: tuple[Choice, ...]) -> str:
    return "".join(span.text for span in disputed(conflicts, UTC, UNICODE))


def test_it_says_who_wrote_what_and_when() -> None:
    assert said(status=(ANA, BEN)) == " ⚠ status  ana 14:02 UTC → validated │ ben 13:58 UTC → resolved"


def test_days_are_named_where_they_differ() -> None:
    long_ago = Choice("e2", "resolved", "ben", AT - DAY)
    assert "ana 2026-11-22 14:02 UTC → validated │ ben 2026-11-21 14:02 UTC" in said(status=(ANA, long_ago))


def test_what_matters_most_comes_first_and_the_rest_is_counted() -> None:
    line = said(custom=(ANA, BEN), title=(ANA, BEN), severity=(ANA, BEN))
    assert line.startswith(" ⚠ severity ")
    assert line.endswith(" and 2 more")


def test_nothing_is_disputed() -> None:
    assert disputed({}, UTC, UNICODE) == []


def test_foreign_text_is_made_safe_and_signs_can_be_plain() -> None:
    evil = Choice("e3", "\x1b]0;x\x07" + "long " * 50, "a\x1b[2J", AT)
    line = "".join(span.text for span in disputed({"title": (evil, ANA)}, UTC, ASCII))
    assert not set(line) & set("⚠→│")
    assert "\x1b" not in line
    assert "\x07" not in line
    assert len(line) < 160


def row(conflicts: int, *, new: bool = False, drill: bool = False) -> str:
    found = QueueRow(
        key=1, id="i", ref="INC-AAAAA", title="Disk full", phase="New", status="raised", severity=None,
        priority="P1", owner=None, raised_at=0, ended_at=None, updated_at=0, conflicts=conflicts, firing=0, drill=drill,
        last=1, seen=0 if new else 1,
    )  # fmt: skip
    return "".join(span.text for span in row_line(found, 79, 0, marked=False, symbols=UNICODE))


def test_a_row_counts_what_wants_to_be_decided_and_stays_as_wide() -> None:
    assert "⚠2 Disk full" in row(2)
    assert "⚠1 [drill] Disk full" in row(1, drill=True)
    assert "⚠" not in row(0)
    assert len(row(12)) == len(row(0))


def test_a_row_can_be_new_and_disputed() -> None:
    assert row(2, new=True).startswith("•")
