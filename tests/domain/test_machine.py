"""Random days: actions, undoing and other devices in any mix keep the rules, and the order never matters."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import actions, lifecycle
from domain.entry import Draft, Entry
from domain.errors import Mistake
from domain.incident import Incident
from domain.replay import replay
from domain.undo import undo
from domain.vocabulary import CLOSED_STATUSES, PRIORITIES, RELATIONS, ROLES, SEVERITIES, STATUSES
from tests.domain.timeline import INCIDENT, START, Memory, entry, view

Action = Callable[[Incident], Sequence[Draft]]
TEXTS = st.sampled_from(["", "  ", "seen", "because", "ünïcode"])
PEOPLE = st.sampled_from(["ana", "bo", "cy", ""])
ITEMS = st.sampled_from(["db", "mail", "smtp"])
OTHERS = [Incident(f"other-{n}", ref=f"INC-OTHER{n}") for n in range(2)]


class Timeline(RuleBasedStateMachine):
    """One incident on one device, with another device that writes what it likes without having seen anything."""

    @initialize(priority=st.sampled_from([None, *PRIORITIES]))
    def begin(self, priority: str | None) -> None:
        self.journal = Memory()
        self.journal.record(actions.raise_incident("Mail is down", {"priority": priority}))
        self.done: list[list[Entry]] = []

    def act(self, action: Action, again: int) -> None:
        """Do an action; then undo it, or undo and redo it, as `again` says; a refusal changes nothing."""
        before = view(self.journal)
        drafts, said = self.drafts(action)
        if drafts is None:
            assert said
            assert view(self.journal) == before
            return
        made = self.journal.record(drafts)
        after = view(self.journal)
        for step in range(again):
            made = self.journal.undo(made)
            assert view(self.journal) == (after if step % 2 else before)
        self.done.append(made)

    def drafts(self, action: Action) -> tuple[Sequence[Draft] | None, str]:
        try:
            return action(self.journal.incident), ""
        except Mistake as error:
            return None, error.message

    @rule(ms=st.sampled_from([0, 1, 60_000, 3_600_000]))
    def time_passes(self, ms: int) -> None:
        self.journal.now += ms

    @rule(
        wanted=st.sampled_from([*STATUSES, "closed"]),
        texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS),
        strict=st.booleans(),
        late=st.sampled_from([None, 0, 90_000]),
        again=st.integers(0, 3),
    )
    def move(self, wanted: str, texts: tuple[str, ...], strict: bool, late: int | None, again: int) -> None:
        text = dict(zip(("note", "reason", "label", "waive"), texts, strict=True))
        at = None if late is None else self.journal.now - late
        old = self.journal.incident
        self.act(lambda i: actions.move(i, wanted, text=text, strict=strict, occurred_at=at), again)
        new = self.journal.incident
        if new.status != old.status:
            assert (old.status, new.status) in lifecycle.TABLE
        if old.status in CLOSED_STATUSES and new.status in ("reviewed", "validated"):
            assert new.reopened_at is not None
            assert new.mitigated_at is None

    @rule(who=PEOPLE, again=st.integers(0, 3))
    def take_or_assign(self, who: str, again: int) -> None:
        self.act(lambda i: actions.take(i, who) if who == "ana" else actions.assign(i, who), again)

    @rule(again=st.integers(0, 3))
    def acknowledge(self, again: int) -> None:
        self.act(actions.acknowledge, again)

    @rule(again=st.integers(0, 3), note=TEXTS)
    def mitigate(self, again: int, note: str) -> None:
        self.act(lambda i: actions.mitigate(i, note=note, now=self.journal.now), again)

    @rule(again=st.integers(0, 3))
    def publish(self, again: int) -> None:
        self.act(actions.publish, again)

    @rule(again=st.integers(0, 3), text=TEXTS, amends=st.booleans())
    def write(self, again: int, text: str, amends: bool) -> None:
        notes = self.journal.replay.notes()
        self.act(lambda _: actions.amend(notes[0][0].id, text) if amends and notes else actions.note(text), again)

    @rule(
        again=st.integers(0, 3),
        severity=st.sampled_from([None, *SEVERITIES]),
        priority=st.sampled_from([None, *PRIORITIES]),
        began=st.sampled_from([None, START - 5, START + 90_000]),
    )
    def set_fields(self, again: int, severity: str | None, priority: str | None, began: int | None) -> None:
        values = {"severity": severity, "priority": priority, "impact_started_at": began, "custom:x": severity}
        self.act(lambda i: actions.set_fields(i, values), again)

    @rule(again=st.integers(0, 3), name=ITEMS, severity=st.sampled_from([None, *SEVERITIES]))
    def add(self, again: int, name: str, severity: str | None) -> None:
        self.act(lambda i: actions.add_item(i, "resource", name, severity=severity), again)

    @rule(again=st.integers(0, 3), collection=st.sampled_from(["resource", "tag", "role", "related"]), name=ITEMS)
    def drop(self, again: int, collection: str, name: str) -> None:
        wanted = {"role": "bo", "related": "INC-OTHER1"}.get(collection, name)
        self.act(lambda i: actions.drop_item(i, collection, wanted), again)

    @rule(again=st.integers(0, 3), who=PEOPLE, role=st.sampled_from(ROLES))
    def assign_role(self, again: int, who: str, role: str) -> None:
        self.act(lambda i: actions.assign_role(i, who, role), again)

    @rule(again=st.integers(0, 3), other=st.sampled_from(OTHERS), relation=st.sampled_from(sorted(RELATIONS)))
    def relate(self, again: int, other: Incident, relation: str) -> None:
        self.act(lambda i: actions.relate(i, other, relation), again)

    @rule(again=st.integers(0, 3), text=TEXTS, due=st.sampled_from(["", "2026-12-01"]))
    def post_mortem(self, again: int, text: str, due: str) -> None:
        self.act(lambda i: actions.write_sections(i, {"impact": text}), again)
        self.act(lambda _: actions.follow_up("f1", "Add a probe", "ana", due), again)
        self.act(lambda i: actions.finish_follow_up(i, "f1", due == ""), again)

    @rule(name=st.sampled_from(["severity", "priority", "owner"]), value=st.sampled_from(["critical", "P1", "zed"]))
    def another_device_sets(self, name: str, value: str) -> None:
        self._receive("set", name, {"value": value})

    @rule(name=ITEMS)
    def another_device_adds(self, name: str) -> None:
        self._receive("add", "tag", {"name": name})

    def _receive(self, kind: str, what: str, body: dict[str, str]) -> None:
        identifier = f"d2-{len(self.journal.entries):05d}"
        stamp = self.journal.now << 16
        self.journal.receive(entry(identifier, kind, what, body, device="d2", hlc=stamp, occurred_at=self.journal.now))

    @rule(which=st.integers(0, 50))
    def undo_something_older(self, which: int) -> None:
        if self.done:
            made = self.done.pop(which % len(self.done))
            self.act(lambda _: undo(self.journal.replay, made, self.journal.entries), 0)

    @invariant()
    def the_moments_agree_with_the_status(self) -> None:
        incident = self.journal.incident
        assert incident.status in STATUSES
        assert (incident.ended_at is not None) == (incident.status in CLOSED_STATUSES)
        assert (incident.resolved_at is not None) == (incident.status == "resolved")
        assert (incident.status_label is not None) == (incident.status == "other")
        assert incident.closed_at is None or incident.status in CLOSED_STATUSES
        assert (incident.phase == "Closed") == (incident.closed_at is not None)

    @invariant()
    def a_verdict_is_an_answer(self) -> None:
        for verdict in lifecycle.choices(self.journal.incident):
            assert verdict.step is not None or (verdict.why and verdict.remedy)

    @invariant()
    def the_order_of_the_entries_does_not_matter(self) -> None:
        entries = self.journal.entries
        shuffled = random.Random(len(entries)).sample(entries, len(entries))
        assert replay(INCIDENT, shuffled) == self.journal.replay.result()


TestTimeline = Timeline.TestCase
TestTimeline.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
