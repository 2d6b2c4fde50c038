"""Writes the parts of the pages that are made from the code: `python -m scripts.documents`.

A part stands between two comments, `<!-- NAME: made by ... -->` and `<!-- end of NAME -->`; `tests/test_documents.py`
says when one is not current. The command line's own pages are made by `app.cli.reference`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from screens import keys

ROOT = Path(__file__).resolve().parents[1]
PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {"keys": ("README.md", keys.table)}
"""By name: the page a part stands in, and what gives its text."""


def with_part(page: str, name: str, text: str) -> str:
    """Return a page with one of its parts replaced.

    Raises:
        ValueError: The page has no such part, or more than one.
    """
    around = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    made, count = around.subn(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"The page has {count} parts {name}, not one")
    return made


def current() -> dict[str, str]:
    """Return every page that has such parts as it should be, by its path below the checkout."""
    pages: dict[str, str] = {}
    for name, (path, text) in PARTS.items():
        page = pages.get(path) or (ROOT / path).read_text(encoding="utf-8")
        pages[path] = with_part(page, name, text())
    return pages


def main() -> int:
    """Write the pages; return the exit code."""
    for path, text in current().items():
        (ROOT / path).write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
