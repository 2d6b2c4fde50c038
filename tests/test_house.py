"""The figures of the house, taken from the code itself: sizes, documentation, names, and who imports whom."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("tocsin", "app", "screens", "widgets", "sync", "storage", "domain")
FOLDERS = (*LAYERS, "scripts")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SCREEN_LAYERS = {"app", "screens", "widgets"}
PILES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "lib", "core"}
LONGEST_FUNCTION, LONGEST_FILE = 60, 500
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions() -> Iterator[tuple[str, int]]:
    """Yield every function's place and its number of lines, its docstring not counted."""
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                yield f"{named(path)}:{node.lineno} {node.name}", lines_of(node)


def lines_of(node: Function) -> int:
    first, last = node.lineno, node.end_lineno or node.lineno
    documentation = node.body[0] if ast.get_docstring(node) is not None else None
    spent = (documentation.end_lineno or 0) - documentation.lineno + 1 if documentation else 0
    return last - first + 1 - spent


def test_the_code_is_found() -> None:
    assert len(FILES) > 100
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(FOLDERS)


def test_functions_are_short() -> None:
    sizes = dict(functions())
    assert [f"{where}: {size}" for where, size in sizes.items() if size > LONGEST_FUNCTION] == []
    assert statistics.median(sizes.values()) <= 8
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= 25


def test_files_are_short() -> None:
    sizes = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert [f"{where}: {size}" for where, size in sizes.items() if size > LONGEST_FILE] == []


def undocumented(node: ast.AST, where: str) -> Iterator[str]:
    """Yield what is public in a module or class, and has no docstring."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef) or child.name.startswith("_"):
            continue
        if ast.get_docstring(child) is None:
            yield f"{where}:{child.lineno} {child.name}"
        if isinstance(child, ast.ClassDef):
            yield from undocumented(child, where)


def test_whatever_is_public_says_what_it_is() -> None:
    silent = [named(path) for path in FILES if ast.get_docstring(tree(path)) is None]
    silent += [each for path in FILES for each in undocumented(tree(path), named(path))]
    assert silent == []


def test_nothing_is_a_pile() -> None:
    assert [named(path) for path in FILES if PILES & {part.removesuffix(".py") for part in path.parts[-3:]}] == []


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def test_imports_are_absolute() -> None:
    assert [f"{named(p)}:{line}" for p in FILES for line, name in imports(p) if name.startswith(".")] == []


def test_only_what_is_seen_knows_textual() -> None:
    lower = [path for path in FILES if path.relative_to(ROOT).parts[0] in set(LAYERS) - SCREEN_LAYERS]
    found = [f"{named(p)}:{line}" for p in lower for line, name in imports(p) if name.split(".")[0] == "textual"]
    assert found == []


def test_the_rules_import_the_standard_library_and_themselves() -> None:
    allowed = sys.stdlib_module_names | {"domain"}
    pure = [path for path in FILES if path.relative_to(ROOT).parts[0] == "domain"]
    found = [
        f"{named(p)}:{line} {name}" for p in pure for line, name in imports(p) if name.split(".")[0] not in allowed
    ]
    assert found == []


def test_nothing_is_written_at_module_level() -> None:
    """Nothing happens at import: a module's statements declare, and a `global` would be state."""
    found = [
        f"{named(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_only_the_journal_writes_entries() -> None:
    writes = re.compile(
        r"\b(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) (?:entry|outbox)\b|(?:insert|update|delete)\(_ENTRY\)"
    )
    found = {named(path) for path in FILES if writes.search(path.read_text(encoding="utf-8"))}
    # What comes from elsewhere, and what a remote has by now, are written inside the journal's own transaction.
    assert found == {"storage/writing.py", "storage/receiving.py", "storage/remotes.py"}


def test_imports_run_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    if not tool.exists():
        pytest.skip("import-linter is not installed beside this interpreter")
    done = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
