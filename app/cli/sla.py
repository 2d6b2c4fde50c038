"""`sla`: how many targets were kept; and the clocks of one incident, for `show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb

if TYPE_CHECKING:
    from app.cli.output import Style
    from domain.attainment import Attainment, Tally
    from domain.clocks import Clock, Clocks, Policy
    from domain.incident import Incident
    from domain.replay import Replay

_CLOSED = "status:closed"
_HEADINGS = f"{'PRIORITY':<10}{'TARGET':<12}{'HAD':>7}{'MET':>7}{'BREACHED':>10}{'UNANSWERED':>12}{'PERCENT':>9}"


@click.command("sla", cls=Verb, context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1)
@click.pass_obj
def sla(call: Call, query: tuple[str, ...]) -> None:
    """Say how many targets were kept: of all closed incidents, or of those that match QUERY.

    Drills, duplicates, and what was invalid or ignored are left out and counted. Targets are set in the settings, below
    sla; docs/sla.md has examples.
    """
    from app.targets import policy_of
    from domain.attainment import attained

    if wrong := next((word for word in query if word.startswith("--")), None):
        from app.cli.errors import Usage

        raise Usage(f"There is no option {wrong}", "See: tocsin sla --help.")
    policy, now = policy_of(call.session.loaded), call.session.clock()
    found = attained(_closed(call, " ".join(query), policy, now), now)
    if call.json:
        call.out.object(_object(found))
    else:
        call.out.lines(_lines(found, call.out.style))


def _closed(call: Call, text: str, policy: Policy, now: int) -> Iterator[tuple[str | None, Clocks]]:
    from domain.clocks import clocks
    from domain.query import parse

    query, reader, key = parse(f"{_CLOSED} {text}"), call.session.store.reader, -1
    while rows := reader.after(key, 500, query, now):
        for row in rows:
            replay = reader.replay(row.id)
            incident = replay.result()
            yield incident.priority, clocks(replay, incident, policy)
        key = rows[-1].key


def _object(found: Attainment) -> dict[str, Any]:
    return {
        "counted": found.counted,
        "left_out": dict(found.left_out),
        **_tallies(found.total),
        "by_priority": {priority: _tallies(each) for priority, each in found.by_priority.items()},
    }


def _tallies(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {name: _tally(each) for name, each in tallies.items()}


def _tally(tally: Tally) -> dict[str, Any]:
    percent = None if tally.percent is None else round(tally.percent, 1)
    return {"had": tally.had, **tally._asdict(), "percent": percent}


def _lines(found: Attainment, style: Style) -> Iterator[str]:
    rows = [*found.by_priority.items(), ("all", found.total)]
    yield style(_HEADINGS, "dim")
    for priority, tallies in rows:
        for name, tally in tallies.items():
            percent = "-" if tally.percent is None else f"{tally.percent:.1f} %"
            numbers = f"{tally.had:>7,}{tally.met:>7,}{tally.breached:>10,}{tally.unanswered:>12,}{percent:>9}"
            yield style(f"{priority:<10}{name:<12}{numbers}", "warning" if tally.breached else "")
    left = [f"{number:,} {reason.replace('_', ' ')}" for reason, number in found.left_out.items() if number]
    yield style(f"{found.counted:,} closed incidents counted; left out: {', '.join(left) or 'none'}.", "dim")


# -- one incident ------------------------------------------------------------------------------------------------------


def clocks_of(call: Call, replay: Replay, incident: Incident) -> Clocks:
    """Return an incident's clocks; when the settings give no usable targets, that is said and there are none."""
    from app.loading import BadSettings
    from app.targets import policy_of
    from domain.clocks import Clocks, clocks
    from domain.text import safe_text

    try:
        policy = policy_of(call.session.loaded)
    except BadSettings as error:
        click.echo(safe_text(f"tocsin: no SLA clocks: {error.message}. {error.remedy}"), err=True)
        return Clocks(none="bad_settings")
    return clocks(replay, incident, policy)


def sla_object(clocks: Clocks, now: int) -> dict[str, Any]:
    """Return an incident's clocks as scripts see them; without a target everything is null."""
    response, resolution = _clock_object(clocks.response, now), _clock_object(clocks.resolution, now)
    return {"response": response, "resolution": resolution, "none": clocks.none or None}


def _clock_object(clock: Clock | None, now: int) -> dict[str, Any]:
    from domain.times import iso

    if clock is None:
        return dict.fromkeys(("target_at", "met", "state", "left_s", "paused", "target_s", "hours"))
    left = clock.left(now)
    return {
        "target_at": iso(clock.due(now)),
        "met": clock.met(now),
        "state": clock.state(now),
        "left_s": None if left is None else left // 1000,
        "paused": clock.state(now) == "paused",
        "target_s": clock.target // 1000,
        "hours": clock.hours.name,
    }
