"""Real disks that say no, and many writers at once: a full file system, a limit on a file's size, a read-only disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

from domain import actions
from storage.backup import verify
from storage.errors import NotWritable, StoreError
from storage.reader import Reader
from storage.store import Store
from tests.durability.children import now
from tests.durability.kills import NETWORK, started
from tests.durability.work import Manner, in_the_manner
from tests.storage.test_processes import FLEET

_HEAD = "import sys; from pathlib import Path; path, arguments = Path(sys.argv[1]), sys.argv[2:]\n"
_PATIENCE = 4  # refusals before there is room again

LIMITED = """
import os, resource
from domain import actions
from storage.errors import NotWritable
from storage.store import Store
incident, answers = arguments[0], os.open(path.with_name(arguments[1]), os.O_WRONLY | os.O_CREAT)
store = Store(path, "ana", lambda: 1_795_000_000_000)
size = max(each.stat().st_size for each in path.parent.glob("t.db*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(arguments[2]), resource.RLIM_INFINITY))
refused = 0
for n in range(5000):
    try:
        store.journal.record(incident, lambda _: actions.note(f"{n} " + os.urandom(200).hex()))
    except NotWritable:
        refused += 1
        if refused == 3:
            break
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.write(answers, (store.reader.entries(incident)[-1].id + "\\n").encode())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(arguments[2]), resource.RLIM_INFINITY))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
after = store.journal.record(incident, lambda _: actions.note("room again"))
print(refused, len(store.reader.entries(incident)))
store.close()
"""


@dataclass
class Disks:
    """What became of writing to disks that say no, or of many writers.

    Attributes:
        rounds: How many disks, or fleets of writers.
        acknowledged: Calls that returned.
        refused: Calls that were refused, each with the right words.
        missing: Calls that returned and were not there afterwards.
        skipped: Why it could not be done here; empty when it was.
        failures: What was wrong.
    """

    rounds: int = 0
    acknowledged: int = 0
    refused: int = 0
    missing: int = 0
    skipped: str = ""
    failures: list[str] = field(default_factory=list)

    def add(self, other: Disks) -> None:
        """Take in the figures of another part."""
        for each in fields(self):
            here, there = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, here or there if each.name == "skipped" else here + there)


class NoMount(Exception):
    """A file system of its own cannot be mounted here."""


@contextmanager
def small_disk(point: Path, size: str = "2m") -> Iterator[Path]:
    """Mount a file system of so many bytes.

    Raises:
        NoMount: Only root can, and not in every container.
    """
    point.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(point)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        raise NoMount("only root can mount a small disk")
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        raise NoMount("a small disk cannot be mounted here")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


def full(folder: Path, rounds: int) -> Disks:
    """Write until a small disk is full, make room, and go on; with another amount of room each time."""
    found = Disks()
    for number in range(rounds):
        try:
            with small_disk(folder / str(number)) as point:
                _fill(point, 40_000 * (number % 20), found)
        except NoMount as error:
            found.skipped = str(error)
            break
        found.rounds += 1
    return found


def _fill(point: Path, ballast: int, found: Disks) -> None:
    (point / "ballast").write_bytes(b"x" * (300_000 + ballast))
    path = point / "data" / "t.db"
    with closing(Store(path, "ana", now)) as store:
        incident = store.journal.raise_incident(actions.raise_incident("full", {})).id
        wanted, refused = _until_refused(store, incident)
        (point / "ballast").unlink()
        store.journal.record(incident, lambda _each: actions.note("room again"))
        _compare(store.reader, incident, wanted, found)
    found.refused += refused
    found.failures += verify(path).problems[:1]
    if refused != _PATIENCE:
        found.failures.append(f"the disk of {point} was never full, or refused in other words")


def _until_refused(store: Store, incident: str) -> tuple[list[str], int]:
    """Write until it was refused so often; return what was acknowledged and how often it was refused as it should."""
    wanted: list[str] = []
    refused: list[StoreError] = []
    while len(refused) < _PATIENCE and len(wanted) < 5000:
        text = f"{len(wanted)} {os.urandom(300).hex()}"
        try:
            store.journal.record(incident, lambda _each, text=text: actions.note(text))  # type: ignore[misc]
        except StoreError as error:
            refused.append(error)
        else:
            wanted.append(store.reader.entries(incident)[-1].id)
    return wanted, sum(isinstance(each, NotWritable) for each in refused)


def _compare(reader: Reader, incident: str, wanted: list[str], found: Disks) -> None:
    held = [entry.id for entry in reader.entries(incident)][1:]
    found.acknowledged += len(wanted) + 2
    found.missing += len(set(wanted) - set(held))
    if held[:-1] != wanted:
        found.failures.append(f"{len(wanted)} calls returned, {len(held) - 1} entries are there")


def limited(folder: Path, rounds: int) -> Disks:
    """Write until a file may not grow any more, take the limit away, and go on."""
    found = Disks()
    for number in range(rounds):
        path = folder / str(number) / "t.db"
        with closing(Store(path, "ana", now)) as store:
            incident = store.journal.raise_incident(actions.raise_incident("limited", {})).id
        with started("-c", _HEAD + LIMITED, str(path), incident, "answers", str(100_000 + 7_777 * number)) as process:
            out, _err = process.communicate(timeout=100)
        wanted = path.with_name("answers").read_text().split("\n")[:-1]
        with closing(Reader(path, "ana")) as reader:
            _compare(reader, incident, wanted, found)
        found.rounds, found.refused = found.rounds + 1, found.refused + 3
        found.failures += verify(path).problems[:1]
        if out != f"3 {len(wanted) + 2}\n" or process.returncode:
            found.failures.append(f"the writer said {out!r} and ended with {process.returncode}")
    return found


def read_only(folder: Path, rounds: int) -> Disks:
    """Make a disk read-only while a store on it is open: writes are refused, and go on when it can be written again."""
    found = Disks()
    for number in range(rounds):
        try:
            with small_disk(folder / str(number), "8m") as point:
                _turn_read_only(point, found)
        except NoMount as error:
            found.skipped = str(error)
            break
        found.rounds += 1
    return found


def _turn_read_only(point: Path, found: Disks) -> None:
    path = point / "data" / "t.db"
    with closing(Store(path, "ana", now)) as store:
        incident = store.journal.raise_incident(actions.raise_incident("read-only", {})).id
    before = path.read_bytes()
    with _mounted_read_only(point):
        if _refused(lambda: Store(path, "ana", now).journal.raise_incident(actions.raise_incident("no", {}))):
            found.refused += 1
        else:
            found.failures.append("a write to a read-only disk was not refused")
    if path.read_bytes() != before:
        found.failures.append("a read-only disk was changed")
    with closing(Store(path, "ana", now)) as store:
        store.journal.record(incident, lambda _each: actions.note("it can be written again"))
        _compare(store.reader, incident, [], found)
    found.failures += verify(path).problems[:1]


@contextmanager
def _mounted_read_only(point: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(point)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(point)], check=True)


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except NotWritable:
        return True
    return False


def fleets(folder: Path, processes: int, appends: int, at_once: int = 200, *, network: bool = False) -> Disks:
    """Let processes append to one incident of one store at once, `at_once` times each, then to the next incident."""
    found = Disks()
    path = folder / "t.db"
    for _start in range(0, appends, at_once):
        with in_the_manner(Manner(network=network)), closing(Store(path, "ana", now)) as store:
            incident = store.journal.raise_incident(actions.raise_incident("many", {})).id
        with started(
            "-c", _HEAD + NETWORK * network + FLEET, str(path), incident, str(processes), str(at_once)
        ) as process:
            out, _err = process.communicate(timeout=3600)
        found.rounds += 1
        with closing(Reader(path, "ana")) as reader:
            _count(reader, incident, processes, at_once, out, found)
    found.failures += verify(path).problems[:1]
    return found


def _count(reader: Reader, incident: str, processes: int, each: int, out: str, found: Disks) -> None:
    wanted = Counter(f"p{writer} {n}" for writer in range(processes) for n in range(each))
    held = Counter(str(entry.payload.get("text")) for entry in reader.entries(incident)[1:])
    found.acknowledged += processes * each
    found.missing += (wanted - held).total()
    if out != f"{[0] * processes}\n":
        found.failures.append(f"a writer failed: {out!r}")
    if held != wanted:
        found.failures.append(f"{(held - wanted).total()} entries are there that nobody wrote, or twice")
