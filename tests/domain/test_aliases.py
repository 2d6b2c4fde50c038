"""Who stands for whom: whatever was merged into whatever, in any order, each leads to one that stands for itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aliases import Merges, stands_for

NAMES = list("abcdef")
TARGETS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*NAMES, "gone"]))


def test_chains_rings_and_what_is_not_here() -> None:
    def of(incident: str, targets: dict[str, str]) -> str:
        return stands_for(incident, targets.get(incident), lambda each: (each != "gone", targets.get(each)))

    assert of("a", {}) == "a"
    assert of("a", {"a": "b", "b": "c"}) == "c"
    assert [of(each, {"a": "b", "b": "a"}) for each in "ab"] == ["a", "a"]
    assert [of(each, {"d": "c", "c": "b", "b": "a", "a": "c"}) for each in "abcd"] == ["a"] * 4
    assert of("a", {"a": "a"}) == "a"
    assert of("a", {"a": "gone"}) == "a"
    assert of("a", {"a": "b", "b": "gone"}) == "b"


@settings(max_examples=200, deadline=None)
@given(TARGETS, st.randoms(use_true_random=False), TARGETS)
def test_every_one_belongs_to_one_that_stands_for_itself(
    targets: dict[str, str], random: Any, before: dict[str, str]
) -> None:
    merges = Merges()
    for incident, target in before.items():
        merges.learn(incident, target)
    for incident in random.sample(NAMES, len(NAMES)):
        merges.learn(incident, targets.get(incident))
    stands = {each: merges.standing(each) for each in NAMES}
    assert all(merges.standing(each) == each for each in stands.values())
    for each in set(stands.values()) - {"gone"}:
        assert {each, *merges.parts(each)} == {name for name in NAMES if stands[name] == each}


def test_a_long_chain_is_followed_in_one_go() -> None:
    merges = Merges()
    for number in range(20_000):
        merges.learn(str(number), str(number + 1))
    assert merges.standing("0") == "20000"
    assert len(merges.parts("20000")) == 20_000
