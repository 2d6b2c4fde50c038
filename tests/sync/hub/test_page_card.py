"""What a stakeholder may know of one incident, and what not."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from domain.entry import Entry
from domain.times import DAY, HOUR, MINUTE
from storage.hub import current
from storage.hub.engines import Database, memory_engine, prepare
from storage.hub.pushing import row_of
from storage.hub.tables import ENTRY
from sync.hub.card import UPDATES, Card, Update, card_of
from tests.hubs import INCIDENT, START, Writer

PARTIES = frozenset({"customers", "status_page"})
NOW = START + HOUR


def card(writer: Writer, now: int = NOW) -> Card | None:
    return card_of(INCIDENT, writer.entries, PARTIES, now)


def shown(writer: Writer, now: int = NOW) -> Card:
    found = card(writer, now)
    assert found is not None
    return found


def raised(**fields: Any) -> Writer:
    writer = Writer()
    writer.write("raise", "raise", {"title": "Search is slow", **fields})
    return writer


def told(writer: Writer, note: str, party: str = "customers", at: int = START, until: int | None = None) -> Entry:
    body = {"party": party, "note": note, **({} if until is None else {"next_update_at": until})}
    return writer.write("fact", "told", body, occurred_at=at)


def status(writer: Writer, value: str, at: int = START, over: Sequence[Entry] | None = None) -> Entry:
    before = [each for each in writer.entries if each.kind == "raise" or each.what == "status"]
    ids = tuple(each.id for each in (before if over is None else over))
    return writer.write("set", "status", {"value": value}, over=ids, occurred_at=at)


def redacted(writer: Writer) -> None:
    """Remove the body of what was written last, as the hub does it."""
    writer.entries[-1] = replace(writer.entries[-1], body=None)


def test_a_fresh_incident() -> None:
    assert shown(raised(severity="high")) == Card("Search is slow", "reported", "high", START)


def test_it_began_when_it_was_felt() -> None:
    assert shown(raised(impact_started_at=START - 5 * MINUTE)).since == START - 5 * MINUTE


def test_a_clock_that_runs_ahead_makes_nothing_begin_later_than_now() -> None:
    assert shown(raised(impact_started_at=NOW + DAY)).since == NOW


def test_the_phases() -> None:
    writer = raised()
    writer.write("fact", "acknowledged", {})
    assert shown(writer).phase == "investigating"
    status(writer, "reviewed")
    assert shown(writer).phase == "investigating"
    writer.write("add", "cause", {"name": "a full disk"})
    assert shown(writer).phase == "identified"
    status(writer, "validated")
    assert shown(writer).phase == "identified"
    writer.write("fact", "mitigated", {})
    assert shown(writer).phase == "monitoring"
    status(writer, "resolved", at=START + MINUTE)
    assert (shown(writer).phase, shown(writer).ended_at) == ("resolved", START + MINUTE)


def test_a_validated_incident_is_identified_without_a_cause() -> None:
    writer = raised()
    status(writer, "validated")
    assert shown(writer).phase == "identified"


def test_a_reopened_incident_is_current_again() -> None:
    writer = raised()
    writer.write("fact", "mitigated", {})
    status(writer, "resolved")
    writer.write("fact", "reopened", {})
    status(writer, "validated")
    assert (shown(writer).phase, shown(writer).ended_at) == ("identified", None)


def test_a_resolved_one_stays_for_a_day() -> None:
    writer = raised()
    status(writer, "resolved", at=START)
    assert shown(writer, START + DAY).ended_at == START
    assert card(writer, START + DAY + 1) is None


def test_a_closed_other_counts_as_resolved() -> None:
    writer = raised()
    status(writer, "other")
    writer.write("fact", "closed", {}, occurred_at=START + 1)
    assert (shown(writer).phase, shown(writer).ended_at) == ("resolved", START + 1)


def test_a_clock_that_runs_ahead_resolves_nothing_later_than_now() -> None:
    writer = raised()
    status(writer, "resolved", at=NOW + 365 * DAY)
    assert shown(writer).ended_at == NOW


@pytest.mark.parametrize("value", ["invalid", "ignored"])
def test_what_was_no_incident_is_hidden(value: str) -> None:
    writer = raised()
    status(writer, value)
    assert card(writer) is None


@pytest.mark.parametrize("register", ["restricted", "drill"])
def test_restricted_ones_and_drills_are_hidden(register: str) -> None:
    assert card(raised(**{register: True})) is None
    writer = raised()
    assert card(writer) is not None
    writer.write("set", register, {"value": True})
    assert card(writer) is None


def test_one_who_restricts_is_enough() -> None:
    """Two disagree without having seen each other: the later clock would win, the secret must."""
    writer = raised()
    writer.write("set", "restricted", {"value": True})
    writer.write("set", "restricted", {"value": False})
    assert card(writer) is None
    writer.write("set", "restricted", {"value": False}, over=tuple(each.id for each in writer.entries))
    assert card(writer) is not None


def test_what_restricted_it_may_be_redacted_and_it_stays_hidden() -> None:
    writer = raised()
    writer.write("set", "restricted", {"value": True})
    redacted(writer)
    assert card(writer) is None


def test_duplicates_are_hidden() -> None:
    writer = raised()
    duplicate = writer.write("add", "related", {"name": "x", "relation": "duplicate", "incident": "x"})
    assert card(writer) is None
    writer.write("drop", "related", {"undoes": duplicate.id}, over=(duplicate.id,))
    assert card(writer) is not None
    writer.write("alias", "alias", {"of": "another"})
    assert card(writer) is None


def test_without_its_raising_there_is_nothing_to_show() -> None:
    writer = Writer()
    writer.write("set", "title", {"value": "Search is slow"})
    assert card(writer) is None


def test_a_redacted_raising_is_hidden_until_somebody_gives_a_title() -> None:
    writer = Writer()
    writer.write("raise", "raise", {"title": "Search is slow for hunter2"})
    redacted(writer)
    told(writer, "We know.")
    assert card(writer) is None
    writer.write("set", "title", {"value": "Search is slow"})
    assert shown(writer).title == "Search is slow"


def test_updates_are_the_newest_first_and_of_the_page_s_parties() -> None:
    writer = raised()
    told(writer, "first", at=START)
    told(writer, "third", " Status-Page ", at=START + 2)
    told(writer, "second", "CUSTOMERS", at=START + 1)
    told(writer, "not for them", "regulator", at=START + 3)
    writer.write("note", "note", {"text": "not for them"})
    assert shown(writer).updates == (Update("third", START + 2), Update("second", START + 1), Update("first", START))


def test_an_update_told_to_several_of_them_is_there_once_with_its_wording() -> None:
    writer = raised()
    for number, (party, update, wording) in enumerate(
        (("customers", "u1", "identified"), ("status page", "u1", "identified"), ("customers", "u2", "<b>"))
    ):
        body = {"party": party, "note": "we know", "update": update, "wording": wording}
        writer.write("fact", "told", body, occurred_at=START + number)
    assert shown(writer).updates == (Update("we know", START + 2), Update("we know", START, "identified"))


def test_an_update_that_was_taken_back_is_gone() -> None:
    writer = raised()
    first = told(writer, "wrong")
    writer.write("drop", "fact:told", {"undoes": first.id}, over=(first.id,))
    assert shown(writer).updates == ()


def test_an_update_that_was_redacted_is_gone() -> None:
    writer = raised()
    told(writer, "hunter2")
    redacted(writer)
    assert shown(writer).updates == ()


def test_there_are_so_many_updates_and_a_count_of_the_rest() -> None:
    writer = raised()
    for number in range(UPDATES + 3):
        told(writer, str(number), at=START + number)
    found = shown(writer)
    assert (len(found.updates), found.older, found.updates[0].text) == (UPDATES, 3, str(UPDATES + 2))


def test_the_next_update_is_what_the_page_s_parties_were_promised() -> None:
    writer = raised()
    told(writer, "a", "customers", until=NOW + 5 * MINUTE)
    told(writer, "b", "regulator", until=NOW + MINUTE)
    assert shown(writer).next_update_at == NOW + 5 * MINUTE
    told(writer, "c", "Customers", at=START + 1, until=NOW + 9 * MINUTE)
    assert shown(writer).next_update_at == NOW + 9 * MINUTE
    status(writer, "resolved")
    assert shown(writer).next_update_at is None


def test_known_secrets_do_not_get_out() -> None:
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    writer = Writer()
    writer.write("raise", "raise", {"title": f"leaked {key}"})
    told(writer, f"rotate {key}")
    found = shown(writer)
    assert found.title == "leaked [redacted:AWS access key]"
    assert found.updates[0].text == "rotate [redacted:AWS access key]"


def test_long_texts_of_another_client_are_cut() -> None:
    writer = raised(title="x" * 10_000)
    told(writer, "y" * 100_000)
    found = shown(writer)
    assert (len(found.title), len(found.updates[0].text)) == (500, 4_000)
    assert found.title.endswith("x…")


_BODY = st.fixed_dictionaries(
    {},
    optional={
        "value": st.sampled_from(["resolved", "validated", "high", True, False, START, None]),
        "title": st.sampled_from(["a", "b"]), "drill": st.booleans(), "restricted": st.booleans(),
        "party": st.sampled_from(["customers", "regulator"]), "note": st.sampled_from(["x", "y"]),
        "relation": st.sampled_from(["duplicate", "prior"]), "name": st.just("n"), "text": st.just("t"),
        "next_update_at": st.sampled_from([START, NOW + 5]),
    },
)  # fmt: skip
_SHAPES = st.sampled_from(
    [
        ("raise", "raise"), ("set", "title"), ("set", "status"), ("set", "severity"), ("set", "restricted"),
        ("set", "drill"), ("set", "impact_started_at"), ("set", "owner"), ("set", "pm:cause"), ("fact", "told"),
        ("fact", "acknowledged"), ("fact", "mitigated"), ("fact", "closed"), ("fact", "reopened"), ("fact", "alert"),
        ("drop", "fact:told"), ("drop", "fact:mitigated"), ("drop", "related"), ("drop", "tag"), ("add", "related"),
        ("add", "cause"), ("add", "tag"), ("note", "note"), ("amend", "note:x"), ("alias", "alias"), ("newer", "newer"),
    ]
)  # fmt: skip
_LINES = st.lists(st.tuples(_SHAPES, _BODY, st.sets(st.integers(0, 11)), st.integers(0, 2), st.booleans()), max_size=12)


@settings(max_examples=150)
@given(_LINES)
def test_a_card_of_what_is_read_is_the_card_of_everything(lines: list[Any]) -> None:
    writer = raised()
    for (kind, what), body, over, later, removed in lines:
        replaced = tuple(writer.entries[place].id for place in over if place < len(writer.entries))
        writer.write(kind, what, body, over=replaced, occurred_at=START + later)
        if removed:
            redacted(writer)
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database = Database(memory_engine(connection))
    prepare(database, "hub", "epoch")
    rows = [
        {**row_of(each), "seq": number, "received_at": START, "pushed_by": "ana"}
        for number, each in enumerate(writer.entries, 1)
    ]
    with database.writing() as opened:
        opened.execute(insert(ENTRY), rows)
    with database.reading() as opened:
        read = current.entries(opened, [INCIDENT])[INCIDENT]
    connection.close()
    assert card_of(INCIDENT, read, PARTIES, NOW) == card(writer)
