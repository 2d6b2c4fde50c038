"""Parties, templates and data files from a team's own folder: what is read, and what is wrong with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.loading import BadSettings, Loaded, load
from app.parties import communication_and_problems, communication_of, in_words
from domain.parties import PARTIES
from domain.regulations import Span
from domain.times import HOUR, MINUTE

GOOD = """
templates.sms = "{title}: {know}"

[[parties]]
name = "board"
severities = ["critical", "SEV2"]
priorities = ["1"]
every = { critical = "30m" }
template = "sms"
channel = "phone tree"

[[parties]]
name = "shops"
kind = "external"
severities = ["critical"]
every = "1h"
"""


def loaded(tmp_path: Path, text: str = "") -> Loaded:
    folder = tmp_path / "tocsin"
    folder.mkdir(exist_ok=True)
    if text:
        (folder / "config.toml").write_text(text, encoding="utf-8")
    return load({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})


def data_file(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / "tocsin" / "regulations" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_settings_there_are_those_that_are_built_in(tmp_path: Path) -> None:
    found = communication_of(loaded(tmp_path))
    assert found.parties == PARTIES
    assert in_words(found) == "8 parties, deadlines of DORA, GDPR, NIS2"


def test_a_teams_own_take_their_place(tmp_path: Path) -> None:
    board, shops = communication_of(loaded(tmp_path, GOOD)).parties
    assert (board.severities, board.priorities, board.every) == (
        frozenset({"critical", "high"}), frozenset({"P1"}), {"critical": 30 * MINUTE},
    )  # fmt: skip
    assert (board.template, board.channel, shops.kind, shops.every["low"]) == ("sms", "phone tree", "external", HOUR)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[parties]]\nname = "a"\n\n[[parties]]\nname = "A"\n', 5, "there are two parties “A”"),
        ('[[parties]]\nname = ""\n', 2, "a party wants a name"),
        ('[[parties]]\nname = "a"\nkind = "extern"\n', 3, "“extern” is no kind of party"),
        ('[[parties]]\nname = "a"\nseverities = ["critcal"]\n', 3, "“critcal” is not a severity"),
        ('[[parties]]\nname = "a"\npriorities = ["P9"]\n', 3, "“P9” is not a priority"),
        ('[[parties]]\nname = "a"\nevery = "soon"\n', 3, "“soon” is not a duration"),
        ('[[parties]]\nname = "a"\nevery = { high = "0s" }\n', 3, "“0s” is no time between two updates"),
        ('[[parties]]\nname = "a"\ntemplate = "tecnical"\n', 3, "there is no template “tecnical”"),
        ('[templates]\nlay = "{titel}"\n', 2, "there is nothing called {titel}; did you mean {title}?"),
        ('[templates]\nlay = """\n{title}\n\n{nope}\n"""\n', 5, "there is nothing called {nope}"),
        ('[templates]\nlay = """{title}\n{nope}"""\n', 3, "there is nothing called {nope}"),
    ],
)
def test_what_has_no_meaning_is_named_with_its_line_and_the_built_in_holds(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    run = loaded(tmp_path, text)
    found, (problem,) = communication_and_problems(run)
    assert problem.message.startswith(f"{run.config}:{line}: ")
    assert said in problem.message
    assert problem.remedy
    assert found.parties == PARTIES
    with pytest.raises(BadSettings):
        communication_of(run)


OWN = """
name = "KRITIS"
title = "Our own law"

[[duties]]
name = "report"
to = "BSI"
within = "2 months"
"""


def test_a_data_file_of_ones_own_is_added_and_one_of_the_same_name_wins(tmp_path: Path) -> None:
    data_file(tmp_path, "kritis.toml", OWN)
    data_file(tmp_path, "ours.toml", OWN.replace("KRITIS", "nis2").replace("2 months", "12h"))
    found = communication_of(loaded(tmp_path)).regulations
    assert set(found) == {"dora", "gdpr", "nis2", "kritis"}
    assert found["kritis"].duties[0].within == Span(months=2)
    assert [(duty.name, duty.within) for duty in found["nis2"].duties] == [("report", Span(ms=12 * HOUR))]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name = \n", None, "Invalid value"),
        ('title = "x"\n' + OWN.split("\n", 3)[3], None, "name is missing"),
        ('name = "x"\ntitle = "y"\n', None, "it has no duties"),
        ('name = "x"\ntitle = "y"\nduties = "z"\n', 3, "it has no duties"),
        (OWN.replace("within", "wihtin"), 8, "there is no “wihtin” here"),
        (OWN.replace("2 months", "two months"), 8, "“two months” is no time"),
        (OWN.replace('"2 months"', "72"), 8, "within is no text"),
        (OWN + 'after = "reprot"\n', 9, "“reprot” is no duty before this one"),
        (OWN + 'latest = "1d"\n', 9, "latest goes with"),
        (OWN + OWN.split("\n", 4)[4], 10, "there are two duties “report”"),
    ],
)
def test_a_bad_data_file_is_named_and_the_others_hold(tmp_path: Path, text: str, line: int | None, said: str) -> None:
    path = data_file(tmp_path, "bad.toml", text)
    found, (problem,) = communication_and_problems(loaded(tmp_path))
    assert problem.message.startswith(f"{path}{f':{line}' if line else ''}: ")
    assert said in problem.message
    assert problem.remedy
    assert set(found.regulations) == {"dora", "gdpr", "nis2"}


def test_two_files_about_one_regulation_are_one_too_many(tmp_path: Path) -> None:
    data_file(tmp_path, "a.toml", OWN)
    data_file(tmp_path, "b.toml", OWN)
    (problem,) = communication_and_problems(loaded(tmp_path))[1]
    assert "b.toml:2: a.toml is about KRITIS, too" in problem.message
