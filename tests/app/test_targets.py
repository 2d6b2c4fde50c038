"""From the settings file to the policy: what is wrong is named with its file, its line and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.loading import BadSettings, Loaded, load
from app.settings_lines import line_of
from app.targets import in_words, policy_of

MINUTE, HOUR = 60_000, 3_600_000
GOOD = """
[sla]
hours = "office"
pauses = ["Waiting for supplier"]

[sla.response]
P1 = "10m"
p2 = "2h"

[sla.resolution]
1 = "1h30m"

[[sla.calendars]]
name = "office"
zone = "Europe/Berlin"
open = ["mon-fri 09:00-17:00"]
closed = ["2026-12-25"]

[[sla.calendars]]
name = "late"
open = ["mon-sun 12:00-24:00"]

[[sla.services]]
category = "Payment Processing"
hours = "24x7"
response = {P1 = "5m", P2 = "none"}

[[sla.services]]
tag = "lab"
[sla.services.resolution]
P1 = "none"
"""


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)


def loaded(folder: Path, text: str) -> Loaded:
    path = folder / "config.toml"
    path.write_text(text)
    return load({}, config=str(path))


def said(folder: Path, text: str) -> str:
    found = loaded(folder, text)
    with pytest.raises(BadSettings) as caught:
        policy_of(found)
    assert caught.value.remedy
    return caught.value.message.removeprefix(str(folder / "config.toml"))


def test_without_a_file_the_defaults_hold() -> None:
    policy = policy_of(load({"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}))
    assert in_words(policy) == "P1 15m/4h, P2 30m/8h, P3 4h/3d, P4 1d/10d, hours 24x7"


def test_a_whole_section(tmp_path: Path) -> None:
    policy = policy_of(loaded(tmp_path, GOOD))
    assert policy.response == {"P1": 10 * MINUTE, "P2": 2 * HOUR}
    assert policy.resolution == {"P1": 90 * MINUTE}
    assert (policy.hours.name, len(policy.hours.closed)) == ("office", 1)
    payments, lab = policy.services
    assert (payments.category, payments.response, payments.hours.name) == (
        "payment_processing",
        {"P1": 5 * MINUTE},
        "24x7",
    )
    assert (lab.tag, lab.response, lab.resolution, lab.hours.name) == ("lab", policy.response, {}, "office")
    assert policy.pauses == {"waiting for supplier"}
    words = "P1 10m/1h30m, P2 2h/-, hours office, 2 services of their own, pauses: waiting for supplier"
    assert in_words(policy) == words


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ('P1 = "10m"', 'P1 = "soon"', 7, "sla.response.P1: “soon” is not a duration"),
        ('P1 = "10m"', 'P1 = "0m"', 7, "sla.response.P1: “0m” is no target"),
        ('P1 = "10m"', 'P9 = "10m"', 7, "sla.response.P9: “P9” is not a priority"),
        ('1 = "1h30m"', "P1 = 90", 11, "sla.resolution.P1 = 90: "),
        ('hours = "office"', 'hours = "ofice"', 3, "sla.hours: There is no calendar “ofice”"),
        ('hours = "24x7"', 'hours = "25x7"', 25, "sla.services.1.hours: There is no calendar “25x7”"),
        ("Europe/Berlin", "Europe/Berlim", 15, "sla.calendars.1.zone: there is no zone “Europe/Berlim”"),
        ("09:00-17:00", "17:00-09:00", 16, "sla.calendars.1.open: “17:00-09:00” in “mon-fri 17:00-09:00” ends before"),
        ('open = ["mon-sun 12:00-24:00"]', "open = []", 21, "sla.calendars.2.open: It has no opening hours"),
        ("2026-12-25", "2026-25-12", 17, "sla.calendars.1.closed: “2026-25-12” is not a date"),
        ('name = "late"', 'name = "office"', 20, "sla.calendars.2.name: There are two calendars “office”"),
        (
            "Payment Processing",
            "Payment Procesing",
            24,
            "sla.services.1.category: “Payment Procesing” is not a service",
        ),
        ('tag = "lab"', 'hours = "late"', 28, "sla.services.2: This service matches nothing in particular"),
        ('P1 = "none"', 'P5 = "none"', 31, "sla.services.2.resolution.P5: “P5” is not a priority"),
        ('zone = "Europe/Berlin"', 'zones = "Europe/Berlin"', 15, "there is no setting “sla.calendars.0.zones”"),
        ("[sla.response]", "[sla.respond]", 6, "there is no setting “sla.respond”"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, before: str, after: str, line: int, words: str) -> None:
    assert before in GOOD
    message = said(tmp_path, GOOD.replace(before, after, 1))
    assert message.startswith(f":{line}: ")
    assert words in message


def test_a_broken_section_leaves_the_others_as_they_were_set(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[display]\nascii = true\n[sla]\nresponse = "soon"\n')
    assert found.settings.display.ascii is True
    with pytest.raises(BadSettings, match=r"config\.toml:4: sla\.response = 'soon'"):
        policy_of(found)


def test_another_broken_section_still_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"display\.ascii"):
        loaded(tmp_path, '[display]\nascii = "perhaps"\n[sla]\nresponse = "soon"\n')


@pytest.mark.parametrize("value", ["not json", '{"P1": "soon"}', '{"P7": "1h"}', "[1]"])
def test_a_variable_is_named_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv("TOCSIN_SLA__RESPONSE", value)
    found = load({"TOCSIN_SLA__RESPONSE": value, "XDG_CONFIG_HOME": str(tmp_path)})
    with pytest.raises(BadSettings) as caught:
        policy_of(found)
    assert "TOCSIN_" in caught.value.message


def test_lines_of_what_the_file_does_not_say() -> None:
    assert line_of(GOOD, ("sla", "calendars", 7, "open")) == 2
    assert line_of("", ("sla",)) is None
    assert line_of('sla.response = {P1 = "x"}', ("sla", "response", "P1")) == 1
