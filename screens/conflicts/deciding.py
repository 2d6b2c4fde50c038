"""What a key does to a conflict: choose a value, or write another one in its place."""

from __future__ import annotations

from typing import Any

from domain import fields
from domain.conflicts import KEEP, Option, can_be_written, read_value, settle
from domain.errors import Refused
from domain.merge import has_marks
from domain.times import iso
from domain.wording import brief, field_name, said
from screens.conflicts.editing import Editing, draft_kind
from screens.conflicts.items import Item
from screens.deskscreen import DeskScreen
from screens.dialogs.line import OneLine
from storage.errors import StoreError


def option_at(item: Item, number: int) -> Option:
    """Return the option with a number, from 1.

    Raises:
        Refused: It is settled already, or it has no such option.
    """
    if item.chosen:
        raise Refused(f"{field_name(item.conflict.field)} of {item.ref} is settled", "u undoes it.", "no_conflict")
    if not 0 < number <= len(item.conflict.options):
        raise Refused("There is no such choice", f"Press 1 to {len(item.conflict.options)}.", "no_such_choice")
    return item.conflict.options[number - 1]


async def choose(screen: DeskScreen, item: Item, number: int) -> str:
    """Choose an option by its number; return what was chosen, in words."""
    return await _record(screen, item, option_at(item, number), KEEP)


async def take_text(screen: DeskScreen, item: Item, chosen: Option, text: str) -> str:
    """Record a text in place of all of them; one that the store does not take is rescued into a file."""
    value = read_value(item.conflict.field, text, screen.desk.now(), screen.desk.zone)
    try:
        words = await _record(screen, item, chosen, value)
    except StoreError as error:
        kept = screen.desk.rescue(text)
        screen.tell(f"Not recorded. {error.message}. {kept}. {error.remedy}", warn=True, long=True)
        return ""
    await screen.desk.forget_draft(draft_kind(item.conflict.field), item.id)
    return words


async def write(screen: DeskScreen, item: Item, text: str | None = None) -> str:
    """Ask for another value and record it; return what it was, in words, empty when the person left.

    Args:
        screen: Where it is asked.
        item: What is settled.
        text: Of texts, what stands in the editor at first, perhaps with disputed places between marks.
    """
    option_at(item, 1)
    conflict, base = item.conflict, _shown(item)
    if not can_be_written(conflict.field):
        remedy = "Choose one; then enter and s move it on." if conflict.field == "status" else "Choose one of them."
        raise Refused(f"{field_name(conflict.field)} is not written here", remedy, "use_move")
    if not conflict.is_text:
        return await _write_line(screen, item, base)
    begun = str(base.value) if text is None else text
    question, disputed = f"{item.ref} {field_name(conflict.field)}", has_marks(begun)
    dialog = Editing(screen.desk, question, field=conflict.field, incident=item.id, text=begun, disputed=disputed)
    written = await screen.ask(dialog)
    return "" if written is None else await take_text(screen, item, base, written)


async def _write_line(screen: DeskScreen, item: Item, base: Option) -> str:
    name, now, zone = item.conflict.field, screen.desk.now(), screen.desk.zone
    known = next((field.accepts for field in fields.SETTABLE.values() if field.register == name), "")
    line = await screen.ask(
        OneLine(
            f"{field_name(name).capitalize()} of {item.ref}, in place of all of these",
            hint=f"{known}{' · ' if known else ''}enter records it · esc leaves",
            check=lambda text: read_value(name, text, now, zone),
            value=_typed(name, base.value),
        )
    )
    return "" if line is None else await _record(screen, item, base, read_value(name, line, now, zone))


def _typed(name: str, value: Any) -> str:
    """Return a value as one would type it."""
    if value in (None, ""):
        return ""
    if name.endswith("_at") and isinstance(value, int) and not isinstance(value, bool):
        return iso(value) or ""
    return said(name, value)


async def _record(screen: DeskScreen, item: Item, chosen: Option, value: Any) -> str:
    await screen.desk.act([item.id], lambda incident: settle(incident, item.conflict, chosen.entry, value))
    written = chosen.value if value is KEEP else value
    words = brief(said(item.conflict.field, written, screen.desk.zone))
    screen.tell(f"{item.ref} {field_name(item.conflict.field)}: {words}")
    return words


def _shown(item: Item) -> Option:
    """Return the value that is shown meanwhile: what an edited one begins with."""
    return next((option for option in item.conflict.options if option.safe), item.conflict.options[0])
