"""Two people whose programs escalate by themselves, with a hub between them: one escalation, on both."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.entry import Draft
from domain.escalation import automatic
from domain.incident import Incident
from domain.oncall.services import ANY, Level, Service, Step
from tests.hubs import Rig
from tests.teams import Person, all_equal

MINUTE = 60_000
SERVICE = Service("Shop", escalation=(Level("ada"), Level("erik"), Level("dora")), after={ANY: 15 * MINUTE})
STEPS = tuple(Step(n, each.name, False, each.name) for n, each in enumerate(SERVICE.escalation, 1))


def escalate(person: Person, incident: str) -> None:
    """Record what is due there now, as an open queue does."""
    now = person.store.clock()

    def due(it: Incident) -> tuple[Draft, ...]:
        return automatic(it, SERVICE, STEPS, now)

    journal = person.store.journal_as("implied")
    journal.record(incident, due)
    journal.close()


@pytest.mark.parametrize("apart", [True, False])
def test_whoever_records_it_first_both_show_one(tmp_path: Path, rig: Rig, apart: bool) -> None:
    ana, ben = (Person(tmp_path / f"{name}.db", name, rig) for name in ("ana", "ben"))
    incident = ana.raise_incident()
    ana.in_sync()
    ben.in_sync()
    for level in (2, 3):
        rig.clock.now += 15 * MINUTE
        escalate(ana, incident)
        if not apart:
            ana.in_sync()
            ben.in_sync()
        escalate(ben, incident)
        for each in (ana, ben, ana):
            each.in_sync()
        shown = [each.show(incident).escalations for each in (ana, ben)]
        assert shown[0] == shown[1]
        assert [each.level for each in shown[0]] == list(range(2, level + 1))
        assert all(each.automatic for each in shown[0])
    assert all_equal(ana, ben)
    ana.close()
    ben.close()
