"""Which programs are hooks, and which of them may run: only what nobody but the user (or root) can change."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from domain.vocabulary import nearest

PRE, POST, REMINDER = "pre-record", "post-record", "reminder"
STAGES = (PRE, POST, REMINDER)
State = Literal["runs", "off", "broken", "unsafe"]
_LINKS = 40  # that lead to one another, as the kernel counts
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Hook(NamedTuple):
    """A program in the folder of hooks.

    Attributes:
        name: Its place below the folder, e.g. `pre-record.d/10-notes`.
        stage: `pre-record`, `post-record` or `reminder`; empty for what is none.
        path: Its place.
        target: The file behind it, links followed.
        state: It runs; is off (not executable); is broken (no file); or unsafe (somebody else can change it).
        says: What is wrong, empty when nothing is.
        remedy: What to do about it.
    """

    name: str
    stage: str
    path: Path
    target: Path
    state: State
    says: str = ""
    remedy: str = ""


class _Flaw(NamedTuple):
    state: State
    says: str
    remedy: str


def hooks_of(folder: Path, stage: str) -> list[Hook]:
    """Return the hooks of a stage in the order they run: the file of its name, then those of its folder by name."""
    single, several = folder / stage, folder / f"{stage}.d"
    found = [_hook(folder, single, stage)] if os.path.lexists(single) else []
    if not os.path.lexists(several):
        return found
    try:
        names = sorted(name for name in os.listdir(several) if _counts(name))
    except OSError as error:
        flaw = _Flaw("broken", f"{several} cannot be read: {error.strerror}", "Make it a folder that you can read.")
        return [*found, Hook(several.name, stage, several, several, *flaw)]
    return [*found, *(_hook(folder, several / name, stage) for name in names)]


def everything(folder: Path) -> list[Hook]:
    """Return all that lies in the folder: the hooks of all stages, and what can be run and is none.

    Raises:
        OSError: The folder cannot be read.
    """
    return [*(hook for stage in STAGES for hook in hooks_of(folder, stage)), *strangers(folder)]


def strangers(folder: Path) -> list[Hook]:
    """Return what lies in the folder, could be run, and is no hook: mostly a name with a slip."""
    found = []
    with os.scandir(folder) as listed:
        for each in sorted(listed, key=lambda entry: entry.name):
            known = each.name in (*STAGES, *(f"{stage}.d" for stage in STAGES)) or not _counts(each.name)
            if not known and each.is_file() and os.access(each.path, os.X_OK):
                near = nearest(each.name, STAGES)
                remedy = f"Did you mean {near}?" if near else f"The names of hooks are {', '.join(STAGES)}."
                path = folder / each.name
                found.append(Hook(each.name, "", path, path, "off", "no hook has this name, so it never runs", remedy))
    return found


def _counts(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(("~", ".sample"))


def _hook(folder: Path, path: Path, stage: str) -> Hook:
    target = Path(os.path.realpath(path))
    flaw = _broken(path, target) or _unsafe(path) or _off(target) or ("runs", "", "")
    return Hook(str(path.relative_to(folder)), stage, path, target, *flaw)


def _broken(path: Path, target: Path) -> _Flaw | None:
    try:
        mode = target.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            says = f"{path} is a link that leads nowhere: {target}"
            return _Flaw("broken", says, f"Mend or remove it: rm {shlex.quote(str(path))}")
        return _Flaw("broken", f"{path} cannot be read: {error.strerror}", "Check its rights.")
    if not stat.S_ISREG(mode):
        return _Flaw("broken", f"{path} is no file", "Put a program there.")
    return None


def _off(target: Path) -> _Flaw | None:
    if os.access(target, os.X_OK):
        return None
    return _Flaw("off", f"{target} is not executable", f"chmod u+x {shlex.quote(str(target))}")


def _unsafe(path: Path) -> _Flaw | None:
    """Return why somebody else could put another program in a file's place: who owns it and what leads to it."""
    for place in dict.fromkeys(_leading(path)):
        try:
            found = place.stat()
        except OSError as error:
            return _Flaw("broken", f"{place} cannot be read: {error.strerror}", "Check its rights.")
        quoted = shlex.quote(str(place))
        if found.st_uid not in (0, os.geteuid()):
            return _Flaw(
                "unsafe",
                f"{place} belongs to {_name(found.st_uid)}",
                f"Use one of your own, or: sudo chown {_name(os.geteuid())} {quoted}",
            )
        if found.st_mode & _OTHERS and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX):
            return _Flaw("unsafe", f"others may write {place}", f"chmod go-w {quoted}")
    return None


def _leading(path: Path) -> Iterator[Path]:
    """Yield a file and every folder that leads to it, as it is written and as it is, over each link."""
    hop = Path(os.path.abspath(path))
    for _ in range(_LINKS):
        yield from reversed(hop.parents)
        real = Path(os.path.realpath(hop.parent))
        yield from (*reversed(real.parents), real)
        if not hop.is_symlink():
            yield hop
            return
        hop = Path(os.path.normpath(real / os.readlink(hop)))


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
