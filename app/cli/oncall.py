"""`oncall`: who is on call for a service, until when, who comes next, and whom to call when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import Verb

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from app.cli.output import Style
    from app.oncall.roster import Problem
    from domain.oncall.rotas import Duty, Shift
    from domain.oncall.services import Roster, Service, Step

_SHOWN = 3  # gaps, for people
_MANUAL = "Describe them in the settings (tocsin config path); docs/oncall.md has examples."


class ServiceName(click.ParamType[str]):
    """The name of a service or a rota, which completes itself."""

    name = "service"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the names in the settings that begin so."""
        from click.shell_completion import CompletionItem

        try:
            given = ctx.ensure_object(Call).session.settings
        except Exception:  # noqa: BLE001 - a completion that fails offers nothing; the verb itself will say why
            return []
        names = [*given.services, *given.rotas]
        return [CompletionItem(each) for each in names if each.casefold().startswith(incomplete.casefold())]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of one service, or of a rota that no service has."""

    service: Service | None
    rota: str
    duty: Duty | None
    gaps: list[Shift]
    path: tuple[Step, ...]
    problems: list[Problem]


@click.command("oncall", cls=Verb)
@click.argument("service", required=False, type=ServiceName())
@click.option("--at", metavar="TIME", help="Another time than now: 18:00, +3d, 2026-12-24T09:00.")
@click.pass_obj
def oncall(call: Call, service: str | None, at: str | None) -> None:
    """Say who is on call now and next, for SERVICE (or a rota), or for every service.

    It needs no network: rotas are in the settings, or in a calendar file that they name. The exit code is 7 when
    something in them cannot be used; what can be is printed all the same.
    """
    from app.oncall.roster import bad_settings, read_roster
    from domain.oncall.reading import asked_moment

    session, zone = call.session, call.session.zone
    moment = session.clock() if at is None else asked_moment(at, session.clock(), zone)
    roster, problems = read_roster(session.loaded, moment)
    answers = _answers(call, roster, problems, service, moment)
    if call.json:
        from domain.times import iso

        call.out.object({"at": iso(moment), "services": [_object(each) for each in answers]})
    elif answers:
        _tell(call, answers, moment)
    elif not problems:
        call.out.line(f"No rotas and no services are set. {_MANUAL}")
    minded = problems if service is None else [problem for each in answers for problem in each.problems]
    if minded:
        raise bad_settings(minded)


def _answers(call: Call, roster: Roster, problems: list[Problem], asked: str | None, at: int) -> list[_Answer]:
    from app.oncall.roster import ONCALL, problems_of

    services = list(roster.services.values()) if asked is None else [each for each in [roster.service(asked)] if each]
    found = [_answer(roster, each, each.rota, problems_of(each, problems), at) for each in services]
    if asked is not None and found:
        return found
    used = {each.rota for each in services}
    rotas = [each for each in call.session.settings.rotas if each not in used]
    if asked is not None:
        rotas = [each for each in rotas if each.casefold() == asked.strip().casefold()]
    of_rota = {each: [p for p in problems if p.owner == ("rotas", each)] for each in rotas}
    # A rota that cannot be used is named by its error; only who asks for it gets an answer without anybody.
    found += [_answer(roster, None, each, of_rota[each], at) for each in rotas if asked or each in roster.rotas]
    if asked is not None and not found:
        for section in ONCALL:
            call.session.loaded.need(section)  # who knows whether it is in there
        raise _unknown(call, asked)
    return found


def _answer(roster: Roster, service: Service | None, rota: str, problems: list[Problem], at: int) -> _Answer:
    from app.oncall.wording import AHEAD
    from domain.oncall.rotas import duty, gaps

    usable = roster.rotas.get(rota)
    path = roster.escalation(service.name, at) if service else ()
    if usable is None:
        return _Answer(service, rota, None, [], path, problems)
    return _Answer(service, rota, duty(usable, at), gaps(usable, at, AHEAD), path, problems)


def _unknown(call: Call, asked: str) -> Exception:
    from domain.errors import BadValue
    from domain.vocabulary import nearest

    names = {each.casefold(): each for each in (*call.session.settings.services, *call.session.settings.rotas)}
    near = nearest(asked.casefold(), names)
    known = f"Known: {', '.join(names.values())}." if names else f"No rotas and no services are set. {_MANUAL}"
    remedy = f"Did you mean {names[near]}?" if near else known
    return BadValue(f"There is no service “{asked}” in the settings", remedy, "bad_value")


# -- for scripts -------------------------------------------------------------------------------------------------------


def _object(answer: _Answer) -> dict[str, Any]:
    from domain.times import iso

    duty = answer.duty
    return {
        "service": answer.service.name if answer.service else None,
        "rota": answer.rota or None,
        "owner": (answer.service.owner or None) if answer.service else None,
        "now": _shift(duty.shift) if duty and not duty.gap else None,
        "next": _shift(duty.next) if duty and duty.next else None,
        "gap": duty.gap if duty else False,
        "gaps": [{"from": iso(each.begin), "until": iso(each.end)} for each in answer.gaps],
        "escalation": [_step(each, answer.service) for each in answer.path],
        "until": answer.service.until if answer.service else None,
        "repeat": answer.service.repeat if answer.service else 0,
    }


def _shift(shift: Shift) -> dict[str, Any]:
    from domain.times import iso

    return {"who": shift.who, "from": iso(shift.begin), "until": iso(shift.end), "override": shift.override}


def _step(step: Step, service: Service | None) -> dict[str, Any]:
    timers = service.timers(step.level) if service else {}
    after = {name or "other": ms // 1000 for name, ms in timers.items()}
    rota = step.name if step.is_rota else None
    return {"level": step.level, "rota": rota, "who": step.who or None, "after_s": after}


# -- for people --------------------------------------------------------------------------------------------------------


def _tell(call: Call, answers: list[_Answer], at: int) -> None:
    style = call.out.style
    for number, each in enumerate(answers):
        if number:
            call.out.line()
        call.out.line("  ".join(_heading(each, style)))
        for name, text, role in (*_duty_lines(call, each, at), *_path_lines(each)):
            call.out.line(f"  {style(f'{name:<11}', 'dim')} {style(text, role)}")


def _heading(answer: _Answer, style: Style) -> Iterator[str]:
    if answer.service is None:
        yield f"{style('rota', 'dim')} {style(answer.rota, 'strong')}"
        return
    yield style(answer.service.name, "strong")
    if answer.rota:
        yield f"{style('rota', 'dim')} {style(answer.rota)}"
    if answer.service.owner:
        yield f"{style('owner', 'dim')} {style(answer.service.owner)}"


def _duty_lines(call: Call, answer: _Answer, at: int) -> Iterator[tuple[str, str, str]]:
    """Yield who is on call and who comes next, each as a name, a text and how it is painted."""
    from app.oncall.wording import gap_words
    from domain.durations import short
    from domain.times import stamp

    duty, zone = answer.duty, call.session.zone
    if duty is None:
        yield "now", "not known: its rota cannot be used" if answer.problems else "no rota is set for it", "warning"
        return
    end = duty.shift.end
    until = f", until {stamp(end, zone)} (in {short(end - at)})" if end is not None else ", with no end in sight"
    instead = ", as an override" if duty.shift.override else ""
    yield "now", f"{duty.who or 'nobody'}{instead}{until}", "alarm" if duty.gap else "good"
    following = duty.next
    if following and following.begin is not None:
        instead = ", as an override" if following.override else ""
        last = f" until {stamp(following.end, zone)}" if following.end is not None else ""
        yield "next", f"{following.who}{instead}, from {stamp(following.begin, zone)}{last}", ""
    elif end is not None:
        yield "next", "nobody", "alarm"
    later = [gap for gap in answer.gaps if gap.begin is not None and gap.begin > at]
    yield from (("gap", f"nobody {gap_words(gap, zone)}", "warning") for gap in later[:_SHOWN])
    if len(later) > _SHOWN:
        yield "", f"and {len(later) - _SHOWN} more gaps in these 14 days", "warning"


def _path_lines(answer: _Answer) -> Iterator[tuple[str, str, str]]:
    from domain.oncall.timing import in_words

    service = answer.service
    for step in answer.path:
        who = f"{step.who or 'nobody'} (rota {step.name})" if step.is_rota else step.who
        stands = in_words(service.timers(step.level)) if service else ""
        last = service is not None and step.level == len(answer.path) and not service.repeat
        said = f"{step.level}. {who}{f', then after {stands}' if stands and not last else ''}"
        yield ("escalation" if step.level == 1 else ""), said, "" if step.who else "warning"
    if service and service.repeat and service.path:
        yield "", f"and again from 1, {service.repeat} times", ""
