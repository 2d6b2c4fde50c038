"""What two sides lack: nothing when they are equal, and else each thing once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.plan import plan

DEVICES = st.sampled_from(["a", "b", "c"])
VECTORS = st.dictionaries(DEVICES, st.integers(1, 4), max_size=3)


def tip(device: str, dseq: int) -> bytes:
    return f"{device}{dseq}".encode()


def vector(reached: dict[str, int]) -> dict[str, tuple[int, bytes]]:
    return {device: (dseq, tip(device, dseq)) for device, dseq in reached.items()}


@given(VECTORS, VECTORS)
def test_each_side_gets_what_it_lacks(mine: dict[str, int], hub: dict[str, int]) -> None:
    found = plan(vector(mine), vector(hub), tip)
    assert found.push == {d: hub.get(d, 0) + 1 for d in mine if mine[d] > hub.get(d, 0)}
    assert found.fill == {d: mine.get(d, 0) + 1 for d in hub if hub[d] > mine.get(d, 0)}
    assert found.mend == []
    assert found.done == (mine == hub)


@given(VECTORS, VECTORS, DEVICES)
def test_a_chain_that_differs_is_never_in_sync(mine: dict[str, int], hub: dict[str, int], forked: str) -> None:
    theirs = {d: (n, b"another" if d == forked else digest) for d, (n, digest) in vector(hub).items()}
    found = plan(vector(mine), theirs, tip)
    shared = forked in hub and mine.get(forked, 0) >= hub[forked]
    assert found.mend == ([forked] if shared else [])
    assert not (shared and found.done)
    assert forked not in found.push or forked not in hub
