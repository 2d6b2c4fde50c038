"""Who has which role on a shared store: what is given to logins and to groups of the machine. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.rights import ROLES, rank

USER, GROUP = "user", "group"
NONE = "none"
"""What a store may give to whoever has no right on it, besides `viewer`: not even to look."""
SIGHT = "commander"
"""The least role that sees every restricted incident."""
OWNER = "admin"
"""The role that may change rights, and whatever stands above single entries: remotes, imports, restores."""


class Login(NamedTuple):
    """Somebody on this machine, as the system knows them.

    Attributes:
        name: The login name of the real user id.
        groups: The names of their groups, the primary one too.
        root: Whether they are root, whom no file keeps out and so no right does.
    """

    name: str
    groups: tuple[str, ...] = ()
    root: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return what they are named by on a restricted incident: `user:ana`, `group:sre`."""
        return tuple(subject_key(*each) for each in ((USER, self.name), *((GROUP, group) for group in self.groups)))


class Grant(NamedTuple):
    """A role of a login (`user`) or of a group."""

    subject: str
    name: str
    role: str

    def holds(self, login: Login) -> bool:
        """Say whether it is given to somebody, by name or by a group of theirs."""
        return self.name == login.name if self.subject == USER else self.name in login.groups

    def __str__(self) -> str:
        """Return who has it: `ana`, `the group sre`."""
        return called(self.subject, self.name)


class Rights(NamedTuple):
    """The rights that are set on a store; there is none of these where nobody has set any.

    Attributes:
        grants: What stands.
        otherwise: What whoever is in none of them has: `viewer`, or `none`.
    """

    grants: tuple[Grant, ...]
    otherwise: str = ROLES[0]

    def role(self, login: Login) -> str:
        """Return the highest of a person's own roles and those of their groups; root's is the highest there is."""
        if login.root:
            return ROLES[-1]
        return max((grant.role for grant in self.grants if grant.holds(login)), key=rank, default=self.otherwise)

    def holders(self, least: str) -> list[str]:
        """Return who has a role or a higher one, the persons first; root, where nobody has."""
        found = sorted({grant for grant in self.grants if rank(grant.role) >= rank(least)}, key=_persons_first)
        return [str(grant) for grant in found] or ["root"]

    def who_may(self, least: str) -> str:
        """Return them in words: `dora and the group sre-leads`."""
        return listed(self.holders(least))


def subject_key(subject: str, name: str) -> str:
    """Return a login or a group as one word, `user:ana`, under which incidents name who may see them."""
    return f"{subject}:{name}"


def called(subject: str, name: str) -> str:
    """Return a login or a group in words."""
    return f"the group {name}" if subject == GROUP else name


def listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: `ana, bo and cleo`."""
    unique = list(dict.fromkeys(names))
    return " and ".join(filter(None, (", ".join(unique[:-1]), unique[-1] if unique else "")))


def _persons_first(grant: Grant) -> tuple[bool, str]:
    return grant.subject == GROUP, grant.name
