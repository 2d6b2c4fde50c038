"""The selected incident in a few lines, where the screen has room for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo

from rich.text import Text
from textual.widgets import Static

from domain.durations import short
from domain.incident import Incident
from domain.text import safe_text
from domain.times import stamp
from widgets.queue_lines import Symbols
from widgets.safe import ui_text

_REST = 0.12  # seconds the cursor rests before the preview follows: holding a key down repaints nothing here
_LINES = 9


class Preview(Static):
    """Title, facts, description and the last notes."""

    DEFAULT_CSS = f"""
    Preview {{ height: {_LINES + 1}; border-top: solid $border; padding: 0 1; }}
    """

    def __init__(self, symbols: Symbols, zone: Callable[[], tzinfo]) -> None:
        super().__init__(id="preview")
        self._symbols, self._zone = symbols, zone

    async def rest(self) -> None:
        """Wait until the cursor rests."""
        await asyncio.sleep(_REST)

    def clear(self) -> None:
        """Show nothing."""
        self.update("")

    def show(self, incident: Incident, notes: list[str]) -> None:
        """Show an incident and its newest notes."""
        dot = f" {self._symbols.dot} "
        since = stamp(incident.raised_at, self._zone())
        facts = [incident.phase, f"raised {since}", f"owner {incident.owner or 'nobody'}"]
        facts += [f"ended after {short(incident.ended_at - incident.raised_at)}"] if incident.ended_at else []
        facts += [", ".join(item.name for item in incident.resources)] if incident.resources else []
        lines = [ui_text(incident.title, "bold"), ui_text(dot.join(facts), "dim")]
        if incident.description:
            lines.append(ui_text(incident.description[:2000]))
        lines += [Text.assemble("- ", ui_text(safe_text(note)[:500])) for note in notes[-4:]]
        self.update(Text("\n").join(lines[:_LINES]))
