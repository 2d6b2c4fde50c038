"""Writes docs/hub-openapi.json, the hub's protocol for machines: `python -m scripts.openapi`."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

from storage.hub.engines import Database, memory_engine
from sync.hub.logs import Log
from sync.hub.server import create_app
from sync.hub.service import Service

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hub-openapi.json"


def described() -> dict[str, Any]:
    """Return the description that the application gives of itself."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        database = Database(memory_engine(connection))
        service = Service(database, lambda: 0, lambda _bits: 0, lambda: 0.0)
        return create_app(service, Log(StringIO(), lambda: 0)).openapi()


def current() -> str:
    """Return the page as it should be."""
    return json.dumps(described(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the page; return the exit code."""
    PAGE.write_text(current(), encoding="utf-8")
    print(PAGE.relative_to(PAGE.parents[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
