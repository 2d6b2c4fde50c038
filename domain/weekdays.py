"""Days of the week as people write them."""

from __future__ import annotations

from domain.errors import BadValue

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekdays(text: str) -> tuple[int, ...]:
    """Return days, 0 is Monday, of `mon`, `Tuesday`, `mon-fri`, `fri,sat`; a range may go over the week's end.

    Raises:
        BadValue: A word is no day.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        begin = _day(first, text)
        end = _day(last, text) if dash else begin
        found += [(begin + n) % 7 for n in range((end - begin) % 7 + 1)]
    return tuple(found)


def _day(word: str, text: str) -> int:
    short = word.lower()[:3]
    if short in DAYS and _WHOLE[DAYS.index(short)].startswith(word.lower()):
        return DAYS.index(short)
    of = f" in “{text}”" if word != text else ""
    raise BadValue(f"“{word}”{of} is no day", f"Days: {', '.join(DAYS)}; or a range, mon-fri.", "bad_value")
