"""The words of the field, and how loosely people may write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import vocabulary
from domain.errors import BadValue
from domain.vocabulary import choose, nearest, priority, severity, slug

TAXONOMIES = [vocabulary.TYPES, vocabulary.TECHNICAL_CATEGORIES, vocabulary.SERVICE_CATEGORIES]


def test_the_ordinals_are_those_of_egeria() -> None:
    assert vocabulary.STATUSES == {
        "raised": 0, "reviewed": 1, "validated": 2, "resolved": 3, "invalid": 4, "ignored": 10, "other": 99,
    }  # fmt: skip


def test_every_word_has_a_meaning_and_every_status_a_rank() -> None:
    assert set(vocabulary.STATUS_MEANING) == set(vocabulary.STATUSES) == set(vocabulary.FINISHED)
    assert set(vocabulary.SEVERITY_MEANING) == set(vocabulary.SEVERITIES)
    assert set(vocabulary.PRIORITY_MEANING) == set(vocabulary.PRIORITIES)
    assert set(vocabulary.STATUSES) > vocabulary.CLOSED_STATUSES
    least_finished_closed = min(vocabulary.FINISHED.index(each) for each in vocabulary.CLOSED_STATUSES)
    assert least_finished_closed == len(vocabulary.FINISHED) - len(vocabulary.CLOSED_STATUSES)


def test_the_taxonomies_have_their_size_and_their_keys_are_slugs() -> None:
    assert [len(each) for each in TAXONOMIES] == [10, 10, 11]
    assert all(re.fullmatch(r"[a-z_]+", key) and slug(key) == key for each in TAXONOMIES for key in each)


def test_a_relation_read_from_the_other_side_and_back_is_itself() -> None:
    assert all(vocabulary.RELATIONS[back] == relation for relation, back in vocabulary.RELATIONS.items())


@pytest.mark.parametrize("words", [*TAXONOMIES, vocabulary.STATUSES, vocabulary.SEVERITIES, vocabulary.ROLES])
def test_a_word_is_found_by_its_key_its_label_and_in_any_dress(words: dict[str, str]) -> None:
    labels = words if words in TAXONOMIES else {each: each for each in words}
    for key, label in labels.items():
        for written in (key, label, key.upper(), key.replace("_", "-"), f" {label.title()} ", key.replace("_", " ")):
            assert choose(written, labels, "word") == key


def test_a_unique_beginning_is_enough() -> None:
    assert choose("sec", vocabulary.TYPES, "type") == "security_breach"
    assert choose("res", vocabulary.STATUSES.keys(), "status") == "resolved"


@pytest.mark.parametrize(
    ("word", "hint"), [("re", None), ("", None), ("  ", None), ("resolvd", "resolved"), ("xyzzy", None)]
)
def test_any_other_word_is_refused_and_the_nearest_named(word: str, hint: str | None) -> None:
    with pytest.raises(BadValue) as caught:
        choose(word, vocabulary.STATUSES.keys(), "status")
    assert word in caught.value.message
    assert "Choose from: raised, reviewed" in caught.value.remedy
    assert hint is None or f"Did you mean {hint}?" in caught.value.remedy


@pytest.mark.parametrize(("word", "expected"), [("P1", "P1"), ("p4", "P4"), ("2", "P2"), (" 3 ", "P3"), (" p2 ", "P2")])
def test_priorities(word: str, expected: str) -> None:
    assert priority(word) == expected


@pytest.mark.parametrize("word", ["P5", "0", "", "p", "high", "P10"])
def test_what_is_no_priority(word: str) -> None:
    with pytest.raises(BadValue):
        priority(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("SEV1", "critical"), ("sev-4", "low"), (" Sev2 ", "high"), ("Medium", "medium"), ("crit", "critical")],
)
def test_severities(word: str, expected: str) -> None:
    assert severity(word) == expected


@pytest.mark.parametrize("word", ["SEV5", "sev", "", "P1"])
def test_what_is_no_severity(word: str) -> None:
    with pytest.raises(BadValue):
        severity(word)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_a_slug_is_its_own_slug(text: str) -> None:
    once = slug(text)
    assert slug(once) == once
    assert not re.search(r"[\s/()-]|__", once)


def test_nearest() -> None:
    assert nearest("databse", ["network", "database"]) == "database"
    assert nearest("zzz", ["network", "database"]) is None
