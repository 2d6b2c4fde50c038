"""A post-mortem as Markdown, and back: what the editor and `$EDITOR` show, and what they changed.

`parse` reads a text against the document it was rendered from, so only what a person changed is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.durations import short
from domain.limits import TITLE
from domain.postmortem.document import Document, Section, heading_key
from domain.postmortem.markup import escaped, unescaped
from domain.text import safe_text

_SHIELDED = re.compile(r"( {0,3})(\\*)(##[ \t].*)")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
# HTML blocks that only their own end closes (CommonMark 0.31, section 4.6, kinds 1 to 5): begin, end, what closes.
_HTML = (
    (
        re.compile(r" {0,3}<(?:script|pre|style|textarea)(?:\s|>|$)", re.IGNORECASE),
        "</(script|pre|style|textarea)>",
        "</pre>",
    ),
    (re.compile(r" {0,3}<!--"), "-->", "-->"),
    (re.compile(r" {0,3}<\?"), r"\?>", "?>"),
    (re.compile(r" {0,3}<!\[CDATA\["), r"\]\]>", "]]>"),
    (re.compile(r" {0,3}<![A-Za-z]"), ">", ">"),
)
_MEASURES = {
    "mttd": "Time to detect",
    "mtta": "Time to acknowledge",
    "mttm": "Time to mitigate",
    "mttr": "Time to resolve",
    "time_to_close": "Time to close",
}


def render(document: Document) -> str:
    """Return a document as Markdown: title, a table of facts, and a heading of level 2 for each section.

    A line of a section's text that looks like one of the headings gets a backslash, and a code block or HTML block
    left open is closed, so that no text reaches into the next section. No control character leaves.
    """
    headings = _headings(document)
    blocks = [f"# {escaped(document.title, TITLE)}", _facts(document)]
    for section in document.sections[1:]:
        blocks += [f"## {escaped(section.title)}", _body(section.text, headings)]
    return "\n\n".join(filter(None, blocks)) + "\n"


def parse(markdown: str, document: Document) -> dict[str, str]:
    """Return the texts of the sections that differ from `document`, by id; the inverse of `render`.

    * Headings are matched whatever their case and spaces. Any other heading belongs to the section it stands in.
    * A heading that is gone leaves its section as it was; a heading with nothing below empties it.
    * A heading that comes twice has both texts. Text above the first heading goes to the top of the first section;
      the table there is not read.
    * A changed first line gives `title`, plain text; an empty one changes nothing.
    * Spaces at the ends of lines alone are no change, and a prompt left beside what was written is dropped.
    """
    shown, given = _split(render(document), document), _split(markdown, document)
    changed = {key: text for key, text in given.items() if _trimmed(text) != _trimmed(shown.get(key, ""))}
    prompts = {each.id: each.prompt for each in document.sections if each.text == each.prompt and each.prompt}
    return {key: _without(prompts.get(key), text) for key, text in changed.items()}


# -- out ---------------------------------------------------------------------------------------------------------------


def _facts(document: Document) -> str:
    rows = [
        ("Ref", document.ref),
        ("State", document.phase),
        ("Severity", document.severity),
        ("Priority", document.priority),
        ("Owner", document.owner),
        *((_MEASURES.get(name, name), short(ms)) for name, ms in document.durations),
    ]
    lines = [f"| {name} | {escaped(value)} |" for name, value in rows if value]
    return "\n".join((lines[0], "|---|---|", *lines[1:])) if lines else ""


def _body(text: str, headings: Mapping[str, str]) -> str:
    lines = safe_text(text, keep_newlines=True).strip("\n").rstrip().split("\n")
    shielded = [_shield(line, headings) for line in lines]
    return "\n".join([*shielded, *_closing(shielded)])


def _shield(line: str, headings: Mapping[str, str]) -> str:
    match = _SHIELDED.fullmatch(line)
    if match is None or _heading(match[3]) not in headings:
        return line
    return f"{match[1]}\\{match[2]}{match[3]}"


def _closing(lines: list[str]) -> list[str]:
    """Return the line that closes a block which these lines leave open, if they do."""
    opened, end = "", re.compile("$")
    for line in lines:
        if opened:
            opened = "" if end.search(line) else opened
        elif fence := _FENCE.fullmatch(line):
            opened = fence[1]
            end = re.compile(rf"^ {{0,3}}{re.escape(opened[0])}{{{len(opened)},}}[ \t]*$")
        else:
            opened, end = _html_opened(line)
    return [opened] if opened else []


def _html_opened(line: str) -> tuple[str, re.Pattern[str]]:
    for begin, ends, closes in _HTML:
        if match := begin.match(line):
            end = re.compile(ends, re.IGNORECASE)
            return ("" if end.search(line, match.end()) else closes), end
    return "", re.compile("$")


# -- back --------------------------------------------------------------------------------------------------------------


def _headings(document: Document) -> dict[str, str]:
    """Return section ids by what counts of their headings."""
    found: dict[str, str] = {}
    for section in document.sections[1:]:
        found.setdefault(_key(section), section.id)
    return found


def _key(section: Section) -> str:
    return _heading(f"## {escaped(section.title)}") or ""


def _heading(line: str) -> str | None:
    text = _heading_text(line, "##")
    return heading_key(unescaped(text)) if text else None


def _heading_text(line: str, marks: str) -> str | None:
    """Return what a heading of that level says, None for any other line; by hand, for a long line must cost little."""
    bare = line.lstrip(" ")
    after = bare.removeprefix(marks)
    if len(line) - len(bare) > 3 or after == bare or after[:1] not in ("", " ", "\t"):
        return None
    text = after.strip(" \t")
    unclosed = text.rstrip("#")  # a heading may be closed by marks of its own
    return unclosed.rstrip(" \t") if not unclosed or unclosed[-1] in " \t" else text


def _split(markdown: str, document: Document) -> dict[str, str]:
    """Return the texts found below the headings, by section id; `title` too when there is one."""
    headings = _headings(document)
    found: dict[str, list[list[str]]] = {}
    above: list[str] = []
    title, into = "", above
    for line in markdown.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"):
        if (identifier := headings.get(_heading(line) or "")) is not None:
            into = []
            found.setdefault(identifier, []).append(into)
        elif into is above and (text := _heading_text(line, "#")) is not None and not title:
            title = unescaped(text)
        elif into is not above or not line.lstrip().startswith("|"):
            into.append(_unshield(line, headings))
    return _joined(found, above, title, document)


def _unshield(line: str, headings: Mapping[str, str]) -> str:
    match = _SHIELDED.fullmatch(line)
    if match is None or not match[2] or _heading(match[3]) not in headings:
        return line
    return f"{match[1]}{match[2][1:]}{match[3]}"


def _joined(found: dict[str, list[list[str]]], above: list[str], title: str, document: Document) -> dict[str, str]:
    texts = {key: _paragraphs(*("\n".join(lines) for lines in parts)) for key, parts in found.items()}
    if (first := _tidy("\n".join(above))) and len(document.sections) > 1:
        identifier = document.sections[1].id
        texts[identifier] = _paragraphs(first, texts.get(identifier, ""))
    return {"title": title, **texts} if title else texts


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, map(_tidy, texts)))


def _tidy(text: str) -> str:
    return text.strip("\n").rstrip()


def _trimmed(text: str) -> list[str]:
    return _tidy("\n".join(line.rstrip() for line in text.split("\n"))).split("\n")


def _without(prompt: str | None, text: str) -> str:
    kept = [line for line in text.split("\n") if prompt is None or line.strip() != prompt]
    return _tidy("\n".join(kept)) if len(kept) < len(text.split("\n")) else text
