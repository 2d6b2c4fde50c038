"""Looking what is due in a real store: what rings, what a program records by itself, and what hooks are told."""

from __future__ import annotations

import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.loading import Loaded, load
from app.oncall.paths import Paths
from app.reminding import BELL, Reminding, notification
from app.rung import Rung
from app.session import Session
from domain import actions
from domain.entry import Draft
from domain.escalation import FACT
from domain.incident import Incident
from domain.reminders import UPDATE, Reminder
from storage.transfer import export_lines, import_lines
from tests.conftest import Clock

MINUTE = 60_000
SETTINGS = """\
[user]
name = "ana"

[escalation]
automatic = true
after = "15m"

[services.Shop]
escalation = ["ada", "erik", "dora"]
"""


def loaded(folder: Path, text: str = SETTINGS, store: str = "a.db") -> Loaded:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load({"HOME": str(folder)}, config=str(folder / "config.toml"), database=str(folder / store))


class Desk:
    """A program on a store of its own that looks now and then."""

    def __init__(self, given: Loaded, clock: Clock) -> None:
        self.session = Session(given, clock)
        paths = Paths(given, clock())
        self.reminding = Reminding(self.session, lambda incident: paths.of(incident, clock()))

    def raise_(self, **values: Any) -> Incident:
        drafts = actions.raise_incident("down", {"priority": "P3", **values})
        return self.session.store.journal.raise_incident((*drafts, actions.resource("shop")))

    def incident(self, identifier: str) -> Incident:
        return self.session.store.reader.incident(identifier)

    def entries(self, identifier: str) -> int:
        return sum(each.what == FACT for each in self.session.store.reader.entries(identifier))

    def rings(self) -> list[str]:
        return [each.words for each in self.reminding.look().ringing]


@pytest.fixture
def make(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    monkeypatch.setenv("HOME", str(tmp_path))
    made: list[Desk] = []

    def one(text: str = SETTINGS, store: str = "a.db") -> Desk:
        made.append(Desk(loaded(tmp_path, text, store), clock))
        return made[-1]

    yield one
    for each in made:
        each.session.close()


def by_hand(text: str = SETTINGS) -> str:
    return text.replace("automatic = true", "automatic = false")


def test_a_person_is_reminded_once_and_again_after_the_time(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make(by_hand())
    incident = desk.raise_()
    assert desk.rings() == []
    heard = []
    for minute in range(1, 47):
        clock.now += MINUTE
        heard += [(minute, words) for words in desk.rings()]
    assert heard == [(15, "not acknowledged: level 2 (erik) is due"), (30, "not acknowledged: level 3 (dora) is due")]
    clock.now += 14 * MINUTE
    assert len(desk.rings()) == 1
    assert desk.entries(incident.id) == 0


def test_a_program_records_what_is_due_by_itself_and_rings(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make()
    incident = desk.raise_()
    clock.now += 15 * MINUTE
    looked = desk.reminding.look()
    assert [each.escalation_level for each in looked.escalated] == [2]
    assert [each.to for each in looked.ringing] == ["erik"]
    shown = desk.incident(incident.id)
    assert (shown.escalation_level, shown.escalations[0].automatic) == (2, True)
    assert desk.reminding.look().escalated == []
    clock.now += 15 * MINUTE
    desk.reminding.look()
    assert desk.incident(incident.id).escalated_to == "dora"
    clock.now += 999 * MINUTE
    desk.reminding.look()
    assert desk.entries(incident.id) == 2


@pytest.mark.parametrize("drill", [True, False])
def test_an_exercise_is_escalated_by_nobody_but_a_person(make: Callable[..., Desk], clock: Clock, drill: bool) -> None:
    desk = make()
    incident = desk.raise_(drill=drill)
    clock.now += 15 * MINUTE
    desk.reminding.look()
    assert desk.entries(incident.id) == (0 if drill else 1)


def test_an_acknowledgement_ends_it(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make()
    incident = desk.raise_()
    desk.session.store.journal.record(incident.id, actions.acknowledge)
    clock.now += 99 * MINUTE
    assert desk.reminding.look().escalated == []


def test_what_a_program_recorded_is_no_action_that_is_undone_by_chance(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make()
    incident = desk.raise_()
    desk.session.store.journal.record(incident.id, lambda _it: actions.note("seen"))
    clock.now += 15 * MINUTE
    desk.reminding.look()
    _incidents, what = desk.session.store.journal.undo(incident.id)
    assert what == "note:note"
    assert desk.incident(incident.id).escalation_level == 2


def test_what_somebody_took_back_is_not_recorded_again(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make()
    incident = desk.raise_()
    clock.now += 15 * MINUTE
    desk.reminding.look()
    store = desk.session.store
    (made,) = [each for each in store.reader.entries(incident.id) if each.what == FACT]
    gone = Draft("drop", f"fact:{FACT}", {"undoes": made.id}, over=(made.id,))
    store.journal.record(incident.id, lambda _it: (gone,))
    for _ in range(3):
        clock.now += MINUTE
        assert desk.reminding.look().escalated == []
    assert desk.entries(incident.id) == 1
    clock.now += 15 * MINUTE
    assert [each.escalation_level for each in desk.reminding.look().escalated] == [3]


def give(source: Desk, to: Desk) -> None:
    text = "\n".join(export_lines(source.session.store.path)) + "\n"
    import_lines(to.session.store.journal, io.BytesIO(text.encode()))


def test_two_devices_that_both_record_it_show_one(make: Callable[..., Desk], clock: Clock) -> None:
    first, second = make(), make(store="b.db")
    incident = first.raise_()
    give(first, second)
    clock.now += 15 * MINUTE
    assert first.reminding.look().escalated
    clock.now += MINUTE
    assert second.reminding.look().escalated
    give(second, first)
    give(first, second)
    assert [desk.entries(incident.id) for desk in (first, second)] == [2, 2]
    shown = [desk.incident(incident.id) for desk in (first, second)]
    assert [len(each.escalations) for each in shown] == [1, 1]
    assert shown[0].escalations == shown[1].escalations


def test_with_a_path_that_cannot_be_used_nothing_is_recorded(make: Callable[..., Desk], clock: Clock) -> None:
    desk = make(SETTINGS.replace('"dora"', '"rota:none"'))
    incident = desk.raise_()
    clock.now += 99 * MINUTE
    looked = desk.reminding.look()
    assert (looked.escalated, len(looked.due)) == ([], 1)
    assert desk.entries(incident.id) == 0


def test_an_incident_is_folded_again_only_when_something_was_recorded(
    make: Callable[..., Desk], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make(by_hand())
    incidents = [desk.raise_() for _ in range(5)]
    folded: list[str] = []
    fold = desk.reminding._fold
    monkeypatch.setattr(
        desk.reminding, "_fold", lambda reader, one, last: folded.append(one) or fold(reader, one, last)
    )
    for _ in range(3):
        clock.now += MINUTE
        desk.reminding.look()
    assert len(folded) == len(incidents)
    desk.session.store.journal.record(incidents[0].id, lambda _it: actions.note("news"))
    desk.reminding.look()
    assert folded[5:] == [incidents[0].id]


def test_the_examples_of_the_manual_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "escalation.md").read_text(encoding="utf-8")
    path, automatic, rings = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rotas = "".join(f'[[rotas.{name}.layers]]\npeople = ["x"]\nstart = 2026-01-01\n' for name in ("web", "managers"))
    paths = Paths(loaded(tmp_path, rotas + path + automatic + rings), 1_795_000_000_000)
    assert paths.problems == []
    service = paths.roster.services["shop"]
    assert [service.stands(1, name) for name in ("P1", "P2", "P3")] == [5 * MINUTE, 15 * MINUTE, 60 * MINUTE]
    assert (service.stands(2, "P1"), service.repeat) == (10 * MINUTE, 1)


# -- the means ---------------------------------------------------------------------------------------------------------


def reminder(words: str = "level 2 is due", since: int = 5) -> Reminder:
    return Reminder(Incident(id="i", ref="INC-7K3FQ", title="t"), UPDATE, since, words)


@pytest.mark.parametrize(
    ("given", "signal"),
    [
        ("", BELL),
        ("bell = false", ""),
        ("osc9 = true", f"\x1b]9;tocsin: INC-7K3FQ level 2 is due{BELL}{BELL}"),
        ("bell = false\nosc9 = true", f"\x1b]9;tocsin: INC-7K3FQ level 2 is due{BELL}"),
    ],
)
def test_it_rings_by_the_means_in_the_settings(
    make: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, given: str, signal: str
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    desk = make(f"{SETTINGS}\n[reminders]\n{given}\n")
    assert desk.reminding.signal([reminder()]) == signal
    assert desk.reminding.signal([]) == ""


@pytest.mark.parametrize("hostile", ["a\x07b\x1b]0;x", "\x9c\x1b\\", "4;1;99", "x" * 999, "a\nb", "\u202eb"])
@pytest.mark.parametrize("tmux", [False, True])
def test_foreign_text_ends_no_notification_and_makes_it_no_longer(hostile: str, tmux: bool) -> None:
    sent = notification(hostile, tmux=tmux)
    inner = sent.removeprefix("\x1bPtmux;\x1b").removesuffix("\x1b\\") if tmux else sent
    match = re.fullmatch(r"\x1b\]9;(tocsin: [^\x00-\x1f\x7f-\x9f\u202e]{1,160})\x07", inner)
    assert match
    assert len(match[1]) <= 160


def test_the_file_of_what_rang_is_private_and_shared_between_programs(tmp_path: Path) -> None:
    rungs = [Rung(tmp_path, Path("/one.db")), Rung(tmp_path, Path("/one.db")), Rung(tmp_path, Path("/two.db"))]
    assert [len(each.fresh([reminder()], 1000, 500)) for each in rungs] == [1, 0, 1]
    assert stat.S_IMODE(rungs[0].path.stat().st_mode) == 0o600
    assert [len(rungs[0].fresh([reminder()], at, 500)) for at in (1499, 1500)] == [0, 1]
    assert rungs[0].fresh([], 1500, 500) == []
    assert len(rungs[1].fresh([reminder()], 1501, None)) == 1


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"/one.db": 5}', '{"/one.db": [[1]]}', "\x00\xff"])
def test_a_file_of_what_rang_that_makes_no_sense_rings(tmp_path: Path, text: str) -> None:
    rung = Rung(tmp_path, Path("/one.db"))
    rung.path.write_text(text)
    assert len(rung.fresh([reminder()], 1, None)) == 1
    assert rung.fresh([reminder()], 2, None) == []


def test_a_place_that_cannot_be_written_rings_all_the_same(tmp_path: Path) -> None:
    assert len(Rung(tmp_path / "none", Path("/one.db")).fresh([reminder()], 1, None)) == 1


@pytest.fixture
def hook(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / ".config" / "tocsin" / "hooks" / "reminder"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return write


def test_a_hook_is_told_once_of_what_is_due(
    make: Callable[..., Desk], clock: Clock, hook: Callable[[str], Path], tmp_path: Path
) -> None:
    hook(f'cat >> {tmp_path}/told; echo "$TOCSIN_REF $TOCSIN_KIND" >> {tmp_path}/env')
    first, second = make(by_hand()), make(by_hand())
    incident = first.raise_()
    clock.now += 15 * MINUTE
    for desk in (first, second, first):
        desk.reminding.tell_hooks(desk.reminding.look().due)
    (document,) = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    (told,) = document["reminders"]
    assert (document["hook"], document["test"], document["refs"]) == ("reminder", False, [incident.ref])
    assert (told["kind"], told["level"], told["to"]) == ("escalation", 2, "erik")
    assert (tmp_path / "env").read_text() == f"{incident.ref} escalation\n"


def test_trouble_with_a_hook_is_a_safe_line(
    make: Callable[..., Desk], clock: Clock, hook: Callable[[str], Path]
) -> None:
    hook("printf 'no \\033[31mroute\\n' >&2; exit 3")
    desk = make(by_hand())
    desk.raise_()
    said: list[str] = []
    desk.session.tell = said.append
    clock.now += 15 * MINUTE
    desk.reminding.tell_hooks(desk.reminding.look().due)
    assert said == ["reminder ended with exit code 3: no ␛[31mroute"]


def test_a_program_that_leaves_runs_no_more_hooks(
    make: Callable[..., Desk], clock: Clock, hook: Callable[[str], Path], tmp_path: Path
) -> None:
    hook(f"touch {tmp_path}/ran")
    desk = make(by_hand())
    desk.raise_()
    clock.now += 15 * MINUTE
    desk.reminding.stop()
    desk.reminding.tell_hooks(desk.reminding.look().due)
    assert not os.path.exists(tmp_path / "ran")
