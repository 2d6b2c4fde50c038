"""Tries to lose what a hub has acknowledged: `python -m scripts.failover --two-hubs`, and `--patroni`.

`--two-hubs`: two hubs on one PostgreSQL, killed and started again. `--patroni`: a hub on three PostgreSQL nodes under
Patroni, of which the leader is killed, and later hands over. Devices push through it all, and readers follow. It prints
what was counted and ends with 1 when anything is missing. `--write` puts the figures into docs/postgres.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.documents import ROOT, with_part
from tests.peers.failures import Load, two_hubs
from tests.peers.fleet import Found
from tests.postgres import cluster

PAGE = ROOT / "docs" / "postgres.md"


def run_two_hubs(folder: Path, load: Load) -> Found:
    """Kill hubs on a PostgreSQL of their own."""
    with cluster() as server:
        return two_hubs(server.fresh(), folder, load)


def run_patroni(folder: Path, load: Load) -> Found:
    """Kill the leader of three, and let it hand over."""
    from tests.peers.patroni import failover

    return failover(folder, load)


def described(found: Found, load: Load, what: str, seconds: float, command: str) -> str:
    """Return a run as Markdown."""
    answers = ", ".join(f"{count:,} {state}" for state, count in sorted(found.answers.items()))
    rows = [
        ("Entries that a hub has acknowledged", f"{found.acknowledged:,}"),
        ("Of these, lost", f"{found.lost:,}"),
        (f"Missed by any of {load.readers} readers or {load.devices} stores", f"{found.missed:,}"),
        ("Stores that were not equal to the hub in the end", f"{len(found.unequal)} of {load.devices}"),
        ("How the devices' exchanges ended", answers),
        ("Readers whose cursor stood in another history", f"{found.begun_again:,}"),
        *((f"{name}: longest time without an acknowledged push", f"{gap:.1f} s") for name, gap in found.gaps),
    ]
    head = (
        f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s: {what}. {_where(nodes='--patroni' in command)}."
    )
    return "\n".join([head, "", "| | |", "|---|--:|", *(f"| {name} | {figure} |" for name, figure in rows)])


def _where(*, nodes: bool) -> str:
    from tests.peers import patroni

    server = patroni.versions() if nodes else patroni.server_version()
    return f"{server}, Python {platform.python_version()}, {os.cpu_count()} processors"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.failover", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--two-hubs", action="store_true", help="two hubs on one PostgreSQL, killed in turn")
    which.add_argument("--patroni", action="store_true", help="a hub on three nodes under Patroni")
    add = parser.add_argument
    add("--devices", type=int, default=8, help="how many push")
    add("--readers", type=int, default=3, help="how many follow the cursor")
    add("--kills", type=int, help="how often a hub, or the leader, is killed (12, or 1)")
    add("--between", type=int, default=150, help="entries that must be acknowledged before and after each")
    add("--write", action="store_true", help="write the figures into docs/postgres.md")
    given = parser.parse_args(argv)
    if given.patroni and (lacks := _lacks()):
        parser.error(f"not installed: {lacks}")
    kills = given.kills or (1 if given.patroni else 12)
    load = Load(given.devices, given.readers, kills, given.between, 0.05 if given.patroni else 0.02)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server outlives this
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-failover-") as folder:
        found = (run_patroni if given.patroni else run_two_hubs)(Path(folder), load)
    part = "patroni" if given.patroni else "two-hubs"
    command = f"python -m scripts.failover --{part} --devices {load.devices} --kills {kills} --between {load.between}"
    times = f"{kills} time{'' if kills == 1 else 's'}"
    what = (
        f"the leader killed {times}, and a switchover"
        if given.patroni
        else f"hubs killed {times}, every third time both"
    )
    text = described(found, load, what, time.monotonic() - began, command)
    print(text)
    for problem in found.problems[:5]:
        print(f"FAILED: {problem}")
    if given.write and found.good:
        PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), part, text), encoding="utf-8")
    print("nothing acknowledged was lost or missed" if found.good else "FAILED")
    return 0 if found.good else 1


def _lacks() -> str:
    from tests.peers import patroni

    return patroni.missing()


if __name__ == "__main__":
    sys.exit(main())
