"""A screen with a short list of rows: the keys that move its cursor."""

from __future__ import annotations

from typing import ClassVar

from screens.deskscreen import DeskScreen
from widgets.row_list import RowList


class RowScreen(DeskScreen):
    """Holds one `RowList`, which has the focus."""

    AUTO_FOCUS: ClassVar[str | None] = "RowList"

    def action_down(self) -> None:
        """Go to the next row."""
        self.query_one(RowList).move(1)

    def action_up(self) -> None:
        """Go to the row before."""
        self.query_one(RowList).move(-1)

    def action_first(self) -> None:
        """Go to the first row."""
        self.query_one(RowList).to_end(last=False)

    def action_last(self) -> None:
        """Go to the last row."""
        self.query_one(RowList).to_end(last=True)
