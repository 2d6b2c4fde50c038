"""The machine's own zone, with its changes of the clocks, as the C library knows it.

The offset that holds now would put what happened before the last change an hour off. `zoneinfo` cannot say which zone
the machine is in, and importing it would be felt at every start.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

_OUT_OF_RANGE = (OverflowError, ValueError, OSError)  # what the library says of years that it cannot count


class LocalZone(tzinfo):
    """The zone of `TZ`, else of the machine; a moment beyond the calendar is left in UTC."""

    def fromutc(self, dt: datetime) -> datetime:
        """Return a moment that is given in UTC as this zone has it; of an hour that comes twice it says which."""
        try:
            local = datetime.fromtimestamp(dt.replace(tzinfo=UTC).timestamp())  # noqa: DTZ006 - as this zone has it
        except _OUT_OF_RANGE:
            return dt
        return local.replace(tzinfo=self)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return how far this zone is ahead of UTC at a local time; without one, now."""
        return _known(dt).utcoffset()

    def tzname(self, dt: datetime | None) -> str | None:
        """Return what the zone is called at a local time, e.g. `CET`."""
        return _known(dt).tzname()

    def dst(self, _dt: datetime | None) -> timedelta | None:
        """Return nothing: how much of the offset is summer time is not known."""
        return None


def _known(dt: datetime | None) -> datetime:
    """Return a local time with the offset that the library gives it."""
    if dt is None:
        return datetime.now(UTC).astimezone()
    try:
        return dt.replace(tzinfo=None).astimezone()
    except _OUT_OF_RANGE:
        return dt.replace(tzinfo=UTC)
