"""How a sample incident is told: plain data, minutes after it was raised, and short words for each thing done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ME = "@me"
"""Stands for whoever opens the demo."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing somebody does.

    Attributes:
        after: Minutes after the incident was raised.
        who: Who does it; `ME` for the reader.
        do: A verb of `app.demo.maker`.
        text: The note, reason, name or title that goes with it.
        more: Anything else the verb takes.
        back: Minutes it happened before it was written down.
        star: Whether the note is marked for the post-mortem.
    """

    after: int
    who: str
    do: str
    text: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    back: int = 0
    star: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One sample incident.

    Attributes:
        key: Its name among the stories.
        ago: How long before now it was raised, e.g. `3d4h`.
        clock: The time of day (UTC) it was raised, the latest one not after that; empty leaves it.
        by: Who raised it; an alert when `alert` is set.
        level: Priority and severity, e.g. `P1 critical`; empty for neither.
        kind: Incident type, technical and service category, in the words of `domain.vocabulary`.
        resources: Names with a severity, e.g. `checkout-api:high`.
        impact: Minutes before the raise at which the impact began; None when nobody knows.
        detected: Minutes before the raise at which it was detected.
    """

    key: str
    title: str
    ago: str
    by: str
    level: str
    kind: tuple[str, str, str]
    description: str
    steps: tuple[Step, ...] = ()
    tags: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    originators: tuple[str, ...] = ()
    impact: int | None = None
    detected: int | None = None
    clock: str = ""
    alert: bool = False
    drill: bool = False


def note(after: int, who: str, text: str, *, back: int = 0, star: bool = False) -> Step:
    """Tell a note, perhaps of something that happened `back` minutes earlier."""
    return Step(after, who, "note", text, back=back, star=star)


def ack(after: int, who: str) -> Step:
    """Tell an acknowledgement."""
    return Step(after, who, "ack")


def own(after: int, who: str, owner: str = "") -> Step:
    """Tell a new owner, the one who says so unless another is named."""
    return Step(after, who, "assign", owner or who)


def move(after: int, who: str, status: str, text: str = "", *, label: str = "", back: int = 0) -> Step:
    """Tell a change of status with its note and reason, or the closing."""
    return Step(after, who, "move", text, {"status": status, "label": label}, back)


def calm(after: int, who: str, text: str, *, back: int = 0) -> Step:
    """Tell that the impact has stopped."""
    return Step(after, who, "mitigate", text, back=back)


def firing(after: int, name: str, summary: str) -> Step:
    """Tell that an alert fires."""
    return Step(after, "alertmanager", "alert", summary, {"name": name, "status": "firing"})


def silent(after: int, name: str, summary: str) -> Step:
    """Tell that an alert is over."""
    return Step(after, "alertmanager", "alert", summary, {"name": name, "status": "resolved"})


def ran(after: int, who: str, command: str, code: int = 0, output: str = "") -> Step:
    """Tell a command that was run, with its exit code and what it printed."""
    return Step(after, who, "command", command, {"exit_code": str(code), "output": output})


def cause(after: int, who: str, text: str) -> Step:
    """Tell a contributing cause."""
    return Step(after, who, "cause", text)


def did(after: int, who: str, text: str) -> Step:
    """Tell an action taken."""
    return Step(after, who, "action", text)


def todo(after: int, who: str, title: str, owner: str, due: int) -> Step:
    """Tell a follow-up and in how many days after the raise it is due."""
    return Step(after, who, "follow_up", title, {"owner": owner, "due": str(due)})


def like(after: int, who: str, other: str, relation: str, why: str = "") -> Step:
    """Tell a relation to another story, which must have been raised by then."""
    return Step(after, who, "relate", why, {"other": other, "relation": relation})


def undo(after: int, who: str) -> Step:
    """Take back what this person did last on the incident."""
    return Step(after, who, "undo")


def role(after: int, who: str, name: str, word: str) -> Step:
    """Give somebody a role."""
    return Step(after, who, "role", name, {"role": word})


def level(after: int, who: str, field_: str, value: str) -> Step:
    """Set a field, e.g. the priority."""
    return Step(after, who, "set", value, {"field": field_})


def write(after: int, who: str, **sections: str) -> Step:
    """Write sections of the post-mortem."""
    return Step(after, who, "write", "", sections)


def update(after: int, who: str, wording: str, know: str, do: str) -> Step:
    """Tell an update for those outside, from the templates."""
    return Step(after, who, "update", know, {"wording": wording, "do": do})


def told(after: int, who: str, *parties: str) -> Step:
    """Tell that parties were told the newest update."""
    return Step(after, who, "told", "", dict.fromkeys(parties, ""))


def hush(after: int, who: str, long: str, why: str) -> Step:
    """Tell a silence, e.g. of `30h`."""
    return Step(after, who, "silence", why, {"for": long})


def publish(after: int, who: str) -> Step:
    """Publish the post-mortem."""
    return Step(after, who, "publish")


def close(after: int, who: str, *, waive: str = "") -> Step:
    """Close it, for P1 and P2 perhaps without a post-mortem for the reason given."""
    return Step(after, who, "close", "", {"waive": waive})


def work(who: str, *, seen: int = 2, reviewed: int = 6, validated: int = 10) -> tuple[Step, ...]:
    """Tell the usual beginning: acknowledged, taken, reviewed, work begun."""
    return (ack(seen, who), own(seen, who), move(reviewed, who, "reviewed"), move(validated, who, "validated"))
