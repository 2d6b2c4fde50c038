"""The post-mortem as a document: a template's sections, each as somebody wrote it or else drafted from the log.

What is drafted follows the log until somebody writes the section; what is written is the register `pm:ID`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from types import MappingProxyType

from domain.incident import Incident
from domain.limits import NAME
from domain.measures import sample
from domain.postmortem import drafts
from domain.replay import Replay
from domain.text import one_line

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "title": "Title",
        "summary": "Summary",
        "impact": "Impact",
        "timeline": "Timeline",
        "causes": "Contributing causes",
        "resolution": "Resolution",
        "detection": "Detection",
        "went_well": "What went well",
        "went_badly": "What went badly",
        "lucky": "Where we got lucky",
        "follow_ups": "Follow-ups",
    }
)
"""The built-in template in its order: section ids, which never change, and their titles."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a post-mortem.

    Attributes:
        id: Stable slug; its register is `pm:ID`.
        title: What stands above it.
        text: Markdown, except for the section `title`, whose text is plain.
        written: Whether somebody wrote it; else it was drafted from the log.
        prompt: The question shown while there is nothing to draft from, one line of Markdown.
    """

    id: str
    title: str
    text: str
    written: bool
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A post-mortem, ready to be rendered.

    Attributes:
        incident: The incident's id.
        ref: Its ref, e.g. `INC-7K3FQ`.
        phase: What people call its state.
        durations: Keys of `domain.measures.DURATIONS` with ms, those that are known and not negative.
        published_at: When the post-mortem was published, ms, or None.
        sections: In the template's order, `title` first.
    """

    incident: str
    ref: str
    phase: str
    severity: str | None
    priority: str | None
    owner: str | None
    durations: tuple[tuple[str, int], ...]
    published_at: int | None
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """The post-mortem's title, plain text."""
        return self.sections[0].text

    def section(self, identifier: str) -> Section | None:
        """Return a section by id, or None."""
        return next((each for each in self.sections if each.id == identifier), None)

    def rewritten(self, texts: Mapping[str, str]) -> Document:
        """Return the document with these sections' texts, by id, as they were just recorded.

        An editor goes on from it: built anew from the log, a drafted section could differ from the one on the screen
        and would be taken for a person's change.
        """
        changed = {key: text for key, text in texts.items() if text or key != "title"}
        return replace(
            self,
            sections=tuple(
                replace(each, text=changed[each.id], written=True) if each.id in changed else each
                for each in self.sections
            ),
        )


def build(incident: Incident, replay: Replay, zone: tzinfo, titles: tuple[str, ...] = ()) -> Document:
    """Return the post-mortem of an incident.

    Args:
        incident: As it stands, with its ref.
        replay: Its fold, which has the log.
        zone: Moments are shown in it, with its name.
        titles: The sections wanted instead of the built-in ones, in order; a known title keeps its id. Sections that
            somebody wrote under another template follow at the end, so nothing written is hidden.
    """
    source = drafts.Source(incident, replay, zone)
    wanted = template(titles)
    # A register with a dot is a part of a section (another reading of it), not a section.
    for key in incident.sections:
        if key not in wanted and "." not in key:
            wanted[key] = _spoken(key, {heading_key(title) for title in wanted.values()})
    sections = tuple(_section(key, title, source) for key, title in wanted.items())
    return Document(
        incident=incident.id,
        ref=incident.ref,
        phase=incident.phase,
        severity=incident.severity,
        priority=incident.priority,
        owner=incident.owner,
        durations=tuple((name, ms) for name, ms in sample(replay).durations.items() if ms >= 0),
        published_at=incident.published_at,
        sections=sections,
    )


def template(titles: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the sections' ids and titles for a setting's titles, in order, `title` first.

    Blank titles and those whose id came before are left out.
    """
    if not titles:
        return dict(TITLES)
    known = {slug(word): key for key, title in TITLES.items() for word in (key, title)}
    found = {"title": TITLES["title"]}
    for title in (one_line(each, NAME) for each in titles):
        key = known.get(slug(title)) or slug(title)
        if title and key not in found:  # headings that are matched as one have one id
            found[key] = title
    return found


def slug(title: str) -> str:
    """Return a title's id: lower case, one underscore for each run of other characters; `section` when none is left."""
    return re.sub(r"\W+", "_", title.casefold()).strip("_") or "section"


def heading_key(title: str) -> str:
    """Return what of a heading counts when two are compared: not case, nor how many spaces."""
    return " ".join(title.casefold().split())


def _spoken(identifier: str, taken: set[str]) -> str:
    """Return a title for an id that no template names, unlike those taken."""
    words = one_line(identifier.replace("_", " ").strip(), NAME) or "Section"
    title = words[0].upper() + words[1:]
    number = 2
    while heading_key(title) in taken:
        title, number = f"{words} {number}", number + 1
    return title


def _section(identifier: str, title: str, source: drafts.Source) -> Section:
    written = source.incident.sections.get(identifier)
    if identifier == "title":
        given = (written or "", source.incident.title, source.incident.ref, "Untitled")
        text = next(each for each in given if one_line(each, NAME))
        return Section("title", title, text, text == written)
    prompt = drafts.prompt(identifier)
    if written is not None:
        return Section(identifier, title, written, True, prompt)
    return Section(identifier, title, drafts.draft(identifier, source) or prompt, False, prompt)
