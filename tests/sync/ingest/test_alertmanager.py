"""Reading Alertmanager's documents: what is taken, and what is refused with its place; nothing half written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from domain.alerts import BadAlerts, Rules
from storage.backup import verify
from sync.ingest.alertmanager import read
from tests.sync.ingest.bodies import NOW, Desk, alert, body, listed

HOUSE = Path(__file__).parents[3]
RECORDED = HOUSE.parent / "shared" / "contracts" / "alertmanager"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded bodies are not beside this checkout")


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}


def test_grafana_sends_the_same_with_more() -> None:
    more = {
        "values": {"B": 22.5},
        "valueString": "[ var='B' ]",
        "dashboardURL": "https://grafana/d/1",
        "imageURL": None,
    }
    data = body({**alert("db1"), **more}, version="1", orgId=1, title="[FIRING:1]", state="alerting", message="m")
    (group,) = read(data, Rules(), now=NOW)
    assert group.alerts[0].annotations["dashboard_url"] == "https://grafana/d/1"


def test_an_alert_without_a_fingerprint_gets_a_stable_one() -> None:
    bare = without(alert("db1"), "fingerprint")
    turned = {**bare, "labels": dict(reversed(bare["labels"].items()))}
    other = without(alert("db2"), "fingerprint")
    prints = [read(body(each), Rules(), now=NOW)[0].alerts[0].fingerprint for each in (bare, turned, other)]
    assert prints[0] == prints[1] != prints[2]


def test_groups_of_the_api_and_single_alerts_are_read() -> None:
    items = json.loads(listed(alert("db1"), alert("db2")))
    grouped = json.dumps([{"labels": {"alertname": "DiskFull"}, "receiver": {"name": "hook"}, "alerts": items}])
    (group,) = read(grouped.encode(), Rules(), now=NOW)
    same = read(json.dumps(items).encode(), Rules(group_by=("alertname",)), now=NOW)
    assert (group.key, len(group.alerts), group.receiver) == ('{alertname="DiskFull"}', 2, "hook")
    assert [each.key for each in same] == [group.key]
    assert len(read(json.dumps(items[0]).encode(), Rules(), now=NOW)) == 1
    assert read(b"[]", Rules(), now=NOW) == []


WRONG = {
    "empty": (b"  ", "empty"),
    "cut": (body(alert("db1"))[:-9], "Line 1, column"),
    "duplicate key": (b'{"alerts": [], "alerts": []}', "duplicate key"),
    "NaN": (b'{"alerts": [], "x": NaN}', "NaN"),
    "not UTF-8": (b'{"alerts": "\xff"}', "not UTF-8"),
    "deep": (b"[" * 5000 + b"]" * 5000, "nested more than 64 deep"),
    "text": (b'"alerts"', "The input is a text, not an object"),
    "no alerts": (b'{"receiver": "x"}', "alerts is missing"),
    "recorder": (json.dumps({"body": json.loads(body(alert("db1")))}).encode(), "alerts is missing"),
    "alerts no list": (b'{"alerts": {}}', "alerts is an object, not a list"),
    "alert no object": (body(alert("db1"), "x"), "alerts[1] is a text, not an object"),  # type: ignore[arg-type]
    "status": (body({**alert("db1"), "status": "fired"}), "alerts[0].status"),
    "start": (body(alert("a"), {**alert("db1"), "startsAt": "soon"}), "alerts[1].startsAt is not a time"),
    "no start": (body(without(alert("db1"), "startsAt")), "alerts[0].startsAt is missing"),
    "start no text": (body({**alert("db1"), "startsAt": 5}), "alerts[0].startsAt is a number, not a text"),
    "end": (body({**alert("db1", end=1), "endsAt": "late"}), "alerts[0].endsAt is not a time"),
    "labels": (body({**alert("db1"), "labels": ["x"]}), "alerts[0].labels is a list, not an object"),
    "label": (body({**alert("db1"), "labels": {"a": 1}}), "alerts[0].labels.a is a number, not a text"),
    "no labels": (body(without(alert("db1"), "labels", "fingerprint")), "alerts[0].labels is missing"),
    "group key": (body(alert("db1"), groupKey=7), "groupKey is a number, not a text"),  # type: ignore[arg-type]
    "list status": (json.dumps([without(alert("db1"), "status")]).encode(), "[0].status is null, not an object"),
    "list of texts": (b'["x"]', "[0] is a text, not an object"),
}


@pytest.mark.parametrize("flaw", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path, flaw: str) -> None:
    data, said = WRONG[flaw]
    desk = Desk(tmp_path)
    desk.read(body(alert("known")))
    entries = desk.count()
    with pytest.raises(BadAlerts) as raised:
        desk.read(data)
    assert said in raised.value.message
    assert raised.value.remedy
    assert desk.count() == entries


def test_too_much_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadAlerts, match="more than 1,000 bytes"):
        read(b"{" * 1001, Rules(), now=NOW, max_bytes=1000)
    with pytest.raises(BadAlerts, match="more than 50,000 members"):
        read(b'{"alerts": [' + b"1," * 50_000 + b"1]}", Rules(), now=NOW)


def test_a_group_whose_last_alert_is_wrong_writes_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(BadAlerts, match=r"alerts\[999\]"):
        desk.read(body(*(alert(f"h{n}") for n in range(999)), {**alert("x"), "startsAt": ""}))
    assert desk.count() == 0


def test_hostile_and_huge_alerts_are_kept_within_bounds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    labels = {f"l{n}": "\U0001f525" * 5000 for n in range(200)} | {"instance": "\x1b]52;c;x\x07" * 100, "z": "\0\ud800"}
    huge = {**alert("db1"), "labels": labels, "annotations": {**labels, "summary": "[@click=x]\n" * 900}}
    assert desk.read(body({**huge, "fingerprint": "raise"}, key="k" * 100_000)).alerts_new == 1
    assert len(desk.one().title) <= 500
    assert desk.read(body({**huge, "fingerprint": "raise"}, key="k" * 100_000)).alerts_known == 1
    assert len(desk.read(body(alert("db2"), key="another")).opened) == 1
    assert verify(desk.store.path).problems == []


@recorded
def test_the_recorded_story_is_told_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    summaries = []
    for _ in range(2):
        for number in range(1, 7):
            sent = json.loads((RECORDED / f"webhook-{number}.json").read_text())["body"]
            summaries.append(desk.read(json.dumps(sent).encode()))
    first, again = summaries[:6], summaries[6:]
    # Down, watchdog, two disks; the instance is up and down again (a follow-on); the disks are emptied.
    assert [len(each.opened) for each in first] == [1, 1, 1, 0, 1, 0]
    assert [len(each.resolved) for each in first] == [0, 0, 0, 1, 0, 1]
    assert [(each.alerts_new, each.incidents) for each in again] == [(0, ())] * 6
    assert (desk.incidents(), desk.alerts()) == (4, 8)
    refired = desk.store.reader.incident(first[4].opened[0])
    assert [(item.relation, item.incident) for item in refired.related] == [("prior", first[0].opened[0])]


@recorded
@pytest.mark.parametrize("name", ["get-alerts", "get-alerts-groups", "get-alert-silenced", "post-alerts-request"])
def test_recorded_lists(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path)
    data = (RECORDED / f"{name}.json").read_bytes()
    if name == "post-alerts-request":  # what a client sends to Alertmanager has no start and is none of ours
        with pytest.raises(BadAlerts, match=r"\[0\].status"):
            desk.read(data)
        return
    desk.now = 1_795_241_760_000  # a while before the end that the list foretells
    summary = desk.read(data)
    assert (len(summary.opened), summary.suppressed) == ((0, 1) if "silenced" in name else (1, 0))


@recorded
def test_a_recorded_truncated_body_says_so(tmp_path: Path) -> None:
    sent = json.loads((RECORDED / "webhook-bearer-truncated.json").read_text())["body"]
    assert Desk(tmp_path).read(json.dumps(sent).encode()).truncated == 1


CHILD = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from tests.sync.ingest.bodies import Desk, alert, body
    desk = Desk(Path(sys.argv[2]))
    for number in range(10_000):
        desk.read(body(*(alert(f"h{number}-{n}") for n in range(20)), key=f"group {number}"))
        print(number, flush=True)
"""


def test_kill_in_the_middle_loses_nothing_acknowledged_and_leaves_nothing_half(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(HOUSE), str(tmp_path)]
    for wanted in (1, 3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as child:
            assert child.stdout is not None
            said = [int(child.stdout.readline()) for _ in range(wanted)]
            child.send_signal(signal.SIGKILL)
            said += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        desk = Desk(tmp_path)
        acknowledged = said[-1] + 1
        assert desk.incidents() >= acknowledged
        assert desk.alerts() == desk.incidents() * 20
        assert desk.count("SELECT count(*) FROM incident WHERE firing <> 20") == 0
        assert verify(desk.store.path).problems == []
        desk.store.close()
