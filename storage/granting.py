"""Giving and taking the rights of a shared store; what was given stays in the table, with who took it back and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from domain.errors import BadValue, NoRight, Refused
from domain.grants import GROUP, NONE, OWNER, USER, Login, called
from domain.rights import ROLES
from domain.vocabulary import choose
from storage.connection import connect
from storage.errors import translated
from storage.lock import WriteLock
from storage.rights import DEFAULT, Caller, caller_of, login

_COLUMNS = "id, subject, name, role, granted_by, granted_at, revoked_by, revoked_at"


class Given(NamedTuple):
    """A role as it was given: to whom, by whom and when (ms), and by whom and when it was taken back, if it was.

    `subject` is `user`, `group`, or `default` for what everybody else has; then `name` is empty.
    """

    id: int
    subject: str
    name: str
    role: str
    granted_by: str
    granted_at: int
    revoked_by: str | None
    revoked_at: int | None

    @property
    def whose(self) -> str:
        """Return to whom, in words."""
        return "everybody else" if self.subject == DEFAULT else called(self.subject, self.name)


Known = Callable[[str, str], "int | None"]
"""Says of a `user` or a `group` by its name how many people that is; None when this machine does not know it."""


def known_here(subject: str, name: str) -> int | None:
    """Return how many people the system lists under a name; one more may have a group as their primary one."""
    import grp
    import pwd

    try:
        if subject == USER:
            pwd.getpwnam(name)
            return 1
        return len(grp.getgrnam(name).gr_mem)
    except KeyError:
        return None


class Granting:
    """Changes the rights of one store.

    Args:
        path: The store's file, already migrated.
        now: The present, ms.
        who: Says who runs this.
        known: Says whom this machine knows.
    """

    def __init__(self, path: Path, now: int, who: Callable[[], Login] = login, known: Known = known_here) -> None:
        self._path, self._now, self._who, self._known = path, now, who, known

    def listed(self, *, everything: bool = False) -> list[Given]:
        """Return what stands, and with `everything` also what was taken back, in the order it was given."""
        which = "" if everything else "WHERE revoked_at IS NULL"
        with translated(self._path), closing(connect(self._path)) as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM rights {which} ORDER BY id").fetchall()
        return [Given(*row) for row in rows]

    def caller(self) -> Caller | None:
        """Return who runs this and what stands, None on a store without rights."""
        with translated(self._path), closing(connect(self._path)) as connection:
            return caller_of(connection, self._who)

    def grant(self, subject: str, name: str, role: str) -> bool:
        """Give a role; one that the same login or group had is taken back. Return whether it was the first right.

        Whoever gives the first one becomes an administrator with it.

        Raises:
            BadValue: There is no such role, login or group.
            NoRight: The person is no administrator.
            Refused: It is given already, or would leave no administrator.
        """
        wanted = choose(role, list(ROLES), "role")
        if self._known(subject, name) is None:
            what = "group" if subject == GROUP else "login"
            raise BadValue(f"There is no {what} “{name}” on this machine", f"See: getent {_FILES[subject]}.", "unknown")
        with self._changing("rights grant") as (connection, me, first):
            if first and not (subject == USER and name == me):
                self._give(connection, USER, me, OWNER, me)
            self._give(connection, subject, name, wanted, me)
        return first

    def revoke(self, subject: str, name: str) -> None:
        """Take a role back.

        Raises:
            NoRight: The person is no administrator.
            Refused: Nothing is given to that name, or nobody would be left who can give.
        """
        with self._changing("rights revoke") as (connection, me, _first):
            if not self._take(connection, subject, name, me):
                whose = called(subject, name)
                raise Refused(f"{whose} has no right of its own here", "See: tocsin rights list.", "no_right")

    def otherwise(self, role: str) -> None:
        """Say what whoever has no right has: `viewer` or `none`.

        Raises:
            BadValue: It is neither.
            NoRight: The person is no administrator.
            Refused: No right is set yet, or it is so already.
        """
        wanted = choose(role, [ROLES[0], NONE], "default")
        with self._changing("rights default") as (connection, me, first):
            if first:
                remedy = "Give the first one: tocsin rights grant NAME ROLE."
                raise Refused("No rights are set on this store", remedy, "no_rights")
            self._give(connection, DEFAULT, "", wanted, me)

    @contextmanager
    def _changing(self, what: str) -> Iterator[tuple[sqlite3.Connection, str, bool]]:
        """Give the connection, who acts, and whether there was no right before; all of it is written, or nothing."""
        with translated(self._path), WriteLock(self._path)(), closing(connect(self._path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                caller = caller_of(connection, self._who)
                if caller:
                    caller.require(OWNER, what)
                me = caller.who if caller else self._who()
                yield connection, me.name, caller is None
                self._leave_somebody(connection, me)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _give(self, connection: sqlite3.Connection, subject: str, name: str, role: str, by: str) -> None:
        same = "SELECT 1 FROM rights WHERE (subject, name, role) = (?, ?, ?) AND revoked_at IS NULL"
        if connection.execute(same, (subject, name, role)).fetchone():
            whose = "Everybody else" if subject == DEFAULT else called(subject, name)
            raise Refused(f"{whose} has the role {role} already", "Nothing to do.", "no_change")
        self._take(connection, subject, name, by)
        sql = "INSERT INTO rights (subject, name, role, granted_by, granted_at) VALUES (?, ?, ?, ?, ?)"
        connection.execute(sql, (subject, name, role, by, self._now))

    def _take(self, connection: sqlite3.Connection, subject: str, name: str, by: str) -> int:
        sql = "UPDATE rights SET revoked_by = ?, revoked_at = ? WHERE subject = ? AND name = ? AND revoked_at IS NULL"
        return connection.execute(sql, (by, self._now, subject, name)).rowcount

    def _leave_somebody(self, connection: sqlite3.Connection, me: Login) -> None:
        caller = caller_of(connection, self._who)
        admins = [each for each in caller.rights.grants if each.role == OWNER] if caller else []
        mine = (each.holds(me) for each in admins)
        if not any(mine) and not any(self._known(each.subject, each.name) for each in admins):
            remedy = "First give somebody else that role: tocsin rights grant NAME admin."
            raise NoRight("Nobody would be left with the role admin", remedy, "last_admin")


_FILES = {USER: "passwd", GROUP: "group"}
