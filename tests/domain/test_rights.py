"""Who may write what: every role against every kind and field."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entry import KINDS, Entry
from domain.fields import SETTABLE
from domain.replay import Replay
from domain.rights import ROLES, needed, objection, rank

# Written out once more, so that a slip in the table of the rules is seen: all others are for responders.
ASKS = {
    ("redact", "body:X"): "commander",
    ("set", "restricted"): "commander",
    ("fact", "postmortem_waived"): "commander",
    ("device", "revoked"): "admin",
    # The same fields by other kinds, which no tocsin writes and somebody might.
    **{(kind, "restricted"): "commander" for kind in ("amend", "drop", "add", "note", "raise", "newer")},
    **{(kind, "fact:postmortem_waived"): "commander" for kind in ("amend", "drop", "add", "set", "note")},
}
REGISTERS = tuple(field.register for field in SETTABLE.values())
FACTS = ("raised", "acknowledged", "mitigated", "closed", "reopened", "told", "published", "postmortem_waived")
WRITTEN = [
    *product(("set",), (*REGISTERS, "status", "restricted", "custom:anything", "summary")),
    *product(("fact",), FACTS),
    *product(("add", "drop"), ("tag", "resource", "originator", "cause", "action", "related")),
    ("raise", "raise"), ("note", "note"), ("amend", "note:X"), ("alias", "alias"), ("redact", "body:X"),
    ("device", "continues"), ("device", "revoked"), ("newer", "newer"), *ASKS,
]  # fmt: skip


def entry(kind: str, what: str) -> Entry:
    return Entry(
        id="e", incident="i", device="d", dseq=1, hlc=1, kind=kind, what=what, author="ana", source="human",
        occurred_at=0, recorded_at=0, over=(), body="{}", bhash=b"", hash=b"",
    )  # fmt: skip


def test_every_kind_is_in_the_matrix() -> None:
    assert {kind for kind, _what in WRITTEN} == KINDS | {"newer"}
    assert {what for kind, what in WRITTEN if kind == "set"} > set(REGISTERS)


@pytest.mark.parametrize(("role", "written"), product((*ROLES, "", "owner"), WRITTEN))
def test_each_role_may_write_what_the_table_says(role: str, written: tuple[str, str]) -> None:
    least = ASKS.get(written, "responder")
    assert needed(*written) == least
    allowed = role in ROLES and ROLES.index(role) >= ROLES.index(least)
    why = objection(role, entry(*written))
    assert (why is None) is allowed
    if why is not None:
        assert least in why
        assert written[0] in why


def test_an_administrator_may_write_everything_and_a_viewer_nothing() -> None:
    assert [written for written in WRITTEN if objection("admin", entry(*written))] == []
    assert [written for written in WRITTEN if objection("viewer", entry(*written)) is None] == []


def test_no_kind_goes_round_a_field_that_asks_for_more() -> None:
    """Whoever may not set a field can neither replace nor take away what somebody has set."""
    for name in ("restricted", "fact:postmortem_waived"):
        fact = name.startswith("fact:")
        set_ = replace(entry("fact" if fact else "set", name.removeprefix("fact:")), body='{"value":true}', id="set")
        assert Replay("i").extend([set_]).value(name)
        for kind in (*KINDS, "newer"):
            for what in (name, name.removeprefix("fact:")):
                other = replace(entry(kind, what), id="other", over=("set",), body='{"value":false,"text":"","of":""}')
                if Replay("i").extend([set_, other]).heads(name) != Replay("i").extend([set_]).heads(name):
                    assert objection("responder", other) is not None, (kind, what)


def test_raising_an_incident_once_more_does_not_open_it() -> None:
    opening = replace(entry("raise", "raise"), body='{"title":"x","restricted":false}')
    assert [role for role in ROLES if objection(role, opening) is None] == ["commander", "admin"]
    for body in ('{"title":"x","restricted":true}', '{"title":"x"}', None):
        assert objection("responder", replace(opening, body=body)) is None


@given(kind=st.text(max_size=20), what=st.text(max_size=20))
def test_whoever_is_more_may_do_what_whoever_is_less_may(kind: str, what: str) -> None:
    may = [objection(role, entry(kind, what)) is None for role in ROLES]
    assert may == sorted(may)
    assert may[0] is False
    assert may[-1] is True


@pytest.mark.parametrize("role", ["", "Admin", "ADMIN", "admin ", "root", "commander\0"])
def test_a_role_that_nobody_knows_may_write_nothing(role: str) -> None:
    assert rank(role) == -1
    assert [written for written in WRITTEN if objection(role, entry(*written)) is None] == []
