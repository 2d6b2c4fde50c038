"""The shape of a verb: the global flags on every one, before or after its name, and refs that complete themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_TEXT = r"-(?:\d|[A-Za-z_]+:)"  # a time like -12m, a negated term like -tag:db
_ESCAPE = "\0"  # cannot occur in an argument, so it can mark one


class GlobalOption(click.Option):
    """A flag that every verb takes; shown in a section of its own."""


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value not in (None, False) and param.name:
        setattr(ctx.ensure_object(Call), param.name, value)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from app.cli.version import VERSION

    if ctx.ensure_object(Call).json:
        import json

        click.echo(json.dumps({"version": VERSION}))
    else:
        click.echo(f"tocsin {VERSION}")
    ctx.exit()


def global_options() -> list[click.Parameter]:
    """Return the flags of every verb; what is given after the verb wins."""
    say: dict[str, Any] = {"expose_value": False, "callback": _remember}
    return [
        GlobalOption(["--database"], metavar="PATH", help="The store to work on.", **say),
        GlobalOption(["--config"], metavar="PATH", help="The settings file to read.", **say),
        GlobalOption(["--json"], is_flag=True, is_eager=True, help="Print one JSON document.", **say),
        GlobalOption(
            ["--color"], type=click.Choice(["auto", "always", "never"]), help="Colour the output (auto).", **say
        ),
        GlobalOption(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Print the version and leave.",
        ),
    ]


def write_verbs(group: click.Group, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a group's verbs, each with the whole first sentence of its help."""
    found = [(name, group.get_command(ctx, name)) for name in group.list_commands(ctx)]
    with formatter.section("Verbs"):
        formatter.write_dl([(name, command.get_short_help_str(200)) for name, command in found if command])


class Verbs(click.Group):
    """A verb with verbs of its own, and the global flags."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "VERB [ARGS]...", **kwargs})
        self.params.extend(global_options())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs before the flags."""
        write_verbs(self, ctx, formatter)
        write_options(self, ctx, formatter)


def write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a command's own flags, then the global ones, into its help."""
    own: list[tuple[str, str]] = []
    everywhere: list[tuple[str, str]] = []
    for param in command.get_params(ctx):
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
            (everywhere if isinstance(param, GlobalOption) else own).append(record)
    for title, records in (("Options", own), ("Everywhere", everywhere)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


class Verb(click.Command):
    """A command with the global flags; `-12m` and `-tag:db` are texts, not flags."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(global_options())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, keeping arguments that are no flags away from the flag parser."""
        end = args.index("--") if "--" in args else len(args)
        marked = [_ESCAPE + arg if re.match(_TEXT, arg) else arg for arg in args[:end]]
        rest = super().parse_args(ctx, marked + args[end:])
        ctx.params = {name: _unescape(value) for name, value in ctx.params.items()}
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verb's own flags first."""
        write_options(self, ctx, formatter)


def _unescape(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_ESCAPE)
    return tuple(_unescape(each) for each in value) if isinstance(value, tuple) else value


class Ref(click.ParamType[str]):
    """An incident's ref, any unique beginning of it, or its id."""

    name = "ref"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the refs of open incidents that begin so, with their titles."""
        from click.shell_completion import CompletionItem

        from domain.text import one_line

        call = ctx.ensure_object(Call)
        try:
            rows = call.session.store.reader.after(-1, 500)
        except Exception:  # noqa: BLE001 - a completion that fails offers nothing; the verb itself will say why
            return []
        wanted = incomplete.upper()
        found = [row for row in rows if row.ref.startswith(wanted) or row.ref.removeprefix("INC-").startswith(wanted)]
        items = [CompletionItem(row.ref, help=one_line(row.title, 60)) for row in found[:50]]
        # To the completion every word of `move` is one of its refs, the status too.
        return items + (STATUS.shell_complete(ctx, param, incomplete) if ctx.command.name == "move" else [])


class Words(click.ParamType[str]):
    """A word of a closed list: completed here, judged by the rules, whose errors name the nearest right one."""

    def __init__(self, name: str, words: tuple[str, ...]) -> None:
        self.name, self._words = name, words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the words that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self._words if word.startswith(incomplete)]


REF = Ref()
STATUS = Words("status", ("raised", "reviewed", "validated", "resolved", "invalid", "ignored", "other", "closed"))
LEVEL = Words("level", ("high", "medium", "low"))
PRIORITY = Words("priority", ("P1", "P2", "P3", "P4"))
SEVERITY = Words("severity", ("critical", "high", "medium", "low"))
RELATION = Words("relation", ("prior", "follow-on", "cause", "effect", "duplicate", "original"))
ROLE = Words("role", ("commander", "deputy", "scribe", "communications", "operations", "expert"))
