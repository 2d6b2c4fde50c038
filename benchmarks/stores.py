"""Makes stores of N incidents, the same ones every time, and keeps them for the next run."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.incidents import LATEST, SEED, YEAR, Sample, incidents
from domain.entry import Entry, body_hash, chain_hash
from domain.hlc import tick
from domain.ids import uuid7
from storage.errors import StoreError
from storage.migrations import SCHEMA_VERSION
from storage.schema import PROJECTION_VERSION
from storage.store import Store

# Part of the file's name: raise it when the incidents or their stories change, and the stores are made anew.
VERSION = 1
_SEVERITY = {"P1": "critical", "P2": "high", "P3": "medium", "P4": "low"}
_BATCH = 20_000


class StoreNotMade(Exception):
    """The store could not be made; the text says why."""


def entries(count: int, seed: int = SEED) -> Iterator[Entry]:
    """Yield the timelines of `count` incidents as one device would have recorded them, hashes included."""
    chance = random.Random(seed + 1)
    device = uuid7(LATEST - 2 * YEAR, chance.getrandbits)
    dseq, hlc, previous = 0, 0, b""
    for sample in incidents(count, seed):
        incident = uuid7(sample.raised_at, chance.getrandbits)
        for minutes, (kind, what, body) in enumerate(_story(sample)):
            at = sample.raised_at + minutes * 60_000
            dseq, hlc = dseq + 1, tick(hlc, at)
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            entry = Entry(
                id=uuid7(at, chance.getrandbits), incident=incident, device=device, dseq=dseq, hlc=hlc, kind=kind,
                what=what, author=sample.owner or "monitor", source="human", occurred_at=at, recorded_at=at,
                over=(), body=text, bhash=body_hash(text), hash=b"",
            )  # fmt: skip
            previous = chain_hash(previous, entry)
            yield replace(entry, hash=previous)


def _story(sample: Sample) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (kind, what, body) of each entry; the raise carries no status, so nothing has to be replaced."""
    told = {"title": sample.title, "priority": sample.priority, "severity": _SEVERITY[sample.priority]}
    told |= {"type": sample.type, "technical_category": sample.category}
    yield "raise", "raise", told | ({"owner": sample.owner} if sample.owner else {})
    if sample.note:
        yield "note", "note", {"text": sample.note}
    if sample.status != "raised":
        yield "fact", "acknowledged", {}
        yield "set", "status", {"value": sample.status}


def cached(folder: Path, count: int) -> Path:
    """Return the path of a store of `count` incidents in `folder`, making it if it is not there.

    Raises:
        StoreNotMade: see its text.
    """
    path = folder / f"incidents-{count}-{VERSION}.{SCHEMA_VERSION}.{PROJECTION_VERSION}.db"
    if not path.exists():
        unfinished = folder / f"unfinished-{count}.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove(unfinished)
            make_store(unfinished, count)
        except (StoreError, OSError) as error:
            raise StoreNotMade(f"a store of {count:,} incidents cannot be made in {folder}: {error}") from error
        for part in sorted(folder.glob(f"{unfinished.name}*"), reverse=True):  # the database itself comes last
            part.rename(part.with_name(part.name.replace(unfinished.name, path.name)))
    return path


def make_store(path: Path, count: int) -> None:
    """Make a store of `count` incidents at `path`, as if they had come from another device (0.4 ms each).

    Raises:
        StoreError: the file cannot be made or written.
    """
    with closing(Store(path, "benchmark", lambda: LATEST)) as store, closing(store.journal_as("sync")) as journal:
        coming, done = entries(count), 0
        while batch := list(islice(coming, _BATCH)):
            journal.receive(batch)
            done += sum(entry.kind == "raise" for entry in batch)
            print(f"\rmaking a store: {done:,} of {count:,} incidents", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _remove(path: Path) -> None:
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
