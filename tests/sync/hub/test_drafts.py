"""What a store takes the hub takes: one generator of drafts, recorded by the journal and pushed."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain import actions, limits
from domain.entry import KINDS, Draft
from domain.errors import Mistake
from storage.hub.engines import Database, memory_engine, prepare
from storage.journal import Journal
from tests.hubs import Rig
from tests.teams import Person, all_equal

TEXTS = st.text(max_size=40) | st.sampled_from(
    ["", " ", "\0", "a\0b", "\ud800", "x\udfff", "\U0010ffff", "\u2028", '"\\', "x" * 4096, "x" * 4097, "é" * 4096]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DRAFTS = st.builds(
    Draft,
    kind=st.sampled_from(sorted(KINDS)) | TEXTS,
    what=st.sampled_from(["title", "status", "severity", "restricted", "custom:x"]) | TEXTS,
    body=st.dictionaries(TEXTS, VALUES, max_size=3),
    over=st.none() | st.lists(TEXTS, max_size=3).map(tuple) | st.just(tuple("x" * limits.OVER)),
    occurred_at=st.none() | st.integers(min_value=-(1 << 62), max_value=1 << 62),
    source=st.none() | TEXTS,
    src=st.none() | TEXTS,
)


def recorded(journal: Journal, drafts: list[Draft], incident: str) -> int:
    """Record drafts one by one, leaving out those that the store refuses in words; return how many it took."""
    found = 0
    for draft in drafts:
        with suppress(Mistake):
            with journal.writing() as writing:
                writing.record(incident, [draft])
            found += 1
    return found


# Shrinking would take minutes: every try opens two stores and a hub.
QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=15, deadline=None, phases=QUICKLY)
@given(drafts=st.lists(DRAFTS, max_size=20), author=TEXTS.filter(lambda text: "\0" not in text))
def test_what_a_store_takes_the_hub_takes(drafts: list[Draft], author: str) -> None:
    with (
        TemporaryDirectory() as name,
        closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection,
    ):
        database = Database(memory_engine(connection))
        prepare(database, "hub", "first")
        rig = Rig(database)
        ana, ben = Person(Path(name) / "ana.db", "ana", rig, "admin"), Person(Path(name) / "ben.db", "ben", rig)
        incident = ana.raise_incident()
        other = Journal(ana.store.path, author, rig.clock)
        count = recorded(other, drafts, incident)
        found = ana.in_sync()
        assert (found.pushed, found.held) == (count + 1, 0)
        assert ben.in_sync().pulled == count + 1
        assert all_equal(ana, ben)
        assert ana.show(incident) == ben.show(incident)
        other.close()
        ana.close()
        ben.close()


@settings(max_examples=12, deadline=None, phases=QUICKLY)
@given(title=TEXTS, note=TEXTS, label=TEXTS, reason=TEXTS)
def test_what_people_type_goes_over_or_is_refused_where_they_type_it(
    title: str, note: str, label: str, reason: str
) -> None:
    with (
        TemporaryDirectory() as name,
        closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection,
    ):
        database = Database(memory_engine(connection))
        prepare(database, "hub", "first")
        ana = Person(Path(name) / "ana.db", "ana", Rig(database), "admin")
        incident = ana.raise_incident()
        for act in (
            lambda found: actions.set_fields(found, {"title": actions.required(title, limits.TITLE, "title")}),
            lambda _: actions.note(actions.required(note, limits.NOTE, "note")),
            lambda found: actions.add_item(found, "tag", label),
            lambda found: actions.assign(found, label),
            lambda _: actions.redact(ana.store.reader.entries(incident), incident[:8], reason),
        ):
            with suppress(Mistake):
                ana.store.journal.record(incident, act)
        ana.in_sync()
        ana.close()
