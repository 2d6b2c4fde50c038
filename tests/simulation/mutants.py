"""The product broken on purpose, one way at a time: a simulation that finds nothing must be able to find something.

Each mutant patches the product's own code while its block runs. None of them is an error that a type checker or a
glance would see; each is a mistake that somebody has made in a program of this kind, or that was made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

from domain import hlc
from domain.entry import Entry
from domain.replay import Head, Replay
from storage import chain, receiving, remotes
from storage.chain import Chain
from storage.hub import pulling, pushing
from storage.hub.tables import HUB
from storage.writing import Writing
from sync import client, engine
from sync.client import Busy, Hello, HubClient, Page, Pushed
from sync.engine import Engine
from sync.plan import Plan
from sync.transport import Unreachable

Mutant = AbstractContextManager[Any]


def _latest_only(self: Replay, name: str, *, real: Any) -> tuple[Head, ...]:
    if name in ("note", "tag", "role", "related") or name.startswith("fact:"):
        return tuple(real(self, name))
    return tuple(sorted(self._fields.get(name, {}).values(), key=lambda head: head.order)[-1:])


def _cursor_first(self: Engine, page: Page, after: Any) -> None:
    with self._journal.writing() as writing:
        writing.save_remote(after)
    with self._journal.writing() as writing:
        self._outcome.pulled += writing.receive(page.entries, from_hub=True)
    self._remote = after


def _cursor_alone(self: Engine, page: Page, after: Any) -> None:
    with self._journal.writing() as writing:
        self._outcome.pulled += writing.receive(page.entries[:-1] or page.entries, from_hub=True)
        writing.save_remote(after)
    self._remote = after


def _any_epoch(self: Engine, hello: Hello) -> None:
    before = self._remote_now()
    cursor = (before.cursor, before.last) if before.cursor <= hello.seq else (0, "")
    after = replace(before, user=hello.user, role=hello.role, hub=hello.hub, epoch=hello.epoch)
    with self._journal.writing() as writing:
        after = replace(after, cursor=cursor[0], last=cursor[1])
        writing.save_remote(after)
        writing.reach(self._name, {device: dseq for device, (dseq, _tip) in hello.vector.items()}, whole=True)
    self._remote = after


def _no_epoch(_connection: Any, _epoch: str, entries: Any, pusher: Any, now: int, *, real: Any) -> Any:
    current = _connection.execute(select(HUB.c.epoch)).scalar_one()
    return real(_connection, current, entries, pusher, now)


def _highest(connection: Any, owners: Iterable[tuple[str, str]]) -> None:
    for device, owner in owners:
        row = connection.execute(
            "SELECT dseq, hash FROM entry WHERE device = ? ORDER BY dseq DESC LIMIT 1", (device,)
        ).fetchone()
        known = connection.execute("SELECT me FROM device WHERE id = ?", (device,)).fetchone()
        if row:
            connection.execute(chain._UPSERT, (device, "", owner, row[0], row[1], bool(known and known[0])))


def _any_link(batch: Any, entry: Entry, pusher: Any, *, real: Any) -> Any:
    if entry.id not in batch.here and entry.dseq == batch.tips[entry.device][0] + 1:
        with patch.object(pushing, "chain_hash", lambda _tip, each: each.hash):
            return real(batch, entry, pusher)
    return real(batch, entry, pusher)


def _same_id_is_same(batch: Any, here: Entry, came: Entry) -> Any:
    return pushing.Result(came.id, "quarantined", here.held) if here.held else pushing.Result(came.id, "dup")


def _keeps_device(self: Chain, *, real: Any) -> str:
    return self.device or str(real(self))


def _forgets(connection: Any, mine: Chain, device: str, dseq: int) -> int:
    chain.cut(connection, device, dseq)
    return int(connection.execute("DELETE FROM entry WHERE device = ? AND dseq >= ?", (device, dseq)).rowcount)


def _length_only(mine: Any, hub: Any, _hash_at: Any, *, real: Any) -> Plan:
    tips = {device: tip for device, (_dseq, tip) in hub.items()}
    found: Plan = real(mine, hub, lambda device, _dseq: tips[device])
    return found


def _seq_at_commit(connection: Any, after: int, last: str, limit: int, *, real: Any) -> Any:
    """Give numbers as a reader would see them whose writers commit out of turn: the newest but one is missing."""
    part = real(connection, after, last, limit)
    if len(part.lines) > 2 and not part.more:
        return part._replace(lines=[*part.lines[:-2], part.lines[-1]])
    return part


def _skips_at_page(rows: Any, limit: int, after: int, last: str, *, real: Any) -> Any:
    part = real(rows, limit, after, last)
    return part._replace(next=part.next + 1) if part.more else part


def _counts_held(self: Replay, entry: Entry, *, real: Any) -> None:
    real(self, replace(entry, held=None))


def _redacts_earlgrave(_connection: Any, _came: Any) -> list[str]:
    return []


def _optimist(self: HubClient, epoch: str, entries: Sequence[Entry], *, real: Any) -> Any:
    try:
        return real(self, epoch, entries)
    except Busy:
        raise
    except Unreachable:
        return Pushed([(e.id, "ok", "") for e in entries], {e.device: (e.dseq, e.hash) for e in entries})


def _refuses_future(last: int, theirs: int, now_ms: int) -> int:
    if theirs > last and hlc.millis(theirs) > now_ms + 24 * 3_600_000:
        raise ValueError("an entry of the future")
    return max(last, theirs)


def _no_fill(self: Engine, todo: Plan, hello: Hello, *, real: Any) -> Any:
    return real(self, todo._replace(fill={}), hello)


def _partial_page(self: HubClient, query: Mapping[str, str | int], epoch: str, *, real: Any) -> Any:
    with patch.object(client, "_typed", partial(_believing, real=client._typed)):
        return real(self, query, epoch)


def _believing(found: Mapping[str, Any], name: str, kind: type, *, real: Any) -> Any:
    return _Anything() if name == "count" else real(found, name, kind)


class _Anything(int):
    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False

    __hash__ = int.__hash__


def _unlinked_clone(self: Chain) -> bool:
    return False


def _stale_folds(self: Any, rewritten: int) -> None:
    self._rewritten = rewritten


def _wraps(owner: Any, name: str, mutant: Callable[..., Any]) -> Mutant:
    real = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **kwargs: mutant(*args, **kwargs, real=real))


MUTANTS: dict[str, tuple[str, Callable[[], Mutant]]] = {
    "fold by clock": (
        "the newest by (hlc, id) is the value, `over` is not read",
        lambda: _wraps(Replay, "heads", _latest_only),
    ),
    "no over": (
        "a set does not say what it replaces",
        lambda: patch.object(Writing, "_over", lambda _self, _entry: ()),
    ),
    "cursor before entries": (
        "the cursor is saved in a transaction of its own, before",
        lambda: patch.object(Engine, "_take", _cursor_first),
    ),
    "cursor without the last": (
        "the cursor moves over an entry that is not stored",
        lambda: patch.object(Engine, "_take", _cursor_alone),
    ),
    "epoch ignored": (
        "the device goes on with its cursor in another history",
        lambda: patch.object(Engine, "_meet", _any_epoch),
    ),
    "epoch not asked in a push": (
        "the hub takes a push meant for another history",
        lambda: _wraps(pushing, "push", _no_epoch),
    ),
    "epoch not checked in answers": (
        "the device believes an answer of another history",
        lambda: patch.object(client, "_check_epoch", lambda _found, _epoch: None),
    ),
    "highest instead of contiguous": ("the vector counts over holes", lambda: patch.object(chain, "advance", _highest)),
    "no link checked": ("the hub takes what does not follow its head", lambda: _wraps(pushing, "_take", _any_link)),
    "same id, same entry": (
        "the hub answers `dup` though the envelope is another",
        lambda: patch.object(pushing, "_again", _same_id_is_same),
    ),
    "clone keeps its id": (
        "a device that is contradicted goes on under its id",
        lambda: _wraps(Chain, "renew", _keeps_device),
    ),
    "older copy not noticed": (
        "a device does not see that another went on under its id",
        lambda: patch.object(Chain, "_went_on", _unlinked_clone),
    ),
    "displaced are dropped": (
        "what has to make room is deleted",
        lambda: patch.object(receiving, "_displace", _forgets),
    ),
    "hashes not compared": ("equal numbers are taken for equal chains", lambda: _wraps(engine, "plan", _length_only)),
    "numbers out of turn": (
        "a reader sees a number before a smaller one",
        lambda: _wraps(pulling, "pull", _seq_at_commit),
    ),
    "page off by one": (
        "the cursor after a full page is one too far",
        lambda: _wraps(pulling, "_part", _skips_at_page),
    ),
    "last not checked": (
        "the hub does not ask what stands at the cursor",
        lambda: patch.object(pulling, "_check_place", lambda *_args: None),
    ),
    "held counts": ("what the hub keeps back is folded", lambda: _wraps(Replay, "add", _counts_held)),
    "late arrivals not redacted": (
        "a body that comes after its redaction stays",
        lambda: patch.object(receiving, "_redacted_already", _redacts_earlgrave),
    ),
    "no answer is success": ("a push without an answer counts as taken", lambda: _wraps(HubClient, "push", _optimist)),
    "fill skipped": ("holes are not asked for", lambda: _wraps(Engine, "_settle", _no_fill)),
    "clock refuses": ("an entry dated ahead is an error", lambda: patch.object(hlc, "receive", _refuses_future)),
    "cut answers believed": ("a page is not counted", lambda: _wraps(HubClient, "_page", _partial_page)),
    "old folds kept": (
        "a fold is not thrown away when entries were rewritten",
        lambda: patch("storage.journal.Journal.trust_folds", _stale_folds),
    ),
    "lost bodies not offered": (
        "the hub is not given what it has lost",
        lambda: patch.object(remotes, "offers", lambda *_args: []),
    ),
    "removed bodies not asked for": (
        "what was redacted without the right stays away",
        lambda: patch.object(remotes, "bodiless", lambda *_args: []),
    ),
}
"""By name: what is broken, in words, and how."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Run a block with the product broken in one way."""
    _words, made = MUTANTS[name]
    with made():
        yield
