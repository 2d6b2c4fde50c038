"""Identifiers: their bits, and the codes people say aloud."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import hlc
from domain.ids import ALPHABET, CODE_LENGTH, SHORTEST, code_of, imported_id, is_uuid, parse_ref, ref_of, uuid7
from domain.limits import FUTURE_MS

MOMENTS = st.integers(0, (1 << 48) - 1)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.integers(0))
def test_uuid7_is_rfc_9562(at: int, seed: int) -> None:
    made = uuid.UUID(uuid7(at, random.Random(seed).getrandbits))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == at
    assert is_uuid(str(made))


def test_uuid7_uses_all_its_random_bits() -> None:
    low, high = uuid.UUID(uuid7(0, lambda _: 0)), uuid.UUID(uuid7(0, lambda bits: (1 << bits) - 1))
    assert (high.int ^ low.int).bit_count() == 74


@settings(max_examples=100, deadline=None)
@given(MOMENTS, MOMENTS)
def test_uuid7_sorts_by_time(left: int, right: int) -> None:
    bits = random.Random(0).getrandbits
    assert left == right or (uuid7(left, bits) < uuid7(right, bits)) == (left < right)


def test_an_imported_thing_has_one_id_on_every_device() -> None:
    assert imported_id("pd", "acme", "P1") == imported_id("pd", "acme", "P1")
    assert uuid.UUID(imported_id("pd", "acme", "P1")).version == 5
    assert (
        len({imported_id(*each) for each in (("pd", "a", "1"), ("pd", "b", "1"), ("og", "a", "1"), ("pd", "a", "2"))})
        == 4
    )


@settings(max_examples=200, deadline=None)
@given(MOMENTS, MOMENTS, st.integers(0))
def test_a_code_is_all_of_the_random_part_and_none_of_the_clock(at: int, later: int, seed: int) -> None:
    code = code_of(uuid7(at, random.Random(seed).getrandbits))
    assert code == code_of(uuid7(later, random.Random(seed).getrandbits))
    assert len(code) == CODE_LENGTH
    value = 0
    for char in code:
        value = value << 5 | ALPHABET.index(char)
    assert value >> 3 == uuid.UUID(uuid7(at, random.Random(seed).getrandbits)).int & ((1 << 62) - 1)


@settings(max_examples=200, deadline=None)
@given(st.uuids(), st.integers(SHORTEST, CODE_LENGTH))
def test_a_ref_is_read_back_however_it_is_written(identifier: uuid.UUID, length: int) -> None:
    code = code_of(str(identifier))
    ref = ref_of(code, length)
    assert ref.startswith("INC-")
    misread = code[:length].replace("1", "l").replace("0", "o")
    for written in (ref, ref.lower(), code[:length], f" #{code[:length].lower()}\n", f"inc-{misread}"):
        assert parse_ref(written) == code[:length]


@pytest.mark.parametrize(
    "text", ["", "INC-", "INC-U", "INC-7K 3F", "7K3FQ!", "A" * 14, "é", str(uuid.uuid5(uuid.NAMESPACE_DNS, "x"))]
)
def test_what_is_no_ref(text: str) -> None:
    assert parse_ref(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01a1f0a0-0000-7000-8000-000000000001", True),
        ("01A1F0A0-0000-7000-8000-000000000001", True),
        ("01a1f0a0000070008000000000000001", False),
        ("{01a1f0a0-0000-7000-8000-000000000001}", False),
        ("INC-7K3FQ", False),
        ("", False),
    ],
)
def test_is_uuid(text: str, expected: bool) -> None:
    assert is_uuid(text) is expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1 << 45), min_size=1))
def test_the_hybrid_clock_only_goes_forward(walls: list[int]) -> None:
    last = 0
    for now in walls:
        stamp = hlc.tick(last, now)
        assert stamp > last
        assert hlc.millis(stamp) >= now
        last = stamp


def test_the_hybrid_clock_counts_within_a_millisecond() -> None:
    first = hlc.tick(0, 5)
    second = hlc.tick(first, 5)
    assert [(hlc.millis(each), hlc.counter(each)) for each in (first, second)] == [(5, 0), (5, 1)]


def test_a_stamp_from_far_ahead_does_not_carry_the_clock_away() -> None:
    here, ahead, too_far = 10 << 16, (10 + FUTURE_MS) << 16, (11 + FUTURE_MS) << 16
    assert hlc.receive(here, ahead, 10) == ahead
    assert hlc.receive(here, too_far, 10) == here
    assert hlc.receive(here, 3 << 16, 10) == here
