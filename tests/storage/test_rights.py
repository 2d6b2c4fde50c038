"""The rights of a shared store: every role at the one write door, and who gives and takes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from domain import actions, restriction
from domain.entry import KINDS, Draft
from domain.errors import BadValue, NoRight, Refused
from domain.grants import Login, Rights
from domain.incident import Incident
from domain.rights import ROLES, needed, rank
from storage.granting import Granting
from storage.rights import login, rights_of
from storage.store import Store
from storage.transfer import export_lines, import_lines
from tests.storage.conftest import START, Clock

GROUPS = {"dora": ("staff",), "carl": ("leads",), "rita": (), "vic": ("staff",), "nora": ()}
ROLE_OF = {"dora": "admin", "carl": "commander", "rita": "responder", "vic": "viewer"}
PEOPLE = {**dict.fromkeys(GROUPS, 1), "root": 1}
TEAMS = {"leads": 1, "staff": 2, "empty": 0}


def known(subject: str, name: str) -> int | None:
    return (PEOPLE if subject == "user" else TEAMS).get(name)


def who(name: str) -> Callable[[], Login]:
    return lambda: Login(name, GROUPS.get(name, ()), root=name == "root")


def granting(path: Path, name: str = "dora", at: int = START) -> Granting:
    return Granting(path, at, who(name), known)


@pytest.fixture
def as_(path: Path, clock: Clock, store: Store) -> Iterator[Callable[[str], Store]]:
    """Open the store as somebody; rights are set: an admin, a group of commanders, a responder and a viewer."""
    assert granting(path).grant("group", "leads", "commander")
    for name in ("rita", "vic"):
        granting(path).grant("user", name, ROLE_OF[name])
    opened: list[Store] = []

    def open_(name: str) -> Store:
        opened.append(Store(path, "whoever the settings say", clock, who=who(name)))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


DRAFTS = (
    Draft("raise", "raise", {"title": "new"}),
    Draft("raise", "raise", {"title": "new", "restricted": True}),
    Draft("raise", "raise", {"title": "new", "restricted": False}),
    Draft("note", "note", {"text": "seen"}),
    *(Draft("set", what, {"value": "x"}) for what in ("title", "status", "owner", "priority", "pm:impact", "custom:a")),
    Draft("set", "restricted", {"value": True}),
    *(Draft("fact", what, {}) for what in ("acknowledged", "told", "closed", "postmortem_waived", "a_newer_one")),
    *(Draft(kind, what, {"name": "x"}) for kind in ("add", "drop") for what in ("tag", "role", "related", "allowed")),
    Draft("amend", "note:x", {"text": "y"}),
    Draft("alias", "alias", {"of": "x"}),
    Draft("redact", "body:x", {"reason": "secret"}),
    Draft("device", "revoked", {}),
)


def test_every_kind_is_in_the_matrix() -> None:
    assert {draft.kind for draft in DRAFTS} == KINDS


@pytest.mark.parametrize("name", ["dora", "carl", "rita", "vic", "nora", "root"])
def test_each_role_writes_what_the_table_says_and_nothing_else(
    as_: Callable[[str], Store], raised: Callable[..., Incident], name: str
) -> None:
    mine = as_(name)
    role = "admin" if name == "root" else ROLE_OF.get(name, "viewer")
    for draft in DRAFTS:
        incident = as_("root").journal.raise_incident(actions.raise_incident("disk full", {}))
        before = mine.reader.vector()
        least = needed(draft.kind, draft.what, draft.body)
        if rank(role) >= rank(least):
            mine.journal.record(incident.id, lambda _incident, draft=draft: (draft,))
            entry = as_("root").reader.entries(incident.id)[-1]
            assert (entry.kind, entry.what, entry.author) == (draft.kind, draft.what, name)
        else:
            with pytest.raises(NoRight) as refused:
                mine.journal.record(incident.id, lambda _incident, draft=draft: (draft,))
            assert least in refused.value.message
            assert name in refused.value.message
            assert "dora" in refused.value.remedy
            assert ("rita" in refused.value.remedy) is (least == "responder")
            assert ("the group leads" in refused.value.remedy) is (least in ("responder", "commander"))
            assert mine.reader.vector() == before


def test_a_refusal_of_one_draft_leaves_nothing_of_the_others(as_: Callable[[str], Store]) -> None:
    """Whatever the caller makes of the refusal: a screen goes on with the other incidents of a bulk verb."""
    mine = as_("rita")
    incident = mine.journal.raise_incident(actions.raise_incident("disk full", {}))
    before = mine.reader.vector()
    with mine.journal.writing() as writing, pytest.raises(NoRight):
        writing.record(incident.id, (*actions.note("first"), Draft("set", "restricted", {"value": True})))
    assert mine.reader.vector() == before


def test_without_rights_everybody_may_everything_and_is_called_what_they_say(store: Store, clock: Clock) -> None:
    somebody = Store(store.path, "ana banana", clock, who=who("nora"))
    for draft in DRAFTS:
        if draft.kind != "device":
            incident = somebody.journal.raise_incident(actions.raise_incident("disk full", {}))
            somebody.journal.record(incident.id, lambda _incident, draft=draft: (draft,))
    assert {entry.author for entry in somebody.reader.entries(incident.id)} == {"ana banana"}
    somebody.close()


def test_undo_is_judged_by_what_it_writes(as_: Callable[[str], Store], path: Path) -> None:
    carl = as_("carl")
    incident = carl.journal.raise_incident(actions.raise_incident("disk full", {"owner": "carl"}))
    carl.journal.record(incident.id, restriction.restrict)
    granting(path).grant("user", "carl", "responder")
    granting(path).revoke("group", "leads")
    with pytest.raises(NoRight, match="set restricted"):
        carl.journal.undo()
    granting(path).grant("user", "carl", "commander")
    assert carl.journal.undo()[0][0].restricted is False


def test_an_import_is_for_administrators_and_what_a_hub_has_judged_for_everybody(
    as_: Callable[[str], Store], tmp_path: Path, clock: Clock
) -> None:
    with closing(Store(tmp_path / "other.db", "eve", clock)) as other:
        other.journal.raise_incident(actions.raise_incident("theirs", {}))
        file = tmp_path / "export"
        file.write_text("\n".join(export_lines(other.path)))
        (entry,) = other.reader.entries(other.reader.after(-1, 1)[0].id)
    for name in ("carl", "rita", "vic", "nora"):
        with file.open("rb") as stream, pytest.raises(NoRight, match="“import” needs the role admin") as refused:
            import_lines(as_(name).journal_as("sync"), stream)
        assert refused.value.remedy.startswith("dora may")
    with as_("vic").journal_as("sync").writing() as writing:
        assert writing.receive([entry], from_hub=True) == 1
    with file.open("rb") as stream:
        assert import_lines(as_("dora").journal_as("sync"), stream) == (1, 0)


def test_a_remote_is_added_and_removed_by_administrators(as_: Callable[[str], Store]) -> None:
    from storage.remotes import Remote

    remote = Remote("hub", "hub", "https://hub.example", since=START)
    for name in ("carl", "rita", "vic"):
        with pytest.raises(NoRight), as_(name).journal_as("sync").writing() as writing:
            writing.save_remote(remote)
    with as_("dora").journal_as("sync").writing() as writing:
        writing.save_remote(remote)
    with as_("vic").journal_as("sync").writing() as writing:
        writing.save_remote(remote)  # where an exchange stands is no change of it
    with pytest.raises(NoRight), as_("carl").journal_as("sync").writing() as writing:
        writing.forget_remote("hub")


# -- giving and taking


def test_the_first_right_makes_its_giver_an_administrator(path: Path, store: Store) -> None:
    assert granting(path, "rita").grant("user", "vic", "responder") is True
    found = [(each.whose, each.role, each.granted_by) for each in granting(path).listed()]
    assert found == [("rita", "admin", "rita"), ("vic", "responder", "rita")]
    with pytest.raises(NoRight, match="rights grant"):
        granting(path, "vic").grant("user", "vic", "admin")


def test_whoever_gives_the_first_one_to_themselves_must_be_administrator(path: Path, store: Store) -> None:
    with pytest.raises(NoRight, match="Nobody would be left"):
        granting(path, "rita").grant("user", "rita", "viewer")
    assert granting(path).listed(everything=True) == []
    granting(path, "rita").grant("user", "rita", "admin")
    assert [each.whose for each in granting(path).listed()] == ["rita"]


def test_the_last_administrator_stays(path: Path, store: Store) -> None:
    granting(path).grant("user", "rita", "responder")
    for change in (
        lambda: granting(path).revoke("user", "dora"),
        lambda: granting(path).grant("user", "dora", "viewer"),
        lambda: granting(path, "root").revoke("user", "dora"),
    ):
        with pytest.raises(NoRight) as refused:
            change()
        assert refused.value.code == "last_admin"
    granting(path).grant("group", "empty", "admin")
    with pytest.raises(NoRight):
        granting(path).revoke("user", "dora")  # a group of nobody can give nothing
    granting(path).grant("group", "leads", "admin")
    granting(path).revoke("user", "dora")
    assert granting(path, "carl").caller().role == "admin"  # type: ignore[union-attr]


def test_nothing_is_deleted_and_every_change_says_by_whom_and_when(path: Path, store: Store) -> None:
    granting(path, at=1).grant("user", "rita", "responder")
    granting(path, at=2).grant("user", "carl", "admin")
    granting(path, "carl", at=3).grant("user", "rita", "commander")
    granting(path, "carl", at=4).revoke("user", "rita")
    history = [each[1:] for each in granting(path).listed(everything=True) if each.name == "rita"]
    assert history == [
        ("user", "rita", "responder", "dora", 1, "carl", 3),
        ("user", "rita", "commander", "carl", 3, "carl", 4),
    ]
    assert "rita" not in {each.name for each in granting(path).listed()}


@pytest.mark.parametrize("name", ["carl", "rita", "vic", "nora"])
def test_only_an_administrator_changes_rights(as_: Callable[[str], Store], path: Path, name: str) -> None:
    for change in (
        lambda: granting(path, name).grant("user", name, "admin"),
        lambda: granting(path, name).revoke("user", "vic"),
        lambda: granting(path, name).otherwise("none"),
    ):
        with pytest.raises(NoRight) as refused:
            change()
        assert refused.value.remedy.startswith("dora may")


def test_what_does_not_exist_is_named(path: Path, store: Store) -> None:
    for wrong in (("user", "drоa", "viewer"), ("group", "nobody", "viewer"), ("user", "dora", "amdin")):
        with pytest.raises(BadValue):
            granting(path).grant(*wrong)
    with pytest.raises(Refused):
        granting(path).otherwise("none")
    assert granting(path).listed(everything=True) == []
    granting(path).grant("user", "rita", "viewer")
    with pytest.raises(Refused):
        granting(path).revoke("user", "vic")
    with pytest.raises(Refused):
        granting(path).grant("user", "rita", "viewer")


def test_the_highest_of_ones_own_and_ones_groups_roles_holds() -> None:
    from domain.grants import Grant

    for own, group in product((None, *ROLES), (None, *ROLES)):
        grants = [Grant("user", "x", own)] if own else []
        grants += [Grant("group", "g", group)] if group else []
        rights = Rights((*grants, Grant("user", "g", "admin"), Grant("group", "x", "admin")))
        assert rights.role(Login("x", ("g", "h"))) == max(own or "viewer", group or "viewer", key=rank)


def test_a_store_can_be_closed_to_whoever_has_no_right(as_: Callable[[str], Store], path: Path, clock: Clock) -> None:
    open_already = as_("nora")
    as_("rita").journal.raise_incident(actions.raise_incident("disk full", {}))
    assert len(open_already.reader.after(-1, 10)) == 1
    granting(path).otherwise("none")
    open_already.reader.data_version()
    assert open_already.reader.after(-1, 10) == []
    assert open_already.reader.counts() == {}
    with pytest.raises(NoRight, match="nora has no right here"):
        as_("nora")
    assert len(as_("vic").reader.after(-1, 10)) == 1


def test_rights_given_while_a_store_is_open_hold_at_once_for_all_its_readers(
    store: Store, path: Path, clock: Clock
) -> None:
    mine = Store(path, "whoever", clock, who=who("vic"))
    beside = mine.another_reader()
    hidden = store.journal.raise_incident(actions.raise_incident("secret", {"restricted": True}))
    assert [row.id for row in beside.after(-1, 9)] == [hidden.id]
    granting(path).grant("user", "rita", "responder")
    mine.reader.data_version()
    assert beside.after(-1, 9) == []
    with pytest.raises(NoRight):
        mine.journal.record(hidden.id, lambda _i: actions.note("x"))
    granting(path).grant("user", "vic", "commander")
    mine.reader.data_version()
    assert [row.id for row in beside.after(-1, 9)] == [hidden.id]
    beside.close()
    mine.close()


def test_who_somebody_is_comes_from_the_system_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import pwd

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "TOCSIN_USER__NAME", "SUDO_USER"):
        monkeypatch.setenv(name, "dora")
    found = login()
    assert found.name == pwd.getpwuid(os.getuid()).pw_name
    assert found.root is (os.getuid() == 0)


def test_a_store_without_rights_is_asked_one_cheap_thing_and_never_who_somebody_is(store: Store) -> None:
    def nobody() -> Login:
        raise AssertionError("nobody needs to know who this is")

    asked: list[str] = []
    mine = Store(store.path, "ana", store.clock, who=nobody)
    mine.reader._connection.set_trace_callback(asked.append)
    mine.reader.after(-1, 50)
    assert len(asked) == 1
    assert "restricted" not in asked[0]
    mine.journal.raise_incident(actions.raise_incident("disk full", {}))
    with closing(sqlite3.connect(store.path)) as connection:
        assert rights_of(connection) is None
    mine.close()
