"""Makes the application for a session, on the terminal as the first frame left it.

What comes from the team's own rules is imported when it is asked for: the first screen does not wait for it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.driver import Driver

from app.firstframe import FirstFrame
from app.session import Session
from app.tocsin import Tocsin
from domain.query import parse
from screens.desk import Desk, SavedView
from widgets.queue_lines import Symbols

if TYPE_CHECKING:
    from app.live import Live
    from app.oncall.board import Board
    from app.reminding import Reminding
    from domain.clocks import Policy
    from domain.communication import Communication
    from domain.handover_words import Line
    from domain.outbox import Outside
    from domain.triage import Rules


class Parts:
    """What the application and its desk ask for later.

    Args:
        session: The store and the settings.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def rules(self) -> Rules:
        """Return the rules for triage."""
        from app.rules import rules_or_defaults

        return rules_or_defaults(self._session.loaded)

    def check(self) -> list[str]:
        """Return what is wrong with the team's own rules, in words."""
        loaded = self._session.loaded
        if not loaded.origins and not (loaded.config.parent / "regulations").is_dir():
            return []  # nothing is set: the built-in rules are sound, and need not be loaded for that
        from app.rules import troubles_with

        return troubles_with(loaded)

    def promised(self) -> tuple[Policy | None, str]:
        """Return what the clocks go by, and what is wrong with it."""
        from app.targets import promised_by

        return promised_by(self._session.loaded)

    def handover(self, desk: Desk) -> list[Line]:
        """Return the lines of a hand-over, times in the zone that the desk shows."""
        from app.handing import handover_lines

        return handover_lines(self._session, desk.zone)

    def communication(self) -> Communication:
        """Return what the team says outside, and by when; what cannot be used is named elsewhere."""
        from app.parties import communication_and_problems

        return communication_and_problems(self._session.loaded)[0]

    def outbox(self, desk: Desk) -> tuple[list[Outside], int]:
        """Return what is left to say outside; reads through a connection of its own, from any thread."""
        from contextlib import closing

        from app.handing import waiting_outside

        with closing(self._session.store.another_reader()) as reader:
            return waiting_outside(reader, desk.communication, desk.now())

    def live(self, app: Tocsin) -> Live:
        """Return what goes on behind the screen."""
        from app.live import Live

        return Live(self._session.store, self._session.settings.token_commands, app.say)

    def reminding(self, board: Board | None) -> Reminding:
        """Return what looks what is due; without a board there are no escalation paths."""
        from app.reminding import Reminding

        return Reminding(self._session, board.path if board else lambda _incident: None)

    def on_call(self) -> Board:
        """Return what says who is on call for an incident, and whom to call when nobody answers."""
        from app.oncall.board import Board

        return Board(self._session.loaded, self._session.clock)


def make_app(session: Session, symbols: Symbols, frame: FirstFrame | None) -> Tocsin:
    """Return the application."""
    settings, parts, origins = session.settings, Parts(session), session.loaded.origins
    desk = Desk(
        session.store,
        session.zone,
        [SavedView(view.name, parse(view.query)) for view in settings.views],
        symbols=symbols,
        strict=settings.lifecycle.strict,
        state_dir=session.state_dir(),
        keys=settings.keys,
        sections=settings.postmortem_sections,
        rules=parts.rules,
        promised=parts.promised,
    )
    desk.handover = lambda: parts.handover(desk)
    desk.read_communication = parts.communication
    desk.outbox = lambda: parts.outbox(desk)
    timed = settings.rotas or settings.services or any(name.startswith("escalation.") for name in origins)
    rotas = parts.on_call if timed or session.loaded.problems else None
    driver = _driver(frame, session)
    reminding = parts.reminding if settings.reminders.enabled else None
    app = Tocsin(desk, settings.display.theme, frame, driver, parts.live, parts.check, rotas, reminding)
    session.tell = app.warn
    return app


def _driver(frame: FirstFrame | None, session: Session) -> type[Driver] | None:
    if sys.platform == "win32" or not sys.stdin.isatty():
        return None
    from app.driver import driver_class

    def leave(app: App[Any], _signal: int) -> None:
        session.hurry()  # a hook that is asked holds the store's lock
        if isinstance(app, Tocsin):
            app.keep_drafts()

    return driver_class(
        already_in_alternate_screen=frame is not None,
        first_attributes=frame.attributes if frame else None,
        on_leave=leave,
    )
