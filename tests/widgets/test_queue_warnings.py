"""What the signs of the queue say, moment by moment."""

from __future__ import annotations

from typing import Any

import pytest

from domain.rows import QueueRow
from widgets.queue_lines import UNICODE, row_line
from widgets.queue_warnings import QueueWarnings


def row(**changes: Any) -> QueueRow:
    values: dict[str, Any] = {
        "key": 1, "id": "i", "ref": "INC-1", "title": "disk full", "phase": "New", "status": "raised",
        "priority": "P1", "severity": None, "owner": None, "raised_at": 0, "updated_at": 0, "ended_at": None,
        "conflicts": 0, "firing": 0, "drill": 0, "last": 7,
    }  # fmt: skip
    return QueueRow(**{**values, **changes})


@pytest.mark.parametrize(("now", "sign"), [(99, " "), (100, "~"), (200, "~"), (201, "!"), (300, "^")])
def test_the_sign_follows_the_moments(now: int, sign: str) -> None:
    warnings = QueueWarnings()
    warnings.learn({"i": (7, 100, 200, 300)})
    assert warnings.sign(row(), now) == sign
    assert warnings.sign(row(ended_at=50), now) == " "
    assert warnings.sign(row(id="unknown"), now) == " "


def test_only_open_rows_with_news_are_missing() -> None:
    warnings = QueueWarnings()
    rows = [row(), row(id="drill", drill=1), row(id="over", ended_at=9), row(id="plain", priority=None)]
    assert warnings.missing(rows) == [rows[0], rows[3]]  # one without a priority may have a path all the same
    warnings.learn({"i": (7, 100, 200, 300), "plain": (7, 100, 200, 300)})
    assert warnings.missing(rows) == []
    assert warnings.missing([row(last=8)]) == [row(last=8)]


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_a_sign_takes_the_blank_before_the_age_and_moves_nothing(width: int) -> None:
    plain, marked = (
        "".join(span.text for span in row_line(row(), width, 60_000, marked=False, symbols=UNICODE, sign=sign))
        for sign in ("", "!")
    )
    assert marked == plain[:-5] + "!" + plain[-4:]
    assert plain[-5] == " "
    assert plain == "".join(
        span.text for span in row_line(row(), width, 60_000, marked=False, symbols=UNICODE, sign=" ")
    )
