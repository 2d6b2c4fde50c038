"""What becomes of alerts: how often they are counted, where they go, what they open and what ends it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import actions
from domain.alerts import Rules
from storage.backup import verify
from storage.transfer import export_lines, import_lines
from tests.sync.ingest.bodies import NOW, Desk, alert, body, listed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    assert verify(made.store.path).problems == []
    made.store.close()


def test_a_hundred_times_the_same_body_is_one_incident_and_one_entry_an_alert(desk: Desk) -> None:
    first = desk.read(body(alert("db1"), alert("db2")))
    entries = desk.count()
    for _ in range(99):
        again = desk.read(body(alert("db2"), alert("db1")))
        assert (again.opened, again.joined, again.alerts_new, again.alerts_known) == ((), (), 0, 2)
    assert len(first.opened) == 1
    assert (desk.incidents(), desk.alerts(), desk.count()) == (1, 2, entries)


def test_an_incident_says_what_its_alerts_say(desk: Desk) -> None:
    desk.read(body(alert("db1"), alert("db2", severity="critical", team="dba")))
    one = desk.one()
    assert (one.title, one.severity, one.priority) == ("disk of db2 is full", "critical", "P1")
    assert {(item.name, item.severity) for item in one.resources} == {("db1", "medium"), ("db2", "critical")}
    assert {item.name for item in one.tags} == {"alertname=DiskFull", "team=dba"}
    assert [(item.name, item.description) for item in one.originators] == [("alertmanager/hook", "http://am1:9093")]
    assert (one.alerts, one.firing, one.raised_at) == (2, 2, NOW - 3_600_000)


def test_new_and_refired_alerts_join_the_open_incident(desk: Desk) -> None:
    desk.read(body(alert("db1")))
    desk.store.journal.record(desk.one().id, lambda it: actions.take(it, "ana"))
    desk.read(body(alert("db1", end=5)))
    summary = desk.read(body(alert("db1", start=9), alert("db2", start=9, severity="critical")))
    assert (summary.opened, summary.joined, summary.alerts_new) == ((), (desk.one().id,), 2)
    one = desk.one()
    assert (one.alerts, one.firing, one.severity, one.priority) == (4, 2, "critical", "P1")
    assert {item.name for item in one.resources} == {"db1", "db2"}


def test_an_alert_of_the_group_alone_finds_the_open_incident_by_the_key(desk: Desk) -> None:
    desk.read(body(alert("db1")))
    assert desk.read(body(alert("db2", start=3))).joined == (desk.one().id,)


def test_severity_that_a_person_set_stays(desk: Desk) -> None:
    desk.read(body(alert("db1")))
    low = {"severity": "low", "priority": "P4"}
    desk.store.journal.record(desk.one().id, lambda it: actions.set_fields(it, low))
    desk.read(body(alert("db2", severity="critical")))
    assert (desk.one().severity, desk.one().priority) == ("low", "P4")
    assert not desk.one().conflicts


def test_severity_never_becomes_milder(desk: Desk) -> None:
    desk.read(body(alert("db1", severity="critical")))
    desk.read(body(alert("db2", severity="info")))
    assert (desk.one().severity, desk.one().priority) == ("critical", "P1")


def test_a_member_that_a_person_dropped_is_not_added_again(desk: Desk) -> None:
    desk.read(body(alert("db1")))
    desk.store.journal.record(desk.one().id, lambda it: actions.drop_item(it, "resource", "db1"))
    entries = desk.count()
    desk.read(body(alert("db1", start=4)))
    assert [item.name for item in desk.one().resources] == []
    assert desk.count() == entries + 1


def test_a_resolved_group_resolves_what_nobody_took(desk: Desk) -> None:
    desk.read(body(alert("db1"), alert("db2")))
    assert desk.read(body(alert("db1", end=5), alert("db2"))).resolved == ()
    assert desk.one().status == "raised"
    assert desk.read(body(alert("db1", end=5), alert("db2", end=6))).resolved == (desk.one().id,)
    one = desk.one()
    assert (one.status, one.resolved_at, one.acknowledged_at) == ("resolved", NOW - 54 * 60_000, None)
    assert desk.read(body(alert("db1", end=5), alert("db2", end=6))).resolved == ()


TAKEN = {
    "owner": lambda it: actions.assign(it, "bo"),
    "acknowledgement": actions.acknowledge,
    "note": lambda _it: actions.note("looking"),
    "set": lambda it: actions.set_fields(it, {"priority": "P2"}),
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_resolved_group_leaves_what_a_person_took(desk: Desk, how: str) -> None:
    desk.read(body(alert("db1")))
    desk.store.journal.record(desk.one().id, TAKEN[how])
    assert desk.read(body(alert("db1", end=5))).resolved == ()
    assert (desk.one().status, desk.one().firing, desk.one().alerts) == ("raised", 0, 2)


@pytest.mark.parametrize(("rule", "taken", "status"), [("always", True, "resolved"), ("never", False, "raised")])
def test_the_setting_says_what_is_resolved(desk: Desk, rule: Any, taken: bool, status: str) -> None:
    desk.read(body(alert("db1")))
    if taken:
        desk.store.journal.record(desk.one().id, lambda it: actions.take(it, "ana"))
    desk.read(body(alert("db1", end=5)), Rules(resolve=rule))
    assert desk.one().status == status


def test_a_truncated_group_resolves_nothing(desk: Desk) -> None:
    desk.read(body(alert("db1")))
    summary = desk.read(body(alert("db1", end=5), truncatedAlerts=3))
    assert (summary.resolved, summary.truncated, desk.one().status) == ((), 3, "raised")


def test_a_refired_alert_opens_a_follow_on_when_the_old_incident_is_over(desk: Desk) -> None:
    old = desk.read(body(alert("db1"))).opened[0]
    desk.read(body(alert("db1", end=5)))
    new = desk.read(body(alert("db1", start=9))).opened[0]
    reader = desk.store.reader
    first, second = reader.incident(old), reader.incident(new)
    assert [(item.relation, item.incident, item.name) for item in second.related] == [("prior", old, first.ref)]
    assert [(item.relation, item.incident, item.name) for item in first.related] == [("follow-on", new, second.ref)]
    assert (first.status, second.status, second.firing) == ("resolved", "raised", 1)


def test_a_reopened_incident_is_found_behind_a_newer_one_that_is_over(desk: Desk) -> None:
    old = desk.read(body(alert("db1"))).opened[0]
    desk.read(body(alert("db1", end=5)))
    desk.read(body(alert("db1", start=9)))
    desk.read(body(alert("db1", start=9, end=12)))
    desk.store.journal.record(old, lambda it: actions.move(it, "validated", text={"reason": "it is back"}))
    assert desk.read(body(alert("db1", start=20), key="another group")).joined == (old,)


def test_another_alert_of_the_same_start_after_the_end_is_another_incident(desk: Desk) -> None:
    old = desk.read(body(alert("db1"))).opened
    desk.read(body(alert("db1", end=5)))
    new = desk.read(body(alert("db2"))).opened
    third = desk.read(body(alert("db2", end=6), alert("db3"))).joined
    assert new != old
    assert third == new


def test_a_late_word_of_an_alert_that_is_over_opens_nothing(desk: Desk) -> None:
    desk.read(body(alert("db1"), alert("db2", end=3)))
    desk.read(body(alert("db1", end=5)))
    late = desk.read(body(alert("db2")))
    assert (late.opened, late.joined, desk.one().firing, desk.one().status) == ((), (desk.one().id,), 0, "resolved")


def test_resolved_alerts_of_nothing_known_are_not_recorded(desk: Desk) -> None:
    summary = desk.read(body(alert("db1", end=5)))
    assert (summary.unmatched, summary.opened, summary.alerts_new, desk.count()) == (1, (), 0, 0)


def test_a_duplicate_stands_for_its_original(desk: Desk) -> None:
    original = desk.store.journal.raise_incident(actions.raise_incident("Storage is down", {})).id
    journal = desk.store.journal
    duplicate = desk.read(body(alert("db1"))).opened[0]
    with journal.writing() as writing:
        one, other = writing.incident(duplicate), writing.incident(original)
        writing.record(duplicate, actions.relate(one, other, "duplicate"))
        writing.record(duplicate, actions.move(one, "ignored", text={"note": "duplicate"}))
    summary = desk.read(body(alert("db1", start=7, severity="critical")))
    assert (summary.opened, summary.joined) == ((), (original,))
    assert desk.store.reader.incident(original).severity is None  # a person raised it, a person says how bad it is


def test_two_peers_of_a_pair_and_two_routes_are_one_incident(desk: Desk) -> None:
    desk.read(body(alert("db1"), externalURL="http://am1:9093"))
    again = desk.read(body(alert("db1"), externalURL="http://am2:9093", key="{}/{team}:{}", receiver="other"))
    assert (again.alerts_new, desk.incidents(), len(desk.one().originators)) == (0, 1, 1)


def test_a_list_and_a_webhook_tell_of_the_same_alert(desk: Desk) -> None:
    sent = {**alert("db1"), "startsAt": "2026-11-21T06:16:41.219975123Z"}
    cut = {**alert("db1"), "startsAt": "2026-11-21T07:16:41.219+01:00"}  # the API cuts what a webhook tells exactly
    desk.read(body(sent))
    assert desk.read(listed(cut)).alerts_known == 1


def test_each_alert_of_a_list_is_an_incident_unless_labels_group_them(tmp_path: Path) -> None:
    data = listed(alert("db1"), alert("db2"), alert("web1", alertname="Down"))
    assert len(Desk(tmp_path, "a").read(data).opened) == 3
    assert len(Desk(tmp_path, "b").read(data, Rules(group_by=("alertname",))).opened) == 2
    assert len(Desk(tmp_path, "c").read(body(alert("db1"), alert("db2")), Rules(group_webhook=False)).opened) == 2


def test_suppressed_alerts_are_noted_but_open_nothing(desk: Desk) -> None:
    summary = desk.read(listed(alert("db1"), state="suppressed"))
    assert (summary.suppressed, summary.opened, desk.count()) == (1, (), 0)
    desk.read(body(alert("db2")))
    desk.read(listed(alert("db2", start=4), state="suppressed"))
    assert (desk.one().alerts, desk.incidents()) == (2, 1)


def test_the_end_in_an_api_list_tells_whether_it_fires(desk: Desk) -> None:
    desk.read(listed(alert("db1"), ends=5))
    assert desk.one().firing == 1
    assert desk.read(listed(alert("db1"), ends=-1)).resolved == (desk.one().id,)


def test_two_devices_that_read_the_same_offline_have_one_incident(tmp_path: Path) -> None:
    one, two = Desk(tmp_path, "one"), Desk(tmp_path, "two")
    for desk in (one, two):
        desk.read(body(alert("db1"), alert("db2")))
        desk.read(body(alert("db1", end=5), alert("db2", end=6)))
        desk.now += 1000
    two.store.journal.record(two.one().id, lambda _it: actions.note("seen"))
    lines = "\n".join(export_lines(one.store.path)).encode()
    import_lines(two.store.journal_as("sync"), io.BytesIO(lines))
    merged = two.one()
    assert (merged.alerts, merged.firing, merged.notes, merged.status) == (4, 0, 1, "resolved")
    assert not merged.conflicts
    assert len(merged.resources) == 2
    assert two.read(body(alert("db1"), alert("db2"))).alerts_known == 2
    assert verify(two.store.path).problems == []


# --- any order, any repetition

NAMES = ("a1", "a2", "a3")
STATES = st.fixed_dictionaries({name: st.sampled_from([None, 0, 1, 2, 3]) for name in NAMES})


def world(states: dict[str, int | None]) -> bytes:
    """Return a body in which each alert is absent, fires, is over, fires a second time, or is over again."""
    shown = []
    for name, state in states.items():
        if state is not None:
            start, end = (0, 5) if state < 2 else (10, 15)
            shown.append(alert(name, start, end if state % 2 else None))
    return body(*shown)


class Model:
    """The same rules over sets: (name, start, resolved) recorded, and which of them the open incident holds."""

    def __init__(self) -> None:
        self.recorded: dict[tuple[str, int, bool], int] = {}
        self.incidents = 0
        self.closed: set[int] = set()

    def read(self, states: dict[str, int | None]) -> None:
        shown = {(name, state // 2, bool(state % 2)) for name, state in states.items() if state is not None}
        fresh = shown - self.recorded.keys()
        ended = set()
        rest = []
        for name, episode, over in fresh:
            home = self.recorded.get((name, episode, not over))
            if home is None:
                rest.append((name, episode, over))
            else:
                self.recorded[name, episode, over] = home
                ended |= {home} if over else set()
        home = self.incidents if self.incidents and self.incidents not in self.closed else None
        if rest and home is None and any(not over for _n, _e, over in rest):
            self.incidents += 1
            home = self.incidents
        if home is not None:
            self.recorded |= dict.fromkeys(rest, home)
            ended |= {home} if any(over for _n, _e, over in rest) else set()
        self.closed |= {each for each in ended if not self.firing(each)}

    def firing(self, incident: int) -> bool:
        newest: dict[str, tuple[int, bool]] = {}
        for (name, episode, over), home in self.recorded.items():
            if home == incident:
                newest[name] = max(newest.get(name, (-1, False)), (episode, over))
        return any(not over for _episode, over in newest.values())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(STATES, min_size=1, max_size=8), repeats=st.integers(1, 3))
def test_any_sequence_counts_as_the_model_says(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[dict[str, int | None]], repeats: int
) -> None:
    desk, model = Desk(tmp_path_factory.mktemp("world")), Model()
    for states in sequence:
        model.read(states)
        for _ in range(repeats):
            desk.read(world(states))
        assert (desk.incidents(), desk.alerts()) == (model.incidents, len(model.recorded))
        assert desk.count("SELECT count(*) FROM incident WHERE ended_at IS NULL") == model.incidents - len(model.closed)
    assert verify(desk.store.path).problems == []
    desk.store.close()


def test_a_large_body_is_one_transaction_and_few_questions(desk: Desk) -> None:
    asked: list[str] = []
    journal = desk.store.journal_as("alert")
    raw = journal._engine.raw_connection().driver_connection
    assert raw is not None
    raw.set_trace_callback(asked.append)
    from sync.ingest import alertmanager
    from sync.ingest.record import ingest

    data = body(*(alert(f"h{n:04}") for n in range(1000)))
    ingest(journal, alertmanager.read(data, Rules(), now=NOW), Rules())
    journal.close()
    assert (desk.incidents(), desk.alerts()) == (1, 1000)
    assert sum(sql.startswith("BEGIN") for sql in asked) == 1
    assert sum("SELECT" in sql and "FROM entry" in sql for sql in asked) < 1100  # one an alert, and some for all
