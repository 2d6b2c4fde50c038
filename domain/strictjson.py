"""The one reader and writer of JSON that comes from or goes outside.

RFC 8259 leaves open what two readers may take differently; here that is refused, so that no two parts of the program
(or two versions of it) read one document in two ways: duplicate keys, NaN and infinities, numbers that overflow,
anything but UTF-8. Size and depth are bounded before they can hurt.
"""

from __future__ import annotations

import json
import math
import re
from typing import BinaryIO, NoReturn

_LONGEST_INTEGER = 4300  # digits; Python's own limit against quadratic conversion
_MOST_TOKENS = 200_000  # looked at for the place of a flaw: a tenth of a second, however large the document
_CHUNK = 65_536
_LEXEME = r'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN|-?\d[\d.eE+-]*+|[\[\]{}]'
_ESCAPED_SURROGATE = r"\\u[dD][89a-fA-F]"
_LONE_SURROGATE = "[\\ud800-\\udfff]"

Place = tuple[int, int]
"""Line and column, counted from 1."""


class JsonError(ValueError):
    """A document that is not acceptable JSON; `str()` says what and where.

    Attributes:
        message: What is wrong, without the place.
        line: Counted from 1; for a flaw of the whole document 1.
        column: In characters, counted from 1; for a flaw of the whole document 1.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{message} (line {line}, column {column})")
        self.message = message
        self.line = line
        self.column = column


class _Flaw(ValueError):
    """Raised inside the standard parser, which does not tell its hooks where they are."""


def loads(data: bytes | str, *, max_bytes: int, max_depth: int = 64) -> object:
    """Return the value of one JSON document; lone surrogates in its strings become U+FFFD.

    Args:
        data: The document; bytes must be UTF-8, and a byte order mark is skipped.
        max_bytes: The largest size taken, in bytes of UTF-8.
        max_depth: How many arrays and objects may stand inside one another.

    Raises:
        JsonError: It is too large, too deep, not UTF-8, not JSON, or one of what the module's text names.
    """
    text = _decode(data, max_bytes)
    try:
        value: object = json.loads(text, object_pairs_hook=_pairs, parse_float=_float, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise JsonError(_in_words(error), error.lineno, error.colno) from None
    except (ValueError, RecursionError):
        _blame(text, max_depth)
    if text.count("[") + text.count("{") > max_depth and _depth_over(value, max_depth):
        _blame(text, max_depth)
    return _without_surrogates(value) if re.search(_ESCAPED_SURROGATE, text) or _not_utf8(text) else value


def read_capped(stream: BinaryIO, max_bytes: int) -> bytes:
    """Return all of `stream`, having read one byte more than `max_bytes` at most.

    Raises:
        JsonError: There is more.
        OSError: The stream failed.
    """
    parts: list[bytes] = []
    left = max_bytes + 1
    while left > 0 and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise JsonError(_too_large(max_bytes))
    return b"".join(parts)


def dumps(value: object) -> str:
    """Return the canonical compact form: keys sorted, no blanks, no escapes that JSON does not require.

    Raises:
        ValueError: A float is NaN or infinite.
        TypeError: A value, or the mix of types among the keys, has no JSON form.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


# --- the way in


def _decode(data: bytes | str, max_bytes: int) -> str:
    if isinstance(data, str):
        if len(data) * 4 > max_bytes and len(data.encode("utf-8", "surrogatepass")) > max_bytes:
            raise JsonError(_too_large(max_bytes))
        return data.removeprefix("\ufeff")
    if len(data) > max_bytes:
        raise JsonError(_too_large(max_bytes))
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"), error.start)
        raise JsonError(f"not UTF-8: byte 0x{data[error.start]:02X}", line, column) from None


def _too_large(max_bytes: int) -> str:
    return f"too large: more than {max_bytes:,} bytes"


def _in_words(error: json.JSONDecodeError) -> str:
    return f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"


def _place(text: str, position: int) -> Place:
    return text.count("\n", 0, position) + 1, min(position, len(text)) - text.rfind("\n", 0, position)


# --- what the standard parser is asked to refuse


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Flaw
    return found


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _Flaw
    return value


def _constant(_name: str) -> NoReturn:
    raise _Flaw


def _depth_over(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        if not (level := [item for item in level if isinstance(item, (dict, list))]):
            return False
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return True


# --- surrogates


def _not_utf8(text: str) -> bool:
    return not text.isascii() and re.search(_LONE_SURROGATE, text) is not None


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return re.sub(_LONE_SURROGATE, "\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {re.sub(_LONE_SURROGATE, "\ufffd", key): _without_surrogates(item) for key, item in value.items()}
    if len(found) != len(value):
        raise JsonError("two keys of one object differ only in lone surrogates")
    return found


# --- the place of a flaw that the standard parser's hooks found


def _blame(text: str, max_depth: int) -> NoReturn:
    """Raise for the first flaw in `text`, which is well formed up to there, by a slower walk over its tokens."""
    keys: list[set[str] | None] = []  # of the open containers: the keys seen, None for an array
    position = 0
    for count, token in enumerate(re.finditer(_LEXEME, text, re.DOTALL)):
        position = token.start()
        if count >= _MOST_TOKENS:
            raise JsonError(
                "a duplicate key, NaN, overflowing number or too deep nesting here or later", *_place(text, position)
            )
        if flaw := _flaw_of(token, keys, max_depth):
            raise JsonError(flaw, *_place(text, position))
    raise JsonError("not acceptable JSON", *_place(text, position))


def _flaw_of(token: re.Match[str], keys: list[set[str] | None], max_depth: int) -> str | None:
    """Return what is wrong with one token, or None; `keys` follows the containers it opens and closes."""
    word = token[0]
    if word in "[{":
        keys.append(set() if word == "{" else None)
        return f"nested more than {max_depth} deep" if len(keys) > max_depth else None
    if word in "]}":
        keys.pop()
        return None
    return _flaw_of_key(token, keys[-1] if keys else None) if word[0] == '"' else _flaw_of_number(word)


def _flaw_of_key(token: re.Match[str], seen: set[str] | None) -> str | None:
    if seen is None or not re.compile(r"\s*:").match(token.string, token.end()):
        return None
    key = str(json.loads(token[0]))
    if key in seen:
        return f"duplicate key {json.dumps(key)[:80]}"
    seen.add(key)
    return None


def _flaw_of_number(word: str) -> str | None:
    if not word[-1].isdigit():
        return f"{word} is not a JSON number"
    if not re.fullmatch(r"-?\d++", word):
        return "the number is too large for a float" if math.isinf(float(word)) else None
    return f"an integer of more than {_LONGEST_INTEGER} digits" if len(word.lstrip("-")) > _LONGEST_INTEGER else None
