"""The distribution's one top-level name: puts the program's own folders first on the path and starts it."""

from __future__ import annotations

import os.path
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_SRC = os.path.join(_HERE, "_src")  # in a wheel the six folders live here; in a checkout they stand beside this one
_ROOT = _SRC if os.path.isdir(_SRC) else os.path.dirname(_HERE)
if sys.path[:1] != [_ROOT]:
    sys.path.insert(0, _ROOT)


def main() -> int:
    """Run the command line and return its exit code."""
    from app.cli import main as run

    return run()
