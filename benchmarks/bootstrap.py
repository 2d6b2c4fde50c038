"""A new device takes over a whole hub: `python -m benchmarks.bootstrap [--entries 1000000]`.

A real hub process and a real `tocsin sync` on an empty store, killed (-9) on the way and begun again. Meanwhile other
processes list the queue and write notes. Prints how long it took, how much memory each side used at most, how many
entries came twice, and what a list and a note cost beside it. The exit code is 1 when anything is missing at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from domain import ids
from domain.entry import Entry, body_hash, chain_hash
from storage.hub.engines import open_database
from storage.store import Store

ROOT = Path(__file__).resolve().parents[1]
TOCSIN = str(Path(sys.executable).with_name("tocsin"))
_BATCH, _OF_AN_INCIDENT = 5_000, 10
_START = 1_780_000_000_000


def chain(count: int) -> Iterator[Entry]:
    """Yield the entries of one device: incidents of a raise and nine notes."""
    bits, previous, device = random.Random(11).getrandbits, b"", "0193f0a0-0000-7000-8000-00000000b007"
    incident = ""
    for number in range(1, count + 1):
        at = _START + number * 1_000
        first = (number - 1) % _OF_AN_INCIDENT == 0
        incident = ids.uuid7(at, bits) if first else incident
        body = json.dumps(
            {"title": f"incident {number}"} if first else {"text": f"note {number}: it is the log volume"}
        )
        kind = "raise" if first else "note"
        entry = Entry(
            ids.uuid7(at, bits), incident, device, number, at << 16, kind, kind, "ana", "human", at, at, (), body,
            body_hash(body), b"",
        )  # fmt: skip
        previous = chain_hash(previous, entry)
        yield replace(entry, hash=previous)


def fill(url: Path, count: int) -> None:
    """Write a hub's database as if so many entries had been pushed to it."""
    open_database(str(url)).close()
    columns = (
        "id, incident, device, dseq, hlc, kind, what, author, source, occurred_at, recorded_at, over, body, bhash, "
        "hash, seq, received_at, pushed_by"
    )
    marks = ", ".join("?" * len(columns.split(", ")))
    last = None
    with closing(sqlite3.connect(url, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for last in chain(count):
            row = (
                last.id, last.incident, last.device, last.dseq, last.hlc, last.kind, last.what, last.author,
                last.source, last.occurred_at, last.recorded_at, "[]", last.body, last.bhash, last.hash,
                last.dseq, 0, "ana",
            )  # fmt: skip
            connection.execute(f"INSERT INTO entry ({columns}) VALUES ({marks})", row)
        assert last is not None
        connection.execute("UPDATE hub SET seq = ?", (count,))
        connection.execute("INSERT INTO person VALUES ('ana', 'responder', 0)")
        connection.execute(
            "INSERT INTO device VALUES (?, 'ana', '', ?, ?, 1, 0, 0)", (last.device, last.dseq, last.hash)
        )
        connection.execute("COMMIT")


@contextmanager
def hub(database: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve a hub; give its address and process."""
    command = [TOCSIN, "hub", "serve", "--database", str(database), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    url = process.stderr.readline().split()[-1]
    drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        yield url, process
    finally:
        process.terminate()
        process.wait()
        drain.wait()


def peak(process: subprocess.Popen[str]) -> float:
    """Return the most memory that a process has had resident, MB."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def run(store: Path, *words: str) -> tuple[float, str]:
    """Run a verb; return how long it took, seconds, and what it printed."""
    began = time.monotonic()
    done = subprocess.run([TOCSIN, "--database", str(store), *words], capture_output=True, text=True, check=False)
    return time.monotonic() - began, done.stdout


def cursor(store: Path) -> int:
    """Return how far a store has taken the hub over."""
    with closing(sqlite3.connect(store)) as connection:
        return int((connection.execute("SELECT max(cursor) FROM remote").fetchone() or (0,))[0] or 0)


def take_over(store: Path, total: int) -> dict[str, float]:
    """Run `tocsin sync` to its end, killed once on the way; return the figures."""
    ref = json.loads(run(store, "raise", "written while it comes in", "--json")[1])["ref"]
    began, most, killed_at, lists, notes = time.monotonic(), 0.0, 0, [], []
    while True:
        process = subprocess.Popen(
            [TOCSIN, "--database", str(store), "sync", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        while process.poll() is None:
            most = max(most, peak(process))
            lists.append(run(store, "list", "status:open", "--json")[0])
            notes.append(run(store, "note", ref, "still here")[0])
            if not killed_at and cursor(store) > total // 3:
                killed_at = cursor(store)
                process.kill()
        if process.wait() == 0:
            break
    return {
        "seconds": time.monotonic() - began,
        "device MB": most,
        "killed at": killed_at,
        "list ms": median(lists) * 1000,
        "note ms": median(notes) * 1000,
        "notes": len(notes),
    }


def main() -> int:
    """Measure, print, and say whether everything is there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bootstrap")
    parser.add_argument("--entries", type=int, default=1_000_000)
    total = parser.parse_args().entries
    os.environ.pop("TOCSIN_DATABASE", None)
    with tempfile.TemporaryDirectory(prefix="tocsin-bootstrap-") as folder:
        database, store = Path(folder) / "hub.db", Path(folder) / "device.db"
        fill(database, total)
        with hub(database) as (url, process):
            code = run(database, "hub", "code", "--user", "ana", "--role", "responder", "--database", str(database))[
                1
            ].strip()
            run(store, "remote", "add", "hub", "--url", url, "--code", code)
            found = take_over(store, total)
            found["hub MB"] = peak(process)
        opened = Store(store, "ana", lambda: 0)
        with closing(sqlite3.connect(store)) as connection:
            (held,) = connection.execute("SELECT count(*) FROM entry").fetchone()
        (vector,) = [dseq for device, (dseq, _tip) in opened.reader.vector().items() if device.endswith("b007")]
        opened.close()
    complete = vector == total and held == total + 1 + found["notes"]
    print(f"{total:,} entries taken over in {found['seconds']:.0f} s ({total / found['seconds']:,.0f}/s)")
    print(f"killed (-9) at {found['killed at']:,.0f}, then gone on; nothing twice, nothing missing: {complete}")
    print(f"most memory: device {found['device MB']:.0f} MB, hub {found['hub MB']:.0f} MB")
    times = f"list {found['list ms']:.0f} ms, note {found['note ms']:.0f} ms"
    print(f"beside it: {times} (medians, {found['notes']:.0f} of each)")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
