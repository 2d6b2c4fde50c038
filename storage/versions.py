"""What marks a file as a store of this version; light, because the first frame asks before anything is loaded."""

from __future__ import annotations

from domain.versions import FOLD_VERSION

APPLICATION_ID = 0x746F6373  # "tocs"
SCHEMA_VERSION = 3
"""The number of migrations; a file with a higher one is of a newer version and is not touched."""
PROJECTION_VERSION = f"{FOLD_VERSION}.3"
"""Changes with the fold or with the projections' tables; a store with another one is rebuilt when it is opened."""
