from __future__ import annotations

from app.export import markdown
from domain.postmortem import Document, Section, text

DOCUMENT = Document(
    incident="i",
    ref="INC-7K3FQ",
    phase="Resolved",
    severity="high",
    priority="P2",
    owner="a|b",
    durations=(("mtta", 180_000), ("mttr", 3_780_000)),
    published_at=None,
    sections=(
        Section("title", "Title", "Carts *fail*", False),
        Section("summary", "Summary", "Short.\n", True),
        Section("lucky", "Where we got lucky", "", True),
    ),
)


def test_a_file_has_title_table_and_sections() -> None:
    assert markdown.render(DOCUMENT) == (
        "# Carts \\*fail\\*\n\n"
        "| Ref | INC-7K3FQ |\n|---|---|\n| State | Resolved |\n| Severity | high |\n| Priority | P2 |\n"
        "| Owner | a\\|b |\n| Time to acknowledge | 3m |\n| Time to resolve | 1h03m |\n\n"
        "## Summary\n\nShort.\n\n"
        "## Where we got lucky\n"
    )


def test_what_the_editor_reads_is_what_the_file_says() -> None:
    assert (markdown.render, markdown.parse) == (text.render, text.parse)
    assert markdown.parse(markdown.render(DOCUMENT), DOCUMENT) == {}
