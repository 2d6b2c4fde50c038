"""Services: found by their name in any case, their rota, and whom to call next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.oncall.rotas import Layer, Rota
from domain.oncall.services import Level, Roster, Service, Step, service_key
from domain.times import DAY, from_iso

START = datetime(2026, 11, 2, 9)  # noqa: DTZ001 - as the clocks show it
AT = from_iso("2026-11-03T00:00Z")


@pytest.fixture
def roster() -> Roster:
    first = Rota("first", UTC, (Layer(("ada", "ben"), START, timedelta(weeks=1)),))
    second = Rota("second", UTC, (Layer(("cyn",), datetime(2027, 1, 1), timedelta(weeks=1)),))  # noqa: DTZ001
    services = (
        Service("Checkout", "shop", "first", (Level("first", True), Level("second", True), Level("dora"))),
        Service("Payment Processing", rota="second"),
        Service("search", "web team"),
        Service("mail", rota="broken"),
    )
    return Roster({"first": first, "second": second}, {service_key(each.name): each for each in services})


@pytest.mark.parametrize("name", ["Checkout", "checkout", " CHECKOUT "])
def test_a_service_is_found_in_any_case(roster: Roster, name: str) -> None:
    found = roster.on_call(name, AT)
    assert found is not None
    assert (found.who, found.next and found.next.who) == ("ada", "ben")


@pytest.mark.parametrize("name", ["payment_processing", "Payment processing", "payment-processing"])
def test_a_service_category_is_a_service(roster: Roster, name: str) -> None:
    found = roster.on_call(name, AT)
    assert found is not None
    assert found.gap


def test_the_key_of_a_category_is_its_own_whatever_it_is_called() -> None:
    names = ("customer_relationship_management", "Customer Relationship Management (CRM)")
    assert {service_key(name) for name in names} == {"customer_relationship_management"}
    assert service_key("Größe 7") == service_key("GRÖSSE-7") == "grösse_7"


@pytest.mark.parametrize("name", ["search", "mail", "nothing", ""])
def test_without_a_usable_rota_nobody_is_known(roster: Roster, name: str) -> None:
    assert roster.on_call(name, AT) is None


def test_an_escalation_path_says_who_holds_its_rotas_then(roster: Roster) -> None:
    assert roster.escalation("checkout", AT) == (
        Step(1, "first", True, "ada"),
        Step(2, "second", True, ""),
        Step(3, "dora", False, "dora"),
    )
    assert roster.escalation("checkout", AT + 7 * DAY)[0].who == "ben"


def test_without_a_path_the_rota_is_the_path(roster: Roster) -> None:
    assert roster.escalation("payment_processing", AT) == (Step(1, "second", True, ""),)
    assert roster.escalation("mail", AT) == (Step(1, "broken", True, ""),)
    assert roster.escalation("search", AT) == roster.escalation("nothing", AT) == ()


def test_an_incident_belongs_to_the_first_service_that_it_names(roster: Roster) -> None:
    assert roster.first_of((None, "db1", "SEARCH", "checkout")) == roster.service("search")
    assert roster.first_of((None, "", "db1")) is None
