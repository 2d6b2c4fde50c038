"""Every key of the program in one table: the bindings, the key line, help, the palette and the README come from it.

On a bad line an arrow key can arrive as `ESC`, `[`, `B`: so A to D, F, H, O and `[` never change anything.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` would hold the first rows back
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNBOUND = "none"


class Key:
    """One action's keys.

    Attributes:
        id: Stable name, `WHERE.ACTION`; users remap by it.
        keys: Textual's key names, separated by commas.
        shown: The keys as people write them.
        what: What it does, for help and the palette.
        short: Its word in the key line; empty keeps it out of there.
    """

    def __init__(self, id: str, keys: str, shown: str, what: str, short: str = "") -> None:  # noqa: A002
        self.id, self.keys, self.shown, self.what, self.short = id, keys, shown, what, short

    @property
    def where(self) -> str:
        """The screen it belongs to; `everywhere` for all."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the screen's action."""
        return self.id.partition(".")[2]


KEYS: tuple[Key, ...] = (
    Key("everywhere.help", "question_mark,f1", "?", "help for this screen", "help"),
    Key("everywhere.palette", "colon,ctrl+p", ": ctrl+p", "every action by name"),
    Key("everywhere.rights", "f2", "f2", "who may do what on this store"),
    Key("everywhere.clock", "z", "z", "times in UTC or local"),
    Key("everywhere.back", "escape", "esc", "back"),
    Key("queue.down", "j,down", "j ↓", "down"),
    Key("queue.up", "k,up", "k ↑", "up"),
    Key("queue.first", "g,home", "g", "first"),
    Key("queue.last", "G,end", "G", "last"),
    Key("queue.page_down", "ctrl+d,pagedown,ctrl+f", "ctrl+d", "half a page down (page: PgDn)"),
    Key("queue.page_up", "ctrl+u,pageup,ctrl+b", "ctrl+u", "half a page up (page: PgUp)"),
    Key("queue.open", "enter,l,right", "enter", "open the incident", "open"),
    Key("queue.acknowledge", "a", "a", "acknowledge", "ack"),
    Key("queue.take", "t", "t", "take: own it, acknowledging it if nobody has", "take"),
    Key("queue.status", "s", "s", "change the status", "status"),
    Key("queue.note", "c", "c", "write a note", "note"),
    Key("queue.priority", "p", "p", "change the priority"),
    Key("queue.edit", "e", "e", "triage: impact, urgency, priority, type, ..."),
    Key("queue.set", "E", "E", "set any field by its name"),
    Key("queue.raise", "n", "n", "raise an incident", "raise"),
    Key("queue.filter", "slash", "/", "filter as you type", "filter"),
    Key("queue.mark", "space", "space", "mark for a bulk action"),
    Key("queue.mark_all", "asterisk", "*", "mark all of the view, or unmark"),
    Key("queue.undo", "u", "u", "undo your last action", "undo"),
    Key("queue.view", "1,2,3,4,5,6,7,8,9", "1-9", "saved views"),
    Key("queue.conflicts", "C", "C", "conflicts: choose between values"),
    Key("queue.sync", "R", "R", "sync now, and what waits"),
    Key("queue.handover", "v", "v", "hand-over: what is open and due"),
    Key("queue.merge", "M", "M", "merge the marked ones into the selected one"),
    Key("queue.silence", "Z", "Z", "silence: nothing rings until a time"),
    Key("queue.outbox", "U", "U", "outbox: who still has to be told what"),
    Key("queue.seen", "ctrl+r", "ctrl+r", "mark everything as seen"),
    Key("queue.leave", "q", "q", "leave", "quit"),
    Key("queue.copy", "y", "y", "copy the ref to the clipboard (OSC 52)"),
    Key("queue.write_ref", "Y", "Y", "write the ref to a file"),
    Key("detail.note", "c", "c", "write a note", "note"),
    Key("detail.acknowledge", "a", "a", "acknowledge", "ack"),
    Key("detail.take", "t", "t", "take: own it, acknowledging it if nobody has", "take"),
    Key("detail.status", "s", "s", "change the status; what is not allowed says why", "status"),
    Key("detail.mitigate", "m", "m", "mitigated: the impact has stopped", "mitigated"),
    Key("detail.priority", "p", "p", "change the priority"),
    Key("detail.edit", "e", "e", "triage: impact, urgency, priority, type, ..."),
    Key("detail.set", "E", "E", "set any field by its name"),
    Key("detail.command", "T", "T", "take command"),
    Key("detail.roles", "r", "r", "roles: give one to somebody, or relieve"),
    Key("detail.escalate", "x", "x", "escalate: call the next level, and say why"),
    Key("detail.owner", "o", "o", "give it to somebody"),
    Key("detail.link", "l", "l", "link a resource, an originator, a tag or an incident", "link"),
    Key("detail.follow_up", "f", "f", "add a follow-up"),
    Key("detail.postmortem", "P", "P", "post-mortem", "post-mortem"),
    Key("detail.merge", "M", "M", "merge: it is a duplicate of another"),
    Key("detail.silence", "Z", "Z", "silence: nothing rings until a time"),
    Key("detail.conflicts", "C", "C", "conflicts: choose between values"),
    Key("detail.sync", "R", "R", "sync now, and what waits"),
    Key("detail.updates", "U", "U", "updates: who was told what, who waits, deadlines"),
    Key("detail.star", "asterisk", "*", "star the moment: it goes to the post-mortem"),
    Key("detail.open", "enter", "enter", "read the moment whole"),
    Key("detail.undo", "u", "u", "undo your last action here"),
    Key("detail.previous", "left_square_bracket", "[", "previous incident"),
    Key("detail.next", "right_square_bracket", "]", "next incident"),
    Key("detail.down", "j,down", "j ↓", "down the timeline"),
    Key("detail.up", "k,up", "k ↑", "up the timeline"),
    Key("detail.first", "g,home", "g", "first moment"),
    Key("detail.last", "G,end", "G", "last moment"),
    Key("detail.page_down", "ctrl+d,pagedown", "ctrl+d", "a page down"),
    Key("detail.page_up", "ctrl+u,pageup", "ctrl+u", "a page up"),
    Key("detail.leave", "q", "q", "back to the queue", "back"),
    Key("detail.copy", "y", "y", "copy the ref to the clipboard (OSC 52)"),
    Key("detail.write_ref", "Y", "Y", "write the ref to a file"),
    Key("conflicts.pick", "1,2,3,4,5,6,7,8,9", "1-9", "choose that value", "choose"),
    Key("conflicts.edit", "e", "e", "write another value", "edit"),
    Key("conflicts.merge", "m", "m", "compare texts line by line, and merge them", "compare"),
    Key("conflicts.open", "enter,l,right", "enter", "open the incident", "open"),
    Key("conflicts.undo", "u", "u", "undo your last action: the choice is open again", "undo"),
    Key("conflicts.down", "j,down", "j ↓", "down"),
    Key("conflicts.up", "k,up", "k ↑", "up"),
    Key("conflicts.first", "g,home", "g", "first"),
    Key("conflicts.last", "G,end", "G", "last"),
    Key("conflicts.page_down", "ctrl+d,pagedown", "ctrl+d", "a page down"),
    Key("conflicts.page_up", "ctrl+u,pageup", "ctrl+u", "a page up"),
    Key("conflicts.leave", "q", "q", "back", "back"),
    Key("compare.merge", "m", "m", "take the merged text", "merged"),
    Key("compare.pick", "1,2,3,4,5,6,7,8,9", "1-9", "take that text whole", "take one"),
    Key("compare.edit", "e", "e", "edit the merged text", "edit"),
    Key("compare.other", "tab", "tab", "compare with another, of three or more"),
    Key("compare.down", "j,down", "j ↓", "down"),
    Key("compare.up", "k,up", "k ↑", "up"),
    Key("compare.first", "g,home", "g", "to the beginning"),
    Key("compare.last", "G,end", "G", "to the end"),
    Key("compare.page_down", "ctrl+d,pagedown,space", "ctrl+d", "a page down"),
    Key("compare.page_up", "ctrl+u,pageup", "ctrl+u", "a page up"),
    Key("compare.leave", "q", "q", "back", "back"),
    Key("handover.down", "j,down", "j ↓", "down"),
    Key("handover.up", "k,up", "k ↑", "up"),
    Key("handover.page_down", "ctrl+d,pagedown,ctrl+f,space", "ctrl+d", "a page down"),
    Key("handover.page_up", "ctrl+u,pageup,ctrl+b", "ctrl+u", "a page up"),
    Key("handover.leave", "q", "q", "back", "back"),
    Key("outbox.open", "enter,l,right,U", "enter", "open the incident's updates", "open"),
    Key("outbox.down", "j,down", "j ↓", "down"),
    Key("outbox.up", "k,up", "k ↑", "up"),
    Key("outbox.first", "g,home", "g", "first"),
    Key("outbox.last", "G,end", "G", "last"),
    Key("outbox.page_down", "ctrl+d,pagedown", "ctrl+d", "a page down"),
    Key("outbox.page_up", "ctrl+u,pageup", "ctrl+u", "a page up"),
    Key("outbox.leave", "q", "q", "back", "back"),
    Key("updates.write", "n", "n", "write an update", "new update"),
    Key("updates.told", "t", "t", "told: the marked, or the one under the cursor, heard it", "told"),
    Key("updates.mark", "space", "space", "mark a party", "mark"),
    Key("updates.mark_all", "asterisk", "*", "mark all who are to be told, or unmark", "all"),
    Key("updates.copy", "y", "y", "copy the text for the party (OSC 52)", "copy"),
    Key("updates.note", "c", "c", "told something of its own: write what"),
    Key("updates.regulate", "r", "r", "regulation: start its clocks", "regulation"),
    Key("updates.undo", "u", "u", "undo your last action here", "undo"),
    Key("updates.down", "j,down", "j ↓", "down"),
    Key("updates.up", "k,up", "k ↑", "up"),
    Key("updates.first", "g,home", "g", "first"),
    Key("updates.last", "G,end", "G", "last"),
    Key("updates.page_down", "ctrl+d,pagedown", "ctrl+d", "read on in the text"),
    Key("updates.page_up", "ctrl+u,pageup", "ctrl+u", "back in the text"),
    Key("updates.leave", "q", "q", "back", "back"),
    Key("ledger.now", "R", "R", "exchange with every remote now", "sync now"),
    Key("ledger.enrol", "e", "e", "enrol this store with a hub", "enrol"),
    Key("ledger.down", "j,down", "j ↓", "down"),
    Key("ledger.up", "k,up", "k ↑", "up"),
    Key("ledger.leave", "q", "q", "back", "back"),
    Key("postmortem.close", "escape", "esc", "save and go back", "save, back"),
    Key("postmortem.save", "ctrl+s", "ctrl+s", "save", "save"),
    Key("postmortem.editor", "ctrl+e", "ctrl+e", "hand over to $EDITOR and back", "$EDITOR"),
    Key("postmortem.export", "ctrl+x", "ctrl+x", "export as Markdown", "export"),
    Key("postmortem.next_section", "ctrl+down,f8", "ctrl+↓ f8", "next section", "next section"),
    Key("postmortem.previous_section", "ctrl+up,f7", "ctrl+↑ f7", "previous section"),
)
_BY_ID: Mapping[str, Key] = {key.id: key for key in KEYS}


def keys_of(where: str) -> tuple[Key, ...]:
    """Return the keys of one screen, those that hold everywhere first; an editor has no single letters."""
    general = () if where == "postmortem" else tuple(key for key in KEYS if key.where == "everywhere")
    return general + tuple(key for key in KEYS if key.where == where)


def line_of(where: str, remapped: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the (key, word) pairs of a screen's key line, as the user has mapped them."""
    found = [key for key in keys_of(where) if key.short]
    ordered = sorted(found, key=lambda key: key.where == "everywhere")
    shown = [(remapped.get(key.id, key.shown), key.short) for key in ordered]
    return [(key.split(",")[0].split(" ")[0], word) for key, word in shown if key != UNBOUND]


def check_keymap(remapped: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a user's keys, in words: unknown actions, and two actions on one key."""
    from domain.vocabulary import nearest

    problems = []
    for name in remapped:
        if name not in _BY_ID:
            near = nearest(name, _BY_ID)
            problems.append(f"keys: there is no action “{name}”" + (f"; did you mean {near}?" if near else ""))
    for where in ("queue", "detail", "conflicts", "compare", "outbox", "updates", "ledger", "postmortem"):
        problems += _clashes(where, remapped)
    return problems


def _clashes(where: str, remapped: Mapping[str, str]) -> list[str]:
    taken: dict[str, str] = {}
    problems = []
    for key in keys_of(where):
        for each in remapped.get(key.id, key.keys).split(","):
            name = each.strip()
            if name != UNBOUND and taken.setdefault(name, key.id) != key.id:
                problems.append(f"keys: {name} is on both {taken[name]} and {key.id}")
    return problems


def table(rows: Sequence[Key] = KEYS) -> str:
    """Return the key table in Markdown, for the README."""
    titles = {
        "everywhere": "Everywhere", "queue": "Queue", "detail": "Detail", "conflicts": "Conflicts",
        "compare": "Texts side by side", "outbox": "Outbox", "updates": "Updates",
        "ledger": "Sync", "postmortem": "Post-mortem",
    }  # fmt: skip
    lines = []
    for where, title in titles.items():
        lines += [f"| {title} | |", "| --- | --- |"]
        lines += [f"| `{key.shown}` | {key.what} |" for key in rows if key.where == where]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
