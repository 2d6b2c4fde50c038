"""Restricted incidents on a store with rights: left out of every read, whoever asks, and found along the same index."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import actions, merging, restriction
from domain.entry import Draft
from domain.errors import NoRight, Refused
from domain.grants import Login
from domain.incident import Incident
from domain.ordering import LAST
from domain.query import parse
from storage.backup import verify
from storage.granting import Granting
from storage.home import counts_of, read_home
from storage.reader import Reader
from storage.remotes import Remote
from storage.store import Store
from storage.transfer import export_lines
from tests.storage.conftest import START, Clock
from tests.storage.test_reader import explain

ROOT = Path(__file__).parents[2]
CANARY = "zanzibar"
GROUPS = {"gus": ("legal",), "hal": ("leads",)}


def who(name: str) -> Callable[[], Login]:
    return lambda: Login(name, GROUPS.get(name, ()))


def give(path: Path, name: str, role: str, subject: str = "user") -> None:
    Granting(path, START, who("dora"), lambda _subject, _name: 1).grant(subject, name, role)


@pytest.fixture
def as_(path: Path, clock: Clock, store: Store) -> Iterator[Callable[[str], Store]]:
    """Open the store as somebody; dora is its admin, carl and the group leads are commanders."""
    give(path, "carl", "commander")
    give(path, "leads", "commander", "group")
    for name in ("rita", "rolf", "otto", "gus", "ned"):
        give(path, name, "responder")
    opened: list[Store] = []

    def open_(name: str) -> Store:
        opened.append(Store(path, name, clock, who=who(name)))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def secret(as_: Callable[[str], Store]) -> Incident:
    """A restricted incident that says the canary in every field: rita raised it, otto owns it, rolf is its scribe."""
    journal = as_("rita").journal
    values = {"description": CANARY, "priority": "P1"}
    found = journal.raise_incident(actions.raise_incident(f"{CANARY} breach", values))
    journal.record(found.id, lambda i: (*actions.note(CANARY), *actions.assign(i, "otto")))
    journal.record(found.id, lambda i: actions.assign_role(i, "rolf", "scribe"))
    for collection in ("tag", "resource", "cause", "action", "originator"):
        journal.record(found.id, lambda i, c=collection: actions.add_item(i, c, CANARY))
    journal.record(found.id, lambda _i: actions.follow_up("f1", CANARY))
    other = journal.raise_incident(actions.raise_incident("disk full", {}))
    journal.record(found.id, lambda i: actions.relate(i, other, "prior"))
    return as_("carl").journal.record(found.id, lambda i: restriction.restrict(i, ["ned", "group:legal"]))


SEE = ("dora", "carl", "hal", "rita", "otto", "rolf", "gus", "ned")
BLIND = ("vic", "eve")


def reads(reader: Reader, incident: Incident) -> list[str]:
    """Return, as text, all that a reader can be asked about what is in the store."""
    now = START + 1
    queries = [parse(text) for text in ("", CANARY, "status:open", f"tag:{CANARY}", f"-{CANARY}", "priority:P1", "z*")]
    found: list[object] = [(reader.after(-1, 99, q, now), reader.before(LAST, 99, q, now)) for q in queries]
    found += [reader.last(99), reader.row(incident.id), reader.entries(incident.id), reader.newest()]
    found += [reader.similar([CANARY, "breach"]), reader.similar([], [CANARY]), reader.handing(99)]
    found += [reader.refs([incident.id]), reader.waits("hub", 999), reader.replay(incident.id).result()]
    found += [list(map(reader.incident, (row.id for row in reader.after(-1, 99))))]
    return [repr(each) for each in found]


@pytest.mark.parametrize("name", BLIND)
def test_nothing_of_it_reaches_whoever_is_not_named(as_: Callable[[str], Store], secret: Incident, name: str) -> None:
    with as_("dora").journal_as("sync").writing() as writing:
        writing.save_remote(Remote("hub", "hub", "https://hub.example", since=START))
    reader = as_(name).reader
    assert [text for text in reads(reader, secret) if CANARY in text or "breach" in text] == []
    assert reader.count() == 1 == sum(reader.counts().values())
    assert reader.count(parse(CANARY), START) == 0
    assert reader.count(parse("status:open"), START) == 1
    exported = "\n".join(export_lines(as_("dora").path, who=who(name)))
    assert CANARY not in exported
    assert "disk full" in exported
    assert CANARY in "\n".join(export_lines(as_("dora").path, who=who("carl")))


@pytest.mark.parametrize("name", SEE)
def test_whoever_works_on_it_or_is_named_sees_it(as_: Callable[[str], Store], secret: Incident, name: str) -> None:
    reader = as_(name).reader
    assert {row.title for row in reader.after(-1, 9)} == {f"{CANARY} breach", "disk full"}
    assert reader.count() == 2
    assert [row.id for row in reader.after(-1, 9, parse(CANARY), START)] == [secret.id]
    assert reader.incident(reader.resolve(secret.ref)).title == f"{CANARY} breach"


@pytest.mark.parametrize("said", ["ref", "id", "short"])
def test_asking_for_it_by_name_says_who_may(as_: Callable[[str], Store], secret: Incident, said: str) -> None:
    asked = {"ref": secret.ref.lower(), "id": secret.id, "short": secret.ref.removeprefix("INC-")[:4]}[said]
    reader = as_("vic").reader
    for ask in (lambda: reader.resolve(asked), lambda: reader.incident(secret.id)):
        with pytest.raises(NoRight) as refused:
            ask()
        assert refused.value.message == f"{secret.ref} is restricted"
        assert refused.value.remedy.startswith(
            "ned, otto, rita, rolf, the group legal, carl, dora and the group leads may see it"
        )
        assert CANARY not in str(vars(refused.value))


def test_it_cannot_be_written_to_unseen(as_: Callable[[str], Store], secret: Incident, path: Path) -> None:
    give(path, "eve", "responder")
    eve = as_("eve")
    other = eve.reader.after(-1, 1)[0].id
    for act in (
        lambda: eve.journal.record(secret.id, lambda _i: actions.note("x")),
        lambda: eve.journal.record(other, lambda _i: (Draft("set", "owner", {"value": "eve"}, incident=secret.id),)),
        lambda: eve.journal.record_all([other, secret.id], lambda _i: actions.note("x")),
        lambda: eve.journal.raise_incident(actions.raise_incident("mine", {"owner": "eve"}), secret.id),
    ):
        before = eve.reader.vector()
        with pytest.raises(NoRight, match="is restricted"):
            act()
        assert eve.reader.vector() == before


def test_an_alert_still_reaches_the_incident_it_belongs_to(
    as_: Callable[[str], Store], secret: Incident, path: Path
) -> None:
    give(path, "eve", "responder")
    journal = as_("eve").journal_as("alert")
    journal.record(secret.id, lambda _i: (Draft("fact", "alert", {"status": "firing"}),))
    with pytest.raises(NoRight, match="needs the role responder"):
        as_("vic").journal_as("alert").record(secret.id, lambda _i: (Draft("fact", "alert", {"status": "firing"}),))


def test_who_leaves_it_sees_it_no_longer(as_: Callable[[str], Store], secret: Incident) -> None:
    carl = as_("carl").journal
    carl.record(secret.id, lambda i: restriction.restrict(i, remove=["ned"]))
    carl.record(secret.id, lambda i: actions.assign(i, "somebody else"))
    for name in ("ned", "otto"):
        assert CANARY not in repr(as_(name).reader.after(-1, 9))
    carl.record(secret.id, restriction.lift)
    assert CANARY in repr(as_("vic").reader.after(-1, 9))


def test_it_stays_restricted_when_what_restricts_it_is_redacted(as_: Callable[[str], Store], secret: Incident) -> None:
    carl = as_("carl")
    restricts = next(e for e in carl.reader.entries(secret.id) if e.what == "restricted")
    carl.journal.record(secret.id, lambda _i: (Draft("redact", f"body:{restricts.id}", {"reason": "x"}),))
    assert CANARY not in repr(as_("vic").reader.after(-1, 9))


def test_a_raising_that_is_gone_may_have_restricted_it(as_: Callable[[str], Store]) -> None:
    carl = as_("carl")
    found = carl.journal.raise_incident(actions.raise_incident("x", {"restricted": True}))
    carl.journal.record(found.id, lambda _i: actions.note(CANARY))
    raising = carl.reader.entries(found.id)[0]
    carl.journal.record(found.id, lambda _i: (Draft("redact", f"body:{raising.id}", {"reason": "x"}),))
    assert as_("vic").reader.after(-1, 9) == []
    carl.journal.record(found.id, lambda i: actions.set_fields(i, {"title": "looked at"}))
    assert [row.title for row in as_("vic").reader.after(-1, 9)] == ["looked at"]


def test_another_device_that_has_the_entries_keeps_it_from_the_same_people(
    as_: Callable[[str], Store], secret: Incident, tmp_path: Path, clock: Clock
) -> None:
    entries = as_("dora").reader.entries(secret.id)
    path = tmp_path / "other.db"
    other = Store(path, "dora", clock, who=who("dora"))
    other.journal.receive(entries[::-1])
    give(path, "carl", "commander")
    other.close()
    for name in (*SEE, *BLIND):
        mine = Store(path, name, clock, who=who(name))
        sees = CANARY in repr(mine.reader.after(-1, 9))
        assert sees is (name in SEE and name != "hal"), name  # leads are commanders on the first store only
        mine.close()
    assert verify(path).problems == []


def test_the_first_frame_leaves_it_out(as_: Callable[[str], Store], secret: Incident, path: Path) -> None:
    """As root, whom nothing is kept from, the frame shows it; the names under which it is read come from the system."""
    import os

    found = read_home(str(path), "vic", 30)
    assert found is not None
    assert (CANARY in repr(found)) is (os.getuid() == 0)


def test_counters_say_what_is_listed(as_: Callable[[str], Store], secret: Incident) -> None:
    for name in (*SEE, *BLIND):
        reader = as_(name).reader
        by_hand: dict[tuple[str, str], int] = {}
        for row in reader.after(-1, 99):
            key = (row.status, row.priority or "")
            by_hand[key] = by_hand.get(key, 0) + 1
        counted = counts_of(reader._all("SELECT name, n FROM counter WHERE name LIKE '%|%' AND n > 0"))
        assert counted == by_hand == reader.counts()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_people_do_only_those_who_may_read_it(data: st.DataObject, path: Path, clock: Clock) -> None:
    """Anybody's acts in any order: a reader shows an incident exactly to those whom its entries let see it."""
    everybody = ("dora", "carl", "rita", "otto", "gus", "vic")
    stores = {name: Store(path, name, clock, who=who(name)) for name in everybody}
    if not stores["dora"].reader.caller:
        for name, role in (("carl", "commander"), ("rita", "responder"), ("otto", "responder")):
            give(path, name, role)
        for each in stores.values():
            each.reader.data_version()
    mine = stores["rita"].journal.raise_incident(actions.raise_incident(CANARY, {})).id
    names = st.sampled_from(everybody)
    for _step in range(data.draw(st.integers(1, 6))):
        by, whom = stores[data.draw(names)], data.draw(names)
        act = data.draw(st.sampled_from((
            lambda i, w=whom: actions.assign(i, w),
            lambda i, w=whom: restriction.restrict(i, [w]),
            lambda i, w=whom: restriction.restrict(i, remove=[w]),
            restriction.lift,
            lambda i, w=whom: actions.assign_role(i, w, "scribe"),
        )))  # fmt: skip
        with suppress(Refused):  # any refusal is as good as an act
            by.journal.record(mine, act)
    replay = stores["dora"].reader.replay(mine)
    open_to_all = not replay.result().restricted
    for name, store in stores.items():
        named = bool(restriction.seen_by(replay).intersection(who(name)().names))
        sees = any(row.id == mine for row in store.reader.after(-1, 999))
        assert sees is (open_to_all or named or name in ("dora", "carl")), name
        store.close()


# -- the one place


def test_the_queue_is_read_along_the_same_index(as_: Callable[[str], Store], secret: Incident) -> None:
    for query in ("", "status:open", "status:closed", "disk"):
        asked = parse(query)
        whole, narrowed = as_("dora").reader, as_("vic").reader
        for read in ("after", "before"):
            first = explain(whole, lambda r=whole, way=read, q=asked: getattr(r, way)(5, 10, q, START))[0]
            plan = explain(narrowed, lambda r=narrowed, way=read, q=asked: getattr(r, way)(5, 10, q, START))
            assert plan[0].replace("shown", "incident") == first
            bad = [line for line in plan if "TEMP B-TREE" in line or ("SCAN" in line and "search" not in line)]
            assert bad == [], plan


def test_nothing_else_opens_the_tables() -> None:
    """Who says `main.` reads past what a person may see: an exchange with a hub does, and what refuses."""
    found = set()
    for path in (ROOT / "storage").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\bmain\.\w", node.value):
                found.add(path.name)
    assert found == {"sight.py", "remotes.py", "remote_reads.py", "reader.py", "merged.py"}
    reads = {name: (ROOT / "storage" / name).read_text() for name in ("reader.py", "remote_reads.py", "merged.py")}
    assert {name: re.findall(r"main\.\w+ WHERE \S+", text) for name, text in reads.items()} == {
        "merged.py": ["main.incident WHERE id"],  # ids alone
        "reader.py": ["main.incident WHERE {condition}"],
        "remote_reads.py": ["main.entry WHERE device", "main.entry WHERE device"],
    }


def test_every_search_is_joined_with_what_is_shown() -> None:
    """The full-text index is seen through no view."""
    for path in (*(ROOT / "storage").glob("*.py"), *(ROOT / "app").rglob("*.py"), *(ROOT / "screens").rglob("*.py")):
        for text in re.findall(r"(?:FROM|JOIN) search\b[^\n]*", path.read_text()):
            writes = path.name == "projection.py" or "LIMIT 1" in text
            assert writes or "JOIN incident" in text or "search WHERE search MATCH ?)" in text, (path.name, text)


def test_every_connection_that_reads_incidents_is_a_readers_or_narrowed() -> None:
    """Who opens the file by itself, besides: the write door, what is of the person alone, and whole copies."""
    opens = {
        path.name
        for folder in ("storage", "app", "screens")
        for path in (ROOT / folder).rglob("*.py")
        if "hub" not in path.parts and re.search(r"(?<!def )(?<!\.)\bconnect\(", path.read_text())
    }
    assert opens == {
        "asking.py", "transfer.py",  # narrowed
        "journal.py", "store.py",  # the door, and what makes the projections
        "drafts.py", "seen.py", "granting.py",  # no text but one's own
        "backup.py",  # whole, so it is asked whether one sees everything: require_all
        "checks.py",  # doctor: versions and locks
    }  # fmt: skip


@pytest.fixture
def sam(as_: Callable[[str], Store], path: Path) -> Store:
    """A responder who has nothing to do with the secret."""
    give(path, "sam", "responder")
    return as_("sam")


def merge(by: Store, duplicate: Incident, target: Incident) -> None:
    with by.journal.writing() as writing:
        drafts = merging.merge(writing.alone(duplicate.id), writing.alone(target.id))
        writing.record(duplicate.id, drafts)


def test_who_sees_only_the_duplicate_is_told_one_thing(
    as_: Callable[[str], Store], sam: Store, secret: Incident
) -> None:
    mine = sam.journal.raise_incident(actions.raise_incident("mine", {}))
    sam.journal.record(mine.id, lambda _i: actions.follow_up("f2", "look again"))
    merge(as_("carl"), mine, secret)
    reader = sam.reader
    assert reader.resolve(mine.ref) == mine.id
    found = reader.incident(mine.id)
    assert (found.phase, found.is_closed, found.merged_into) == ("Merged", True, None)
    assert mine.id not in [row.id for row in reader.after(-1, 9, parse("status:open"))]
    assert reader.handing(9).closed == [mine.id] == [reader.standing(mine.id)]
    with pytest.raises(NoRight):
        reader.resolve(secret.ref)
    assert CANARY in as_("carl").reader.incident(as_("carl").reader.resolve(mine.ref)).title


def test_a_part_that_somebody_does_not_see_is_in_nobodys_way(
    as_: Callable[[str], Store], sam: Store, secret: Incident
) -> None:
    mine = sam.journal.raise_incident(actions.raise_incident("mine", {}))
    carl = as_("carl")
    carl.journal.record(mine.id, lambda i: restriction.restrict(i, ["sam"]))
    merge(carl, secret, mine)
    after = sam.journal.record(mine.id, lambda _i: actions.note("still mine"))
    assert after.notes == 1
    assert CANARY not in repr(sam.reader.incident(mine.id))
    carl.journal.record(mine.id, restriction.lift)
    sam.journal.record(mine.id, actions.acknowledge)
    assert CANARY in repr(carl.reader.incident(mine.id))
