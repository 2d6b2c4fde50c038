"""The machine's own zone, with its changes of the clocks: who is on call is asked for days beyond the next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from app.session import Session

_FILE = Path("/etc/localtime")


def zone_of(session: Session, environ: Mapping[str, str]) -> tzinfo:
    """Return the zone times are shown in; of `local` the whole zone, not only the offset that holds now."""
    if session.settings.display.zone != "local":
        return session.zone
    return local_zone(environ)


def local_zone(environ: Mapping[str, str], file: Path = _FILE) -> tzinfo:
    """Return the zone of `TZ`, else of the machine; where neither can be read, the offset that holds now."""
    named = environ.get("TZ", "").removeprefix(":")
    try:
        if named:
            return ZoneInfo(named)
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key="local")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now(UTC).astimezone().tzinfo or UTC
