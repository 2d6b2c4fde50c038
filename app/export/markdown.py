"""A post-mortem as a Markdown file; the format is read back by the editor, so it stands with the document."""

from __future__ import annotations

from domain.postmortem import parse, render

__all__ = ["parse", "render"]
