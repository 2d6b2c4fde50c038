"""What `doctor` looks at: each check returns what it found, with a remedy where something is wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from app.cli.call import is_terminal

if TYPE_CHECKING:
    from app.cli.call import Call

_WAL_BUG = ((3, 7, 0), (3, 51, 2))  # two writers that checkpoint at once can corrupt the file; we lock round writes
_OLDEST_CLOCK = 1_735_689_600_000  # 2025-01-01: a clock before it was never set
_RANKS = ("P1", "P2", "P3", "P4", None)


class Check(NamedTuple):
    """One finding: `state` is ok, note (worth knowing) or wrong."""

    name: str
    state: str
    says: str
    remedy: str = ""


def versions(_call: Call) -> list[Check]:
    """Name what runs: tocsin, Python, Textual."""
    from importlib.metadata import PackageNotFoundError, version

    from app.cli.version import VERSION

    python = ".".join(map(str, sys.version_info[:3]))
    try:
        textual = version("textual")
    except PackageNotFoundError:
        return [Check("versions", "wrong", "Textual is not installed", "Install tocsin again.")]
    return [Check("versions", "ok", f"tocsin {VERSION}, Python {python}, Textual {textual}")]


def terminal(call: Call) -> list[Check]:
    """Look at the terminal and its colours."""
    term = os.environ.get("TERM", "")
    both = is_terminal("stdin") and is_terminal("stdout")
    found = [_terminal_kind(term, both)]
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    if encoding != "utf8":
        remedy = "Set LANG to a UTF-8 locale, or display.ascii = true in the settings."
        found.append(Check("encoding", "note", f"stdout takes {encoding or 'an unknown encoding'}, not UTF-8", remedy))
    depth = os.environ.get("COLORTERM") or ("256" if "256" in term else "16")
    says = "off (NO_COLOR)" if os.environ.get("NO_COLOR") else f"{'on' if call.out.color else 'off'}, depth {depth}"
    found.append(Check("colours", "ok", says))
    if os.environ.get("TMUX"):
        remedy = "To copy to the clipboard: set -g set-clipboard on, in ~/.tmux.conf."
        found.append(Check("tmux", "note", "running inside tmux", remedy))
    return found


def _terminal_kind(term: str, both: bool) -> Check:
    if both and term not in ("", "dumb"):
        size = os.get_terminal_size(sys.stdout.fileno())
        small = size.columns < 60 or size.lines < 20
        remedy = "The screens want 80 by 24, and manage with 60 by 20." if small else ""
        return Check("terminal", "note" if small else "ok", f"{term}, {size.columns} by {size.lines}", remedy)
    why = f"TERM is “{term}”" if both else "stdin or stdout is no terminal"
    return Check("terminal", "note", f"{why}: tocsin prints the queue as text")


def settings(call: Call) -> list[Check]:
    """Read the settings."""
    loaded = call.session.loaded
    where = str(loaded.config) if loaded.config.exists() else f"none at {loaded.config}; the defaults hold"
    found = [Check("settings", "ok", where), Check("author", "ok", loaded.author())]
    if loaded.config.exists() and loaded.config.stat().st_mode & 0o022:
        remedy = f"chmod go-w {loaded.config}"
        found[0] = Check("settings", "wrong", f"others may write {loaded.config}", remedy)
    return found


def triage(call: Call) -> list[Check]:
    """Look at the matrix and the team's own fields."""
    from app.rules import triage_rules

    own = len(triage_rules(call.session.loaded).fields)
    return [
        Check(
            "triage", "ok", f"a priority for each impact and urgency, {own} field{'' if own == 1 else 's'} of your own"
        )
    ]


def reminders(call: Call) -> list[Check]:
    """Look at what is reminded of."""
    from app.rules import rings_again, stale_after
    from domain.durations import short

    loaded = call.session.loaded
    given, again = loaded.settings.reminders, rings_again(loaded)
    means = [name for name, on in (("bell", given.bell), ("OSC 9", given.osc9)) if on]
    rings = f"; rings by {' and '.join(means)}" if means else "; no bell"
    once_more = f", again after {short(again)}" if means and again is not None else ""
    says = f"acknowledged and left after {short(stale_after(loaded))}{rings}{once_more}"
    found = [Check("reminders", "ok", says)]
    if given.osc9 and os.environ.get("TMUX"):
        remedy = "set -g allow-passthrough on, in ~/.tmux.conf."
        found.append(Check("reminders", "note", "OSC 9 goes through tmux only where that lets it", remedy))
    return found


def escalation(call: Call) -> list[Check]:
    """Look at the timers of escalation paths; what is wrong with a path itself, `on_call` says."""
    from app.oncall.paths import Paths

    session = call.session
    services = Paths(session.loaded, session.clock()).roster.services.values()
    timed = sum(any(each.stands(n, name) for n in range(1, len(each.path) + 1) for name in _RANKS) for each in services)
    if not timed:
        return [Check("escalation", "ok", "no timers: nobody is reminded of a next level")]
    automatic = session.settings.escalation.automatic
    who = "a running program records it" if automatic else "a person is reminded"
    return [Check("escalation", "ok", f"{timed} of {len(services)} services with timers; when a level is due, {who}")]


def keys(call: Call) -> list[Check]:
    """Look for keys of unknown actions, and for one key with two actions on a screen."""
    from screens.keys import check_keymap

    remapped = call.session.settings.keys
    remedy = f"Mend [keys] in {call.session.loaded.config}."
    found = [Check("keys", "wrong", problem, remedy) for problem in check_keymap(remapped)]
    return found or [Check("keys", "ok", f"{len(remapped)} changed" if remapped else "as shipped")]


def sla(call: Call) -> list[Check]:
    """Read the targets, the business hours and the pauses."""
    from app.targets import in_words, policy_of

    return [Check("sla", "ok", in_words(policy_of(call.session.loaded)))]


def parties(call: Call) -> list[Check]:
    """Read the parties, the templates of updates, and the data files of regulations."""
    from app.parties import communication_and_problems, in_words

    found, problems = communication_and_problems(call.session.loaded)
    wrong = [Check("parties", "wrong", each.message, each.remedy) for each in problems]
    return wrong or [Check("parties", "ok", f"{in_words(found)} (no legal advice)")]


def on_call(call: Call) -> list[Check]:
    """Read the rotas, their calendars and the services, and look for gaps in the days to come."""
    from app.oncall.roster import read_roster
    from app.oncall.wording import next_gaps

    now = call.session.clock()
    roster, problems = read_roster(call.session.loaded, now)
    found = [Check("on call", "wrong", each.message, each.remedy) for each in problems]
    for _name, says, remedy in next_gaps(roster, now, call.session.zone):
        found.append(Check("on call", "note", says, remedy))
    counted = f"{len(roster.rotas)} rotas, {len(roster.services)} services"
    return found or [Check("on call", "ok", counted if roster.rotas or roster.services else "no rota is set")]


def folders(call: Call) -> list[Check]:
    """Look at the folders and the rights of what is in them."""
    from app import paths

    database = call.session.loaded.database
    places = (("data", database.parent), ("state", paths.state_dir(os.environ)))
    found = [_folder(name, place) for name, place in places]
    from app.cli.sharing import modes

    return found + modes(database)


def rights(call: Call) -> list[Check]:
    """Look at who has which role on the store, and at what whoever runs this is on it."""
    from app.cli.sharing import roles

    return roles(call) if call.session.loaded.database.exists() else []


def _folder(name: str, place: Path) -> Check:
    there = next((each for each in (place, *place.parents) if each.exists()), place)
    if not os.access(there, os.W_OK):
        return Check(name, "wrong", f"{there} cannot be written", "Check its rights, or name another place.")
    if place == there and place.stat().st_mode & 0o077 and place.stat().st_uid == os.getuid():
        return Check(name, "note", f"{place} can be read by others", f"chmod 700 {place}, if it is for tocsin alone.")
    return Check(name, "ok", str(place))


def sqlite(call: Call) -> list[Check]:
    """Look at SQLite itself and at the file system under the store."""
    import sqlite3

    from storage.connection import file_system, is_network

    version = sqlite3.sqlite_version_info
    bug = _WAL_BUG[0] <= version <= _WAL_BUG[1]
    says = f"{sqlite3.sqlite_version}{', has the WAL-reset bug; tocsin locks round every write' if bug else ''}"
    found = [Check("SQLite", "ok", says)]
    with sqlite3.connect(":memory:") as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        found.append(
            Check("search", "wrong", "SQLite has no full-text search (FTS5)", "Use a Python whose SQLite has.")
        )
    place = call.session.loaded.database.parent
    kind = file_system(place) or "unknown"
    if is_network(place):
        found.append(Check("file system", "note", f"{kind}: on the network, so the store is slower (no WAL)"))
    else:
        found.append(Check("file system", "ok", kind))
    return found


def store(call: Call) -> list[Check]:
    """Open the store, and see whether it can be locked and written."""
    from contextlib import closing

    from storage.connection import connect
    from storage.lock import WriteLock
    from storage.migrations import schema_version
    from storage.versions import SCHEMA_VERSION

    path = call.session.loaded.database
    if not path.exists():
        return [Check("store", "ok", f"none yet at {path}; the first start makes it")]
    incidents = call.session.store.reader.count()
    with closing(connect(path)) as connection:
        version = schema_version(connection)
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (flaw,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        with WriteLock(path)():  # what cannot be locked or written raises
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    if flaw != "ok":
        return [Check("store", "wrong", f"{path} is damaged: {flaw}", "Keep it, and restore a backup: tocsin restore.")]
    says = f"{path}: {incidents:,} incidents, schema {version} of {SCHEMA_VERSION}, {mode} journal, lock free"
    return [Check("store", "ok", says)]


def clock(call: Call) -> list[Check]:
    """Look at the clock and the zone."""
    from domain.times import stamp

    session = call.session
    now = session.clock()
    says = f"{stamp(now, session.zone)} (zone: {session.settings.display.zone})"
    if now < _OLDEST_CLOCK:
        return [Check("clock", "wrong", f"{says}: the clock was never set", "Set the machine's clock.")]
    newest = _newest(call)
    if newest and newest > now + 60_000:
        remedy = "Compare this machine's clock with the others'."
        return [
            Check(
                "clock", "note", f"{says}: the store holds an incident updated at {stamp(newest, session.zone)}", remedy
            )
        ]
    return [Check("clock", "ok", says)]


def hooks(call: Call) -> list[Check]:
    """Look at each hook, whether it may run, and at the settings of hooks."""
    from app.hooks.finding import everything

    folder, found = call.session.hook_folder(), _times(call)
    if not os.path.lexists(folder):
        return [*found, Check("hooks", "ok", f"none: there is no {folder}")]
    if not folder.is_dir():
        remedy = "Make it a folder, or remove it."
        return [*found, Check("hooks", "wrong", f"{folder} is no folder, so no hook runs", remedy)]
    states = {"runs": "ok", "off": "note"}
    for hook in everything(folder):
        found.append(Check("hook", states.get(hook.state, "wrong"), f"{hook.name}: {hook.says or 'runs'}", hook.remedy))
    if not call.session.settings.hooks.enabled:
        found.append(Check("hooks", "note", "off in the settings", "To run them: hooks.enabled = true."))
    return found or [Check("hooks", "ok", f"none in {folder}")]


def _times(call: Call) -> list[Check]:
    """Name the times of hooks that make no sense; the defaults hold for them."""
    given = call.session.settings.hooks
    pairs = (("pre_seconds", given.pre_seconds, given.pre_time), ("post_seconds", given.post_seconds, given.post_time))
    return [
        Check(
            "hooks", "wrong", f"hooks.{name} = {set_:g} is out of its range; {holds:g} holds", "See docs/settings.md."
        )
        for name, set_, holds in pairs
        if set_ != holds
    ]


def _newest(call: Call) -> int | None:
    if not call.session.loaded.database.exists():
        return None
    rows = call.session.store.reader.after(-1, 200)
    return max((row.updated_at for row in rows), default=None)


ALL = (
    versions, terminal, settings, triage, reminders, keys, sla, parties, on_call, escalation, folders, sqlite, store,
    rights, clock, hooks,
)  # fmt: skip
"""The checks, in the order they are shown."""
