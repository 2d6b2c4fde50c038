"""The order of the queue, as one integer."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.incident import Incident
from domain.ordering import FIRST_CLOSED, LAST, NUMBERS, priority_range, queue_key, rank
from domain.vocabulary import CLOSED_STATUSES, PRIORITIES, STATUSES

SECOND = 1000


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    status = draw(st.sampled_from(list(STATUSES)))
    over = status in CLOSED_STATUSES
    moment = st.integers(0, 4_000_000) | st.integers(0, 253_402_300_799_999)
    return Incident(
        "i",
        status=status,
        priority=draw(st.sampled_from([None, *PRIORITIES, "P9"])),
        raised_at=draw(moment),
        updated_at=draw(moment),
        ended_at=draw(moment) if over else None,
        closed_at=draw(st.none() | moment) if over else None,
    )


def place(incident: Incident) -> tuple[int, int, int]:
    """Return the order in words: open before closed, P1 before P2, older first; of closed ones the last first."""
    if incident.is_closed:
        ended = incident.closed_at or incident.ended_at or incident.updated_at
        return 1, 0, -min(ended // SECOND, (1 << 32) - 1)
    urgency = PRIORITIES.index(incident.priority) if incident.priority in PRIORITIES else len(PRIORITIES)
    return 0, urgency, min(incident.raised_at // SECOND, (1 << 32) - 1)


@settings(max_examples=200, deadline=None)
@given(incidents(), incidents(), st.integers(0, NUMBERS - 1), st.integers(0, NUMBERS - 1))
def test_keys_are_in_the_order_of_the_queue(left: Incident, right: Incident, one: int, two: int) -> None:
    first, second = queue_key(left, one), queue_key(right, two)
    assert 0 < first < 1 << 63
    assert (first >= FIRST_CLOSED) == left.is_closed
    assert first <= LAST < 1 << 63
    if place(left) != place(right):
        assert (first < second) == (place(left) < place(right))
    else:
        assert (first < second) == (one < two)
        assert (first == second) == (one == two)


@settings(max_examples=200, deadline=None)
@given(incidents(), st.integers(0, NUMBERS - 1), st.sampled_from([None, *PRIORITIES]))
def test_a_priority_is_one_range_of_keys(incident: Incident, number: int, priority: str | None) -> None:
    first, after = priority_range(priority)
    inside = first <= queue_key(incident, number) < after
    assert inside == (not incident.is_closed and rank(incident.priority) == rank(priority))


def test_the_ranges_of_all_priorities_stand_side_by_side_below_the_closed_ones() -> None:
    ranges = [priority_range(each) for each in (*PRIORITIES, None)]
    assert all(ranges[n][1] == ranges[n + 1][0] for n in range(4))
    assert ranges[-1][1] <= FIRST_CLOSED


def test_a_queue_in_words() -> None:
    wanted = [
        Incident("a", priority="P1", raised_at=9 * SECOND),
        Incident("b", priority="P2", raised_at=1 * SECOND),
        Incident("c", priority="P2", raised_at=2 * SECOND, status="other"),
        Incident("d", priority="P4", raised_at=1 * SECOND),
        Incident("e", raised_at=0),
        Incident("f", priority="P3", status="resolved", ended_at=5 * SECOND),
        Incident("g", priority="P1", status="ignored", ended_at=4 * SECOND),
    ]
    keys = {queue_key(each, number): each.id for number, each in enumerate(reversed(wanted))}
    assert "".join(keys[key] for key in sorted(keys)) == "abcdefg"


@pytest.mark.parametrize("extreme", [0, 253_402_300_799_999, 10**18, -5])
def test_extreme_moments_stay_within_their_bits(extreme: int) -> None:
    for status, number in product(("raised", "resolved"), (0, NUMBERS - 1)):
        incident = Incident("i", status=status, raised_at=extreme, ended_at=extreme)
        assert 0 < queue_key(incident, number) <= LAST
        assert (queue_key(incident, number) >= FIRST_CLOSED) == incident.is_closed
