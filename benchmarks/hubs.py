"""What a key costs whatever the hub does: `python -m benchmarks.hubs [--rounds 3]`.

The queue on copies of one store: with no hub, and with one that hangs, answers half, refuses, is gone, or is slow (a
real one behind a line of 300 ms and 64 kbit/s, to which thousands of entries are on their way all the while). Prints
milliseconds and bytes of a cursor key for each, beside those with no hub; the exit code is 1 when a median is more than
a fifth above it, or the bytes differ.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles

from pydantic import SecretStr

from app.credentials import keep_token
from benchmarks import programs, scenarios, stores
from benchmarks.bootstrap import TOCSIN, hub, run
from benchmarks.programs import Program
from benchmarks.terminal import shows
from storage.remotes import Remote
from storage.store import Store
from tests.badhubs import hub_that

ALONE, SLOW = "no hub", "is slow"
_BAD = ("hangs", "answers half", "refuses", "is gone")
_MORE = 1.2  # a median may be so many times the one with no hub: the machine itself is no steadier
_ROUND_TRIP, _KBIT = 300, 64
_KEYS = 60
_LOADED = 3.0  # seconds


@contextmanager
def slow_hub(folder: Path, store: Path) -> Iterator[None]:
    """Enrol a store with a real hub behind a slow line, for the length of a block."""
    database = folder / "hub.db"
    with hub(database) as (url, _process):
        port = url.rpartition(":")[2]
        line = [sys.executable, "-m", "benchmarks.slowline", port, str(_ROUND_TRIP), str(_KBIT)]
        relay = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        assert relay.stdout is not None
        near = relay.stdout.readline().strip()
        options = ("--user", "ana", "--role", "responder", "--database", str(database))
        code = run(database, "hub", "code", *options)[1].strip()
        run(store, "remote", "add", "hub", "--url", f"http://127.0.0.1:{near}", "--code", code)
        try:
            yield
        finally:
            relay.kill()
            relay.wait()


@contextmanager
def bad_hub(does: str, store: Path) -> Iterator[None]:
    """Let a store have a hub that does not do what it should, for the length of a block."""
    with hub_that(does) as port:
        opened = Store(store, "ana", lambda: 0)
        with opened.journal_as("sync").writing() as writing:
            writing.save_remote(Remote("hub", "hub", f"http://127.0.0.1:{port}", "ana", "responder"))
        opened.close()
        keep_token(store, "hub", SecretStr("tcs_x"))
        yield


def typing(setup: scenarios.Setup, program: Program) -> scenarios.Metrics:
    """Cursor keys, once everything is loaded and the first exchange is under way or has failed."""
    with program.open(setup.environment, setup.size) as session:
        session.wait_for(shows(program.ready), "the first rows")
        session.settle(_LOADED, limit=_LOADED)
        for _ in range(_KEYS):
            cost = session.key(b"j")
            yield "key", cost.seconds * 1000
            yield "key_bytes", cost.bytes


def measure(rounds: int, cache: Path, folder: Path) -> scenarios.Samples:
    """Type keys in every situation, in turn, and return the samples."""
    setup = scenarios.Setup(programs.environment(folder), (100, 30), 0)
    samples = scenarios.Samples()
    with ExitStack() as stack:
        under_test: list[Program] = []
        for does in (ALONE, *_BAD, SLOW):
            store = folder / f"{does.replace(' ', '-')}.db"
            shutil.copy(stores.cached(cache, 1000), store)
            if does == SLOW:
                stack.enter_context(slow_hub(folder, store))
            elif does != ALONE:
                stack.enter_context(bad_hub(does, store))
            under_test.append(programs.queue(does, TOCSIN, store))
        for program in under_test:
            samples.take(scenarios.warm_up, setup, program)
        for _ in range(rounds):
            for program in under_test:
                samples.take(typing, setup, program)
    return samples


def lines(samples: scenarios.Samples) -> tuple[list[str], bool]:
    """Return the table, and whether a key cost the same everywhere."""
    same, found = not samples.problems, [f"{'the hub':14} {'p50':>8} {'p99':>8} {'ratio':>6} {'bytes':>6}"]
    alone = samples.values[ALONE, "key"]
    size = median(samples.values[ALONE, "key_bytes"])
    for does in (ALONE, *_BAD, SLOW):
        keys = samples.values.get((does, "key"), [])
        if len(keys) < 2:
            continue
        ratio, sent = median(keys) / median(alone), median(samples.values[does, "key_bytes"])
        same = same and ratio <= _MORE and sent == size
        late = quantiles(keys, n=100)[98]
        found.append(f"{does:14} {median(keys):5.2f} ms {late:5.2f} ms {ratio:6.2f} {sent:4.0f} B")
    return found + [f"Not measured: {where}: {why}" for where, why in samples.problems.items()], same


def main() -> int:
    """Measure and print; return 1 when a key costs more with some hub than with none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hubs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tocsin-benchmarks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-hubs-") as folder:
        table, same = lines(measure(asked.rounds, asked.cache, Path(folder)))
    print("\n".join(table))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
