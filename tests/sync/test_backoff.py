"""How long to wait: within bounds, spread, and never less than the remote wants."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import FIRST, LONGEST, pause


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True), st.floats(0, 10**6))
def test_it_is_within_bounds(failures: int, random: float, asked: float) -> None:
    found = pause(failures, lambda: random, asked)
    assert min(asked, 3600) <= found <= max(LONGEST, 3600)
    if not asked:
        assert found == random * min(LONGEST, FIRST * 2 ** min(failures - 1, 10))


def test_it_grows_to_a_minute_and_no_further() -> None:
    assert [pause(n, lambda: 1.0) for n in range(1, 10)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
