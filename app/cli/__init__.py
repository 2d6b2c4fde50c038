"""The command line: every action is a verb, and the screens have no power that it lacks.

Only click is imported when this package is; each verb imports what it needs when it runs.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line with the process's arguments and return its exit code."""
    from app.cli.root import tocsin

    return tocsin.run(sys.argv[1:])
