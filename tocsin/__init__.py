"""The distribution's one top-level name: puts the program's own folders first on the path and starts it."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SRC = _HERE / "_src"  # in a wheel the six folders live here; in a checkout they stand beside this one
_ROOT = str(_SRC if _SRC.is_dir() else _HERE.parent)
if sys.path[:1] != [_ROOT]:
    sys.path.insert(0, _ROOT)


def main() -> int:
    """Run the command line and return its exit code."""
    from app.cli import main as run

    return run()
