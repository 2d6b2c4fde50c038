"""`silence`: nothing rings for incidents until a time, with a reason."""

from __future__ import annotations

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb


@click.command("silence", cls=Verb)
@click.argument("refs", nargs=-1, required=True, type=REF)
@click.option("--for", "length", metavar="DURATION", help="How long: 30m, 2h, 1d.")
@click.option("--until", metavar="TIME", help="Until when: 18:00, tomorrow 09:00, a date and time.")
@click.option("--reason", metavar="TEXT", help="Why; it is on the timeline and in the hand-over.")
@click.option("--end", is_flag=True, help="End the silence now.")
@click.pass_obj
def silence(
    call: Call, refs: tuple[str, ...], length: str | None, until: str | None, reason: str | None, end: bool
) -> None:
    """Silence incidents: no warning, reminder or escalation until a time; the clocks of their targets run on.

    A silence ends by itself when the incident gets worse: a worse severity or priority than when it was set, a
    reopening, or an alert that had not fired before.
    """
    from functools import partial

    from app.cli.errors import Usage
    from domain.silences import end_silence
    from domain.silences import silence as hush

    if sum((length is not None, until is not None, end)) != 1:
        raise Usage("Say how long, or until when", "Give one of --for 2h, --until 18:00 and --end.")
    session, now = call.session, call.session.clock()
    if end:
        act = partial(end_silence, now=now, reason=reason or "")
    else:
        if not reason:
            raise Usage("Say why it is silenced", "Give --reason TEXT.")
        act = partial(hush, until=_moment(call, length, until), reason=reason, now=now)
    done = session.store.journal.record_all(call.ids(refs), act)
    call.show(done, many=len(refs) > 1)


def _moment(call: Call, length: str | None, until: str | None) -> int:
    from domain.times import parse_duration, parse_until

    now = call.session.clock()
    return now + parse_duration(length) if length is not None else parse_until(until or "", now, call.session.zone)
