"""The pages for a hub's administrator say what the code does: roles, limits, and each requirement of the ASVS."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain import limits
from domain.rights import FIELDS, KINDS, ROLES, rank
from sync.hub.service import LONGEST_WAIT, Options

ROOT = Path(__file__).resolve().parents[1]
STATES = ("met", "operator", "partly", "gap", "n/a")
# OWASP ASVS 5.0.0, levels 1 and 2: by section, the numbers of its requirements.
REQUIREMENTS = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5 3.7:1-2
4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4
7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4
10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1 12.1:1-3 12.2:1-2 12.3:1-4 13.1:1
13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5 16.3:1-4 16.4:1-3
16.5:1-3 17.1:1 17.2:1-4 17.3:1-2
"""


class Row(NamedTuple):
    """One line of the table: which requirements, how they stand, and the tests that say so."""

    ids: list[str]
    state: str
    how: str
    tests: list[str]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows() -> list[Row]:
    found = []
    for line in page("asvs.md").splitlines():
        if re.match(r"\| V\d", line):
            ids, state, _requirement, how, tests = (each.strip() for each in line.strip("|").split("|"))
            found.append(Row(ids.split(), state, how, re.findall(r"`(test_\w+)`", tests)))
    return found


def required() -> Iterator[str]:
    for section in REQUIREMENTS.split():
        name, _colon, numbers = section.partition(":")
        first, _dash, last = numbers.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield f"V{name}.{number}"


def covering(row: Row, wanted: list[str]) -> list[str]:
    """Return the requirements that a row stands for: those it names, and all of a section or chapter it names."""
    return [each for each in wanted for name in row.ids if each == name or each.startswith(name + ".")]


def test_every_requirement_stands_once() -> None:
    wanted = list(required())
    assert len(wanted) == 253
    counted = Counter(each for row in rows() for each in covering(row, wanted))
    assert {each: count for each, count in counted.items() if count != 1} == {}
    assert [each for each in wanted if each not in counted] == []
    assert [name for row in rows() for name in row.ids if not covering(row._replace(ids=[name]), wanted)] == []


def test_every_state_is_one_of_five_and_counted() -> None:
    wanted = list(required())
    assert {row.state for row in rows()} == set(STATES)
    counted = {state: sum(len(covering(row, wanted)) for row in rows() if row.state == state) for state in STATES}
    assert "| " + " | ".join(str(counted[state]) for state in STATES) + " |" in page("asvs.md"), counted


def test_every_test_that_is_named_is_there() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", code))
    assert [name for row in rows() for name in row.tests if name not in there] == []


def test_what_is_met_says_how_or_names_a_test_and_what_is_not_is_among_the_gaps() -> None:
    gaps = page("asvs.md").partition("## Gaps first")[2].partition("\n## ")[0]
    for row in rows():
        assert row.how or row.tests, row
        if row.state == "gap":
            assert all(name in gaps for name in row.ids), row


# -- what hub.md says --------------------------------------------------------------------------------------------------


def table(name: str, first: str) -> list[list[str]]:
    """Return the cells of the table whose head begins with a word."""
    lines = page(name).partition(f"\n| {first} |")[2].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_the_roles_of_the_page_are_those_of_the_code() -> None:
    found = {row[0].strip("`"): row[1:] for row in table("hub.md", "Role")}
    assert tuple(found) == ROLES
    least = ["viewer", "responder", "commander", "admin"]  # of each column: reading, writing, redacting, revoking
    for role, cells in found.items():
        assert [cell == "yes" for cell in cells] == [rank(role) >= rank(each) for each in least]
    assert set(KINDS.values()) | set(FIELDS.values()) == {"commander", "admin"}
    head = page("hub.md").partition("\n| Role |")[2].partition("\n")[0]
    asks = {
        "redact": "Redacts", "device:revoked": "Revokes", "restricted": "restricts", "allowed": "names",
            "fact:postmortem_waived": "waives",
    }  # fmt: skip
    assert asks.keys() == KINDS.keys() | FIELDS.keys()
    assert all(word in head for word in asks.values())


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    found = {row[0]: row[1] for row in table("hub.md", "What")}
    options = Options()
    assert found == {
        "a request's body, also after inflating": f"{limits.REQUEST_BYTES >> 20} MiB",
        "a push": f"{limits.PAGE_ENTRIES} entries",
        "a page": f"{limits.PAGE_ENTRIES} entries or about {limits.PAGE_BYTES >> 20} MiB, one entry at least",
        "an entry's body": f"{limits.BODY >> 10} KiB",
        "requests of a token": f"{options.requests:.0f} a second, {options.requests * 10:.0f} at once",
        "entries of a token": f"{options.entries:,} an hour",
        "codes tried from an address, good ones too": "10 a minute, 20 at once",
        "a long poll": f"{LONGEST_WAIT} seconds",
    }
