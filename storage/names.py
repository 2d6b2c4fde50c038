"""The tables by name, for SQLAlchemy Core: what the journal says its statements with.

`storage.tables` defines them, with SQLModel; importing that takes twice as long as all the rest of a command, so a
`tocsin note` speaks to the same tables through their names. A test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import column, table

from storage.rows import ENTRY_COLUMNS

ENTRY = table("entry", *(column(name) for name in ENTRY_COLUMNS.split(", ")))
