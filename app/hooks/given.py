"""What a hook is given: the act as JSON on its stdin, and an environment with nothing in it that is secret."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.objects import entry_object, incident_object, what_of
from app.cli.output import document
from domain.replay import Replay

if TYPE_CHECKING:
    from domain.entry import Entry
    from storage.witness import Act

FORMAT = 1
"""The version of the document; fields may be added without a new one."""
# With the folders a `tocsin` called by a hook finds the same settings.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME",
         "TOCSIN_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")  # fmt: skip
_MOST_REFS = 200  # a variable has its limits; the document names all


def document_of(act: Act, stage: str, *, author: str, database: Path, test: bool = False) -> bytes:
    """Return an act as the JSON that a hook reads, UTF-8 and one line (docs/hooks.md)."""
    refs = {incident.id: incident.ref for incident in act.incidents}
    now = max((entry.recorded_at for entry in act.entries), default=0)
    found = {
        "format": FORMAT,
        "hook": stage,
        "test": test,
        "author": author,
        "database": str(database),
        "refs": list(refs.values()),
        "entries": [_entry(each, refs) for each in act.entries],
        "incidents": [incident_object(each, now) for each in act.incidents],
    }
    return (document(found) + "\n").encode()


def _entry(entry: Entry, refs: Mapping[str, str]) -> dict[str, Any]:
    return {"ref": refs.get(entry.incident), **entry_object(entry, Replay(entry.incident))}


def environment(environ: Mapping[str, str], act: Act, database: Path, terminal: str = "") -> dict[str, str]:
    """Return the whole environment of a hook.

    Args:
        environ: Our own.
        act: What is recorded.
        database: The store.
        terminal: The device of the terminal tocsin runs on, empty for none.
    """
    told = {
        "TOCSIN_HOOK": "1",
        "TOCSIN_REF": words_of(each.ref for each in act.incidents),
        "TOCSIN_KIND": words_of(each.kind for each in act.entries),
        "TOCSIN_WHAT": words_of(map(what_of, act.entries)),
        "TOCSIN_DATABASE": str(database),
    }
    return kept_of(environ) | told | ({"TOCSIN_TTY": terminal} if terminal else {})


def kept_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of our own environment a hook is given."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    kept.setdefault("PATH", os.defpath)
    return kept


def words_of(names: Iterable[str]) -> str:
    """Return names, each once, with blanks between; one that could be taken for two is left out."""
    fit = (name for name in dict.fromkeys(names) if name and not any(map(str.isspace, name)))
    return " ".join(list(fit)[:_MOST_REFS])


def terminal_name() -> str:
    """Return the device of the terminal this process runs on, empty for none."""
    for handle in (2, 1, 0):
        try:
            return os.ttyname(handle)
        except OSError:
            continue
    return ""
