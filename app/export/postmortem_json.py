"""A post-mortem as a JSON object; `docs/postmortem.md` describes it."""

from __future__ import annotations

from typing import Any

from domain.postmortem import Document, Section
from domain.text import safe_text
from domain.times import iso

FORMAT = "tocsin-postmortem"
VERSION = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""


def to_dict(document: Document) -> dict[str, Any]:
    """Return a document as plain JSON values: durations in ms, moments in ISO 8601 UTC, texts in Markdown."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "incident": document.incident,
        "ref": document.ref,
        "title": safe_text(document.title),
        "phase": safe_text(document.phase),
        "severity": _safe(document.severity),
        "priority": _safe(document.priority),
        "owner": _safe(document.owner),
        "durations_ms": dict(document.durations),
        "published_at": iso(document.published_at),
        "sections": [_section(each) for each in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": safe_text(section.title),
        "text": safe_text(section.text, keep_newlines=True),
        "written": section.written,
    }


def _safe(text: str | None) -> str | None:
    return None if text is None else safe_text(text)
