"""Simulates the sync, real code on stores in memory, and says what came of it.

`python -m scripts.simulate --schedules 20000 --seed 0 --jobs 2` runs schedules and exits with 1 when one broke a
promise, naming its seed. `--seed N --schedules 1 --trace` tells what happens in one. `--mutants` breaks the product on
purpose and writes how long each mutant lived, with the figures of the run, into docs/simulation.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.simulation import schedules
from tests.simulation.mutants import MUTANTS, broken
from tests.simulation.schedules import Stage, Tally

PAGE = Path(__file__).resolve().parents[1] / "docs" / "simulation.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
_AGAINST = "Mutants, each against the same seeds, at most {:,} of them:"
_PORTION = 250


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and return the exit code."""
    asked = _parser().parse_args(arguments)
    if asked.trace:
        return _trace(asked.seed)
    tally = simulate(asked.seed, asked.schedules, asked.jobs, asked.within)
    print("\n".join(said(tally)))
    if tally.schedules < asked.schedules:
        print(f"{asked.within} minutes were over: {tally.schedules:,} of {asked.schedules:,} schedules were run")
    if asked.mutants:
        lives = hunt(asked.seed, asked.most, asked.jobs, asked.only)
        print("\n".join(table(lives, asked.most)))
        if not asked.only:
            write(tally, asked.seed, [_AGAINST.format(asked.most), "", *table(lives, asked.most)])
    elif asked.write:
        write(tally, asked.seed)
    return 1 if tally.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.simulate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--schedules", type=int, default=1000, help="how many to run (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first; each has the next (default: 0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--within", type=float, metavar="MINUTES", help="begin none after so long, and say so")
    parser.add_argument("--trace", action="store_true", help="run one schedule and tell what happens in it")
    parser.add_argument("--write", action="store_true", help="write the figures of the run into docs/simulation.md")
    parser.add_argument("--mutants", action="store_true", help="break the product and see how soon it is noticed")
    parser.add_argument("--most", type=int, default=2000, help="schedules that a mutant may live (default: 2000)")
    parser.add_argument("--only", nargs="*", metavar="MUTANT", help="the mutants to try (default: all)")
    return parser


def _trace(seed: int) -> int:
    told, failure = schedules.trace(seed)
    print("\n".join(told))
    print(failure or "every promise was kept")
    return 1 if failure else 0


def simulate(first: int, count: int, jobs: int, within: float | None = None) -> Tally:
    """Run schedules in several processes, beginning none after `within` minutes; return what they came to."""
    began, tally = time.monotonic(), Tally()
    portions = [range(at, min(at + _PORTION, first + count)) for at in range(first, first + count, _PORTION)]
    work = partial(_portion, until=None if within is None else began + within * 60)
    if jobs < 2:
        parts = [work(portion) for portion in portions]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            parts = list(pool.map(work, portions))
    for part in parts:
        tally.add(part)
    tally.seconds = time.monotonic() - began
    return tally


def _portion(seeds: range, until: float | None) -> Tally:
    late = until is not None and time.monotonic() > until
    return schedules.run(range(0) if late else seeds)


def said(tally: Tally) -> list[str]:
    """Return what schedules came to, in lines."""
    rate = tally.schedules / tally.seconds if tally.seconds else 0
    head = f"schedules {tally.schedules:,} · violations {len(tally.failures)}"
    lines = [f"{head} · {tally.seconds:.0f} s · {rate:.1f} a second"]
    lines += [f"  {what:24} {often:>10,}" for what, often in sorted(tally.count.items())]
    for seed, why in sorted(tally.failures.items()):
        lines.append(f"FAILED: seed {seed}: {why}")
        lines.append(f"  see: python -m scripts.simulate --seed {seed} --schedules 1 --trace")
    return lines


def life(name: str, first: int, most: int) -> tuple[str, int, str]:
    """Return a mutant's name, the schedules until it was noticed (0 for never) and what noticed it."""
    stage = Stage()
    with broken(name):
        for number in range(1, most + 1):
            try:
                stage.run(first + number - 1)
            except Exception as error:  # noqa: BLE001 - whatever it is, the mutant was noticed
                return name, number, schedules.failure(error).strip().splitlines()[-1]
    return name, 0, ""


def hunt(first: int, most: int, jobs: int, only: Sequence[str] | None = None) -> list[tuple[str, int, str]]:
    """Return of each mutant how long it lived; 0 for one that survived."""
    work = partial(life, first=first, most=most)
    names = list(only or MUTANTS)
    if jobs < 2:
        return [work(name) for name in names]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(work, names))


def table(lives: Sequence[tuple[str, int, str]], most: int) -> list[str]:
    """Return the mutants and their lives as a table in Markdown."""
    lines = ["| Mutant | What is broken | Schedules until noticed | By |", "|---|---|---|---|"]
    for name, number, why in sorted(lives, key=lambda each: (each[1] or most + 1, each[0])):
        lived = f"{number:,}" if number else f"**survives {most:,}**"
        lines.append(f"| {name} | {MUTANTS[name][0]} | {lived} | {_promise(why)} |")
    return lines


def _promise(why: str) -> str:
    return why.partition(":")[0]


def write(tally: Tally, seed: int, mutants: Sequence[str] = ()) -> None:
    """Put the figures of a run into the page; without those of mutants the ones there stay."""
    text = PAGE.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    old, _end, after = rest.partition(END)
    there = "".join(old.partition(_AGAINST.partition("{")[0])[1:]).rstrip("\n")
    rate = tally.schedules / tally.seconds
    lines = [
        f"Seeds {seed:,} to {seed + tally.schedules - 1:,}: **{tally.schedules:,} schedules, "
        f"{len(tally.failures)} violations**, {tally.seconds:.0f} s, {rate:.1f} schedules a second.", "",
        "| What | How often |", "|---|---|",
        *(f"| {what} | {often:,} |" for what, often in sorted(tally.count.items())), "",
        *(mutants or [there]),
    ]  # fmt: skip
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
