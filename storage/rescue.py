"""Where a text goes when the store cannot take it: the first folder that can hold it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def rescue(text: str, folders: list[Path]) -> Path | None:
    """Write a text to a new file of mode 0600 in the first folder that takes it, and return its path, or None."""
    for folder in [*folders, Path(tempfile.gettempdir())]:
        try:
            handle, name = tempfile.mkstemp(prefix="tocsin-rescued-", suffix=".md", dir=folder)
        except OSError:
            continue
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            Path(name).unlink(missing_ok=True)
            continue
        return Path(name)
    return None
