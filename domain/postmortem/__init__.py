"""The post-mortem: built from the log and from what people wrote, shown as Markdown, and read back from it."""

from __future__ import annotations

from domain.postmortem.document import TITLES, Document, Section, build, template
from domain.postmortem.text import parse, render

__all__ = ["TITLES", "Document", "Section", "build", "parse", "render", "template"]
