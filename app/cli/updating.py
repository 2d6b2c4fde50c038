"""What is said outside the work: `update` writes it, `told` records that somebody heard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, Verb, Words

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from domain.actions import Drafts
    from domain.communication import Communication
    from domain.incident import Incident


class PartyName(click.ParamType[str]):
    """A party: those of the settings complete themselves, any other name will do."""

    name = "party"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the parties that begin so."""
        from click.shell_completion import CompletionItem

        from app.parties import communication_and_problems

        try:
            found = communication_and_problems(ctx.ensure_object(Call).session.loaded)[0].parties
        except Exception:  # noqa: BLE001 - a completion that fails offers nothing; the verb itself will say why
            return []
        return [CompletionItem(each.name) for each in found if each.name.lower().startswith(incomplete.lower())]


PARTY = PartyName()
WORDING = Words("wording", ("investigating", "identified", "monitoring", "resolved"))
_KNOW, _DO = "== What we know ==", "== What we do =="


@click.command("update", cls=Verb)
@click.argument("ref", type=REF)
@click.option("--wording", type=WORDING, default="", help="A status page's word; else what the state asks for.")
@click.option("--know", default="", metavar="TEXT", help="What we know; - reads it from the pipe.")
@click.option("--do", default="", metavar="TEXT", help="What we do.")
@click.option("--next", "next_update", metavar="TIME", help="When the next one comes: 30m, 15:30, a date and time.")
@click.option("--to", type=PARTY, multiple=True, metavar="PARTY", help="Who it is for; else whoever has to be told.")
@click.option("--edit", is_flag=True, help="Write it in $EDITOR, beginning with what is given.")
@click.option("--yes", is_flag=True, help="Do not ask about what looks like a secret.")
@click.pass_obj
def update(
    call: Call, ref: str, wording: str, know: str, do: str, next_update: str | None, to: tuple[str, ...],
    edit: bool, yes: bool,
) -> None:  # fmt: skip
    """Write an update for those outside the work, from a template: what we know, what we do, when the next one comes.

    It goes to the outbox: tocsin outbox REF says who still has to be told, prints the text for each (--text PARTY), and
    tocsin told REF PARTY records that they were. Parties and templates are settings; see docs/updates.md.
    """
    from functools import partial

    from app.cli.record import warn_of_secrets
    from app.parties import communication_of
    from domain.updates import write_update

    session = call.session
    words, again = communication_of(session.loaded), call.later(next_update)
    (identifier,) = call.ids((ref,))
    know = _piped() if know == "-" else know
    typed = edit or (not know and not do and is_terminal("stdin"))
    if typed:
        know, do = _edited(know, do)
    with session.keeping(_document(know, do), typed=typed):
        warn_of_secrets(f"{know}\n{do}", ask=not yes)
        act = partial(
            write_update, now=session.clock(), wording=wording, know=know, do=do, to=to, parties=words.parties,
            templates=words.templates, next_update_at=again, zone=session.zone,
        )  # fmt: skip
        incident = session.store.journal.record(identifier, act)
    _say_who(call, incident, words)
    call.show([incident])


def _say_who(call: Call, incident: Incident, words: Communication) -> None:
    """Say on stderr who is to be told; a script has it in the JSON."""
    if call.json:
        return
    from domain.text import safe_text
    from domain.vocabulary import slug

    newest = incident.updates[-1]
    names = ", ".join(newest.to)
    waits = {slug(each.party.name) for each in words.waiting(incident, call.session.clock())}
    left = [name for name in newest.to if slug(name) in waits]
    then = f" Then: tocsin told {incident.ref} --all, which records {', '.join(left)}" if left else ""
    said = f"for {names}.{then}" if names else "a drill: nobody is told"
    click.echo(safe_text(f"tocsin: written as “{newest.wording}”, {said}"), err=True)
    if newest.wording == "resolved" and not incident.is_closed:
        still = f"tocsin: “resolved” says that it is over, and {incident.ref} is still open ({incident.phase})"
        click.echo(safe_text(f"{still}: tocsin move {incident.ref} resolved --note TEXT, or tocsin undo"), err=True)


def _piped() -> str:
    from app.cli.call import piped_text
    from domain import limits

    return piped_text(limits.REASON)


def _document(know: str, do: str) -> str:
    return f"{_KNOW}\n{know}\n\n{_DO}\n{do}\n"


def _edited(know: str, do: str) -> tuple[str, str]:
    """Return what somebody wrote in their editor below the two headings."""
    from app.cli.errors import Failed

    try:
        text = click.edit(_document(know, do), extension=".md", require_save=True)
    except click.ClickException as error:
        remedy = "Set $EDITOR, or give the text: --know, --do."
        raise Failed(f"The editor failed: {error.format_message()}", remedy) from error
    if text is None:
        raise Failed("Nothing was written, so there is no update", "Give the text: --know, --do.", "nothing")
    before, _heading, rest = text.partition(_KNOW)
    known, _heading, doing = (rest or before).partition(_DO)
    return known.strip(), doing.strip()


@click.command("told", cls=Verb)
@click.argument("ref", type=REF)
@click.argument("party", type=PARTY, nargs=-1)
@click.option("--note", default="", metavar="TEXT", help="What they were told; else the newest update for each.")
@click.option("--update", "update_id", default="", metavar="ID", help="The update that they were told.")
@click.option("--duty", default="", metavar="NAME", help="The duty that it fulfils, e.g. “NIS2 early warning”.")
@click.option("--all", "everybody", is_flag=True, help="All who wait for the newest update; with --note all who wait.")
@click.option("--next", "next_update", metavar="TIME", help="When they hear again: 30m, 15:30, a date.")
@click.option("--at", metavar="TIME", help="When they were told: 14:05, -12m or a date and time.")
@click.pass_obj
def told(
    call: Call, ref: str, party: tuple[str, ...], note: str, update_id: str, duty: str, everybody: bool,
    next_update: str | None, at: str | None,
) -> None:  # fmt: skip
    """Record that PARTY was told something: customers, executives, a regulator.

    What they were told is --note, else the newest update (tocsin update) that is meant for each, or --update ID.
    """
    from app.cli.errors import Usage
    from app.parties import communication_of
    from domain.regulations import duty_named
    from domain.telling import tell, who_waits

    if not party and not everybody:
        raise Usage("Name who was told, or --all", "Who still has to be: tocsin outbox REF.")
    session = call.session
    words, now = communication_of(session.loaded), session.clock()
    name = duty_named(duty, words.regulations)[0] if duty else ""
    again, occurred_at = call.later(next_update), call.moment(at)
    (identifier,) = call.ids((ref,))

    made: Drafts = ()
    own = not update_id and bool(note.strip() or name)

    def act(incident: Incident) -> Drafts:
        nonlocal made
        waits = words.waiting(incident, now) if everybody else ()
        names = who_waits(incident, waits, update=update_id, everybody=own) if everybody else ()
        made = tell(
            incident, [*party, *names], now=now, parties=words.parties, note=note, update=update_id, duty=name,
            next_update_at=again, occurred_at=occurred_at,
        )  # fmt: skip
        return made

    incident = session.store.journal.record(identifier, act)
    if not call.json:
        _say_what(call, incident, made, words)
    if name and not call.json:
        _say_if_no_clock_runs(call, incident, name, words)
    call.show([incident])


def _say_what(call: Call, incident: Incident, made: Drafts, words: Communication) -> None:
    """Say on stderr who was recorded as told what, and whose name was probably misspelt."""
    from domain.telling import probably, recorded
    from domain.text import safe_text

    for line in recorded(incident, made, call.session.clock()):
        click.echo(safe_text(f"tocsin: recorded: {line}"), err=True)
    for draft in made:
        name = str(draft.body["party"])
        if "duty" not in draft.body and (near := probably(name, words.parties)):
            said = f"tocsin: “{name}” is not in the list of parties; did you mean {near}? (tocsin undo {incident.ref})"
            click.echo(safe_text(said), err=True)


def _say_if_no_clock_runs(call: Call, incident: Incident, duty: str, words: Communication) -> None:
    """Say on stderr when a duty was fulfilled of which no clock runs: somebody may have meant another incident."""
    if all(clock.name != duty for clock in words.duties(incident)):
        from domain.text import safe_text

        ref = call.session.store.reader.named(incident).ref
        said = f"tocsin: no clock of “{duty}” runs for {ref}. To start one: tocsin regulate {ref} NAME --aware TIME"
        click.echo(safe_text(said), err=True)
