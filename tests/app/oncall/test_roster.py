"""From a settings file to a roster, and each thing in it that cannot be used: named with file, line and remedy."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.loading import Loaded, load
from app.oncall.board import Board
from app.oncall.roster import bad_settings, problems_of, read_roster
from app.settings import Layer, Override, Rota, Service
from domain.incident import Incident, Item
from domain.oncall import rotas
from domain.oncall.services import Level
from domain.times import DAY, from_iso

NOW = from_iso("2026-11-21T12:00Z")
GOOD = """\
[rotas.web]
zone = "Europe/Berlin"

[[rotas.web.layers]]
people = ["ada", "ben"]
start = 2026-11-02
handover = "09:00"

[[rotas.web.overrides]]
who = "cyn"
start = 2026-11-21 14:00:00
end = "2026-11-21 18:00"

[services.Shop]
owner = "shop team"
rota = "WEB"
escalation = ["rota:web", "dora"]
"""
ICS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:ada\r\nDTSTART:20261102T090000Z\r\n"
ICS_END = "DTEND:20261202T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def loaded(folder: Path, text: str, **variables: str) -> Loaded:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load({"HOME": str(folder), **variables}, config=str(folder / "config.toml"))


def test_without_rotas_there_is_nothing_and_nothing_is_wrong(tmp_path: Path) -> None:
    roster, problems = read_roster(load({"HOME": str(tmp_path)}), NOW)
    assert (roster.rotas, roster.services, problems) == ({}, {}, [])


def test_a_roster_is_what_the_settings_say(tmp_path: Path) -> None:
    roster, problems = read_roster(loaded(tmp_path, GOOD), NOW)
    assert problems == []
    duty = roster.on_call("shop", from_iso("2026-11-21T12:00Z"))
    assert duty is not None
    assert (duty.who, duty.shift.override, duty.next and duty.next.who) == ("ada", False, "cyn")
    assert duty.shift.end == from_iso("2026-11-21T13:00Z")
    service = roster.service("SHOP")
    assert service is not None
    assert (service.owner, service.rota, service.escalation) == (
        "shop team",
        "web",
        (Level("web", True), Level("dora")),
    )


def test_a_calendar_stands_beside_the_settings_and_above_the_layers(tmp_path: Path) -> None:
    (tmp_path / "web.ics").write_text(ICS.replace("SUMMARY:ada", "SUMMARY:dora") + ICS_END, newline="")
    roster, problems = read_roster(loaded(tmp_path, GOOD.replace("\n\n[[", '\ncalendar = "web.ics"\n\n[[', 1)), NOW)
    assert problems == []
    whos = [(duty := roster.on_call("shop", NOW + n * DAY)) and duty.who for n in (0, 20)]
    assert whos == ["dora", "ben"]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "says", "remedy"),
    [
        (changed("Europe/Berlin", "Europe/Berln"), 2, "rotas.web.zone: there is no zone “Europe/Berln”", "Berlin?"),
        (changed('["ada", "ben"]', "[]"), 5, "rotas.web.layers[1].people: it has no people", "people ="),
        (changed('"ben"', '" "'), 5, "rotas.web.layers[1].people: somebody in it has no name", "people ="),
        (changed('"09:00"', '"9 am"'), 7, "rotas.web.layers[1].handover: “9 am” is not a time of day", "09:00"),
        (changed("2026-11-02", '"soon"'), 6, "rotas.web.layers[1].start: “soon” is not a date", "2026-12-24"),
        (changed("start = 2026-11-02\n", ""), 4, "rotas.web.layers[1].start: it is missing", "2026-12-24"),
        (changed("2026-11-02", '"2026-11-02 10:00"'), 6, "more than a day", "2026-12-24"),
        (changed("handover", 'rotation = "monthly"\nhandover'), 7, "rotas.web.layers[1].rotation", "weekly"),
        (changed("handover", 'days = ["funday"]\nhandover'), 7, "“funday” is no day", "mon"),
        (changed("handover", 'hours = "late"\nhandover'), 7, "“late” are not hours", "09:00-17:00"),
        (changed("handover", "end = 2026-11-01\nhandover"), 7, "ends before its first hand-over", "Mend"),
        (changed("18:00", "13:00"), 12, "rotas.web.overrides[1].end: it ends (2026-11-21 13:00)", "Mend"),
        (changed('end = "2026-11-21 18:00"\n', ""), 9, "rotas.web.overrides[1].end: it is missing", "2026-12-24"),
        (changed('who = "cyn"', 'who = ""'), 10, "rotas.web.overrides[1].who: it names nobody", "who ="),
        (changed('zone = "Europe/Berlin"', 'calendar = "no.ics"'), None, "calendar: there is no such file", "path"),
        (changed('zone = "Europe/Berlin"', 'calendar = "bad.ics"'), 4, "the event “ada”: it has no end", "DTEND"),
        (changed('zone = "Europe/Berlin"', 'calendar = "big.ics"'), None, "larger than", "shorter"),
        (changed("\n\n[[", '\ncalendar = "good.ics"\ncalendar_who = "uid"\n\n[['), 4, "there is no “uid”", "attendee"),
        (changed('"WEB"', '"wbe"'), 16, "services.Shop.rota: there is no rota “wbe”", "Did you mean web?"),
        (changed('"rota:web"', '"rota:ops"'), 17, "services.Shop.escalation: there is no rota “ops”", "Known: web."),
        (changed('"dora"', '""'), 17, "services.Shop.escalation: a level names nobody", "rota:NAME"),
        (GOOD + "[services.shop]\n", 18, "services.shop: it is the same service as “Shop”", "another name"),
        ("[rotas.none]\n", 1, "rotas.none: nobody is on it", "layers"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_line_and_the_remedy(
    tmp_path: Path, text: str, line: int | None, says: str, remedy: str
) -> None:
    (tmp_path / "bad.ics").write_text(ICS + ICS_END.partition("\r\n")[2], newline="")
    (tmp_path / "good.ics").write_text(ICS + ICS_END, newline="")
    (tmp_path / "big.ics").write_bytes(b" " * (9 * 1024 * 1024))
    roster, (problem, *more) = read_roster(loaded(tmp_path, text), NOW)
    assert more == []
    assert says in problem.what
    assert remedy in problem.remedy
    file = next((name for name in ("bad.ics", "no.ics", "big.ics") if name in text), "config.toml")
    assert problem.where == f"{tmp_path / file}{f':{line}' if line else ''}"
    kind, name = problem.owner
    assert (name in roster.rotas) == (kind == "services" and name in ("web",))


def test_a_variable_is_named_instead_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = '{"web": {"zone": "Nowhere", "layers": [{"people": ["ada"], "start": "2026-11-02"}]}}'
    monkeypatch.setenv("TOCSIN_ROTAS", variable)
    _roster, problems = read_roster(loaded(tmp_path, "", TOCSIN_ROTAS=variable), NOW)
    assert [each.where for each in problems] == ["TOCSIN_ROTAS"]


def test_a_rota_that_cannot_be_used_leaves_the_others_alone(tmp_path: Path) -> None:
    text = GOOD + '[rotas.bad]\nzone = "X"\n[services.mail]\nrota = "bad"\n[services.wiki]\nescalation = ["rota:bad"]\n'
    roster, problems = read_roster(loaded(tmp_path, text), NOW)
    assert roster.on_call("shop", NOW)
    assert roster.on_call("mail", NOW) is None
    touched = {name: len(problems_of(each, problems)) for name, each in roster.services.items()}
    assert touched == {"shop": 0, "mail": 2, "wiki": 2}
    said = bad_settings(problems)
    assert ("rotas.bad.zone" in said.message, "1 more" in said.message) == (True, True)


class TestBoard:
    SHOP = Incident(id="1", service_category="shop")

    def test_it_says_who_and_follows_a_hand_over(self, tmp_path: Path) -> None:
        now = [NOW]
        board = Board(loaded(tmp_path, GOOD), lambda: now[0])
        said = []
        for hours in (0, 1, 5, 6, 45):
            now[0] = NOW + hours * 3_600_000
            said.append(board(self.SHOP))
        assert said == ["ada", "cyn", "ada", "ada", "ben"]

    def test_a_gap_is_nobody_and_without_a_service_it_is_not_known(self, tmp_path: Path) -> None:
        board = Board(loaded(tmp_path, GOOD.replace("2026-11-02", "2027-11-02").replace("-21", "-25")), lambda: NOW)
        assert board(self.SHOP) == ""
        assert board(Incident(id="2", service_category="mail")) is None
        assert board(Incident(id="3", resources=(Item("1", "db"), Item("2", "SHOP")))) == ""

    def test_the_rotas_are_read_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        board = Board(loaded(tmp_path, GOOD), lambda: NOW)
        asked: list[rotas.Rota] = []
        monkeypatch.setattr("domain.oncall.services.duty", asked.append)
        assert [board(self.SHOP) for _ in range(5)] == ["ada"] * 5
        assert asked == []


class TestTheManual:
    PAGE = (Path(__file__).parents[3] / "docs" / "oncall.md").read_text(encoding="utf-8")
    EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

    def test_its_examples_can_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "platform.ics").write_text(ICS + ICS_END, newline="")
        first, nights, override, office, platform = self.EXAMPLES
        for text in (first, nights, first + override, office, platform):
            roster, problems = read_roster(loaded(tmp_path, text), NOW)
            assert (problems, len(roster.rotas)) == ([], 1)

    def test_it_describes_every_key(self) -> None:
        for kind in (Layer, Rota, Service, Override):
            said = [rf"`{each.name}`|^{each.name} =|\.{each.name}\]" for each in fields(kind)]
            assert [each for each in said if not re.search(each, self.PAGE, re.MULTILINE)] == []
