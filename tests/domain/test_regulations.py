"""Deadlines from one moment of awareness: worked examples of each regulation, months by the calendar, merges."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loading import load
from app.regulating import read_regulations
from domain.communication import Communication
from domain.entry import Draft
from domain.errors import BadValue, Mistake, Refused
from domain.incident import Incident, Regulated, Told
from domain.outbox import outside, words
from domain.regulations import (
    Regulation,
    add_months,
    applying,
    duty_clocks,
    duty_named,
    in_words,
    pressing,
    regulate,
    unknown,
)
from domain.replay import Replay, replay
from domain.times import HOUR, LATEST, MINUTE, from_iso, iso
from domain.undo import undo
from tests.domain.timeline import INCIDENT, Memory, entry

AWARE = from_iso("2026-01-30T22:15:00Z")
LATER = from_iso("2026-06-01T00:00:00Z")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Regulation]:
    home = tmp_path_factory.mktemp("home")
    found, problems = read_regulations(load({"HOME": str(home)}, config=None))
    assert problems == []
    return found


def incident(*names: str, told: tuple[Told, ...] = (), **more: Any) -> Incident:
    applies = tuple(Regulated(f"r{name}", name, AWARE, "ana", AWARE, more.get("classified_at")) for name in names)
    return Incident(id=INCIDENT, ref="INC-A", regulated=applies, told=told, drill=bool(more.get("drill")))


def reported(duty: str, at: int) -> Told:
    return Told(f"t{at}", "authority", "n", at, "ana", duty=duty)


def due(found: Incident, shipped: dict[str, Regulation]) -> dict[str, str | None]:
    return {each.name: iso(each.due_at) for each in duty_clocks(found, shipped)}


def test_gdpr_is_72_hours_and_the_data_subjects_have_no_number(shipped: dict[str, Regulation]) -> None:
    found = incident("GDPR")
    assert due(found, shipped) == {"GDPR notification": "2026-02-02T22:15:00.000Z", "GDPR data subjects": None}
    assert [in_words(each, AWARE + HOUR) for each in duty_clocks(found, shipped)] == ["in 2d23h", "without undue delay"]


def test_nis2_is_24_and_72_hours_and_a_month_after_the_notification(shipped: dict[str, Regulation]) -> None:
    assert due(incident("nis2"), shipped) == {
        "NIS2 early warning": "2026-01-31T22:15:00.000Z",
        "NIS2 notification": "2026-02-02T22:15:00.000Z",
        "NIS2 final report": "2026-03-02T22:15:00.000Z",
    }
    sent = incident("NIS2", told=(reported("nis2 notification", from_iso("2026-01-31T09:30:00Z")),))
    assert due(sent, shipped)["NIS2 final report"] == "2026-02-28T09:30:00.000Z"
    warning, notification, final = duty_clocks(sent, shipped)
    assert (warning.estimated, notification.done_at, final.estimated) == (
        False,
        from_iso("2026-01-31T09:30:00Z"),
        False,
    )
    assert [each.name for each in pressing(duty_clocks(sent, shipped))] == ["NIS2 early warning", "NIS2 final report"]


@pytest.mark.parametrize(
    ("classified", "initial"),
    [
        (None, "2026-01-31T22:15:00.000Z"),  # 24 hours after awareness at the latest
        ("2026-01-31T02:15:00Z", "2026-01-31T06:15:00.000Z"),  # four hours after the classification
        ("2026-01-31T21:00:00Z", "2026-01-31T22:15:00.000Z"),  # of which the 24 hours leave one and a quarter
        ("2026-02-01T10:00:00Z", "2026-02-01T14:00:00.000Z"),  # classified later than that
    ],
)
def test_dora_runs_from_the_classification(
    classified: str | None, initial: str, shipped: dict[str, Regulation]
) -> None:
    found = incident("DORA", classified_at=from_iso(classified) if classified else None)
    first = duty_clocks(found, shipped)[0]
    assert (first.name, iso(first.due_at), first.estimated) == (
        "DORA initial notification",
        initial,
        classified is None,
    )


def test_dora_goes_on_from_what_was_sent(shipped: dict[str, Regulation]) -> None:
    sent = (
        reported("DORA initial notification", from_iso("2026-01-31T03:00:00Z")),
        reported("DORA intermediate report", from_iso("2026-01-31T20:00:00Z")),
        reported("DORA intermediate report", from_iso("2026-02-02T20:00:00Z")),
    )
    found = due(incident("DORA", told=sent), shipped)
    assert found["DORA intermediate report"] == "2026-02-03T03:00:00.000Z"
    assert found["DORA final report"] == "2026-02-28T20:00:00.000Z"


@pytest.mark.parametrize(
    ("done", "state", "words"),
    [(None, "running", "in 1h"), (23 * HOUR, "done", "done 1h before"), (26 * HOUR, "done_late", "done 2h late")],
)
def test_what_was_done_says_how_early_or_late(
    done: int | None, state: str, words: str, shipped: dict[str, Regulation]
) -> None:
    told = () if done is None else (reported("NIS2 early warning", AWARE + done),)
    clock = duty_clocks(incident("NIS2", told=told), shipped)[0]
    now = AWARE + 23 * HOUR
    assert (clock.state(now), in_words(clock, now)) == (state, words)


def test_the_words_have_no_seconds(shipped: dict[str, Regulation]) -> None:
    clock = duty_clocks(incident("NIS2"), shipped)[0]
    assert clock.due_at is not None
    assert in_words(clock, clock.due_at - 1) == "in <1m"
    assert (clock.state(clock.due_at), in_words(clock, clock.due_at + 61 * MINUTE)) == ("late", "1h01m late")


def test_a_drill_starts_no_clock_and_unknown_ones_are_named(shipped: dict[str, Regulation]) -> None:
    assert duty_clocks(incident("NIS2", drill=True), shipped) == ()
    assert unknown(incident("NIS2", "KRITIS"), shipped) == ("KRITIS",)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31T23:59:59.999Z", 1, "2026-02-28T23:59:59.999Z"),
        ("2028-01-31T00:00:00.000Z", 1, "2028-02-29T00:00:00.000Z"),
        ("2026-12-15T10:00:00.000Z", 1, "2027-01-15T10:00:00.000Z"),
        ("2026-08-31T10:00:00.000Z", 18, "2028-02-29T10:00:00.000Z"),
    ],
)
def test_a_month_is_a_calendar_month(start: str, months: int, end: str) -> None:
    assert iso(add_months(from_iso(start), months)) == end


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 120))
def test_a_month_later_is_the_same_day_or_the_last_one(at: int, months: int) -> None:
    one, other = (datetime.fromtimestamp(ms // 1000, UTC) for ms in (at, add_months(at, months)))
    assert (other.year * 12 + other.month) - (one.year * 12 + one.month) == months
    assert other.day == min(one.day, monthrange(other.year, other.month)[1])
    assert (other.time(), add_months(at, months) % 1000) == (one.time(), at % 1000)


def test_saying_it_again_replaces_it_and_undo_gives_it_back(shipped: dict[str, Regulation]) -> None:
    memory = Memory()
    memory.record([Draft("raise", "raise", {"title": "x"}, over=())])
    now = memory.now
    memory.record(regulate(memory.incident, "nis2", shipped, now=now, aware_at=now - HOUR))
    made = memory.record(regulate(memory.incident, "NIS2", shipped, now=now, aware_at=now - MINUTE))
    assert [each.aware_at for each in applying(memory.incident)] == [now - MINUTE]
    memory.record(undo(memory.replay, made, memory.entries))
    assert [each.aware_at for each in applying(memory.incident)] == [now - HOUR]
    memory.record(regulate(memory.incident, "NIS2", shipped, now=now, withdrawn="we are too small"))
    assert applying(memory.incident) == ()
    with pytest.raises(Refused, match="does not apply"):
        regulate(memory.incident, "NIS2", shipped, now=now, withdrawn="again")


@given(st.permutations(range(3)))
def test_said_apart_the_earliest_counts_in_any_order(order: list[int]) -> None:
    bodies = [
        {"regulation": "NIS2", "aware_at": AWARE + HOUR},
        {"regulation": "nis2", "aware_at": AWARE},
        {"regulation": "NIS2", "withdrawn": "no"},
    ]
    made = [entry(f"e{n}", "fact", "regulated", bodies[n], hlc=n) for n in order]
    (only,) = applying(replay(INCIDENT, made))
    assert only.aware_at == AWARE
    assert len(Replay(INCIDENT).extend(made).result().regulated) == 3


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({}, BadValue),
        ({"aware_at": LATER + 1}, Refused),
        ({"aware_at": AWARE, "classified_at": AWARE - 1}, Refused),
        ({"aware_at": AWARE, "regulation": "NIS3"}, BadValue),
    ],
)
def test_what_is_refused(more: dict[str, Any], error: type[Mistake], shipped: dict[str, Regulation]) -> None:
    options = {"regulation": "NIS2", "regulations": shipped, "now": LATER, **more}
    with pytest.raises(error) as refused:
        regulate(incident(), **options)
    assert refused.value.remedy


def test_a_duty_is_named_in_any_case_and_a_wrong_one_corrected(shipped: dict[str, Regulation]) -> None:
    assert duty_named("nis2 EARLY", shipped)[0] == "NIS2 early warning"
    with pytest.raises(BadValue) as wrong:
        duty_named("NIS2 erly warning", shipped)
    assert "NIS2 early warning" in wrong.value.remedy


def test_every_file_that_is_shipped_cites_its_articles_and_says_that_it_is_no_advice(
    shipped: dict[str, Regulation],
) -> None:
    assert set(shipped) == {"gdpr", "nis2", "dora"}
    for regulation in shipped.values():
        assert regulation.url.startswith("https://eur-lex.europa.eu/eli/")
        assert all(duty.article and duty.about for duty in regulation.duties)
    files = list((Path(__file__).parents[2] / "app" / "regulations").glob("*.toml"))
    assert len(files) == len(shipped)
    assert all("NO LEGAL ADVICE" in path.read_text(encoding="utf-8") for path in files)


@given(
    st.integers(0, LATEST), st.sampled_from(["GDPR", "NIS2", "DORA"]), st.integers(0, LATEST), st.integers(0, LATEST)
)
def test_any_moment_of_a_strangers_entry_can_be_shown(aware: int, name: str, told: int, now: int) -> None:
    regulations = read_regulations(load({"HOME": "/nowhere"}))[0]
    duty = regulations[name.lower()].full(regulations[name.lower()].duties[0])
    applies = (Regulated("r", name, 0, "ana", aware, aware),)
    found = Incident(id=INCIDENT, regulated=applies, told=(Told("t", "a", "n", told, "ana", duty=duty),))
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        assert list(words(outside(found, Communication((), regulations=regulations), now), now, zone))
    assert all(in_words(each, now) for each in duty_clocks(found, regulations))
