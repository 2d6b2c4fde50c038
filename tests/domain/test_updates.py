"""Updates: what a template may hold, what comes of hostile texts, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from domain.errors import BadValue, Mistake, Refused
from domain.incident import Incident, Item, Update
from domain.moments import describe
from domain.outbox import short_id
from domain.parties import PARTIES, TECHNICAL, Party
from domain.replay import Replay
from domain.telling import tell, text_for, update_named
from domain.text import safe_text
from domain.times import HOUR, MINUTE
from domain.updates import (
    DRILL,
    NAMES,
    TEMPLATES,
    WORDINGS,
    fill,
    party_named,
    problem_of,
    proposed_wording,
    values_of,
    write_update,
)
from tests.domain.timeline import START, Memory, entry

NOW = START
HOSTILE = "{know} {title} {{ }} {0} {x.__class__} %s \x1b]52;c;AAAA\x07 [@click=app.quit]x[/] \u202e"


def incident(**more: Any) -> Incident:
    return Incident(**{"id": "i", "ref": "INC-A", "title": "Shop is down", "raised_at": NOW - HOUR, **more})


def test_the_words_are_a_status_pages_and_each_is_explained() -> None:
    assert list(WORDINGS) == ["investigating", "identified", "monitoring", "resolved"]
    assert all(WORDINGS.values())


@pytest.mark.parametrize(
    ("state", "wording"),
    [
        ({}, "investigating"),
        ({"status": "reviewed"}, "investigating"),
        ({"status": "validated"}, "identified"),
        ({"causes": (Item("e", "dns"),)}, "identified"),
        ({"status": "validated", "mitigated_at": NOW}, "monitoring"),
        ({"status": "resolved"}, "resolved"),
        ({"status": "ignored", "alias_of": "other"}, "investigating"),
        ({"status": "ignored", "alias_of": "other", "mitigated_at": NOW}, "monitoring"),
    ],
)
def test_the_state_proposes_the_wording(state: dict[str, Any], wording: str) -> None:
    assert proposed_wording(incident(**state)) == wording


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("{titel}", 0, "there is nothing called {titel}; did you mean {title}?"),
        ("ok {title}\n{__class__}", 1, "there is nothing called {__class__}"),
        ("{title!r}", 0, "there is nothing called {title!r}"),
        ("{title.upper}", 0, "there is nothing called {title.upper}"),
        ("{", 0, "a brace stands alone"),
        ("a\nb } c", 1, "a brace stands alone"),
        ("  \n", 0, "it is blank"),
    ],
)
def test_what_a_template_may_not_hold_is_named_with_its_line(template: str, line: int, what: str) -> None:
    found = problem_of(template)
    assert (found[0], found[1][: len(what)]) == (line, what)


@pytest.mark.parametrize("template", [*TEMPLATES.values(), "{{literal}} {title}", "no names at all"])
def test_what_it_may_hold(template: str) -> None:
    assert problem_of(template) == (0, "")


@given(st.text() | st.just(HOSTILE))
def test_what_is_put_in_is_never_read_again(text: str) -> None:
    assert fill("<{title}|{know}>", {"title": text, "know": "{title}"}) == f"<{text}|{{title}}>".strip()


@given(st.text(alphabet="{}titleknow \n\x1b", max_size=60))
def test_a_sound_template_leaves_no_name_and_no_lone_brace(template: str) -> None:
    if not problem_of(template)[1]:
        filled = fill(template, dict.fromkeys(NAMES, "V"))
        assert not any(f"{{{name}}}" in filled for name in NAMES) or "{{" in template


def test_a_line_of_which_every_name_is_empty_is_left_out() -> None:
    assert fill("a {know}\n\nHit: {resources}\n\nb {do}", {"know": "1", "do": "2", "resources": ""}) == "a 1\n\nb 2"
    assert fill("{{x}} {know}", {"know": "1"}) == "{x} 1"


def test_every_name_has_a_value() -> None:
    assert set(values_of(incident(), "identified", "k", "d", NOW, UTC)) == set(NAMES)


def written(found: Incident, **more: Any) -> dict[str, Any]:
    options = {"now": NOW, "know": "it is the database", "do": "we fail over", "parties": PARTIES, **more}
    (draft,) = write_update(found, **options)
    assert (draft.kind, draft.what) == ("fact", "update")
    return dict(draft.body)


def test_it_is_for_whoever_has_to_be_told_with_a_text_for_each_template_and_the_soonest_next() -> None:
    body = written(incident(severity="high", status="validated"))
    assert body["to"] == ["IT", "executives"]
    assert body["wording"] == "identified"
    assert body["next_update_at"] == NOW + HOUR
    assert body["text"].startswith("Identified: Shop is down\n\nSince 2026-")
    assert "we know what is wrong" in body["text"]
    assert "What we do: we fail over" in body["text"]
    assert "INC-A Shop is down" in body["texts"][TECHNICAL]


def test_hostile_texts_stay_texts() -> None:
    body = written(incident(severity="high", title=HOSTILE), know=HOSTILE, do="")
    assert body["text"].count("{x.__class__}") == 2
    assert "\x1b" not in safe_text(body["text"], keep_newlines=True)
    assert "\u202e" not in safe_text(body["text"], keep_newlines=True)


def test_names_win_over_the_list_and_a_near_miss_is_told() -> None:
    assert written(incident(), to=("Customers", "the mayor"))["to"] == ["customers", "the mayor"]
    with pytest.raises(BadValue, match="no party “custmers”"):
        written(incident(), to=("custmers",))
    assert party_named("board of trade", PARTIES) == "board of trade"


@pytest.mark.parametrize(
    ("found", "more", "error"),
    [
        ({}, {}, Refused),  # nobody can say who
        ({"severity": "low"}, {}, Refused),
        ({"severity": "high"}, {"know": " ", "do": ""}, BadValue),
        ({"severity": "high"}, {"wording": "solved"}, BadValue),
        ({"severity": "high"}, {"next_update_at": NOW}, Refused),
        ({"severity": "high"}, {"know": "x" * (limits.REASON + 1)}, BadValue),
        ({"severity": "high"}, {"know": "x" * limits.REASON}, BadValue),  # with the rest of the template
    ],
)
def test_what_is_refused(found: dict[str, Any], more: dict[str, Any], error: type[Mistake]) -> None:
    with pytest.raises(error) as refused:
        written(incident(**found), **more)
    assert refused.value.remedy


def test_a_drill_is_for_nobody_and_its_text_says_what_it_is() -> None:
    body = written(incident(severity="critical", drill=True), to=("customers",))
    assert body["to"] == []
    assert body["text"].startswith(DRILL)


def test_the_end_promises_nothing() -> None:
    assert "next_update_at" not in written(incident(severity="critical"), wording="res")
    assert "next_update_at" not in written(incident(severity="critical", status="resolved"))
    assert "Next update" not in written(incident(severity="critical"), wording="resolved")["text"]


def said() -> Memory:
    memory = Memory()
    (first,) = memory.record([_entry("raise", {"title": "Shop is down", "severity": "high"})])
    memory.now += MINUTE
    memory.record(write_update(memory.incident, now=memory.now, know="one", parties=PARTIES))
    memory.now += MINUTE
    memory.record(write_update(memory.incident, now=memory.now, know="two", parties=PARTIES))
    assert first.kind == "raise"
    return memory


def _entry(kind: str, body: dict[str, Any]) -> Any:
    from domain.entry import Draft

    return Draft(kind, kind, body, over=())


def test_told_takes_the_newest_update_or_the_one_that_is_named() -> None:
    memory = said()
    first, second = memory.incident.updates
    for draft in tell(memory.incident, ["it", "executives", "IT"], now=memory.now, parties=PARTIES):
        party = next(each for each in PARTIES if each.name.lower() == draft.body["party"].lower())
        assert draft.body["note"] == text_for(second, party)
        assert (draft.body["update"], draft.body["wording"]) == (second.entry, "investigating")
        assert draft.body["next_update_at"] == second.next_update_at
    (old,) = tell(memory.incident, ["x"], now=memory.now, update=first.entry)
    assert "one" in old.body["note"]
    with pytest.raises(BadValue, match="fits 2 updates"):
        update_named(memory.incident, first.entry[:2])
    with pytest.raises(BadValue, match="no update “zz”"):
        update_named(memory.incident, "zz")


def test_a_note_is_told_as_it_is_and_belongs_to_no_update() -> None:
    (draft,) = tell(said().incident, ["customers"], now=NOW + HOUR, note="we call you")
    assert draft.body == {"party": "customers", "note": "we call you"}
    with pytest.raises(BadValue, match="no update of INC-A yet"):
        tell(incident(), ["customers"], now=NOW)


def test_a_duty_needs_no_text() -> None:
    (draft,) = tell(said().incident, ["BSI"], now=NOW + HOUR, duty="NIS2 early warning")
    assert draft.body == {"party": "BSI", "note": "NIS2 early warning", "duty": "NIS2 early warning"}


def test_the_timeline_shows_a_text_once() -> None:
    memory = said()
    memory.record(tell(memory.incident, ["executives"], now=memory.now, parties=PARTIES))
    memory.record(tell(memory.incident, ["partners"], now=memory.now, note="own words"))
    lines = [describe(each, memory.replay) for each in memory.entries]
    assert lines[-2][0].startswith("told executives the update (investigating), next update")
    assert [text for _headline, text in lines[-2:]] == ["", "own words"]
    assert lines[1][0].startswith("update (investigating) for IT, executives, next update")
    assert "What we know: one" in lines[1][1]


KEYS = ("to", "text", "texts", "wording", "know", "next_update_at", "party", "update", "aware_at", "regulation")
PLAIN = st.none() | st.integers() | st.text()
VALUES = PLAIN | st.lists(PLAIN) | st.dictionaries(st.text(), PLAIN)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from(["update", "told", "regulated"]))
def test_any_body_is_folded_and_worded(body: dict[str, Any], what: str) -> None:
    made = entry("e", "fact", what, body)
    replay = Replay(made.incident).extend([made])
    assert len((*replay.result().updates, *replay.result().told, *replay.result().regulated)) == 1
    assert describe(made, replay)[0]


def test_an_id_is_as_short_as_it_can_be_told_from_the_others() -> None:
    both = [Update(name, "", "", "", "", 0, "") for name in ("01a1ff8d-aaaa", "01a1ff8d-aabb")]
    assert short_id(both[0], both[:1]) == "01a1ff8d"
    assert short_id(both[0], both) == "01a1ff8d-aaa"
    assert text_for(both[0], Party("x", template="none")) == ""


def test_the_post_mortem_tells_it_in_a_line_each() -> None:
    from domain.postmortem.timeline import timeline

    memory = said()
    made = tell(memory.incident, ["IT", "executives"], now=memory.now, parties=PARTIES)
    memory.record([replace(each, body={**each.body, "action": "a1"}) for each in made])
    memory.record(tell(memory.incident, ["the *mayor*"], now=memory.now, note="we call"))
    memory.record(tell(memory.incident, ["BSI"], now=memory.now, duty="NIS2 early warning"))
    text = timeline(memory.incident, memory.replay, UTC)
    assert "wrote an update (investigating): “one”" in text
    assert "told IT, executives the update" in text
    assert "told the \\*mayor\\*: “we call”" in text
    assert "told BSI (NIS2 early warning)" in text
