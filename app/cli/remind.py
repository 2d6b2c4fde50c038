"""`remind`: what is due now, for a person, a status line or cron."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import Verb

if TYPE_CHECKING:
    from app.reminding import Looked, Reminding

REFUSED = 4
_URGENT = {"escalation": "alarm", "target": "warning"}


@click.command("remind", cls=Verb)
@click.option("--ring", is_flag=True, help="Ring the terminal, and tell the hooks, of what is new since the last time.")
@click.option("--escalate", is_flag=True, help="Record the levels that are due, as escalation.automatic does.")
@click.pass_obj
def remind(call: Call, ring: bool, escalate: bool) -> int:
    """Say what is due now: levels to escalate, targets, updates that were promised, what was acknowledged and left.

    One line each, the most urgent first; nothing when nothing is due. The exit code is 0 either way, and 4
    when --escalate could not record a level. For cron: `tocsin remind --ring --escalate` every minute, on one machine
    or on several.
    """
    from app.handing import path_of
    from app.reminding import Reminding
    from app.rules import rings_again, stale_after
    from app.targets import policy_of

    session = call.session
    for needed in (stale_after, rings_again, policy_of):
        needed(session.loaded)  # what makes no sense ends with exit code 7
    _require_timers(call)
    reminding = Reminding(session, path_of(session))
    looked = reminding.look(escalate=escalate)
    rang = _ring(reminding, looked) if ring else []
    if call.json:
        from app.hooks.reminding import reminder_object
        from domain.times import iso

        found = {"at": iso(session.clock()), "due": [reminder_object(each) for each in looked.due]}
        call.out.object({**found, "escalated": [each.ref for each in looked.escalated], "rang": rang})
    else:
        _tell(call, looked)
    if looked.trouble:
        click.echo(f"tocsin: {looked.trouble}", err=True)
        return REFUSED
    return 0


def _require_timers(call: Call) -> None:
    from app.oncall.paths import Paths
    from app.oncall.roster import bad_settings

    session = call.session
    timed = session.settings.services or any(name.startswith("escalation.") for name in session.loaded.origins)
    if timed and (problems := Paths(session.loaded, session.clock()).of_timers()):
        raise bad_settings(problems)


def _ring(reminding: Reminding, looked: Looked) -> list[str]:
    """Ring for what nobody rang for yet; return the refs."""
    new = reminding.unheard(looked.due)
    if is_terminal("stderr"):
        sys.stderr.write(reminding.signal(new))
        sys.stderr.flush()
    reminding.run_hooks(new)
    return list(dict.fromkeys(each.incident.ref for each in new))


def _tell(call: Call, looked: Looked) -> None:
    style = call.out.style
    for each in looked.due:
        incident = each.incident
        said = style(each.words, _URGENT.get(each.kind, ""))
        priority = style(incident.priority or "-")
        call.out.line(f"{style(incident.ref, 'ref')}  {priority}  {said}  {style(incident.title, 'dim')}")
