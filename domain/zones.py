"""Zones by their names in the time zone database, and what is said of a name that is not there."""

from __future__ import annotations

from datetime import UTC, tzinfo

from domain.errors import BadValue
from domain.vocabulary import nearest


def zone_named(name: str) -> tzinfo:
    """Return the zone of a name like `Europe/Berlin`.

    Raises:
        BadValue: There is none; names the nearest right one.
    """
    if name.upper() == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, available_timezones  # a start without a zone needs neither

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        near = nearest(name, sorted(available_timezones()))
        remedy = f"{f'Did you mean {near}? ' if near else ''}Write UTC or a name like Europe/Berlin."
        raise BadValue(f"there is no zone “{name}”", remedy, "bad_value") from error
