"""What is said of a hook's end is one line that no terminal obeys, whatever the hook has printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.hooks.process import Ended
from app.hooks.words import answered, reason_of, trouble_of
from domain.text import safe_text

PRINTED = st.one_of(
    st.binary(max_size=2000),
    st.text(max_size=500).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from([b"\x1b]52;c;aGk=\x07", b"\x9b2J", b"\r", b"\n", "\u202e".encode(), b"x"])).map(b"".join),
)
CODES = st.one_of(st.integers(-64, 255), st.none())
LONGEST = 700


@given(PRINTED, CODES, st.sampled_from(["ended", "over", "stopped", "not_started"]), st.booleans())
def test_it_is_one_short_line_that_is_safe(err: bytes, code: int | None, how: str, held: bool) -> None:
    ended = Ended(how, code if how == "ended" else None, err=err, held=held)  # type: ignore[arg-type]
    for said in (reason_of(ended), trouble_of("pre-record", ended, 2.0)):
        assert said == safe_text(said)
        assert len(said) < LONGEST


@given(PRINTED, st.integers(-64, 255), st.booleans())
def test_all_that_is_no_answer_is_trouble(err: bytes, code: int, held: bool) -> None:
    ended = Ended("ended", code, err=err, held=held)
    assert answered(ended) == (code >= 0)
    assert bool(trouble_of("x", ended, 2.0)) == (code != 0 or held)
