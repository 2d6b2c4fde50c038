"""Checks everything that can be checked: `python -m scripts.check`, or only what is named: `... check lint types`.

One line a check; what a failed one said follows it. The exit code is 1 when any failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS: Mapping[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "layers": ("lint-imports",),
    "dependencies": ("deptry", "--no-ansi", "."),
    "tests": ("pytest",),
}


def tool(name: str) -> str:
    """Return the path of a tool beside this interpreter, else its name."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


def passes(name: str) -> bool:
    """Run one check and say how it went."""
    print(f"{name:13}", end="", flush=True)
    program, *rest = CHECKS[name]
    began = time.monotonic()
    environment = {**os.environ, "NO_COLOR": "1"} if name != "tests" else None
    try:
        done = subprocess.run(
            [tool(program), *rest], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        code, said = done.returncode, (done.stdout + done.stderr).strip()
    except OSError as error:
        code, said = 1, f"{error}. Install the tools: uv sync, or pip install -e '.[dev]' -c constraints.txt"
    last = said.splitlines()[-1] if said else ""
    print(f"{'FAILED' if code else 'ok':7}{time.monotonic() - began:5.1f} s  {last}", flush=True)
    if code:
        print(said, flush=True)
    return code == 0


def main(names: Sequence[str]) -> int:
    """Run the checks that are named, or all; return the exit code."""
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"There is no check “{unknown[0]}”. Checks: {', '.join(CHECKS)}.", file=sys.stderr)
        return 2
    failed = [name for name in names or CHECKS if not passes(name)]
    print(f"failed: {', '.join(failed)}" if failed else "everything passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
