"""The speed figures, their goals, and the table that shows them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import scenarios
from benchmarks.scenarios import Scenario

Values = Mapping[tuple[str, str], list[float]]
Statistic = Callable[[Sequence[float]], float]

SMALL, LARGE, HELLO, TABLE = "small", "large", "hello", "datatable"
"""The names of the programs: tocsin on the smallest and on the largest store, the bare app, Textual's table."""

HEADINGS = ("figure", "hello", "DataTable", "tocsin", "ratio", "goal", "ok")
_ABSENT = "-"


def p99(values: Sequence[float]) -> float:
    """Return the smallest of the values that 99 in 100 do not exceed."""
    return sorted(values)[-1 - len(values) // 100]


@dataclass(frozen=True)
class Figure:
    """One figure of tocsin's, on the largest store, and its goal.

    Attributes:
        name: What `--only` takes.
        label: The table's first column; `{large}` and `{small}` become the stores' sizes.
        scenario: What measures it.
        metric: The name of its samples.
        unit: `ms`, `B`, `B/s`, `%` or `MB`.
        goal: What the ratio, or without `over` the figure itself, must not exceed; None measures only.
        over: The (program, metric) it is divided by.
        statistic: What makes one number of the samples.
    """

    name: str
    label: str
    scenario: Scenario
    metric: str
    unit: str
    goal: float | None = None
    over: tuple[str, str] | None = None
    statistic: Statistic = statistics.median


def _start(name: str, label: str, metric: str, goal: float) -> Figure:
    return Figure(name, label, scenarios.start, metric, "ms", goal, (HELLO, metric))


def _end(name: str, label: str, scenario: Scenario, metric: str) -> Figure:
    return Figure(name, label, scenario, metric, "ms", 100)


def _command(name: str, goal: float) -> Figure:
    label = f"tocsin {name} ÷ python -c pass"
    metric = name.lstrip("-")
    return Figure(metric, label, scenarios.commands, metric, "ms", goal, (LARGE, "python"))


FIGURES: tuple[Figure, ...] = (
    _start("usable", "queue usable, {large} ÷ hello", "usable", 1.1),
    _start("first-rows", "first rows, {large} ÷ hello", "first_rows", 0.15),
    Figure("key-bytes", "one cursor key, bytes", scenarios.typing, "key_bytes", "B", 48),
    Figure("key-p50", "cursor key, p50", scenarios.typing, "key", "ms", 2),
    Figure("key-p99", "cursor key, p99 ÷ DataTable", scenarios.typing, "key", "ms", 0.5, (TABLE, "key"), p99),
    Figure("page-bytes", "page key, bytes", scenarios.typing, "page_bytes", "B", 5200),
    Figure("idle-bytes", "idle, output", scenarios.rest, "idle_bytes", "B/s", 0),
    Figure("idle-cpu", "idle, CPU", scenarios.rest, "idle_cpu", "%", 0.15),
    Figure("idle-wakeups", "idle, wake-ups a second", scenarios.rest, "idle_wakeups", "/s"),
    Figure(
        "first-bytes", "first screen, bytes ÷ hello", scenarios.rest, "first_bytes", "B", 0.5, (HELLO, "first_bytes")
    ),
    _end("leave", "leave with q, restored", scenarios.rest, "quit"),
    _end("hang-up", "line drops, gone", scenarios.hang_up, "hang_up"),
    _end("sigterm", "SIGTERM, restored", scenarios.terminate, "terminate"),
    Figure("memory", "memory, {large} ÷ {small}", scenarios.typing, "memory", "MB", 1.1, (SMALL, "memory")),
    _command("--version", 4.5),
    _command("list", 5.5),
    _command("note", 30),
    Figure("search", "first hits as you type, {large}", scenarios.search, "search", "ms"),
)


@dataclass(frozen=True)
class Result:
    """A figure as measured: numbers, or None where there are no samples; `met` is None without a goal.

    `broken` names the programs that left the terminal changed in any round.
    """

    figure: Figure
    hello: float | None
    table: float | None
    tocsin: float | None
    ratio: float | None
    broken: tuple[str, ...]
    met: bool | None


def judge(figure: Figure, values: Values) -> Result:
    """Make one number of each program's samples and hold them against the goal."""
    found = {name: _number(figure, values.get((name, figure.metric))) for name in (HELLO, TABLE, LARGE)}
    ratio = _ratio(figure, values)
    broken = tuple(name for name in found if any(values.get((name, f"{figure.metric}_left"), ())))
    judged = ratio if figure.over else found[LARGE]
    met = None if figure.goal is None or judged is None else judged <= figure.goal and LARGE not in broken
    hello = _number(figure, values.get(figure.over)) if figure.over == (LARGE, "python") else found[HELLO]
    return Result(figure, hello, found[TABLE], found[LARGE], ratio, broken, met)


def _number(figure: Figure, samples: list[float] | None) -> float | None:
    return figure.statistic(samples) if samples else None


def _ratio(figure: Figure, values: Values) -> float | None:
    """Return the median of the rounds' ratios: it is steadier than a ratio of medians where speed drifts."""
    mine = values.get((LARGE, figure.metric))
    base = values.get(figure.over) if figure.over else None
    if not mine or not base:
        return None
    if figure.statistic is statistics.median and len(mine) == len(base):
        return statistics.median(a / b for a, b in zip(mine, base, strict=True))
    return figure.statistic(mine) / figure.statistic(base)


def numbers(result: Result) -> dict[str, object]:
    """Return a result's numbers by name, for a file."""
    return {name: value for name, value in vars(result).items() if name != "figure"}


def cells(result: Result, sizes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts of one row of the table."""
    figure = result.figure
    goal = _ABSENT if figure.goal is None else f"≤ {_digits(figure.goal)}" + ("" if figure.over else f" {figure.unit}")
    return (
        figure.label.format(**sizes),
        *(_amount(result, name) for name in (HELLO, TABLE, LARGE)),
        _ABSENT if result.ratio is None else f"{result.ratio:.2f}",
        goal,
        _ABSENT if result.met is None else "yes" if result.met else "NO",
    )


def _amount(result: Result, program: str) -> str:
    unit = result.figure.unit
    value = {HELLO: result.hello, TABLE: result.table, LARGE: result.tocsin}[program]
    if value is None:
        return _ABSENT
    broken = "broken, " if program in result.broken else ""
    return f"{broken}{_digits(value / 1e6 if unit == 'MB' else value)} {unit}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 1 else f"{value:.1f}"


def layout(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of texts as a table with aligned columns, numbers to the right, under `HEADINGS`."""
    table = [HEADINGS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
