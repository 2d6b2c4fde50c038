"""Every setting with its default and its docstring, read from the source of `app.settings`: for people to read."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """One setting: its dotted name, its default in TOML, and what it does."""

    name: str
    default: str
    meaning: str


def every_setting() -> list[Setting]:
    """Return the settings in the order they are declared."""
    from app import settings

    classes = _classes(Path(settings.__file__).read_text(encoding="utf-8"))
    values = {name: toml(value) for name, value in settings.flatten(settings.Settings()).items()}
    return [Setting(name, values[name], meaning) for name, meaning in _meanings(classes, "Settings", "")]


def _classes(source: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _meanings(classes: Mapping[str, ast.ClassDef], name: str, prefix: str) -> Iterator[tuple[str, str]]:
    body = classes[name].body
    for statement, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        field, kind = statement.target.id, statement.annotation
        if field.startswith("__"):
            continue
        if isinstance(kind, ast.Name) and kind.id in classes:
            yield from _meanings(classes, kind.id, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}", _docstring(after) or _ELSEWHERE.get(field, "")


def _docstring(statement: ast.stmt | None) -> str:
    value = statement.value if isinstance(statement, ast.Expr) else None
    text = value.value if isinstance(value, ast.Constant) else ""
    return " ".join(text.split()) if isinstance(text, str) else ""


_ELSEWHERE: Mapping[str, str] = {
    "severity_label": "The label whose value gives the severity.",
    "max_bytes": "The largest body that is read, in bytes.",
}


def toml(value: Any) -> str:
    """Return a value as TOML; a view is an inline table."""
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(toml(each) for each in value) + "]"


def template() -> str:
    """Return a settings file in which every line is a comment: the defaults."""
    lines = ["# The settings of tocsin. Take away a # to change one; tocsin config show says what holds.", ""]
    section = ""
    for name, default, meaning in sorted(
        every_setting(), key=lambda each: "." in each.name
    ):  # tables come last in TOML
        table, _, key = name.rpartition(".")
        if table != section:
            lines += [f"[{table}]", ""]
            section = table
        lines += [f"# {meaning}", f"# {key} = {default}", ""]
    return "\n".join(lines)


def page() -> str:
    """Return docs/settings.md."""
    from app.settings_sources import ASIDE

    lines = [_INTRODUCTION.replace("{aside}", ", ".join(f"`{name}`" for name in sorted(ASIDE)))]
    for name, default, meaning in every_setting():
        variable = f"TOCSIN_{name.upper().replace('.', '__')}"
        lines += [f"### `{name}`", "", meaning, "", f"Default: `{default}`. Variable: `{variable}`.", ""]
    return "\n".join(lines)


_INTRODUCTION = """# Settings

This page is made from the code by `python -m app.cli.reference`.

Settings come from, the later ones winning: the defaults, the file `config.toml` in the XDG config folder
(`$XDG_CONFIG_HOME/tocsin`, else `~/.config/tocsin`), variables `TOCSIN_*` (parts of a name joined by `__`), flags.

* `tocsin config init` writes a file that names every setting; `tocsin config path` says where it is.
* `tocsin config show` says what holds and where it came from.
* `--config PATH` or `TOCSIN_CONFIG` names another file; `--database PATH` or `TOCSIN_DATABASE` another store.
* A name that does not exist, or a value it cannot hold, is an error (exit code 7) that names its line and the nearest
  right one. In the sections {aside} it stops only what needs that section: the queue opens, and says so.
* Lists and tables in a variable are JSON: `TOCSIN_INGEST__ALERTMANAGER__TAG_LABELS='["team"]'`.

```toml
[display]
zone = "UTC"

[[views]]
name = "database"
query = "status:open tag:db"

[keys]
"queue.acknowledge" = "A"
```
"""
