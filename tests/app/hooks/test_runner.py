"""Hooks on a real store: who may refuse, what is told and logged, and that nothing else comes of it."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.hooks import log as log_module
from app.hooks import runner
from domain import actions
from domain.entry import Draft
from domain.errors import Refused
from storage.store import Store

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., Path]
COUNT = "cat >/dev/null; echo x >> count"  # the place it begins in is the configuration folder


def counted(config: Path) -> int:
    return len((config / "count").read_text().splitlines()) if (config / "count").exists() else 0


def kept(config: Path, name: str = "seen") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (config / name).read_text().splitlines()]


class TestBefore:
    def test_a_refusal_leaves_nothing_written_and_names_who_and_why(self, desk: Desk, write: Write) -> None:
        incident = desk.raise_()
        before = desk.entries()
        write("pre-record", "echo 'Not on a Friday.' >&2; exit 1")
        with pytest.raises(Refused, match=r"^pre-record refused: Not on a Friday$") as refused:
            desk.note(incident, "x")
        assert refused.value.code == "hook"
        with pytest.raises(Refused):
            desk.raise_("another")
        assert desk.entries() == before
        assert desk.told == []
        assert "pre-record refused" in desk.log

    def test_one_document_an_act_with_the_incident_as_it_will_be(self, desk: Desk, write: Write, config: Path) -> None:
        incident = desk.raise_("disk full", priority="P2")
        write("pre-record", "cat >> seen")
        moved = desk.store.journal.record(incident, lambda it: actions.move(it, "validated", text={}))
        (found,) = kept(config)
        assert (found["format"], found["hook"], found["test"], found["author"]) == (1, "pre-record", False, "ana")
        assert found["database"] == str(desk.store.path)
        assert found["refs"] == [moved.ref]
        assert [(each["ref"], each["what"], each["source"]) for each in found["entries"]] == [
            (moved.ref, "acknowledged", "implied"),
            (moved.ref, "status", "human"),
        ]
        assert [entry.id for entry in desk.store.reader.entries(incident)][-2:] == [
            each["id"] for each in found["entries"]
        ]
        (afterwards,) = found["incidents"]
        assert (afterwards["status"], afterwards["priority"], afterwards["title"]) == ("validated", "P2", "disk full")

    def test_the_first_that_refuses_ends_it(self, desk: Desk, write: Write, config: Path) -> None:
        write("pre-record.d/10", COUNT)
        write("pre-record.d/20", "exit 7")
        write("pre-record.d/30", COUNT)
        with pytest.raises(Refused, match=re.escape("pre-record.d/20 refused: exit code 7, and it gave no reason")):
            desk.raise_()
        assert counted(config) == 1

    def test_a_reason_commands_no_terminal_and_is_short(self, desk: Desk, write: Write) -> None:
        script = (
            "import sys; sys.stderr.write('\\x1b]52;c;aGk=\\x07 \\u202eno\\n\\n' + 'y' * 999 + '\\n3\\n4\\n'); exit(1)"
        )
        write("pre-record", script, python=True)
        with pytest.raises(Refused) as refused:
            desk.raise_()
        message = str(refused.value)
        assert message.startswith("pre-record refused: ␛]52;c;aGk=␇ <U+202E>no; yyy")
        assert message.endswith("…; 3")
        assert len(message) < 300
        assert "\x1b" not in desk.log

    def test_one_that_hangs_is_no_answer_and_the_act_is_recorded(self, desk: Desk, write: Write) -> None:
        write("pre-record", "exec sleep 1000")
        desk.set(pre_seconds=0.05)
        incident = desk.raise_()
        assert desk.store.reader.count() == 1
        ref = desk.store.reader.incident(incident).ref
        late = f"pre-record took longer than 0.05 s and was stopped; recorded without its answer ({ref})"
        assert desk.told == [late]
        assert desk.log.count("took longer") == 1

    @pytest.mark.parametrize("text", ["exec sleep 1000", "kill -9 $$"])
    def test_no_answer_refuses_where_that_is_set(self, desk: Desk, write: Write, text: str) -> None:
        incident = desk.raise_()
        before = desk.entries()
        write("pre-record", text)
        desk.set(pre_seconds=0.3, no_answer="refuse")
        with pytest.raises(Refused, match=r"pre-record (took longer than|was ended by signal 9)"):
            desk.note(incident, "x")
        assert desk.entries() == before

    def test_the_time_is_that_of_all_together(self, desk: Desk, write: Write) -> None:
        for number in range(5):
            write(f"pre-record.d/{number}", "exec sleep 1000")
        desk.set(pre_seconds=0.05)
        desk.raise_()
        assert len(desk.told) == 5  # the first has spent all of it, and the others do not begin anew

    def test_one_left_behind_that_holds_the_output_is_told(self, desk: Desk, write: Write) -> None:
        write("pre-record", "sleep 1000 & exit 0")
        desk.raise_()
        assert len(desk.told) == 1
        assert "left a process that held its output; it was ended" in desk.told[0]

    def test_when_the_line_has_dropped_no_answer_is_waited_for(self, desk: Desk, write: Write) -> None:
        write("pre-record", "exec sleep 1000")
        desk.hooks.hurry()
        desk.raise_()
        assert desk.store.reader.count() == 1
        assert "was stopped because tocsin leaves" in desk.told[0]

    def test_one_that_others_may_write_is_not_run_and_that_is_said_once(
        self, desk: Desk, write: Write, config: Path
    ) -> None:
        write("pre-record", "exit 1", mode=0o777)
        incident = desk.raise_()
        desk.note(incident, "x")
        path = config / "hooks" / "pre-record"
        assert desk.told == [f"pre-record was not run: others may write {path}. chmod go-w {path}"]

    def test_where_no_answer_refuses_so_does_one_that_must_not_run(self, desk: Desk, write: Write) -> None:
        desk.set(no_answer="refuse")
        path = write("pre-record", "exit 0", mode=0o777)
        with pytest.raises(Refused, match="pre-record was not run: others may write") as refused:
            desk.raise_()
        assert refused.value.remedy == f"chmod go-w {path}"
        path.chmod(0o644)  # who takes its rights away has turned it off
        desk.raise_()
        assert desk.store.reader.count() == 1

    def test_one_that_leads_nowhere_is_said_and_one_that_is_off_is_not(
        self, desk: Desk, write: Write, config: Path
    ) -> None:
        (config / "hooks" / "pre-record").symlink_to("/nowhere")
        write("post-record", "exit 1", mode=0o644)
        desk.raise_()
        assert len(desk.told) == 1
        assert "leads nowhere" in desk.told[0]

    def test_an_alert_is_recorded_whatever_a_rule_says_and_then_told(
        self, desk: Desk, write: Write, config: Path
    ) -> None:
        write("pre-record", "exit 1")
        write("post-record", "cat >> seen")
        journal = desk.store.journal_as("alert")
        journal.raise_incident(actions.raise_incident("from a machine", {}))
        journal.close()
        desk.hooks.close()
        assert [each["source"] for each in kept(config)[0]["entries"]] == ["alert"] * len(kept(config)[0]["entries"])

    def test_what_comes_from_elsewhere_is_neither_asked_for_nor_told(
        self, desk: Desk, write: Write, config: Path
    ) -> None:
        other = Store(config / "other.db", "ben", desk.store.clock)
        entries = other.reader.entries(other.journal.raise_incident(actions.raise_incident("afar", {})).id)
        other.close()
        write("pre-record", COUNT + "; exit 1")
        write("post-record", COUNT)
        assert desk.store.journal.receive(entries) == len(entries)  # whichever door it comes through
        desk.hooks.close()
        assert counted(config) == 0


class TestAfter:
    def test_it_is_told_of_every_act_in_order_and_can_refuse_none(self, desk: Desk, write: Write, config: Path) -> None:
        write("post-record", "cat >> seen; exit 1")
        incident = desk.raise_()
        for number in range(20):
            desk.note(incident, str(number))
        assert desk.notes(incident) == [str(number) for number in range(20)]
        desk.hooks.close()
        texts = [each["payload"].get("text") for found in kept(config) for each in found["entries"]]
        assert texts[-20:] == [str(number) for number in range(20)]
        assert len([line for line in desk.told if "ended with exit code 1" in line]) == 21

    def test_it_sees_what_is_committed(self, desk: Desk, write: Write, config: Path) -> None:
        look = (
            "import os, sqlite3, sys; c = sqlite3.connect(os.environ['TOCSIN_DATABASE'])\n"
            "open('rows', 'w').write(str(c.execute('SELECT count(*) FROM entry').fetchone()[0]))"
        )
        write("post-record", look, python=True)
        desk.raise_()
        desk.hooks.close()
        assert (config / "rows").read_text() == str(len(desk.entries()))

    def test_the_environment_holds_what_is_needed_and_no_secret(
        self, desk: Desk, write: Write, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("TOCSIN_SECRET_HUB", "AWS_SECRET_ACCESS_KEY", "TERM", "TOCSIN_USER__NAME", "LD_PRELOAD_X"):
            monkeypatch.setenv(name, "s3cret")
        dump = "import json, os, sys; json.dump(dict(os.environ), open('seen', 'w'))"
        write("post-record", dump, python=True)
        incident = desk.raise_()
        desk.store.journal.record(incident, lambda it: actions.move(it, "validated", text={}))
        desk.hooks.close()
        (found,) = kept(config)
        ref = desk.store.reader.incident(incident).ref
        assert (found["TOCSIN_HOOK"], found["TOCSIN_REF"]) == ("1", ref)
        assert (found["TOCSIN_KIND"], found["TOCSIN_WHAT"]) == ("fact set", "acknowledged status")
        assert found["TOCSIN_DATABASE"] == str(desk.store.path)
        assert found["PATH"] == os.environ["PATH"]
        assert "s3cret" not in found.values()

    def test_one_that_hangs_is_stopped_and_the_next_act_is_told(self, desk: Desk, write: Write, config: Path) -> None:
        write("post-record.d/1", "case $TOCSIN_KIND in *raise*) exec sleep 1000 ;; esac; cat >> seen")
        late = threading.Event()

        def tell(line: str) -> None:
            desk.told.append(line)
            late.set()

        desk.hooks.tell = tell
        desk.set(post_seconds=0.05)
        incident = desk.raise_()
        assert late.wait(60)
        desk.set(post_seconds=60.0)
        desk.note(incident, "x")
        desk.hooks.close()
        assert [each["entries"][0]["kind"] for each in kept(config)] == ["note"]
        ref = desk.store.reader.incident(incident).ref
        assert desk.told == [f"post-record.d/1 took longer than 0.05 s and was stopped ({ref})"]

    def test_who_leaves_waits_no_longer_than_one_may_take_and_what_was_not_told_is_said(
        self, desk: Desk, write: Write
    ) -> None:
        write("post-record", "exec sleep 1000")
        incident = desk.raise_()
        for _ in range(50):
            desk.note(incident, "x")
        desk.set(post_seconds=0.05)  # of the one that has begun it is still a minute
        desk.hooks.close()
        ref = desk.store.reader.incident(incident).ref
        assert desk.told == [
            f"post-record was stopped because tocsin leaves ({ref})",
            f"post-record hooks were not told of 50 acts: {', '.join([ref] * 5)}",
        ]
        assert len(desk.notes(incident)) == 50

    def test_too_many_that_wait_are_told_as_lost(
        self, desk: Desk, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "_MOST_WAITING", 0)
        write("post-record", "exit 0")
        desk.raise_()
        assert len(desk.told) == 1
        assert "were not told of INC-" in desk.told[0]

    def test_a_hook_put_there_meanwhile_is_run_and_one_taken_away_is_not(
        self, desk: Desk, write: Write, config: Path
    ) -> None:
        incident = desk.raise_()
        path = write("pre-record", COUNT)
        desk.note(incident, "x")
        path.unlink()
        desk.note(incident, "y")
        assert counted(config) == 1

    def test_a_title_from_outside_cannot_leave_its_line(self, desk: Desk, write: Write, config: Path) -> None:
        write("post-record", "cat >> seen")
        title = "disk\x1b[2J\u202e\u2028full"
        desk.record(desk.raise_(title), Draft("fact", "x y", {}))
        desk.hooks.close()
        text = (config / "seen").read_text()
        assert text.isascii() or not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
        assert kept(config)[0]["incidents"][0]["title"] == title


class TestLog:
    def test_it_is_ours_alone_and_holds_no_secret(self, desk: Desk, write: Write) -> None:
        token = "ghp_" + "a1" * 18
        write("post-record", f"echo 'posting with {token}' >&2; exit 1")
        desk.hooks.log.path.touch(0o666)
        desk.raise_()
        desk.hooks.close()
        assert stat.S_IMODE(desk.hooks.log.path.stat().st_mode) == 0o600
        assert "posting with" in desk.log
        assert token not in desk.log

    def test_it_does_not_grow_without_end(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_module, "MOST", 1000)
        for number in range(100):
            desk.hooks.log.write(f"line {number}", b"x" * 100)
        folder = desk.hooks.log.path.parent
        assert sorted(path.name for path in folder.iterdir()) == ["hooks.log", "hooks.log.1"]
        assert max(path.stat().st_size for path in folder.iterdir()) <= 1000
        assert "line 99" in desk.log

    def test_a_folder_that_is_gone_stops_nothing(self, desk: Desk, write: Write) -> None:
        desk.hooks.log.path.parent.rmdir()
        write("pre-record", "kill -9 $$")
        desk.raise_()
        assert len(desk.told) == 1
