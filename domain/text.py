"""Text from outside: made storable at the door, made harmless before it is shown, and searched for secrets.

A string that a terminal obeys is a hole (CWE-150), and one that looks like another is a lie, so nothing foreign
reaches a renderer, a log or a terminal before `safe_text`. What is stored stays as it was sent: an escape sequence
in an alert is evidence. All patterns here take time linear in the text.
"""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False  # `typing` and `re` would hold the first rows back
if TYPE_CHECKING:
    import re

# What no terminal may receive or a reader cannot see: C0, DEL, C1, fillers, bidirectional marks, overrides and
# isolates, zero width, line and paragraph separators, interlinear and musical controls, lone surrogates, and
# plane 14 (tags and supplementary variation selectors). Soft hyphen and U+FE0E/U+FE0F are left out: they are harmless.
UNSAFE = (
    "\\x00-\\x1f\\x7f-\\x9f\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200c\\u200e\\u200f"
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\udfff\\ufe00-\\ufe0d\\ufeff\\uffa0\\ufff9-\\ufffb"
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
)
"""The inside of a character class; the zero-width joiner is judged apart, by its neighbours."""

ELLIPSIS = "…"
_JOINER = "\u200d"
# Those of `UNSAFE` that Python calls printable: letters that show nothing, and marks on the letter before.
_PRINTED = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
)
_REPLACED = "\ufffd"
# Patterns stay strings: `re` compiles and keeps them when first used, so importing this costs a start nothing.
_ONE_LINE = f"[{UNSAFE}{_JOINER}]"
_LINES = _ONE_LINE.replace("\\x00-\\x1f", "\\x00-\\x09\\x0b-\\x1f")
_SURROGATE = "[\\ud800-\\udfff]"
_JOINS_EMOJI = "[\u2190-\u2bff\u3030\u303d\ufe0f\U0001f000-\U0001faff]\u200d[\u2190-\u2bff\U0001f000-\U0001faff]"
_MOST_MARKS = 30  # Stream-Safe Text Format, Unicode Standard Annex 15 section 13
_GRAPHEME_JOINER = "\u034f"


def safe_text(text: str, *, keep_newlines: bool = False) -> str:
    """Return `text` with everything a terminal would obey or a reader could not see made visible.

    Controls become their pictures (ESC is `␛`, DEL `␡`), C1 and invisible characters their code point (`<U+202E>`),
    lone surrogates U+FFFD. A zero-width joiner stays between two emoji.

    Args:
        text: Any string.
        keep_newlines: Keep line ends (CR LF as LF) and widen tabs to four spaces; else they are `⏎` and one space.
    """
    if text.isprintable() and (text.isascii() or _PRINTED.isdisjoint(text)):
        return text
    text = text.replace("\r\n", "\n")
    import re

    if keep_newlines:
        return re.sub(_LINES, _visible, text.replace("\t", "    "))
    return re.sub(_ONE_LINE, _visible, text.replace("\t", " ").replace("\n", "⏎"))


def _visible(match: re.Match[str]) -> str:
    import re

    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return _REPLACED
    if match[0] == _JOINER and re.match(_JOINS_EMOJI, match.string[max(0, match.start() - 1) : match.end() + 1]):
        return _JOINER
    return f"<U+{code:04X}>"


def one_line(text: str, limit: int) -> str:
    """Return `text` safe, on one line, without blanks at its ends, in at most `limit` characters (cut with `…`)."""
    # Every character gives at least one, save CR LF and blanks at the front: so no more than this can be needed.
    line = safe_text(text.lstrip()[: 2 * limit + 2]).rstrip()
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip(f" {_JOINER}") + ELLIPSIS[:limit]


def clean_input(text: str, limit: int) -> str:
    """Return what is stored of `text`: at most `limit` characters, in Unicode's composed form (NFC).

    Only what cannot be stored is replaced, by U+FFFD: lone surrogates (not UTF-8) and NUL (it ends a string for
    SQLite's functions). Controls stay. A caller that refuses long text asks for one character more than it takes.
    """
    # Four characters compose into one at most (Greek with three accents), so more is never looked at.
    text = text[: 4 * limit].replace("\0", _REPLACED)
    if text.isascii():
        return text[:limit]
    import re

    if re.search(_SURROGATE, text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", _break_marks(text))[:limit]


def _break_marks(text: str) -> str:
    """Return `text` with a grapheme joiner after each 30 combining marks: normalising longer runs is quadratic."""
    if max(text, default="") < "\u0300":
        return text
    out: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run > _MOST_MARKS:
            out.append(_GRAPHEME_JOINER)
            run = 1
        out.append(char)
    return "".join(out)


def wrap_long_lines(text: str, width: int = 4000) -> str:
    """Return `text` with every line longer than `width` characters broken, for renderers that are slow on long ones."""
    if len(text) <= width:
        return text
    import re

    return re.sub(rf"[^\n]{{{width}}}(?=[^\n])", "\\g<0>\n", text)


# One alternative a shape; the group's name is what is said to people, with `_` for a blank. The quantifiers are
# possessive or bounded and the starts anchored, so no text makes them slow. Sources: the vendors' own descriptions.
_SECRETS = r"""
  (?P<private_key>-----BEGIN\ (?:[A-Z0-9]{1,20}\ ){0,4}PRIVATE\ KEY(?:\ BLOCK)?-----(?:[^-]|-(?!----))*+
      (?:-----END\ [A-Z0-9\ ]{0,60}-----)?)
| (?P<AWS_access_key>(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9]))
| (?P<GitHub_token>(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}+|github_pat_[A-Za-z0-9_]{22,}+))
| (?P<GitLab_token>(?<![A-Za-z0-9])glpat-[A-Za-z0-9_.-]{20,}+)
| (?P<Slack_token>(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}+)
| (?P<Slack_webhook>hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/]{20,}+)
| (?P<Google_API_key>(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35,}+)
| (?P<JSON_web_token>(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)
| (?P<PagerDuty_key>(?<![A-Za-z0-9+])u\+[A-Za-z0-9_-]{18}(?![A-Za-z0-9_+-])
      |(?<![A-Za-z0-9])(?i:routing|service|integration)_?(?i:key)["']?\s{0,5}[:=]\s{0,5}["']?[A-Za-z0-9]{32}(?![A-Za-z0-9]))
| (?P<authorization>(?<![A-Za-z0-9])(?i:authorization|x-api-key|x-auth-token|private-token)["']?\s{0,5}[:=]\s{0,5}["']?
      (?:(?i:bearer|basic|token|genie_?key|digest)\s{1,5})?(?!\[redacted:|[<*$]|\{\{)[^\s"'\[\]]{6,}+)
| (?P<bearer_token>(?<![A-Za-z0-9])(?i:bearer|genie_?key)\s{1,5}(?=[A-Za-z_.~+/=-]{0,200}[0-9])[A-Za-z0-9_.~+/=-]{16,}+)
| (?P<password_in_URL>(?<=://)[^\s/@:'"\[\]<>]{0,100}:(?!\*)[^\s/@'"\[\]<>]{3,200}(?=@))
| (?P<password>(?<![A-Za-z0-9_])(?i:[a-z0-9_]{0,40}(?:password|passwd|passphrase|secret|(?:api|access)[_-]?key|token))
      ["']?(?:\s{0,3}=\s{0,3}["']?(?!\[redacted:|[<*$]|\{\{)[^\s"'&;,\[\]]{4,}+
        |\s{0,3}:\s{0,3}(?:["'](?![<*$]|\[redacted:|\{\{)[^"'\n]{4,200}["']
          |(?=[^\s\d"']{0,60}[\d])(?!\[redacted:|[<*$]|\{\{)[^\s"'&;,\[\]]{8,}+)))
"""


def looks_secret(text: str) -> str | None:
    """Return the name of the first known secret in `text`, e.g. `GitHub token`, or None when none is seen."""
    import re

    match = re.search(_SECRETS, text, re.VERBOSE)
    return _name(match) if match else None


def redact_secrets(text: str) -> str:
    """Return `text` with every known secret replaced by `[redacted:NAME]`."""
    import re

    return re.sub(_SECRETS, _redacted, text, flags=re.VERBOSE)


def _redacted(match: re.Match[str]) -> str:
    name = _name(match)
    # Whose value it was stays readable: `db_password=[redacted:password]`.
    import re

    kept = re.match(r"""[^:=]*[:=]\s*""", match[0]) if name in ("password", "authorization") else None
    return f"{kept[0] if kept else ''}[redacted:{name}]"


def _name(match: re.Match[str]) -> str:
    return (match.lastgroup or "secret").replace("_", " ")
