"""What the screen lists: one conflict an item, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from textual.binding import Binding, BindingType

from domain.conflicts import Conflict, Option, conflicts_of
from domain.text import one_line, safe_text
from domain.wording import field_name, said, telling_line
from screens.deskscreen import bindings
from storage.reader import Reader
from widgets.queue_lines import Symbols
from widgets.spans import Span, Spans, cells, clip, fit
from widgets.timeline import fold

_WHO, _WHO_WIDE = 9, 14
_STAMP = len("11-18 11:07")
_SHOWN = "shown"
_INDENT = 3
_WIDEST = 60  # cells of a value: who wrote it is not to be looked for at the other end of the line
_MOST_LINES = 3  # of one value


@dataclass(frozen=True, slots=True)
class Item:
    """One conflict of one incident; `chosen` says what was chosen in this visit, empty while it is open."""

    id: str
    ref: str
    title: str
    conflict: Conflict
    chosen: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by while the list is read again."""
        return self.id, self.conflict.field


def items_of(reader: Reader, incident: str) -> list[Item]:
    """Return the open conflicts of an incident."""
    replay = reader.replay(incident)
    found = reader.named(replay.result())
    return [Item(found.id, found.ref, found.title, conflict) for conflict in conflicts_of(replay)]


def numbered(where: str) -> list[BindingType]:
    """Return the bindings of a screen from the key table, the digits each with its number."""
    found: list[BindingType] = []
    for binding in bindings(where):
        if isinstance(binding, Binding) and binding.action == "pick":
            names = binding.key.split(",")
            found += [Binding(n, f"pick({n})", binding.description, show=False, id=f"{binding.id}.{n}") for n in names]
        else:
            found.append(binding)
    return found


def item_lines(item: Item, width: int, zone: tzinfo, symbols: Symbols) -> list[Spans]:
    """Return an item's lines, each `width` cells wide: what it is about, then each value with who wrote it when."""
    mark = Span(f"{symbols.marked} ", "good") if item.chosen else Span(f"{symbols.conflict} ", "warn")
    head = [mark, Span(f"{item.ref} ", "key"), Span(f"{safe_text(field_name(item.conflict.field))}  ", "strong")]
    if item.chosen:
        return [clip([*head, Span(safe_text(item.chosen)), Span("  (u undoes it)", "muted")], width)]
    lines = [clip([*head, Span(safe_text(item.title), "muted")], width)]
    for number, option in enumerate(item.conflict.options, 1):
        lines += _option_lines(number, option, item.conflict, width, zone)
    return lines


def _option_lines(number: int, option: Option, conflict: Conflict, width: int, zone: tzinfo) -> list[Spans]:
    who = _WHO_WIDE if width >= 99 else _WHO
    size = min(_WIDEST, max(8, width - _INDENT - 2 - 2 - who - 1 - _STAMP - 1 - len(_SHOWN) - 1))
    texts = fold(shown_value(conflict, option, zone), size)
    if len(texts) > _MOST_LINES:
        texts = [*texts[: _MOST_LINES - 1], f"{one_line(texts[_MOST_LINES - 1], size - 2)}…"]
    front = [Span(f"{' ' * _INDENT}{number if number < 10 else '-'} ", "key")]
    back = [
        Span(f"  {fit(safe_text(option.author), who)} ", "accent"),
        Span(f"{day(option.at, zone)} ", "muted"),
        Span(_SHOWN if option.safe else "", "warn"),
    ]
    lines = [clip([*front, Span(fit(texts[0], size), "strong"), *back], width)]
    return lines + [clip([Span(" " * (_INDENT + 2)), Span(text, "strong")], width) for text in texts[1:]]


def day(at: int, zone: tzinfo) -> str:
    """Return a moment as `11-18 11:07`."""
    return f"{datetime.fromtimestamp(at / 1000, zone):%m-%d %H:%M}"


def shown_value(conflict: Conflict, option: Option, zone: tzinfo) -> str:
    """Return a value for one cell of the list; of a text the first line that is not the same in all."""
    text = said(conflict.field, option.value, zone)
    if option.label:
        text = f"{text}: {option.label}"
    if not isinstance(option.value, str) or "\n" not in option.value:
        return text
    return telling_line(option.value, [each.value for each in conflict.options])


def top_line(items: Sequence[Item], more: bool, width: int) -> Spans:
    """Return the screen's first line: how much there is to decide."""
    waiting = [item for item in items if not item.chosen]
    incidents = len({item.id for item in waiting})
    said_so = f"{len(waiting)}{'+' if more else ''} to decide" if waiting else "nothing to decide"
    where = f" in {incidents} incidents" if incidents > 1 else ""
    note = "both values are kept; the safe one is shown until somebody chooses "
    left = [Span(" conflicts ", "key"), Span(f"{said_so}{where}", "strong")]
    used = sum(cells(span.text) for span in left)
    return clip([*left, Span(f"  {note}", "muted")] if used + len(note) + 2 <= width else left, width)
