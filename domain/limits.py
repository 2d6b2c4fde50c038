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
LEVEL = 1_000_000  # of a classifier, above or below zero
TAGS = 100  # items of one kind on one incident
COMMAND_OUTPUT = 65_536  # kept of what `run` printed: the first and the last half
INGEST_BYTES = 32 * 1024 * 1024
INGEST_ALERTS = 50_000
LABELS = 64  # of one alert
LABEL_VALUE = 4_000
BODY = 512 * 1024  # one entry's body
ENVELOPE = 4_096  # one text of an entry's envelope: author, what, src and so on
KEY = 200  # what entries are found by: an id, a device, what a redaction names
OVER = 1_000  # entries that one entry replaces
HASH = 32  # bytes of a SHA-256
PAGE_ENTRIES = 500  # of one push or pull
PAGE_BYTES = 1024 * 1024  # of one push or pull before compression; a single larger entry travels alone
REQUEST_BYTES = 2 * 1024 * 1024  # of any request's body, compressed or not
INDEXED = 1024 * 1024  # full-text indexed of one incident, newest dropped first
SETTINGS_BYTES = 1024 * 1024
CALENDAR_BYTES = 4 * 1024 * 1024
CALENDAR_STINTS = 20_000  # of one rota, from some 400 days back to 800 ahead
CALENDAR_REPEATS = 100_000  # of one event, counted from its first
JSON_DEPTH = 64
FUTURE_MS = 24 * 3_600_000  # how far ahead of this clock a moment may be dated
