"""What is proposed for triage: by words, and before them by what earlier incidents like it were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import definitions, vocabulary
from domain.suggest import _RULES, Earlier, suggest, words_of

WORDS = {
    "type": vocabulary.TYPES,
    "technical_category": vocabulary.TECHNICAL_CATEGORIES,
    "service_category": vocabulary.SERVICE_CATEGORIES,
}


def test_every_rule_names_a_value_that_there_is_and_every_value_has_a_definition() -> None:
    assert [(register, value) for _words, register, value in _RULES if value not in WORDS[register]] == []
    assert definitions.TYPES.keys() == vocabulary.TYPES.keys()
    assert definitions.TECHNICAL_CATEGORIES.keys() == vocabulary.TECHNICAL_CATEGORIES.keys()
    assert definitions.SERVICE_CATEGORIES.keys() == vocabulary.SERVICE_CATEGORIES.keys()


@pytest.mark.parametrize(
    ("title", "register", "value"),
    [
        ("Possible data breach on vpn-1", "type", "security_breach"),
        ("DISK of db7 corrupted", "type", "data_loss_or_corruption"),
        ("users are locked out of SSO", "type", "user_access_issues"),
        ("checkout down after deploy", "type", "software_updates_and_patches"),  # why it is down comes first
        ("API latency p99 over 2 s", "type", "performance_degradation"),
        ("switch sw-14 lost its uplink", "technical_category", "network"),
        ("payments fail with 500", "service_category", "payment_processing"),
    ],
)
def test_words_propose(title: str, register: str, value: str) -> None:
    assert suggest(title)[register].value == value


def test_labels_are_words_too() -> None:
    assert suggest("it is broken", ["service=postgres"])["technical_category"].value == "database"


def test_a_word_inside_another_proposes_nothing() -> None:
    assert suggest("a countdown of the update")["type"].value == "software_updates_and_patches"
    assert "type" not in suggest("a countdown")


@given(votes=st.lists(st.sampled_from(["database", "network", None]), max_size=9))
def test_a_habit_is_a_majority_of_at_least_two(votes: list[str | None]) -> None:
    earlier = [Earlier(f"INC-{n}", technical_category=vote) for n, vote in enumerate(votes)]
    found = suggest("xyzzy", (), earlier).get("technical_category")
    given_ = [vote for vote in votes if vote]
    habit = [vote for vote in set(given_) if given_.count(vote) >= 2 and given_.count(vote) * 2 > len(given_)]
    assert [found.value] == habit if found else habit == []


def test_a_habit_beats_a_word_and_says_whose_it_is() -> None:
    earlier = [Earlier(ref, technical_category="cloud") for ref in ("INC-AAAAA", "INC-BBBBB", "INC-CCCCC")]
    found = suggest("postgres is slow", (), earlier)["technical_category"]
    assert found == ("cloud", "as INC-AAAAA, INC-BBBBB and 1 more")


@given(st.text())
def test_words_to_look_for_are_few_and_never_empty(title: str) -> None:
    found = words_of(title)
    assert len(found) <= 6
    assert all(len(word) > 2 and word == word.lower() for word in found)
