"""The entry's body and the chain of hashes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from domain.entry import body_hash, chain_hash
from tests.domain.timeline import entry, raised


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ('{"value": 1}', {"value": 1}),
        ('{"text": "NaN and Infinity"}', {"text": "NaN and Infinity"}),
        ('{"text": "\\u001b[31m"}', {"text": "\x1b[31m"}),
        ('{"text": "\\ud800!"}', {"text": "\ufffd!"}),
        ('{"value": NaN}', {}),
        ("[1]", {}),
        ('"x"', {}),
        ("null", {}),
        ("{", {}),
        ("", {}),
        ("[" * 100_000, {}),
        ('{"v":' + "9" * 5_000 + "}", {}),
        (None, {}),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_payload_is_always_an_object_that_can_be_stored(body: str | None, payload: dict[str, Any]) -> None:
    assert replace(entry("x", "note"), body=body).payload == payload


def test_the_chain_changes_with_anything_in_the_entry_but_stays_when_it_is_redacted() -> None:
    made = entry("x", "set", "owner", {"value": "ana"})
    whole = chain_hash(b"before", made)
    changed: dict[str, Any] = {
        "id": "y", "incident": "j", "device": "d9", "dseq": 2, "hlc": 9, "kind": "note", "what": "title",
        "author": "bo", "source": "sync", "occurred_at": 1, "recorded_at": 1, "over": ("e",), "src": "s",
        "bhash": body_hash("{}"),
    }  # fmt: skip
    assert {each.name for each in fields(made)} - set(changed) == {"body", "hash", "pk", "held"}
    for name, value in changed.items():
        assert chain_hash(b"before", replace(made, **{name: value})) != whole, name
    assert chain_hash(b"other", made) != whole
    assert chain_hash(b"before", replace(made, body=None, pk=7, hash=b"x")) == whole


def test_the_entries_of_a_device_hang_together() -> None:
    entries = raised().entries
    assert entries[0].hash == chain_hash(b"", replace(entries[0], hash=b""))
    assert entries[0].bhash == body_hash(str(entries[0].body))
