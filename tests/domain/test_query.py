"""The query language: each kind of term, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadValue
from domain.query import EVERYTHING, Term, parse

HOUR, DAY = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("   ", []),
        ("disk full", [Term("text", "disk"), Term("text", "full")]),
        ('"disk full"', [Term("text", "disk full")]),
        ('-"disk full" -raid', [Term("text", "disk full", negated=True), Term("text", "raid", negated=True)]),
        ('"not finished', [Term("text", "not finished")]),
        ("-", [Term("text", "-")]),
        ("status:open", [Term("status", "open")]),
        ("STATUS:Open", [Term("status", "open")]),
        ("-status:resolved", [Term("status", "resolved", negated=True)]),
        ("phase:working state:new", [Term("status", "working"), Term("status", "new")]),
        ("priority:P2", [Term("priority", "P2")]),
        ("prio:=p2 priority:1", [Term("priority", "P2"), Term("priority", "P1")]),
        ("priority:<=P2", [Term("priority", "P2", "<=")]),
        ('priority:<="P2"', [Term("priority", "P2", "<=")]),
        ("severity:>=sev2", [Term("severity", "high", ">=")]),
        ("sev:critical", [Term("severity", "critical")]),
        ("owner:me assignee:bo", [Term("owner", "me"), Term("owner", "bo")]),
        ('owner:"Ana Bo"', [Term("owner", "Ana Bo")]),
        ("owner:none tag:None", [Term("owner", None), Term("tag", None)]),
        ('tag:"<urgent>" tag:db', [Term("tag", "<urgent>"), Term("tag", "db")]),
        ('tag:"//srv/share"', [Term("tag", "//srv/share")]),
        ("resource:mail.example", [Term("resource", "mail.example")]),
        ("type:outage", [Term("type", ("service_outage",))]),
        ("type:co", [Term("type", ("data_loss_or_corruption", "configuration_issues", "communication_disruptions"))]),
        ('type:"Service Outage"', [Term("type", ("service_outage",))]),
        ("technical:desktop", [Term("technical", ("desktop_end_user",))]),
        ("service_category:email", [Term("service", ("email_service",))]),
        ("age:>2h updated:<1d", [Term("age", 2 * HOUR, ">"), Term("updated", DAY, "<")]),
        ("is:drill -is:firing", [Term("is", "drill"), Term("is", "firing", negated=True)]),
        ("http://mail.example/x", [Term("text", "http://mail.example/x")]),
        ("12:30", [Term("text", "12:30")]),
        ('"status:open"', [Term("text", "status:open")]),
        ("status: x", [Term("text", "status:"), Term("text", "x")]),
    ],
)
def test_terms(text: str, terms: list[Term]) -> None:
    query = parse(text)
    assert list(query.terms) == terms
    assert query.text == text.strip()
    assert query.words == tuple(term for term in terms if term.field == "text")


@pytest.mark.parametrize(
    ("text", "says", "remedy"),
    [
        ("prioritty:P1", "prioritty", "priority"),
        ("colour:red", "colour", "Fields: status, priority"),
        ("status:opne", "opne", "open"),
        ("status:none", "none", "open"),
        ("priority:P9", "P9", "P1, P2, P3, P4"),
        ("priority:<=", "no value", "priority"),
        ('owner:""', "no value", "owner:none"),
        ("type:meteor", "meteor", "service_outage"),
        ("age:>soon", "soon", "2h30m"),
        ("age:none", "none", "2h30m"),
        ("is:hungry", "hungry", "drill"),
        ("owner:<bo", "cannot be compared", "owner:bo"),
        ("status:<resolved", "cannot be compared", "age, impact, level, priority, severity, updated, urgency"),
    ],
)
def test_a_wrong_term_is_named_with_the_right_one(text: str, says: str, remedy: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse(f"disk {text}")
    assert caught.value.code == "bad_query"
    assert text in caught.value.message
    assert says in caught.value.message
    assert remedy in caught.value.remedy


def test_the_empty_query_has_no_terms() -> None:
    assert parse("") == EVERYTHING


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab P1:"<>=-/ \t\nné', max_size=30) | st.text(max_size=30))
def test_any_text_is_a_query_or_a_named_mistake(text: str) -> None:
    try:
        query = parse(text)
    except BadValue as error:
        remedy = error.remedy
    else:
        assert bool(query.terms) == bool(text.strip())
        return
    assert remedy


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=20).filter(lambda text: '"' not in text))
def test_quoted_text_is_searched_as_it_stands(text: str) -> None:
    assert parse(f'"{text}"').terms == (Term("text", text),)
