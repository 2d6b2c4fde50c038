"""From the command line to the queue on the screen: the first rows at once, then Textual, then the rest.

Only the store's read side is loaded before the first rows are painted; Textual follows, and what writes is imported
in a thread once the queue can be used.
"""

from __future__ import annotations

import gc
import os
import shutil
from typing import TYPE_CHECKING

from app.firstframe import FirstFrame, open_frame, queue_frame
from app.loading import Loaded
from app.quick import has_unicode
from app.session import Session, say
from app.settings import Settings
from domain.query import parse
from screens.keys import line_of
from widgets.queue_lines import ASCII, UNICODE, Symbols

if TYPE_CHECKING:
    from app.tocsin import Tocsin


def run_tui(loaded: Loaded, shown: FirstFrame | None = None, *, hooked: bool = True) -> int:
    """Open the queue and return the exit code once it is left.

    Args:
        loaded: The settings, and where the store is.
        shown: A first frame that is on the screen already.
        hooked: Whether what is recorded is shown to the user's hooks.

    Raises:
        StoreError: The store cannot be opened.
    """
    gc.disable()  # what is made from here on stays: the app enables it again once the screen is at rest
    with Session(loaded, hooked=hooked) as session:
        frame = shown or _first_frame(session)
        try:
            app = _make(session, frame)
            app.run(mouse=loaded.settings.display.mouse)
        finally:
            session.tell = say
            if frame is not None:
                frame.undo()
        if app._exception is not None:
            raise app._exception  # the command line tells it, and writes the report
        return app.return_code or 0


def symbols_of(settings: Settings) -> Symbols:
    """Return the signs to draw with: ASCII when set, or when the locale has no more."""
    return ASCII if settings.display.ascii or not has_unicode(os.environ) else UNICODE


def _first_frame(session: Session) -> FirstFrame | None:
    settings, store = session.settings, session.store
    # Another theme's ground would flicker: its first frame is Textual's own.
    frame = open_frame() if settings.display.theme == "tocsin" else None
    if frame is None:
        return None
    view = settings.views[0] if settings.views else None
    size = shutil.get_terminal_size()
    now = session.clock()
    rows = store.reader.after(-1, size.lines, parse(view.query if view else ""), now)
    lines = queue_frame(
        rows,
        store.reader.counts(),
        view.name if view else "all",
        now,
        symbols_of(settings),
        line_of("queue", settings.keys),
        size,
    )
    if not rows:
        return None
    frame.show(lines, color=not os.environ.get("NO_COLOR"), ascii_only=symbols_of(settings) is ASCII)
    return frame


def _make(session: Session, frame: FirstFrame | None) -> Tocsin:
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_FPS", "120")  # sixty frames would hold a quick typist's key back by 15 ms
    from app.making import make_app

    return make_app(session, symbols_of(session.settings), frame)
