"""What each action writes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from domain import actions, limits
from domain.entry import KINDS, SOURCES, Draft
from domain.errors import BadValue, Mistake, Refused
from domain.incident import FollowUp, Incident, Item
from domain.vocabulary import RELATIONS
from tests.domain.timeline import START, entry, raised


def incident(**values: Any) -> Incident:
    return Incident("i", **{"ref": "INC-TEST1", "title": "Mail is down", **values})


def short(drafts: Iterable[Draft]) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for draft in drafts:
        assert draft.kind in KINDS
        assert draft.source is None or draft.source in SOURCES
        found.append((draft.kind, draft.what, dict(draft.body)))
    return found


def refused(action: Callable[[], object], code: str, kind: type[Mistake] = Refused) -> Mistake:
    with pytest.raises(kind) as caught:
        action()
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.remedy
    return caught.value


# -- raising, notes ----------------------------------------------------------------------------------------------


def test_raise_leaves_out_what_nobody_said() -> None:
    drafts = actions.raise_incident("  Mail is down ", {"severity": None, "priority": "P1"}, occurred_at=7)
    assert short(drafts) == [("raise", "raise", {"title": "Mail is down", "priority": "P1"})]
    assert drafts[0].occurred_at == 7


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_blank_text_is_refused(text: str) -> None:
    refused(lambda: actions.raise_incident(text, {}), "blank", BadValue)
    refused(lambda: actions.note(text), "blank", BadValue)
    refused(lambda: actions.amend("n", text), "blank", BadValue)
    refused(lambda: actions.add_item(incident(), "tag", text), "blank", BadValue)
    refused(lambda: actions.assign_role(incident(), text, "scribe"), "blank", BadValue)


def test_long_text_is_refused_not_cut() -> None:
    assert actions.note("x" * limits.NOTE)[0].body["text"] == "x" * limits.NOTE
    refused(lambda: actions.note("x" * (limits.NOTE + 1)), "too_long", BadValue)
    refused(lambda: actions.raise_incident("x" * (limits.TITLE + 1), {}), "too_long", BadValue)
    refused(lambda: actions.write_sections(incident(), {"impact": "x" * (limits.SECTION + 1)}), "too_long", BadValue)


def test_a_note_keeps_its_indentation_and_its_moment() -> None:
    drafts = actions.note("\n    code\nmore  \n", occurred_at=5)
    assert short(drafts) == [("note", "note", {"text": "    code\nmore"})]
    assert drafts[0].occurred_at == 5
    assert short(actions.amend("n1", "new")) == [("amend", "note:n1", {"text": "new"})]


# -- people ------------------------------------------------------------------------------------------------------


def test_acknowledge() -> None:
    assert short(actions.acknowledge(incident())) == [("fact", "acknowledged", {})]
    twice = incident(acknowledged_at=START, acknowledged_by="bo")
    assert "bo" in refused(lambda: actions.acknowledge(twice), "already_acknowledged").message
    refused(lambda: actions.acknowledge(incident(status="resolved")), "closed")


def test_take_acknowledges_when_nobody_has() -> None:
    assert [draft.what for draft in actions.take(incident(), "ana")] == ["acknowledged", "owner"]
    assert [draft.what for draft in actions.take(incident(acknowledged_at=5), "ana")] == ["owner"]
    assert [draft.what for draft in actions.take(incident(status="resolved"), "ana")] == ["owner"]
    refused(lambda: actions.take(incident(owner="ana"), "ana"), "no_change")


def test_assign() -> None:
    assert short(actions.assign(incident(), " bo ")) == [("set", "owner", {"value": "bo"})]
    assert short(actions.assign(incident(owner="bo"), " ")) == [("set", "owner", {"value": None})]
    assert "bo already" in refused(lambda: actions.assign(incident(owner="bo"), "bo"), "no_change").message
    assert "nobody" in refused(lambda: actions.assign(incident(), ""), "no_change").message


def test_a_role_has_one_holder_but_there_may_be_many_experts() -> None:
    held = (Item("e1", "bo", relation="commander"), Item("e2", "cy", relation="expert"))
    handed = actions.assign_role(incident(roles=held), "ana", "Commander")
    assert short(handed) == [
        ("drop", "role", {"name": "bo", "relation": "commander"}),
        ("add", "role", {"name": "ana", "relation": "commander"}),
    ]
    assert handed[0].over == ("e1",)
    assert [draft.kind for draft in actions.assign_role(incident(roles=held), "ana", "expert")] == ["add"]
    refused(lambda: actions.assign_role(incident(), "ana", "jester"), "bad_value", BadValue)


# -- mitigation, fields ------------------------------------------------------------------------------------------


def test_a_person_may_acknowledge_what_was_only_implied() -> None:
    implied = incident(acknowledged_at=START, acknowledged_by=None)
    assert short(actions.acknowledge(implied)) == [("fact", "acknowledged", {})]


def test_mitigate_and_its_chronology() -> None:
    begun = incident(impact_started_at=START)
    assert short(actions.mitigate(begun, note=" rerouted ", now=START)) == [("fact", "mitigated", {"note": "rerouted"})]
    assert actions.mitigate(begun, occurred_at=START + 5, now=START + 9)[0].occurred_at == START + 5
    refused(lambda: actions.mitigate(begun, occurred_at=START - 1, now=START + 9), "order")
    refused(lambda: actions.mitigate(incident(mitigated_at=START), now=START), "already_mitigated")
    refused(lambda: actions.mitigate(incident(status="invalid"), now=START), "closed")


def test_set_fields_writes_only_what_differs() -> None:
    stands = incident(severity="low", custom={"team": "blue"}, drill=False)
    values = {"severity": "low", "custom:team": "red", "drill": True, "owner": None}
    assert short(actions.set_fields(stands, values)) == [
        ("set", "custom:team", {"value": "red"}),
        ("set", "drill", {"value": True}),
    ]
    refused(lambda: actions.set_fields(stands, {"severity": "low", "drill": False, "custom:x": None}), "no_change")


def test_the_value_shown_in_a_conflict_can_be_chosen() -> None:
    journal = raised(severity="high", owner="bo")
    for name, value in (("severity", "low"), ("owner", "ana")):
        journal.receive(entry(f"x-{name}", "set", name, {"value": value}, hlc=journal.hlc + 1))
    assert (journal.incident.severity, journal.incident.owner) == ("high", "ana")
    assert set(journal.incident.conflicts) == {"severity", "owner"}
    journal.record(actions.set_fields(journal.incident, {"severity": "high"}))
    journal.record(actions.assign(journal.incident, "ana"))
    assert (journal.incident.severity, journal.incident.owner) == ("high", "ana")
    assert not journal.incident.conflicts


def test_the_impact_cannot_begin_after_it_was_mitigated() -> None:
    over = incident(mitigated_at=START)
    assert actions.set_fields(over, {"impact_started_at": START})
    refused(lambda: actions.set_fields(over, {"impact_started_at": START + 1}), "order")


# -- collections -------------------------------------------------------------------------------------------------


def test_add_item() -> None:
    held = incident(resources=(Item("e1", "db", severity="low", also=("e0",)),))
    added = actions.add_item(held, "resource", " smtp ", severity="high", description=None)
    assert short(added) == [("add", "resource", {"name": "smtp", "severity": "high"})]
    assert added[0].over == ()
    assert actions.add_item(held, "resource", "db", severity="high")[0].over == ("e1", "e0")
    refused(lambda: actions.add_item(held, "resource", "db", severity="low"), "no_change")
    refused(lambda: actions.add_item(held, "resource", "db"), "no_change")
    full = incident(tags=tuple(Item(f"e{n}", f"t{n}") for n in range(limits.TAGS)))
    refused(lambda: actions.add_item(full, "tag", "one more"), "too_many")


def test_drop_item() -> None:
    tags = (Item("e1", "db", also=("e0",)), Item("e2", "mail"))
    assert actions.drop_item(incident(tags=tags), "tag", "db")[0].over == ("e1", "e0")
    assert "mail" in refused(lambda: actions.drop_item(incident(tags=tags), "tag", "mial"), "no_such_item").remedy
    refused(lambda: actions.drop_item(incident(), "tag", "db"), "no_such_item")
    related = (Item("e3", "INC-OTHER", relation="prior", incident="o"),)
    assert actions.drop_item(incident(related=related), "related", "o")[0].over == ("e3",)
    assert actions.drop_item(incident(related=related), "related", "INC-OTHER")[0].over == ("e3",)


def test_a_tag_that_two_devices_added_is_gone_after_one_drop() -> None:
    journal = raised()
    journal.receive(entry("x1", "add", "tag", {"name": "db"}))
    journal.receive(entry("x2", "add", "tag", {"name": "db"}, device="d2"))
    journal.record(actions.drop_item(journal.incident, "tag", "db"))
    assert journal.incident.tags == ()


@pytest.mark.parametrize(("relation", "back"), RELATIONS.items())
def test_a_relation_is_written_on_both_timelines(relation: str, back: str) -> None:
    here, there = incident(), Incident("o", ref="INC-OTHER")
    near, far = actions.relate(here, there, relation.upper(), " same disk ")
    assert (near.incident, near.body["incident"], near.body["relation"]) == (None, "o", relation)
    assert (far.incident, far.body["incident"], far.body["relation"]) == ("o", "i", back)
    assert near.body["description"] == far.body["description"] == "same disk"


def test_a_relation_is_refused_to_itself_and_twice() -> None:
    other = Incident("o", ref="INC-OTHER")
    refused(lambda: actions.relate(incident(), incident(), "prior"), "self")
    held = incident(related=(Item("e1", "INC-OTHER", relation="prior", incident="o"),))
    refused(lambda: actions.relate(held, other, "prior"), "no_change")
    assert actions.relate(held, other, "cause")
    refused(lambda: actions.relate(held, other, "cousin"), "bad_value", BadValue)


# -- moves (the table itself is in test_lifecycle) ---------------------------------------------------------------


def test_a_move_is_dated_whole() -> None:
    drafts = actions.move(incident(), "resolved", text={"note": " restarted "}, occurred_at=START)
    assert short(drafts) == [
        ("fact", "acknowledged", {}),
        ("set", "status", {"value": "resolved", "note": "restarted"}),
    ]
    assert {draft.occurred_at for draft in drafts} == {START}


def test_a_waiver_is_no_part_of_a_status() -> None:
    drafts = actions.move(incident(), "reviewed", text={"waive": "no", "note": "seen"})
    assert short(drafts) == [("set", "status", {"value": "reviewed", "note": "seen"})]


# -- the post-mortem ---------------------------------------------------------------------------------------------


def test_sections_that_did_not_change_are_not_written() -> None:
    held = incident(sections={"impact": "no mail"})
    assert short(actions.write_sections(held, {"impact": "no mail", "cause": "disk"})) == [
        ("set", "pm:cause", {"value": "disk"})
    ]
    assert actions.write_sections(held, {"impact": "no mail"}) == ()


def test_publish() -> None:
    assert short(actions.publish(incident(status="resolved"))) == [("fact", "postmortem_published", {})]
    refused(lambda: actions.publish(incident(status="validated")), "transition")
    refused(lambda: actions.publish(incident(status="resolved", published_at=START)), "no_change")


def test_follow_ups() -> None:
    drafts = actions.follow_up("f1", " Add a probe ", " ana ", "")
    assert short(drafts) == [
        ("set", "act:f1.title", {"value": "Add a probe"}),
        ("set", "act:f1.owner", {"value": "ana"}),
    ]
    held = incident(follow_ups=(FollowUp("f1", "Add a probe"),))
    assert short(actions.finish_follow_up(held, "f1")) == [("set", "act:f1.done", {"value": True})]
    assert actions.finish_follow_up(held, "f1", done=False)[0].body == {"value": False}
    refused(lambda: actions.finish_follow_up(held, "f2"), "no_such_item")


def test_star_toggles() -> None:
    assert short(actions.star(incident(), "n1")) == [("set", "star:n1", {"value": True})]
    assert actions.star(incident(starred=frozenset({"n1"})), "n1")[0].body == {"value": False}
