"""The quick way to the first rows: bare `tocsin` on a terminal, with a store and without settings.

Nothing here imports more than it must, not even `typing`, which with all that it imports would take a quarter of the
time to the first rows. When anything is out of the ordinary it does nothing, and the usual way, which can explain
itself, is taken.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.firstframe import FirstFrame

HOME_VIEW = "open"  # the first of the default views: `status:open`


def first_frame(arguments: Sequence[str], environ: Mapping[str, str]) -> FirstFrame | None:
    """Show the first open incidents, if this is the plain start of the queue; return what was done to the terminal."""
    path = _store(arguments, environ)
    if path is None or environ.get("TERM", "dumb") == "dumb" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    from app.firstframe import open_frame, queue_frame
    from screens.keys import line_of
    from storage.home import read_home
    from widgets.queue_lines import ASCII, UNICODE

    frame = open_frame()
    if frame is None:
        return None
    size = os.get_terminal_size(frame.fd)
    found = read_home(path, login_name(environ), size.lines)
    if not found or not found[0]:
        return None
    symbols = UNICODE if has_unicode(environ) else ASCII
    now = time.time_ns() // 1_000_000
    lines = queue_frame(*found, HOME_VIEW, now, symbols, line_of("queue", {}), size)
    frame.show(lines, color=not environ.get("NO_COLOR"), ascii_only=symbols is ASCII)
    return frame


def _store(arguments: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the store's path of a plain start, None when there are other flags, settings or no store."""
    given = list(arguments)
    if given[:1] == ["--database"] and len(given) == 2:
        path = given[1]
    elif given:
        return None
    else:
        path = environ.get("TOCSIN_DATABASE") or _folder(environ, "XDG_DATA_HOME", ".local/share") + "/tocsin.db"
    if any(name.startswith("TOCSIN_") and name != "TOCSIN_DATABASE" for name in environ):
        return None
    configured = os.path.exists(_folder(environ, "XDG_CONFIG_HOME", ".config") + "/config.toml")
    return None if configured or not os.path.isfile(path) else path


def _folder(environ: Mapping[str, str], variable: str, fallback: str) -> str:
    base = environ.get(variable, "")
    home = environ.get("HOME") or os.path.expanduser("~")
    return (base if base.startswith("/") else f"{home}/{fallback}") + "/tocsin"


def login_name(environ: Mapping[str, str]) -> str:
    """Return who is logged in, as the environment or the system says; `unknown` when neither does."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if environ.get(name):
            return environ[name]
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "unknown"


def has_unicode(environ: Mapping[str, str]) -> bool:
    """Say whether the locale is one of UTF-8 (Python itself writes UTF-8 in the C locale, which terminals may not)."""
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return "utf" in locale.lower()
