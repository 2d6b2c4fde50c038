"""Notes that say when they happened: `@14:05 the disk was full` and `-12m the disk was full`."""

from __future__ import annotations

import re
from datetime import tzinfo

from domain.times import parse_moment

# A clock time, a date (with a time) after `@`, or a duration after `-`; then a blank, or the end.
_WHEN = re.compile(r"\s*(?:@(\d{1,2}:\d{2}(?::\d{2})?|\d{4}-\d{2}-\d{2}\S*)|(-(?:\d{1,6}[smhdw])+))(?:\s+|\Z)")


def split_when(text: str, now: int, zone: tzinfo) -> tuple[int | None, str]:
    """Return when a note happened (ms, None when it does not say) and its text without that.

    Args:
        text: As it was typed.
        now: The present, ms.
        zone: In which a time of day is meant.

    Raises:
        BadTime: It begins with a moment that cannot be, such as `@25:00`, or is more than a day ahead.
    """
    match = _WHEN.match(text)
    if match is None:
        return None, text
    return parse_moment(match[1] or match[2], now, zone), text[match.end() :]
