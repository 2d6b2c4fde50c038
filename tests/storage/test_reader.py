"""The read side: windows along the key, every term of a query against a plain predicate, refs, and query plans."""

from __future__ import annotations

import random
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions
from domain.incident import Incident
from domain.ordering import LAST
from domain.query import Query, Term, parse
from domain.vocabulary import CLOSED_STATUSES, PRIORITIES, SEVERITIES
from storage.asking import Cancelled
from storage.errors import NotFound
from storage.reader import Reader
from storage.seen import mark_all_seen
from storage.store import Store

NOW = 1_795_000_000_000
HOUR = 3_600_000
WORDS = ("disk", "full", "latency", "Checkout", "café", "db01", "timeout", "a_b", "error")


class Crowd(tuple[Store, list[Incident], dict[str, set[str]]]):
    """A store, its incidents, and the words of each; said in short when a property fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "the crowd"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """One store of 150 incidents of every sort, read only: the incidents and the words of each."""
    times = [NOW]
    made = random.Random(11)
    store = Store(tmp_path_factory.mktemp("crowd") / "t.db", "ana", lambda: times[0])
    words: dict[str, set[str]] = {}
    for n in range(150):
        times[0] = NOW - made.randrange(0, 200 * HOUR)
        found = _one(store, made, times, n, words)
        if n == 100:
            mark_all_seen(store.path, "bo")
        assert found
    yield Crowd((store, [store.reader.incident(each) for each in words], words))
    store.close()


def _one(store: Store, made: random.Random, times: list[int], n: int, words: dict[str, set[str]]) -> str:
    title, more = made.choices(WORDS, k=3), made.choices(WORDS, k=2)
    values = {
        "priority": made.choice([None, *PRIORITIES]),
        "severity": made.choice([None, *SEVERITIES]),
        "owner": made.choice([None, "ana", "Bo", "cy"]),
        "type": made.choice([None, "service_outage", "data_loss_or_corruption", "performance_degradation"]),
        "technical_category": made.choice([None, "database", "network"]),
        "service_category": made.choice([None, "email_service", "it_infrastructure"]),
        "drill": made.random() < 0.1,
        "description": f"what {' '.join(more)} #{n}!",
    }
    journal = store.journal
    incident = journal.raise_incident(actions.raise_incident(" ".join(title), values)).id
    words[incident] = {*title, *more, "what", str(n)}
    for name in made.sample(("db", "DB", "web", "50%"), made.randrange(3)):
        journal.record(incident, lambda i, name=name: actions.add_item(i, "tag", name))
        words[incident].add(name)
    if made.random() < 0.4:
        journal.record(incident, lambda i: actions.add_item(i, "resource", "db01"))
        words[incident].add("db01")
    times[0] += made.randrange(0, 5 * HOUR)
    if made.random() < 0.3:
        journal.record(incident, actions.acknowledge)
    for status in made.choice([(), ("reviewed",), ("validated",), ("validated", "resolved"), ("invalid",), ("other",)]):
        text = {"note": "noted", **({"label": "waiting"} if status == "other" else {})}
        journal.record(incident, lambda i, status=status, text=text: actions.move(i, status, text=text))
        words[incident] |= {"noted"} | ({"waiting"} if status == "other" else set())
    return incident


def holds(incident: Incident, term: Term, words: dict[str, set[str]], last: dict[str, int]) -> bool:
    """The query language said again, plainly."""
    return _holds(incident, term, words, last) != term.negated


def _holds(i: Incident, term: Term, words: dict[str, set[str]], last: dict[str, int]) -> bool:
    value, op = term.value, term.op
    match term.field:
        case "text":
            return any(_matches(str(value), word) for word in words[i.id])
        case "status" if value in ("open", "closed"):
            return i.is_closed == (value == "closed")
        case "status" if value in ("new", "acknowledged", "triaged", "working", "mitigated"):
            return i.phase.lower() == value
        case "status":
            return i.status == value
        case "priority":
            return _ranks(i.priority, PRIORITIES, op, value)
        case "severity":
            return _ranks(i.severity, SEVERITIES[::-1], op, value)
        case "owner":
            return (i.owner or "").lower() == ("ana" if value == "me" else value or "").lower()
        case "tag" | "resource":
            names = [item.name.lower() for item in (i.tags if term.field == "tag" else i.resources)]
            return value.lower() in names if value is not None else not names
        case "type" | "technical" | "service":
            held = {"type": i.type, "technical": i.technical_category, "service": i.service_category}[term.field]
            return held in value if value is not None else held is None
        case "age" | "updated":
            passed = NOW - (i.raised_at if term.field == "age" else i.updated_at)
            return _compare(passed, "<=" if op == "=" else op, value)
    flags = {"drill": i.drill, "unowned": i.owner is None, "firing": i.firing > 0, "conflict": bool(i.conflicts)}
    return flags[value] if value in flags else last[i.id] > 0


def _matches(query: str, word: str) -> bool:
    plain = str.maketrans("é", "e")
    query, word = (unicodedata.normalize("NFC", query).lower().translate(plain), word.lower().translate(plain))
    if "_" in word:  # a separator within
        return any(_matches(query, part) for part in word.split("_")) or word.startswith(query)
    return word.startswith(query) if len(query) >= 2 else word == query


def _ranks(held: str | None, words: tuple[str, ...], op: str, value: str | None) -> bool:
    if value is None or held is None:
        return held is value
    return _compare(words.index(held), op, words.index(value))


def _compare(left: int, op: str, right: int) -> bool:
    return {"=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


TERMS = (
    "disk", "che", "d", "cafe", "CAFÉ", "caf\u0065\u0301", "-disk", "db01", "a_b", "waiting", "status:open",
    "status:closed", "-status:open", "status:raised", "status:new", "status:acknowledged", "status:working",
    "status:other", "status:ignored", "priority:P1", "priority:<=P2", "priority:>P3", "-priority:<P3", "priority:none",
    "severity:critical", "severity:>=high", "severity:<medium", "-severity:none", "owner:me", "owner:BO", "owner:none",
    "-owner:ana", "tag:db", "tag:none", "-tag:web", 'tag:"50%"', "resource:db01", "-resource:none", "type:outage",
    "type:data", "type:none", "technical:database", "-technical:net", "service:email", "service:none", "age:>24h",
    "age:<2d", "age:5d", "updated:<24h", "-updated:>=1d", "is:drill", "-is:drill", "is:unowned", "is:firing",
    "is:conflict",
)  # fmt: skip


def check(crowd: Any, text: str) -> None:
    store, incidents, words = crowd
    query = parse(text)
    shown = store.reader.after(-1, 1000, query, NOW)
    expected = {i.id for i in incidents if all(holds(i, term, words, {}) for term in query.terms)}
    assert {row.id for row in shown} == expected
    assert [row.key for row in shown] == sorted(row.key for row in shown)
    assert store.reader.count(query, NOW) == len(expected)
    assert store.reader.last(1000, query, NOW) == shown


@pytest.mark.parametrize("term", TERMS)
def test_each_term_finds_what_a_plain_predicate_finds(crowd: Any, term: str) -> None:
    check(crowd, term)


@settings(max_examples=150, deadline=None)
@given(terms=st.lists(st.sampled_from(TERMS), min_size=2, max_size=4))
def test_terms_together_are_all_required(crowd: Any, terms: list[str]) -> None:
    check(crowd, " ".join(terms))


def test_new_is_what_was_recorded_since_one_looked(crowd: Any) -> None:
    store, incidents, _words = crowd
    reader = Reader(store.path, "bo")
    new = {row.id for row in reader.after(-1, 1000, parse("is:new"), NOW)}
    assert new == {row.id for row in reader.after(-1, 1000) if row.is_new}
    assert 0 < len(new) < len(incidents)
    assert store.reader.after(-1, 10, parse("is:new"), NOW) == []  # ana has recorded everything herself
    reader.close()


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(1, 40),
    query=st.sampled_from(["", "status:open", "disk", "-disk tag:db", "owner:me"]),
    forwards=st.booleans(),
)
def test_windows_follow_one_another_without_gap_or_overlap(crowd: Any, limit: int, query: str, forwards: bool) -> None:
    reader, wanted = crowd[0].reader, parse(query)
    whole = reader.after(-1, 1000, wanted, NOW)
    found: list[Any] = []
    while True:
        if forwards:
            part = reader.after(found[-1].key if found else -1, limit, wanted, NOW)
            found = found + part
        else:
            part = reader.before(found[0].key if found else LAST, limit, wanted, NOW)
            found = part + found
        if len(part) < limit:
            break
    assert found == whole


def test_the_counts_are_the_rows(crowd: Any) -> None:
    store, incidents, _words = crowd
    expected: dict[tuple[str, str], int] = {}
    for incident in incidents:
        place = (incident.status, incident.priority or "")
        expected[place] = expected.get(place, 0) + 1
    assert store.reader.counts() == expected
    assert store.reader.count() == len(incidents) == len(store.reader.after(-1, 10_000))
    closed = sum(incident.status in CLOSED_STATUSES for incident in incidents)
    assert store.reader.count(parse("status:closed")) == closed


HOSTILE = (
    '"', '""', "'", "disk OR full", "NEAR(disk full)", "disk*", "*", "(", ")", "((disk)", "a AND", "NOT disk", "^disk",
    "title : disk", "{title text}: x", "-", "--", "-\"", "disk\0full", "\0", "\ud800", "disk\udcff", "__", "_", "²",
    "a" * 5000, "% _ \\", "; DROP TABLE entry", "\u202e", "e\u0301" * 40, "+", "disk + full", '"disk" * ', "😀", "#!",
    "ﬁ", "ß", "İ", "१२", "हिन्दी", "日本語",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("rest", [(), ("disk",)])
def test_a_hostile_search_finds_something_or_nothing(crowd: Any, text: str, rest: tuple[str, ...]) -> None:
    reader = crowd[0].reader
    for negated in (False, True):
        query = Query((Term("text", text, negated=negated), *(Term("text", each) for each in rest)))
        assert len(reader.after(-1, 1000, query, NOW)) == reader.count(query, NOW)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(), max_size=30), field=st.sampled_from(["text", "owner", "tag", "resource"]))
def test_any_text_at_all_can_be_searched(crowd: Any, text: str, field: str) -> None:
    reader = crowd[0].reader
    for negated in (False, True):
        query = Query((Term(field, text, negated=negated), Term("text", "disk")))
        assert len(reader.after(-1, 1000, query, NOW)) == reader.count(query, NOW)


def test_a_pasted_page_can_be_searched(crowd: Any) -> None:
    reader = crowd[0].reader
    assert reader.after(-1, 10, parse(" ".join(f"word{n}" for n in range(3000))), NOW) == []


@pytest.mark.parametrize("text", ["", *TERMS])
@pytest.mark.parametrize("way", ["after", "before"])
def test_no_window_sorts(crowd: Any, text: str, way: str) -> None:
    """A window stops at its limit: it walks an index in the queue's order and never sorts what it finds."""
    reader = crowd[0].reader
    plan = explain(reader, lambda: getattr(reader, way)(5, 10, parse(text), NOW))
    assert not [step for step in plan if "TEMP B-TREE" in step]
    walks = ("USING INTEGER PRIMARY KEY (rowid>?", "rowid<?", "(key>?", "(key<?", "VIRTUAL TABLE", "=?")
    assert any(walk in plan[0] for walk in walks), plan[0]


@pytest.mark.parametrize("way", ["after", "before"])
def test_the_plain_window_uses_the_primary_key(crowd: Any, way: str) -> None:
    reader = crowd[0].reader
    plan = explain(reader, lambda: getattr(reader, way)(5, 10))
    sign = ">" if way == "after" else "<"
    assert plan[0] == f"SEARCH incident USING INTEGER PRIMARY KEY (rowid{sign}?)"


def explain(reader: Reader, read: Callable[[], object]) -> list[str]:
    """Return the query plans of what `read` asks, by running each of its statements again as EXPLAIN."""
    connection = reader._connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    read()
    connection.set_trace_callback(None)
    # What FTS5 asks its own tables is reported as comments.
    plans = [connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked if not sql.startswith("--")]
    return [row[3] for plan in plans for row in plan]


# -- refs


def test_a_ref_is_read_as_people_say_it(store: Store, raised: Callable[..., Incident]) -> None:
    incident = raised()
    code = incident.ref.removeprefix("INC-")
    said = code.replace("1", "I").replace("0", "O")
    lower = said.lower().replace("i", "l")
    for ref in (incident.ref, code, code.lower(), f"inc-{lower}", said, f"#{code}", f" {incident.ref} ", code[:3]):
        assert store.reader.resolve(ref) == incident.id
    assert store.reader.resolve(incident.id.upper()) == incident.id


@pytest.mark.parametrize("ref", ["", "INC-", "U", "disk", "INC-7K3FQ7K3FQ7K3FQ", "%", "_", "\0", "\ud800", "a b"])
def test_what_is_no_ref_is_not_found(store: Store, raised: Callable[..., Incident], ref: str) -> None:
    raised()
    with pytest.raises(NotFound):
        store.reader.resolve(ref)


def test_a_ref_that_fits_several_names_them(store: Store) -> None:
    found = [f"01a1f0a0-0000-7000-8000-{n:012x}" for n in range(8)]
    for incident in found:
        store.journal.raise_incident(actions.raise_incident("x", {}), incident)
    with pytest.raises(NotFound) as error:
        store.reader.resolve("INC-0000")
    assert error.value.code == "ambiguous"
    assert "INC-00000," in error.value.message
    first = store.reader.refs(found)[found[0]]
    assert first == "INC-00000"
    assert store.reader.resolve(first) == found[0]  # exact, though it begins the others too


def test_an_id_that_is_not_here_is_not_found(store: Store, raised: Callable[..., Incident]) -> None:
    raised()
    unknown = "01a1f0a0-0000-7000-8000-00000000ffff"
    assert store.reader.row(unknown) is None
    assert store.reader.refs([]) == {}
    for ask in (store.reader.resolve, store.reader.incident):
        with pytest.raises(NotFound):
            ask(unknown)


def test_related_incidents_are_named_by_their_present_ref(store: Store, raised: Callable[..., Incident]) -> None:
    one, other = raised("one"), raised("other")
    store.journal.record(one.id, lambda i: actions.relate(i, other, "cause"))
    assert store.reader.incident(one.id).related[0].name == other.ref
    assert [i.id for i in store.reader.incidents([other.id, one.id])] == [other.id, one.id]


def test_a_read_can_be_given_up(store: Store) -> None:
    reader = store.another_reader()
    begun = threading.Event()
    reader._connection.create_function("here", 0, lambda: begun.set() or 1)
    raised: list[BaseException] = []

    def read() -> None:
        try:
            reader._all("WITH RECURSIVE n(i) AS (SELECT here() UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(30)
    while thread.is_alive():
        reader.cancel()
        thread.join(0.01)
    assert len(raised) == 1
    assert reader.after(-1, 1) == []  # the next read is not affected
    reader.close()


def test_changes_of_others_are_noticed(store: Store, raised: Callable[..., Incident]) -> None:
    before = store.reader.data_version()
    assert store.reader.data_version() == before
    incident = raised()
    assert store.reader.data_version() != before
    assert store.reader.row(incident.id) is not None


def test_a_reader_needs_a_store(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="There is no store"):
        Reader(tmp_path / "none.db", "ana")
