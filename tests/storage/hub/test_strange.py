"""Texts that no database should be given: refused in the same words by SQLite and by PostgreSQL, before either."""

from __future__ import annotations

import json

import pytest

from domain.entry import body_hash
from domain.wire import to_object
from tests.hubs import LINES, Rig, said

NAMES = ("id", "device", "kind", "what", "author", "source", "src", "held", "incident", "body")


@pytest.mark.parametrize("strange", ["\0", "a\0b", "\ud800", "x\udfff", "\udc00\ud800"])
def test_half_a_pair_and_nul_are_no_text_of_an_entry(rig: Rig, strange: str) -> None:
    ana = rig.join("ana")
    good = to_object(ana.writer.write())
    strangers = [{**good, name: strange} for name in NAMES]
    strangers[-1]["bhash"] = body_hash(strange).hex() if "\0" in strange else good["bhash"]
    if "\0" not in strange:  # ids that are replaced are kept as JSON, which can say NUL
        strangers.append({**good, "over": [strange]})
    for found in strangers:
        line = json.dumps(found).encode() + b"\n"
        answer = ana.ask("POST", "/v1/entries", line, LINES, query={"epoch": rig.epoch})
        assert said(answer) == (400, "bad_entry"), found
    assert ana.pull() is None


def test_what_only_looks_strange_is_taken(rig: Rig) -> None:
    """A pair that is whole, and a body whose own text has such an escape: it was written and hashed so."""
    ana = rig.join("ana")
    entry = ana.writer.write(author="\U0001f600", body={"text": "x"})
    escaped = ana.writer.write(body={"text": "\ud800"})
    assert escaped.body == '{"text":"\\ud800"}'
    lines = [json.dumps(to_object(each)) for each in (entry, escaped)]
    assert "\\ud83d\\ude00" in lines[0]
    body = "".join(f"{line}\n" for line in lines).encode()
    answer = ana.ask("POST", "/v1/entries", body, LINES, query={"epoch": rig.epoch})
    assert [each["result"] for each in json.loads(answer.body)["results"]] == ["ok", "ok"]
    assert ana.pull_all() == [entry, escaped]
