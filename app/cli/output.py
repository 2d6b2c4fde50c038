"""What goes to stdout: JSON documents, or lines that no foreign text can turn into commands for the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import click

from app.cli.call import is_terminal
from domain.text import safe_text


class Style(Protocol):
    """Makes a text safe and paints it in the manner of a role, e.g. `("P1", "alarm")`."""

    def __call__(self, text: str, role: str = "") -> str:
        """Return the text, ready to be printed."""


_ROLES: Mapping[str, Mapping[str, Any]] = {
    "alarm": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "ref": {"fg": "cyan"},
    "good": {"fg": "green"},
    "dim": {"dim": True},
    "strong": {"bold": True},
}


class Out:
    """Prints a verb's result.

    Args:
        json: Whether documents are printed rather than lines.
        color: `auto`, `always` or `never`.
        environ: The environment: `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `TERM`.
    """

    def __init__(self, *, json: bool, color: str, environ: Mapping[str, str]) -> None:
        self.json = json
        self.color = colored(color, environ, terminal=is_terminal("stdout"))

    def style(self, text: str, role: str = "") -> str:
        """Return `text` made safe, and painted when colours are on and `role` has one."""
        safe = safe_text(text)
        return click.style(safe, **_ROLES[role]) if self.color and role in _ROLES else safe

    def line(self, text: str = "") -> None:
        """Print a line whose parts were made safe by `style`."""
        click.echo(text, color=self.color)

    def lines(self, texts: Iterable[str]) -> None:
        """Print several such lines."""
        for text in texts:
            self.line(text)

    def object(self, value: Any) -> None:
        """Print one JSON document; lone surrogates, which are not UTF-8, become U+FFFD."""
        click.echo(document(value), color=False)

    def stream(self, name: str, items: Iterable[Any], rest: Callable[[], Mapping[str, Any]]) -> None:
        """Print one JSON document whose long list `name` is written as it is read, before the fields of `rest`."""
        click.echo(f"{{{json.dumps(name)}: [", nl=False, color=False)
        for number, item in enumerate(items):
            click.echo((",\n " if number else "\n ") + document(item), nl=False, color=False)
        fields = "".join(f", {json.dumps(key)}: {document(value)}" for key, value in rest().items())
        click.echo(f"]{fields}}}", color=False)


def document(value: Any) -> str:
    """Return JSON on one line; controls are escaped by JSON itself, C1 and bidirectional ones besides."""
    return harmless(json.dumps(value, ensure_ascii=False))


def harmless(text: str) -> str:
    """Return JSON text that says the same with nothing in it that a terminal would obey or a reader could not see."""
    if text.isascii():
        return text
    import re

    from domain.text import UNSAFE

    return re.sub(f"[{UNSAFE}]", _escaped, text)


def _escaped(match: Any) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
    return f"\\u{code:04x}"


def colored(wanted: str, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Say whether to use colours: the flag, else `NO_COLOR`, else what forces it, else whether it is a terminal."""
    if wanted != "auto":
        return wanted == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") != "0" or environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return terminal and environ.get("TERM") != "dumb" and environ.get("CLICOLOR") != "0"


def width() -> int | None:
    """Return the cells of the terminal's line, None when stdout is no terminal."""
    if not is_terminal("stdout"):
        return None
    import os

    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


def cells(text: str) -> int:
    """Return how many cells a safe text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def fit(text: str, most: int) -> str:
    """Return a safe text in at most `most` cells, cut with `…`."""
    if cells(text) <= most:
        return text
    cut = text[:most]
    while cut and cells(cut) > most - 1:
        cut = cut[:-1]
    return cut + "…"


def pad(text: str, size: int) -> str:
    """Return a safe text filled with blanks to `size` cells."""
    return text + " " * (size - cells(text))
