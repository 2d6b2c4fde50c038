"""What people write down: `note` and `follow-up`."""

from __future__ import annotations

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, Verb


@click.command("note", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("text", required=False)
@click.option("--at", metavar="TIME", help="When it happened: 14:05, -12m or a date and time.")
@click.option("--yes", is_flag=True, help="Do not ask about what looks like a secret.")
@click.pass_obj
def note(call: Call, ref: str, text: str | None, at: str | None, yes: bool) -> None:
    """Add a note to the timeline: TEXT, or what is piped in (-), or what $EDITOR gives.

    A text that begins with @14:05 or -12m happened then.
    """
    from domain import actions
    from domain.notes import split_when

    session = call.session
    typed = text is None and is_terminal("stdin")
    if typed:
        call.ids((ref,))  # a wrong ref is told before anybody writes a text
        text = _edited()
    text = _piped() if text in (None, "-") else text
    with session.keeping(text or "", typed=typed):
        (identifier,) = call.ids((ref,))
        occurred_at, rest = call.moment(at), text or ""
        if occurred_at is None:
            occurred_at, rest = split_when(rest, session.clock(), session.zone)
        drafts = actions.note(rest, occurred_at=occurred_at)
        warn_of_secrets(rest, ask=not yes)
        incident = session.store.journal.record(identifier, lambda _incident: drafts)
    call.show([incident])


def _edited() -> str:
    from app.cli.errors import Failed

    try:
        text = click.edit("", extension=".md", require_save=True)
    except click.ClickException as error:
        raise Failed(f"The editor failed: {error.format_message()}", "Set $EDITOR, or give the text.") from error
    if not (text or "").strip():
        raise Failed("Nothing was written, so there is no note", "Give the text: tocsin note REF TEXT.", "nothing")
    return str(text)


def _piped() -> str:
    from app.cli.call import piped_text
    from domain import limits

    return piped_text(limits.NOTE)


def warn_of_secrets(text: str, *, ask: bool) -> None:
    """Say on stderr that a text holds something like a secret; on a terminal, ask whether to go on."""
    from domain.text import looks_secret

    found = looks_secret(text)
    if not found:
        return
    click.echo(f"tocsin: this holds what looks like a secret ({found}); a timeline is never unwritten.", err=True)
    if ask and is_terminal("stdin"):
        click.confirm("Record it all the same?", abort=True, err=True)


@click.command("follow-up", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("title", required=False)
@click.option("--owner", default="", metavar="WHO", help="Who does it; me for yourself.")
@click.option("--due", default="", metavar="DATE", help="Until when: 2026-12-01, or 2w from now.")
@click.option("--done", metavar="ID", help="Mark the follow-up of this id as done.")
@click.option("--reopen", metavar="ID", help="Mark it as not done after all.")
@click.pass_obj
def follow_up(
    call: Call, ref: str, title: str | None, owner: str, due: str, done: str | None, reopen: str | None
) -> None:
    """Add something to do after the incident, or mark it as done."""
    from app.cli.errors import Usage
    from domain import actions, ids

    if sum(each is not None for each in (title, done, reopen)) != 1:
        raise Usage("Give the title of a follow-up, or --done ID, or --reopen ID", "See what there is: tocsin show.")
    session = call.session
    (identifier,) = call.ids((ref,))
    journal = session.store.journal
    if title is None:
        wanted, finished = (done or reopen or "").upper(), done is not None
        incident = journal.record(identifier, lambda it: actions.finish_follow_up(it, wanted, finished))
    else:
        code = ids.code_of(ids.uuid7(session.clock(), journal.random_bits))[:6]
        who = session.author if owner == "me" else owner
        drafts = actions.follow_up(code, title, who, _date(call, due))
        incident = journal.record(identifier, lambda _it: drafts)
    call.show([incident])


def _date(call: Call, text: str) -> str:
    """Return an ISO date from a date or a duration from today; empty for none."""
    from datetime import date, datetime

    from domain.errors import BadTime
    from domain.times import parse_duration

    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        at = call.session.clock() + parse_duration(text.removeprefix("+"))
    except BadTime as error:
        raise BadTime(
            f"“{text}” is not a date", "Write 2026-12-01, or 2w for two weeks from now.", "bad_time"
        ) from error
    return datetime.fromtimestamp(at / 1000, call.session.zone).date().isoformat()


@click.command("redact", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("entry")
@click.option("--reason", required=True, metavar="TEXT", help="Why; this stays in the record.")
@click.pass_obj
def redact(call: Call, ref: str, entry: str, reason: str) -> None:
    """Take the text of one entry out of the record, here and wherever it is synchronised to.

    ENTRY is an id from tocsin log REF --json, or its beginning. That there was an entry, whose and when, stays.
    """
    from domain import actions

    (identifier,) = call.ids((ref,))
    with call.session.store.journal.writing() as writing:
        whole = [each for part in (identifier, *writing.parts(identifier)) for each in writing.timeline(part)]
        writing.record(identifier, actions.redact(whole, entry, reason))
    call.show([writing.results[identifier]])
