from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import actions
from domain.entry import Draft, Entry
from domain.incident import Incident
from domain.postmortem import TITLES, Document, Section, build, parse, render, template
from domain.postmortem.document import heading_key
from domain.postmortem.markup import code, escaped, quoted, unescaped
from domain.replay import Replay, field_of
from domain.undo import undo

START = 1_763_733_900_000  # 2025-11-21 14:05 UTC
MINUTE = 60_000


class Log:
    """Writes an incident's entries by hand: a replay with running numbers, no store."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.replay = Replay("i1")

    def add(self, draft: Draft, minute: float, by: str = "ana", late: float = 0, source: str = "human") -> Entry:
        n = len(self.entries) + 1
        happened = START + round(minute * MINUTE)
        entry = Entry(
            id=f"e{n:03d}", incident="i1", device="d", dseq=n, hlc=n, kind=draft.kind, what=draft.what, author=by,
            source=draft.source or source, occurred_at=happened, recorded_at=happened + round(late * MINUTE), over=(),
            body=json.dumps({**draft.body, "action": f"a{n}"}), bhash=b"", hash=b"",
        )  # fmt: skip
        entry = replace(entry, over=self._over(entry) if draft.over is None else draft.over)
        self.entries.append(entry)
        self.replay.add(entry)
        return entry

    def _over(self, entry: Entry) -> tuple[str, ...]:
        if entry.kind not in ("set", "amend"):
            return ()
        return tuple(head.entry.id for head in self.replay.heads(field_of(entry)))

    def act(self, action: Callable[[Incident], tuple[Draft, ...]], minute: float, by: str = "ana") -> list[Entry]:
        made = [self.add(draft, minute, by) for draft in action(self.replay.result())]
        same = [replace(e, body=json.dumps({**e.payload, "action": made[0].payload["action"]})) for e in made]
        self.entries[-len(made) :] = same  # one action, as the journal marks it
        self.replay = Replay("i1").extend(self.entries)
        return same

    def undo(self, entry: Entry, minute: float) -> None:
        for draft in undo(self.replay, [entry], self.entries):
            self.add(draft, minute)

    def build(self, titles: tuple[str, ...] = (), zone: timezone = UTC) -> Document:
        return build(replace(self.replay.result(), ref="INC-7K3FQ"), self.replay, zone, titles)

    def text(self, section: str) -> str:
        found = self.build().section(section)
        assert found is not None
        return found.text


def raised(title: str = "Checkout returns 502", **values: object) -> Log:
    log = Log()
    log.add(Draft("raise", "raise", {"title": title, **values}), 0)
    return log


def whole() -> Log:
    log = raised(
        priority="P1", severity="critical", impact_started_at=START - 4 * MINUTE, detected_at=START - MINUTE,
        description="One in ten carts fails.",
    )  # fmt: skip
    log.act(actions.acknowledge, 3, "bo")
    log.act(lambda i: actions.assign(i, "bo"), 4, "bo")
    log.act(lambda i: actions.move(i, "reviewed"), 5, "bo")
    log.act(lambda i: actions.move(i, "validated"), 6, "bo")
    log.add(Draft("note", "note", {"text": "pods restart in a ring"}), 8, "cy")
    log.add(Draft("fact", "command", {"command": "kubectl rollout undo", "exit_code": 0}), 20, "bo")
    log.act(lambda i: actions.mitigate(i, note="rolled back", now=START + 24 * MINUTE), 24, "bo")
    log.act(lambda i: actions.move(i, "resolved", text={"note": "5xx back to zero"}), 60, "bo")
    return log


def test_the_sections_come_in_the_templates_order() -> None:
    assert [each.id for each in raised().build().sections] == list(TITLES)
    assert [each.title for each in raised().build().sections] == list(TITLES.values())


def test_a_summary_in_sentences_says_what_when_how_long_and_how_it_ended() -> None:
    assert whole().text("summary") == (
        "**ana** raised INC-7K3FQ, “Checkout returns 502” (P1, severity critical) at 2025-11-21 14:05 UTC. "
        "The report said: “One in ten carts fails.” The impact had begun at 2025-11-21 14:01 UTC, 4m before. "
        "It was acknowledged after 3m, mitigated after 24m and resolved after 1h."
    )


def test_an_open_incident_is_said_to_be_open() -> None:
    assert raised().text("summary").endswith("It is not over yet: New.")
    assert raised().text("resolution") == "_Not over yet. What ended it, and how was that checked?_"


def test_the_timeline_has_one_line_a_moment_by_when_it_happened() -> None:
    assert whole().text("timeline").split("\n") == [
        "- 14:01 UTC — the impact began",
        "- 14:04 UTC — it was detected",
        "- 14:05 UTC — **ana** raised it",
        "- 14:08 UTC — **bo** acknowledged",
        "- 14:09 UTC — **bo** took it",
        "- 14:10 UTC — **bo** reviewed it",
        "- 14:11 UTC — **bo** validated it, work began",
        "- 14:13 UTC — **cy**: “pods restart in a ring”",
        "- 14:25 UTC — **bo** ran `kubectl rollout undo` (exit 0)",
        "- 14:29 UTC — **bo** stopped the impact: “rolled back”",
        "- 15:05 UTC — **bo** resolved it: “5xx back to zero”",
    ]


def test_the_zone_is_the_readers() -> None:
    found = whole().build(zone=timezone(timedelta(hours=2), "EET")).section("timeline")
    assert found is not None
    assert found.text.startswith("- 16:01 EET — ")


def test_moments_of_several_days_carry_their_date() -> None:
    log = raised()
    log.add(Draft("note", "note", {"text": "next day"}), 24 * 60)
    assert log.text("timeline").split("\n")[1] == "- 2025-11-22 14:05 UTC — **ana**: “next day”"


@pytest.mark.parametrize(
    ("late", "mark"), [(5, ""), (5.1, " (+5m late)"), (12, " (+12m late)"), (150, " (+2h30m late)")]
)
def test_what_was_recorded_more_than_five_minutes_later_says_so(late: float, mark: str) -> None:
    log = raised()
    log.add(Draft("note", "note", {"text": "saw it"}), 2, late=late)
    assert log.text("timeline").endswith(f"“saw it”{mark}")


def test_starred_notes_are_the_ones_told_when_there_are_any() -> None:
    log = raised()
    dull, told = (log.add(Draft("note", "note", {"text": text}), 1) for text in ("dull", "told"))
    assert "dull" in log.text("timeline")
    log.act(lambda i: actions.star(i, told.id), 2)
    assert "told" in log.text("timeline")
    assert "dull" not in log.text("timeline")
    log.act(lambda i: actions.star(i, told.id), 3)
    assert dull.id not in log.replay.result().starred
    assert "dull" in log.text("timeline")


def test_what_was_undone_is_left_out_and_what_was_replaced_stays() -> None:
    log = raised()
    wrong = log.act(lambda i: actions.assign(i, "cy"), 1, "bo")[0]
    log.undo(wrong, 2)
    log.act(lambda i: actions.assign(i, "bo"), 3, "ana")
    log.act(lambda i: actions.assign(i, "ana"), 4, "ana")
    noted = log.act(actions.acknowledge, 5, "bo")[0]
    log.undo(noted, 6)
    lines = log.text("timeline").split("\n")
    assert lines[1:] == ["- 14:08 UTC — **ana** gave it to **bo**", "- 14:09 UTC — **ana** took it"]


def test_a_reopening_is_told_once_with_its_reason() -> None:
    log = whole()
    log.act(lambda i: actions.move(i, "validated", text={"reason": "it is back"}), 90, "cy")
    lines = log.text("timeline").split("\n")
    assert lines[-1] == "- 15:35 UTC — **cy** reopened it: “it is back”"
    assert sum("15:35" in line for line in lines) == 1
    assert "It was reopened at 2025-11-21 15:35 UTC. It is not over yet: Working." in log.text("summary")


def test_alerts_are_folded_first_last_and_how_many() -> None:
    log = raised()
    for minute, status in ((1, "firing"), (6, "firing"), (11, "firing"), (30, "resolved")):
        body = {"fingerprint": "f", "status": status, "labels": {"alertname": "Burn*Rate"}}
        log.add(Draft("fact", "alert", body, source="alert"), minute, "alertmanager")
    assert log.text("timeline").split("\n")[1:] == [
        "- 14:06 UTC — alert **Burn\\*Rate** fired 3 times, last at 14:16 UTC, resolved at 14:35 UTC"
    ]
    assert "- Alert notices: 4" in log.text("impact")


def test_an_alert_storm_stays_readable() -> None:
    log = raised()
    for n in range(30):
        log.add(Draft("fact", "alert", {"fingerprint": str(n), "status": "firing"}, source="alert"), 1 + n, "am")
    lines = log.text("timeline").split("\n")
    assert len(lines) == 1 + 20 + 1
    assert lines[-1].endswith("10 more alerts came, 10 times in all; the log has each")


def test_impact_names_severity_resources_and_how_long_it_lasted() -> None:
    log = whole()
    log.act(lambda i: actions.add_item(i, "resource", "checkout [eu]", severity="high"), 5)
    text = log.text("impact")
    assert "- Severity: critical (complete loss" in text
    assert "- Resources: checkout \\[eu\\] (high)" in text
    assert "- The impact began at 2025-11-21 14:01 UTC; it lasted 28m" in text
    assert raised(impact_started_at=START).text("impact") == "- The impact began at 2025-11-21 14:05 UTC; it goes on"


def test_causes_and_follow_ups_are_lists() -> None:
    log = raised()
    assert log.text("causes").startswith("_")
    log.act(lambda i: actions.add_item(i, "cause", "- a pool of ten"), 5)
    log.act(lambda i: actions.follow_up("f1", "Raise the pool", "bo", "2025-12-01"), 6)
    log.act(lambda i: actions.follow_up("f2", "Tell the shop"), 6)
    log.act(lambda i: actions.finish_follow_up(i, "f2"), 7)
    assert log.text("causes") == "- \\- a pool of ten"
    assert log.text("follow_ups") == "- [ ] Raise the pool — bo, 2025-12-01\n- [x] Tell the shop"


def test_resolution_has_the_note_of_the_resolving_move() -> None:
    assert "**bo** moved it to resolved at 2025-11-21 15:05 UTC: “5xx back to zero”" in whole().text("resolution")


def test_detection_says_who_raised_it_and_how_long_that_took() -> None:
    assert whole().text("detection") == (
        "It was raised by **ana** at 2025-11-21 14:05 UTC. "
        "It was detected at 2025-11-21 14:04 UTC, 3m after the impact began. "
        "**bo** acknowledged it at 2025-11-21 14:08 UTC, 4m later."
    )
    log = Log()
    log.add(Draft("raise", "raise", {"title": "x"}), 0, "alertmanager", source="alert")
    assert log.text("detection").startswith("It was raised by an alert from **alertmanager** at ")
    assert log.text("detection").endswith("Nobody has acknowledged it yet.")


def test_what_people_must_write_asks_for_conditions_not_for_faults() -> None:
    document = raised().build()
    for identifier in ("went_well", "went_badly", "lucky"):
        section = document.section(identifier)
        assert section is not None
        assert section.text == section.prompt
        assert section.text.startswith("_")
        assert section.text.endswith("?_") or section.text.endswith("._")
        assert "\n" not in section.text


def test_what_somebody_wrote_stands_instead_of_the_draft() -> None:
    log = whole()
    log.act(lambda i: actions.write_sections(i, {"summary": "Ours.", "lucky": "", "title": "The long Friday"}), 99)
    document = log.build()
    assert document.section("summary") == Section("summary", "Summary", "Ours.", True, "_Nothing is written here yet._")
    lucky = document.section("lucky")
    assert lucky is not None
    assert (lucky.text, lucky.written) == ("", True)
    assert document.title == "The long Friday"


def test_a_settings_titles_map_to_known_ids_and_new_ones_get_a_slug() -> None:
    titles = ("Where we got  LUCKY", "Customer e-mail!", "summary", "", "SUMMARY ", "title")
    assert template(titles) == {
        "title": "Title", "lucky": "Where we got  LUCKY", "customer_e_mail": "Customer e-mail!", "summary": "summary",
    }  # fmt: skip
    log = whole()
    log.act(lambda i: actions.write_sections(i, {"impact": "Felt by all.", "summary.lay": "In short."}), 99)
    found = log.build(titles)
    assert [each.id for each in found.sections] == ["title", "lucky", "customer_e_mail", "summary", "impact"]
    assert found.sections[-1].title == "Impact"


def test_the_durations_are_the_measures() -> None:
    found = dict(whole().build().durations)
    assert found == {"mttd": 3 * MINUTE, "mtta": 3 * MINUTE, "mttm": 25 * MINUTE, "mttr": 60 * MINUTE}


HOSTILE = (
    "# x", "<script>alert(1)</script>", "[a](javascript:x)", "## Impact", "- item", "1. one", "```", "a | b", "&lt;",
    "**b", "__b__", "\x1b]52;c;x\x07", "line\n## Impact\nline", "\u202eabc", "===", "---", "![a](x)", "\\", "`",
    "<!--", "~~~", "> q", "a\r\n\r\n## Impact", "trailing #", "_", "\\<script>", "`\\`<script>`",
)  # fmt: skip


def level_two(markdown: str) -> list[str]:
    """The headings of level 2 that a CommonMark reader sees, and every token that data must not bring."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    found = [
        tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"
    ]
    inline = [child for token in tokens for child in token.children or ()]
    assert not [
        t.type for t in [*tokens, *inline] if t.type in ("html_block", "html_inline", "hr", "fence", "code_block")
    ]
    assert not [t for t in inline if t.type in ("link_open", "image") and "javascript" in str(t.attrs)]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_data_never_becomes_structure(text: str) -> None:
    log = raised(text, owner=text, description=text, severity=text)
    log.act(lambda i: actions.add_item(i, "resource", text + "x"), 1, text)
    log.act(lambda i: actions.add_item(i, "cause", text + "x"), 1)
    log.act(lambda i: actions.follow_up("f", text + "x", text, text), 1)
    log.add(Draft("note", "note", {"text": text}), 2, text)
    log.add(Draft("fact", "command", {"command": text, "exit_code": 1}), 2)
    log.add(Draft("fact", "alert", {"labels": {"alertname": text}, "status": "firing"}), 2)
    log.add(Draft("set", "status", {"value": "other", "label": text, "note": text}), 3)
    log.add(Draft("set", "status", {"value": "resolved", "note": text}), 4)
    out = render(log.build())
    assert level_two(out) == list(TITLES.values())[1:]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert out.count("\n# ") == 0


@given(st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_escaped_text_shows_exactly_that_text(text: str) -> None:
    from domain.text import one_line

    line = escaped(text)
    assert "\n" not in line
    assert unescaped(line) == one_line(text, 4_000)


@given(st.text(alphabet="`\\<a>[]()!*_ \n#", max_size=40))
def test_a_quoted_note_opens_no_tag_and_no_foreign_link(text: str) -> None:
    from markdown_it import MarkdownIt

    (_open, inline, _close) = MarkdownIt("commonmark", {"html": True}).parse(quoted(text))
    assert not [t for t in inline.children or () if t.type in ("html_inline", "link_open", "image")]


@pytest.mark.parametrize(
    "note", ["[a](tel:1)", "![a](x.png)", "[a]( tel:1)", "\\\\[a](tel:1)", "<tel:1>", "`[a](tel:1)"]
)
def test_only_links_to_the_web_stay_links(note: str) -> None:
    from markdown_it import MarkdownIt

    (_open, inline, _close) = MarkdownIt("commonmark", {"html": True}).parse(quoted(note))
    assert not [t for t in inline.children or () if t.type in ("link_open", "image")]


def test_a_notes_own_emphasis_code_and_web_links_stay() -> None:
    note = "see [board](https://grafana.example/d/1), run `drain <host>`, **now**\n\n- then wait"
    assert quoted(note) == "“see [board](https://grafana.example/d/1), run `drain <host>`, **now** ⏎ - then wait”"


@given(st.text(alphabet="` ax", min_size=1, max_size=20))
def test_a_code_span_holds_any_backticks(text: str) -> None:
    from markdown_it import MarkdownIt

    (_open, inline, _close) = MarkdownIt("commonmark").parse(f"x {code(text)} y")
    assert [t.type for t in inline.children or ()] == ["text", "code_inline", "text"]


# -- the way back ------------------------------------------------------------------------------------------------------

# Lines as people and their opponents write them; nothing here opens a block that the renderer would have to close.
LINES = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="`~<"), max_size=30),
    st.sampled_from(("## Impact", "##  impact ##", "\\## Impact", "\\\\## Lucky", " ## Follow-ups", "## Own", "# One",
                     "### Impact", "", "  ", "| a | b |", "Impact", "##Impact", "    ## Impact")),
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=8).map("\n".join)
IDS = st.sampled_from(list(TITLES)[1:])


def with_text(document: Document, identifier: str, text: str) -> Document:
    sections = tuple(replace(s, text=text) if s.id == identifier else s for s in document.sections)
    return replace(document, sections=sections)


def normal(text: str) -> str:
    from domain.text import safe_text

    return safe_text(text, keep_newlines=True).strip("\n").rstrip()


def bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n").rstrip()


@given(st.dictionaries(IDS, TEXTS | st.text(max_size=80)), st.text(max_size=40))
def test_an_unchanged_text_changes_nothing(texts: dict[str, str], title: str) -> None:
    document = whole().build().rewritten({**texts, "title": title})
    assert parse(render(document), document) == {}
    assert parse(render(document).replace("\n", "\r\n"), document) == {}
    assert parse("\ufeff" + render(document), document) == {}


@given(IDS, TEXTS)
def test_editing_one_section_returns_that_one_with_its_text(identifier: str, text: str) -> None:
    document = whole().build()
    edited = render(with_text(document, identifier, text))
    found = parse(edited, document)
    before = document.section(identifier)
    assert before is not None
    if bare(normal(text)) == bare(normal(before.text)):
        assert found == {}
    else:
        assert found == {identifier: normal(text)}


@given(st.text(max_size=60))
def test_a_title_comes_back_plain(title: str) -> None:
    from domain.text import one_line

    document = whole().build()
    line = one_line(title, 500)
    found = parse(render(document.rewritten({"title": title})), document)
    assert found == ({"title": line} if line and line != document.title else {})


def edit(document: Document, old: str, new: str) -> dict[str, str]:
    markdown = render(document)
    assert old in markdown
    return parse(markdown.replace(old, new, 1), document)


def test_a_heading_of_ones_own_belongs_to_its_section() -> None:
    document = whole().build()
    found = edit(document, "## Impact\n", "## Numbers\n\n41 carts\n\n## Impact\n")
    summary = document.section("summary")
    assert summary is not None
    assert found == {"summary": f"{summary.text}\n\n## Numbers\n\n41 carts"}


def test_headings_are_matched_whatever_their_case_and_spaces() -> None:
    assert edit(whole().build(), "## Where we got lucky", "##   where WE got  lucky  ##  ") == {}


def test_a_heading_that_is_gone_leaves_its_section_as_it_was() -> None:
    document = raised().build()
    prompt = document.section("lucky")
    assert prompt is not None
    assert edit(document, f"## Where we got lucky\n\n{prompt.text}\n\n", "") == {}


def test_a_text_that_is_gone_empties_its_section() -> None:
    document = raised().build()
    summary = document.section("summary")
    assert summary is not None
    assert edit(document, summary.text, "") == {"summary": ""}


def test_a_heading_that_comes_twice_has_both_texts() -> None:
    document = raised().build()
    found = edit(document, "## Resolution\n", "## lucky\n\nno\n\n## Resolution\n")
    assert set(found) == {"causes"}  # `lucky` is an id, not a title
    found = parse(render(document) + "\n## Where we got lucky\n\nIt was Sunday.\n", document)
    assert found == {"lucky": "It was Sunday."}
    summary = document.section("summary")
    assert summary is not None
    found = parse(render(document) + "\n## Summary\n\nMore.\n", document)
    assert found == {"summary": f"{summary.text}\n\nMore."}


def test_text_above_the_first_heading_is_not_lost() -> None:
    document = raised().build()
    summary = document.section("summary")
    assert summary is not None
    assert edit(document, "## Summary\n", "In short: bad.\n\n## Summary\n") == {
        "summary": f"In short: bad.\n\n{summary.text}"
    }


def test_the_table_is_facts_and_is_not_read() -> None:
    assert edit(whole().build(), "| P1 |", "| P4 |") == {}


def test_a_prompt_left_beside_the_text_is_dropped() -> None:
    document = raised().build()
    prompt = document.section("went_well")
    assert prompt is not None
    assert edit(document, prompt.text, f"{prompt.text}\n\nThe runbook.") == {"went_well": "The runbook."}


def test_spaces_at_line_ends_are_no_change() -> None:
    document = whole().build()
    assert parse(render(document).replace("\n", "  \n"), document) == {}


@pytest.mark.parametrize(
    "opened", ["```\ncode", "~~~~ text\n~~~", "<!-- hidden", "<pre>\nx", "<?php", "<![CDATA[", "<!X"]
)
def test_a_block_left_open_is_closed_before_the_next_heading(opened: str) -> None:
    from markdown_it import MarkdownIt

    document = raised().build().rewritten({"summary": opened})
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render(document))
    assert sum(token.type == "heading_open" and token.tag == "h2" for token in tokens) == len(TITLES) - 1
    assert parse(render(document), document) == {}


def test_closed_blocks_stay_as_they_are() -> None:
    text = "```\n## Own\n```\n\n<!-- a --> b\n\n~~~\n```\n~~~"
    assert text in render(raised().build().rewritten({"summary": text}))


def test_an_editor_goes_on_from_what_it_recorded() -> None:
    log = raised()
    document = log.build()
    text = render(document).replace(document.sections[1].text, "Ours.")
    recorded = document.rewritten(parse(text, document))
    log.add(Draft("note", "note", {"text": "meanwhile"}), 5)
    assert parse(text, recorded) == {}


@given(st.lists(st.text(max_size=20), max_size=6), st.dictionaries(st.text(min_size=1, max_size=8), TEXTS, max_size=3))
def test_any_template_and_any_registers_come_back(titles: list[str], texts: dict[str, str]) -> None:
    log = raised()
    log.act(lambda i: actions.write_sections(i, texts) or actions.note("x"), 1)
    document = log.build(tuple(titles))
    ids = [each.id for each in document.sections]
    headings = [heading_key(each.title) for each in document.sections]
    assert len(set(ids)) == len(ids)
    assert len(set(headings)) == len(headings)
    assert parse(render(document), document) == {}
    for identifier in ids[1:]:
        assert parse(render(with_text(document, identifier, "Changed.")), document) == {identifier: "Changed."}


@pytest.mark.parametrize("at", [-(10**18), -1, 10**18])
def test_impossible_moments_are_shown_all_the_same(at: int) -> None:
    log = raised()
    entry = log.add(Draft("note", "note", {"text": "x"}), 1)
    strange = replace(entry, id="e9", occurred_at=at, recorded_at=at)
    found = build(log.replay.result(), log.replay.extend([strange]), timezone(timedelta(hours=14)))
    assert found.section("timeline") is not None


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "line", ["## a" + " " * 200_000 + "x", "#" * 200_000, "`" * 200_000, "\\" * 200_000, "## " + " #" * 99_999]
)
def test_a_long_line_costs_no_more_than_its_length(line: str) -> None:
    log = raised(line[:500], description=line)
    log.add(Draft("note", "note", {"text": line}), 1)
    document = log.build().rewritten({"summary": line})
    assert parse(render(document), document) == {}
