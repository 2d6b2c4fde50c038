"""The command line: every action is a verb, and the screens have no power that it lacks.

Only click is imported when this package is; each verb imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line with the process's arguments; the process ends here, with the exit code."""
    from app.quick import first_frame

    frame = first_frame(sys.argv[1:], os.environ)
    from app.cli.root import tocsin

    code = tocsin.run(sys.argv[1:], frame)
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 - contextlib would cost two milliseconds before the first rows
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # nobody reads any more
    # Everything is closed and on the disk. Taking a thousand modules apart would hold the shell's prompt back for
    # a tenth of a second, and a thread that still imports would for half a second.
    os._exit(code)
