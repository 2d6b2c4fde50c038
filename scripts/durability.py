"""Tries to lose something that was acknowledged: `python -m scripts.durability`, `--release` for much more of it.

Power cuts, failing system calls, killed processes, full and read-only disks, many writers at once. It prints a table
and ends with 1 when anything acknowledged was lost, a store was damaged, or the counter-proofs, which must lose, did
not. `--write` puts the table into docs/durability.md: that of a usual run, or that of a longer one beneath it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from scripts.documents import ROOT, with_part
from tests.durability import disks, faults, kills, power
from tests.durability.disks import Disks
from tests.durability.faults import Faults
from tests.durability.kills import Kills
from tests.durability.power import Cuts
from tests.durability.vfs import layer
from tests.durability.work import Manner

PAGE = ROOT / "docs" / "durability.md"
Found = TypeVar("Found")
NO_LAYER = "Python's SQLite is built in and cannot be reached: this was not done"
_FAULTS_A_RUN = 10
_AT_ONCE = 20  # seeds that one process does before it answers


@dataclass(frozen=True)
class Size:
    """How much of everything is done."""

    cuts: int
    proofs: int
    faults: int
    kills: int
    takeovers: int
    disks: int
    writers: int
    appends: int


SIZES: Mapping[str, Size] = {
    "commit": Size(2_000, 200, 200, 20, 20, 10, 8, 200),
    "release": Size(100_000, 2_000, 10_000, 1_000, 500, 100, 16, 10_000),
}


@dataclass
class Row:
    """One line of the table.

    Attributes:
        what: What was done to the store.
        done: How often, in words.
        acknowledged: Calls or entries that had been answered for.
        lost: What of it was gone; for cuts, how many of them took something.
        sound: How many stores were sound afterwards, in words.
        problems: What makes the command fail.
        seconds: How long it took.
    """

    what: str
    done: str
    acknowledged: int
    lost: int
    sound: str
    problems: list[str]
    seconds: float = 0


Part = Callable[[Path, Size, int], Row]


def cuts_of(seeds: Sequence[int], manner: Manner | None, cuts: int = power.CUTS) -> Cuts:
    """Do the runs of some seeds and cut them; in a process of its own."""
    found, shim = Cuts(), layer()
    if shim is None:
        return found
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            found.add(power.round_of(shim, Path(folder), seed, manner, cuts))
    return found


def faults_of(seeds: Sequence[int]) -> Faults:
    """Do the runs of some seeds with failing calls; in a process of its own."""
    found, shim = Faults(), layer()
    if shim is None:
        return found
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            found.add(faults.fail(shim, Path(folder) / "run", seed, _FAULTS_A_RUN))
    return found


def memory() -> Path | None:
    """Return a folder in memory, None where there is none: what is cut is on paper, and need not reach a disk."""
    place = Path("/dev/shm")  # noqa: S108 - the folders made in it have names of their own
    return place if os.access(place, os.W_OK) else None


def shared(work: Callable[[Sequence[int]], Found], runs: int, processes: int) -> Iterable[Found]:
    """Do the seeds 0 to `runs` in several processes."""
    portions = [range(start, min(start + _AT_ONCE, runs)) for start in range(0, runs, _AT_ONCE)]
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, portions)


def _cut(what: str, count: int, manner: Manner | None, processes: int) -> tuple[Cuts, Row]:
    found = Cuts()
    for part in shared(partial(cuts_of, manner=manner), -(-count // power.CUTS), processes):
        found.add(part)
    sound = f"{found.intact:,} of {found.cuts:,}"
    problems = found.failures if found.cuts else [NO_LAYER]
    return found, Row(what, f"{found.cuts:,} cuts", found.acknowledged, found.lost, sound, problems)


def power_cuts(_folder: Path, size: Size, processes: int) -> Row:
    """Cut the power on what the product does."""
    return _cut("power cut", size.cuts, None, processes)[1]


def counter_proof(manner: Manner, what: str, _folder: Path, size: Size, processes: int) -> Row:
    """Cut the power on what the product does not do: a loss must be seen."""
    found, row = _cut(what, size.proofs, manner, processes)
    row.problems = [] if found.lost or found.damaged else [f"{what}: no loss was seen"]
    return row


def failing_calls(_folder: Path, size: Size, processes: int) -> Row:
    """Let calls of the system fail, and cut the power on that."""
    found = Faults()
    for part in shared(faults_of, -(-size.faults // _FAULTS_A_RUN), processes):
        found.add(part)
    done = f"{found.faults:,} faults, {found.cuts:,} cuts"
    sound = f"{found.faults - len(found.failures):,} of {found.faults:,}"
    what = "write, sync, truncation or deletion that fails"
    problems = found.failures if found.faults else [NO_LAYER]
    return Row(what, done, found.acknowledged, len(found.failures), sound, problems)


def killed(what: str, count: Callable[[Size], int], do: Callable[[Path, int], Kills], folder: Path, size: Size) -> Row:
    """Kill processes."""
    found = do(folder, count(size))
    done = f"{found.rounds:,} rounds, {found.processes:,} processes"
    sound = "all" if not found.failures else f"{len(found.failures)} are not"
    return Row(what, done, found.acknowledged, found.missing, sound, found.failures)


def written(what: str, unit: str, do: Callable[[Path, Size], Disks], folder: Path, size: Size) -> Row:
    """Write to disks that say no, or with many writers."""
    found = do(folder, size)
    refused = f", {found.refused:,} refusals" if found.refused else ""
    done = f"skipped: {found.skipped}" if found.skipped else f"{unit.format(found.rounds, size=size)}{refused}"
    sound = "all" if not found.failures else f"{len(found.failures)} are not"
    return Row(what, done, found.acknowledged, found.missing, sound, found.failures)


def _kill(what: str, count: Callable[[Size], int], do: Callable[[Path, int], Kills]) -> Part:
    return lambda folder, size, _processes: killed(what, count, do, folder, size)


def _write(what: str, unit: str, do: Callable[[Path, Size], Disks]) -> Part:
    return lambda folder, size, _processes: written(what, unit, do, folder, size)


PARTS: Mapping[str, Part] = {
    "power": power_cuts,
    "normal": partial(counter_proof, Manner("NORMAL"), "counter-proof: synchronous=NORMAL"),
    "off": partial(counter_proof, Manner("OFF", checkpoint=20), "counter-proof: synchronous=OFF"),
    "delete": partial(counter_proof, Manner("FULL", wal=False), "counter-proof: FULL where no WAL can be had"),
    "split": partial(counter_proof, Manner(split=True), "counter-proof: cursor apart from its entries"),
    "faults": failing_calls,
    "writers": _kill("kill -9 of two writers", lambda size: size.kills, kills.writers),
    "network": _kill(
        "kill -9 of two writers, network home", lambda size: size.kills // 2, partial(kills.writers, network=True)
    ),
    "pull": _kill("kill -9 in the middle of a pull", lambda size: size.takeovers, kills.pulls),
    "import": _kill("kill -9 in the middle of an import", lambda size: size.takeovers, kills.imports),
    "full": _write("full disk", "{0:,} disks", lambda folder, size: disks.full(folder, size.disks)),
    "limit": _write("limit on a file's size", "{0:,} limits", lambda folder, size: disks.limited(folder, size.disks)),
    "readonly": _write("read-only disk", "{0:,} disks", lambda folder, size: disks.read_only(folder, size.disks)),
    "many": _write(
        "many writers at once",
        "{size.writers} × {size.appends:,}",
        lambda folder, size: disks.fleets(folder, size.writers, size.appends),
    ),
    "home": _write(
        "two writers, network home",
        "2 × {size.appends:,}",
        lambda folder, size: disks.fleets(folder, 2, size.appends, network=True),
    ),
}


def run(names: Iterable[str], size: Size, processes: int) -> list[Row]:
    """Do the parts that are named, saying each as it is done."""
    rows = []
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tocsin-durability-") as folder:
            row = PARTS[name](Path(folder), size, processes)
        row.seconds = time.monotonic() - began
        lost = f"{row.lost:,} lost"
        print(
            f"{row.what:48} {row.done:34} {row.acknowledged:>11,} answered {lost:>11} {row.seconds:6.1f} s", flush=True
        )
        for problem in row.problems[:5]:
            print(f"  FAILED: {problem}", flush=True)
        rows.append(row)
    return rows


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table of Markdown."""
    lines = ["| What | How often | Answered for | Lost | Sound afterwards |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {r.what} | {r.done} | {r.acknowledged:,} | {r.lost:,} | {r.sound} |" for r in rows]
    return "\n".join(lines)


def page(rows: Sequence[Row], size: str, part: str) -> str:
    """Return the page with the figures of a run in one of its parts (`figures`, `longer`)."""
    took = sum(row.seconds for row in rows)
    where = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}"
    text = f"{where}, {os.cpu_count()} processors; the size {size}; it took {took:,.0f} s.\n\n{table(rows)}"
    return with_part(PAGE.read_text(encoding="utf-8"), part, text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.durability", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    add("--release", action="store_true", help="as much as before a release; takes hours")
    add("--cuts", type=int, help="so many power cuts")
    add("--processes", type=int, default=os.cpu_count() or 1, help="for the power cuts and failing calls")
    add("--write", action="store_true", help="write the figures into docs/durability.md")
    given = parser.parse_args(argv)
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"there is no part “{unknown[0]}”; parts: {', '.join(PARTS)}")
    name = "release" if given.release else "commit"
    size = SIZES[name] if given.cuts is None else Size(given.cuts, *list(vars(SIZES[name]).values())[1:])
    rows = run(given.parts or PARTS, size, given.processes)
    if given.write:
        usual = not given.parts and given.cuts is None and not given.release
        PAGE.write_text(page(rows, name, "figures" if usual else "longer"), encoding="utf-8")
    failed = [row.what for row in rows if row.problems or (row.lost and not row.what.startswith("counter-proof"))]
    print(f"FAILED: {', '.join(failed)}" if failed else "nothing acknowledged was lost")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
