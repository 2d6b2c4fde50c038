"""`escalate`: somebody further up the path is called, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from app.oncall.paths import Paths
    from domain.actions import Drafts
    from domain.escalation import Path
    from domain.incident import Incident


@click.command("escalate", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.option("--reason", metavar="TEXT", help="Why; it goes on the timeline.")
@click.option("--to", default="", metavar="WHO", help="Who is called: a name, me, or rota:NAME of the path.")
@click.option("--level", type=int, metavar="N", help="Which level of the path; without it the next one.")
@click.pass_obj
def escalate(call: Call, refs: tuple[str, ...], reason: str | None, to: str, level: int | None) -> None:
    """Escalate incidents: record that somebody further up the path was called, and why.

    The path is that of the incident's service (services.NAME.escalation in the settings); its first level is called by
    the raising itself, so the first escalation goes to the second. Nobody is paged by this: call them.
    """
    from app.cli.errors import Usage
    from domain import escalation

    if not (reason or "").strip():
        raise Usage("Give a reason", 'For example: tocsin escalate INC-7K3FQ --reason "no answer for 10 minutes".')
    session, now = call.session, call.session.clock()
    paths = _paths(call, now)
    name = session.author if to == "me" else to

    def action(incident: Incident) -> Drafts:
        path = paths.of(incident, now) if name else paths.sound(incident, now)
        steps = path.steps if path else ()
        return escalation.escalate(incident, steps, reason=reason or "", to=name, level=level)

    with session.keeping(reason or ""):
        done = session.store.journal.record_all(call.ids(refs), action)
    if call.json:
        call.show(done, many=len(refs) > 1)
        return
    from domain.escalation_words import reached

    style = call.out.style
    for each in done:
        said = style(_called(each) or reached(each), "strong")
        call.out.line(f"{style(each.ref, 'ref')}  {said}  {style(each.title)}")


def _called(incident: Incident) -> str:
    """Return what was recorded just now: the newest, which need not be the highest."""
    newest = max(incident.escalations, key=lambda each: (each.at, each.entry), default=None)
    return f"level {newest.level}: {newest.to}" if newest else ""


def _paths(call: Call, now: int) -> Paths:
    from app.oncall.paths import Paths

    return Paths(call.session.loaded, now)


def next_object(path: Path | None, incident: Incident, now: int) -> dict[str, Any]:
    """Return what comes next on a path as scripts see it: `next` and `next_at`, both None when nothing does."""
    from domain.times import iso

    found = path.standing(incident, now) if path else None
    coming = (found.due[-1] if found.due else found.next) if found else None
    if path is None or coming is None:
        return {"next": None, "next_at": None, "due": False}
    step = next(each for each in path.steps if each.level == coming.level)
    following = {"level": coming.level, "to": step.who or None, "round": coming.round}
    return {"next": following, "next_at": iso(coming.at), "due": bool(found and found.due)}
