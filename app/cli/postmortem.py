"""`postmortem`: the document of an incident is shown, edited, exported, published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, Verb

if TYPE_CHECKING:
    from domain.entry import Draft
    from domain.incident import Incident
    from domain.postmortem import Document

_LATER = ("html", "pdf")


@click.command("postmortem", cls=Verb)
@click.argument("ref", type=REF)
@click.option("--show", is_flag=True, help="Print it as Markdown (what happens without a flag, too).")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR, or take the whole of it from the pipe.")
@click.option("--export", "form", type=click.Choice(["md", "json", *_LATER]), help="Write it in this format.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="To this file.")
@click.option("--publish", is_flag=True, help="Record that it is published; after an edit, if both are given.")
@click.pass_obj
def postmortem(
    call: Call, ref: str, show: bool, edit: bool, form: str | None, output: Path | None, publish: bool
) -> None:
    """Show, edit, export or publish the post-mortem of an incident.

    Its sections are headings of a Markdown document; what the timeline already tells is filled in.
    """
    from app.cli.errors import Usage

    if form in _LATER:
        raise Usage(f"Post-mortems as {form} come with a later version", "Use --export md or --export json.")
    if output and not form:
        raise Usage("-o needs a format", "Give --export md or --export json.")
    (identifier,) = call.ids((ref,))
    if edit:
        _edit(call, identifier)
    if publish:
        _publish(call, identifier)
    if form:
        _export(call, identifier, form, output)
    elif show or call.json or not (edit or publish):
        _show(call, identifier)


def document_of(call: Call, identifier: str) -> Document:
    """Return the post-mortem of an incident as it stands."""
    from domain.postmortem import build

    reader, session = call.session.store.reader, call.session
    replay = reader.replay(identifier)
    incident = reader.named(replay.result())
    return build(incident, replay, session.zone, session.settings.postmortem_sections)


def _show(call: Call, identifier: str) -> None:
    if call.json:
        from app.export.postmortem_json import to_dict

        call.out.object(to_dict(document_of(call, identifier)))
        return
    from app.export.markdown import render
    from domain.text import safe_text

    call.out.line(safe_text(render(document_of(call, identifier)), keep_newlines=True).rstrip("\n"))


def _edit(call: Call, identifier: str) -> None:
    from app.export.markdown import parse, render
    from domain import actions

    session = call.session
    before = session.store.reader.incident(identifier)
    document = document_of(call, identifier)
    typed = is_terminal("stdin")
    text = _edited(render(document)) if typed else _piped()
    if text is None:
        click.echo("Nothing was changed.", err=True)
        return
    with session.keeping(text, typed=typed):
        texts = parse(text, document)
        if not actions.write_sections(before, texts):
            click.echo("Nothing was changed.", err=True)
            return
        after = session.store.journal.record(identifier, lambda it: _written(before, it, texts))
    _line(call, after)


def _written(before: Incident, now: Incident, texts: dict[str, str]) -> tuple[Draft, ...]:
    """Return the drafts of what was edited, unless somebody else has changed one of these sections meanwhile."""
    from domain import actions
    from domain.errors import Refused

    changed = {name: text for name, text in texts.items() if before.sections.get(name) != text}
    lost = [name for name in changed if now.sections.get(name) != before.sections.get(name)]
    if lost:
        what = f"Somebody has changed {', '.join(lost)} of {now.ref} meanwhile"
        raise Refused(what, "Look at it (--show), then put your text in.", "changed")
    return actions.write_sections(now, changed)


def _edited(text: str) -> str | None:
    from app.cli.errors import Failed

    try:
        return click.edit(text, extension=".md", require_save=True)
    except click.ClickException as error:
        raise Failed(f"The editor failed: {error.format_message()}", "Set $EDITOR, or pipe the text in.") from error


def _piped() -> str:
    from app.cli.call import piped_text
    from domain import limits

    return piped_text(16 * limits.SECTION)


def _publish(call: Call, identifier: str) -> None:
    from domain import actions

    _line(call, call.session.store.journal.record(identifier, actions.publish))


def _line(call: Call, incident: Incident) -> None:
    if not call.json:  # then the document follows, and there is one of it only
        call.show([incident])


def _export(call: Call, identifier: str, form: str, output: Path | None) -> None:
    if output is None:
        call.json = call.json or form == "json"
        _show(call, identifier)
        return
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_rendered(call, identifier, form))
    if call.json:
        call.out.object({"file": str(output)})
    else:
        call.out.line(call.out.style(f"Written to {output}"))


def _rendered(call: Call, identifier: str, form: str) -> str:
    document = document_of(call, identifier)
    if form == "json":
        import json

        from app.export.postmortem_json import to_dict

        return json.dumps(to_dict(document), ensure_ascii=False, indent=2) + "\n"
    from app.export.markdown import render

    return render(document)
