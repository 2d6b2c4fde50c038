"""Wires a store's remotes: from what the store knows of one, and its token, to what exchanges entries with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.errors import BadValue, Refused
from storage.remotes import Remote
from sync.client import Busy, Denied, HubClient
from sync.engine import Engine, Outcome, Progress
from sync.transport import HttpTransport, Unreachable, check_url

if TYPE_CHECKING:
    from pydantic import SecretStr

    from storage.reader import Reader
    from storage.store import Store


class NoAnswer(Exception):
    """A remote refused or did not answer (exit code 5); what was done is saved here and waits."""

    def __init__(self, message: str, remedy: str = "", code: str = "remote") -> None:
        super().__init__(message)
        self.message, self.remedy, self.code = message, remedy, code


def named(reader: Reader, name: str) -> Remote:
    """Return a remote by its name.

    Raises:
        BadValue: There is none of that name; names those there are.
    """
    found = reader.remotes()
    for remote in found:
        if remote.name == name:
            return remote
    known = ", ".join(remote.name for remote in found)
    remedy = f"Known: {known}." if known else "Add one: tocsin remote add hub --kind hub --url URL --code CODE."
    raise BadValue(f"There is no remote “{name}”", remedy, "no_remote")


def enrol(store: Store, name: str, url: str, code: str) -> Remote:
    """Spend a one-time code: this store becomes a device of the hub, and its token is kept in a file of mode 0600.

    Raises:
        BadValue: The address cannot be used.
        Refused: The name stands for another address already.
        NoAnswer: The hub refused or did not answer; nothing was changed.
    """
    from pydantic import SecretStr

    from app.credentials import keep_token

    address = check_url(url)
    before = next((each for each in store.reader.remotes() if each.name == name), None)
    if before and before.url != address:
        raise Refused(f"“{name}” is {before.url}", f"Remove it first: tocsin remote remove {name}.", "remote_taken")
    journal = store.journal_as("sync")
    try:
        with journal.writing() as writing:
            writing.require_owner("remote add")  # before the code is spent
            device = writing.device
        given = _spend(address, code, device)
        keep_token(store.path, name, SecretStr(given["token"]))
        remote = before or Remote(name, "hub", address, since=store.clock())
        remote = replace(remote, user=given["user"], role=given["role"], state="new", error="")
        with journal.writing() as writing:
            writing.save_remote(remote)
    finally:
        journal.close()
    return remote


def _spend(url: str, code: str, device: str) -> dict[str, str]:
    remedy = "Ask for a new code: tocsin hub code --user NAME --role ROLE."
    with answering(HttpTransport(url), url, "Check the address and the network.", remedy) as client:
        return client.enrol(code.strip(), device, os.uname().nodename)


@contextmanager
def answering(transport: HttpTransport, name: str, away: str, refused: str = "") -> Iterator[HubClient]:
    """Give what asks a hub for the length of a block, then close its connection.

    Args:
        transport: The connection.
        name: What the person calls the hub.
        away: What to do when it cannot be reached.
        refused: What to do when it refuses and does not say itself.

    Raises:
        NoAnswer: It refused or did not answer.
    """
    try:
        yield HubClient(transport)
    except Busy as error:
        when = f"Try again in {error.seconds:.0f} s." if error.seconds else "Try again later."
        raise NoAnswer(f"{name} has no time now: {error}", when, "busy") from error
    except Unreachable as error:
        raise NoAnswer(f"{name} cannot be reached: {error}", away) from error
    except Denied as error:
        raise NoAnswer(f"{name} refuses: {error.message}", error.remedy or refused, error.code) from error
    finally:
        transport.close()


def transport_of(store: Store, remote: Remote, commands: Mapping[str, str]) -> HttpTransport:
    """Return a connection to a remote, with its token; raises `BadValue` where there is none."""
    from app.credentials import read_token

    token: SecretStr = read_token(store.path, remote.name, os.environ, commands)
    return HttpTransport(remote.url, token.get_secret_value())


def exchange(store: Store, remote: Remote, commands: Mapping[str, str], progress: Progress | None = None) -> Outcome:
    """Exchange entries with a remote once; trouble is in the outcome."""
    try:
        transport = transport_of(store, remote, commands)
    except BadValue as error:
        waiting = store.reader.waiting(remote.name)
        return Outcome(remote.name, "refused", waiting=waiting, error=f"{error.message}. {error.remedy}")
    journal = store.journal_as("sync")
    try:
        return Engine(journal, store.reader, HubClient(transport), remote.name, progress=progress).run()
    finally:
        transport.close()
        journal.close()
