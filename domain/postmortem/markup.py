"""Data inside Markdown: names, titles and notes that stay what they are and never become structure.

Rules of CommonMark 0.31 (headings, lists, code spans, links, raw HTML) and of GitHub's tables. Everything goes
through `safe_text` first, so no control character leaves.
"""

from __future__ import annotations

import re

from domain.text import one_line, safe_text

QUOTE = 1_000
"""Longest quotation of a note, in characters; the whole of it stays in the log."""

# An underscore inside a word is no emphasis; an ampersand matters only where it begins an entity.
_ACTIVE = re.compile(r"[\\`*\[\]<>|~#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=#?[A-Za-z0-9]{1,31};)")
# What begins a list, a rule or a heading's underline when it stands first.
_FIRST = re.compile(r"[-+=]|\d{1,9}(?=[.)])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# In a note: an escaped character and a code span are left alone, a tag and a link to anything but the web are not.
_RISKY = re.compile(r"\\.|(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|(?P<tag><)(?=[A-Za-z/!?])|\](?P<link>\()")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def escaped(text: str, limit: int = 4_000) -> str:
    """Return plain text as Markdown that shows exactly that text, on one line, of at most `limit` characters."""
    line = _ACTIVE.sub(r"\\\g<0>", one_line(text, limit))
    first = _FIRST.match(line)
    if first is None:
        return line
    return f"\\{line}" if first[0] in "-+=" else f"{first[0]}\\{line[first.end() :]}"


def unescaped(line: str) -> str:
    """Return the plain text that one line of Markdown without other markup shows; the inverse of `escaped`."""
    return _ESCAPED.sub(r"\1", line)


def quoted(text: str, limit: int = QUOTE) -> str:
    """Return a note, Markdown of its author, as one line in quotation marks that opens no block, tag or link.

    Lines are joined by `⏎`; code spans, emphasis and links to http and https stay.
    """
    lines = (line.strip() for line in safe_text(text[: 4 * limit], keep_newlines=True).split("\n"))
    joined = one_line(" ⏎ ".join(filter(None, lines)), limit)
    return f"“{_RISKY.sub(_defused, joined)}”"


def _defused(match: re.Match[str]) -> str:
    if match["tag"]:
        return "\\<"
    if match["link"] and not _WEB.match(match.string, match.end()):
        return "]\\("
    return match[0]


def strong(name: str) -> str:
    """Return a name in bold; `somebody` when it is blank."""
    return f"**{escaped(name.strip(), 200) or 'somebody'}**"


def code(text: str, limit: int = 300) -> str:
    """Return text as a code span, its fence longer than any run of backticks in it."""
    line = one_line(text, limit) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"
