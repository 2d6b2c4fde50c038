"""`hooks`: what sees what is recorded, whether it may run, and what it says when it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call
from app.cli.verb import REF, Verb, Verbs

if TYPE_CHECKING:
    from app.hooks.finding import Hook
    from app.hooks.process import Ended
    from storage.witness import Act

_SHOWN = 20  # lines of a hook's output in a terminal
_ROLES = {"runs": "good", "off": "dim", "broken": "alarm", "unsafe": "alarm"}


@click.group("hooks", cls=Verbs)
def hooks() -> None:
    """List your hooks, or try them: programs that may refuse what is recorded, or are told of it."""


@hooks.command("list", cls=Verb)
@click.pass_obj
def list_(call: Call) -> None:
    """List the hooks in the order they run, and what is wrong with those that do not."""
    from app.hooks.finding import everything

    folder, settings = call.session.hook_folder(), call.session.settings.hooks
    found = everything(folder) if folder.is_dir() else []
    if call.json:
        listed = [_object(each) for each in found]
        call.out.object({"folder": str(folder), "enabled": settings.enabled, "hooks": listed})
        return
    style = call.out.style
    if not found:
        call.out.line(style(f"No hooks. They are programs in {folder}, called pre-record, post-record or reminder."))
    for each in found:
        target = f" -> {each.target}" if each.path.is_symlink() else ""
        state = style(f"{each.state:<6}", _ROLES[each.state])
        call.out.line(f"{state}  {style(each.name, 'strong')}{style(target, 'dim')}")
        call.out.lines(style(f"        {line}", "dim") for line in (each.says, each.remedy) if line)
    if not settings.enabled:
        click.echo("They are off: hooks.enabled = false.", err=True)


def _object(hook: Hook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "stage": hook.stage or None,
        "path": str(hook.path),
        "state": hook.state,
        "says": hook.says or None,
        "remedy": hook.remedy or None,
    }


@hooks.command("test", cls=Verb)
@click.argument("ref", required=False, type=REF)
@click.pass_obj
def test(call: Call, ref: str | None) -> int:
    """Run the hooks on the newest act of REF, or of the whole store, and show what they say.

    Nothing is recorded or refused, but what they do is done: a message is posted. The document says that it is a
    test. The exit code is 1 when one refuses, fails or does not run.
    """
    from app.hooks.finding import STAGES, hooks_of

    act, session = _newest(call, ref), call.session
    found = [hook for stage in STAGES for hook in hooks_of(session.hook_folder(), stage)]
    ran = [(hook, _try(call, hook, act) if hook.state == "runs" else None) for hook in found]
    if call.json:
        results = [{**_object(hook), **_result(ended)} for hook, ended in ran]
        call.out.object({"ref": act.incidents[0].ref, "entry": act.entries[-1].id, "hooks": results})
    else:
        _tell(call, act, ran)
    return 1 if any(_is_bad(hook, ended) for hook, ended in ran) else 0


def _newest(call: Call, ref: str | None) -> Act:
    from storage.errors import NotFound
    from storage.witness import Act

    reader = call.session.store.reader
    incident = reader.resolve(ref) if ref else reader.newest()
    if incident is None:
        raise NotFound("There is no incident to try the hooks on", "Raise one: tocsin raise TITLE.")
    entries = reader.entries(incident)
    action = entries[-1].payload.get("action")
    act = [entry for entry in entries[:-1] if action and entry.payload.get("action") == action]
    return Act((*act, entries[-1]), (reader.incident(incident),))


def _try(call: Call, hook: Hook, act: Act) -> Ended:
    from app.hooks.finding import PRE, REMINDER

    if hook.stage == REMINDER:
        from app.hooks.reminding import run_one, sample

        return run_one(call.session.hooks, hook, [sample(act.incidents[0])], lambda: False, test=True)
    settings = call.session.settings.hooks
    seconds = settings.pre_time if hook.stage == PRE else settings.post_time
    return call.session.hooks.run(hook, act, seconds, lambda: False, test=True)


def _is_bad(hook: Hook, ended: Ended | None) -> bool:
    return hook.state != "off" if ended is None else ended.code != 0 or ended.held


def _result(ended: Ended | None) -> dict[str, Any]:
    if ended is None:
        return {"outcome": "not_run", "exit_code": None, "duration_ms": None, "stdout": "", "stderr": "", "cut": 0}
    return {
        "outcome": ended.how,
        "exit_code": ended.code,
        "duration_ms": ended.took_ms,
        "stdout": ended.out.decode("utf-8", "replace"),
        "stderr": ended.err.decode("utf-8", "replace"),
        "cut": ended.lost,
    }


def _tell(call: Call, act: Act, ran: list[tuple[Hook, Ended | None]]) -> None:
    style = call.out.style
    kinds = ", ".join(dict.fromkeys(f"{entry.kind} {entry.what}" for entry in act.entries))
    call.out.line(f"On {style(act.incidents[0].ref, 'ref')}: {style(kinds)}")
    if not ran:
        call.out.line(style(f"No hooks in {call.session.hook_folder()}."))
    for hook, ended in ran:
        name = style(hook.name, "strong")
        if ended is None:
            call.out.line(f"{name}  {style('not run', 'alarm')}  {style(hook.says)}")
            call.out.line(f"    {style(hook.remedy, 'dim')}")
        else:
            call.out.line(f"{name}  {style(*_said(hook, ended))}  {ended.took_ms:,} ms")
            _print(call, "stdout", ended.out)
            _print(call, "stderr", ended.err)


def _said(hook: Hook, ended: Ended) -> tuple[str, str]:
    """Return what came of a run, and the role it is painted in."""
    from app.hooks.finding import PRE
    from app.hooks.words import reason_of, trouble_of

    if hook.stage == PRE and ended.code is not None and ended.code > 0:
        return f"refuses: {reason_of(ended)}", "warning"
    trouble = trouble_of("it", ended, ended.took_ms / 1000)
    return (trouble, "alarm") if trouble else ("allows it" if hook.stage == PRE else "done", "good")


def _print(call: Call, name: str, data: bytes) -> None:
    lines = data.decode("utf-8", "replace").splitlines()
    for line in lines[:_SHOWN]:
        call.out.line(call.out.style(f"    {name}: {line}", "dim"))
    if len(lines) > _SHOWN:
        call.out.line(call.out.style(f"    {name}: {len(lines) - _SHOWN:,} lines more", "dim"))
