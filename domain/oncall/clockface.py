"""Between moments and the clock on the wall of a zone.

A time of day that a change of the clocks leaves out is taken with the offset from before the change (02:30 becomes
03:30), and one that comes twice is the first of the two: RFC 5545, section 3.3.5.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant(local: datetime, zone: tzinfo) -> int:
    """Return the moment, ms, at which the clocks of `zone` show `local`, which has no zone of its own."""
    return (local.replace(tzinfo=zone, fold=0).astimezone(UTC) - _EPOCH) // _MILLISECOND


def wall(at: int, zone: tzinfo) -> datetime:
    """Return what the clocks of `zone` show at a moment, ms, without a zone."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone).replace(tzinfo=None, fold=0)
