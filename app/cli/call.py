"""One call of the command line: the global flags, and what verbs are given to work with."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from app.cli.output import Out
    from app.firstframe import FirstFrame
    from app.session import Session
    from domain.incident import Incident


class Call:
    """What the global flags say; the settings, the store and the output are made when they are first asked for."""

    def __init__(self) -> None:
        self.database: str | None = None
        self.config: str | None = None
        self.json = False
        self.color = "auto"
        self.frame: FirstFrame | None = None  # what is on the screen before anything was loaded

    @cached_property
    def session(self) -> Session:
        """The run's session; raises `BadSettings`."""
        from app.loading import load
        from app.session import Session

        return Session(load(os.environ, database=self.database, config=self.config))

    @cached_property
    def out(self) -> Out:
        """Where results go."""
        from app.cli.output import Out

        return Out(json=self.json, color=self.color, environ=os.environ)

    def close(self) -> None:
        """Close what was opened."""
        if "session" in self.__dict__:
            self.session.close()

    # -- what verbs ask for ----------------------------------------------------------------------------------------

    def ids(self, refs: tuple[str, ...]) -> list[str]:
        """Return the ids that refs mean, each once; raises `NotFound`."""
        resolve = self.session.store.reader.resolve
        return list(dict.fromkeys(resolve(ref) for ref in refs))

    def moment(self, text: str | None) -> int | None:
        """Return the moment an `--at` means, ms, or None; raises `BadTime`."""
        if text is None:
            return None
        from domain.times import parse_moment

        return parse_moment(text, self.session.clock(), self.session.zone)

    def later(self, text: str | None) -> int | None:
        """Return the moment to come that a `--next` means, ms, or None; raises `BadTime`."""
        if text is None:
            return None
        from domain.times import parse_later

        return parse_later(text, self.session.clock(), self.session.zone)

    def show(self, incidents: list[Incident], *, many: bool = False) -> None:
        """Print incidents after a change: one object (`many`: several refs were given), or a line each."""
        if self.json:
            from app.cli.objects import incident_object

            now, named = self.session.clock(), self.session.store.reader.named
            objects = [incident_object(named(each), now) for each in incidents]
            self.out.object({"incidents": objects} if many or len(objects) != 1 else objects[0])
            return
        from app.cli.layout import result_line

        for each in incidents:
            self.out.line(result_line(each, self.out.style))


def piped() -> BinaryIO:
    """Return stdin for bytes."""
    return sys.stdin.buffer


def piped_text(limit: int) -> str:
    """Return the text piped in, as UTF-8; of a longer one at least a character more than `limit`, so that it shows."""
    return piped().read(4 * (limit + 1)).decode("utf-8", "replace")


def is_terminal(name: str) -> bool:
    """Say whether `stdin`, `stdout` or `stderr` is a terminal."""
    stream: Any = getattr(sys, name)
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
