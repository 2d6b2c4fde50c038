"""How large anything may be, in one place, so that what one side accepts the other accepts too.

Text limits are in characters after normalisation, bodies in bytes as received.
"""

from __future__ import annotations

TITLE = 500
NAME = 200  # owners, tags, resources, originators, labels
NOTE = 65_536
DESCRIPTION = 65_536
SECTION = 262_144  # one post-mortem section
REASON = 4_000
SHOWN_LINE = 4_000  # a longer line is folded before any renderer sees it
TAGS = 100  # items of one kind on one incident
COMMAND_OUTPUT = 65_536  # kept of what `run` printed: the first and the last half
INGEST_BYTES = 32 * 1024 * 1024
INGEST_ALERTS = 50_000
LABELS = 64  # of one alert
LABEL_VALUE = 4_000
IMPORT_LINE = 1024 * 1024  # one entry of an export
BODY = 512 * 1024  # one entry's body
INDEXED = 1024 * 1024  # full-text indexed of one incident, newest dropped first
SETTINGS_BYTES = 1024 * 1024
JSON_DEPTH = 64
FUTURE_MS = 24 * 3_600_000  # how far ahead of this clock a moment may be dated
