"""When a watch exchanges: at once when a person asks, at the hub's word only while the two are in step."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from queue import Queue
from typing import Any

from sync.engine import Outcome
from sync.transport import Event
from sync.watch import Watch

_HOUR = 3600.0
_SEQ = Event("seq", "1")


@dataclass
class Exchanges:
    """In place of an engine: each exchange comes to the next of `outcomes`, the last again and again."""

    outcomes: Sequence[Outcome]
    name: str = "hub"
    done: int = 0
    began: Queue[int] = field(default_factory=Queue)

    def run(self) -> Outcome:
        outcome = self.outcomes[min(self.done, len(self.outcomes) - 1)]
        self.done += 1
        self.began.put(self.done)
        return outcome


class Hub:
    """In place of a line to a hub: gives the events that a test puts in, and says when each was taken."""

    def __init__(self) -> None:
        self.events_: Queue[Event | None] = Queue()
        self.asked_for_more = threading.Semaphore(0)

    def events(self, _path: str) -> Iterator[Event]:
        while True:
            self.asked_for_more.release()
            if (event := self.events_.get()) is None:
                return
            yield event

    def close(self) -> None:
        self.events_.put(None)


def free() -> AbstractContextManager[bool]:
    return nullcontext(True)


@contextmanager
def watching(engine: Any, hub: Hub) -> Iterator[Watch]:
    watch = Watch(engine, hub, lambda: 1, free)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join(30)
        assert not thread.is_alive()


def offline() -> Outcome:
    return Outcome("hub", "offline", seconds=_HOUR)


def test_a_person_who_asks_waits_for_no_pause() -> None:
    engine = Exchanges([offline()])
    with watching(engine, Hub()) as watch:
        assert engine.began.get(timeout=30) == 1
        watch.poke()
        assert engine.began.get(timeout=30) == 2


def test_what_a_person_asks_while_it_exchanges_is_done_afterwards() -> None:
    engine = Exchanges([offline()])
    run = engine.run

    def asked_meanwhile() -> Outcome:
        outcome = run()
        if engine.done == 1:
            watch.poke()

        return outcome

    engine.run = asked_meanwhile  # type: ignore[method-assign]
    watch = Watch(engine, Hub(), lambda: 1, free)  # type: ignore[arg-type]
    thread = threading.Thread(target=watch.run)
    thread.start()
    assert [engine.began.get(timeout=30) for _ in range(2)] == [1, 2]
    watch.stop()
    thread.join(30)


def test_the_word_of_a_hub_is_followed_while_in_step() -> None:
    engine, hub = Exchanges([Outcome("hub", "in_sync")]), Hub()
    with watching(engine, hub):
        assert engine.began.get(timeout=30) == 1
        hub.events_.put(_SEQ)
        assert engine.began.get(timeout=30) == 2


def test_the_word_of_a_hub_shortens_no_pause_it_has_asked_for() -> None:
    engine, hub = Exchanges([offline()]), Hub()
    with watching(engine, hub):
        assert engine.began.get(timeout=30) == 1
        for _ in range(3):
            hub.asked_for_more.acquire(timeout=30)
            hub.events_.put(_SEQ)
        hub.asked_for_more.acquire(timeout=30)  # all were taken
    assert engine.done == 1
