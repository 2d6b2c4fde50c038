"""Writes docs/cli.md, docs/settings.md and docs/tocsin.1 from the code: `python -m app.cli.reference`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.root import tocsin
from app.cli.verb import GlobalOption
from app.cli.version import VERSION

_EXIT_CODES = (
    (0, "done"),
    (1, "failed; the message says why"),
    (2, "usage: a flag, field or value that does not exist"),
    (3, "no such incident, or a ref that fits several"),
    (4, "a rule or a right refused it"),
    (7, "the settings or the store cannot be used"),
    (130, "interrupted"),
    (141, "the reader of the output went away"),
)
_ENVIRONMENT = (
    ("TOCSIN_DATABASE", "the store, as --database"),
    ("TOCSIN_CONFIG", "the settings file, as --config"),
    ("TOCSIN_*", "any setting, see docs/settings.md"),
    ("NO_COLOR, FORCE_COLOR", "no colours, or colours even into a pipe"),
    ("VISUAL, EDITOR", "what writes a note or a post-mortem"),
    ("XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where the settings, the store, and crash reports are"),
)


def every_command() -> Iterator[click.Context]:
    """Yield a context of the program, of every verb, and of every verb's verbs, in the order of the help."""
    root = click.Context(tocsin, info_name="tocsin", **tocsin.context_settings)
    yield root
    yield from _below(root, tocsin)


def _below(parent: click.Context, group: click.Group) -> Iterator[click.Context]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None:
            continue
        ctx = click.Context(command, info_name=name, parent=parent)
        yield ctx
        if isinstance(command, click.Group):
            yield from _below(ctx, command)


def usage(ctx: click.Context) -> str:
    """Return how a command is called, on one line."""
    return " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])


def paragraphs(ctx: click.Context) -> list[str]:
    """Return a command's help, a paragraph an item, each on one line."""
    text = (ctx.command.help or "").replace("\b", "")
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def flags(ctx: click.Context, *, everywhere: bool = False) -> list[tuple[str, str]]:
    """Return (flag, help) of a command's own flags, or of those that every verb takes."""
    params = [
        p
        for p in ctx.command.get_params(ctx)
        if isinstance(p, click.Option) and isinstance(p, GlobalOption) == everywhere
    ]
    return [record for param in params if (record := param.get_help_record(ctx))]


def markdown() -> str:
    """Return docs/cli.md."""
    root, *verbs = every_command()
    lines = ["# The command line", "", "This page is made from the code by `python -m app.cli.reference`.", ""]
    lines += [text for part in paragraphs(root) for text in (part, "")]
    lines += ["Flags of every verb, before or after its name:", ""]
    lines += [_item(*flag) for flag in flags(root, everywhere=True)] + [""]
    lines += ["## Exit codes", "", *(f"* `{code}`: {meaning}" for code, meaning in _EXIT_CODES), ""]
    lines += ["## Environment", "", *(f"* `{name}`: {meaning}" for name, meaning in _ENVIRONMENT), ""]
    lines += ['With `--json` an error is `{"error": {"code", "message", "remedy"}}` on stderr; see docs/json.md.', ""]
    for ctx in verbs:
        lines += [f"## `{ctx.command_path}`", "", "```", usage(ctx), "```", ""]
        lines += [text for part in paragraphs(ctx) for text in (part, "")]
        own = [_item(*flag) for flag in flags(ctx) if "--help" not in flag[0]]
        lines += [*own, ""] if own else []
    return "\n".join(lines).rstrip() + "\n"


def _item(flag: str, text: str) -> str:
    return f"* `{flag}`: {' '.join(text.split())}"


def manual() -> str:
    """Return docs/tocsin.1, a manual page."""
    root, *verbs = every_command()
    lines = [f'.TH TOCSIN 1 "" "tocsin {VERSION}" "User Commands"', ".SH NAME"]
    lines += [r"tocsin \- one queue of incidents, which works when the network does not"]
    lines += [".SH SYNOPSIS", ".B tocsin", r"[\fIOPTIONS\fR] [\fIVERB\fR [\fIARGS\fR]...]", ".SH DESCRIPTION"]
    lines += [text for part in paragraphs(root) for text in (_roff(part), ".PP")][:-1]
    lines += [".SH OPTIONS", *_roff_list(flags(root, everywhere=True)), ".SH VERBS"]
    for ctx in verbs:
        lines += [f".SS {_roff(usage(ctx).removeprefix('tocsin '))}"]
        lines += [text for part in paragraphs(ctx) for text in (_roff(part), ".PP")][:-1]
        lines += _roff_list([flag for flag in flags(ctx) if "--help" not in flag[0]])
    lines += [".SH EXIT STATUS", *_roff_list([(str(code), meaning) for code, meaning in _EXIT_CODES])]
    lines += [".SH ENVIRONMENT", *_roff_list(list(_ENVIRONMENT))]
    return "\n".join(lines) + "\n"


def _roff_list(pairs: list[tuple[str, str]]) -> Iterator[str]:
    for term, text in pairs:
        yield from (".TP", f".B {_roff(term)}", _roff(" ".join(text.split())))


def _roff(text: str) -> str:
    """Escape what roff would obey, or not know: backslashes, hyphens, curly quotes, a leading full stop or quote."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("“", r"\(lq").replace("”", r"\(rq")
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


def pages() -> dict[str, str]:
    """Return every generated page by its file name in docs/."""
    from app.cli.settings_reference import page

    return {"cli.md": markdown(), "tocsin.1": manual(), "settings.md": page()}


def main() -> None:
    """Write the pages into docs/."""
    folder = Path(__file__).resolve().parents[2] / "docs"
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
