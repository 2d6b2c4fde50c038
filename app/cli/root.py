"""The command `tocsin`: finds a verb by its name, imports only its module, and turns what goes wrong into words."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import Verbs

if TYPE_CHECKING:
    from app.firstframe import FirstFrame

# name -> (module, attribute), in the order of the help.
VERBS: Mapping[str, tuple[str, str]] = {
    "raise": ("app.cli.raising", "raise_"),
    "list": ("app.cli.read", "list_"),
    "show": ("app.cli.read", "show"),
    "log": ("app.cli.read", "log"),
    "note": ("app.cli.record", "note"),
    "ack": ("app.cli.move", "ack"),
    "take": ("app.cli.move", "take"),
    "move": ("app.cli.move", "move"),
    "mitigate": ("app.cli.move", "mitigate"),
    "escalate": ("app.cli.escalate", "escalate"),
    "set": ("app.cli.change", "set_"),
    "assign": ("app.cli.change", "assign"),
    "link": ("app.cli.link", "link"),
    "follow-up": ("app.cli.record", "follow_up"),
    "run": ("app.cli.run", "run"),
    "postmortem": ("app.cli.postmortem", "postmortem"),
    "update": ("app.cli.updating", "update"),
    "told": ("app.cli.updating", "told"),
    "outbox": ("app.cli.outside", "outbox"),
    "regulate": ("app.cli.regulate", "regulate"),
    "redact": ("app.cli.record", "redact"),
    "restrict": ("app.cli.restrict", "restrict"),
    "undo": ("app.cli.move", "undo"),
    "merge": ("app.cli.merge", "merge"),
    "silence": ("app.cli.silence", "silence"),
    "remind": ("app.cli.remind", "remind"),
    "handover": ("app.cli.handover", "handover"),
    "conflicts": ("app.cli.conflicts", "conflicts"),
    "settle": ("app.cli.conflicts", "settle"),
    "sla": ("app.cli.sla", "sla"),
    "oncall": ("app.cli.oncall", "oncall"),
    "sync": ("app.cli.sync", "sync"),
    "remote": ("app.cli.remote", "remote"),
    "hub": ("app.cli.hub", "hub"),
    "ingest": ("app.cli.ingest", "ingest"),
    "export": ("app.cli.files", "export"),
    "import": ("app.cli.files", "import_"),
    "backup": ("app.cli.files", "backup"),
    "restore": ("app.cli.files", "restore"),
    "verify": ("app.cli.files", "verify"),
    "rights": ("app.cli.rights", "rights"),
    "hooks": ("app.cli.hooks", "hooks"),
    "doctor": ("app.cli.doctor", "doctor"),
    "config": ("app.cli.configuration", "config"),
    "demo": ("app.cli.demo", "demo"),
    "completion": ("app.cli.completion", "completion"),
}
_COMPLETE = "_TOCSIN_COMPLETE"
# Importing SQLModel makes half a million objects and no garbage; looking for some took a quarter of a verb's time.
_RARELY = (100_000, 50, 100)


class Root(Verbs):
    """The group of all verbs; `run` is the whole program, `main` the same for click's own tools."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a verb, None when there is none of that name."""
        if cmd_name not in VERBS:
            return None
        module, attribute = VERBS[cmd_name]
        found = getattr(import_module(module), attribute)
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or name the nearest right one."""
        name = args[0]
        if name not in VERBS and not name.startswith("-") and not ctx.resilient_parsing:
            from app.cli.errors import Usage
            from domain.vocabulary import nearest

            near = nearest(name, VERBS)
            remedy = f"Did you mean {near}? See: tocsin --help." if near else "See: tocsin --help."
            raise Usage(f"There is no verb “{name}”", remedy)
        return super().resolve_command(ctx, args)

    def run(self, args: Sequence[str], frame: FirstFrame | None = None) -> int:
        """Do what the arguments say and return the exit code; errors are told here and nowhere else."""
        _be_lenient()
        if instruction := os.environ.get(_COMPLETE):
            from click.shell_completion import shell_complete

            return shell_complete(self, {"obj": Call()}, "tocsin", _COMPLETE, instruction)
        call, usual = Call(), gc.get_threshold()
        call.frame = frame
        call.json = "--json" in (args[: args.index("--")] if "--" in args else args)  # errors of flags want to know
        gc.set_threshold(*_RARELY)
        try:
            code = self._invoke(call, list(args))
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost place
            return self.failed(error, call)
        finally:
            gc.set_threshold(*usual)
        return code

    def _invoke(self, call: Call, args: list[str]) -> int:
        try:
            with self.make_context("tocsin", args, obj=call) as ctx:
                value = self.invoke(ctx)
        except click.exceptions.Exit as done:
            return done.exit_code
        finally:
            call.close()
        return value if isinstance(value, int) else 0

    def failed(self, error: BaseException, call: Call) -> int:
        """Say what went wrong, with the terminal as it was before, and return the exit code."""
        from app.cli.errors import BROKEN_PIPE, problem_of, silence_stdout, tell, unforeseen

        _be_lenient()
        if call.frame is not None:
            call.frame.undo()
        problem = problem_of(error) or unforeseen(error, os.environ)
        tell(problem, as_json=call.json)
        if problem.exit_code == BROKEN_PIPE or isinstance(error, OSError):
            silence_stdout()
        return problem.exit_code

    def main(self, args: Sequence[str] | None = None, *_more: Any, standalone_mode: bool = True, **_extra: Any) -> Any:
        """Run and leave the interpreter with the exit code, or return it."""
        code = self.run(sys.argv[1:] if args is None else args)
        if standalone_mode:
            sys.exit(code)
        return code


def _be_lenient() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a locale without “→” prints “?”


@click.command(
    "tocsin", cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.pass_context
def tocsin(ctx: click.Context) -> int | None:
    """Keep one queue of incidents, which works when the network does not.

    Without a verb, the queue is opened on the screen; or printed, when this is no terminal.
    """
    if ctx.invoked_subcommand is not None:
        return None
    call: Call = ctx.obj
    if call.json or not is_terminal("stdin") or not is_terminal("stdout") or os.environ.get("TERM") == "dumb":
        from app.cli.read import OPEN, show_queue

        show_queue(call, OPEN, None)
        return 0
    return open_screen(call)


def open_screen(call: Call, *, hooked: bool = True) -> int:
    """Open the queue on the screen, with the garbage collector as Python has it: a long pause would be seen."""
    from app.tui import run_tui

    gc.freeze()
    gc.set_threshold(700, 10, 10)
    return run_tui(call.session.loaded, call.frame, hooked=hooked)
