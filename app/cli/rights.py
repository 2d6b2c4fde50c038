"""`rights`: who may do what on a store that several logins of this machine share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.call import Call, is_terminal
from app.cli.verb import REF, Verb, Verbs, Words

if TYPE_CHECKING:
    from domain.grants import Login
    from storage.granting import Given, Granting

_ROLE = Words("role", ("viewer", "responder", "commander", "admin"))
_GROUP = click.option("--group", "is_group", is_flag=True, help="NAME is a group of this machine, not a login.")
_UNSET = "No rights are set: whoever can open the file may do everything."


@click.group("rights", cls=Verbs)
def rights() -> None:
    """List, give and take the rights on a store that several logins share."""


@rights.command("list", cls=Verb)
@click.option("--all", "everything", is_flag=True, help="Show what was taken back, too.")
@click.pass_obj
def list_(call: Call, everything: bool) -> None:
    """List who has which role here, who gave it and when."""
    found = _granting(call).listed(everything=everything)
    if call.json:
        call.out.object(
            {"set": any(not each.revoked_at for each in found), "rights": [_object(each) for each in found]}
        )
        return
    call.out.lines(_line(call, each) for each in found)
    if not found:
        call.out.line(call.out.style(_UNSET))
    elif all(each.subject != "default" for each in found if not each.revoked_at):
        call.out.line(call.out.style("viewer     everybody else who can open the file (as shipped)", "dim"))


@rights.command("grant", cls=Verb)
@click.argument("name")
@click.argument("role", type=_ROLE)
@_GROUP
@click.option("--yes", is_flag=True, help="Do not ask before the first right of a store.")
@click.pass_obj
def grant(call: Call, name: str, role: str, is_group: bool, yes: bool) -> None:
    """Give the login NAME, or a group, the ROLE viewer, responder, commander or admin.

    Whoever gives the first right of a store becomes its admin with it; from then on everybody else who can open the
    file is a viewer (see: tocsin rights default). That cannot be undone, so it asks first, and needs --yes where nobody
    can be asked.
    """
    if not yes:
        _ask(call, _kind(is_group), name)
    first = _granting(call).grant(_kind(is_group), name, role)
    if first and not call.json:
        click.echo("You are admin here now; everybody else is a viewer until you give them a role.", err=True)
    _told(call, everything=False)


def _ask(call: Call, subject: str, name: str) -> None:
    """Ask before the first right of a store, of somebody who is known here."""
    from domain.text import safe_text
    from storage.granting import known_here

    if _granting(call).caller() is not None or known_here(subject, name) is None:
        return
    what = "This is the first right of the store: it turns rights on for good, which cannot be undone"
    if not is_terminal("stdin"):
        from app.cli.errors import Usage

        raise Usage(what, "Nobody can be asked here; if it is meant: --yes.")
    click.confirm(safe_text(f"{what}. You will be admin, others viewers. Go on?"), abort=True, err=True)


@rights.command("revoke", cls=Verb)
@click.argument("name")
@_GROUP
@click.pass_obj
def revoke(call: Call, name: str, is_group: bool) -> None:
    """Take the role of a login, or of a group, back; the record of it stays."""
    _granting(call).revoke(_kind(is_group), name)
    _told(call, everything=False)


@rights.command("default", cls=Verb)
@click.argument("role", type=Words("default", ("viewer", "none")))
@click.pass_obj
def default(call: Call, role: str) -> None:
    """Say what whoever has no right has: viewer, or none, who may not even look."""
    _granting(call).otherwise(role)
    _told(call, everything=False)


@rights.command("check", cls=Verb)
@click.argument("ref", required=False, type=REF)
@click.pass_obj
def check(call: Call, ref: str | None) -> None:
    """Say who you are here and what you may do, with REF also on that incident."""
    from storage.rights import login

    granting = _granting(call)  # whoever may not see REF is told who may, by the same words as everywhere
    identifier = call.session.store.reader.resolve(ref) if ref else None
    caller = granting.caller()
    who = caller.who if caller else login()
    found = _standing(caller.role if caller else None, who)
    if caller:
        found["who_may"] = {role: caller.rights.holders(role) for role in _ROLES}
    if identifier:
        incident = call.session.store.reader.incident(identifier)
        found |= {"ref": incident.ref, "restricted": incident.restricted}
    if call.json:
        call.out.object(found)
    else:
        call.out.lines(call.out.style(line) for line in _words(found))


_ROLES = ("responder", "commander", "admin")
_DOES = (
    ("look", "viewer", "look at everything that is not restricted"),
    ("write", "responder", "raise, note, acknowledge, move, set, link, run and undo"),
    ("restrict", "commander", "restrict, see what is restricted, redact, waive a post-mortem, back up and verify"),
    ("govern", "admin", "give rights, add remotes, import and restore"),
)


def _standing(role: str | None, who: Login) -> dict[str, Any]:
    from domain.rights import rank

    may = {name: role is None or rank(role) >= rank(least) for name, least, _what in _DOES}
    return {"login": who.name, "groups": list(who.groups), "set": role is not None, "role": role, "may": may}


def _words(found: dict[str, Any]) -> list[str]:
    groups = f" (in {', '.join(found['groups'])})" if found["groups"] else ""
    if not found["set"]:
        return [f"You are {found['login']}{groups}.", _UNSET]
    lines = [f"You are {found['login']}{groups}: {found['role']}."]
    for name, least, what in _DOES:
        if found["may"][name]:
            lines.append(f"  may      {what}")
        elif least != "viewer":
            lines.append(f"  may not  {what}: {', '.join(found['who_may'][least])} may")
    if "ref" in found:
        lines.append(f"{found['ref']} is {'restricted, and you see it' if found['restricted'] else 'not restricted'}.")
    return lines


def _granting(call: Call) -> Granting:
    from storage.granting import Granting

    return Granting(call.session.store.path, call.session.clock())


def _kind(is_group: bool) -> str:
    return "group" if is_group else "user"


def _told(call: Call, *, everything: bool) -> None:
    found = _granting(call).listed(everything=everything)
    if call.json:
        call.out.object({"set": True, "rights": [_object(each) for each in found]})
    else:
        call.out.lines(_line(call, each) for each in found)


def _object(given: Given) -> dict[str, Any]:
    from domain.times import iso

    return {
        "subject": given.subject,
        "name": given.name or None,
        "role": given.role,
        "granted_by": given.granted_by,
        "granted_at": iso(given.granted_at),
        "revoked_by": given.revoked_by,
        "revoked_at": iso(given.revoked_at),
    }


def _line(call: Call, given: Given) -> str:
    from domain.times import stamp

    zone, style = call.session.zone, call.out.style
    said = f"by {given.granted_by}, {stamp(given.granted_at, zone)}"
    if given.revoked_at is not None:
        said += f"; taken back by {given.revoked_by}, {stamp(given.revoked_at, zone)}"
    gone = "dim" if given.revoked_at is not None else ""
    return f"{style(f'{given.role:<9}', gone or 'strong')}  {style(given.whose, gone)}  {style(said, 'dim')}"
