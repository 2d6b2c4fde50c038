"""Writes the exact versions: `python -m scripts.pins`, with `--upgrade` for the newest that pyproject.toml allows.

The versions stand in constraints.txt, for pip, and once more in pyproject.toml, for uv, which reads them only there.
uv's own lock file is not kept in the repository: it names the host of a package index.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"
_EXPORT = (
    "uv", "export", "--no-hashes", "--no-header", "--no-annotate", "--no-emit-project", "--all-extras", "--all-groups",
)  # fmt: skip
_BLOCK = re.compile(r"^constraint-dependencies = \[(?:\n(?:    .*\n)*)?\]\n", re.MULTILINE)


def pins(text: str) -> list[str]:
    """Return the lines of a constraints file that pin something."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("#", "-"))]


def with_pins(project: str, wanted: Sequence[str]) -> str:
    """Return the text of a pyproject.toml whose constraint-dependencies are `wanted`.

    Raises:
        ValueError: It has no such table, or more than one.
    """
    lines = "".join(f'    "{pin}",\n' for pin in wanted)
    block = f"constraint-dependencies = [\n{lines}]\n" if wanted else "constraint-dependencies = []\n"
    text, count = _BLOCK.subn(lambda _match: block, project)
    if count != 1:
        raise ValueError(f"pyproject.toml has {count} tables constraint-dependencies, not one")
    return text


def main(args: Sequence[str]) -> int:
    """Resolve and write both lists; return the exit code."""
    before = PROJECT.read_text(encoding="utf-8")
    upgrade = "--upgrade" in args
    try:
        if upgrade:  # the pins would hold everything where it is
            PROJECT.write_text(with_pins(before, ()), encoding="utf-8")
        subprocess.run(["uv", "lock", *(["--upgrade"] if upgrade else [])], cwd=ROOT, check=True)
        found = pins(subprocess.run(_EXPORT, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        PROJECT.write_text(before, encoding="utf-8")
        print(f"Nothing was changed: {error}", file=sys.stderr)
        return 1
    CONSTRAINTS.write_text("".join(f"{pin}\n" for pin in found), encoding="utf-8")
    PROJECT.write_text(with_pins(before, found), encoding="utf-8")
    print(f"{len(found)} versions written to {CONSTRAINTS.name} and {PROJECT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
