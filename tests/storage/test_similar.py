"""Earlier incidents like one: by shared words, by what they hit, never itself."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain import actions
from domain.incident import Incident
from storage.store import Store

Raised = Callable[..., Incident]


def refs(store: Store, words: list[str], resources: list[str] | None = None, exclude: str = "") -> list[str]:
    return [each.ref for each in store.reader.similar(words, resources or [], exclude=exclude)]


def test_two_shared_words_are_enough_and_more_come_first(store: Store, raised: Raised) -> None:
    raised("mail is down")
    one = raised("replica lag on db7")
    two = raised("replica lag of postgres on db9")
    assert refs(store, ["postgres", "replica", "lag"]) == [two.ref, one.ref]
    assert refs(store, ["postgres", "unheard"]) == []
    assert refs(store, ["postgres"]) == [two.ref]


def test_what_is_hit_counts_as_two_words_and_an_incident_is_not_like_itself(store: Store, raised: Raised) -> None:
    one = raised("something")
    store.journal.record(one.id, lambda it: actions.add_item(it, "resource", "db 7"))
    assert refs(store, ["unheard"], ["db 7"]) == [one.ref]
    assert refs(store, ["something"], ["db 7"], exclude=one.id) == []


def test_a_word_in_a_note_alone_makes_nothing_alike(store: Store, raised: Raised) -> None:
    one = raised("something else")
    store.journal.record(one.id, lambda _it: actions.note("replica lag"))
    assert refs(store, ["replica", "lag"]) == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(words=["a\0b", '"'], resource="\0")
@given(words=st.lists(st.text(min_size=1, max_size=10), max_size=4), resource=st.text(max_size=10))
def test_no_word_breaks_the_search(store: Store, words: list[str], resource: str) -> None:
    assert store.reader.similar(words, [resource]) == []
