"""Two hubs on one PostgreSQL, killed and started again while eight devices push through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.failures import Load, two_hubs


@pytest.mark.timeout(240)
def test_no_reader_misses_what_either_of_two_hubs_acknowledged_while_both_are_killed(
    address: str, tmp_path: Path
) -> None:
    load = Load()
    found = two_hubs(address, tmp_path, load)
    assert found.problems == []
    assert (found.lost, found.missed, found.begun_again, found.unequal) == (0, 0, 0, [])
    assert load.between * load.kills < found.acknowledged <= found.in_hub
    assert found.answers["offline"] > 0  # else nothing was lost sight of, and nothing was tried
