"""The one reader of JSON from outside: what it refuses, where it says the flaw is, and that nothing makes it crash."""

from __future__ import annotations

import io
import json
import re
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.strictjson import JsonError, dumps, loads, read_capped

MEBIBYTE = 1024 * 1024

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("document", "message", "line", "column"),
    [
        (b'{"a": 1,\n "a": 2}', 'duplicate key "a"', 2, 2),
        (b'{"b": {"\\u0061": 1, "a": 2}}', 'duplicate key "a"', 1, 21),
        (b'[{"a":["a",{"a":1}],"b":"a"},{"b":1,"b":1}]', 'duplicate key "b"', 1, 37),
        (b'{"x": "\\\\", "x": 1}', 'duplicate key "x"', 1, 13),
        (b"[1, NaN]", "NaN is not a JSON number", 1, 5),
        (b"[\n-Infinity]", "-Infinity is not a JSON number", 2, 1),
        (b"[1e999]", "the number is too large for a float", 1, 2),
        (b"[-1.0E+400]", "the number is too large for a float", 1, 2),
        (b"[" + b"9" * 4301 + b"]", "an integer of more than 4300 digits", 1, 2),
        (b"[" * 65 + b"]" * 65, "nested more than 64 deep", 1, 65),
        (b"[" * 500_000, "nested more than 64 deep", 1, 65),
        (b'{"a":' * 100_000, "nested more than 64 deep", 1, 321),
        (b'"a\n\xff"', "not UTF-8: byte 0xFF", 2, 1),
        ('"é'.encode() + b'\xff"', "not UTF-8: byte 0xFF", 1, 3),
        ('"é"'.encode("utf-16"), "not UTF-8: byte 0xFF", 1, 1),
        (b"[1,\n x]", "not JSON: expecting value", 2, 2),
        (b"", "not JSON: expecting value", 1, 1),
        (b"1 2", "not JSON: extra data", 1, 3),
        (b'"\t"', "not JSON: invalid control character at", 1, 2),
        (b'{"\\ud800": 1, "\\udfff": 2}', "two keys of one object differ only in lone surrogates", 1, 1),
    ],
)
def test_what_is_refused_and_where(document: bytes, message: str, line: int, column: int) -> None:
    with pytest.raises(JsonError) as caught:
        loads(document, max_bytes=MEBIBYTE)
    error = caught.value
    assert (error.message, error.line, error.column) == (message, line, column)
    assert str(error) == f"{message} (line {line}, column {column})"


def test_size_is_counted_in_bytes_of_utf8() -> None:
    assert loads('"éé"', max_bytes=6) == "éé"
    for document in ('"éé"', '"éé"'.encode()):
        with pytest.raises(JsonError, match="too large: more than 5 bytes"):
            loads(document, max_bytes=5)


def test_depth_is_a_choice() -> None:
    assert loads("[[1]]", max_bytes=100, max_depth=2) == [[1]]
    with pytest.raises(JsonError, match="nested more than 1 deep"):
        loads("[[1]]", max_bytes=100, max_depth=1)
    flat = json.dumps([[] for _ in range(1_000)])
    assert loads(flat, max_bytes=MEBIBYTE, max_depth=2) == [[] for _ in range(1_000)]


def test_lone_surrogates_are_replaced_and_pairs_are_not() -> None:
    assert loads(b'{"\\udc00": ["\\ud800x", "\\ud83d\\ude00", 1]}', max_bytes=100) == {
        "\ufffd": ["\ufffdx", "\U0001f600", 1]
    }
    assert loads('"\ud800"', max_bytes=100) == "\ufffd"


def test_a_byte_order_mark_is_skipped() -> None:
    assert loads(b"\xef\xbb\xbf[1]", max_bytes=100) == [1]


def test_a_flaw_far_into_a_large_document_is_refused_without_walking_all_of_it() -> None:
    with pytest.raises(JsonError, match="or later") as caught:
        loads("[" + "[]," * 1_000_000 + "NaN]", max_bytes=8 * MEBIBYTE)
    assert caught.value.column < 1_000_000


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert loads(dumps(value), max_bytes=MEBIBYTE) == value
    assert loads(dumps(value).encode(), max_bytes=MEBIBYTE) == value
    assert dumps(loads(dumps(value), max_bytes=MEBIBYTE)) == dumps(value)


@given(st.binary() | st.text(st.sampled_from('[]{}",:0123456789.eE+-\\u dDaAnulltrefsNI')).map(str.encode))
def test_any_bytes_give_a_value_that_python_agrees_with_or_the_one_error(document: bytes) -> None:
    try:
        value = loads(document, max_bytes=MEBIBYTE)
    except JsonError:
        return
    expected = json.dumps(json.loads(document.decode("utf-8-sig")), sort_keys=True, ensure_ascii=False)
    assert json.dumps(value, sort_keys=True, ensure_ascii=False) == re.sub("[\\ud800-\\udfff]", "\ufffd", expected)


def test_the_canonical_form() -> None:
    assert dumps({"b": [1, 2.5, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,2.5,null]}'
    with pytest.raises(ValueError):
        dumps(float("nan"))


class Dripping(io.RawIOBase):
    """Gives three bytes a read for ever, as a slow or endless answer does; counts what it gave."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += min(3, size)
        return b"x" * min(3, size)


def test_reading_stops_one_byte_after_the_limit() -> None:
    endless = Dripping()
    with pytest.raises(JsonError, match="too large: more than 1,000 bytes"):
        read_capped(endless, 1_000)  # type: ignore[arg-type]
    assert endless.given == 1_001


@pytest.mark.parametrize("size", [0, 999, 1_000])
def test_what_fits_is_read_whole(size: int) -> None:
    stream: BinaryIO = io.BytesIO(b"x" * size)
    assert read_capped(stream, 1_000) == b"x" * size
