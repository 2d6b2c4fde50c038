"""`doctor`: looks at everything that has to be right for tocsin to work, and says what to do about what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb

if TYPE_CHECKING:
    from app.cli.checks import Check

_MARKS = {"ok": ("ok  ", "good"), "note": ("note", "warning"), "wrong": ("WRONG", "alarm")}


@click.command("doctor", cls=Verb)
@click.pass_obj
def doctor(call: Call) -> int:
    """Check the terminal, paths and rights, SQLite, the store, the settings, the keys, the clock and the remotes.

    The exit code is 1 when something is wrong.
    """
    from app.cli import checks
    from app.cli.remote_checks import remotes

    found: list[Check] = []
    for each in (*checks.ALL, remotes):
        found += _carefully(each, call)
    wrong = sum(check.state == "wrong" for check in found)
    if call.json:
        call.out.object({"ok": not wrong, "checks": [check._asdict() for check in found]})
        return 1 if wrong else 0
    style: Callable[[str, str], Any] = call.out.style
    for check in found:
        mark, role = _MARKS[check.state]
        call.out.line(f"{style(f'{mark:<5}', role)}  {style(f'{check.name:<12}', 'strong')}  {style(check.says, '')}")
        if check.remedy:
            call.out.line(f"{'':21}{style(check.remedy, 'dim')}")
    return 1 if wrong else 0


def _carefully(check: Callable[[Call], list[Check]], call: Call) -> list[Check]:
    """Run a check; one that fails for a reason we know says it, and the others still run."""
    from app.cli.checks import Check
    from app.cli.errors import problem_of

    try:
        return check(call)
    except Exception as error:  # any failure is a finding; what nobody foresaw is raised again
        problem = problem_of(error)
        if problem is None:
            raise
        return [Check(check.__name__.replace("_", " ").strip(), "wrong", problem.message, problem.remedy)]
