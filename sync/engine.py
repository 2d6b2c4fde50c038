"""One exchange with a hub: take over what it has, give it what it lacks, until both are provably equal.

Everything may fail at any point and be done again: an answer that did not come proves nothing, what comes twice
changes nothing, and the cursor moves in the same transaction as the entries that it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from domain import limits
from domain.entry import Entry
from domain.wire import to_line
from storage.journal import Journal
from storage.reader import Reader
from storage.receiving import Tampered
from storage.remotes import Remote
from sync.client import Busy, Denied, Diverged, Hello, HubClient, Page, Pushed
from sync.plan import Plan, plan
from sync.transport import Unreachable

_ROUNDS = 8
"""After so many without becoming equal it gives up until the next time; two or three are usual."""
Progress = Callable[[int, int], None]
"""Called with how far the hub's entries have been taken over, and how far it is."""


@dataclass(slots=True)
class Outcome:
    """What one exchange came to.

    Attributes:
        state: `in_sync`, `behind`, `offline` or `refused`.
        pushed: Entries that the hub took.
        pulled: Entries that were new here.
        waiting: Entries that it lacks still, as far as known.
        held: Entries that it keeps back.
        error: What was wrong, in words; empty for nothing.
        seconds: How long the hub wants to be left alone; 0 when it does not say.
    """

    name: str
    state: str = "behind"
    pushed: int = 0
    pulled: int = 0
    waiting: int = 0
    held: int = 0
    error: str = ""
    seconds: float = 0


class Engine:
    """Exchanges entries between one store and one hub.

    Args:
        journal: The store's write door, as `sync`.
        reader: Its read side.
        client: Asks the hub.
        name: The remote's name in the store.
        page: The most entries of one request.
        progress: Told after each page that was taken over.
    """

    def __init__(
        self,
        journal: Journal,
        reader: Reader,
        client: HubClient,
        name: str,
        *,
        page: int = limits.PAGE_ENTRIES,
        progress: Progress | None = None,
    ) -> None:
        self._journal, self._reader, self._client, self.name = journal, reader, client, name
        self._page, self._progress = page, progress
        self._outcome = Outcome(name)
        self._remote = Remote(name, "hub", "")
        self._stuck: set[str] = set()

    def run(self) -> Outcome:
        """Exchange until both are equal or something stands in the way; never raises what a network does.

        Raises:
            StoreError: The store cannot be written; nothing half written is left.
        """
        self._outcome, self._stuck = Outcome(self.name), set()
        try:
            self._exchange()
        except Unreachable as error:
            self._outcome.state, self._outcome.error = "offline", str(error)
            self._outcome.seconds = error.seconds if isinstance(error, Busy) else 0
        except (Denied, Tampered) as error:
            self._outcome.state, self._outcome.error = "refused", error.message
        self._close()
        return self._outcome

    def _exchange(self) -> None:
        for _round in range(_ROUNDS):
            hello = self._client.hello()
            self._meet(hello)
            try:
                self._pull(hello)
                self._mend_bodies()
                todo = self._compare(hello)
                if todo.done:
                    self._outcome.state = "in_sync"
                    return
                if not self._settle(todo, hello):
                    break
            except Diverged:  # begin again, with the history that the hub has now
                self._save(replace(self._remote, epoch=hello.epoch, cursor=0, last=""))
        if not self._outcome.error and self._stuck:
            self._outcome.state = "refused"
            self._outcome.error = f"the hub's history of {len(self._stuck)} device(s) is not the one here"

    def _compare(self, hello: Hello) -> Plan:
        todo = plan(self._reader.vector(), hello.vector, self._reader.hash_at)
        for device in self._stuck:
            todo.push.pop(device, None)
        return todo

    def _meet(self, hello: Hello) -> None:
        """Remember who the hub is; under another epoch the cursor means nothing, and everything is offered again."""
        before = self._remote_now()
        known = (hello.hub, hello.epoch) == (before.hub, before.epoch)
        after = replace(before, user=hello.user, role=hello.role, hub=hello.hub, epoch=hello.epoch)
        if not known or before.cursor > hello.seq:
            after = replace(after, cursor=0, last="")
        after = replace(after, ahead=self._ahead(before, hello.now))
        reached = {device: dseq for device, (dseq, _tip) in hello.vector.items()}
        if after != before or reached != self._reader.reached(self.name):
            with self._journal.writing() as writing:
                writing.save_remote(after)
                writing.reach(self.name, reached, whole=True)
        self._remote = after

    def _ahead(self, before: Remote, theirs: int) -> int:
        # To the second, and only when it has changed by more than a request takes: each change is a write.
        ahead = round((theirs - self._journal.clock()) / 1000) * 1000
        return ahead if before.ahead is None or abs(ahead - before.ahead) > 5_000 else before.ahead

    # -- taking over -----------------------------------------------------------------------------------------------

    def _pull(self, hello: Hello) -> None:
        more = self._remote.cursor < hello.seq
        while more:
            page = self._client.pull(self._remote.epoch, self._remote.cursor, self._remote.last, self._page)
            if page is None:
                return
            self._take(page, replace(self._remote, cursor=page.next, last=page.last))
            if self._progress:
                self._progress(page.next, hello.seq)
            more = page.more

    def _take(self, page: Page, after: Remote) -> None:
        with self._journal.writing() as writing:
            self._outcome.pulled += writing.receive(page.entries, from_hub=True)
            if after != self._remote:
                writing.save_remote(after)
        self._remote = after

    def _fetch(self, device: str, first: int, last: int) -> None:
        """Take over a part of one device's chain as the hub has it."""
        while first <= last and (page := self._client.fill(self._remote.epoch, device, first, last)):
            if not page.entries:
                break
            self._take(page, self._remote)
            first = page.entries[-1].dseq + 1

    def _mend_bodies(self) -> None:
        """Get back the bodies that only this store has removed, and give the hub those that only it has lost."""
        for device, dseq in self._reader.bodiless():
            self._fetch(device, dseq, dseq)
        while batch := _fitting(self._reader.offers(self._page)):
            pushed = self._client.push(self._remote.epoch, batch)
            with self._journal.writing() as writing:
                writing.offered(entry.id for entry in batch)
            self._outcome.pushed += sum(told[1] == "ok" for told in pushed.results)

    # -- giving ----------------------------------------------------------------------------------------------------

    def _settle(self, todo: Plan, hello: Hello) -> bool:
        """Do what is to be done; return whether anything has come of it."""
        before = self._reader.vector()
        for device, first in todo.fill.items():
            self._fetch(device, first, hello.vector[device][0])
        for device in todo.mend:
            self._fetch(device, 1, hello.vector[device][0])
        moved = self._reader.vector() != before
        if not moved:  # else the plan may be of chains that are no more
            self._stuck.update(todo.fill, todo.mend)
            for device, first in todo.push.items():
                moved = self._push(device, first) or moved
        return moved

    def _push(self, device: str, first: int) -> bool:
        """Send a device's entries from a number on; return whether the hub or the store is another than before."""
        progress = False
        while batch := _fitting(self._reader.chain(device, first, self._page)):
            pushed = self._client.push(self._remote.epoch, batch)
            self._note(pushed)
            reached = pushed.vector.get(device, (0, b""))[0]
            trouble = [told for told in pushed.results if told[1] in ("fork", "bad_hash")]
            if trouble:
                return self._contradicted(device, batch, trouble[0]) or progress
            if reached < first:
                self._stuck.add(device)
                break
            first, progress = reached + 1, True
        return progress

    def _note(self, pushed: Pushed) -> None:
        taken = sum(told[1] in ("ok", "quarantined") for told in pushed.results)
        held = {
            identifier: why or "the hub keeps it back"
            for identifier, result, why in pushed.results
            if result == "quarantined"
        }
        with self._journal.writing() as writing:
            writing.reach(self.name, {device: dseq for device, (dseq, _tip) in pushed.vector.items()}, whole=False)
            if held:
                writing.hold(held)
        self._outcome.pushed += taken
        self._outcome.held += len(held)

    def _contradicted(self, device: str, batch: Sequence[Entry], trouble: tuple[str, str, str]) -> bool:
        """The hub has another entry in a place, or one in another place: take its side, and ours moves away."""
        identifier, result, _why = trouble
        if result == "bad_hash":
            self._stuck.add(device)
            self._outcome.state = "refused"
            self._outcome.error = f"the hub has the entry {identifier} with other content"
            return False
        before = self._reader.vector()
        for there, dseq in self._client.have([entry.id for entry in batch]).values():
            self._fetch(there, dseq, dseq)
        if self._reader.vector() == before:
            self._fetch(device, 1, batch[-1].dseq)
        if self._reader.vector() == before:
            self._stuck.add(device)
            return False
        return True

    # -- what is known ---------------------------------------------------------------------------------------------

    def _remote_now(self) -> Remote:
        return next((each for each in self._reader.remotes() if each.name == self.name), self._remote)

    def _save(self, remote: Remote) -> None:
        with self._journal.writing() as writing:
            writing.save_remote(remote)
        self._remote = remote

    def _close(self) -> None:
        now, outcome = self._remote_now(), self._outcome
        outcome.waiting = self._reader.waiting(self.name)
        if (now.state, now.error) != (outcome.state, outcome.error):
            since = now.since if now.state == outcome.state else self._journal.clock()
            self._save(replace(now, state=outcome.state, error=outcome.error, since=since))


def _fitting(entries: Sequence[Entry]) -> list[Entry]:
    """Return as many entries from the front as one request may hold, one at least."""
    found: list[Entry] = []
    size = 0
    for entry in entries:
        size += len(to_line(entry).encode()) + 1
        if found and size > limits.PAGE_BYTES:
            break
        found.append(entry)
    return found
