from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.programs import environment, rows_with_refs, second_row_has_cursor
from benchmarks.reader import Tripwire
from benchmarks.rig import NotSeen, Session
from benchmarks.terminal import shows

TINY = Path(__file__).with_name("tiny.py")
READY = shows("INC-00019")
SIZE = (60, 24)


def tiny(home: Path, wire: Tripwire | None = None) -> Session:
    return Session([sys.executable, str(TINY)], environment(home), SIZE, wire)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with tiny(tmp_path) as session:
        session.wait_for(READY, "the rows")
        yield session


def test_the_first_rows_are_stamped_after_the_start(tmp_path: Path) -> None:
    with tiny(tmp_path) as session:
        assert session.wait_for(READY, "the rows") > session.started
        assert rows_with_refs(session.terminal) == list(range(20))


def test_bytes_of_a_key_are_exact(session: Session) -> None:
    costs = [session.key(b"j") for _ in range(5)]
    assert [cost.bytes for cost in costs] == [16] * 5
    assert all(cost.seconds > 0 for cost in costs)


def test_the_key_at_the_wire_is_typed_without_being_asked_for(tmp_path: Path) -> None:
    with tiny(tmp_path, Tripwire(re.compile(b"INC-00019"), b"j")) as session:
        session.wait_for(second_row_has_cursor, "the cursor on the second row")


def test_the_cursor_is_not_on_the_second_row_before(session: Session) -> None:
    session.settle()
    assert not second_row_has_cursor(session.terminal)


def test_queries_are_answered(session: Session) -> None:
    session.key(b"?", shows(r"\[7;9\]"))


def test_a_key_without_effect_is_told_with_the_screen(session: Session) -> None:
    session.settle()
    with pytest.raises(NotSeen, match=r"(?s)the moon: not seen.*INC-00007"):
        session.wait_for(shows("moon"), "the moon", timeout=0.05)


def test_a_program_that_ends_early_is_told_at_once(session: Session) -> None:
    session.type(b"q")
    with pytest.raises(NotSeen, match="the moon"):
        session.wait_for(shows("moon"), "the moon", timeout=10_000)


def test_idle_sees_no_output_where_there_is_none(session: Session) -> None:
    session.settle()
    idle = session.idle(0.1)
    assert (idle.bytes_per_second, idle.wakeups_per_second) == (0, 0)


def test_memory_is_that_of_a_python(session: Session) -> None:
    assert 4_000_000 < session.peak_memory() < 100_000_000


def test_leaving_clean(session: Session) -> None:
    end = session.quit(b"q")
    assert (end.code, end.left) == (0, ())


def test_leaving_the_terminal_changed_is_noticed(session: Session) -> None:
    end = session.quit(b"Q")
    assert end.code == 3
    assert end.left == ("cursor (?25)", "alternate screen (?1049)", "line discipline (stty)")


def test_sigterm_leaves_the_terminal_broken_when_nobody_handles_it(session: Session) -> None:
    end = session.terminate()
    assert end.code == -signal.SIGTERM
    assert "alternate screen (?1049)" in end.left


def test_a_dropped_line_hangs_the_program_up(session: Session) -> None:
    assert session.hang_up().code == -signal.SIGHUP


def test_a_program_that_stays_is_told(session: Session) -> None:
    with pytest.raises(NotSeen, match="still running"):
        session.quit(b"j", timeout=0.05)


def test_a_missing_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Session(["/nonexistent/program"], environment(tmp_path), SIZE)
