"""Makes the sample store: every story is told through the journal, at the times it is said to have happened."""

from __future__ import annotations

import getpass
import os
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from app.demo.scenarios import STORIES
from app.demo.story import ME, Step, Story
from domain import actions, lifecycle, updates
from domain.entry import Draft
from domain.errors import BadValue
from domain.incident import Incident
from domain.parties import PARTIES
from domain.silences import silence
from domain.telling import tell
from domain.times import DAY, MINUTE, SECOND, iso, parse_duration, parse_moment
from storage.backup import backup
from storage.journal import Journal
from storage.store import prepare
from storage.writing import Writing

Drafts = tuple[Draft, ...]
_SHM = "/dev/shm"  # noqa: S108 - a private folder is made in it


class DemoClock:
    """A clock that stands at the moment of the story being told, ms."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return the moment."""
        return self.now


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of one story at its moment; `step` None raises the incident."""

    at: int
    story: Story
    step: Step | None


def make(path: Path, now_ms: int, seed: int = 7, me: str | None = None) -> None:
    """Make a store of about forty sample incidents of the quarter before `now_ms`.

    Args:
        path: A file that does not exist yet.
        now_ms: The present of the sample, ms; nothing in it is later.
        seed: The same seed, present, reader and host give the same entries.
        me: The reader, who owns two of the open ones; None means the login name.

    Raises:
        BadValue: There is a file already; a demo never writes among real incidents.
        StoreError: The file cannot be made.
    """
    if path.exists() and path.stat().st_size:
        raise BadValue(f"There is a file already: {path}", "Name a new file for the demo.", "exists")
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-", dir=_memory()) as folder:
        scratch = Path(folder) / "tocsin.db"
        prepare(scratch)
        Teller(scratch, now_ms, random.Random(seed), me or getpass.getuser()).tell(STORIES)
        path.unlink(missing_ok=True)  # an empty file
        backup(scratch, path)


def _memory() -> str | None:
    # Six hundred writes, each waiting for the disk, are slow on a busy one; a copy of the result waits once.
    return _SHM if os.access(_SHM, os.W_OK | os.X_OK) else None


class Teller:
    """Tells stories to a journal, one author and one moment at a time."""

    def __init__(self, path: Path, now: int, chance: random.Random, me: str) -> None:
        self._now, self._chance, self._me = now, chance, me
        self._clock = DemoClock(now)
        self._journal = Journal(path, me, self._clock, chance.getrandbits)
        self._ids: dict[str, str] = {}

    def tell(self, stories: tuple[Story, ...]) -> None:
        """Record everything in the order it happened, whichever story it belongs to."""
        scenes = [scene for story in stories for scene in self._scenes(story)]
        try:
            for scene in sorted(scenes, key=lambda each: each.at):
                self._clock.now = scene.at
                self._play(scene)
        finally:
            self._journal.close()

    def _scenes(self, story: Story) -> list[Scene]:
        raised = self._now - parse_duration(story.ago)
        raised = parse_moment(story.clock, raised, UTC) if story.clock else raised
        raised -= self._chance.randrange(MINUTE)
        scenes, at = [Scene(raised, story, None)], raised
        for step in story.steps:
            # People are not punctual, but nobody acts before what came before, nor after now.
            at = max(at + SECOND, raised + step.after * MINUTE + self._chance.randrange(20 * SECOND))
            scenes.append(Scene(min(at, self._now), story, step))
        return scenes

    def _play(self, scene: Scene) -> None:
        story, step = scene.story, scene.step
        alert = story.alert if step is None else step.do == "alert"
        self._journal.author = self._name(story.by if step is None else step.who)
        self._journal.source = "alert" if alert else "human"
        if step is None:
            self._ids[story.key] = self._journal.raise_incident(self._raised(scene)).id
        elif step.do == "undo":
            self._journal.undo(self._ids[story.key])
        else:
            self._record(scene, step)

    def _record(self, scene: Scene, step: Step) -> None:
        incident = self._ids[scene.story.key]
        happened = scene.at - step.back * MINUTE if step.back else None
        with self._journal.writing() as writing:
            telling = Telling(self, scene, step, happened, writing)
            made = writing.record(incident, _VERBS[step.do](telling, writing.incident(incident)))
            if step.star:
                writing.record(incident, actions.star(writing.incident(incident), made[0].id))

    def _raised(self, scene: Scene) -> Drafts:
        story = scene.story
        priority, _, severity = story.level.partition(" ")
        kind, technical, service = story.kind
        values: dict[str, Any] = {
            "description": story.description,
            "priority": priority or None,
            "severity": severity or None,
            "type": kind,
            "technical_category": technical,
            "service_category": service,
            "impact_started_at": None if story.impact is None else scene.at - story.impact * MINUTE,
            "detected_at": None if story.detected is None else scene.at - story.detected * MINUTE,
            "drill": True if story.drill else None,
        }
        named = (("tag", story.tags), ("originator", story.originators))
        items = [Draft("add", what, {"name": name}, over=()) for what, names in named for name in names]
        resources = (actions.resource(each) for each in story.resources)
        return (*actions.raise_incident(story.title, values), *resources, *items)

    def _name(self, who: str) -> str:
        return self._me if who == ME else who

    def incident_of(self, key: str) -> str:
        """Return the id of a story that has been raised."""
        return self._ids[key]

    def person(self, who: str) -> str:
        """Return a name as it is recorded."""
        return self._name(who)

    def fresh(self) -> str:
        """Return a new id for a follow-up."""
        return f"{self._chance.getrandbits(40):010x}"


@dataclass(frozen=True, slots=True)
class Telling:
    """What a verb needs besides the incident; `happened` in ms, None for now."""

    teller: Teller
    scene: Scene
    step: Step
    happened: int | None
    writing: Writing


def _note(telling: Telling, _incident: Incident) -> Drafts:
    return actions.note(telling.step.text, occurred_at=telling.happened)


def _move(telling: Telling, incident: Incident) -> Drafts:
    step = telling.step
    wanted = step.more["status"]
    why = "reason" if lifecycle.TABLE[incident.status, wanted].reason else "note"
    given = {why: step.text, "label": step.more["label"]}
    return actions.move(incident, wanted, text=given, occurred_at=telling.happened)


def _close(telling: Telling, incident: Incident) -> Drafts:
    return actions.move(incident, "closed", text={"waive": telling.step.more["waive"]})


def _mitigate(telling: Telling, incident: Incident) -> Drafts:
    step, now = telling.step, telling.scene.at
    return actions.mitigate(incident, note=step.text, occurred_at=telling.happened, now=now)


def _alert(telling: Telling, incident: Incident) -> Drafts:
    step, at = telling.step, telling.scene.at
    name, status = step.more["name"], step.more["status"]
    first = incident.resources[0].name if incident.resources else "unknown"
    body = {
        "fingerprint": f"{telling.scene.story.key}-{name.lower()}",
        "status": status,
        "title": name,
        "labels": {"alertname": name, "instance": first, "severity": incident.severity or "warning"},
        "annotations": {"summary": step.text},
        "starts_at": iso(at),
    }
    return (Draft("fact", "alert", body),)


def _command(telling: Telling, _incident: Incident) -> Drafts:
    step = telling.step
    body = {
        "command": step.text,
        "exit_code": int(step.more["exit_code"]),
        "duration_ms": 400 + 7 * len(step.text),
        "output": step.more["output"],
    }
    return (Draft("fact", "command", body),)


def _follow_up(telling: Telling, incident: Incident) -> Drafts:
    step = telling.step
    due = str(iso(incident.raised_at + int(step.more["due"]) * DAY))[:10]
    return actions.follow_up(telling.teller.fresh(), step.text, telling.teller.person(step.more["owner"]), due)


def _relate(telling: Telling, incident: Incident) -> Drafts:
    step = telling.step
    other = telling.writing.incident(telling.teller.incident_of(step.more["other"]))
    return actions.relate(incident, other, step.more["relation"], step.text)


def _set(telling: Telling, incident: Incident) -> Drafts:
    return actions.set_fields(incident, {telling.step.more["field"]: telling.step.text})


def _assign(telling: Telling, incident: Incident) -> Drafts:
    return actions.assign(incident, telling.teller.person(telling.step.text))


def _role(telling: Telling, incident: Incident) -> Drafts:
    return actions.assign_role(incident, telling.teller.person(telling.step.text), telling.step.more["role"])


def _update(telling: Telling, incident: Incident) -> Drafts:
    step, more = telling.step, telling.step.more
    return updates.write_update(
        incident, now=telling.scene.at, wording=more["wording"], know=step.text, do=more["do"], parties=PARTIES
    )


def _told(telling: Telling, incident: Incident) -> Drafts:
    return tell(incident, list(telling.step.more), now=telling.scene.at, parties=PARTIES)


def _silence(telling: Telling, incident: Incident) -> Drafts:
    step, at = telling.step, telling.scene.at
    return silence(incident, at + parse_duration(step.more["for"]), step.text, now=at)


_VERBS: Mapping[str, Callable[[Telling, Incident], Drafts]] = {
    "note": _note,
    "ack": lambda _telling, incident: actions.acknowledge(incident),
    "assign": _assign,
    "move": _move,
    "close": _close,
    "mitigate": _mitigate,
    "alert": _alert,
    "command": _command,
    "cause": lambda telling, incident: actions.add_item(incident, "cause", telling.step.text),
    "action": lambda telling, incident: actions.add_item(incident, "action", telling.step.text),
    "follow_up": _follow_up,
    "relate": _relate,
    "role": _role,
    "set": _set,
    "update": _update,
    "told": _told,
    "silence": _silence,
    "write": lambda telling, incident: actions.write_sections(incident, telling.step.more),
    "publish": lambda _telling, incident: actions.publish(incident),
}
