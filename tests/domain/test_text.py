"""Foreign text: what is shown, what is stored, what is kept quiet about."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import UNSAFE, clean_input, looks_secret, one_line, redact_secrets, safe_text, wrap_long_lines

TRICKY = (
    "\0\t\n\r\x1b\x7f\x85\x9b\xad\u0301\u061c\u200b\u200d\u202e\u2066\u2028\ud83d\ude00\ufe0f\ufeff\U000e0041👩🚒❤漢é"
)
ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from(TRICKY)), max_size=80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [/var/log/x.log] 100 %", "plain [/var/log/x.log] 100 %"),
        ("\x1b]52;c;cHdu\x07", "␛]52;c;cHdu␇"),
        ("a\0b\x7fc", "a␀b␡c"),
        ("\x9b31m \x85", "<U+009B>31m <U+0085>"),
        ("abc\u202egpj.exe", "abc<U+202E>gpj.exe"),
        ("a\u200bb\ufeff\u2060\u200c", "a<U+200B>b<U+FEFF><U+2060><U+200C>"),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("\U000e0041", "<U+E0041>"),
        ("\ud800", "\ufffd"),
        ("a\tb\r\nc\nd\re", "a b⏎c⏎d␍e"),
        ("👩\u200d🚒 ❤\ufe0f\u200d🔥 so\xadft", "👩\u200d🚒 ❤\ufe0f\u200d🔥 so\xadft"),
        ("pay\u200dload \u200d👩 👩\u200d", "pay<U+200D>load <U+200D>👩 👩<U+200D>"),
        ("Ünïcödé 漢字 עברית", "Ünïcödé 漢字 עברית"),
        ("", ""),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_nothing_unsafe_passes_for_printable() -> None:
    unsafe = re.compile(f"[{UNSAFE}]").match
    printable = [char for char in map(chr, range(0x110000)) if char.isprintable() and unsafe(char)]
    assert len(printable) > 200
    assert not [char for char in printable if safe_text(char) == char]


def test_lines_are_kept_when_asked() -> None:
    assert safe_text("a\tb\r\nc\nd\re\x1b", keep_newlines=True) == "a    b\nc\nd␍e␛"


@given(ANYTHING, st.booleans())
def test_nothing_unsafe_is_left_and_nothing_changes_twice(text: str, keep: bool) -> None:
    shown = safe_text(text, keep_newlines=keep)
    assert set(re.findall(f"[{UNSAFE}]", shown)) <= ({"\n"} if keep else set())
    assert safe_text(shown, keep_newlines=keep) == shown
    shown.encode("utf-8")


@given(ANYTHING)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    harmless = re.sub(f"[{UNSAFE}\u200d]", "", text)
    assert safe_text(harmless) == harmless


@given(ANYTHING, st.integers(0, 40))
def test_one_line_is_one_short_safe_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert safe_text(line) == line
    assert line == line.strip()
    whole = safe_text(text.lstrip()).rstrip()
    assert line == whole if len(whole) <= limit else line.endswith("…") or limit == 0


def test_one_line_cuts_with_an_ellipsis() -> None:
    assert one_line("  disk full on db-1\r\n", 40) == "disk full on db-1⏎"
    assert one_line("disk full on db-1", 10) == "disk full…"


@given(ANYTHING, st.integers(0, 60))
def test_what_is_stored_can_be_stored_and_is_composed(text: str, limit: int) -> None:
    stored = clean_input(text, limit)
    assert len(stored) <= limit
    assert "\0" not in stored
    assert unicodedata.is_normalized("NFC", stored)
    assert clean_input(stored, limit) == stored
    stored.encode("utf-8")


def test_evidence_is_stored_as_it_was_sent() -> None:
    sent = "\x1b]52;c;x\x07 \u202e \u200b\r\n\t"
    assert clean_input(sent, 100) == sent


def test_what_cannot_be_stored_is_replaced() -> None:
    assert clean_input("a\0b\ud800c", 10) == "a\ufffdb\ufffdc"
    assert clean_input("\ud83d\ude00", 10) == "\U0001f600"
    assert clean_input("e\u0301" * 10, 5) == "é" * 5


def test_many_combining_marks_are_broken_into_runs_that_normalise_quickly() -> None:
    runs = clean_input("a" + "\u0316\u0300" * 30_000, 65_536).split("\u034f")
    assert len(runs) > 1_000
    assert max(map(len, runs)) <= 32


@given(st.text(st.sampled_from("ab\n"), max_size=60), st.integers(1, 10))
def test_long_lines_are_broken_and_lose_nothing(text: str, width: int) -> None:
    wrapped = wrap_long_lines(text, width)
    assert max(map(len, wrapped.split("\n"))) <= width
    assert wrapped.replace("\n", "") == text.replace("\n", "")
    if max(map(len, text.split("\n"))) <= width:
        assert wrapped == text


SECRETS = {
    "AWS access key": ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
    "GitHub token": ["ghp_" + "aB3" * 12, "github_pat_" + "1A_b" * 10],
    "GitLab token": ["glpat-" + "x1-y" * 5],
    "Slack token": ["xoxb-123456789012-abcDEF", "xapp-1-A0123456789-x"],
    "Slack webhook": ["hooks.slack.com/services/T00000000/B00000000/XXXXXXXX"],
    "Google API key": ["AIza" + "Sy0-_" * 7],
    "JSON web token": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJSM"],
    "PagerDuty key": ["u+aBcDeFgHiJkLmNoPqR", "routing_key=0123456789abcdef0123456789abcdef"],
    "private key": [
        "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128-CBC\n\nMIIE=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ",
    ],
    "authorization": ["Authorization: Bearer abc.def-1", "authorization: Basic dXNlcjpwYXNz", "X-Api-Key: 0123456789"],
    "bearer token": ["curl -H 'Bearer abcdefgh12345678'"],
    "password in URL": ["postgres://tocsin:hunter2@db.example/x"],
    "password": [
        "password=hunter2",
        "PGPASSWORD=s3cret!",
        "db_password: 'a b c d'",
        "--api-key=abcd",
        "token: a1b2c3d4",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SECRETS.items() for text in texts])
def test_known_secrets_are_named_and_redacted(name: str, text: str) -> None:
    note = f"he pasted {text} here"
    assert looks_secret(note) == name
    redacted = redact_secrets(note)
    assert f"[redacted:{name}]" in redacted
    assert redacted.startswith("he pasted ")
    assert redacted.endswith(" here") or "PRIVATE KEY-----\nMIIEvQ" in text
    assert looks_secret(redacted) is None
    assert not any(word in redacted for word in ("hunter2", "MIIE", "EXAMPLE", "abcdefgh", "dXNlcjpwYXNz", "a1b2c3d4"))


@pytest.mark.parametrize(
    "text",
    [
        "the token expired, rotate it",
        "password: reset required",
        "export API_TOKEN=$TOKEN",
        "password=<ask the lead>",
        "password=***",
        "token: {{ vault }}",
        "https://example.org:8080/a@b",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "-----BEGIN CERTIFICATE-----",
        "the bearer of this message",
    ],
)
def test_ordinary_words_are_no_secrets(text: str) -> None:
    assert looks_secret(text) is None
    assert redact_secrets(text) == text


FRAGMENTS = st.sampled_from(
    [text for texts in SECRETS.values() for text in texts]
    + [
        "password",
        "=",
        ":",
        " ",
        "\n",
        '"',
        "'",
        "AKIA",
        "eyJ",
        ".",
        "-----",
        "@",
        "://",
        "[redacted:password]",
        "x",
        "_",
        "1",
    ]
)


@given(st.lists(FRAGMENTS, max_size=8).map("".join))
def test_redaction_leaves_what_it_has_redacted_alone(text: str) -> None:
    once = redact_secrets(text)
    assert (once == text) is (looks_secret(text) is None)
    if "PRIVATE KEY" not in text:  # which goes as a whole, with what was redacted in it
        assert once.count("[redacted:") >= text.count("[redacted:")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part",
    [
        "AKIA",
        "-eyJ",
        "eyJaaaaaaaa.",
        "://a:",
        "password=",
        "password: ",
        "-----BEGIN PRIVATE KEY-----",
        "bearer ",
        "a",
        "_",
        "a_",
        "-",
        " ",
    ],
)
def test_no_text_makes_the_search_slow(part: str) -> None:
    # Quadratic work on a million characters would take hours; the limit above is the test.
    looks_secret(part * (1_000_000 // len(part)))
