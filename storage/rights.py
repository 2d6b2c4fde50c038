"""The rights of a shared store: who is logged in, what they may write, and who gives and takes roles.

Who somebody is comes from the system alone, by the real user id of the process: never from settings or variables,
which everybody sets as they like. A table without rows, as every store has it at first, asks nobody.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from domain.entry import Draft, Entry
from domain.errors import NoRight
from domain.grants import NONE, OWNER, SIGHT, Grant, Login, Rights
from domain.rights import named, needed, rank

DEFAULT = "default"
"""The subject of the row that says what whoever is in no other row has."""
_STANDING = "SELECT subject, name, role FROM rights WHERE revoked_at IS NULL"


def login() -> Login:
    """Return who runs this process."""
    import grp
    import pwd

    uid = os.getuid()
    try:
        person = pwd.getpwuid(uid)
    except KeyError:  # a container without an account for the id
        return Login(f"#{uid}", _names(grp, os.getgroups()), root=uid == 0)
    return Login(person.pw_name, _names(grp, os.getgrouplist(person.pw_name, person.pw_gid)), root=uid == 0)


def _names(grp: object, ids: Iterable[int]) -> tuple[str, ...]:
    found = []
    for each in ids:
        try:
            found.append(str(grp.getgrgid(each).gr_name))  # type: ignore[attr-defined]
        except KeyError:  # a group without a name can be given nothing
            continue
    return tuple(dict.fromkeys(found))


def rights_of(connection: sqlite3.Connection) -> Rights | None:
    """Return the rights that stand, None where nobody has set any: one read of a table that is empty then."""
    rows = connection.execute(_STANDING).fetchall()
    if not rows:
        return None
    otherwise = [role for subject, _name, role in rows if subject == DEFAULT]
    grants = tuple(Grant(*row) for row in rows if row[0] != DEFAULT)
    return Rights(grants, *otherwise)


class Caller(NamedTuple):
    """Who runs this, on a store with rights."""

    rights: Rights
    who: Login

    @property
    def role(self) -> str:
        """The person's role: one of `ROLES`, or `none`."""
        return self.rights.role(self.who)

    @property
    def sees_all(self) -> bool:
        """Whether restricted incidents are shown to them whoever works on them."""
        return rank(self.role) >= rank(SIGHT)

    def require(self, least: str, what: str) -> None:
        """Refuse what needs a higher role.

        Args:
            least: The least role that may do it.
            what: What is to be done, as it stands in the refusal.

        Raises:
            NoRight: The person's role is lower.
        """
        if rank(self.role) < rank(least):
            has = "has no right" if self.role == NONE else f"is {'an' if self.role == OWNER else 'a'} {self.role}"
            raise NoRight(
                f"“{what}” needs the role {least}; {self.who.name} {has} here",
                f"{self.rights.who_may(least)} may. See: tocsin rights list.",
                "right",
            )


def caller_of(connection: sqlite3.Connection, who: Callable[[], Login]) -> Caller | None:
    """Return where a person stands, None on a store without rights, which does not even ask who it is."""
    rights = rights_of(connection)
    return Caller(rights, who()) if rights else None


class Door:
    """Judges what is about to be written, inside the transaction that writes it.

    Args:
        connection: In a write transaction.
        where: Where the person stands.
        blind: Whether it is no matter what they see: an alert goes to the incident it belongs to.
    """

    def __init__(self, connection: sqlite3.Connection, where: Caller, *, blind: bool = False) -> None:
        self._connection, self.where, self._blind = connection, where, blind

    def admit(self, incident: str, drafts: Iterable[Draft]) -> None:
        """Refuse the drafts unless the person may write every one of them.

        Raises:
            NoRight: They may not, or may not even see one of the incidents.
        """
        seen = {draft.incident or incident for draft in drafts}
        for each in sorted(seen):
            self.show(each)
        for draft in drafts:
            what = draft.what.replace("_", " ") if draft.kind == "fact" else named(draft.kind, draft.what)
            self.where.require(needed(draft.kind, draft.what, draft.body), what)

    def show(self, incident: str) -> None:
        """Refuse an incident that the person does not see.

        Raises:
            NoRight: It is restricted.
        """
        if error := self._refusal(incident):
            raise error

    def shows(self, incident: str) -> bool:
        """Say whether the person sees an incident."""
        return self._refusal(incident) is None

    def _refusal(self, incident: str) -> NoRight | None:
        if self._blind or self.where.sees_all:
            return None
        from storage.sight import refusal

        return refusal(self._connection, self.where, incident)

    def import_(self, entries: Iterable[Entry]) -> None:
        """Refuse entries made elsewhere that no hub has judged: they may bear any name.

        Raises:
            NoRight: The person is no administrator.
        """
        if any(True for _entry in entries):
            self.where.require(OWNER, "import")
