"""The command line: every action is a verb, and the screens have no power that it lacks.

Only click is imported when this package is; each verb imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from app.firstframe import FirstFrame


def main() -> int:
    """Run the command line with the process's arguments; the process ends here, with the exit code."""
    from app.quick import first_frame

    frame = first_frame(sys.argv[1:], os.environ)
    code = _start(sys.argv[1:]) if frame is None else _open(sys.argv[1:], frame)
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 - contextlib would cost two milliseconds before the first rows
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # nobody reads any more
    # Everything is closed and on the disk. Taking a thousand modules apart would hold the shell's prompt back for
    # a tenth of a second, and a thread that still imports would for half a second.
    os._exit(code)


def _start(arguments: list[str]) -> int:
    from app.cli.root import tocsin

    return tocsin.run(arguments)


def _open(arguments: list[str], frame: FirstFrame) -> int:
    """Open the queue behind its first frame: a plain start, for which click need not be imported.

    Args:
        arguments: None, or `--database` and a path (`app.quick`).
        frame: What is on the screen.
    """
    from app.loading import load
    from app.tui import run_tui

    try:
        return run_tui(load(os.environ, database=arguments[1] if arguments else None), frame)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost place, as in `Root.run`
        from app.cli.call import Call
        from app.cli.root import tocsin

        call = Call()
        call.frame = frame
        return tocsin.failed(error, call)
