from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.export.postmortem_json import to_dict
from domain.postmortem import Document, Section

DOCS = Path(__file__).parents[3] / "docs" / "postmortem.md"


def document(**changes: object) -> Document:
    values: dict[str, object] = {
        "incident": "018f-1",
        "ref": "INC-7K3FQ",
        "phase": "Closed",
        "severity": "high",
        "priority": None,
        "owner": "ana",
        "durations": (("mtta", 180_000),),
        "published_at": 1_763_733_900_000,
        "sections": (
            Section("title", "Title", "Carts", False),
            Section("lucky", "Where we got lucky", "It was\nSunday.", True, "_Why?_"),
        ),
    }
    return Document(**{**values, **changes})  # type: ignore[arg-type]


def test_a_document_as_json() -> None:
    assert to_dict(document()) == {
        "format": "tocsin-postmortem",
        "version": 1,
        "incident": "018f-1",
        "ref": "INC-7K3FQ",
        "title": "Carts",
        "phase": "Closed",
        "severity": "high",
        "priority": None,
        "owner": "ana",
        "durations_ms": {"mtta": 180_000},
        "published_at": "2025-11-21T14:05:00.000Z",
        "sections": [
            {"id": "title", "title": "Title", "text": "Carts", "written": False},
            {"id": "lucky", "title": "Where we got lucky", "text": "It was\nSunday.", "written": True},
        ],
    }


@given(st.text(max_size=40))
def test_no_control_character_leaves_and_it_is_json(text: str) -> None:
    section = Section("summary", text, text, True)
    found = json.dumps(to_dict(document(owner=text, phase=text, sections=(section,))), ensure_ascii=False)
    assert json.loads(found)["sections"][0]["written"] is True
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", found)


def test_every_field_is_documented() -> None:
    page = DOCS.read_text(encoding="utf-8")
    fields = to_dict(document())
    names = [*fields, *fields["sections"][0]]
    assert [name for name in names if f"`{name}`" not in page] == []
