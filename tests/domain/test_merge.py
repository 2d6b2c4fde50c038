"""The merge of texts: its laws, on many triples, and examples a person can judge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.merge import has_marks, merge, merge_all

# Few different lines and short texts: lines repeat, move and meet, which is where a merge goes wrong.
# One letter a line: hypothesis makes a string much faster than a list.
TEXTS = st.text("abcd e", max_size=9).map(lambda letters: "\n".join(letters).replace(" ", ""))
MANY = settings(max_examples=5_000, deadline=None)


def side(text: str) -> list[str]:
    return text.split("\n") if text else []


@MANY
@given(TEXTS, TEXTS)
def test_what_both_wrote_alike_is_agreed(base: str, text: str) -> None:
    assert merge(base, text, text).merged == text


@MANY
@given(TEXTS, TEXTS)
def test_what_one_side_left_alone_the_other_decides(base: str, text: str) -> None:
    assert merge(base, base, text).merged == text
    assert merge(base, text, base).merged == text


@MANY
@given(TEXTS, TEXTS, TEXTS)
def test_swapping_the_sides_swaps_the_hunks_and_nothing_else(base: str, mine: str, theirs: str) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert [(h.base, h.mine, h.theirs) for h in one.hunks] == [(h.base, h.theirs, h.mine) for h in other.hunks]
    assert one.merged == other.merged


@MANY
@given(TEXTS, TEXTS, TEXTS)
def test_no_line_is_lost_and_none_is_made_up(base: str, mine: str, theirs: str) -> None:
    found = merge(base, mine, theirs)
    for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        assert [line for hunk in found.hunks for line in getattr(hunk, name)] == side(text)
    for hunk in found.hunks:
        assert hunk.base or hunk.mine or hunk.theirs
        assert hunk.disputed == (hunk.by == "disputed")
    edited = found.to_edit("ana", "ben")
    assert has_marks(edited) == bool(found.disputed)
    for line in side(mine) + side(theirs):
        # Gone is only what the other side took out.
        assert line in edited.split("\n") or line in side(base)


@MANY
@given(TEXTS, TEXTS, TEXTS)
def test_each_change_is_in_the_merge(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs).merged
    if merged is not None:
        new = (set(side(mine)) | set(side(theirs))) - set(side(base))
        assert new <= set(side(merged))


@given(TEXTS, st.lists(TEXTS, max_size=4))
@settings(max_examples=3_000, deadline=None)
def test_a_merge_of_many_is_clean_only_when_each_step_is(base: str, texts: list[str]) -> None:
    found = merge_all(base, texts)
    if len(texts) == 2:
        assert found == merge(base, *texts).merged
    if len(set(texts)) == 1:
        assert found == texts[0]
    if not texts:
        assert found == base


BASE = "# Root cause\n\nThe pool was too small.\n\n# Impact\n\nNobody could pay."


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (
            BASE.replace("too small", "too small by half"),
            BASE.replace("Nobody could pay", "One in ten could not pay"),
            "# Root cause\n\nThe pool was too small by half.\n\n# Impact\n\nOne in ten could not pay.",
        ),
        (BASE + "\n\nFor an hour.", BASE.replace("# Root cause", "# Cause"), None),
        (BASE.replace("The pool was too small.", "A retry storm."), BASE.replace("too small", "exhausted"), ""),
    ],
)
def test_examples(mine: str, theirs: str, expected: str | None) -> None:
    found = merge(BASE, mine, theirs)
    if expected == "":
        assert found.merged is None
        assert found.disputed == 1
        assert found.to_edit("ana", "ben").split("\n")[2:7] == [
            "<<<<<<< ana", "A retry storm.", "=======", "The pool was exhausted.", ">>>>>>> ben",
        ]  # fmt: skip
    elif expected is None:
        assert found.merged == (BASE + "\n\nFor an hour.").replace("# Root cause", "# Cause")
    else:
        assert found.merged == expected


def test_two_new_texts_without_a_base_are_disputed() -> None:
    assert merge("", "one", "two").disputed == 1
    assert merge("", "one", "").merged == "one"


@pytest.mark.parametrize("line", ["a", ""])
def test_a_huge_text_of_equal_lines_is_not_compared_line_by_line(line: str) -> None:
    base = "\n".join([line] * 50_000)
    found = merge(base, f"first\n{base}", f"{base}\nlast")
    assert found.merged == f"first\n{base}\nlast"
    changed = merge(f"x\n{base}\ny", f"1\n{base}{base}\n2", f"3\n{base}\n4")
    assert changed.disputed
    assert [part for hunk in changed.hunks for part in hunk.mine] == f"1\n{base}{base}\n2".split("\n")


def test_marks_are_only_what_stands_at_the_beginning_of_a_line() -> None:
    assert not has_marks("a ======= b\n======== \n> quoted")
    assert not has_marks("A heading\n=======\nmore")
    assert has_marks("text\n>>>>>>> ben\nmore")
