"""Who is told which update: nobody hears what is meant for others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.communication import Communication
from domain.errors import BadValue, Refused
from domain.incident import Incident, Told, Update
from domain.parties import PARTIES
from domain.telling import meant_for, probably, recorded, tell, update_for, who_waits
from domain.times import MINUTE
from tests.domain.timeline import START

NAMES = [each.name for each in PARTIES]
NOW = START + 60 * MINUTE


def incident(*to: tuple[str, ...], told: tuple[Told, ...] = (), drill: bool = False) -> Incident:
    made = (
        Update(f"u{number}", "investigating", f"text {number}", "k", "d", START + number * MINUTE, "ana", names)
        for number, names in enumerate(to)
    )
    return Incident(
        id="i", ref="INC-A", raised_at=START, severity="critical", updates=tuple(made), told=told, drill=drill
    )


def waits(found: Incident, **more: object) -> tuple[str, ...]:
    return who_waits(found, Communication().waiting(found, NOW), **more)  # type: ignore[arg-type]


@given(st.lists(st.sets(st.sampled_from(NAMES)).map(tuple), max_size=5), st.sampled_from(NAMES))
def test_a_party_is_told_the_newest_that_is_meant_for_it_or_nothing(to: list[tuple[str, ...]], name: str) -> None:
    found = incident(*to)
    meant = [each for each in found.updates if name in each.to]
    if meant:
        (draft,) = tell(found, [name.upper()], now=NOW, parties=PARTIES)
        assert (draft.body["update"], draft.body["note"]) == (meant[-1].entry, meant[-1].text)
    else:
        with pytest.raises(Refused if to else BadValue) as refused:
            tell(found, [name], now=NOW, parties=PARTIES)
        assert refused.value.remedy


@given(st.lists(st.sets(st.sampled_from(NAMES)).map(tuple), min_size=1, max_size=5))
def test_all_are_only_those_of_the_newest(to: list[tuple[str, ...]]) -> None:
    found = incident(*to)
    if to[-1]:
        assert set(waits(found)) == set(to[-1])
    else:
        with pytest.raises(Refused, match="Nobody waits for this update"):
            waits(found)
    assert set(waits(found, update="u0")) == set(to[0]) if to[0] else True
    assert set(waits(found, everybody=True)) == set(NAMES)


def test_who_heard_it_waits_no_more_and_those_of_another_are_named() -> None:
    heard = tuple(Told(name, name, "n", NOW, "ana", update="u0") for name in NAMES if name != "legal")
    with pytest.raises(Refused, match="Nobody waits for this update") as refused:
        waits(incident(("IT",), told=heard))
    assert "legal" in refused.value.remedy
    everybody = (*heard, Told("l", "legal", "n", NOW, "ana"))
    with pytest.raises(Refused, match="Nobody waits to be told anything"):
        waits(incident(("IT",), told=everybody), everybody=True)


def test_words_of_their_own_and_a_named_update_are_for_anybody() -> None:
    found = incident(("IT",))
    assert tell(found, ["the mayor"], now=NOW, note="hello")[0].body == {"party": "the mayor", "note": "hello"}
    assert tell(found, ["the mayor"], now=NOW, update="u0")[0].body["update"] == "u0"


def test_in_a_drill_an_update_is_for_nobody_and_may_be_practised_on_anybody() -> None:
    assert update_for(incident((), drill=True), "customers").entry == "u0"
    assert meant_for(incident(()), "customers") is None
    assert meant_for(incident(("IT",), drill=True), "customers") is None


def test_a_name_that_is_nearly_in_the_list_is_probably_that() -> None:
    assert [probably(name, PARTIES) for name in ("custmers", "Customers", "the mayor")] == ["customers", "", ""]
    with pytest.raises(Refused) as refused:
        update_for(incident(("IT",)), "custmers", PARTIES)
    assert "Did you mean customers?" in refused.value.remedy


def test_what_was_recorded_is_said_once_for_each_text() -> None:
    found = incident(("IT", "legal"))
    assert recorded(found, tell(found, ["IT", "legal"], now=NOW), NOW) == [
        "IT, legal: the update “investigating”, written 1h ago"
    ]
    assert recorded(found, tell(found, ["x"], now=NOW, note="we\ncall"), NOW)[0].startswith("x: “we")
    assert recorded(found, tell(found, ["BSI"], now=NOW, duty="NIS2 notification"), NOW) == ["BSI: NIS2 notification"]
