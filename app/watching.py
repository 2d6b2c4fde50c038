"""What keeps an open store in step with one of its remotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from app.exchange import named, transport_of
from storage.lock import lease
from storage.store import Store
from sync.client import HubClient, people
from sync.engine import Engine, Outcome, Progress
from sync.transport import Event
from sync.watch import Watch


def watch_of(
    store: Store,
    name: str,
    commands: Mapping[str, str],
    on_outcome: Callable[[Outcome], None] = lambda _outcome: None,
    on_people: Callable[[Sequence[Mapping[str, str]]], None] = lambda _people: None,
    progress: Progress | None = None,
) -> Watch:
    """Return what keeps a store in step with one of its remotes, once it is run.

    Args:
        store: The store; the watch reads and writes through connections of its own.
        name: The remote's name.
        commands: From the settings `token_commands`.
        on_outcome: Told after each exchange, in the watch's thread.
        on_people: Told who has what open, whenever that changes, in the watch's threads.
        progress: Told after each page that was taken over, in the watch's thread.

    Raises:
        BadValue: There is no such remote, or no token for it.
    """
    reader = store.another_reader()
    remote = named(reader, name)
    client = HubClient(transport_of(store, remote, commands))
    engine = Engine(store.journal_as("sync"), reader, client, name, progress=progress)

    def on_event(event: Event) -> None:
        if event.name == "presence":
            on_people(people(event.data.encode()))

    return Watch(
        engine,
        transport_of(store, remote, commands),
        reader.data_version,
        partial(lease, store.path.with_name(f"{store.path.name}.sync")),  # one process exchanges for a store
        on_outcome,
        on_event,
        lambda incident: on_people(client.presence(incident)),
    )
