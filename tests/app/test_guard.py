"""Hostile text in every kind of widget, through a real terminal: it sends nothing that harmless text does not."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from app.guard import SafeFilter
from domain.text import UNSAFE

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 30.0  # seconds
BLACK = Color(0, 0, 0)

# Each is shown in every place, behind a tag that names the place. What ends a line stands alone, since a cell or a
# label paints one line only.
PAYLOADS = {
    "harmless": "harmless",
    "C0": "".join(map(chr, [*range(0x09), *range(0x0E, 0x1B), 0x1F, 0x7F])),
    **{f"line end {ord(char):04X}": char for char in "\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"},
    "CSI colour": "\x1b[31;5m",
    "CSI cursor": "\x1b[9999;1f",
    "CSI alternate screen": "\x1b[?1049l",
    "CSI status report": "\x1b[6n",
    "CSI title report": "\x1b[21t",
    "full reset": "\x1bc",
    "OSC title, ST": "\x1b]0;pwn\x1b\\",
    "OSC title, BEL": "\x1b]0;pwn\x07",
    "OSC clipboard, ST": "\x1b]52;c;cHdu\x1b\\",
    "OSC clipboard, BEL": "\x1b]52;c;cHdu\x07",
    "OSC link": "\x1b]8;;file:///etc/passwd\x1b\\pwn\x1b]8;;\x1b\\",
    "DCS": "\x1bPpwn\x1b\\",
    "APC": "\x1b_pwn\x1b\\",
    "PM": "\x1b^pwn\x1b\\",
    "SOS": "\x1bXpwn\x1b\\",
    "C1": "".join(chr(code) for code in range(0x80, 0xA0) if code != 0x85),
    "C1 CSI": "\x9b31;5m",
    "C1 OSC": "\x9d52;c;cHdu\x9c",
    "bidi": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "hidden": "\u200b\u200c\u2060\u2063\ufeff\ufff9\u115f\U000e0001\U000e0041",
    "lone surrogate": "\ud800",
}

PROGRAM = '''
import json, sys
from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import (
    Button, Checkbox, Collapsible, DataTable, Footer, Header, Input, Label, Link, ListItem, ListView, Log, Markdown,
    OptionList, Placeholder, Pretty, RadioButton, RichLog, Select, SelectionList, Static, Tab, Tabs, TextArea, Tree)
from app.guard import SafeFilter

def table(cell="x", label=None, column="c"):
    widget = DataTable(show_row_labels=True)
    widget.add_column(column)
    widget.add_row(cell, label=label)
    return widget

def tree(root, leaf):
    widget = Tree(Text(root))
    widget.root.add_leaf(Text(leaf))
    widget.root.expand()
    return widget

class RichWritten(RichLog):
    words = ""
    def on_mount(self):
        self.write(Text(self.words))

class Written(Log):
    words = ""
    def on_mount(self):
        self.write_line(self.words)

def written(widget, words):
    widget.words = words
    return widget

def bordered(title, subtitle):
    widget = Static("border")
    widget.styles.border = ("solid", "red")
    widget.border_title, widget.border_subtitle = Content(title), Content(subtitle)
    return widget

def places(text):
    tipped = Static("tipped")
    tipped.tooltip = Content(text("tooltip"))
    yield tipped
    yield Static(text("static"), markup=False)
    yield Static(Content(text("static content")))
    yield Static(Text(text("static text")))
    yield Static(Text(text("link, wrong"), style=Style(link="javascript:alert")))
    yield Static(Text(text("link, hostile"), style=Style(link="https://example.org/" + text("address"))))
    yield Static(Text(text("link, good"), style=Style(link="https://example.org/")))
    yield Label(Text(text("label")))
    yield Button(Content(text("button")))
    yield Checkbox(Content(text("check box")))
    yield RadioButton(Content(text("radio button")))
    yield Input(text("input"))
    yield Input(placeholder=text("input placeholder"))
    yield TextArea(text("text area"))
    yield TextArea(placeholder=Content(text("text area placeholder")))
    yield table(cell=text("cell"))
    yield table(cell=Text(text("cell text")))
    yield table(label=Text(text("row label")))
    yield table(column=Text(text("column label")))
    yield OptionList(text("option"), markup=False)
    yield OptionList(Content(text("option content")))
    yield SelectionList((Content(text("selection")), 1))
    yield Select([(Content(text("select")), 1)], value=1)
    yield ListView(ListItem(Label(Content(text("list item")))))
    yield tree(text("tree root"), text("tree leaf"))
    yield Markdown(text("markdown"))
    yield Markdown("```\\n" + text("markdown code") + "\\n```")
    yield Markdown("[" + text("markdown link") + "](https://example.org)")
    yield written(RichWritten(), text("rich log"))
    yield written(Written(), text("log"))
    yield Tabs(Tab(Content(text("tab"))))
    yield Collapsible(Static("x"), title=Content(text("collapsible")))
    yield bordered(text("border title"), text("border subtitle"))
    yield Link(Content(text("link widget")), url="https://example.org")
    yield Placeholder(Content(text("placeholder")))
    yield Pretty(text("pretty"))

class Show(Screen):
    def __init__(self, words):
        super().__init__()
        self.words = words
        self.title, self.sub_title = self.text("title"), self.text("sub-title")
        self._bindings.bind("f5", "x", self.text("footer").replace("[", "\\\\["), show=True)
    def text(self, place):
        return "«" + place + "»" + self.words + "."
    def compose(self):
        yield Header()
        with Vertical():
            yield from places(self.text)
        yield Footer()
    def on_mount(self):
        self.notify(self.text("toast"), title=self.text("toast title"), markup=False, timeout=600)

class Matrix(App):
    ENABLE_COMMAND_PALETTE = False
    TOOLTIP_DELAY = 0.01
    BINDINGS = [Binding("f12", "step", "", show=False, priority=True)]
    CSS = """
    Show > Vertical { width: 130; }
    Show > Vertical > * { height: auto; max-height: 4; min-height: 1; margin: 0; }
    Show DataTable, Show Tree, Show RichLog, Show Log, Show TextArea, Show ListView { height: 4; }
    """
    def __init__(self):
        super().__init__()
        with open(sys.argv[1]) as file:
            self.payloads = json.load(file)
        self.guard = [SafeFilter()] if sys.argv[2] == "guarded" else []
    def get_line_filters(self):
        return [*super().get_line_filters(), *self.guard]
    def on_mount(self):
        self.push_screen(Show(self.payloads.pop(0)))
    def action_step(self):
        self.clear_notifications()
        self.switch_screen(Show(self.payloads.pop(0)))

Matrix().run()
'''

PLACES = set(re.findall(r'text\("([^"]+)"\)', PROGRAM)) - {"address"}
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])|\x9b[0-?]*[@-~]"
)


def shape(sequence: str) -> str:
    """Return a sequence without its numbers; the address of a link is a part of its shape."""
    return re.sub(r"\d+(?:;\d+)*", "#", re.sub(r"id=\d*", "id=#", sequence))


class Display:
    """The program that shows one payload after another in every place."""

    def __init__(self, folder: Path, payloads: list[str], guard: str) -> None:
        (folder / "program.py").write_text(PROGRAM)
        (folder / "payloads.json").write_text(json.dumps(payloads))
        # COLUMNS and LINES, which parallel test runs set, would hide the terminal's true size.
        unwanted = ("TEXTUAL", "NO_COLOR", "COLUMNS", "LINES")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.child = pexpect.spawn(
            sys.executable,
            [str(folder / "program.py"), str(folder / "payloads.json"), guard],
            env={**environment, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
            dimensions=(190, 200),
            encoding=None,
            timeout=DEADLINE,
        )
        self.child.delaybeforesend = None

    def shown(self) -> str:
        """Return what is written until every place is painted and nothing more comes."""
        output, missing, end = b"", PLACES, time.monotonic() + DEADLINE
        while missing:
            assert time.monotonic() < end, f"not painted: {sorted(missing)}"
            try:
                while True:
                    output += self.child.read_nonblocking(1 << 20, timeout=0.1)
            except pexpect.TIMEOUT:
                missing = PLACES - tags(output)
            if "tooltip" in missing:  # a mouse that moves over the first widget brings it up
                self.child.send(b"\x1b[<35;3;2M\x1b[<35;4;2M")
        return output.decode("utf-8", "surrogateescape")

    def step(self) -> str:
        self.child.send(b"\x1b[24~")
        return self.shown()


def tags(output: bytes) -> set[str]:
    return set(re.findall("«([a-z, -]+)»", _SEQUENCE.sub("", output.decode("utf-8", "replace"))))


def leaks(output: str, payload: str, known: set[str]) -> list[str]:
    """Return what harmless text does not send: other sequences, raw controls, hidden characters, the payload itself."""
    found = [repr(s) for s in _SEQUENCE.findall(output) if shape(s) not in known]
    rest = _SEQUENCE.sub(lambda match: "" if shape(match[0]) in known else match[0], output)
    found += [
        repr(rest[max(0, m.start() - 30) : m.end() + 10])
        for m in re.finditer(f"[{UNSAFE}]", rest)
        if m[0] not in "\r\n"
    ]
    if len(payload) > 1 and payload != "harmless" and payload in output:
        found.append(f"the payload {payload!r}")
    return found


def shapes(output: str) -> set[str]:
    return {shape(sequence) for sequence in _SEQUENCE.findall(output)}


def test_no_payload_reaches_the_terminal_from_any_place(tmp_path: Path) -> None:
    assert len(PLACES) >= 40
    display = Display(tmp_path, list(PAYLOADS.values()), "guarded")
    harmless = display.shown()
    known = shapes(harmless)
    hostile = list(PAYLOADS.items())[1:]
    leaked = {name: found for name, payload in hostile if (found := leaks(display.step(), payload, known))}
    display.child.close(force=True)
    assert leaked == {}
    assert "javascript:" not in harmless
    assert "https://example.org/\x1b" in harmless


@pytest.mark.parametrize("name", ["CSI colour", "OSC clipboard, ST", "C1 CSI", "bidi"])
def test_the_same_places_leak_without_the_guard(tmp_path: Path, name: str) -> None:
    display = Display(tmp_path, [PAYLOADS["harmless"], PAYLOADS[name]], "open")
    harmless = display.shown()
    assert "javascript:" in harmless
    assert display.step().count(PAYLOADS[name]) >= 30
    display.child.close(force=True)


# --- the filter by itself

ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x9b\u202e\u200b\ud800a漢👩\u200d🚒")))
LINKS = st.one_of(st.none(), st.sampled_from(["https://a.b/c", "HTTP://a", "mailto:a@b", "file:///x", "javascript:x"]))


@given(st.lists(st.tuples(ANYTHING, LINKS)))
def test_lines_keep_their_width_and_lose_what_is_unsafe(parts: list[tuple[str, str | None]]) -> None:
    line = [Segment(text, Style(bold=True, link=link)) for text, link in parts]
    filtered = SafeFilter().apply(line, BLACK)
    for before, after in zip(line, filtered, strict=True):
        assert not re.search(f"[{UNSAFE}]", after.text)
        assert len(after.text) <= len(before.text) * 2
        assert sum(map(cell_len, after.text)) == sum(map(cell_len, before.text))
        assert after.style is not None
        assert after.style.bold
        assert after.style.link in (None, "https://a.b/c", "HTTP://a", "mailto:a@b")


def test_a_harmless_line_is_not_copied() -> None:
    line = [Segment("plain"), Segment("ümläut ❤\ufe0f", Style(color="red")), Segment("x", Style(link="https://a.b"))]
    assert SafeFilter().apply(line, BLACK) is line


@pytest.mark.parametrize(
    "link",
    ["https://a.b/\x1b]52;c;x\x07", "https://a b", "https://", "https://a/\u202e", "https://a/" + "x" * 2048, "data:x"],
)
def test_a_link_that_is_not_plain_web_or_mail_is_dropped(link: str) -> None:
    (segment,) = SafeFilter().apply([Segment("text", Style(link=link, italic=True))], BLACK)
    assert segment.style is not None
    assert segment.style.link is None
    assert segment.style.italic
    assert segment.text == "text"
