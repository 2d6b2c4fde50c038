"""The page as HTML: what it says, that nothing foreign becomes markup, and what a reader needs to find the way."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import UNSAFE, safe_text
from domain.times import DAY, HOUR, MINUTE
from sync.hub import markup
from sync.hub.board import Shown
from sync.hub.card import Card, Update
from tests.hubs import START

CARD = Card("Search is slow", "identified", "high", START - HOUR)
PAYLOADS = (
    "<script>alert(1)</script>",
    "</h3></article><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</style><svg onload=alert(1)>",
    "</title><script>",
    "<!--",
    "]]>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<base href=//example.org>",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "<scr\0ipt>",
    "\u202e<b>",
    "\x1b[2J\x9b",
    "\ud800",
    "<" * 500,
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
)


class Reader(HTMLParser):
    """Collects the elements with their attributes in order, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self.texts.append((tag, ""))
        if tag != "meta":
            self._open.append(len(self.texts) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.texts[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for place in self._open:
            tag, text = self.texts[place]
            self.texts[place] = tag, text + data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--", ((data, None),)))

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def shown(*current: Card, resolved: tuple[Card, ...] = (), newest_at: int | None = START) -> Shown:
    return Shown(START, current, resolved, newest_at=newest_at)


def read(found: Shown, **how: bool) -> Reader:
    return Reader(markup.page(found, **how))


def told(*texts: str) -> Card:
    return replace(CARD, updates=tuple(Update(text, START) for text in texts))


def test_a_page() -> None:
    card = replace(
        CARD,
        updates=(Update("We know more.", START, "identified"), Update("We know.", START - MINUTE)),
        next_update_at=START + MINUTE,
    )
    found = read(shown(card))
    assert found.of("h1") == ["1 current incident"]
    assert found.of("h3") == ["Search is slow"]
    assert found.of("strong") == ["Identified", "Identified"]  # its phase, and what the update said
    assert found.of("dt") == ["Since", "Severity", "Next update"]
    assert found.of("dd") == [
        "2026-11-18 10:06 UTC",
        "High: a major function is lost or badly degraded for many",
        "by 2026-11-18 11:07 UTC",
    ]
    assert [" ".join(each.split()) for each in found.of("li")] == [
        "2026-11-18 11:06 UTC Identified We know more.",
        "2026-11-18 11:05 UTC We know.",
    ]


def test_every_time_is_there_for_programs_too() -> None:
    found = read(shown(told("x")))
    machine = [dict(attributes)["datetime"] for tag, attributes in found.tags if tag == "time"]
    assert [f"{str(each)[:10]} {str(each)[11:16]} UTC" for each in machine] == found.of("time")
    assert len(machine) == 4


@pytest.mark.parametrize("phase", markup.PHASES)
def test_every_phase_has_its_words(phase: str) -> None:
    found = read(shown(replace(CARD, phase=phase)))
    assert found.of("strong")[0] in ("Investigating", "Identified", "Monitoring", "Resolved")


def test_an_overdue_update_is_called_that() -> None:
    late = read(shown(replace(CARD, next_update_at=START - 1)))
    assert late.of("dd")[2].endswith("(overdue)")
    assert not read(shown(replace(CARD, next_update_at=START))).of("dd")[2].endswith("(overdue)")
    assert read(shown(CARD)).of("dd")[2] == "not announced"


@pytest.mark.parametrize(
    ("severity", "said"), [(None, "not assessed yet"), ("catastrophic", "catastrophic"), ("<b>", "<b>")]
)
def test_other_severities(severity: str | None, said: str) -> None:
    assert read(shown(replace(CARD, severity=severity))).of("dd")[1] == said


def test_no_incident() -> None:
    found = read(shown())
    assert found.of("h1") == found.of("title") == ["No current incidents"]
    assert found.of("main")[0].strip() == "As of 2026-11-18 11:06 UTC there is no incident to show."
    assert "Nothing has reached this hub yet." in read(shown(newest_at=None)).of("footer")[0]


def test_resolved_ones_have_their_own_part() -> None:
    ended = replace(CARD, title="Mail", phase="resolved", ended_at=START - MINUTE)
    found = read(shown(CARD, resolved=(ended,)))
    assert found.of("h2") == ["Current", "Recently resolved"]
    assert found.of("dt")[-1] == "Resolved"
    assert read(shown(resolved=(ended,))).of("h1") == ["No current incidents"]


def test_what_there_is_no_room_for_is_counted() -> None:
    found = read(replace(shown(CARD), more=(1234, 0)))
    assert found.of("h1") == ["1,235 current incidents"]
    assert "And 1,234 more, for which there is no room here." in found.of("p")
    assert "7 older updates are not shown." in read(shown(replace(told("x"), older=7))).of("p")


def notices(found: Reader) -> list[str]:
    return [
        text
        for (tag, attributes), (_tag, text) in zip(found.tags, found.texts, strict=True)
        if tag == "p" and ("class", "notice") in attributes
    ]


def test_old_knowledge_is_called_that() -> None:
    assert notices(read(shown(CARD, newest_at=START - HOUR))) == []
    assert notices(read(shown(CARD, newest_at=START - 2 * HOUR - 1))) == [
        "Nothing new has come in for 2 h, so this may be out of date."
    ]
    assert notices(read(shown(newest_at=START - 2 * HOUR))) == []
    assert len(notices(read(shown(newest_at=START - 2 * DAY)))) == 1


def test_a_database_that_does_not_answer_is_named() -> None:
    assert notices(read(shown(), late=True)) == [
        "The hub cannot read its database now. This is as it was at 2026-11-18 11:06 UTC."
    ]


def test_it_renews_itself_unless_it_is_to_stand_still() -> None:
    renews = ("meta", (("http-equiv", "refresh"), ("content", "60")))
    assert renews in read(shown()).tags
    assert [tag for tag in read(shown(), still=True).tags if ("http-equiv", "refresh") in tag[1]] == []
    assert ("a", (("href", "?still"),)) in read(shown()).tags
    assert ("a", (("href", "."),)) in read(shown(), still=True).tags


@pytest.mark.parametrize("still", [True, False])
def test_the_pages_for_the_meantime(still: bool) -> None:
    for text in (markup.preparing(still=still), markup.failing(still=still)):
        found = Reader(text)
        assert (len(found.of("h1")), len(found.of("main"))) == (1, 1)
        assert ("refresh" in text) is not still


# -- what is foreign


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_markup(payload: str) -> None:
    check_harmless(payload)


@given(st.text(st.characters(codec=None), max_size=60) | st.lists(st.sampled_from(PAYLOADS), max_size=3).map("".join))
def test_no_text_becomes_markup(text: str) -> None:
    check_harmless(text)


def check_harmless(text: str) -> None:
    found, plain = (read(shown(replace(told(each, each), title=each))) for each in (text, "x"))
    assert found.tags == plain.tags
    wanted = safe_text(text, keep_newlines=True)
    assert found.of("h3") == [wanted]
    assert [said for said in found.of("p") if said == wanted] == [wanted] * 2
    body = markup.escaped(text)
    assert not set("<>\"'") & set(body)
    assert not re.search(f"[{UNSAFE}]".replace("\\x00-\\x1f", "\\x00-\\x09\\x0b-\\x1f"), body)
    markup.page(shown(replace(CARD, title=text))).encode()


# -- for whoever reads it


def test_there_is_no_script_and_nothing_is_fetched() -> None:
    tags = read(shown(told("x"))).tags
    assert {tag for tag, _attributes in tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "main", "section", "h2", "article", "h3", "p",
        "strong", "dl", "dt", "dd", "time", "h4", "ol", "li", "footer", "a",
    }  # fmt: skip
    names = {name for _tag, attributes in tags for name, _value in attributes}
    assert names == {
        "lang", "charset", "name", "content", "http-equiv", "aria-labelledby", "id", "class", "dir", "datetime", "href"
    }  # fmt: skip
    assert "url(" not in markup.STYLE
    assert "@import" not in markup.STYLE


def test_headings_are_in_order_and_everything_has_a_landmark() -> None:
    ended = replace(told("x"), phase="resolved", ended_at=START)
    tags = [tag for tag, _attributes in read(shown(told("x"), CARD, resolved=(ended,))).tags]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [tags.count(each) for each in ("header", "main", "footer")] == [1, 1, 1]


def test_every_name_is_there_once_and_named_things_exist() -> None:
    ended = replace(CARD, phase="resolved", ended_at=START)
    found = read(shown(CARD, CARD, resolved=(ended, ended)))
    ids = [value for _tag, attributes in found.tags for name, value in attributes if name == "id"]
    named = [value for _tag, attributes in found.tags for name, value in attributes if name == "aria-labelledby"]
    assert len(ids) == len(set(ids)) == 6
    assert set(named) == set(ids)


def colours(scheme: str) -> dict[str, str]:
    light, dark = (dict(re.findall(r"--(\w+): (#\w+)", part)) for part in markup.STYLE.split("@media", 2)[:2])
    return light if scheme == "light" else {**light, **dark}


def luminance(colour: str) -> float:
    """As WCAG 2.2 has it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "page"), ("text", "card"), ("quiet", "page"), ("quiet", "card"), ("link", "page"),
        ("warn", "warnpage"), ("mark", "alarm"), ("mark", "calm"),
    ],
)  # fmt: skip
def test_contrast_is_enough(scheme: str, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3, level AA: 4.5 to 1."""
    found = colours(scheme)
    assert contrast(found[text], found[ground]) >= 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_nothing_moves() -> None:
    assert not re.search(r"animation|transition|scroll-behavior|@keyframes", markup.STYLE)
