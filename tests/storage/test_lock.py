"""The lock round every write: between threads, between processes, and when its holder does not let go."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.errors import Busy, NotWritable
from storage.lock import WriteLock

HOLDER = """
from storage.lock import WriteLock
with WriteLock(path)():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_holder_that_was_stopped_makes_others_busy(path: Path, child: Callable[..., Any]) -> None:
    path.parent.mkdir()
    holder = child(HOLDER)
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGSTOP)
    with pytest.raises(Busy, match="Another process is writing") as error, WriteLock(path, seconds=0.05)():
        raise AssertionError("two hold the lock")
    assert error.value.remedy
    os.kill(holder.pid, signal.SIGCONT)
    holder.communicate("\n", timeout=60)
    with WriteLock(path, seconds=0)():
        pass


def test_a_holder_that_died_lets_go(path: Path, child: Callable[..., Any]) -> None:
    path.parent.mkdir()
    holder = child(HOLDER)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with WriteLock(path, seconds=0)():
        pass


def test_a_waiting_process_goes_on_when_the_lock_is_free(path: Path, child: Callable[..., Any]) -> None:
    path.parent.mkdir()
    with WriteLock(path)():
        waiting = child(HOLDER)
    assert waiting.stdout.readline() == "held\n"


def test_one_thread_at_a_time(path: Path) -> None:
    path.parent.mkdir()
    inside, most = [0], [0]
    locks = [WriteLock(path)] * 4 + [WriteLock(path) for _ in range(4)]

    def work(lock: WriteLock) -> None:
        for _ in range(10):
            with lock():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work, args=(lock,)) for lock in locks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1]


def test_the_lock_is_let_go_after_an_error(path: Path) -> None:
    path.parent.mkdir()
    lock = WriteLock(path, seconds=0)
    for _ in range(2):
        with pytest.raises(FileNotFoundError), lock():  # what fails inside is not about the lock: it passes
            (path / "none").read_text()


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="none"), WriteLock(tmp_path / "none" / "t.db")():
        raise AssertionError("it was made")
