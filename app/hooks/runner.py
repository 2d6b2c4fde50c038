"""The witness that runs hooks: `pre-record` before an act is committed, `post-record` after it, in the order of acts.

A hook that does not answer (it takes too long, cannot be started, or a signal ends it) is trouble: it is told as one
line and kept in the log, and the act is recorded all the same unless the settings say otherwise.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from app.hooks import given
from app.hooks.finding import POST, PRE, Hook, hooks_of
from app.hooks.process import Ended, run
from app.hooks.words import answered, reason_of, trouble_of
from domain.errors import Refused

if TYPE_CHECKING:
    from app.hooks.log import HookLog
    from app.settings import Hooks as Settings
    from storage.witness import Act

_MOST_WAITING = 1000  # acts that no hook was told of yet; those beyond are not told, and that is said
_PATIENCE = 2.0  # seconds of waiting for hooks before it is said that they are waited for
_BAD = ("broken", "unsafe")
_LAST = 1.0  # seconds that a hook has to die


class Place(NamedTuple):
    """Where hooks run and what for: their folder, the store, and who acts."""

    folder: Path
    database: Path
    author: str


class Hooks:
    """Runs the hooks of one run of the program.

    Args:
        place: Where and what for.
        settings: How long they may take, and what holds when one does not answer.
        log: Where trouble is kept.
        tell: Shows a line to the person; called in any thread.

    Attributes:
        tell: As above; who has a screen puts its own there.
    """

    def __init__(self, place: Place, settings: Settings, log: HookLog, tell: Callable[[str], None]) -> None:
        self.place, self.settings, self.log, self.tell = place, settings, log, tell
        self._acts: SimpleQueue[Act | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._leaving, self._stop = threading.Event(), threading.Event()
        self._done = threading.Event()  # a thread whose `join` was interrupted counts as ended though it is not
        self._said: set[str] = set()

    # -- before ------------------------------------------------------------------------------------------------------

    def before(self, act: Act) -> None:
        """Ask the `pre-record` hooks, one after the other, all within one time.

        Raises:
            Refused: One of them said no (or nothing, where that refuses); names it, and its reason.
        """
        deadline = time.monotonic() + self.settings.pre_time
        for hook in self._askable():
            ended = self.run(hook, act, max(0.0, deadline - time.monotonic()), self._leaving.is_set)
            if ended.code is not None and ended.code > 0:
                reason = reason_of(ended)
                self.log.write(f"{hook.name} refused ({_refs(act)}): {reason}", ended.err)
                raise Refused(f"{hook.name} refused: {reason}", "See: tocsin hooks list.", "hook")
            self._judge(hook, act, ended)

    def _askable(self) -> list[Hook]:
        """Return the `pre-record` hooks that may run; where no answer refuses, one that must not run refuses, too."""
        found = hooks_of(self.place.folder, PRE)
        bad = next((hook for hook in found if hook.state in _BAD), None)
        if bad is not None and self.settings.no_answer == "refuse":
            raise Refused(f"{bad.name} was not run: {bad.says}", bad.remedy, "hook")
        return self.runnable(found)

    def _judge(self, hook: Hook, act: Act, ended: Ended) -> None:
        """Tell what was wrong with a hook that did not refuse; one without an answer may count as a refusal."""
        trouble = trouble_of(hook.name, ended, self.settings.pre_time)
        if not answered(ended) and self.settings.no_answer == "refuse":
            self.log.write(f"{trouble} ({_refs(act)}); refused", ended.err)
            raise Refused(trouble, f"It is logged in {self.log.path}.", "hook")
        if trouble:
            meanwhile = "" if answered(ended) else "; recorded without its answer"
            self.trouble(f"{trouble}{meanwhile} ({_refs(act)})", ended.err)

    # -- after -------------------------------------------------------------------------------------------------------

    def after(self, act: Act) -> None:
        """Leave an act to the thread that runs `post-record` hooks."""
        if self._acts.qsize() >= _MOST_WAITING:
            self.trouble(f"post-record hooks were not told of {_refs(act)}: {_MOST_WAITING:,} acts wait for them")
            return
        self._acts.put(act)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hooks", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while not self._stop.is_set() and (act := self._acts.get()) is not None:
            try:
                self._post(act)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next act's hooks are run
                self.trouble(f"post-record hooks failed ({_refs(act)}): {type(error).__name__}")
        self._done.set()

    def _post(self, act: Act) -> None:
        for hook in self.runnable(hooks_of(self.place.folder, POST)):
            ended = self.run(hook, act, self.settings.post_time, self._stop.is_set)
            if trouble := trouble_of(hook.name, ended, self.settings.post_time):
                self.trouble(f"{trouble} ({_refs(act)})", ended.err)
            if self._stop.is_set():
                return

    def hurry(self) -> None:
        """Wait for no answer of a `pre-record` hook any more: the line has dropped, and the lock is wanted."""
        self._leaving.set()

    def close(self) -> None:
        """Wait for `post-record` hooks, as long as one may take; what is left then is stopped and told."""
        if self._thread is None:
            return
        try:
            with suppress(OSError, ValueError):
                sys.stdout.flush()  # the result is there, whatever the hooks do
            self._acts.put(None)
            if not self._done.wait(min(_PATIENCE, self.settings.post_time)) and self.settings.post_time > _PATIENCE:
                self.tell("waiting for post-record hooks; ctrl+c stops them")
                self._done.wait(self.settings.post_time - _PATIENCE)
        finally:  # a ctrl+c comes out of the waiting
            self._stop.set()
            self._done.wait(_LAST)
            self._drop()

    def _drop(self) -> None:
        """Tell of which acts no hook was told."""
        left: list[str] = []
        with suppress(Empty):
            while True:
                act = self._acts.get_nowait()
                left += [_refs(act)] if act is not None else []
        if left:
            self.trouble(f"post-record hooks were not told of {len(left):,} acts: {', '.join(left[:5])}")

    # -- both --------------------------------------------------------------------------------------------------------

    def run(self, hook: Hook, act: Act, seconds: float, stopped: Callable[[], bool], *, test: bool = False) -> Ended:
        """Run one hook on an act and return how it ended."""
        place = self.place
        return run(
            hook.target,
            given.document_of(act, hook.stage, author=place.author, database=place.database, test=test),
            name=hook.path,
            env=given.environment(os.environ, act, place.database, given.terminal_name()),
            cwd=place.folder.parent,
            seconds=seconds,
            stopped=stopped,
        )

    def runnable(self, found: list[Hook]) -> list[Hook]:
        """Return the hooks that may run; what must not is told once."""
        for hook in found:
            if hook.state in _BAD and hook.says not in self._said:
                self._said.add(hook.says)
                self.trouble(f"{hook.name} was not run: {hook.says}. {hook.remedy}")
        return [hook for hook in found if hook.state == "runs"]

    def trouble(self, line: str, err: bytes = b"") -> None:
        """Tell a line, and keep it in the log with what the hook printed on stderr."""
        self.log.write(line, err)
        self.tell(line)


class AfterOnly:
    """A witness that is told of acts and never asked: an alert is recorded whatever a rule thinks of it."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def before(self, act: Act) -> None:
        """Let it pass."""

    def after(self, act: Act) -> None:
        """Leave it to the `post-record` hooks."""
        self._hooks.after(act)


def _refs(act: Act) -> str:
    refs = [incident.ref for incident in act.incidents]
    more = f" and {len(refs) - 3:,} more" if len(refs) > 3 else ""
    return ", ".join(refs[:3]) + more
