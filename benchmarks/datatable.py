"""The usual way to show a list in Textual, as a reference: a DataTable with N incidents.

Run it as `python -m benchmarks.datatable N`.
"""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from benchmarks.incidents import incidents


class Table(App[None]):
    """A table of `count` incidents with a row cursor; `j`, `k` and the arrows move it, `q` leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("j", "move('down')", "Down"),
        ("k", "move('up')", "Up"),
    ]

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Ref", "Pri", "Status", "Title", "Owner")
        table.add_rows((f"INC-{i.number:05d}", i.priority, i.status, i.title, i.owner) for i in incidents(self._count))

    def action_move(self, direction: str) -> None:
        table = self.query_one(DataTable)
        table.action_cursor_down() if direction == "down" else table.action_cursor_up()


if __name__ == "__main__":
    Table(int(sys.argv[1])).run()
