"""The hook `reminder`: a program of the user's own that is told what became due, such as one that sends a message."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from app.cli.output import document
from app.hooks.finding import REMINDER, Hook, hooks_of
from app.hooks.given import FORMAT, kept_of, terminal_name, words_of
from app.hooks.process import Ended, run
from app.hooks.words import trouble_of
from domain.reminders import ESCALATION, Reminder
from domain.times import iso

if TYPE_CHECKING:
    from app.hooks.runner import Hooks
    from domain.incident import Incident


def reminder_object(reminder: Reminder) -> dict[str, Any]:
    """Return a reminder as scripts see it (docs/json.md)."""
    incident = reminder.incident
    return {
        "ref": incident.ref,
        "id": incident.id,
        "title": incident.title,
        "priority": incident.priority,
        "phase": incident.phase,
        "owner": incident.owner,
        "kind": reminder.kind,
        "what": reminder.what or None,
        "since": iso(reminder.since),
        "text": reminder.words,
        "level": reminder.level,
        "to": reminder.to or None,
    }


def sample(incident: Incident) -> Reminder:
    """Return a reminder to try a hook with: nothing of it is due."""
    return Reminder(incident, ESCALATION, incident.updated_at, "this is a test: nothing is due", "test")


def remind(hooks: Hooks, reminders: Sequence[Reminder], stopped: Callable[[], bool] = lambda: False) -> None:
    """Run the hooks of reminders, one after the other, each within its time; trouble is told and logged.

    Args:
        hooks: The user's.
        reminders: What became due; none runs nothing.
        stopped: Says that the program is on its way out.
    """
    for hook in hooks.runnable(hooks_of(hooks.place.folder, REMINDER)) if reminders else ():
        if stopped():
            return
        ended = run_one(hooks, hook, reminders, stopped)
        if trouble := trouble_of(hook.name, ended, hooks.settings.post_time):
            hooks.trouble(trouble, ended.err)


def run_one(
    hooks: Hooks, hook: Hook, reminders: Sequence[Reminder], stopped: Callable[[], bool], *, test: bool = False
) -> Ended:
    """Run one hook on reminders and return how it ended."""
    place = hooks.place
    told = {
        "format": FORMAT,
        "hook": REMINDER,
        "test": test,
        "author": place.author,
        "database": str(place.database),
        "refs": list(dict.fromkeys(each.incident.ref for each in reminders)),
        "reminders": [reminder_object(each) for each in reminders],
    }
    return run(
        hook.target,
        (document(told) + "\n").encode(),
        name=hook.path,
        env=_environment(hooks, reminders),
        cwd=place.folder.parent,
        seconds=hooks.settings.post_time,
        stopped=stopped,
    )


def _environment(hooks: Hooks, reminders: Sequence[Reminder]) -> dict[str, str]:
    terminal = terminal_name()
    told = {
        "TOCSIN_HOOK": "1",
        "TOCSIN_REF": words_of(each.incident.ref for each in reminders),
        "TOCSIN_KIND": words_of(each.kind for each in reminders),
        "TOCSIN_DATABASE": str(hooks.place.database),
    }
    return kept_of(os.environ) | told | ({"TOCSIN_TTY": terminal} if terminal else {})
