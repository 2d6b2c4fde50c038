"""What `doctor` looks at on a store that several logins share: the modes of its files, and the rights on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.checks import Check

if TYPE_CHECKING:
    from app.cli.call import Call

_BESIDE = ("-wal", "-shm", ".lock", ".sync", ".open")
_GROUP, _OTHERS, _SETGID = 0o060, 0o007, 0o2000
_SHARED = 0o020  # a group that may write; one that may only read is a mistake of the umask


def modes(database: Path) -> list[Check]:
    """Look at the store's file, at what lies beside it, and, when its group may use it, at their folder."""
    if not database.exists():
        return []
    shared = database.stat().st_mode & _SHARED
    found = [each for path in _files(database) for each in _file(path, database, shared)]
    if shared:
        found += _folder(database)
    return found


def _files(database: Path) -> list[Path]:
    beside = (database.with_name(database.name + suffix) for suffix in _BESIDE)
    return [database, *(path for path in beside if path.exists())]


def _file(path: Path, database: Path, shared: int) -> list[Check]:
    state = path.stat()
    if not shared:
        alone = f"chmod {'700' if path.is_dir() else '600'} {path}"
        return [Check("rights", "wrong", f"others may read {path}", alone)] if state.st_mode & 0o077 else []
    found = []
    if state.st_mode & _OTHERS:
        found.append(Check("rights", "wrong", f"others may read {path}", f"chmod o= {path}"))
    if state.st_mode & _GROUP != _GROUP:
        remedy = f"chmod g+rw{'x' if path.is_dir() else ''} {path}"
        found.append(Check("rights", "wrong", f"the group cannot read and write {path}", remedy))
    if state.st_gid != database.stat().st_gid:
        remedy = f"chgrp --reference={database} {path}"
        found.append(Check("rights", "wrong", f"{path} belongs to another group than the store", remedy))
    return found


def _folder(database: Path) -> list[Check]:
    folder, state = database.parent, database.parent.stat()
    if state.st_mode & _OTHERS:
        return [Check("rights", "wrong", f"others may look into {folder}", f"chmod o= {folder}")]
    if state.st_gid != database.stat().st_gid:
        says = f"{folder} belongs to another group than the store"
        return [Check("rights", "wrong", says, f"chgrp --reference={database} {folder}")]
    if not state.st_mode & _SETGID or state.st_mode & 0o070 != 0o070:
        says = f"{folder} does not give its group to what is made in it"
        return [Check("rights", "wrong", says, f"chmod 2770 {folder}")]
    return [Check("rights", "ok", f"the group {_group(state.st_gid)} shares the store")]


def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def roles(call: Call) -> list[Check]:
    """Say who is what here; name logins and groups that the machine knows no longer."""
    from storage.granting import Granting, known_here

    store = call.session.store
    granting = Granting(store.path, call.session.clock())
    caller, given = granting.caller(), granting.listed()
    if caller is None:
        shared = store.path.stat().st_mode & _SHARED
        says = "none are set: whoever can open the file may do everything"
        return [Check("roles", "note", says, "See docs/rights.md.")] if shared else []
    found = [Check("roles", "ok", f"{len(given)} set; you are {caller.who.name}, {caller.role}")]
    for each in given:
        if each.subject != "default" and known_here(each.subject, each.name) is None:
            remedy = f"tocsin rights revoke {each.name}{' --group' if each.subject == 'group' else ''}"
            found.append(Check("roles", "note", f"{each.whose} is not known on this machine", remedy))
    named = call.session.loaded.author()
    if named != caller.who.name and os.getuid():
        says = f"the settings say {named}; on this store you are {caller.who.name}, as you are logged in"
        found.append(Check("roles", "note", says))
    return found
