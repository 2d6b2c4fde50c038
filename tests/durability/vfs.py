"""Between SQLite and the system: writes down what SQLite does to the files of one folder, or makes it fail.

The layer is put into the very SQLite library that Python's sqlite3 module has loaded (a VFS of its own, registered
through ctypes, https://www.sqlite.org/vfs.html), so everything above it is the product's: its connections, its
pragmas, its locks. All it does not watch goes straight to the system.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.durability.disk import CREATE, DELETE, FAILED_SYNC, SYNC, TRUNCATE, WRITE, Event

OK, FULL, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = 0, 13, 1034, 1546, 2570  # sqlite3.h
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CREATE, _JOURNALS = 0x4, 0x800 | 0x4000 | 0x80000  # SQLITE_OPEN_CREATE; _MAIN_JOURNAL, _SUPER_JOURNAL, _WAL


class _Vfs(Structure):
    """The front of `sqlite3_vfs`, with room for what newer versions have behind it."""

    _fields_ = [
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p), ("zName", c_char_p),
        ("pAppData", c_void_p), ("xOpen", c_void_p), ("xDelete", c_void_p), ("rest", c_void_p * 13),
    ]  # fmt: skip


class _Methods(Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = [
        ("iVersion", c_int), ("xClose", c_void_p), ("xRead", c_void_p), ("xWrite", c_void_p), ("xTruncate", c_void_p),
        ("xSync", c_void_p), ("rest", c_void_p * 13),
    ]  # fmt: skip


@dataclass(slots=True)
class Watch:
    """What is written down about one folder.

    Attributes:
        events: What happened to its files, in order.
        calls: How many calls that change a file there were.
        fail_at: The number of the call that fails, counted from 0; None for none.
        lasting: Whether it is what needs room that fails from there on, as on a disk that is full.
        failed: How many have failed.
    """

    folder: str
    events: list[Event] = field(default_factory=list)
    calls: int = 0
    fail_at: int | None = None
    lasting: bool = False
    failed: int = 0

    def fails(self, *, room: bool = False) -> bool:
        """Count a call and say whether it is one that fails; on a full disk only what needs room does."""
        number, self.calls = self.calls, self.calls + 1
        if self.fail_at is None:
            return False
        fails = (room and number >= self.fail_at) if self.lasting else number == self.fail_at
        self.failed += fails
        return fails


class Layer:
    """The layer itself; one a process."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._under = library.sqlite3_vfs_find(None)
        self._open, self._delete = _OPEN(self._under.contents.xOpen), _DELETE(self._under.contents.xDelete)
        self._watch: Watch | None = None
        self._files: dict[int, tuple[str, Watch]] = {}
        self._with_folder: set[int] = set()  # files whose next sync syncs the folder too (os_unix.c, UNIXFILE_DIRSYNC)
        self._tables: dict[int, tuple[_Methods, tuple[Any, ...]]] = {}
        self._own = _OPEN(self._on_open), _DELETE(self._on_delete)
        self._vfs = _Vfs.from_buffer_copy(self._under.contents)
        self._vfs.pNext, self._vfs.zName = None, b"tocsin-durability"
        self._vfs.xOpen, self._vfs.xDelete = (ctypes.cast(each, c_void_p) for each in self._own)

    @contextmanager
    def watching(self, folder: Path) -> Iterator[Watch]:
        """Watch the files of a folder that are opened in the block; they are to be closed within it."""
        self._watch = Watch(str(folder.resolve()))
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        try:
            yield self._watch
        finally:
            self._watch = None
            self._library.sqlite3_vfs_register(self._under, 1)
            self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))

    def _watched(self, name: int | None) -> str:
        if not name or self._watch is None:
            return ""
        folder, file = os.path.split(os.fsdecode(ctypes.string_at(name)))
        return file if folder == self._watch.folder else ""

    def _on_open(self, _vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        watched = self._watched(name)
        is_new = bool(watched) and not os.path.exists(os.fsdecode(ctypes.string_at(name or 0)))
        answer = self._open(ctypes.addressof(self._under.contents), name, file, flags, out)
        if answer == OK and watched and self._watch is not None:
            self._files[file] = watched, self._watch
            if flags & _CREATE and flags & _JOURNALS:
                self._with_folder.add(file)
            if is_new or not any(event.name == watched for event in self._watch.events):
                self._watch.events.append(Event(CREATE, watched))
            methods = c_void_p.from_address(file)
            methods.value = self._table(methods.value or 0)
        return int(answer)

    def _on_delete(self, _vfs: int, name: int, synced: int) -> int:
        watched = self._watched(name)
        if watched and self._watch is not None:
            if self._watch.fails():
                return IOERR_DELETE
            self._watch.events.append(Event(DELETE, watched, synced))
        return int(self._delete(ctypes.addressof(self._under.contents), name, synced))

    def _table(self, address: int) -> int:
        """Return the address of a copy of a table of methods in which those that change a file are this layer's."""
        if address not in self._tables:
            under = _Methods.from_address(address)
            table = _Methods()
            size = {1: 13, 2: 17, 3: 19}[min(under.iVersion, 3)] * ctypes.sizeof(c_void_p)
            ctypes.memmove(ctypes.addressof(table), address, size)
            own = self._close(under), self._write(under), self._truncate(under), self._sync(under)
            table.xClose, table.xWrite, table.xTruncate, table.xSync = (ctypes.cast(each, c_void_p) for each in own)
            self._tables[address] = table, own
        return ctypes.addressof(self._tables[address][0])

    def _close(self, under: _Methods) -> Any:
        close = _CLOSE(under.xClose)

        def on_close(file: int) -> int:
            self._files.pop(file, None)
            self._with_folder.discard(file)
            return int(close(file))

        return _CLOSE(on_close)

    def _write(self, under: _Methods) -> Any:
        write = _WRITE(under.xWrite)

        def on_write(file: int, data: int, size: int, at: int) -> int:
            name, watch = self._files[file]
            failing = watch.fails(room=watch.lasting and _grows(watch, name, at + size))
            size = size // 2 if failing else size  # a disk that is full takes what fits
            watch.events.append(Event(WRITE, name, at, ctypes.string_at(data, size)))
            answer = int(write(file, data, size, at))
            return FULL if failing else answer

        return _WRITE(on_write)

    def _truncate(self, under: _Methods) -> Any:
        truncate = _TRUNCATE(under.xTruncate)

        def on_truncate(file: int, size: int) -> int:
            name, watch = self._files[file]
            if watch.fails():
                return IOERR_TRUNCATE
            watch.events.append(Event(TRUNCATE, name, size))
            return int(truncate(file, size))

        return _TRUNCATE(on_truncate)

    def _sync(self, _under: _Methods) -> Any:
        def on_sync(file: int, _flags: int) -> int:
            name, watch = self._files[file]
            if watch.fails():
                watch.events.append(Event(FAILED_SYNC, name))
                return IOERR_FSYNC
            watch.events.append(Event(SYNC, name, int(file in self._with_folder)))
            self._with_folder.discard(file)
            return OK  # it is the disk on paper that this counts for; the real one need not turn

        return _SYNC(on_sync)


def _grows(watch: Watch, name: str, size: int) -> bool:
    """Say whether a file has to become larger; what it has already can be written on a full disk."""
    return size > os.stat(os.path.join(watch.folder, name)).st_size


def layer() -> Layer | None:
    """Return the layer, None where Python's SQLite cannot be reached (built in, without its names)."""
    for find in _libraries():
        try:
            library = find()
            if library.sqlite3_vfs_find and library.sqlite3_vfs_register and library.sqlite3_vfs_unregister:
                return Layer(library)
        except (OSError, AttributeError):
            continue
    return None


def _libraries() -> Iterator[Callable[[], ctypes.CDLL]]:
    file = getattr(_sqlite3, "__file__", None)  # finds the names in the library that the module was linked with
    if file is not None:
        yield lambda: ctypes.CDLL(file)
    yield lambda: ctypes.CDLL(None)
