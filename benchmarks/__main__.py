"""`python -m benchmarks`: measures the speed figures side by side with a bare Textual app, in one run."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import programs, scenarios, stores
from benchmarks.figures import FIGURES, HELLO, LARGE, SMALL, TABLE, Figure, Result, cells, judge, layout, numbers
from benchmarks.programs import Program
from benchmarks.scenarios import Samples, Scenario, Setup

# Which programs each scenario is done to, in this order within every round.
_PLAN: dict[Scenario, tuple[str, ...]] = {
    scenarios.start: (HELLO, TABLE, LARGE),
    scenarios.typing: (HELLO, TABLE, SMALL, LARGE),
    scenarios.rest: (HELLO, TABLE, LARGE),
    scenarios.hang_up: (HELLO, TABLE, LARGE),
    scenarios.terminate: (HELLO, TABLE, LARGE),
    scenarios.search: (LARGE,),
    scenarios.commands: (LARGE,),
}
_TABLE_ROWS = 1000


@dataclass(frozen=True)
class Options:
    """What the command line asked for; `sizes` are numbers of incidents, ascending."""

    rounds: int
    size: tuple[int, int]
    sizes: tuple[int, ...]
    only: tuple[str, ...]
    idle: float
    tocsin: str
    cache: Path
    json: Path | None

    @property
    def figures(self) -> list[Figure]:
        """The figures to measure."""
        return [figure for figure in FIGURES if not self.only or figure.name in self.only]


def parse(argv: list[str] | None = None) -> Options:
    """Read the command line; ends the program with exit code 2 on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="interleaved rounds (5)")
    add("--size", type=_size, default=(100, 30), metavar="COLSxROWS", help="the terminal's size (100x30)")
    add("--incidents", type=_sizes, default=(1000, 1_000_000), metavar="N,N", help="sizes of the stores (1000,1000000)")
    add("--only", type=_names, default=(), metavar="NAME,...", help=f"of {', '.join(f.name for f in FIGURES)}")
    add("--idle", type=float, default=4, metavar="SECONDS", help="how long to watch it idle (4)")
    add(
        "--tocsin", default=str(Path(sys.executable).with_name("tocsin")), metavar="PATH", help="the command under test"
    )
    add("--cache", type=Path, default=_default_cache(), metavar="DIR", help="where the stores are kept (%(default)s)")
    add("--json", type=Path, metavar="FILE", help="write every sample there")
    given = vars(parser.parse_args(argv))
    return Options(sizes=given.pop("incidents"), **given)


def _default_cache() -> Path:
    return Path(tempfile.gettempdir()) / f"tocsin-benchmarks-{os.getuid()}"


def _size(text: str) -> tuple[int, int]:
    columns, rows = map(int, text.split("x"))
    return columns, rows


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part.replace("_", "")) for part in text.split(",")}))


def _names(text: str) -> tuple[str, ...]:
    names, known = tuple(text.split(",")), [figure.name for figure in FIGURES]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"there is no figure {name!r}; there are {', '.join(known)}")
    return names


def measure(options: Options, scratch: Path) -> Samples:
    """Run the rounds and return all samples."""
    setup = Setup(programs.environment(scratch), options.size, options.idle)
    samples = Samples()
    wanted = {figure.scenario for figure in options.figures}
    plan = [(scenario, names) for scenario, names in _PLAN.items() if scenario in wanted]
    under_test = _programs(options, setup, samples, {name for _, names in plan for name in names})
    for each in range(options.rounds):
        for scenario, names in plan:
            for program in (under_test[name] for name in names if name in under_test):
                _progress(f"round {each + 1} of {options.rounds}: {scenario.__name__}, {program.name}")
                samples.take(scenario, setup, program)
    _progress("")
    return samples


def _programs(options: Options, setup: Setup, samples: Samples, wanted: set[str]) -> dict[str, Program]:
    """Return the programs that are wanted and that a warm-up has shown to start."""
    found = {HELLO: programs.hello(), TABLE: programs.datatable(_TABLE_ROWS)}
    try:
        scenarios.check(setup, options.tocsin)
        for name, count in ((SMALL, options.sizes[0]), (LARGE, options.sizes[-1])):
            store = stores.cached(options.cache, count)
            found[name] = programs.queue(name, options.tocsin, store)
    except (stores.StoreNotMade, scenarios.CommandFailed) as error:
        samples.problems["tocsin"] = str(error)
    chosen = {name: program for name, program in found.items() if name in wanted}
    return {name: program for name, program in chosen.items() if samples.take(scenarios.warm_up, setup, program)}


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def report(options: Options, samples: Samples) -> list[Result]:
    """Print the table and what went wrong; write the samples where `--json` says. Return the results."""
    results = [judge(figure, samples.values) for figure in options.figures]
    sizes = {"small": f"{options.sizes[0]:,}", "large": f"{options.sizes[-1]:,}"}
    print(layout(cells(result, sizes) for result in results))
    columns, rows = options.size
    print(f"\n{options.rounds} rounds, {columns}x{rows}; DataTable with {_TABLE_ROWS:,} rows")
    print(", ".join(f"{name} {value}" for name, value in scenarios.machine().items()))
    for where, problem in samples.problems.items():
        print(f"\nNot measured: {where}: {problem}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(_document(options, samples, results), indent=1, ensure_ascii=False) + "\n")
    return results


def _document(options: Options, samples: Samples, results: list[Result]) -> dict[str, object]:
    return {
        "machine": scenarios.machine(),
        "options": {name: str(value) for name, value in asdict(options).items()},
        "figures": {result.figure.name: numbers(result) for result in results},
        "samples": {f"{program}.{metric}": each for (program, metric), each in samples.values.items()},
        "problems": samples.problems,
    }


def main() -> int:
    """Measure and print; return 1 when a goal was missed or something could not be measured."""
    options = parse()
    sys.setswitchinterval(1e-4)  # hand over at once to the thread that stamps
    with tempfile.TemporaryDirectory(prefix="tocsin-benchmarks-") as scratch:
        samples = measure(options, Path(scratch))
    results = report(options, samples)
    return 1 if samples.problems or any(result.met is False for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
