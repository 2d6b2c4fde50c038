"""The line of a setting, in whatever way TOML lets people write it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings_lines import Place, line_of

TEXT = """\
# rotas
[rotas."on call"]   # the first
zone = "UTC"

[[rotas."on call".layers]]
people = [
    "ada",
    ["[nested]"],
]
start = 2026-11-02
[[rotas."on call".layers]]
"start" = 2026-11-02
[rotas."on call".layers.more]
x = 1
[rotas.other]
layers = [{people = []}]
overrides = []
services.web.rota = "a"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("rotas", "on call"), 2),
        (("rotas", "on call", "zone"), 3),
        (("rotas", "on call", "layers", 0, "people"), 6),
        (("rotas", "on call", "layers", 0, "start"), 10),
        (("rotas", "on call", "layers", 1, "start"), 12),
        (("rotas", "on call", "layers", 1, "people"), 11),
        (("rotas", "on call", "layers", 1, "more", "x"), 14),
        (("rotas", "on call", "calendar"), 2),
        (("rotas", "other", "layers", 0, "people"), 16),
        (("rotas", "other", "services", "web", "rota"), 18),
        (("rotas", "third"), None),
        (("views",), None),
    ],
)
def test_a_setting_is_found_or_what_is_around_it(path: Place, line: int | None) -> None:
    assert line_of(TEXT, path) == line


NAMES = st.sampled_from(["a", "b", "on call", "ä", "x.y"])


ITEMS = st.lists(st.dictionaries(NAMES, st.integers(), min_size=1, max_size=2), max_size=3)


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.dictionaries(NAMES, ITEMS, max_size=3), max_size=3))
def test_every_key_of_a_file_is_found_where_it_is(tables: dict[str, Any]) -> None:
    lines: list[str] = []
    places: dict[Place, int] = {}
    for table, lists in tables.items():
        lines.append(f'["{table}"]')
        for name, items in lists.items():
            for number, item in enumerate(items):
                lines.append(f' [[ "{table}" . "{name}" ]] # {number}')
                for key, value in item.items():
                    lines.append(f'  "{key}"={value}')
                    places[table, name, number, key] = len(lines)
    text = "\n".join(lines)
    tomllib.loads(text)
    assert {path: line_of(text, path) for path in places} == places


@given(st.text())
def test_a_text_that_is_no_toml_is_no_error(text: str) -> None:
    line = line_of(text, ("a", 0, "b"))
    assert line is None or 1 <= line <= len(text.splitlines())
